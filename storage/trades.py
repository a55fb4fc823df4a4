"""Trades, as the ticks wrote them, that hold: those a cut undid are told by its event, and by who looks back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    RowMapping,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    union_all,
)

from engine.state import Side
from storage.history import PAGE
from storage.records import TradeRow
from storage.schema import orders, trades
from storage.session import Repository, Session

PAIRED = ("mint", "merge", "swap")
"""Kinds of which one leg is the order's whose turn it was and one that of each it met: the first counts no trade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """How many trades there were, and how many people traded."""

    trades: int
    people: int


class Trades(Repository):
    """Trades that hold; those a cut undid are told by its event."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._prefetched: dict[tuple[int, int], list[TradeRow]] = {}

    async def of_person(self, market: int, person: int, n: int = 20) -> list[TradeRow]:
        """Newest first."""
        return await self._list(_OF_PERSON, market=market, person=person, most=n)

    async def of_order(self, market: int, number: int) -> list[TradeRow]:
        """Oldest first: those of its own turn, and those that filled it where it rested."""
        if (market, number) in self._prefetched:
            return self._prefetched[market, number]
        return await self._list(_OF_ORDER, market=market, number=number)

    async def prefetch(self, market: int, numbers: Collection[int]) -> None:
        """Read all these at once for the `of_order` of each to come; of a snapshot only, whose rows do not change."""
        if not self._session.snapshot or not numbers:
            return
        ids = sorted(set(numbers))
        by_number: dict[int, dict[int, TradeRow]] = {number: {} for number in ids}
        for row in await self._session.rows(_TOUCHING, {"market": market, "orders": ids}):
            trade, own = _trade(row), row["resting"] is None or row["kind"] == "direct"
            for number in (row["order"] if own else None, row["resting"]):
                if number in by_number:
                    by_number[number][trade.id] = trade
        self._prefetched |= {(market, number): list(legs.values()) for number, legs in by_number.items()}

    async def recent(
        self,
        market: int,
        outcome: int | None = None,
        n: int = 20,
        before: int | None = None,
        by_hand_after: int | None = None,
    ) -> list[TradeRow]:
        """Newest first; those numbered below `before`, where that is given. `by_hand_after`: without what programs
        traded, and none up to that number: where they trade much, nobody reads through all of it."""
        query = _RECENT if outcome is None else _RECENT_OF_OUTCOME
        bound = {"market": market, "most": n} if outcome is None else {"market": market, "most": n, "outcome": outcome}
        if before is not None:
            query, bound = query.where(trades.c.trade_id < bindparam("before")), {**bound, "before": before}
        if by_hand_after is not None:
            query, bound = _by_hand(query), {**bound, "after": by_hand_after}
        return await self._list(query, **bound)

    async def as_of(
        self, market: int, tick: int, last: int, n: int = 20, by_hand_after: int | None = None
    ) -> list[TradeRow]:
        """Those that held right after a tick, newest first; `last` is the number of the last trade until then.
        `by_hand_after` as in `recent`."""
        bound = {"market": market, "tick": tick, "last": last, "most": n}
        if by_hand_after is None:
            return await self._list(_AS_OF, **bound)
        return await self._list(_by_hand(_AS_OF), **bound, after=by_hand_after)

    async def of_ticks(self, market: int, first: int, last: int) -> list[TradeRow]:
        """Those of these ticks, the last one among them, that hold; oldest first."""
        return await self._list(_OF_TICKS, market=market, first=first, last=last)

    async def last_of_ticks(self, market: int) -> dict[int, int]:
        """The highest number of a trade of each tick that had any."""
        rows = await self._session.rows(_LAST_OF_TICKS, {"market": market})
        return {row["tick_id"]: row["last"] for row in rows}

    async def first_ticks(self, market: int) -> list[tuple[int, int, int | None]]:
        """(person, the first tick in which they traded, that of the cut that undid it or None); a person has one for
        each cut that undid trades of theirs, and one of those that hold."""
        rows = await self._session.rows(_FIRST_TICKS, {"market": market})
        return [(row["user"], row["first"], row["undone_tick"]) for row in rows]

    async def amounts(self, market: int) -> list[tuple[int, int | None, int]]:
        """(tick, that of the cut that undid it or None, micro-dollars traded before fees), each pair of ticks once."""
        rows = await self._session.rows(_AMOUNTS, {"market": market})
        return [(row["tick_id"], row["undone_tick"], int(row["sum"])) for row in rows]

    async def count(self, market: int) -> int:
        """How often people have traded in a market."""
        return (await self.activity(market)).trades

    async def activity(self, market: int, after: int = 0, until: int | None = None) -> Activity:
        """What happened after one trade's number and up to another's: a match is one trade, however many legs it has,
        and each who traded is one person."""
        here = and_(_here(market), trades.c.trade_id > after)
        if until is not None:
            here = and_(here, trades.c.trade_id <= until)
        counted = or_(trades.c.kind.not_in(PAIRED), trades.c.resting.is_not(None))
        count = await self._session.number(select(func.count()).select_from(trades).where(here, counted))
        buyers = select(trades.c.buy_user.label("user")).where(here, trades.c.buy_user.is_not(None))
        sellers = select(trades.c.sell_user.label("user")).where(here, trades.c.sell_user.is_not(None))
        people = buyers.union(sellers).subquery()
        return Activity(trades=count, people=await self._session.number(select(func.count()).select_from(people)))

    async def all(self, market: int) -> list[TradeRow]:
        """Oldest first."""
        query = select(trades).where(_here(market)).order_by(trades.c.trade_id)
        return [_trade(row) for row in await self._session.rows(query)]

    async def pages(self, market: int, size: int = PAGE) -> AsyncIterator[list[TradeRow]]:
        """`all` in stretches, so that a long history delays nobody."""
        query = select(trades).where(_here(market)).order_by(trades.c.trade_id).limit(size)
        page = [_trade(row) for row in await self._session.rows(query)]
        while page:
            yield page
            after = query.where(trades.c.trade_id > page[-1].id)
            page = [_trade(row) for row in await self._session.rows(after)] if len(page) == size else []

    async def paid(self, market: int, person: int) -> dict[tuple[int, Side], int]:
        """What one account has paid for each token less what it got for it, fees in, what auto-fills gave back out;
        micro-dollars. Gas and payouts are not counted."""
        return (await self.paid_by(market, [person])).get(person, {})

    async def paid_by(self, market: int, people: Sequence[int]) -> dict[int, dict[tuple[int, Side], int]]:
        """`paid` of several accounts, by their numbers; who has neither paid nor got anything is left out."""
        net: dict[int, dict[tuple[int, Side], int]] = {}
        for query, sign in _PAID:
            for row in await self._session.rows(query, {"market": market, "people": people}):
                paid, key = net.setdefault(row["person"], {}), (row["outcome"], Side(row["side"]))
                paid[key] = paid.get(key, 0) + sign * int(row["sum"])
        return net

    async def _list(self, query: Select[Any], **bound: int) -> list[TradeRow]:
        return [_trade(row) for row in await self._session.rows(query, bound)]


def _here(market: int | BindParameter[int]) -> ColumnElement[bool]:
    """The trades of a market that hold: a cut undid the others."""
    return and_(trades.c.market == market, trades.c.undone_tick.is_(None))


def _summed(
    table: Table, person: ColumnElement[int], amount: ColumnElement[int], here: ColumnElement[bool]
) -> Select[Any]:
    """The sum of what the rows of some people have, by person and token."""
    by = (person, table.c.outcome, table.c.side)
    query = select(person.label("person"), *by[1:], func.sum(amount).label("sum"))
    return query.where(here, person.in_(bindparam("people", expanding=True))).group_by(*by)


def _sent_by_key(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether an order of a trade was a program's."""
    return exists().where(orders.c.market == trades.c.market, orders.c.key.is_not(None), *conditions)


def _by_hand(query: Select[Any]) -> Select[Any]:
    return query.where(~_BY_KEY, trades.c.trade_id > bindparam("after"))


# Statements of what people look at and are told, built once.
_BY_KEY = _sent_by_key(orders.c.number == func.coalesce(trades.c.order, trades.c.resting))
_MARKET: BindParameter[int] = bindparam("market")
_PERSON: BindParameter[int] = bindparam("person")
_HERE = _here(_MARKET)
_MARKED = select(trades, _BY_KEY.label("by_key"))
_RECENT = _MARKED.where(_HERE).order_by(trades.c.trade_id.desc()).limit(bindparam("most"))
_RECENT_OF_OUTCOME = _RECENT.where(trades.c.outcome == bindparam("outcome"))
_AS_OF = (
    _MARKED.where(trades.c.market == _MARKET, trades.c.trade_id <= bindparam("last"))
    .where(or_(trades.c.undone_tick.is_(None), trades.c.undone_tick > bindparam("tick")))
    .order_by(trades.c.trade_id.desc())
    .limit(bindparam("most"))
)
_OF_TICKS = _MARKED.where(
    _HERE, trades.c.tick_id >= bindparam("first"), trades.c.tick_id <= bindparam("last")
).order_by(trades.c.trade_id)
_LAST_OF_TICKS = (
    select(trades.c.tick_id, func.max(trades.c.trade_id).label("last"))
    .where(trades.c.market == _MARKET)
    .group_by(trades.c.tick_id)
)
_LEGS = union_all(
    *(
        select(user.label("user"), trades.c.tick_id, trades.c.undone_tick).where(
            trades.c.market == _MARKET, user.is_not(None)
        )
        for user in (trades.c.buy_user, trades.c.sell_user)
    )
).subquery()
_FIRST_TICKS = select(_LEGS.c.user, _LEGS.c.undone_tick, func.min(_LEGS.c.tick_id).label("first")).group_by(
    _LEGS.c.user, _LEGS.c.undone_tick
)
_AMOUNTS = (
    select(trades.c.tick_id, trades.c.undone_tick, func.sum(trades.c.amount).label("sum"))
    .where(trades.c.market == _MARKET)
    .group_by(trades.c.tick_id, trades.c.undone_tick)
)
_OWN_BY_KEY = _sent_by_key(
    or_(orders.c.number == trades.c.order, orders.c.number == trades.c.resting), orders.c.user == _PERSON
)
_OF_PERSON = (
    select(trades, _OWN_BY_KEY.label("by_key"))
    .where(_HERE, or_(trades.c.buy_user == _PERSON, trades.c.sell_user == _PERSON))
    .order_by(trades.c.trade_id.desc())
    .limit(bindparam("most"))
)
_OWN_LEG = or_(trades.c.resting.is_(None), trades.c.kind == "direct")  # other legs are its counterparts'
_OF_ORDER = (
    select(trades)
    .where(_HERE)
    .where(or_(and_(trades.c.order == bindparam("number"), _OWN_LEG), trades.c.resting == bindparam("number")))
    .order_by(trades.c.trade_id)
)
_ORDERS: BindParameter[int] = bindparam("orders", expanding=True)
_TOUCHING = (
    select(trades)
    .where(_HERE, or_(trades.c.order.in_(_ORDERS), trades.c.resting.in_(_ORDERS)))
    .order_by(trades.c.trade_id)
)
_PAID = (
    (_summed(trades, trades.c.buy_user, trades.c.amount + trades.c.buy_fee, _HERE), 1),
    (_summed(trades, trades.c.sell_user, trades.c.amount - trades.c.kept - trades.c.sell_fee, _HERE), -1),
    (_summed(orders, orders.c.user, orders.c.rebate, orders.c.market == _MARKET), -1),
)


def _trade(row: RowMapping) -> TradeRow:
    return TradeRow(
        market=row["market"],
        id=row["trade_id"],
        tick=row["tick_id"],
        ts_ms=row["ts_ms"],
        outcome=row["outcome"],
        side=Side(row["side"]),
        kind=row["kind"],
        buyer=row["buy_user"],
        seller=row["sell_user"],
        price=row["price"],
        size=row["size"],
        amount=row["amount"],
        buy_fee=row["buy_fee"],
        sell_fee=row["sell_fee"],
        kept=row["kept"],
        released=row["released"],
        order=row["order"],
        resting=row["resting"],
        parts=row["parts"],
        by_key=bool(row.get("by_key", False)),
    )
