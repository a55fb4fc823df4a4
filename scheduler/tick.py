"""The market tick: fence, load, apply, check, save, notices, commit: one transaction; a market's trouble is its own.

Crash points (`Database.crash`), in order: fenced, loaded, applied, between tables (three of them), before commit,
committed. A process that dies at any of them leaves a market as before the tick or as after it.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from engine.events import Event, Fill, Reason, Resolved
from engine.risk import OVER, InvariantBroken
from engine.state import Side, Status, price_micro
from scheduler import notices
from scheduler.alerts import alert_notices, shown_prices
from scheduler.cut_notices import cut_notices, cut_of, touched_orders
from scheduler.pace import Pace
from scheduler.signals import MarketSnapshot, Memo, detect
from storage import questions
from storage.cutting import GivenUpError, asked_moment, work_out
from storage.database import Database
from storage.journal_kinds import Kind
from storage.markets import TICKING
from storage.proofs.proving import signed_head
from storage.rankings import standings
from storage.records import HALTED, ActionStatus, Market, Notice
from storage.replay import apply_tick, call_off
from storage.saving import TickOutcome, save_tick
from storage.unit_of_work import UnitOfWork

REVIVING = ("resume", "void")
Fence: TypeAlias = Callable[[UnitOfWork], Awaitable[None]]


async def _no_fence(uow: UnitOfWork) -> None:
    """For who is alone: a test, a demo, a rehearsal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TickReport:
    """What became of a tick. `tick` None: nothing was written. `halted`: why the market stands still.

    `phases`: milliseconds by phase (load, engine, save, commit). `due_ms`: from when (epoch) the first of what it
    applied could have run.
    """

    market: int
    tick: int | None = None
    head: str = ""
    orders: int = 0
    fills: tuple[Fill, ...] = ()
    events: tuple[Event, ...] = ()
    halted: str | None = None
    phases: Mapping[str, float] = field(default_factory=dict)
    due_ms: int | None = None


class _Stopwatch:
    """Wall time by phase."""

    def __init__(self) -> None:
        self.phases: dict[str, float] = {}
        self._began = self._last = time.perf_counter()

    @property
    def so_far_us(self) -> int:
        """Since the first lap began."""
        return int((time.perf_counter() - self._began) * 1_000_000)

    def lap(self, phase: str) -> None:
        now = time.perf_counter()
        self.phases[phase] = (now - self._last) * 1_000
        self._last = now


async def run_tick(
    db: Database,
    market: int,
    now_ms: int,
    *,
    idle: bool = True,
    pace: Pace | None = None,
    interval_ms: int | None = None,
    given_up: Callable[[], bool] = lambda: False,
    fence: Fence | None = None,
) -> TickReport:
    """Run one tick of a market at `now_ms` (epoch); every step and intent due by then is applied exactly once.

    `idle` False: after the first tick, nothing is written with nothing queued and nothing due. A broken invariant rolls
    the tick back and halts this market alone; its admins are told. A cut that waits and has not been worked out yet is
    worked out first, outside of any transaction; `given_up` is asked meanwhile whether the tick is still wanted.
    `interval_ms` stands in for the market's own batch interval. `fence` is the first statement of each of its units: it
    raises FencedError where the market is another process's. Raises LookupError for an unknown market; database errors
    pass through with nothing written.
    """
    run = partial(
        _run, db, market, now_ms, idle=idle, pace=pace or Pace(), interval_ms=interval_ms, fence=fence or _no_fence
    )
    try:
        for _ in range(_CUT_TRIES):
            try:
                return await run()
            except _CutWaits as waiting:
                branch = await work_out(db, market, waiting.moment_ms, given_up=given_up)
                if branch is None:
                    return await run(cuts=False)
        return TickReport(market=market)
    except GivenUpError:
        return TickReport(market=market)
    except InvariantBroken as broken:
        return await halt(db, market, f"{broken.rule}: {broken.detail}", now_ms, fence=fence)


_CUT_TRIES = 3  # the market moves on at most by what came in between; the next tick tries again


class _CutWaits(Exception):  # noqa: N818  # control flow inside this module
    """A cut is asked for that has to be worked out first; nothing was written."""

    def __init__(self, moment_ms: int) -> None:
        super().__init__(moment_ms)
        self.moment_ms = moment_ms


async def _run(
    db: Database,
    number: int,
    now_ms: int,
    *,
    idle: bool,
    pace: Pace,
    interval_ms: int | None,
    fence: Fence,
    cuts: bool = True,
) -> TickReport:
    laps = _Stopwatch()
    async with db.writing(first=True) as uow:
        await fence(uow)
        market = await uow.markets.lock(number)
        db.crash("fenced")
        if market.status not in TICKING:
            return TickReport(market=number)
        if market.outdated:
            return await _run_outdated(uow, market, now_ms, pace)
        if market.halted is not None and not await _revive(uow, market):
            return TickReport(market=number, halted=market.halted)
        orders = await uow.orders.pending(number)
        actions = await uow.actions.pending(number)
        accepted = [row.ts_ms for row in orders] + [row.ts_ms for row in actions]
        wall_ms, now_ms = now_ms, max(now_ms, market.tick_ms or 0, *accepted)  # nothing runs before it was accepted
        due = market.next_step is not None and market.next_step.at_ms <= now_ms
        if not (idle or orders or actions or due or market.tick == 0):
            return TickReport(market=number)
        moment_ms = asked_moment(actions)
        branch = None if moment_ms is None else db.cache.branch(number, market.head, moment_ms)
        if cuts and branch is None and moment_ms is not None:
            raise _CutWaits(moment_ms)
        before = await uow.markets.state(market)
        laps.lap("load")
        db.crash("loaded")
        outcome = apply_tick(market, before, orders, actions, now_ms, branch)
        laps.lap("engine")
        db.crash("applied")
        head = await save_tick(uow, uow.journal, outcome)
        await _queue_notices(uow, outcome, pace, wall_ms)
        await uow.ticks.set_duration(number, outcome.tick, laps.so_far_us)  # all but the commit, which ends the writing
        laps.lap("save")
        db.crash("before commit")
        await uow.commit()
        laps.lap("commit")
    db.crash("committed")
    return TickReport(
        market=number,
        tick=outcome.tick,
        head=head,
        orders=len(orders),
        fills=outcome.fills,
        events=outcome.events,
        phases=laps.phases,
        due_ms=_due_ms(market, accepted, interval_ms or market.params.batch_interval_ms),
    )


def _due_ms(market: Market, accepted: list[int], interval_ms: int) -> int | None:
    """A step at its moment; what was accepted once the batch interval was over too. None: it is the first tick."""
    due = [market.next_step.at_ms] if market.next_step is not None else []
    if accepted:
        due.append(max(min(accepted), (market.tick_ms or 0) + interval_ms))
    return min(due, default=None)


async def _run_outdated(uow: UnitOfWork, market: Market, now_ms: int, pace: Pace) -> TickReport:
    """A market of other rules does not tick; a void calls it off, and all else that waited is refused."""
    actions, orders = await uow.actions.pending(market.id), await uow.orders.pending(market.id)
    voids = [row for row in actions if row.kind == "control" and row.payload["kind"] == "void"]
    for row in actions:
        if row not in voids[:1] and (voids or row.kind == "control"):
            await uow.actions.settle(market.id, row.number, ActionStatus.REFUSED)
    if not voids:
        await uow.commit()
        return TickReport(market=market.id)
    wall_ms, now_ms = now_ms, max(now_ms, market.tick_ms or 0, voids[0].ts_ms)
    await uow.orders.refuse_pending(market.id, Reason.NOT_RUNNING.value)
    if market.halted is not None:
        await uow.markets.clear_halt(market.id, market.status)
    await uow.members.nothing_coming(market.id)
    outcome = call_off(market, await uow.markets.state(market), voids[0], now_ms)
    head = await save_tick(uow, uow.journal, outcome)
    refused, lapsed = (
        notices.refused_orders(orders),
        [*await _lapsed(uow, outcome, wall_ms), *await _alerts(uow, outcome)],
    )
    await _end_question(uow, outcome, wall_ms)
    signed = await _head_to_post(uow, outcome)
    await uow.outbox.add_many(market.id, [*refused, *notices.tick_notices(outcome, signed, pace), *lapsed], wall_ms)
    await uow.commit()
    return TickReport(market=market.id, tick=outcome.tick, head=head, events=outcome.events)


async def _revive(uow: UnitOfWork, market: Market) -> bool:
    """Let a halted market tick again where an admin has resumed or voided it; returns whether one has. Orders that
    waited are refused without gas: one of them may be what broke it, and nobody should be filled at a price they saw
    before the halt. A resume that ends the halt has done its work: the engine, which knows of no halt, would refuse
    it."""
    controls = [row for row in await uow.actions.pending(market.id) if row.kind == "control"]
    reviving = [row for row in controls if row.payload["kind"] in REVIVING]
    if not reviving:
        return False
    await uow.orders.refuse_pending(market.id, HALTED)
    state = await uow.markets.state(market)
    await uow.markets.clear_halt(market.id, state.status)
    for row in reviving:
        if row.payload["kind"] == "resume" and state.status in (Status.RUNNING, Status.DISPUTED):
            await uow.actions.settle(market.id, row.number, ActionStatus.DONE)
    return True


async def _queue_notices(uow: UnitOfWork, outcome: TickOutcome, pace: Pace, wall_ms: int) -> None:
    """The notices of a tick into the outbox, in its transaction. They are told by the wall's clock, which may have been
    set back to before the last tick."""
    podium: list[notices.RankingRow] = []
    if any(isinstance(event, Resolved) for event in outcome.events):
        members = await uow.members.of(outcome.market.id)
        podium = [
            (row.rank, row.person, row.gain, row.final)
            for row in standings(outcome.market, outcome.after, members)
            if row.rank is not None and row.rank <= notices.PODIUM
        ]
    head = await _head_to_post(uow, outcome)
    event_notices = notices.tick_notices(outcome, head, pace, podium)
    event_notices = [*await _cut_notices(uow, outcome, head), *event_notices, *await _lapsed(uow, outcome, wall_ms)]
    event_notices += await _alerts(uow, outcome)
    await _end_question(uow, outcome, wall_ms)
    after = await uow.markets.get_one(outcome.market.id)
    yes = tuple(price_micro(outcome.after, outcome.params, i, Side.YES) for i in range(outcome.params.n_outcomes))
    snapshot = MarketSnapshot(
        now_ms=wall_ms,
        yes=yes,
        active=outcome.after.active,
        volume=after.volume,
        trades=after.trades,
        ticked=True,
        told=notices.big_trades_told(event_notices),
    )
    memo = Memo.read(after.memo)
    signal_notices, fresh = detect(after, memo, snapshot, pace)
    if fresh != memo:
        await uow.markets.set_memo(after.id, fresh.to_json())
    if any("head" in notice.payload for notice in event_notices):
        uow.journal.append(after.id, Kind.POSTED, outcome.tick, {"tick": outcome.tick, "head": head})
    await uow.outbox.add_many(after.id, [*event_notices, *signal_notices], wall_ms)


async def _head_to_post(uow: UnitOfWork, outcome: TickOutcome) -> str:
    """The signed head of a tick that is over and may have something to tell."""
    if not outcome.events:
        return ""
    head = await signed_head(uow, outcome.market.id, outcome.tick)
    assert head is not None, "a tick that was saved has a head"
    return head


async def _lapsed(uow: UnitOfWork, outcome: TickOutcome, wall_ms: int) -> list[Notice]:
    """Proposals that waited and can no longer be approved end, and their admins are told."""
    if not notices.moved_on(outcome):
        return []
    over, market = outcome.after.status in OVER, outcome.market.id
    lapsed = await uow.approvals.lapse(market, outcome.now_ms, over=over)
    for row in lapsed:
        await uow.outbox.replace(market, row.slot, questions.proposal_over(row), wall_ms)
    return [questions.proposal_lapsed(row) for row in lapsed]


async def _end_question(uow: UnitOfWork, outcome: TickOutcome, wall_ms: int) -> None:
    """What admins were asked for and is decided, or asked no more: each message that asked says so."""
    notice, round_ = notices.answered(outcome), outcome.before.frozen_for
    if notice is not None and round_ is not None:
        await uow.outbox.replace(outcome.market.id, questions.ask_slot(round_), notice, wall_ms)


async def _alerts(uow: UnitOfWork, outcome: TickOutcome) -> list[Notice]:
    """Alerts whose price is passed, or that nothing can pass any more, are told and over: once, as this tick is."""
    market, shown = outcome.market.id, shown_prices(outcome)
    alerts = await uow.alerts.over(market, shown)
    if alerts:
        await uow.alerts.remove(market, [alert.id for alert in alerts])
    return alert_notices(outcome, shown, alerts)


async def _cut_notices(uow: UnitOfWork, outcome: TickOutcome, head: str) -> list[Notice]:
    """What is told of a cut, if this tick carried one out; its orders are of any tick."""
    cut = cut_of(outcome)
    if cut is None:
        return []
    orders = await uow.orders.many(outcome.market.id, touched_orders(cut))
    tickets = await uow.tickets.many(order.ticket for order in orders if order.ticket is not None)
    return cut_notices(outcome, cut, head, orders, tickets)


async def halt(db: Database, number: int, reason: str, now_ms: int, *, fence: Fence | None = None) -> TickReport:
    """Stop one market and tell its admins; the tick that failed has been rolled back."""
    async with db.writing() as uow:
        await (fence or _no_fence)(uow)
        market = await uow.markets.lock(number)
        await uow.markets.halt(number, reason)
        before = {"status": market.status.value}
        after = {"status": "FROZEN", "halted": reason}
        await uow.audit.append(
            action="halt", actor=None, market=number, reason=reason, before=before, after=after, now_ms=now_ms
        )
        for row in await uow.actions.pending(number):
            if row.kind == "control" and row.payload["kind"] in REVIVING:  # it did not help: once is enough
                await uow.actions.settle(number, row.number, ActionStatus.REFUSED)
        await uow.outbox.add_many(number, [notices.halted(market, reason), notices.board(market.tick)], now_ms)
        await uow.commit()
    db.cache.forget(number)
    return TickReport(market=number, halted=reason)
