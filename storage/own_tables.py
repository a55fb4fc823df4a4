"""Whether a database is ours, and of which version, before anything in it is touched."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from storage import read_only
from storage.cannot_open import CannotOpenError
from storage.migrations import HEAD

SCRIPTS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"
VERSION = f"SELECT version_num FROM {VERSION_TABLE}"  # noqa: S608  # our own words
UPGRADES_TABLE = "upgrades"
OLDEST = f"SELECT compatible_from FROM {UPGRADES_TABLE} WHERE version IN ({VERSION})"  # noqa: S608  # our own words
TABLES: Mapping[str, str] = {
    "sqlite": "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_'",
    "postgresql": "SELECT relname AS name FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
    "WHERE relkind IN ('r', 'p') AND nspname = current_schema() AND NOT EXISTS (SELECT FROM pg_depend WHERE "
    "objid = pg_class.oid AND classid = 'pg_class'::regclass AND deptype = 'e')",  # an extension's are nobody's
}
_FIRST_TABLES = frozenset({"config", "lob_pools", "ticks"})  # some of those that the first script makes
_SHOWN = 3  # of the tables of another program


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a database says of itself: its tables, the version of them, and that of the oldest program that can use
    them. None of the last two where it does not say."""

    tables: Sequence[str]
    version: str | None = None
    oldest: str | None = None

    @classmethod
    async def read(cls, column: Callable[[str], Awaitable[Sequence[str]]], dialect: str) -> Found:
        """`column`: the one column that a query asks for."""
        tables = await column(TABLES[dialect])
        versions = await column(VERSION) if VERSION_TABLE in tables else []
        oldest = await column(OLDEST) if versions and UPGRADES_TABLE in tables else []
        return cls(tables=tables, version=next(iter(versions), None), oldest=next(iter(oldest), None))

    @classmethod
    def read_file(cls, file: sqlite3.Connection) -> Found:
        tables = _column(file, TABLES["sqlite"])
        versions = _column(file, VERSION) if VERSION_TABLE in tables else []
        oldest = _column(file, OLDEST) if versions and UPGRADES_TABLE in tables else []
        return cls(tables=tables, version=next(iter(versions), None), oldest=next(iter(oldest), None))

    def revision(self, place: str) -> str | None:
        """The script that made these tables last, which may be one that only a newer program has; None where there are
        none. `place` is how a sentence calls the database. Raises CannotOpenError for tables that this program cannot
        use."""
        names = sorted(set(self.tables) - {VERSION_TABLE})
        if not names and self.version is None:
            return None
        if self.version is None or not set(names) >= _FIRST_TABLES:
            shown = ", ".join(names[:_SHOWN] or [VERSION_TABLE]) + (", …" if len(names) > _SHOWN else "")
            raise CannotOpenError(
                f"{place} holds the tables of another program ({shown}), and Outcry needs a database of its own: name "
                "another. Nothing was changed."
            )
        known = {path.name[: len(HEAD)] for path in (SCRIPTS / "versions").glob("[0-9]*.py")}
        if self.version not in known and (self.oldest is None or self.oldest > HEAD):
            raise CannotOpenError(
                f"{place} was made by a newer Outcry (its tables are version {self.version}, this one knows {HEAD}): "
                "start that one, or name another database. Nothing was changed."
            )
        return self.version


def check_current(revision: str | None, place: str) -> None:
    """For who only reads: raises CannotOpenError where the tables are older than those this program knows."""
    if revision is None:
        raise CannotOpenError(f"{place} is empty: `outcry migrate` makes its tables.")
    if revision < HEAD:
        raise CannotOpenError(
            f"{place} is of an older Outcry: `outcry migrate` brings it up to date, or a copy of it where it can only "
            "be read."
        )


def check_file(path: Path) -> None:
    """Raises CannotOpenError for a SQLite file that is not ours, and sqlite3.Error for what is none. It is read through
    SQLite: to close it in any other way would drop the locks of those in this process who have it open."""
    if path.exists() and path.stat().st_size > 0:
        revision_of_file(path, str(path))


def revision_of_file(path: Path, place: str) -> str | None:
    """The script that made its tables last; raises as `check_file` does. `place` is how a sentence calls it."""
    address = read_only.address(path) or f"file:{quote(str(path))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as file:
        return Found.read_file(file).revision(place)


def _column(file: sqlite3.Connection, query: str) -> list[str]:
    return [str(value) for (value,) in file.execute(query)]
