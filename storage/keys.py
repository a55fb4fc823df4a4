"""Keys by which programs act for a person in one market. Only their hashes are kept.

The invariant of an allowance: at no moment, whatever ticks, rounds, cuts and the maker's own orders do, have all orders
of a key together taken more money than its allowance, counted with the most that those still open can take and less
what its sales brought, nor more tokens of any kind than they brought.

So whatever the key does, its maker has at least what they would have had without it, less the allowance. Payouts of
tokens it bought are its maker's and fill no allowance again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping, and_, bindparam, insert, select, update

from engine.resting_book import escrowed
from engine.state import Side
from engine.terms import MarketParams
from engine.units import RATE
from storage.markets import Markets
from storage.records import OPEN_ORDERS, OrderDraft, OrderRow, OrderStatus
from storage.schema import keys
from storage.session import Repository, Session, clean

MOST = 5
"""Keys of a person in a market at a time."""

NAME_LENGTH = 40
USED_EVERY_MS = 60_000  # how stale "used last" may be: not every request is worth a write


class Scope(StrEnum):
    """What a key is good for: reading what its maker sees; trading, too; running the market as its admin."""

    READ = "read"
    TRADE = "trade"
    RUN = "run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """`allowance`: of one that trades, micro-dollars. `platform` and `external_id`: as whom its maker asked for it, and
    of one to run a market `chat`, whose admin they were: their rights are asked anew for each use."""

    id: int
    market: int
    person: int
    scope: Scope
    name: str
    allowance: int | None
    platform: str
    external_id: str
    chat: int | None
    created_ms: int
    used_ms: int | None
    revoked_ms: int | None

    @property
    def live(self) -> bool:
        return self.revoked_ms is None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """What a key is asked for with."""

    market: int
    person: int
    scope: Scope
    name: str
    allowance: int | None
    platform: str
    external_id: str
    chat: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Of all orders of a key: `cost`, micro-dollars they took and those still open can take, less what sales brought;
    `tokens`, what of each token they brought and have not put up for sale; `waiting`, orders still open."""

    cost: int = 0
    tokens: Mapping[tuple[int, Side], int] = field(default_factory=dict)
    waiting: int = 0


class Keys(Repository):
    """Written by who holds the market."""

    def __init__(self, session: Session, markets: Markets) -> None:
        super().__init__(session)
        self._markets = markets

    async def make(self, wanted: NewKey, token: str, now_ms: int) -> Key:
        """Its number no other key will ever have."""
        await self._markets.hold(wanted.market)
        row = {
            "market": wanted.market,
            "person": wanted.person,
            "scope": wanted.scope.value,
            "name": clean(wanted.name, NAME_LENGTH),
            "allowance": wanted.allowance,
            "platform": wanted.platform,
            "external_id": wanted.external_id,
            "chat": wanted.chat,
            "created_ms": now_ms,
            "used_ms": None,
            "revoked_ms": None,
        }
        number = await self._session.add(_ADD, {**row, "hash": hash_of(token)})
        return _key({**row, "id": number})

    async def find(self, token: str) -> Key | None:
        """The live key that this is, whoever asks."""
        row = await self._session.row(_FIND, {"hash": hash_of(token)})
        return None if row is None else _key(row)

    async def get(self, number: int) -> Key | None:
        """Also one that was revoked."""
        row = await self._session.row(_GET, {"id": number})
        return None if row is None else _key(row)

    async def of(self, market: int, people: Collection[int]) -> list[Key]:
        """The live ones of somebody under any of their ids, oldest first."""
        rows = await self._session.rows(_OF, {"market": market, "people": sorted(people)})
        return [_key(row) for row in rows]

    async def revoke(self, key: Key, now_ms: int) -> None:
        """It is good for nothing from here on."""
        await self._markets.hold(key.market)
        live = and_(keys.c.id == key.id, keys.c.revoked_ms.is_(None))
        await self._session.run(update(keys).where(live).values(revoked_ms=now_ms))

    async def note_use(self, key: Key, now_ms: int) -> None:
        """When it was used last, to the minute."""
        if key.used_ms is not None and now_ms < key.used_ms + USED_EVERY_MS:
            return
        await self._markets.hold(key.market)
        await self._session.run(update(keys).where(keys.c.id == key.id).values(used_ms=now_ms))


_ADD = insert(keys)
_GET = select(keys).where(keys.c.id == bindparam("id"))
_FIND = select(keys).where(keys.c.hash == bindparam("hash"), keys.c.revoked_ms.is_(None))
_OF = (
    select(keys)
    .where(keys.c.market == bindparam("market"), keys.c.person.in_(bindparam("people", expanding=True)))
    .where(keys.c.revoked_ms.is_(None))
    .order_by(keys.c.id)
)


def hash_of(token: str) -> str:
    """What is kept of a key: it is too long to be guessed, so one round is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def worst_cost(draft: OrderDraft, params: MarketParams) -> int:
    """The most an order can ever take, gas in, micro-dollars. Raises ValueError for a buy without any bound."""
    if not draft.buy:
        return params.gas_fee
    if draft.limit is not None:
        return escrowed(draft.limit, max(params.fee, params.match_fee), draft.size) + params.gas_fee
    bounds = [] if draft.worst_price is None else [draft.worst_price * draft.size // RATE]
    bounds += [] if draft.spend is None else [draft.spend]
    if not bounds:
        raise ValueError("a program's buy at market names its worst price or what it may spend")
    return min(bounds) + params.gas_fee


def spending(orders: Iterable[OrderRow], params: MarketParams) -> Spending:
    """What these orders of a key come to."""
    cost, waiting, tokens = 0, 0, dict[tuple[int, Side], int]()
    for order in orders:
        draft, still_open = order.draft, order.status in OPEN_ORDERS
        cost += (order.amount if draft.buy else -order.amount) + order.gas - order.rebate + _still(order, params)
        token = (draft.outcome, draft.side)
        moved = order.done if draft.buy else -order.done - (order.remaining if still_open else 0)
        tokens[token] = tokens.get(token, 0) + moved
        waiting += still_open
    return Spending(cost=cost, tokens={token: count for token, count in tokens.items() if count}, waiting=waiting)


def _still(order: OrderRow, params: MarketParams) -> int:
    """The most it can still take."""
    if order.status is OrderStatus.PENDING:
        return max(order.reserve, worst_cost(order.draft, params))
    return order.escrow if order.status is OrderStatus.RESTING else 0


def _key(row: RowMapping | Mapping[str, Any]) -> Key:  # Any: a row as it was written
    return Key(
        id=row["id"],
        market=row["market"],
        person=row["person"],
        scope=Scope(row["scope"]),
        name=row["name"],
        allowance=row["allowance"],
        platform=row["platform"],
        external_id=row["external_id"],
        chat=row["chat"],
        created_ms=row["created_ms"],
        used_ms=row["used_ms"],
        revoked_ms=row["revoked_ms"],
    )
