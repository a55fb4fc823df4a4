"""What has happened: trades, ticks, events, metrics. Written by the tick alone."""

from __future__ import annotations

from storage.records import EventRow, MetricRow, TickRow, TradeRow
from storage.repository import Repository


class Trades(Repository):
    async def of_person(self, market: int, person: int, n: int = 20) -> list[TradeRow]:
        """Newest first."""
        raise NotImplementedError

    async def of_order(self, market: int, number: int) -> list[TradeRow]:
        """Oldest first."""
        raise NotImplementedError

    async def recent(self, market: int, outcome: int | None = None, n: int = 20) -> list[TradeRow]:
        """Newest first."""
        raise NotImplementedError

    async def all(self, market: int) -> list[TradeRow]:
        """Oldest first."""
        raise NotImplementedError

    async def volume(self, market: int) -> int:
        """Micro-dollars traded so far, before fees."""
        raise NotImplementedError


class Ticks(Repository):
    async def latest(self, market: int) -> TickRow | None:
        raise NotImplementedError

    async def series(self, market: int, since_ms: int | None = None) -> list[TickRow]:
        """Oldest first; those at or after `since_ms`."""
        raise NotImplementedError

    async def before(self, market: int, at_ms: int) -> TickRow | None:
        """The last one before a moment: prices to compare with."""
        raise NotImplementedError


class Events(Repository):
    async def of(self, market: int, type: str | None = None) -> list[EventRow]:
        """Oldest first, of one type or all."""
        raise NotImplementedError


class Metrics(Repository):
    async def latest(self, market: int) -> MetricRow | None:
        raise NotImplementedError

    async def series(self, market: int) -> list[MetricRow]:
        """Oldest first."""
        raise NotImplementedError
