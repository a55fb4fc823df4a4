"""Setting a market up: create, set, schedule, open. What is typed is kept, so that it can be changed word by word."""

from __future__ import annotations

from typing import Annotated

from bot.chat.facts import ALIASES, When, typed_name
from bot.chat.permissions import SHARED, Role
from bot.chat.reply import Reply
from bot.grammar.command import command
from bot.grammar.listed import SettingValue
from bot.grammar.times import MomentArg, SpanType
from bot.grammar.types import Choice, ConfirmArg, Money, Text, Wrong
from bot.market import programs, publishing, terms, wording
from bot.market import timetable as timetables
from bot.market import timetable_changes as changes
from bot.market.context import Context, MarketView
from bot.market.decisions import note, update_board
from bot.market.draft import Draft, Names, Title, build, draft_of, warnings, with_value
from bot.market.settings_table import BESIDE, MORE, SETTINGS, grouped, parted, shown_value
from bot.market.settings_table import setting as setting_of
from bot.market.setup_steps import steps_left
from bot.text.names import LONGEST_WORDING, clean
from bot.text.numbers import typed_money
from bot.text.outcome_names import joined_names
from bot.words import event_file as words_event_file
from bot.words import setup as words
from bot.words import timetable as words_timetable
from bot.words import wording as words_wording
from bot.words.wording import SENSIBLE
from engine.params import FIXED, PRESETS
from engine.state import Status
from engine.terms import MarketParams
from storage.keys import Scope
from storage.records import Declined, Market, Notice, NoticeAudience

TitleArg = Annotated[str, Title()]
NamesArg = Annotated[tuple[str, ...], Names()]
PresetArg = Annotated[
    str, Choice("preset", lambda: dict.fromkeys(PRESETS, ""), "hype, fair or classic", named=True, shape="hype")
]
StakeArg = Annotated[int, Money("stake", about="all the house can lose, such as $10000", named=True)]
BalanceArg = Annotated[int, Money("balance", about="play money everybody gets, such as $1000", named=True)]
TickArg = Annotated[int, SpanType("tick", about="time between two ticks, such as 2s", named=True)]
OddsArg = Annotated[str, Text("odds", about="start prices as weights, one an outcome: 5 3 2", named=True)]
SettingArg = Annotated[
    str,
    Choice("setting", lambda: {**SETTINGS, **BESIDE, **MORE, **ALIASES}, about="which one; without it, all are shown"),
]
ValueArg = Annotated[
    str, SettingValue("value", LONGEST_WORDING, about="what it should be: $500, 5%, on, 30m, or a text")
]


@command(
    "admin create",
    role=Role.ADMIN,
    chats=SHARED,
    may_ask=("title", "outcomes"),
    examples=(
        '/admin create "World Cup" Germany, Brazil, Argentina',
        '/admin create Cup A, B, C preset fair odds "5 3 2"',
    ),
)
async def create(
    ctx: Context,
    *,
    title: TitleArg | None = None,
    outcomes: NamesArg | None = None,
    preset: PresetArg | None = None,
    z: StakeArg | None = None,
    balance: BalanceArg | None = None,
    tick: TickArg | None = None,
    odds: OddsArg | None = None,
) -> Reply:
    """Draft a market for this chat; a form asks for what is missing."""
    values = _given(preset=preset, z=z, balance=balance, tick=tick, odds=odds)
    if title is None or outcomes is None:
        shown = {"title": title or "", "outcomes": joined_names(outcomes or ())}
        return words.create_form({**shown, **_as_typed(preset=preset, z=z, balance=balance, tick=tick, odds=odds)})
    draft = Draft(values={"outcome_names": joined_names(outcomes), **values}, assumed_start_ms=ctx.now_ms)
    params = build(draft, ctx.now_ms)
    if not isinstance(params, MarketParams):
        return words.problems(params, "/admin create")
    async with ctx.db.writing() as uow:
        person, chat = await ctx.known(uow)
        await uow.chats.lock(chat.id)
        there = await uow.markets.of_chat(chat.id)
        if there is not None and not there.over:
            return words.one_market_only(there)
        market = await uow.markets.create(
            chat=chat.id, title=title, params=params, draft=draft.to_json(), creator=person.id, now_ms=ctx.now_ms
        )
        await note(ctx, uow, market, "create", {}, {"title": title, **draft.to_json()})
        await uow.commit()
    done = words.created(market, timetables.typed_line(market), steps_left(market, worded=False))
    return words_event_file.warned(done, params, warnings(params))


def _given(
    preset: str | None, z: int | None, balance: int | None, tick: int | None, odds: str | None
) -> dict[str, str]:
    """Under the engine's names, as texts it reads."""
    values = {
        "preset": preset,
        "z": None if z is None else typed_money(z).removeprefix("$"),
        "starting_balance": None if balance is None else typed_money(balance).removeprefix("$"),
        "batch_interval_ms": None if tick is None else f"{tick}ms",
        "odds": odds,
    }
    return {name: value for name, value in values.items() if value is not None}


def _as_typed(
    preset: str | None, z: int | None, balance: int | None, tick: int | None, odds: str | None
) -> dict[str, str]:
    """For the form, under the command's names."""
    names = {"starting_balance": "balance", "batch_interval_ms": "tick"}
    return {names.get(name, name): value for name, value in _given(preset, z, balance, tick, odds).items()}


@command(
    "admin set",
    role=Role.ADMIN,
    may_ask=("value",),
    examples=(
        "/admin set",
        "/admin set fee",
        "/admin set fee 2%",
        "/admin set dispute 10m",
        "/admin set autofill off",
        "/admin set public on",
        f"/admin set about {SENSIBLE}",
    ),
)
async def set_(
    ctx: Context,
    *,
    market: MarketView,
    setting: SettingArg | None = None,
    value: ValueArg | None = None,
    confirm: ConfirmArg | None = None,
) -> Reply:
    """Change a term of the market; without a value ask for it, without arguments show them all.

    Before the start everything can change; while it runs, what the rules allow, from the next tick on. `about` is what
    decides, in your words: what counts, which source, what happens if it is called off or tied. Once trading has begun
    it can only be added to. `keys` says whether programs may trade here. `public` lets whoever has its link watch, and
    is shown first.
    """
    record = market.record
    running = record.start_ms is not None
    groups = grouped(record.params, FIXED if running else ())
    if setting in MORE:
        return words.more_settings(record, parted(groups, basic=False))
    if setting is None:
        shown = words.settings(record, parted(groups, basic=True))
        return shown if running else words_event_file.warned(shown, record.params, warnings(record.params))
    name = ALIASES.get(setting, setting)
    if name == "about":
        return await wording.about(ctx, market, value, confirm)
    if name == "keys":
        return await programs.switch(ctx, market, value)
    if name == "public":
        return await publishing.change(ctx, market, value, confirm)
    value = value and clean(value, LONGEST_WORDING)
    if value is None:
        return words.ask_title(record) if name == "title" else words.ask_value(setting_of(record.params, name))
    if running:
        return await terms.change(ctx, market, name, value)
    return await _redraft(ctx, record, name, value)


async def _redraft(ctx: Context, record: Market, name: str, value: str) -> Reply:
    if name == "outcome_names":
        names = Names().parse(value, ctx.parse_context)
        if isinstance(names, Wrong):
            return words.problems_said([names.sentence], "/admin set outcomes")
        value = joined_names(names)
    draft = draft_of(record)
    title = value if name == "title" else None
    fresh = draft if name == "title" else with_value(draft, name, value)
    params = build(fresh, record.planned_start_ms or draft.assumed_start_ms or ctx.now_ms)
    if not isinstance(params, MarketParams):
        return words.problems(params, f"/admin set {typed_name(name)}")
    async with ctx.db.writing() as uow:
        await ctx.known(uow)
        updated = await uow.markets.update(record.id, title=title, params=params, draft=fresh.to_json())
        if isinstance(updated, Declined):
            return words.already_open(record)
        before = record.title if title else draft.values.get(name, "")
        await note(ctx, uow, record, "set", {name: before}, {name: value})
        await update_board(uow, record, ctx.now_ms)
        await uow.commit()
    after = value
    if title is None and hasattr(params, name):
        before, after = shown_value(record.params, name), shown_value(params, name)
    reply = words.was_set(name, before or "as usual", after)
    return words_event_file.warned(reply, params, warnings(params, since=record.params))


@command(
    "admin open",
    role=Role.ADMIN,
    by_key=[Scope.RUN],
    examples=("/admin open", "/admin open tomorrow 18:00", "/admin open in 30m"),
)
async def open_(ctx: Context, *, market: MarketView, start: MomentArg | None = None) -> Reply:
    """Open the doors: people can join, and trading starts at a time or by hand.

    start: when trading starts by itself, such as tomorrow 18:00 or in 30m; by hand if left out
    """
    record = market.record
    if record.status not in {Status.DRAFT, Status.LOBBY} or (record.status is Status.LOBBY and start is None):
        return words.already_open(record)
    if start is not None and start <= ctx.now_ms:
        return words_timetable.start_in_the_past(When(start), ctx.now_ms)
    planned = start or record.planned_start_ms
    draft = draft_of(record)
    params: MarketParams | None = None
    table = changes.current(record, ctx.now_ms)
    if planned is not None:
        early = changes.before_the_start(table, planned)
        if early:
            return words_timetable.schedule_wrong(record, early)
        built = build(draft, planned)
        if not isinstance(built, MarketParams):
            return words.problems(built, "/admin schedule")
        params = built
    open_already = record.status is Status.LOBBY
    notice = Notice(kind="opened", audience=NoticeAudience.CHAT, payload={}, key="opened")
    if open_already:
        notice = changes.told_before_the_start(record, table, table, planned)
    async with ctx.db.writing() as uow:
        await ctx.known(uow)
        opened = await uow.markets.update(record.id, params=params, status=Status.LOBBY, planned_start_ms=planned)
        if isinstance(opened, Declined):
            return words.already_open(record)
        await note(ctx, uow, record, "open", {"status": record.status.value}, {"status": "LOBBY", "start_ms": planned})
        if not open_already or planned != record.planned_start_ms:
            await uow.outbox.add(record.id, notice, ctx.now_ms)
        await update_board(uow, opened, ctx.now_ms)
        wordings = await uow.wordings.of(record.id)
        await uow.commit()
    done = words.start_moved(record.planned_start_ms, planned) if open_already else words.opened_doors(opened)
    reply = words_event_file.warned(done, opened.params, warnings(opened.params))
    return reply if wordings else words_wording.without(reply)
