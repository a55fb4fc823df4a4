"""Old and new programs on one database: which migrations that holds for, and the way back of an upgrade."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, column, create_engine, insert, table, text

from storage import migrate
from storage.backups.making import backup
from storage.backups.problems import BackupError
from storage.backups.restoring import restore
from storage.cannot_open import CannotOpenError
from storage.database import Database
from storage.migrate import LOOKS, compatible_from, run_scripts
from storage.migrations import HEAD
from storage.own_tables import SCRIPTS
from storage.schema import metadata
from storage.verify import Verified, verify
from tests.storage import databases
from tests.storage.lives import born
from tests.storage.shapes import breaks, shapes
from tests.storage.worlds import START

NEWER = "0099"


@contextmanager
def empty_file() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def scripts() -> list[Script]:
    """Those that old and new programs may have to share, oldest first."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    known = ScriptDirectory.from_config(config).walk_revisions("base", HEAD)
    return [script for script in reversed(list(known)) if script.revision >= LOOKS]


def test_a_script_that_old_programs_cannot_live_with_says_so() -> None:
    """`breaking` says why; then a database names no older program, and an upgrade past it needs everybody stopped."""
    with empty_file() as connection:
        run_scripts(connection, str(scripts()[0].down_revision))
        for script in scripts():
            before = shapes(connection)
            run_scripts(connection, script.revision)
            found = breaks(before, shapes(connection))
            assert not found or script.module.breaking, f"{script.revision}: {found}"


CHANGES = (
    ("CREATE TABLE b (x INTEGER NOT NULL)", ""),
    ("ALTER TABLE a ADD COLUMN z INTEGER", ""),
    ("ALTER TABLE a ADD COLUMN z INTEGER NOT NULL DEFAULT 0", ""),
    ("CREATE INDEX i ON a (y)", ""),
    ("ALTER TABLE a ADD COLUMN z INTEGER; CREATE UNIQUE INDEX i ON a (z)", ""),
    ("CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END", ""),
    ("DROP TABLE a", "table a is gone"),
    ("ALTER TABLE a RENAME TO b", "table a is gone"),
    ("ALTER TABLE a DROP COLUMN y", "a.y is gone"),
    ("ALTER TABLE a RENAME COLUMN y TO z", "a.y is gone"),
    ("DROP TABLE a; CREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT, d TEXT DEFAULT '')", "a.y was INTEGER"),
    ("DROP TABLE a; CREATE TABLE a (x INTEGER PRIMARY KEY, y INTEGER NOT NULL, d TEXT DEFAULT '')", "was nullable"),
    ("DROP TABLE a; CREATE TABLE a (x INTEGER PRIMARY KEY, y INTEGER, d TEXT)", "a.d had a default"),
    (
        "DROP TABLE a; CREATE TABLE a (x INTEGER PRIMARY KEY, y INTEGER, d TEXT DEFAULT '', z INTEGER NOT NULL)",
        "a.z is new, NOT NULL and without a default",
    ),
    ("CREATE UNIQUE INDEX i ON a (y)", "a new unique of y"),
    ("ALTER TABLE a ADD COLUMN z INTEGER DEFAULT 0; CREATE UNIQUE INDEX i ON a (z)", "a new unique of z"),
    ("ALTER TABLE a ADD COLUMN z INTEGER; CREATE UNIQUE INDEX i ON a (y, z)", "a new unique of y, z"),
    (
        "DROP TABLE a; CREATE TABLE a (x INTEGER PRIMARY KEY, y INTEGER REFERENCES c (x), d TEXT DEFAULT '')",
        "a new reference of y",
    ),
    (
        "DROP TABLE a; CREATE TABLE a (x INTEGER PRIMARY KEY, y INTEGER, d TEXT DEFAULT '', CHECK (y > 0))",
        "a new check of y > 0",
    ),
    ("DROP TABLE a; CREATE TABLE a (x INTEGER, y INTEGER, d TEXT DEFAULT '')", "lost its primary key"),
    ("DROP INDEX u", "c has lost its unique of x"),
)


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_what_old_programs_cannot_live_with_is_found(change: str, said: str) -> None:
    with empty_file() as connection:
        for statement in (
            "CREATE TABLE a (x INTEGER PRIMARY KEY, y INTEGER, d TEXT DEFAULT '')",
            "CREATE TABLE c (x INTEGER)",
            "CREATE UNIQUE INDEX u ON c (x)",
        ):
            connection.execute(text(statement))
        before = shapes(connection)
        for statement in [change] if "TRIGGER" in change else change.split(";"):
            connection.execute(text(statement))
        found = breaks(before, shapes(connection))
    assert bool(found) is bool(said), found
    assert said in "; ".join(found)


async def test_programs_of_the_version_before_write_every_table(db: Database) -> None:
    """Rows of the columns they know, which is all that their statements name."""
    with empty_file() as connection:
        run_scripts(connection, str(scripts()[-1].down_revision))
        before = shapes(connection)
    engine = db.engine_of_its_own()
    try:
        async with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(text("SET session_replication_role = replica"))  # rows need no others here
            for name, shape in before.items():
                known = {key: metadata.tables[name].c[key].type for key in shape.columns}
                old = table(name, *(column(key, kind) for key, kind in known.items()))
                row = {key: _some(kind.python_type) for key, kind in known.items()}
                await connection.execute(insert(old).values(row))
    finally:
        await engine.dispose()


def _some(kind: type) -> object:
    return {int: 1, bool: True, bytes: b"", dict: {}}.get(kind, "1")


async def test_a_migration_makes_way_for_those_who_work_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody reads at length; others come behind the script that waits for the table, and are answered."""
    monkeypatch.setattr(migrate, "LOCK_WAIT_MS", 20)
    monkeypatch.setattr(migrate, "PAUSE_S", 0.01)
    db = Database.open(await databases.server_or_skip().create())
    engine = db.engine_of_its_own()
    try:
        async with engine.begin() as connection:
            await connection.run_sync(run_scripts, "0004")
        async with engine.connect() as reader:
            await reader.execute(text("SELECT count(*) FROM room_messages"))
            upgrade = asyncio.create_task(db.migrate())
            for _ in range(5):
                async with engine.connect() as other:
                    await other.execute(text("SELECT count(*) FROM room_messages"))
            assert not upgrade.done()
        await upgrade
        await db.check()
    finally:
        await engine.dispose()
        await db.close()


async def _made_newer(db: Database, compatible: str) -> None:
    """What a later version may leave: a table, a column, and the oldest program that can use them."""
    engine = db.engine_of_its_own()
    try:
        async with engine.begin() as connection:
            for statement in (
                "CREATE TABLE novelties (x INTEGER NOT NULL)",
                "ALTER TABLE orders ADD COLUMN novelty INTEGER DEFAULT 7 NOT NULL",
                "ALTER TABLE people ADD COLUMN novelty TEXT",
                f"INSERT INTO upgrades VALUES ('{NEWER}', '{compatible}', '99.0')",
                f"UPDATE alembic_version SET version_num = '{NEWER}'",
            ):
                await connection.execute(text(statement))
    finally:
        await engine.dispose()


async def test_a_program_starts_on_newer_tables_that_it_can_use(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    """The way back of an upgrade; and who runs while another upgrades goes on."""
    life = await born(db, 4)
    await life.play(2)
    await _made_newer(db, HEAD)
    await life.play(1)
    await db.migrate()
    await db.check()
    again = Database.open(database_url, read_only=True)
    await again.check()
    assert (await again.found()).version == NEWER
    await again.close()
    await life.play(1)
    assert [type(result) for result in await verify(db)] == [Verified]
    copy = tmp_path / "copy.db"
    if not db.is_sqlite:  # rows of tables that this program does not know would be missing
        with pytest.raises(BackupError, match="newer Outcry"):
            await backup(database_url, copy)
        return
    await backup(database_url, copy)
    await restore(copy, f"sqlite:///{tmp_path / 'again.db'}", START)
    with pytest.raises(BackupError, match="newer Outcry"):
        await restore(copy, await databases.server_or_skip().create(), START)


async def test_a_program_leaves_newer_tables_alone_that_it_cannot_use(db: Database, database_url: str) -> None:
    await _made_newer(db, NEWER)
    with pytest.raises(CannotOpenError, match="made by a newer Outcry"):
        await db.migrate()
    if db.is_sqlite:
        with pytest.raises(CannotOpenError, match="made by a newer Outcry"):
            Database.open(database_url, read_only=True)


async def test_a_database_says_which_programs_can_use_it(db: Database) -> None:
    found = await db.found()
    assert (found.version, found.oldest) == (HEAD, compatible_from())
    assert LOOKS <= compatible_from() <= HEAD
