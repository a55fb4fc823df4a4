"""A market run again: what happened passes, and one row that is otherwise, in any table, is found and named."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import JSON, BigInteger, Boolean, Column, Integer, LargeBinary, Table

from engine.units import MICRO
from storage import schema
from storage.cannot_open import CannotOpenError
from storage.database import Database
from storage.records import Declined
from storage.verify import Mismatch, Result, UnreadableError, Verified, verify
from storage.verify.coverage import NOT_COVERED
from tests.storage.lives import born, terms
from tests.storage.worlds import lobby, started

REPLAYED: tuple[Table, ...] = (
    schema.config,
    schema.users,
    schema.positions,
    schema.binaries,
    schema.orders,
    schema.actions,
    schema.lob_pools,
    schema.trades,
    schema.ticks,
    schema.events,
    schema.metrics,
    schema.ledger,
    schema.tiles,
)
UNSEEN = {table: set(columns) for tables in NOT_COVERED.values() for table, columns in tables.items()}
RAN = {"orders": "tick_id is not null", "actions": "tick_id is not null"}  # what waits has no consequences yet


@dataclass(frozen=True, slots=True)
class Lived:
    """A database with a market that saw everything, and the hashes of its ticks."""

    path: Path
    heads: tuple[str, ...]

    def tampered(self, *statements: str) -> Result:
        """What a check says of a copy in which somebody ran these statements."""
        copy = self.path.with_name("tampered.db")
        shutil.copyfile(self.path, copy)
        with closing(sqlite3.connect(copy)) as db:
            changed = [db.execute(statement).rowcount for statement in statements]
            db.commit()
        assert all(changed), f"nothing changed: {statements}"
        return checked(copy)[-1]


def checked(path: Path, market: int | None = None, wanted: str | None = None) -> list[Result]:
    async def check() -> list[Result]:
        db = Database.open(f"sqlite:///{path}", read_only=True)
        try:
            return await verify(db, market, wanted)
        finally:
            await db.close()

    return asyncio.run(check())


async def _live(path: Path, seed: int, minutes: int) -> tuple[str, ...]:
    """A market in mid-life: orders rest, one order and one grant wait for the next tick."""
    db = Database.open(f"sqlite:///{path}")
    await db.migrate()
    life = await born(db, seed)
    await life.play(minutes)
    await life.order()
    await life.act("join", {"user": life.people[0], "cash": MICRO})
    await db.close()
    return tuple(life.heads)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """The first of some lives that saw everything: else a table could go unread and nobody would know."""
    for seed in range(4, 12):
        path = tmp_path_factory.mktemp("lived") / "outcry.db"
        heads = asyncio.run(_live(path, seed, 22))
        if saw_everything(path):
            return Lived(path, heads)
    raise AssertionError("no life saw everything: change what people do in tests.storage.lives")


def saw_everything(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as db:
        kinds = {row[0] for row in db.execute("select kind from trades")}
        happened = {row[0] for row in db.execute("select type from events")}
        orders = {row[0] for row in db.execute("select status from orders")}
        rows = [db.execute(f"select count(*) from {table.name}").fetchone()[0] for table in REPLAYED]
    return (
        kinds >= {"maker", "direct", "mint", "autofill", "sweep"}
        and happened >= {"Rested", "Cancelled", "Released", "Rebate", "Eliminated", "Paid", "Retuned"}
        and orders == {"pending", "resting", "filled", "refused", "cancelled"}
        and all(rows)
    )


# -- what happened passes


@pytest.mark.parametrize("seed", range(2))
async def test_a_random_life_is_verified_wherever_it_stands(db: Database, seed: int) -> None:
    """In mid-life with orders waiting, and at the end; one of them claims its rounds first."""
    life = await born(db, seed, market=replace(terms(), round_window=90_000 * seed))
    await life.play(11)
    await life.order()
    await life.act("join", {"user": life.people[0], "cash": MICRO})
    (middle,) = await verify(db)
    assert isinstance(middle, Verified), middle
    await life.play(30)
    if seed == 1:
        await life.control("void")
        await life.tick()
    (end,) = await verify(db)
    assert isinstance(end, Verified), end
    market = await life.market()
    assert (end.ticks, end.head) == (market.tick, market.head)
    assert market.over or market.status.value in ("FROZEN", "PAUSED")


async def test_a_market_before_its_start_and_one_that_was_closed_are_verified(db: Database) -> None:
    await lobby(db, chat="early")
    life = await born(db, 5, market=replace(terms(), dispute_window=0))
    await life.control("resolve", 0)
    await life.tick()
    async with db.writing() as uow:
        assert not isinstance(await uow.markets.close(life.world.market), Declined)
        await uow.commit()
    early, closed = await verify(db)
    assert isinstance(early, Verified)
    assert (early.ticks, early.head) == (0, "")
    assert isinstance(closed, Verified), closed


async def test_a_halted_market_is_verified_up_to_its_halt(db: Database) -> None:
    life = await born(db, 6)
    await life.order()
    await life.breakdown()
    (halted,) = await verify(db)
    assert isinstance(halted, Verified), halted
    assert (await life.market()).halted is not None


async def test_any_head_of_the_chain_is_known_and_no_other(db: Database) -> None:
    life = await born(db, 7)
    await started(db, chat="other")
    await life.play(3)
    for head in (life.heads[0], life.heads[-1], life.heads[2][:16]):
        first, other = await verify(db, wanted=head)
        assert isinstance(first, Verified)
        assert isinstance(other, Verified)
        assert (first.holds, other.holds) == (True, False)
    wrong = (await verify(db, wanted="f" * 64))[-1]
    assert isinstance(wrong, Mismatch)
    assert (wrong.table, wrong.field, wrong.expected) == ("ticks", "hash", "f" * 64)
    with pytest.raises(LookupError):
        await verify(db, 99)


async def test_progress_counts_the_ticks(db: Database) -> None:
    life = await born(db, 8)
    await life.play(2)
    seen: list[tuple[int, int, int]] = []
    await verify(db, progress=lambda *at: seen.append(at))
    assert seen == [(life.world.market, done, 3) for done in range(3)]


async def test_a_database_that_is_not_ours_says_so(tmp_path: Path) -> None:
    for number, text in enumerate((b"", b"no database at all, but long enough to be read as one" * 100)):
        path = tmp_path / f"{number}.db"
        path.write_bytes(text)
        with pytest.raises((CannotOpenError, UnreadableError)):
            await opened_and_verified(path)


async def opened_and_verified(path: Path) -> None:
    db = Database.open(f"sqlite:///{path}", read_only=True)
    try:
        await verify(db)
    finally:
        await db.close()


# -- one row that is otherwise


def test_nothing_is_found_where_nothing_was_changed(lived: Lived) -> None:
    found = lived.tampered("update people set created_ms = created_ms + 1")
    assert isinstance(found, Verified), found
    assert found.head == lived.heads[-1]


SOME_TRADE = "(select max(trade_id) / 2 from trades)"
AN_ORDER = "(select min(number) from orders where status = 'filled' and limit_price is null)"
PAYLOAD, OLD = "events payload.cash", "ticks summary.no.1"
HASH = "0123456789abcdef" * 4

# what somebody did to the database, and the row and field that are named
TAMPERED = [
    ("a trade's price", f"update trades set price = price + 1 where trade_id = {SOME_TRADE}", "trades price"),
    ("a trade's buyer", "update trades set buy_user = buy_user + 1 where trade_id = 2", "trades buy_user"),
    ("a balance", "update users set balance = balance + 1 where user = 2", "users balance"),
    ("a profit", "update users set net_pnl = net_pnl + 1 where user = 2", "users net_pnl"),
    ("a position", "update positions set tokens = tokens + 1 where user = 2", "positions tokens"),
    ("a pool", "update binaries set v = v + 1 where outcome = 1", "binaries v"),
    ("a limit in the book", "update lob_pools set volume = volume + 1", "lob_pools volume"),
    ("an order's status", f"update orders set status = 'refused' where number = {AN_ORDER}", "orders status"),
    ("an order's proceeds", f"update orders set amount = amount + 1 where number = {AN_ORDER}", "orders amount"),
    ("an order's size", f"update orders set size = size + 1000000 where number = {AN_ORDER}", "orders amount"),
    ("a metric", "update metrics set mm_risk = mm_risk + 1 where tick_id = 9", "metrics mm_risk"),
    ("a source of profit", """update metrics set sources = json_set(sources, '$.fee', 1)""", "metrics sources.fee"),
    ("a tick's hash", f"update ticks set hash = '{HASH}' where tick_id = 5", "ticks hash"),
    ("the hash of its state", f"update ticks set state_hash = '{HASH}' where tick_id = 5", "ticks state_hash"),
    ("the first hash", f"update ticks set hash = '{HASH}' where tick_id = 0", "ticks hash"),
    ("an old price", "update ticks set summary = json_set(summary, '$.no[1]', 5) where tick_id = 3", OLD),
    ("a payload", "update events set payload = json_set(payload, '$.cash', 5) where event_id = 2", PAYLOAD),
    ("no payload at all", "update events set payload = 'x' where event_id = 2", "events row"),
    ("an entry", "update ledger set amount = amount + 1 where entry_id = 7", "ledger amount"),
    ("the parameters", "update config set params = json_set(params, '$.kappa_end', 7)", "config params.kappa_end"),
    ("the head", f"update config set head = '{HASH}'", "config head"),
    ("the status", "update config set status = 'RESOLVED'", "config status"),
    ("the start", "update config set start_ts = start_ts + 1", "config start_ts"),
    ("a grant", "update actions set payload = json_set(payload, '$.cash', 5) where number = 1", PAYLOAD),
    ("a word nobody knows", "update actions set kind = 'present' where number = 1", "ticks row"),
    ("a deleted trade", f"delete from trades where trade_id = {SOME_TRADE}", "trades row"),
    ("a deleted order", f"delete from orders where number = {AN_ORDER}", "orders row"),
    ("a deleted tick", "delete from ticks where tick_id = 4", "ticks row"),
    ("a deleted member", "delete from users where user = 1", "users row"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "named"), [row[1:] for row in TAMPERED], ids=[row[0] for row in TAMPERED])
def test_a_changed_row_is_named(lived: Lived, statement: str, named: str) -> None:
    found = lived.tampered(statement)
    assert isinstance(found, Mismatch), "it went unnoticed"
    assert f"{found.table} {found.field}" == named, found


def test_a_balance_that_was_raised_with_its_ledger_entry_is_found_in_the_ledger(lived: Lived) -> None:
    """The books still balance: bank and person were changed alike, and the balance with them."""
    found = lived.tampered(
        "update ledger set amount = amount + 5 where kind = 'grant' and account = 'user:2' and ref = 'join'",
        "update ledger set amount = amount - 5 where entry_id ="
        " (select entry_id - 1 from ledger where kind = 'grant' and account = 'user:2' and ref = 'join')",
        "update users set balance = balance + 5, stake = stake + 5 where user = 2",
    )
    assert isinstance(found, Mismatch)
    assert (found.tick, found.table, found.field, found.chained) == (1, "ledger", "amount", True)


@pytest.mark.parametrize("table", REPLAYED, ids=lambda table: table.name)
def test_no_column_can_be_changed_unnoticed(lived: Lived, table: Table) -> None:
    """Every column but those no replay can know. What is named is that row, or that the tick's inputs are not those."""
    with closing(sqlite3.connect(lived.path)) as db:
        db.row_factory = sqlite3.Row
        every = f"select rowid as place, * from {table.name} where {RAN.get(table.name, 'true')} order by rowid"
        rows = db.execute(every).fetchall()
    row = rows[len(rows) // 2]
    for column in table.columns:
        if column.name == "market" or column.name in UNSEEN.get(table.name, ()):
            continue
        value = other(column, row[column.name])
        found = lived.tampered(f'update {table.name} set "{column.name}" = {value} where rowid = {row["place"]}')
        assert isinstance(found, Mismatch), f"{table.name}.{column.name} = {value} went unnoticed"
        told_elsewhere = column.name in ("tick", "intents", "actor")
        assert found.table == table.name or not found.chained or told_elsewhere, (column, found)


def other(column: Column[object], value: object) -> str:
    """Another value for a column, as SQL."""
    if isinstance(column.type, Boolean):
        return str(1 - int(bool(value)))
    if isinstance(column.type, BigInteger | Integer):
        return str(1_000_003 + (value if isinstance(value, int) else 0))
    if isinstance(column.type, JSON):
        return "'{\"x\":1}'"
    return "x'00'" if isinstance(column.type, LargeBinary) else f"'{value}x'"


@pytest.mark.parametrize("table", REPLAYED[1:], ids=lambda table: table.name)
def test_no_row_can_be_taken_out_or_put_in_unnoticed(lived: Lived, table: Table) -> None:
    """The last row is the hardest: nothing follows that could miss it."""
    last = f"(select rowid from {table.name} where {RAN.get(table.name, 'true')} order by rowid desc limit 1)"
    gone = lived.tampered(f"delete from {table.name} where rowid = {last}")
    assert isinstance(gone, Mismatch), "a row was deleted and nobody noticed"
    fresh = {column.name: f'"{column.name}"' for column in table.columns}
    columns = ", ".join(fresh.values())
    key = [column for column in table.primary_key.columns if column.name != "market"][-1]
    fresh[key.name] = "'x'" if key.name == "side" else f'"{key.name}" + 1000'
    if "request_id" in fresh:
        fresh["request_id"] = "'forged'"
    copied = f"select {', '.join(fresh.values())} from {table.name} where rowid = {last}"
    added = lived.tampered(f"insert into {table.name} ({columns}) {copied}")
    assert isinstance(added, Mismatch), "a row was inserted and nobody noticed"
    assert added.table == table.name or not added.chained, added


def test_a_row_of_a_market_there_is_not_is_found(lived: Lived) -> None:
    found = lived.tampered("update trades set market = 77 where trade_id = (select max(trade_id) from trades)",
                           "update config set trades = trades - 1")  # fmt: skip
    assert isinstance(found, Mismatch)
    assert found.table in ("trades", "orders")


def test_a_market_that_is_called_older_than_it_is_is_found(lived: Lived) -> None:
    """Else a wrong row would be hidden by having the market skipped."""
    found = lived.tampered("update config set rules = 1")
    assert isinstance(found, Mismatch)
    assert (found.table, found.field, found.expected, found.found) == ("config", "rules", 2, 1)


def test_an_order_that_no_tick_ran_must_have_cost_nothing(lived: Lived) -> None:
    for change in ("status = 'filled'", "amount = 5", "remaining = 1", "ts_ms = ts_ms + 1"):
        found = lived.tampered(f"update orders set {change} where status = 'pending'")
        assert isinstance(found, Mismatch), change
        assert found.table == "orders"


def test_an_order_that_ticks_passed_over_is_found(lived: Lived) -> None:
    """Accepted, never run, never answered: nobody may be left out."""
    moved = "update orders set ts_ms = ts_ms - 600000, accepted_ms = accepted_ms - 600000 where status = 'pending'"
    found = lived.tampered(moved)
    assert isinstance(found, Mismatch)
    assert (found.table, found.field) == ("orders", "tick_id")


def test_a_database_rewritten_whole_passes_but_for_a_head_that_was_posted(lived: Lived, tmp_path: Path) -> None:
    """Another history of the same market, right in itself: only a hash somebody kept tells them apart."""
    path = tmp_path / "outcry.db"
    asyncio.run(_live(path, 2, 12))
    (forged,) = checked(path)
    assert isinstance(forged, Verified)
    for head in (lived.heads[0], lived.heads[-1]):
        assert isinstance(checked(lived.path, 1, head)[-1], Verified)
    assert isinstance(checked(path, 1, lived.heads[-1][:16])[-1], Mismatch)


# -- never writes


def test_a_check_changes_no_byte_even_beside_a_log_that_a_crash_left(lived: Lived, tmp_path: Path) -> None:
    path, log = tmp_path / "outcry.db", tmp_path / "outcry.db-wal"
    shutil.copyfile(lived.path, path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("update people set created_ms = created_ms + 1")
        db.commit()
        for end in ("", "-wal"):
            shutil.copyfile(f"{path}{end}", f"{tmp_path / 'crashed.db'}{end}")
    path, log = tmp_path / "crashed.db", tmp_path / "crashed.db-wal"
    assert log.stat().st_size > 0
    before = [hashlib.sha256(one.read_bytes()).hexdigest() for one in (path, log)]
    assert isinstance(checked(path)[-1], Verified)
    assert [hashlib.sha256(one.read_bytes()).hexdigest() for one in (path, log)] == before


def test_a_check_of_a_clean_file_leaves_nothing_behind(lived: Lived) -> None:
    shutil.copyfile(lived.path, path := lived.path.with_name("clean.db"))
    before = path.read_bytes()
    assert isinstance(checked(path)[-1], Verified)
    assert path.read_bytes() == before
    assert sorted(one.name for one in path.parent.glob("clean*")) == ["clean.db"]
