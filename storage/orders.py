"""Orders as they were accepted, and what became of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, insert, select, update

from engine.state import Status
from storage.keys import Keys
from storage.markets import Markets
from storage.members import Members
from storage.order_reading import to_order
from storage.records import OPEN_ORDERS, Declined, Market, OrderDraft, OrderRow, OrderStatus
from storage.schema import orders, positions
from storage.session import Repository, Session, one_of


class Orders(Repository):
    def __init__(self, session: Session, markets: Markets, members: Members, keys: Keys) -> None:
        super().__init__(session)
        self._markets, self._members, self._keys = markets, members, keys
        self._prefetched: dict[tuple[int, int], OrderRow] = {}

    async def append(
        self,
        market: int,
        person: int,
        draft: OrderDraft,
        *,
        request_id: str,
        reserve: int,
        now_ms: int,
        ticket: int | None = None,
        key: int | None = None,
    ) -> OrderRow | Declined:
        """Accept an order for the next tick and set its worst cost aside (micro-dollars, gas in; for a sale the gas).

        The same `request_id` returns the order that exists, `created` False, whatever else is asked. Otherwise
        Declined(not_member | not_running | outdated | frozen | paused | disputed | barred | no_cash | no_tokens), or
        for the program of a `key` what `Keys.refuse_order` says, and nothing is stored.
        Accepted at `now_ms`, or at the last tick where that was later: an order never lands in a tick that has run."""
        if not self._session.locks.has(market):
            await self._markets.use(person, market)
        record = await self._markets.lock(market)
        earlier = await self.by_request(request_id)
        if earlier is not None:
            return earlier
        declined = await self._refuse(record, person, draft, reserve) or await self._sold_twice(market, person, draft)
        if declined is None and key is not None:
            declined = await self._keys.refuse_order(record, person, key, draft, reserve)
        if declined is not None:
            return declined
        accepted = record.engine_ms(record.market_ms(now_ms))
        row: dict[str, Any] = {  # a row as it is written
            "market": market,
            "number": await self._markets.next_number(record),
            "user": person,
            "outcome": draft.outcome,
            "side": draft.side.value,
            "is_buy": draft.buy,
            "type": "market" if draft.limit is None else "limit",
            "size": draft.size,
            "limit_price": draft.limit,
            "worst_price": draft.worst_price,
            "max_slippage": draft.max_slippage,
            "spend": draft.spend,
            "af_opt_in": draft.autofill,
            "status": OrderStatus.PENDING.value,
            "remaining": draft.size,
            "reserve": reserve,
            "amount": 0,
            "fee": 0,
            "gas": 0,
            "rebate": 0,
            "rest_fee": None,
            "reason": None,
            "detail": {},
            "request_id": request_id,
            "ts_ms": record.epoch_ms(accepted),
            "accepted_ms": accepted,
            "tick_id": None,
            "ticket": ticket,
            "key": key,
        }
        await self._session.run(_ADD, row)
        return to_order(row)

    async def _refuse(self, market: Market, person: int, draft: OrderDraft, reserve: int) -> Declined | None:
        if market.outdated:
            return Declined(code="outdated")
        if market.status in (Status.FROZEN, Status.PAUSED, Status.DISPUTED):
            return Declined(code=market.status.value.lower())
        if market.status is not Status.RUNNING:
            return Declined(code="not_running")
        account = await self._members.available(market.id, person)
        if account is None:
            return Declined(code="not_member")
        available, barred = account
        if barred and draft.buy:
            return Declined(code="barred")
        if reserve > available:
            return Declined(code="no_cash", available=available, needed=reserve)
        return None

    async def _sold_twice(self, market: int, person: int, draft: OrderDraft) -> Declined | None:
        """A sale of tokens that another one on its way to the tick has taken already: it would be refused there, and
        cost its gas. Tokens they never had are the engine's to refuse."""
        if draft.buy:
            return None
        bound = {"market": market, "person": person, "outcome": draft.outcome, "side": draft.side.value}
        rows = await self._session.rows(_FOR_SALE, bound)
        taken = {OrderStatus(row["status"]): int(row["total"]) for row in rows}
        waiting = taken.get(OrderStatus.PENDING, 0)
        if not waiting:
            return None
        held = await self._session.row(_HELD, bound)
        free = (0 if held is None else held["tokens"]) - sum(taken.values())
        if draft.size <= free:
            return None
        return Declined(code="no_tokens", available=max(0, free), needed=draft.size, waiting=waiting)

    async def get(self, market: int, number: int) -> OrderRow | None:
        if (market, number) in self._prefetched:
            return self._prefetched[market, number]
        row = await self._session.row(_GET, {"market": market, "number": number})
        return None if row is None else to_order(row)

    async def prefetch(self, market: int, numbers: Collection[int]) -> list[OrderRow]:
        """All these at once, also for the `get` of each to come; of a snapshot only, whose rows do not change."""
        if not self._session.snapshot or not numbers:
            return []
        rows = await self.many(market, numbers)
        self._prefetched |= {(market, row.number): row for row in rows}
        return rows

    async def many(self, market: int, numbers: Collection[int]) -> list[OrderRow]:
        """By number; unknown ones are left out."""
        bound = {"market": market, "numbers": sorted(set(numbers))}
        return [to_order(row) for row in await self._session.rows(_MANY, bound)]

    async def by_request(self, request_id: str) -> OrderRow | None:
        """The order this request made, `created` False."""
        row = await self._session.row(_BY_REQUEST, {"request": request_id})
        return None if row is None else to_order(row, created=False)

    async def pending(self, market: int) -> list[OrderRow]:
        """Accepted and not yet run, in the order of the tick."""
        return [to_order(row) for row in await self._session.rows(_PENDING, {"market": market})]

    async def of(
        self, market: int, person: int, *, open_only: bool = False, before: int | None = None, n: int = 50
    ) -> list[OrderRow]:
        """Theirs, newest first; those numbered below `before`, where that is given."""
        bound, query = {"market": market, "person": person, "most": n}, _OPEN_OF if open_only else _OF
        if before is not None:
            bound, query = bound | {"before": before}, query.where(orders.c.number < bindparam("before"))
        return [to_order(row) for row in await self._session.rows(query, bound)]

    async def of_tick(self, market: int, tick: int) -> list[OrderRow]:
        """Those it ran, in its order."""
        query = select(orders).where(orders.c.market == market, orders.c.tick_id == tick)
        return [
            to_order(row) for row in await self._session.rows(query.order_by(orders.c.accepted_ms, orders.c.number))
        ]

    async def of_ticks(self, market: int, first: int, last: int) -> list[OrderRow]:
        """Those that these ticks ran, the last one among them, in the order of the ticks."""
        bound = {"market": market, "first": first, "last": last}
        return [to_order(row) for row in await self._session.rows(_OF_TICKS, bound)]

    async def refuse_pending(self, market: int, reason: str, person: int | None = None) -> None:
        """Every order that waits (None: whoever's) is refused, whatever the next tick would have made of it; no gas, no
        tick."""
        waiting = and_(orders.c.market == market, orders.c.status == OrderStatus.PENDING.value)
        if person is not None:
            waiting = and_(waiting, orders.c.user == person)
        values = {"status": OrderStatus.REFUSED.value, "reason": reason, "reserve": 0}
        await self._session.run(update(orders).where(waiting).values(**values))

    async def withdraw(self, market: int, person: int, number: int | None, *, key: int | None = None) -> list[OrderRow]:
        """Take back pending orders (None: all of theirs, or of one `key`) that no tick has run; returns those taken
        back. Orders that rest in the book are cancelled by an action instead."""
        await self._markets.lock(market)
        own = [row for row in await self.pending(market) if row.person == person and key in (None, row.key)]
        withdrawn = [row for row in own if number in (None, row.number)]
        for row in withdrawn:
            values = {"status": OrderStatus.CANCELLED.value, "reserve": 0}
            await self._session.run(update(orders).where(_is(market, row.number)).values(**values))
        return withdrawn


# Statements of every order and every tick, built once.
_ADD = insert(orders)
_HERE = select(orders).where(orders.c.market == bindparam("market"))
_GET = _HERE.where(orders.c.number == bindparam("number"))
_MANY = _HERE.where(orders.c.number.in_(bindparam("numbers", expanding=True))).order_by(orders.c.number)
_PENDING = _HERE.where(orders.c.status == OrderStatus.PENDING.value).order_by(orders.c.accepted_ms, orders.c.number)
_BY_REQUEST = select(orders).where(orders.c.request_id == bindparam("request"))
_OF_TICKS = _HERE.where(orders.c.tick_id >= bindparam("first"), orders.c.tick_id <= bindparam("last")).order_by(
    orders.c.tick_id, orders.c.accepted_ms, orders.c.number
)
_OF = _HERE.where(orders.c.user == bindparam("person")).order_by(orders.c.number.desc()).limit(bindparam("most"))
_OPEN_OF = _OF.where(one_of(orders.c.status, OPEN_ORDERS))
_FOR_SALE = (
    select(orders.c.status, func.sum(orders.c.remaining).label("total"))
    .where(orders.c.market == bindparam("market"), orders.c.user == bindparam("person"), orders.c.is_buy.is_(False))
    .where(orders.c.outcome == bindparam("outcome"), orders.c.side == bindparam("side"))
    .where(one_of(orders.c.status, OPEN_ORDERS))
    .group_by(orders.c.status)
)
_HELD = select(positions.c.tokens).where(
    positions.c.market == bindparam("market"),
    positions.c.user == bindparam("person"),
    positions.c.outcome == bindparam("outcome"),
    positions.c.side == bindparam("side"),
)


def _is(market: int, number: int) -> ColumnElement[bool]:
    return and_(orders.c.market == market, orders.c.number == number)
