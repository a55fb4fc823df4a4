"""Figures that follow from a market's rows: worked out once, kept in memory until one of those rows changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import bindparam, func, select

from storage.kept_figures import Version
from storage.records import Market
from storage.schema import actions, journal_heads
from storage.session import Repository

_Figure = TypeVar("_Figure")


class Figures(Repository):
    _version: tuple[Market, Version] | None = None  # of the market a snapshot asked about last

    async def of(self, market: Market, name: str, work_out: Callable[[], Awaitable[_Figure]]) -> _Figure:
        """What `work_out` gives, which follows from the rows of `market` alone (as this unit reads it: accounts,
        wording, what ticks wrote) and is never changed. A unit that writes keeps nothing: nobody else sees its rows
        yet."""
        if not self._session.snapshot:
            return await work_out()
        figures = self._session.cache.figures.of(await self.version(market))
        if name not in figures:
            figures[name] = await work_out()
        figure: _Figure = figures[name]
        return figure

    async def version(self, market: Market) -> Version:
        """Which rows its figures follow from now: as long as it is equal, none of them changes."""
        if self._version is None or self._version[0] is not market:
            row = await self._session.row(_VERSION, {"market": market.id})
            journal, action = (row["journal"], row["action"]) if row is not None else (None, None)
            named = replace(market, intents=0, memo={}, draft={})
            self._version = market, Version(named, journal or "", action or 0)
        return self._version[1]


_JOURNAL = select(journal_heads.c.hash).where(journal_heads.c.market == bindparam("market")).scalar_subquery()
_ACTION = select(func.max(actions.c.number)).where(actions.c.market == bindparam("market")).scalar_subquery()
_VERSION = select(_JOURNAL.label("journal"), _ACTION.label("action"))
