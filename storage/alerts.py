"""What members asked to be told once, when a price is passed.

A price is compared as it is shown. An alert is gone once it is told, in the transaction of the tick that tells it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import ColumnElement, Executable, RowMapping, and_, bindparam, delete, insert, or_, select, update

from engine.state import Side
from storage.markets import Markets
from storage.schema import alerts
from storage.session import Repository, Session
from storage.waking import Topic

MOST = 20  # a member of a market
Shown = tuple[int, int]  # prices of YES and NO, as they are shown, in micro-dollars
_FAR = 1 << 62  # beyond any price


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """`person` is the number of their account; `price` in micro-dollars. `above`: to be told at this price or more,
    else at this or less."""

    id: int
    market: int
    person: int
    outcome: int
    side: Side
    price: int
    above: bool

    def passed(self, shown: Shown) -> bool:
        now = shown[self.side is Side.NO]
        return now >= self.price if self.above else now <= self.price


class Alerts(Repository):
    """Written by who holds the market."""

    def __init__(self, session: Session, markets: Markets) -> None:
        super().__init__(session)
        self._markets = markets

    async def of(self, market: int, person: int) -> list[Alert]:
        """Of one account, in the order of outcomes, sides and prices."""
        return [_alert(row) for row in await self._session.rows(_OF, {"market": market, "user": person})]

    async def of_many(self, market: int, people: Sequence[int]) -> Mapping[int, tuple[Alert, ...]]:
        """The same of several accounts, by their number; of those that have any."""
        alerts: dict[int, tuple[Alert, ...]] = {}
        if people:
            for row in await self._session.rows(_OF_MANY, {"market": market, "users": sorted(people)}):
                alerts[row["user"]] = (*alerts.get(row["user"], ()), _alert(row))
        return alerts

    async def get(self, number: int) -> Alert | None:
        row = await self._session.row(_GET, {"id": number})
        return None if row is None else _alert(row)

    async def add(
        self, market: int, person: int, outcome: int, side: Side, price: int, *, above: bool, now_ms: int
    ) -> Alert:
        """Its number no other alert will ever have. There must be none at this price yet."""
        await self._markets.hold(market)
        self._session.wakes(Topic.MARKET)
        asked = {"outcome": outcome, "side": side.value, "price": price, "above": above}
        number = await self._session.add(_ADD, {"market": market, "user": person, "ts_ms": now_ms, **asked})
        return Alert(id=number, market=market, person=person, outcome=outcome, side=side, price=price, above=above)

    async def remove(self, market: int, numbers: Sequence[int]) -> None:
        await self._markets.hold(market)
        self._session.wakes(Topic.MARKET)
        await self._session.run(_REMOVE, {"market": market, "ids": sorted(numbers)})

    async def move(self, market: int, person: int, to: int) -> None:
        """Those of an account that is closed become another's, but for what that one is to be told anyway."""
        have = {(alert.outcome, alert.side, alert.price) for alert in await self.of(market, to)}
        twice = [row.id for row in await self.of(market, person) if (row.outcome, row.side, row.price) in have]
        await self.remove(market, twice)
        left = and_(alerts.c.market == market, alerts.c.user == person)
        await self._session.run(update(alerts).where(left).values(user=to))

    async def over(self, market: int, shown: Sequence[Shown | None]) -> list[Alert]:
        """Those that are passed at these prices, and those of outcomes that have none (any more), by outcome: oldest
        first. One read of an index where nobody waits."""
        if await self._session.row(_ANY, {"market": market}) is None:
            return []
        bounds: dict[str, int] = {"market": market}
        for outcome, prices in enumerate(shown):
            for place, side in enumerate(Side):
                bounds[f"up_{outcome}_{side.value}"] = _FAR if prices is None else prices[place]
                bounds[f"down_{outcome}_{side.value}"] = -_FAR if prices is None else prices[place]
        return [_alert(row) for row in await self._session.rows(_passed(len(shown)), bounds)]


_ANY = select(alerts.c.id).where(alerts.c.market == bindparam("market")).limit(1)
_HERE = (
    select(alerts)
    .where(alerts.c.market == bindparam("market"))
    .order_by(alerts.c.outcome, alerts.c.side.desc(), alerts.c.price)
)
_OF = _HERE.where(alerts.c.user == bindparam("user"))
_OF_MANY = _HERE.where(alerts.c.user.in_(bindparam("users", expanding=True)))
_ADD = insert(alerts)
_GET = select(alerts).where(alerts.c.id == bindparam("id"))
_REMOVE = delete(alerts).where(
    alerts.c.market == bindparam("market"), alerts.c.id.in_(bindparam("ids", expanding=True))
)


@lru_cache(maxsize=32)  # by how many outcomes a market has: built once
def _passed(outcomes: int) -> Executable:
    """Each token and direction is a range of the index."""
    ranges = [
        _range(outcome, side, above=above) for outcome in range(outcomes) for side in Side for above in (True, False)
    ]
    return select(alerts).where(or_(*ranges)).order_by(alerts.c.id)


def _range(outcome: int, side: Side, *, above: bool) -> ColumnElement[bool]:
    here = alerts.c.market == bindparam("market")  # in each: a condition of its own, SQLite would search by it alone
    same = and_(here, alerts.c.outcome == outcome, alerts.c.side == side.value, alerts.c.above.is_(above))
    if above:
        return and_(same, alerts.c.price <= bindparam(f"up_{outcome}_{side.value}"))
    return and_(same, alerts.c.price >= bindparam(f"down_{outcome}_{side.value}"))


def _alert(row: RowMapping) -> Alert:
    return Alert(
        id=row["id"],
        market=row["market"],
        person=row["user"],
        outcome=row["outcome"],
        side=Side(row["side"]),
        price=row["price"],
        above=row["above"],
    )
