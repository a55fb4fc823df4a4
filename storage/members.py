"""Accounts of people in markets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Executable,
    RowMapping,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from engine.state import Status
from storage.journal import Journal
from storage.journal_kinds import Kind
from storage.markets import Markets
from storage.people import People
from storage.records import OPEN_ORDERS, Market, Member, OrderStatus
from storage.schema import orders, people, positions, users
from storage.session import Repository, Session, clean, one_of


class OwnAccount(NamedTuple):
    """`Member.cash` and `Member.given` of the account under a number."""

    market: int
    number: int
    cash: int
    given: int


class Members(Repository):
    """A person may have been merged with another (`People.all_ids`): whichever of their ids is asked for, `get` finds
    their account, and `Member.person` is the number it stands under, by which orders, trades and the ledger know it."""

    def __init__(self, session: Session, people: People, markets: Markets, journal: Journal) -> None:
        super().__init__(session)
        self._people, self._markets, self._journal = people, markets, journal
        self._prefetched: dict[tuple[int, int], Member] = {}

    async def add(self, market: int, person: int, name: str, now_ms: int) -> None:
        """An account without money; `name` empty: the person's own. Raises LookupError for an unknown person."""
        names = await self._people.names([person])
        if person not in names:
            raise LookupError(f"there is no person {person}")
        await self._markets.hold(market)
        row = {"market": market, "user": person, "display_name": clean(name) or names[person], "joined_ms": now_ms}
        await self._session.run(insert(users), row)
        self._journal.record(Kind.MEMBER, {**row, "barred": None, "unranked": False})

    async def remove(self, market: int, person: int) -> None:
        """Of a market that has not started: in a started one the tick closes accounts."""
        await self._markets.hold(market)
        account = and_(users.c.market == market, users.c.user == person)
        await self._session.run(delete(users).where(account))
        self._journal.record(Kind.MEMBER, {"market": market, "user": person}, gone=True)

    async def get(self, market: int, person: int) -> Member | None:
        """Their account, under whichever of their ids it stands; of two (one is about to be closed, or the market
        was over when the two people became one) the one that was used."""
        rows = await self._session.rows(_OF_PERSON, {"market": market, "person": person})
        members = await self._members(market, rows[:1])
        return members[0] if members else None

    async def account(self, market: int, number: int) -> Member | None:
        """The account under exactly this number."""
        if (market, number) in self._prefetched:
            return self._prefetched[market, number]
        rows = await self._session.rows(_ACCOUNT, {"market": market, "person": number})
        members = await self._members(market, rows)
        return members[0] if members else None

    async def prefetch(self, market: int, numbers: Collection[int]) -> None:
        """Read all these at once for the `account` of each to come; of a snapshot only, whose rows do not change."""
        if not self._session.snapshot or not numbers:
            return
        bound = {"market": market, "these": sorted(set(numbers))}
        record, tokens = await self._markets.get_one(market), await self._held(_POSITIONS_OF_THESE, bound)
        for row in await self._session.rows(_THESE, bound):
            held = _in_order(record, tokens.get(row["user"], {}))
            self._prefetched[market, row["user"]] = _member(record, row, held)

    async def accounts(self, people: Collection[int]) -> list[OwnAccount]:
        """Every account under one of these numbers, in all markets."""
        rows = await self._session.rows(_OWN, {"people": sorted(people)})
        return [OwnAccount(row["market"], row["user"], row["cash"], row["given"]) for row in rows]

    async def was_used(self, market: int, number: int) -> bool:
        """Whether anything was ever ordered or paid with the account under this number."""
        row = await self._session.row(_WAS_USED, {"market": market, "person": number})
        return row is not None and bool(row["used"])

    async def has_open_order(self, market: int, number: int) -> bool:
        """Whether an order of the account under this number is pending or resting."""
        return await self._session.row(_OPEN_ORDER, {"market": market, "person": number}) is not None

    async def of(self, market: int) -> list[Member]:
        """By person id."""
        return await self._members(market, await self._session.rows(_ALL, {"market": market}))

    async def get_one(self, market: int, person: int) -> Member:
        """Like `get` for an account that must exist; raises LookupError."""
        member = await self.get(market, person)
        if member is None:
            raise LookupError(f"person {person} has no account in market {market}")
        return member

    async def rename(self, market: int, person: int, name: str) -> None:
        await self._markets.hold(market)
        account = and_(users.c.market == market, users.c.user == person)
        await self._session.run(update(users).where(account).values(display_name=clean(name)))
        await self._record(account)

    async def _record(self, account: ColumnElement[bool]) -> None:
        """An account as it has just become."""
        row = await self._session.row(select(users).where(account))
        if row is not None:
            self._journal.record(Kind.MEMBER, row)

    async def set_barred(self, market: int, number: int, reason: str | None) -> None:
        """None: they may buy again."""
        await self._markets.hold(market)
        account = and_(users.c.market == market, users.c.user == number)
        kept = None if reason is None else clean(reason)
        await self._session.run(update(users).where(account).values(barred=kept))
        await self._record(account)

    async def set_unranked(self, market: int, number: int, *, unranked: bool) -> None:
        await self._markets.hold(market)
        account = and_(users.c.market == market, users.c.user == number)
        await self._session.run(update(users).where(account).values(unranked=unranked))
        await self._record(account)

    async def names(self, market: int) -> Mapping[int, str]:
        """What everybody is called there, by person id."""
        query = select(users.c.user, users.c.display_name).where(users.c.market == market).order_by(users.c.user)
        return {row["user"]: row["display_name"] for row in await self._session.rows(query)}

    async def count(self, market: int) -> int:
        return await self._session.number(select(func.count()).select_from(users).where(users.c.market == market))

    async def turnout(self, market: int) -> tuple[int, int]:
        """How many are in a market, and how many of them have traded: in their turn or where their orders waited."""
        row = await self._session.row(_TURNOUT, {"market": market})
        return (int(row["people"]), int(row["traders"])) if row is not None else (0, 0)

    async def _members(self, market: int, rows: Sequence[RowMapping]) -> list[Member]:
        if not rows:
            return []
        record = await self._markets.get_one(market)
        state = self._markets.cached_state(record)
        if state is not None:
            accounts, none = state.accounts, ((0, 0),) * record.params.n_outcomes
            funded = ((row, accounts.get(row["user"])) for row in rows)
            return [_member(record, row, account.tokens if account else none) for row, account in funded]
        only = rows[0]["user"] if len(rows) == 1 else None
        tokens = await self._tokens(record, only) if record.start_ms is not None else {}
        return [_member(record, row, _in_order(record, tokens.get(row["user"], {}))) for row in rows]

    async def nothing_coming(self, market: int) -> None:
        """What was granted and waits will not come."""
        await self._session.run(update(users).where(users.c.market == market).values(coming=0))

    async def available(self, market: int, person: int) -> tuple[int, bool] | None:
        """What they can still put into orders of a started market, and whether they are barred; None: no member."""
        row = await self._session.row(_AVAILABLE, {"market": market, "person": person})
        return None if row is None else (int(row["available"]), row["barred"] is not None)

    async def _tokens(self, market: Market, person: int | None) -> Mapping[int, dict[tuple[int, str], int]]:
        here = {"market": market.id}
        return await (
            self._held(_POSITIONS, here) if person is None else self._held(_POSITIONS_OF_ONE, here | {"person": person})
        )

    async def _held(self, query: Executable, values: Mapping[str, object]) -> Mapping[int, dict[tuple[int, str], int]]:
        held = dict[int, dict[tuple[int, str], int]]()
        for row in await self._session.rows(query, values):
            held.setdefault(row["user"], {})[row["outcome"], row["side"]] = row["tokens"]
        return held


# built once: every command of a member needs them
_RESERVED = (
    select(func.coalesce(func.sum(orders.c.reserve), 0))
    .where(orders.c.market == users.c.market, orders.c.user == users.c.user)
    .where(orders.c.status == OrderStatus.PENDING.value)
    .scalar_subquery()
)
_ACCOUNTS = select(users, _RESERVED.label("reserved")).where(users.c.market == bindparam("market"))
_TRADED = func.coalesce(func.sum(case((users.c.trade_count > 0, 1), else_=0)), 0)
_TURNOUT = select(func.count().label("people"), _TRADED.label("traders")).where(users.c.market == bindparam("market"))
_PENDING = (  # of everybody at once: asked for each of a thousand it costs as much as all else of them
    select(orders.c.user, func.sum(orders.c.reserve).label("reserved"))
    .where(orders.c.market == bindparam("market"), orders.c.status == OrderStatus.PENDING.value)
    .group_by(orders.c.user)
    .subquery()
)
_ALL = (
    select(users, func.coalesce(_PENDING.c.reserved, 0).label("reserved"))
    .outerjoin(_PENDING, _PENDING.c.user == users.c.user)
    .where(users.c.market == bindparam("market"))
    .order_by(users.c.user)
)
_ACCOUNT = _ACCOUNTS.where(users.c.user == bindparam("person"))
_THESE = _ACCOUNTS.where(users.c.user.in_(bindparam("these", expanding=True)))
_OPEN_ORDER = (
    select(orders.c.number)
    .where(orders.c.market == bindparam("market"), orders.c.user == bindparam("person"))
    .where(one_of(orders.c.status, OPEN_ORDERS))
    .limit(1)
)
_ORDERED = exists().where(orders.c.market == users.c.market, orders.c.user == users.c.user)
_USED = case((or_(users.c.trade_count > 0, users.c.net_pnl != 0, _ORDERED), 1), else_=0)
_WAS_USED = select(_USED.label("used")).where(
    users.c.market == bindparam("market"), users.c.user == bindparam("person")
)
_PRIMARY = (
    select(func.coalesce(people.c.merged_into, people.c.id)).where(people.c.id == bindparam("person")).scalar_subquery()
)
_MERGED = select(people.c.id).where(people.c.merged_into == _PRIMARY)
_OF_PERSON = _ACCOUNTS.where(or_(users.c.user == _PRIMARY, users.c.user.in_(_MERGED))).order_by(
    _USED.desc(), case((users.c.user == _PRIMARY, 0), else_=1), users.c.user
)
_AVAILABLE = select((users.c.balance + users.c.coming - _RESERVED).label("available"), users.c.barred).where(
    users.c.market == bindparam("market"), users.c.user == bindparam("person")
)
_OWN = select(
    users.c.market,
    users.c.user,
    (users.c.balance + users.c.coming + users.c.escrow).label("cash"),
    (users.c.stake + users.c.coming).label("given"),
).where(users.c.user.in_(bindparam("people", expanding=True)))
_POSITIONS = select(positions).where(positions.c.market == bindparam("market"))
_POSITIONS_OF_ONE = _POSITIONS.where(positions.c.user == bindparam("person"))
_POSITIONS_OF_THESE = _POSITIONS.where(positions.c.user.in_(bindparam("these", expanding=True)))


def _in_order(market: Market, held: Mapping[tuple[int, str], int]) -> tuple[tuple[int, int], ...]:
    """(YES, NO) by outcome; nothing before the start."""
    outcomes = range(market.params.n_outcomes) if market.start_ms is not None else range(0)
    return tuple((held.get((i, "yes"), 0), held.get((i, "no"), 0)) for i in outcomes)


def _member(market: Market, row: RowMapping, tokens: tuple[tuple[int, int], ...]) -> Member:
    return Member(
        market=row["market"],
        person=row["user"],
        name=row["display_name"],
        joined_ms=row["joined_ms"],
        funded=row["funded"],
        balance=row["balance"],
        coming=market.params.starting_balance if market.status is Status.LOBBY else row["coming"],
        reserved=int(row["reserved"]),
        stake=row["stake"],
        net_pnl=row["net_pnl"],
        trade_count=row["trade_count"],
        volume=row["volume"],
        fees=row["fees"],
        gas=row["gas"],
        escrow=row["escrow"],
        tokens=tokens,
        barred=row["barred"],
        unranked=row["unranked"],
    )
