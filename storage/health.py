"""What tells whether a running bot does its work: what waits, since when, what the house risks, that writes arrive."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, func, not_, or_, select

from storage.deliveries import to_lost_chat
from storage.key_value import KeyValues
from storage.markets import TICKING, to_market
from storage.records import ActionStatus, Market, NoticeAudience, OrderStatus
from storage.schema import actions, config, metrics, orders, outbox
from storage.session import Repository, Session, one_of

WRITTEN = "written"  # the fact that a probe writes


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketHealth:
    """A market that ticks: so many `orders` wait for its next tick; the oldest order or action that does was accepted
    at `waiting_ms` (None: none waits); `risk` is what the house risked after the last tick, micro-dollars."""

    market: Market
    orders: int
    waiting_ms: int | None
    risk: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformBacklog:
    """Rows of the outbox that wait for one platform, and since when the oldest does."""

    platform: str
    rows: int
    oldest_ms: int


class Health(Repository):
    def __init__(self, session: Session, key_values: KeyValues) -> None:
        super().__init__(session)
        self._key_values = key_values

    async def markets(self) -> list[MarketHealth]:
        """Every market a tick may change, halted ones too."""
        return [
            MarketHealth(
                market=to_market(row),
                orders=row["orders_waiting"],
                waiting_ms=min((at for at in (row["order_ms"], row["action_ms"]) if at is not None), default=None),
                risk=row["risk"] or 0,
            )
            for row in await self._session.rows(_MARKETS)
        ]

    async def backlogs(self) -> list[PlatformBacklog]:
        """By platform. What waits for a chat that put the bot out is nobody's delay."""
        return [
            PlatformBacklog(platform=row["platform"], rows=row["waiting"], oldest_ms=row["oldest_ms"])
            for row in await self._session.rows(_BACKLOGS)
        ]

    async def probe(self, now_ms: int) -> None:
        """Write something; whether it arrives, the commit tells."""
        await self._key_values.put(WRITTEN, str(now_ms))


_WAITING_ORDERS = and_(orders.c.market == config.c.market, orders.c.status == OrderStatus.PENDING.value)
_WAITING_ACTIONS = and_(actions.c.market == config.c.market, actions.c.status == ActionStatus.PENDING.value)
_LAST_TICK = and_(metrics.c.market == config.c.market, metrics.c.tick_id == config.c.tick)
_MARKETS = (
    select(
        config,
        select(func.count()).select_from(orders).where(_WAITING_ORDERS).scalar_subquery().label("orders_waiting"),
        select(func.min(orders.c.ts_ms)).where(_WAITING_ORDERS).scalar_subquery().label("order_ms"),
        select(func.min(actions.c.ts_ms)).where(_WAITING_ACTIONS).scalar_subquery().label("action_ms"),
        select(metrics.c.mm_risk).where(_LAST_TICK).scalar_subquery().label("risk"),
    )
    .where(one_of(config.c.status, TICKING))
    .order_by(config.c.market)
)
_REACHABLE = or_(outbox.c.audience != NoticeAudience.CHAT.value, not_(to_lost_chat()))
_BACKLOGS = (
    select(outbox.c.platform, func.count().label("waiting"), func.min(outbox.c.created_ms).label("oldest_ms"))
    .where(outbox.c.dropped.is_(False), _REACHABLE)
    .group_by(outbox.c.platform)
    .order_by(outbox.c.platform)
)
