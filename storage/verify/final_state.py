"""What must be true of a market's tables when its ticks have been run again: those that hold how things stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import RowMapping, Table, and_, literal, or_, select, union_all

from engine.resting_book import Book
from engine.state import Status
from storage import tick_rows
from storage.mapping import next_step
from storage.order_rows import pool_rows
from storage.records import BARRED, HALTED, ActionStatus, OrderStatus
from storage.schema import actions, binaries, ledger, lob_pools, orders, positions, trades, users
from storage.tick_rows import Row
from storage.unit_of_work import UnitOfWork
from storage.verify.compare import PAGE, Check
from storage.verify.replay import MONEY, ReplayState

REVIVERS = ("resume", "void")  # controls that are settled without a tick
COUNTERS = ("tick", "trades", "entries", "events", "leaves", "volume", "house")


async def check_end(uow: UnitOfWork, check: Check, past: ReplayState, stored: RowMapping, by_hand: str) -> None:
    """Everything that is not history: how the market, its people, pools and orders stand. `by_hand`: the last status
    that was recorded to come from no tick. Raises WrongRowError."""
    market = past.market
    _check_config(check, past, stored, by_hand)
    await check_numbers(uow, check, stored["intents"])
    for number, (row, expected) in sorted(past.resting.items()):
        check.same("orders", number, expected, row)
    await _check_undone(uow, check, past)
    await _check_unrun_orders(uow, check, stored)
    coming = await _check_unrun_actions(uow, check, stored)
    await _check_users(uow, check, past, coming)
    check.same_set("positions", past.positions, await _named(uow, positions, market.id, "user", "outcome", "side"))
    pools = {str(row["outcome"]): row for row in tick_rows.binary_rows(market.id, None, past.state)}
    check.same_set("binaries", pools, await _named(uow, binaries, market.id, "outcome"))
    keys = ("outcome", "side", "is_buy", "tick")
    book = {_name(row, *keys): row for row in _book(past)}
    check.same_set("lob_pools", book, await _named(uow, lob_pools, market.id, *keys))


async def check_unstarted(uow: UnitOfWork, check: Check, stored: RowMapping) -> None:
    """Before the start there is nothing but members."""
    empty: Row = {**dict.fromkeys(COUNTERS, 0), "intents": 0, "head": "", "state": None, "start_params": None}
    check.same("config", check.market, empty, stored)
    await check_numbers(uow, check, 0)
    for table, keys in ((positions, ("user", "outcome", "side")), (binaries, ("outcome",)), (lob_pools, ("outcome",))):
        check.same_set(table.name, {}, await _named(uow, table, check.market, *keys))
    for row in await uow.rows(select(users).where(users.c.market == check.market).order_by(users.c.user)):
        check.same("users", row["user"], _nothing(0), row)


async def check_numbers(uow: UnitOfWork, check: Check, intents: int) -> None:
    """Orders and actions are numbered together from 1 on, none twice, none left out."""
    both = union_all(
        *(
            select(table.c.number.label("number"), literal(table.name).label("kind")).where(
                table.c.market == check.market
            )
            for table in (orders, actions)
        )
    ).subquery()
    known = 0
    query = select(both.c.number, both.c.kind).order_by(both.c.number, both.c.kind.desc())
    async with uow.connection.stream(query.execution_options(yield_per=PAGE)) as found:
        async for number, kind in found:
            if number > intents or number <= known:
                raise check.surplus(kind, number)
            if number > known + 1:
                break
            known = number
    if known < intents:
        raise check.missing(await _trace(uow, check.market, known + 1), known + 1)


async def _check_undone(uow: UnitOfWork, check: Check, past: ReplayState) -> None:
    """Trades that hold no more are marked with the tick of the cut, and no others."""
    marked = and_(trades.c.market == check.market, trades.c.undone_tick.is_not(None))
    query = select(trades.c.trade_id, trades.c.undone_tick).where(marked)
    found = {row["trade_id"]: row["undone_tick"] for row in await uow.rows(query)}
    for trade in sorted({*past.undone, *found}):
        if past.undone.get(trade) != found.get(trade):
            raise check.wrong("trades", trade, "undone_tick", past.undone.get(trade), found.get(trade))


async def _trace(uow: UnitOfWork, market: int, number: int) -> str:
    """The table an intent was in that is not there any more: an order leaves traces, a refused one gas."""
    touching = or_(trades.c.order == number, trades.c.resting == number)
    traded = await uow.row(select(trades.c.trade_id).where(trades.c.market == market, touching).limit(1))
    entry = select(ledger.c.entry_id).where(ledger.c.market == market, ledger.c.ref == f"order:{number}").limit(1)
    return "orders" if traded or await uow.row(entry) else "actions"


async def _check_unrun_orders(uow: UnitOfWork, check: Check, stored: RowMapping) -> None:
    """Those no tick has run: they wait, were taken back, or were refused when a halt ended or their owner was barred.
    None cost anything."""
    query = select(orders).where(orders.c.market == check.market, orders.c.tick_id.is_(None)).order_by(orders.c.number)
    for row in await uow.rows(query):
        status, reason = row["status"], row["reason"]
        late = row["ts_ms"] < (stored["tick_ms"] or 0)  # a tick runs all that was accepted before it
        waits = status == OrderStatus.PENDING.value
        refused = status == OrderStatus.REFUSED.value and reason in (HALTED, BARRED)
        if (waits and late) or not (waits or refused or (status, reason) == (OrderStatus.CANCELLED.value, None)):
            raise check.wrong("orders", row["number"], "tick_id", "the tick that ran it", None)
        expected: Row = {
            "type": "market" if row["limit_price"] is None else "limit",
            "ts_ms": stored["start_ts"] + row["accepted_ms"],
            "remaining": row["size"],
            "reserve": row["reserve"] if waits else 0,
            **dict.fromkeys(MONEY, 0),
            "rest_fee": None,
            "detail": {},
        }
        check.same("orders", row["number"], expected, row)


async def _check_unrun_actions(uow: UnitOfWork, check: Check, stored: RowMapping) -> Mapping[int, int]:
    """Those no tick has run: they wait, or ended a halt, or failed to. Returns the money that is coming, by person."""
    query = select(actions).where(actions.c.market == check.market, actions.c.tick_id.is_(None))
    coming: dict[int, int] = {}
    for row in await uow.rows(query.order_by(actions.c.number)):
        waits = row["status"] == ActionStatus.PENDING.value
        revives = row["kind"] == "control" and row["payload"]["kind"] in REVIVERS
        if (waits and row["ts_ms"] < (stored["tick_ms"] or 0)) or not (waits or revives):
            raise check.wrong("actions", row["number"], "tick_id", "the tick that ran it", None)
        expected = {"ts_ms": stored["start_ts"] + row["accepted_ms"], "reason": None}
        check.same("actions", row["number"], expected, row)
        if row["kind"] == "join" and waits:
            person, cash = row["payload"]["user"], row["payload"]["cash"]
            coming[person] = coming.get(person, 0) + cash
    return coming


async def _check_users(uow: UnitOfWork, check: Check, past: ReplayState, coming: Mapping[int, int]) -> None:
    accounts = past.state.accounts
    seen: set[int] = set()
    query = select(users).where(users.c.market == check.market).order_by(users.c.user)
    for row in await uow.rows(query):
        person = row["user"]
        expected = _nothing(coming.get(person, 0))
        account = accounts.get(person)
        if account is not None:
            expected |= {name: value for name, value in past.people.get(person, {}).items() if name != "coming"}
            expected |= tick_rows.account_row(account)
        check.same("users", person, expected, row)
        seen.add(person)
    for person in accounts:
        if person not in seen:
            raise check.missing("users", person)


def _nothing(coming: int) -> Row:
    """A member whose join no tick has run."""
    names = ("balance", "net_pnl", "trade_count", "escrow", *tick_rows.COUNTED)
    return {**dict.fromkeys(names, 0), "funded": False, "coming": coming}


def _book(past: ReplayState) -> list[Row]:
    """Every pool of the book, as if the last tick had filled it from nothing."""
    if past.outcome is None:
        return []
    bare = replace(past.outcome, before=replace(past.outcome.before, resting=Book()))
    return pool_rows(bare)[0]


def _check_config(check: Check, past: ReplayState, stored: RowMapping, by_hand: str) -> None:
    market, state = past.market, past.state
    now_ms = past.outcome.now_ms if past.outcome else stored["start_ts"]
    step = next_step(market.params, state, stored["start_ts"])
    expected = tick_rows.config_row(state, market.params, now_ms, market.head, step) | past.counted
    expected |= {"tick": market.tick, "halted": stored["halted"]}
    if stored["halted"] is not None:  # stands still outside the engine
        expected["status"] = Status.FROZEN.value
    elif (state.status, by_hand) == (Status.RESOLVED, Status.CLOSED.value):
        expected["status"] = Status.CLOSED.value
    check.same("config", market.id, expected, stored)


async def _named(uow: UnitOfWork, table: Table, market: int, *keys: str) -> Mapping[str, RowMapping]:
    query = select(table).where(table.c.market == market).order_by(*(table.c[key] for key in keys))
    return {_name(row, *keys): row for row in await uow.rows(query)}


def _name(row: Row | RowMapping, *keys: str) -> str:
    """`3/yes/buy/55` for a row that several columns name together."""
    sides = {True: "buy", False: "sell"}
    return "/".join(sides[row[key]] if key == "is_buy" else str(row[key]) for key in keys)
