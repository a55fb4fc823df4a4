"""What has happened beside trades: ticks, events, metrics. Written by the tick alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import cache

from sqlalchemy import (
    RowMapping,
    Select,
    bindparam,
    func,
    select,
    update,
)

from storage.records import EventRow, MetricRow, TickRow
from storage.schema import events, metrics, ticks
from storage.session import Repository

PAGE = 200  # rows: about 10 ms of the loop, whatever is done with them


class Ticks(Repository):
    async def latest(self, market: int) -> TickRow | None:
        row = await self._session.row(_LATEST_TICK, {"market": market})
        return None if row is None else _tick(row)

    async def series(self, market: int, since_ms: int | None = None, after: int = -1) -> list[TickRow]:
        """Oldest first; those at or after `since_ms`, after the tick `after`. The first of all is tick 0, the prices at
        the start. Page by page: in a unit that reads at length the loop has its turn between them."""
        bound = {"market": market, "since": since_ms or 0, "most": PAGE}
        series: list[TickRow] = []
        while page := await self._session.rows(_SERIES, bound | {"after": series[-1].tick if series else after}):
            series += [_tick(row) for row in page]
        return series

    async def page(self, market: int, *, after: int, n: int) -> list[TickRow]:
        """The first n after a tick, oldest first."""
        bound = {"market": market, "since": 0, "most": n, "after": after}
        return [_tick(row) for row in await self._session.rows(_SERIES, bound)]

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


_LATEST_TICK = select(ticks).where(ticks.c.market == bindparam("market")).order_by(ticks.c.tick_id.desc()).limit(1)
_SET_DURATION = update(ticks).where(ticks.c.market == bindparam("b_market"), ticks.c.tick_id == bindparam("b_tick"))


class Events(Repository):
    """What happened beside trades and gas. What an order became is in its own row."""

    async def of(self, market: int, type: str | None = None) -> list[EventRow]:
        """Oldest first, of one type (the engine's class name) or all."""
        bound = {"market": market} if type is None else {"market": market, "type": type}
        rows = await self._session.rows(_EVENTS if type is None else _EVENTS_OF_TYPE, bound)
        return [_event(row) for row in rows]

    async def among(self, market: int, types: Sequence[str]) -> list[EventRow]:
        """Those of these types, oldest first. Sorted here: so the index by type is used, however long the market."""
        rows = await self._session.rows(_EVENTS_AMONG, {"market": market, "types": list(types)})
        return sorted((_event(row) for row in rows), key=lambda event: event.id)

    async def get(self, market: int, number: int) -> EventRow | None:
        row = await self._session.row(_EVENT, {"market": market, "number": number})
        return None if row is None else _event(row)

    async def in_tick(self, market: int, tick: int, type: str) -> list[EventRow]:
        """Those of one type in one tick, oldest first."""
        rows = await self._session.rows(_EVENTS_IN_TICK, {"market": market, "type": type, "tick": tick})
        return sorted((_event(row) for row in rows), key=lambda event: event.id)

    async def in_ticks(self, market: int, types: Sequence[str], first: int, last: int) -> list[EventRow]:
        """Those of these types in these ticks, the last one among them, oldest first."""
        bound = {"market": market, "types": list(types), "first": first, "last": last}
        return sorted(
            (_event(row) for row in await self._session.rows(_EVENTS_IN_TICKS, bound)), key=lambda event: event.id
        )

    async def number_in_tick(self, market: int, tick: int, type: str) -> int:
        """How many of one type there were in one tick."""
        return await self._session.number(_NUMBER_IN_TICK, {"market": market, "type": type, "tick": tick})


_LATEST_METRICS = (
    select(metrics).where(metrics.c.market == bindparam("market")).order_by(metrics.c.tick_id.desc()).limit(1)
)
_EVENTS = select(events).where(events.c.market == bindparam("market")).order_by(events.c.event_id)
_EVENTS_OF_TYPE = _EVENTS.where(events.c.type == bindparam("type"))
_OF_MARKET = select(events).where(events.c.market == bindparam("market"))
_EVENTS_AMONG = _OF_MARKET.where(events.c.type.in_(bindparam("types", expanding=True)))
_EVENTS_IN_TICK = _OF_MARKET.where(events.c.type == bindparam("type"), events.c.tick_id == bindparam("tick"))
_EVENTS_IN_TICKS = _EVENTS_AMONG.where(events.c.tick_id >= bindparam("first"), events.c.tick_id <= bindparam("last"))
_NUMBER_IN_TICK = (
    select(func.count())
    .select_from(events)
    .where(events.c.market == bindparam("market"), events.c.type == bindparam("type"))
    .where(events.c.tick_id == bindparam("tick"))
)
_EVENT = _OF_MARKET.where(events.c.event_id == bindparam("number"))


class Metrics(Repository):
    async def latest(self, market: int) -> MetricRow | None:
        row = await self._session.row(_LATEST_METRICS, {"market": market})
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
        """All pages, oldest first."""
        return [row async for page in self.pages(market) for row in page]


_SERIES = (
    select(ticks)
    .where(ticks.c.market == bindparam("market"), ticks.c.tick_id > bindparam("after"))
    .where(ticks.c.ts_ms >= bindparam("since"))
    .order_by(ticks.c.tick_id)
    .limit(bindparam("most"))
)


@cache
def _at(moments: int) -> Select[*tuple[object, ...]]:
    """The query of `Ticks.at` for so many moments, built once."""
    tick = select(ticks.c.tick_id).where(ticks.c.market == bindparam("market")).limit(1)
    last = tick.order_by(ticks.c.ts_ms.desc(), ticks.c.tick_id.desc())
    tick_ids = [last.where(ticks.c.ts_ms <= bindparam(f"at_{place}")).scalar_subquery() for place in range(moments)]
    query = select(ticks).where(ticks.c.market == bindparam("market"), ticks.c.tick_id.in_(tick_ids))
    return query.order_by(ticks.c.tick_id)


def _event(row: RowMapping) -> EventRow:
    return EventRow(
        market=row["market"],
        id=row["event_id"],
        tick=row["tick_id"],
        ts_ms=row["ts_ms"],
        type=row["type"],
        payload=row["payload"],
    )


def _ticks(market: int) -> Select[*tuple[object, ...]]:
    return select(ticks).where(ticks.c.market == market)


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
