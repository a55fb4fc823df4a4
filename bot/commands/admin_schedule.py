"""The timetable of a market: typed in one line, shown before it takes effect, changed while it runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from bot.chat.facts import When
from bot.chat.invocation import ParseContext
from bot.chat.permissions import Role
from bot.chat.reply import Reply
from bot.grammar.command import command
from bot.grammar.types import ConfirmArg, Text, Wrong, code_of
from bot.market import decisions, terms
from bot.market import timetable as timetables
from bot.market import timetable_changes as changes
from bot.market.context import Context, MarketView
from bot.market.decisions import note, update_board
from bot.market.draft import build, draft_of, warnings
from bot.market.involvement import involvement_of
from bot.market.setup_steps import left_of
from bot.market.standings import awaits
from bot.words import event_file as words_event_file
from bot.words import proposals as words_proposals
from bot.words import setup as words_setup
from bot.words import timetable as words
from bot.words import usage as words_usage
from engine.params import retune
from engine.state import Status
from engine.terms import MarketParams
from storage.records import Declined, Json, Market, Payload

EDIT = "edit"  # asks for all of it in a form that holds what there is

TimetableArg = Annotated[str, Text("timetable", 1_500, about="the rounds, as the command shows them without it")]


@command(
    "admin schedule",
    role=Role.ADMIN,
    examples=(
        "/admin schedule",
        "/admin schedule +1h for 5m out 1 ask; +2h for 5m winner ask",
        "/admin schedule fri 20:00 Europe/Berlin to 21:00 out 1 ask; sat 8pm Europe/Berlin for 2h winner ask",
        "/admin schedule round 1 21:00 to 21:30",
        "/admin schedule delay 30m",
    ),
)
async def schedule(
    ctx: Context, *, market: MarketView, timetable: TimetableArg | None = None, confirm: ConfirmArg | None = None
) -> Reply:
    """Set when trading freezes, when a round is decided and who goes; alone, show the timetable.

    Parts are separated by semicolons: a freeze, `to` or `for` its decision, then `out` with a count or names; the last
    part names the winner. Times are said as +2h, in 10m, tomorrow 18:00, fri 20:00 Europe/Berlin.
    `round 3 21:00 to 21:30` or `final to 22:00` changes one round alone, `delay 30m` puts all that is to come later.
    The new timetable is shown before it takes effect. `edit` asks for it in a form.
    """
    record = market.record
    if timetable is None:
        table = changes.current(record, ctx.now_ms)
        shown = changes.shown(table, record.params, market.state, counted_from(record))
        offers, line = changes.offers(table, record, market.state), timetables.typed_line(record)
        return words.schedule_now(record, shown, line, offers, awaits(market.state, record))
    if timetable.casefold() == EDIT:
        return words.schedule_form(record, timetables.typed_line(record))
    wanted = _read(ctx, market, timetable)
    if not isinstance(wanted, timetables.Timetable):
        return _wrong(record, wanted)
    table = wanted
    if record.start_ms is None and table.start is not None and table.start.ms <= ctx.now_ms:
        return words.start_in_the_past(table.start, ctx.now_ms)
    typed = timetables.render(table, record.params.outcome_names)
    where = (record.status.value, market.state.next_round, market.state.out, record.params.rounds)
    code = code_of(record.id, *where, typed)
    plan = _TimetablePreview(table, typed, code, confirm == code)
    return await (_reschedule if record.start_ms is not None else _redraft)(ctx, market, plan)


def counted_from(record: Market) -> int | None:
    """What the times of a timetable count from: the start, where it is known."""
    return record.planned_start_ms if record.start_ms is None else record.start_ms


def _read(ctx: Context, market: MarketView, text: str) -> timetables.Timetable | tuple[Wrong, ...]:
    """All of a timetable as it was typed, or what holds now with the change that was typed."""
    now = changes.current(market.record, ctx.now_ms)
    context = ParseContext(now_ms=ctx.now_ms, outcomes=tuple(market.names))
    for changed in (changes.delayed(text, now, market.state), changes.of_one_round(text, now, context)):
        if changed is not None:
            return changed
    return timetables.read(text, market.names, ctx.now_ms)


def _wrong(market: Market, mistakes: tuple[Wrong, ...]) -> Reply:
    """All that is wrong with it; where one time can be read in several ways, a whole line for each."""
    if len(mistakes) == 1 and mistakes[0].choices:
        return words_usage.one_of(mistakes[0].sentence, [f"/admin schedule {way}" for way in mistakes[0].choices])
    return words.schedule_wrong(market, [mistake.sentence for mistake in mistakes])


@dataclass(frozen=True, slots=True)
class _TimetablePreview:
    """A timetable as read, as typed, the code of its preview, and whether that was confirmed."""

    table: timetables.Timetable
    typed: str
    code: str
    confirmed: bool

    @property
    def said(self) -> list[When]:
        return self.table.moments()

    @property
    def again(self) -> str:
        return f"/admin schedule {self.typed} confirm={self.code}"


async def _redraft(ctx: Context, market: MarketView, plan: _TimetablePreview) -> Reply:
    """Before the start."""
    record, table = market.record, plan.table
    planned = table.start_ms or record.planned_start_ms
    passed = changes.passed(table, ctx.now_ms)
    if planned is not None:
        passed = passed or changes.before_the_start(table, planned)
    if passed:
        return words.schedule_wrong(record, passed)
    start = planned or draft_of(record).assumed_start_ms or ctx.now_ms
    rounds = timetables.render(replace(table, start_ms=None), record.params.outcome_names, kept=True)
    fresh = replace(draft_of(record), timetable=rounds, assumed_start_ms=start)
    params = build(fresh, start)
    if not isinstance(params, MarketParams):
        return words_setup.problems(params, "/admin schedule")
    if not plan.confirmed:
        shown = changes.shown(table, params, market.state, planned)
        would_be = replace(record, planned_start_ms=planned)
        reply = words.schedule_preview(would_be, params, shown, plan.typed, plan.again, ctx.person_id, plan.said)
        return words_event_file.warned(reply, params, warnings(params, since=record.params))
    async with ctx.db.writing() as uow:
        await ctx.known(uow)
        updated = await uow.markets.update(
            record.id, params=params, draft=fresh.to_json(), planned_start_ms=table.start_ms
        )
        if isinstance(updated, Declined):
            return words_setup.already_open(record)
        await note(ctx, uow, record, "schedule", {"schedule": timetables.typed_line(record)}, {"schedule": plan.typed})
        await update_board(uow, record, ctx.now_ms)
        if record.status is Status.LOBBY:
            before = changes.current(record, ctx.now_ms)
            notice = changes.told_before_the_start(record, before, table, planned)
            await uow.outbox.add(record.id, notice, ctx.now_ms)
        steps = await left_of(uow, updated) if updated.status is Status.DRAFT else ()
        await uow.commit()
    return words.schedule_set(plan.typed, running=False, steps=words_setup.next_steps(steps))


async def _reschedule(ctx: Context, market: MarketView, plan: _TimetablePreview) -> Reply:
    """While it runs: rounds that have begun stay as they were, to the millisecond that no line spells out."""
    record, state, table = market.record, market.state, plan.table
    begun, start_ms = state.next_round + (state.frozen_for is not None), record.start_ms or 0
    entries = timetables.of_params(record.params, start_ms)
    table = changes.settled(table, entries, start_ms)
    to_come = replace(table, entries=table.entries[begun:])
    passed = changes.passed(to_come, ctx.now_ms, start_ms, entries[begun:], record.tick_ms)
    if passed:
        return words.schedule_wrong(record, passed)
    values: dict[str, Json] = {"rounds": table.rounds(start_ms)}
    refused = terms.refused(market, values, "/admin schedule")
    if refused is not None:
        return refused
    changed = retune(record.params, state, values)
    if not isinstance(changed, MarketParams):
        return words_setup.problems(changed, "/admin schedule")
    if decisions.brings_forward(record.params.rounds, changed.rounds, begun):
        if ctx.invocation.nameless:
            return words_proposals.nameless(f"/admin schedule {plan.typed}")
        async with ctx.db.reading() as uow:
            part = await involvement_of(uow, record, state, ctx.person_id)
        if part:
            return words_proposals.only_postponed(record, part)
    if not plan.confirmed:
        shown = changes.shown(table, changed, state, start_ms)
        reply = words.schedule_preview(record, changed, shown, plan.typed, plan.again, ctx.person_id, plan.said)
        return words_event_file.warned(reply, changed, warnings(changed, since=record.params))
    async with ctx.db.writing() as uow:
        person, _ = await ctx.known(uow)
        row = await uow.actions.append(
            record.id,
            "retune",
            {"values": values},
            actor=person.id,
            request_id=f"schedule:{record.id}:{plan.code}:{record.tick}",
            now_ms=ctx.now_ms,
        )
        if isinstance(row, Declined):
            return words_setup.market_is_over()
        if row.created:
            before: Payload = {"schedule": timetables.typed_line(record)}
            await note(ctx, uow, record, "schedule", before, {"schedule": plan.typed}, intent=row.number)
        await uow.commit()
    return words.schedule_set(plan.typed, running=True)
