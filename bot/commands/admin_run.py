"""Running a market by hand. What cannot be undone is shown in numbers first, by the function that will do it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from bot.command import command
from bot.commands.deeds import note, tell_board
from bot.confirm import ConfirmArg, code_of
from bot.context import Ctx, MarketView, request_id
from bot.drafts import build, draft_of
from bot.params import Text, quoted
from bot.params_trade import AnyOutcomeArg, OutcomesArg
from bot.reply import Reply
from bot.words import admin as words
from bot.words import setup as words_setup
from bot.words.admin import Preview
from engine.events import ControlRefused, Eliminated, Resolved, Voided
from engine.intents import Control, ControlKind
from engine.orders import apply_orders
from engine.risk import InvariantBroken
from engine.state import Side, Status
from engine.terms import MarketParams
from storage.records import ActionStatus, Declined, Json, Market

ReasonArg = Annotated[str, Text("reason", 120, about="why, as it is told with it; may be left out")]
_BEFORE_START = (Status.DRAFT, Status.LOBBY)


@command("admin start", examples=("/admin start",))
async def start(ctx: Ctx, *, market: MarketView, confirm: ConfirmArg | None = None) -> Reply:
    """Begin trading now. Shows the numbers first.

    confirm: the code of the preview, which its button carries
    """
    record = market.record
    if record.status not in _BEFORE_START:
        return words.already_started(record)
    params = build(draft_of(record), ctx.now_ms) if record.draft else record.params
    if not isinstance(params, MarketParams):
        return words_setup.problems(params, "/admin schedule")
    async with ctx.db.reading() as uow:
        people = await uow.members.count(record.id)
    code = code_of(record.id, "start", record.status.value, record.draft)
    if confirm != code:
        return words.start_preview(record, params, people, ctx.now_ms, f"/admin start confirm={code}", ctx.person_id)
    async with ctx.db.writing() as uow:
        await uow.markets.update(record.id, params=params, status=Status.LOBBY)
        found = await uow.markets.start(record.id, ctx.now_ms)
        if isinstance(found, Declined):
            return words.already_started(record)
        await note(ctx, uow, record, "start", {"status": record.status.value}, {"status": "RUNNING", "people": people})
        await tell_board(uow, found, ctx.now_ms)
        await uow.commit()
    return words.started(found, people)


@command("admin freeze", examples=("/admin freeze", "/admin freeze red card"))
async def freeze(ctx: Ctx, *, market: MarketView, reason: ReasonArg | None = None) -> Reply:
    """Stop trading at once, for instance because a result is coming out."""
    return await _course(ctx, market, "freeze", reason)


@command("admin resume", examples=("/admin resume",))
async def resume(ctx: Ctx, *, market: MarketView, reason: ReasonArg | None = None) -> Reply:
    """Let trading go on after a freeze or a pause by hand, or try a halted market again."""
    return await _course(ctx, market, "resume", reason)


@command("admin pause", examples=("/admin pause", "/admin pause back at nine"))
async def pause(ctx: Ctx, *, market: MarketView, reason: ReasonArg | None = None) -> Reply:
    """Pause the market until you resume it."""
    return await _course(ctx, market, "pause", reason)


@command("admin eliminate", examples=("/admin eliminate brazil 7-1", "/admin eliminate brazil, chile"))
async def eliminate(
    ctx: Ctx,
    *,
    market: MarketView,
    outcomes: OutcomesArg,
    reason: ReasonArg | None = None,
    confirm: ConfirmArg | None = None,
) -> Reply:
    """Name who is out: holders of NO are paid, trading goes on with the rest. Shows the numbers first.

    outcomes: who is out, several with commas between
    confirm: the code of the preview, which its button carries
    """
    named = ", ".join(quoted(market.names[i]) for i in outcomes)
    return await _decide(ctx, market, "eliminate", outcomes, named, reason, confirm)


@command("admin resolve", examples=("/admin resolve germany", "/admin resolve 4 1-0 after extra time"))
async def resolve(
    ctx: Ctx,
    *,
    market: MarketView,
    winner: AnyOutcomeArg,
    reason: ReasonArg | None = None,
    confirm: ConfirmArg | None = None,
) -> Reply:
    """Name the winner: everybody is paid and the market ends. Shows the numbers first.

    winner: who has won
    confirm: the code of the preview, which its button carries
    """
    return await _decide(ctx, market, "resolve", (winner,), quoted(market.names[winner]), reason, confirm)


@command("admin void", examples=("/admin void", "/admin void the match was abandoned"))
async def void(
    ctx: Ctx, *, market: MarketView, reason: ReasonArg | None = None, confirm: ConfirmArg | None = None
) -> Reply:
    """Call the market off: everybody gets back what she put in, net. Shows the numbers first.

    confirm: the code of the preview, which its button carries
    """
    record = market.record
    if record.status not in _BEFORE_START:
        return await _decide(ctx, market, "void", (), "", reason, confirm)
    code = code_of(record.id, "void", record.status.value)
    if confirm != code:
        return words.draft_void_preview(record, f"/admin void confirm={code}", ctx.person_id)
    async with ctx.db.writing() as uow:
        found = await uow.markets.update(record.id, status=Status.VOIDED)
        if isinstance(found, Declined):
            return words.already_started(record)
        await note(ctx, uow, record, "void", {"status": record.status.value}, {"status": "VOIDED"}, reason or "")
        await tell_board(uow, record, ctx.now_ms)
        await uow.commit()
    return words.draft_voided(record)


@command("admin monitor", examples=("/admin monitor",))
async def monitor(ctx: Ctx, *, market: MarketView) -> Reply:
    """See how the market runs: people, ticks, volume, risk, profit by source, what waits."""
    record = market.record
    async with ctx.db.reading() as uow:
        numbers = words.Numbers(
            people=await uow.members.count(record.id),
            volume=await uow.trades.volume(record.id),
            pending=len(await uow.orders.pending(record.id)),
            actions=len(await uow.actions.pending(record.id)),
            backlog=await uow.outbox.backlog(),
            metric=await uow.metrics.latest(record.id),
        )
    return words.monitor(record, numbers, ctx.now_ms)


async def _course(ctx: Ctx, market: MarketView, kind: ControlKind, reason: str | None) -> Reply:
    """Freeze, pause, resume: refused now if the engine would refuse it now."""
    record = market.record
    if record.start_ms is None or record.over:
        return words.not_running(record)
    if record.halted is None:
        found = _try(market, Control(id="preview", accepted_ms=market.engine_ms, kind=kind))
        if isinstance(found, ControlRefused):
            return words.refused_now(record, kind, found.reason.value, market.state)
    queued = await _queue(ctx, record, kind, (), reason, {}, request_id(ctx.invocation))
    return words.course_set(record, kind) if queued else words.not_running(record)


async def _decide(
    ctx: Ctx,
    market: MarketView,
    kind: ControlKind,
    outcomes: tuple[int, ...],
    named: str,
    reason: str | None,
    confirm: str | None,
) -> Reply:
    """Eliminate, resolve, void: preview, then Confirm."""
    record, state = market.record, market.state
    if record.start_ms is None or record.over:
        return words.not_running(record)
    found = _try(market, Control(id="preview", accepted_ms=market.engine_ms, kind=kind, outcomes=outcomes))
    if isinstance(found, ControlRefused):
        return words.refused_now(record, kind, found.reason.value, state)
    code = code_of(record.id, kind, outcomes, reason, state.status.value, state.next_round, state.out)
    if confirm != code:
        again = " ".join(part for part in (f"/admin {kind}", named, reason or "", f"confirm={code}") if part)
        preview = Preview(record=record, kind=kind, event=found, again=again, person=ctx.person_id, stale=bool(confirm))
        return words.preview(preview)
    prices: list[Json] = [market.price(i, Side.YES) for i in range(len(market.names))]
    queued = await _queue(ctx, record, kind, outcomes, reason, {"prices": prices}, f"{kind}:{record.id}:{code}")
    return words.decided(record, kind, outcomes) if queued else words.not_running(record)


async def _queue(
    ctx: Ctx,
    record: Market,
    kind: ControlKind,
    outcomes: tuple[int, ...],
    reason: str | None,
    before: Mapping[str, Json],
    request: str,
) -> bool:
    """Append the control for the next tick, once a request; what was refused before is a new try. False: too late."""
    numbers: list[Json] = list(outcomes)
    payload: dict[str, Json] = {"kind": kind, "outcomes": numbers}
    async with ctx.db.writing() as uow:
        person, _ = await ctx.known(uow)
        for wanted in (request, request_id(ctx.invocation)):
            row = await uow.actions.append(
                record.id, "control", payload, actor=person.id, request_id=wanted, now_ms=ctx.now_ms
            )
            if isinstance(row, Declined):
                return False
            if row.created:
                await note(ctx, uow, record, kind, {"status": record.status.value, **before}, payload, reason or "")
            if row.status is not ActionStatus.REFUSED:
                break
        await uow.commit()
    return True


def _try(market: MarketView, control: Control) -> Eliminated | Resolved | Voided | ControlRefused | None:
    """What the next tick would make of it if nothing else came: the engine itself, thrown away. None where it cannot
    say: a halted market may not even bear the look."""
    try:
        _, _, events = apply_orders(market.state, (control,), market.record.params, market.engine_ms)
    except InvariantBroken:
        return None
    for event in reversed(events):
        if isinstance(event, Eliminated | Resolved | Voided) or (
            isinstance(event, ControlRefused) and event.id == control.id
        ):
            return event
    return None
