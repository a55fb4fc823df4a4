"""Keys by which programs act for a person in one market. Only their hashes are kept.

The invariant of an allowance: at no moment, whatever ticks, rounds, cuts and the maker's own orders do, have all orders
of a key together taken more money than its allowance, counted with the most that those still open can take and less
what its sales brought, nor more tokens of any kind than they brought.

So whatever the key does, its maker has at least what they would have had without it, less the allowance. Payouts of
tokens it bought are its maker's and fill no allowance again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping, and_, bindparam, insert, select, update

from storage.allowance import Settled, Spending, refusal, settled_from_json, settled_to_json
from storage.markets import Markets
from storage.order_reading import to_order
from storage.records import OPEN_ORDERS, ActionStatus, Declined, Market, OrderDraft, OrderRow
from storage.schema import actions, chats, keys, orders
from storage.session import Repository, Session, clean

MOST = 5
"""Keys of a person in a market at a time."""

PREFIX = "outcry_"  # whoever finds one sees what it is
NAME_LENGTH = 40
USED_EVERY_MS = 60_000  # how stale "used last" may be: not every request is worth a write


OFF = "off"  # what `Market.keys` says where programs may not trade
HIDDEN = "hidden"  # and where what they trade is shown to nobody else


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

    async def to_run_from(self, platform: str) -> list[Key]:
        """The live ones to run a market that were asked for in a chat of a platform, as whomever, by market."""
        return [_key(row) for row in await self._session.rows(_TO_RUN, {"platform": platform})]

    async def revoke(self, key: Key, now_ms: int) -> None:
        """It is good for nothing from here on."""
        await self._markets.hold(key.market)
        live = and_(keys.c.id == key.id, keys.c.revoked_ms.is_(None))
        await self._session.run(update(keys).where(live).values(revoked_ms=now_ms))

    async def refuse_order(
        self, market: Market, account: int, number: int, draft: OrderDraft, reserve: int
    ) -> Declined | None:
        """Why a key cannot order this now, as its maker's account in a market that is locked: Declined(key_gone |
        key_scope | keys_off | terms_change | key_busy | not_its_tokens | allowance). What its orders so far come to is
        kept for the next."""
        key = await self.get(number)
        if key is None or not key.live or key.market != market.id:
            return Declined(code="key_gone")
        if key.scope is not Scope.TRADE or key.allowance is None:
            return Declined(code="key_scope")
        if market.keys == OFF:
            return Declined(code="keys_off")
        if await self._session.row(_RETUNING, {"market": market.id}) is not None:
            return Declined(code="terms_change")  # an order after it would be charged by other terms than it counts by
        settled, still_open = await self._settled(key, account)
        await self._session.run(_SETTLE, {"b_id": key.id, "settled": settled_to_json(settled)})
        return refusal(settled.with_open(still_open, market.params), key.allowance, draft, reserve, market.params)

    async def spending(self, key: Key, account: int, market: Market) -> Spending:
        """What all its orders come to; `account` is its maker's number in its market."""
        settled, still_open = await self._settled(key, account)
        return settled.with_open(still_open, market.params)

    async def _settled(self, key: Key, account: int) -> tuple[Settled, list[OrderRow]]:
        """(what is done with, what is still open)."""
        row = await self._session.row(_SETTLED, {"id": key.id})
        before = settled_from_json(None if row is None else row["settled"])
        bound = {"market": key.market, "user": account, "key": key.id, "below": before.below}
        made = [to_order(row) for row in await self._session.rows(_MADE_SINCE, bound)]
        if before.open:
            here = {"market": key.market, "numbers": list(before.open)}
            made += [to_order(row) for row in await self._session.rows(_THESE, here)]
        return before.after(made), [order for order in made if order.status in OPEN_ORDERS]

    async def note_use(self, key: Key, now_ms: int) -> None:
        """When it was used last, to the minute."""
        if key.used_ms is not None and now_ms < key.used_ms + USED_EVERY_MS:
            return
        await self._markets.hold(key.market)
        await self._session.run(update(keys).where(keys.c.id == key.id).values(used_ms=now_ms))


_ADD = insert(keys)
_SETTLED = select(keys.c.settled).where(keys.c.id == bindparam("id"))
_SETTLE = update(keys).where(keys.c.id == bindparam("b_id"))
_MADE_SINCE = select(orders).where(
    orders.c.market == bindparam("market"),
    orders.c.user == bindparam("user"),
    orders.c.number >= bindparam("below"),
    orders.c.key == bindparam("key"),
)
_THESE = select(orders).where(
    orders.c.market == bindparam("market"), orders.c.number.in_(bindparam("numbers", expanding=True))
)
_RETUNING = (
    select(actions.c.number)
    .where(actions.c.market == bindparam("market"), actions.c.status == ActionStatus.PENDING.value)
    .where(actions.c.kind == "retune")
    .limit(1)
)
_GET = select(keys).where(keys.c.id == bindparam("id"))
_FIND = select(keys).where(keys.c.hash == bindparam("hash"), keys.c.revoked_ms.is_(None))
_OF = (
    select(keys)
    .where(keys.c.market == bindparam("market"), keys.c.person.in_(bindparam("people", expanding=True)))
    .where(keys.c.revoked_ms.is_(None))
    .order_by(keys.c.id)
)

_TO_RUN = (
    select(keys)
    .join(chats, chats.c.id == keys.c.chat)
    .where(chats.c.platform == bindparam("platform"), keys.c.scope == Scope.RUN.value, keys.c.revoked_ms.is_(None))
    .order_by(keys.c.market, keys.c.id)
)


def hash_of(token: str) -> str:
    """What is kept of a key: it is too long to be guessed, so one round is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


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
