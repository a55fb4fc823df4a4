"""Figures that follow from a market's rows: worked out once, kept in memory until one of those rows changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import bindparam, func, select

from storage.kept_figures import Version
from storage.records import Market
from storage.schema import actions, config, journal_heads
from storage.session import Repository, Session

_Figure = TypeVar("_Figure")


class Figures(Repository):
    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._versions: dict[int, tuple[Market, Version]] = {}  # by market, as a snapshot has read them

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
        if market.id not in self._versions or self._versions[market.id][0] is not market:
            await self.prefetch([market])
        return self._versions[market.id][1]

    async def prefetch(self, markets: Collection[Market]) -> None:
        """Read the versions of all these at once."""
        rows = await self._session.rows(_VERSIONS, {"markets": [market.id for market in markets]})
        found = {row["market"]: (row["journal"] or "", row["action"] or 0) for row in rows}
        for market in markets:
            named = replace(market, intents=0, memo={}, draft={})
            self._versions[market.id] = market, Version(named, *found.get(market.id, ("", 0)))


_JOURNAL = select(journal_heads.c.hash).where(journal_heads.c.market == config.c.market).scalar_subquery()
_ACTION = select(func.max(actions.c.number)).where(actions.c.market == config.c.market).scalar_subquery()
_VERSIONS = select(config.c.market, _JOURNAL.label("journal"), _ACTION.label("action")).where(
    config.c.market.in_(bindparam("markets", expanding=True))
)
