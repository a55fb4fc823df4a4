"""Running a market by hand: its rehearsal, its start and its course."""

from __future__ import annotations

import json

from bot.chat.permissions import Role
from bot.chat.reply import Reply
from bot.grammar.command import command
from bot.grammar.types import ConfirmArg, ReasonArg, code_of
from bot.market import timetable_changes as changes
from bot.market.background_rehearsal import Terms
from bot.market.context import Context, MarketView, request_id
from bot.market.decisions import note, queue, refused_now, simulate, update_board
from bot.market.draft import build, draft_of
from bot.words import admin as words
from bot.words import event_file as words_event_file
from bot.words import setup as words_setup
from bot.words import terminal as words_terminal
from bot.words import timetable as words_timetable
from bot.words import wording as words_wording
from engine.events import ControlRefused
from engine.intents import ControlKind
from engine.lint import lint
from engine.params import params_to_json
from engine.state import Status
from engine.terms import MarketParams
from storage.keys import Scope
from storage.markets import BEFORE_START
from storage.records import Declined


@command("admin start", role=Role.ADMIN, by_key=[Scope.RUN], examples=("/admin start",))
async def start(ctx: Context, *, market: MarketView, confirm: ConfirmArg | None = None) -> Reply:
    """Begin trading now. Shows the numbers first."""
    record = market.record
    if record.status not in BEFORE_START:
        return words.already_started(record)
    table = changes.current(record, ctx.now_ms)
    passed = changes.passed(table, ctx.now_ms, ctx.now_ms)
    if passed:
        return words_timetable.schedule_wrong(record, passed)
    params = build(draft_of(record), ctx.now_ms) if record.draft else record.params
    if not isinstance(params, MarketParams):
        return words_setup.problems(params, "/admin schedule")
    async with ctx.db.reading() as uow:
        people, wordings = await uow.members.count(record.id), await uow.wordings.of(record.id)
    code = code_of(record.id, "start", record.status.value, record.draft)
    if confirm != code:
        again = f"/admin start confirm={code}"
        times = (table.entries[0].freeze, table.entries[0].decide)
        preview = words.start_preview(record, params, people, times, again, ctx.person_id)
        return preview if wordings else words_wording.without(preview)
    async with ctx.db.writing() as uow:
        await ctx.known(uow)
        await uow.markets.update(record.id, params=params, status=Status.LOBBY)
        started = await uow.markets.start(record.id, ctx.now_ms)
        if isinstance(started, Declined):
            return words.already_started(record)
        await note(ctx, uow, record, "start", {"status": record.status.value}, {"status": "RUNNING", "people": people})
        await update_board(uow, started, ctx.now_ms)
        await uow.commit()
    return words.started(started, people)


@command("admin freeze", role=Role.ADMIN, by_key=[Scope.RUN], examples=("/admin freeze", "/admin freeze red card"))
async def freeze(ctx: Context, *, market: MarketView, reason: ReasonArg | None = None) -> Reply:
    """Stop trading at once, for instance because a result is coming out."""
    return await _course(ctx, market, "freeze", reason)


@command("admin resume", role=Role.ADMIN, by_key=[Scope.RUN], examples=("/admin resume",))
async def resume(ctx: Context, *, market: MarketView, reason: ReasonArg | None = None) -> Reply:
    """Let trading go on after a freeze or a pause by hand, or try a halted market again."""
    return await _course(ctx, market, "resume", reason)


@command("admin pause", role=Role.ADMIN, by_key=[Scope.RUN], examples=("/admin pause", "/admin pause back at nine"))
async def pause(ctx: Context, *, market: MarketView, reason: ReasonArg | None = None) -> Reply:
    """Pause the market until you resume it."""
    return await _course(ctx, market, "pause", reason)


async def _course(ctx: Context, market: MarketView, kind: ControlKind, reason: str | None) -> Reply:
    """Freeze, pause, resume: refused now if the engine would refuse it now."""
    record = market.record
    if record.start_ms is None or record.over:
        return words.not_running(record)
    if record.halted is not None and kind != "resume":
        return words_setup.halted(record)
    event = simulate(market, kind) if record.halted is None else None
    if isinstance(event, ControlRefused):
        return refused_now(record, kind, event.reason.value, market.state)
    queued = await queue(ctx, record, kind, (), reason, {}, request_id(ctx.invocation))
    return words.course_set(record, kind) if queued else words.not_running(record)


LEAST_PEOPLE, MOST_PEOPLE = 12, 60


@command("admin rehearse", role=Role.ADMIN, heavy=True, examples=("/admin rehearse",))
async def rehearse(ctx: Context, *, market: MarketView) -> Reply:
    """Play the market with synthetic traders on a copy: the worst risk, and how busy the chats get.

    The real engine, tick and announcer run on a clock of their own, through the whole timetable, one rehearsal at a
    time. What takes longer than a moment is told when it is done.
    """
    record = market.record
    if record.status not in BEFORE_START:
        return words_terminal.already_begun()
    params = build(draft_of(record), ctx.now_ms) if record.draft else record.params
    if not isinstance(params, MarketParams):
        return words_setup.problems(params, "/admin schedule")
    async with ctx.db.reading() as uow:
        joined = await uow.members.count(record.id)
    people = min(MOST_PEOPLE, max(LEAST_PEOPLE, joined))
    terms = Terms(
        key=code_of(record.id, json.dumps(record.draft or params_to_json(params), sort_keys=True), people),
        title=record.title,
        params=params,
        people=people,
        warnings=[words_event_file.sentence(warning, params) for warning in lint(params)],
    )
    rehearsed, running, wait = await ctx.rehearser.ask(terms, ctx.asker(record.id))
    if wait:
        return words_terminal.rehearsed_often(wait)
    if running:
        return words_terminal.under_way(record.id)
    if rehearsed is None or rehearsed.result is None:
        return words_terminal.could_not()
    return words_terminal.result(rehearsed.result, rehearsed.warnings)
