"""What has happened: trades, ticks, events, metrics. Written by the tick alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import ColumnElement, RowMapping, Select, and_, bindparam, func, or_, select, update

from engine.state import Side
from storage.records import EventRow, MetricRow, TickRow, TradeRow
from storage.schema import events, metrics, orders, ticks, trades
from storage.session import Repository, Session

PAIRED = ("mint", "merge", "swap")
"""Kinds of which one leg is the order's whose turn it was and one that of each it met: the first counts no trade."""

PAGE = 200  # rows: about 10 ms of the loop, whatever is done with them


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """How many trades there were, and how many people traded."""

    trades: int
    people: int


class Trades(Repository):
    """Trades that hold; those a cut undid are told by its event."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._prefetched: dict[tuple[int, int], list[TradeRow]] = {}

    async def of_person(self, market: int, person: int, n: int = 20) -> list[TradeRow]:
        """Newest first."""
        return await self._some(market, or_(trades.c.buy_user == person, trades.c.sell_user == person), n)

    async def of_order(self, market: int, number: int) -> list[TradeRow]:
        """Oldest first: those of its own turn, and those that filled it where it rested."""
        if (market, number) in self._prefetched:
            return self._prefetched[market, number]
        own_leg = or_(trades.c.resting.is_(None), trades.c.kind == "direct")  # other legs are its counterparts'
        of_order = or_(and_(trades.c.order == number, own_leg), trades.c.resting == number)
        query = select(trades).where(_here(market), of_order).order_by(trades.c.trade_id)
        return [_trade(row) for row in await self._session.rows(query)]

    async def prefetch(self, market: int, numbers: Collection[int]) -> None:
        """Read all these at once for the `of_order` of each to come; of a snapshot only, whose rows do not change."""
        if not self._session.snapshot or not numbers:
            return
        ids = sorted(set(numbers))
        by_number: dict[int, dict[int, TradeRow]] = {number: {} for number in ids}
        touching = or_(trades.c.order.in_(ids), trades.c.resting.in_(ids))
        query = select(trades).where(_here(market), touching).order_by(trades.c.trade_id)
        for row in await self._session.rows(query):
            trade, own = _trade(row), row["resting"] is None or row["kind"] == "direct"
            for number in (row["order"] if own else None, row["resting"]):
                if number in by_number:
                    by_number[number][trade.id] = trade
        self._prefetched |= {(market, number): list(legs.values()) for number, legs in by_number.items()}

    async def recent(self, market: int, outcome: int | None = None, n: int = 20) -> list[TradeRow]:
        """Newest first."""
        return await self._some(market, None if outcome is None else trades.c.outcome == outcome, n)

    async def count(self, market: int) -> int:
        """How often people have traded in a market."""
        return (await self.activity(market)).trades

    async def activity(self, market: int, after: int = 0, until: int | None = None) -> Activity:
        """What happened after one trade's number and up to another's: a match is one trade, however many legs it has,
        and each who traded is one person."""
        here = and_(_here(market), trades.c.trade_id > after)
        if until is not None:
            here = and_(here, trades.c.trade_id <= until)
        counted = or_(trades.c.kind.not_in(PAIRED), trades.c.resting.is_not(None))
        count = await self._session.number(select(func.count()).select_from(trades).where(here, counted))
        buyers = select(trades.c.buy_user.label("user")).where(here, trades.c.buy_user.is_not(None))
        sellers = select(trades.c.sell_user.label("user")).where(here, trades.c.sell_user.is_not(None))
        people = buyers.union(sellers).subquery()
        return Activity(trades=count, people=await self._session.number(select(func.count()).select_from(people)))

    async def all(self, market: int) -> list[TradeRow]:
        """Oldest first."""
        query = select(trades).where(_here(market)).order_by(trades.c.trade_id)
        return [_trade(row) for row in await self._session.rows(query)]

    async def pages(self, market: int, size: int = PAGE) -> AsyncIterator[list[TradeRow]]:
        """`all` in stretches, so that a long history delays nobody."""
        query = select(trades).where(_here(market)).order_by(trades.c.trade_id).limit(size)
        page = [_trade(row) for row in await self._session.rows(query)]
        while page:
            yield page
            after = query.where(trades.c.trade_id > page[-1].id)
            page = [_trade(row) for row in await self._session.rows(after)] if len(page) == size else []

    async def paid(self, market: int, person: int) -> dict[tuple[int, Side], int]:
        """What one account has paid for each token less what it got for it, fees in, what auto-fills gave back out;
        micro-dollars. Gas and payouts are not counted."""
        net: dict[tuple[int, Side], int] = {}
        cost, gain = trades.c.amount + trades.c.buy_fee, trades.c.amount - trades.c.kept - trades.c.sell_fee
        in_market = _here(market)
        rebates = (orders, orders.c.rebate, and_(orders.c.market == market, orders.c.user == person), -1)
        for table, amount, condition, sign in (
            (trades, cost, and_(in_market, trades.c.buy_user == person), 1),
            (trades, gain, and_(in_market, trades.c.sell_user == person), -1),
            rebates,
        ):
            query = select(table.c.outcome, table.c.side, func.sum(amount).label("sum")).where(condition)
            for row in await self._session.rows(query.group_by(table.c.outcome, table.c.side)):
                key = (row["outcome"], Side(row["side"]))
                net[key] = net.get(key, 0) + sign * int(row["sum"])
        return net

    async def _some(self, market: int, condition: ColumnElement[bool] | None, n: int) -> list[TradeRow]:
        query = select(trades).where(_here(market))
        if condition is not None:
            query = query.where(condition)
        return [_trade(row) for row in await self._session.rows(query.order_by(trades.c.trade_id.desc()).limit(n))]


def _here(market: int) -> ColumnElement[bool]:
    """The trades of a market that hold: a cut undid the others."""
    return and_(trades.c.market == market, trades.c.undone_tick.is_(None))


class Ticks(Repository):
    async def latest(self, market: int) -> TickRow | None:
        row = await self._session.row(_ticks(market).order_by(ticks.c.tick_id.desc()).limit(1))
        return None if row is None else _tick(row)

    async def series(self, market: int, since_ms: int | None = None) -> list[TickRow]:
        """Oldest first; those at or after `since_ms`. The first of all is tick 0, the prices at the start."""
        query = _ticks(market).order_by(ticks.c.tick_id)
        rows = await self._session.rows(query if since_ms is None else query.where(ticks.c.ts_ms >= since_ms))
        return [_tick(row) for row in rows]

    async def at(self, market: int, moments: Sequence[int]) -> list[TickRow]:
        """The last one at or before each moment, oldest first, each once: one look into the index a moment, however
        long the market has run."""
        values = {f"at_{place}": moment for place, moment in enumerate(moments)}
        return [_tick(row) for row in await self._session.rows(_at(len(moments)), {"market": market, **values})]

    async def last(self, market: int, n: int) -> list[TickRow]:
        """The newest n, newest first."""
        rows = await self._session.rows(_ticks(market).order_by(ticks.c.tick_id.desc()).limit(n))
        return [_tick(row) for row in rows]

    async def set_duration(self, market: int, tick: int, us: int) -> None:
        """Write down how long a tick took, by the wall's clock."""
        await self._session.run(_SET_DURATION, {"b_market": market, "b_tick": tick, "took_us": us})

    async def durations(self, market: int, n: int) -> list[int]:
        """How long each of the newest n took, microseconds, newest first; those nobody timed are left out."""
        timed = _ticks(market).where(ticks.c.took_us.is_not(None))
        return [row["took_us"] for row in await self._session.rows(timed.order_by(ticks.c.tick_id.desc()).limit(n))]


_SET_DURATION = update(ticks).where(ticks.c.market == bindparam("b_market"), ticks.c.tick_id == bindparam("b_tick"))


class Events(Repository):
    async def of(self, market: int, type: str | None = None) -> list[EventRow]:
        """Oldest first, of one type (the engine's class name) or all. What an order became is in its own row."""
        query = select(events).where(events.c.market == market).order_by(events.c.event_id)
        rows = await self._session.rows(query if type is None else query.where(events.c.type == type))
        return [
            EventRow(
                market=row["market"],
                id=row["event_id"],
                tick=row["tick_id"],
                ts_ms=row["ts_ms"],
                type=row["type"],
                payload=row["payload"],
            )
            for row in rows
        ]


class Metrics(Repository):
    async def latest(self, market: int) -> MetricRow | None:
        query = select(metrics).where(metrics.c.market == market).order_by(metrics.c.tick_id.desc()).limit(1)
        row = await self._session.row(query)
        return None if row is None else _metric(row)

    async def worst(self, market: int) -> int:
        """The highest risk there ever was; 0 before the start."""
        return await self._session.number(select(func.max(metrics.c.mm_risk)).where(metrics.c.market == market))

    async def pages(self, market: int, size: int = PAGE) -> AsyncIterator[list[MetricRow]]:
        """`series` in stretches."""
        query = select(metrics).where(metrics.c.market == market).order_by(metrics.c.tick_id).limit(size)
        page = [_metric(row) for row in await self._session.rows(query)]
        while page:
            yield page
            after = query.where(metrics.c.tick_id > page[-1].tick)
            page = [_metric(row) for row in await self._session.rows(after)] if len(page) == size else []

    async def series(self, market: int) -> list[MetricRow]:
        """Oldest first."""
        query = select(metrics).where(metrics.c.market == market).order_by(metrics.c.tick_id)
        return [_metric(row) for row in await self._session.rows(query)]


@cache
def _at(moments: int) -> Select[*tuple[object, ...]]:
    """The query of `Ticks.at` for so many moments, built once."""
    tick = select(ticks.c.tick_id).where(ticks.c.market == bindparam("market")).limit(1)
    last = tick.order_by(ticks.c.ts_ms.desc(), ticks.c.tick_id.desc())
    tick_ids = [last.where(ticks.c.ts_ms <= bindparam(f"at_{place}")).scalar_subquery() for place in range(moments)]
    query = select(ticks).where(ticks.c.market == bindparam("market"), ticks.c.tick_id.in_(tick_ids))
    return query.order_by(ticks.c.tick_id)


def _ticks(market: int) -> Select[*tuple[object, ...]]:
    return select(ticks).where(ticks.c.market == market)


def _trade(row: RowMapping) -> TradeRow:
    return TradeRow(
        market=row["market"],
        id=row["trade_id"],
        tick=row["tick_id"],
        ts_ms=row["ts_ms"],
        outcome=row["outcome"],
        side=Side(row["side"]),
        kind=row["kind"],
        buyer=row["buy_user"],
        seller=row["sell_user"],
        price=row["price"],
        size=row["size"],
        amount=row["amount"],
        buy_fee=row["buy_fee"],
        sell_fee=row["sell_fee"],
        kept=row["kept"],
        released=row["released"],
        order=row["order"],
        resting=row["resting"],
        parts=row["parts"],
    )


def _tick(row: RowMapping) -> TickRow:
    summary = row["summary"]
    return TickRow(
        market=row["market"],
        tick=row["tick_id"],
        ts_ms=row["ts_ms"],
        yes=tuple(summary["yes"]),
        no=tuple(summary["no"]),
        volume=tuple(summary["volume"]),
        orders=summary["orders"],
        trades=summary["trades"],
        hash=row["hash"],
        state_hash=row["state_hash"],
    )


def _metric(row: RowMapping) -> MetricRow:
    return MetricRow(
        market=row["market"],
        tick=row["tick_id"],
        ts_ms=row["ts_ms"],
        volume=row["volume"],
        mm_risk=row["mm_risk"],
        mm_profit=row["mm_profit"],
        sources=row["sources"],
    )
