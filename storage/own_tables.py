"""Whether a database is ours, and of which version, before anything in it is touched."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from storage import read_only
from storage.cannot_open import CannotOpenError
from storage.migrations import HEAD

SCRIPTS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"
VERSION = f"SELECT version_num FROM {VERSION_TABLE}"  # noqa: S608  # our own words
TABLES: Mapping[str, str] = {
    "sqlite": "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_'",
    "postgresql": "SELECT relname AS name FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
    "WHERE relkind IN ('r', 'p') AND nspname = current_schema() AND NOT EXISTS (SELECT FROM pg_depend WHERE "
    "objid = pg_class.oid AND classid = 'pg_class'::regclass AND deptype = 'e')",  # an extension's are nobody's
}
_FIRST_TABLES = frozenset({"config", "lob_pools", "ticks"})  # some of those that the first script makes
_SHOWN = 3  # of the tables of another program


def revision_of(tables: Collection[str], versions: Sequence[str], place: str) -> str | None:
    """The script that made these tables last; None where there are none. `versions` is what stands in the table of
    versions, if there is one; `place` how a sentence calls the database. Raises CannotOpenError."""
    names = sorted(set(tables) - {VERSION_TABLE})
    if not names and not versions:
        return None
    if not versions or not set(names) >= _FIRST_TABLES:
        shown = ", ".join(names[:_SHOWN] or [VERSION_TABLE]) + (", …" if len(names) > _SHOWN else "")
        raise CannotOpenError(
            f"{place} holds the tables of another program ({shown}), and Outcry needs a database of its own: name "
            "another. Nothing was changed."
        )
    if versions[0] not in {path.name[: len(HEAD)] for path in (SCRIPTS / "versions").glob("[0-9]*.py")}:
        raise CannotOpenError(
            f"{place} was made by a newer Outcry (its tables are version {versions[0]}, this one knows {HEAD}): start "
            "that one, or name another database. Nothing was changed."
        )
    return versions[0]


def check_current(revision: str | None, place: str) -> None:
    """For who only reads: raises CannotOpenError where the tables are not those this version knows."""
    if revision is None:
        raise CannotOpenError(f"{place} is empty: `outcry migrate` makes its tables.")
    if revision != HEAD:
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
        tables = [name for (name,) in file.execute(TABLES["sqlite"])]
        versions = [version for (version,) in file.execute(VERSION)] if VERSION_TABLE in tables else []
    return revision_of(tables, versions, place)
