"""A market run again from what was asked of it, every tick of it kept: for who looks at how it was at any of them.

The engine runs the ticks in a thread of its own, which rests as long as it works, so that nobody else waits for it.
What is kept of a tick is what it changed: a state shares all else with the one before it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, NamedTuple, TypeVar

from sqlalchemy import select

from engine.branch import Branch, asked_cut
from engine.cut import PastTick, cut
from engine.events import Cut, Event, Fill, Joined, Left, params_after
from engine.intents import Intent, Join
from engine.orders import apply_orders, sort_intents
from engine.resting_book import Book, RestingOrder, changes
from engine.risk import InvariantBroken
from engine.state import Account, MarketState, Side, Status, open_market, price_micro
from engine.terms import MarketParams
from engine.units import RULES
from storage.cutting import GivenUpError, past_ticks
from storage.database import Database
from storage.mapping import next_step
from storage.records import Market, NextStep, TickRow
from storage.schema import users
from storage.session import Session

log = logging.getLogger(__name__)

MOST_TICKS = 20_000  # a longer market is not kept tick by tick: it would fill the memory
RESTS_AFTER_S = 0.004

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Versions(Generic[K, V]):
    """Values that change at some ticks, by key; None: there is none any more."""

    def __init__(self) -> None:
        self._changes: dict[K, tuple[list[int], list[V | None]]] = {}

    def put(self, key: K, tick: int, value: V | None) -> None:
        """Its value since this tick; ticks come in order."""
        since, values = self._changes.setdefault(key, ([], []))
        since.append(tick)
        values.append(value)

    def of(self, key: K, tick: int) -> V | None:
        """One of them as that tick left it."""
        since, values = self._changes.get(key, ([], []))
        at = bisect_right(since, tick)
        return values[at - 1] if at else None

    def at(self, tick: int) -> dict[K, V]:
        """All of them as that tick left them, those first that came first."""
        kept = ((key, self.of(key, tick)) for key in self._changes)
        return {key: value for key, value in kept if value is not None}


@dataclass(frozen=True, slots=True)
class _Stood:
    """A market as one tick left it: its state without accounts and book; `volume` traded so far, micro-dollars."""

    state: MarketState
    params: MarketParams
    step: NextStep | None
    volume: int


class Stay(NamedTuple):
    """From when to when (epoch ms, None: still) somebody was in a market."""

    person: int
    came: int
    went: int | None


@dataclass(slots=True, kw_only=True)
class Rerun:
    """A market, tick by tick, from 0 on. `market` as it is now; `rows` its ticks."""

    market: Market
    rows: Sequence[TickRow]
    stays: list[Stay]
    stood: list[_Stood] = field(default_factory=list)
    came: dict[int, int] = field(default_factory=dict)  # when those with an account joined, by their intent
    accounts: Versions[int, Account] = field(default_factory=Versions)
    stakes: Versions[int, int] = field(default_factory=Versions)  # what each was given so far, micro-dollars
    resting: Versions[str, RestingOrder] = field(default_factory=Versions)

    @property
    def last(self) -> int:
        return len(self.stood) - 1

    def market_at(self, tick: int) -> Market:
        """Its row as that tick left it, as far as a board looks at it."""
        stood, row = self.stood[tick], self.rows[tick]
        return replace(
            self.market,
            status=stood.state.status,
            params=stood.params,
            tick=tick,
            tick_ms=row.ts_ms,
            head=row.hash,
            halted=None,
            next_step=stood.step,
            volume=stood.volume,
            winners=stood.state.winners,
        )

    def state_at(self, tick: int) -> MarketState:
        """All of it, with everybody's account and the book."""
        return replace(
            self.stood[tick].state, accounts=self.accounts.at(tick), resting=Book(self.resting.at(tick).values())
        )

    def people_at(self, tick: int) -> int:
        """How many were in it right after that tick. Whose join is of the same millisecond had joined before it where
        the tick ran that join; before the first one, a start runs none."""
        at_ms = self.rows[tick].ts_ms

        def had_come(stay: Stay) -> bool:
            return stay.came < at_ms or tick == 0 or self.accounts.of(stay.person, tick) is not None

        here = [stay for stay in self.stays if stay.came <= at_ms and (stay.went is None or stay.went > at_ms)]
        return sum(map(had_come, here))

    def _keep(self, state: MarketState, params: MarketParams, before: MarketState | None, volume: int) -> None:
        tick, start_ms = len(self.stood), self.market.epoch_ms(0)
        old = {} if before is None else before.accounts
        for person, account in state.accounts.items():
            if account is not old.get(person):
                self.accounts.put(person, tick, account)
        for person in old.keys() - state.accounts.keys():
            self.accounts.put(person, tick, None)
            self.stays.append(Stay(person, self.came.pop(person), self.rows[tick].ts_ms))  # they have no row any more
        changed, gone = changes(Book() if before is None else before.resting, state.resting)
        for order in changed:
            self.resting.put(order.id, tick, order)
        for name in gone:
            if name not in state.resting:
                self.resting.put(name, tick, None)
        bare = replace(state, accounts={}, resting=Book())
        self.stood.append(_Stood(bare, params, next_step(params, state, start_ms), volume))

    def _note_joins(self, ordered: Iterable[Intent]) -> None:
        for intent in ordered:
            if isinstance(intent, Join):
                self.came.setdefault(intent.user, self.market.epoch_ms(intent.accepted_ms))

    def _count_stakes(self, tick: int, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, Joined | Left):
                given = self.stakes.of(event.user, tick) or 0
                self.stakes.put(event.user, tick, given + (event.cash if isinstance(event, Joined) else -event.cash))


class DiffersError(Exception):
    """What came out is not what the rows say; the market cannot be shown as it was."""


def can_rerun(market: Market) -> bool:
    """Whether it has begun, by the rules of this version, and is not too long to be kept."""
    return market.start_ms is not None and market.rules == RULES and market.tick <= MOST_TICKS


async def rerun(db: Database, number: int, rows: Sequence[TickRow]) -> Rerun | None:
    """A market that has begun, all of its ticks, of which `rows` are given; None where it cannot be run again."""
    async with db.reading(at_length=True) as uow:
        market = await uow.markets.get_one(number)
        if not can_rerun(market) or len(rows) != market.tick + 1:
            return None
        params, past = await uow.markets.start_params(number), await past_ticks(uow, market, market.tick)
        again = Rerun(market=market, rows=rows, stays=await _members(uow, number))
    stop = threading.Event()

    def watch() -> None:
        if stop.is_set():
            raise GivenUpError

    try:
        await asyncio.to_thread(_run, again, params, past, watch)
    except (InvariantBroken, DiffersError):
        log.exception("market %d cannot be run again tick by tick", number)
        return None
    finally:
        stop.set()  # also where who waits was cancelled: the thread ends before its next tick
    return again


def _run(again: Rerun, start: MarketParams, past: Sequence[PastTick], watch: Callable[[], None]) -> None:
    state, params, volume = open_market(start), start, 0
    again._keep(state, params, None, volume)
    began = time.monotonic()
    for number, (now_ms, intents) in enumerate(past, start=1):
        watch()
        ordered, before = sort_intents(intents), state
        branch = _branch(ordered, start, past[: number - 1], watch)
        fills, state, events = apply_orders(before, ordered, params, now_ms, branch=branch)
        params = params_after(params, events)
        volume += _traded(fills) + (_otherwise(branch) if any(isinstance(event, Cut) for event in events) else 0)
        again._note_joins(ordered)
        again._keep(state, params, before, volume)
        again._count_stakes(number, events)
        _compare(again.rows[number], before if state.status is Status.VOIDED else state, params)
        worked = time.monotonic() - began
        if worked > RESTS_AFTER_S:
            time.sleep(worked)
            began = time.monotonic()


def _branch(
    ordered: Sequence[Intent], start: MarketParams, past: Sequence[PastTick], watch: Callable[[], None]
) -> Branch | None:
    """What a cut among these goes on from."""
    control = asked_cut(ordered)
    if control is None or control.moment_ms is None:
        return None
    return cut(open_market(start), start, past, control.moment_ms, watch=watch)


def _traded(fills: Iterable[Fill]) -> int:
    return sum(fill.amount for fill in fills)


def _otherwise(branch: Branch | None) -> int:
    """What a cut adds to all that was traded: what would have been, less what was."""
    if branch is None:
        return 0
    return sum(_traded(course.fills) for course in branch.would) - sum(_traded(course.fills) for course in branch.was)


def _compare(row: TickRow, priced: MarketState, params: MarketParams) -> None:
    """The prices that came out with those the tick wrote."""
    for side, written in ((Side.YES, row.yes), (Side.NO, row.no)):
        prices = tuple(price_micro(priced, params, outcome, side) for outcome in range(params.n_outcomes))
        if prices != written:
            raise DiffersError(f"tick {row.tick}: {prices} and not {written}")


async def _members(session: Session, market: int) -> list[Stay]:
    """The stays of those who are in it."""
    rows = await session.rows(select(users.c.user, users.c.joined_ms).where(users.c.market == market))
    return [Stay(row["user"], row["joined_ms"], None) for row in rows]
