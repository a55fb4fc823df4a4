"""What strangers may watch: which markets are public, and which of their members are shown by name there."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import bindparam, func, select, update

from engine.state import Status
from storage.markets import Markets, to_market
from storage.records import Market
from storage.schema import config, people, preferences, users
from storage.session import Repository, Session


class Watching(Repository):
    """Whether a market is public, and who of it may be named to whoever watches."""

    def __init__(self, session: Session, markets: Markets) -> None:
        super().__init__(session)
        self._markets = markets

    async def set_public(self, market: int, *, public: bool) -> None:
        """Whether whoever has its link may watch it; who watches is woken by the commit."""
        await self._markets.hold(market)
        await self._session.run(_SET, {"b_market": market, "b_public": public})

    async def public(self) -> list[Market]:
        """Those whoever has their link may watch, newest first; not drafts."""
        return [to_market(row) for row in await self._session.rows(_PUBLIC)]

    async def names(self, market: int) -> Mapping[int, str]:
        """What those who chose to be shown by name are called there, by the number of their account. Not those who are
        barred; who was erased has no choice left in the tables."""
        return {row["user"]: row["display_name"] for row in await self._session.rows(_NAMES, {"market": market})}


_PUBLIC = select(config).where(config.c.public, config.c.status != Status.DRAFT.value).order_by(config.c.market.desc())
_SET = update(config).where(config.c.market == bindparam("b_market")).values(public=bindparam("b_public"))
_NAMES = (
    select(users.c.user, users.c.display_name)
    .join(people, people.c.id == users.c.user)
    .join(preferences, preferences.c.person == func.coalesce(people.c.merged_into, people.c.id))
    .where(users.c.market == bindparam("market"), users.c.barred.is_(None), preferences.c.named)
)
