"""Files of a backup on their way: made where nobody else sees them, and given their name once they are whole."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from storage import private_files, read_only
from storage.backups.problems import BackupError

Progress: TypeAlias = Callable[[float], None]
"""Told how far a copy has come, from 0 to 1."""

PAGES = 2_000  # copied between two reports
UNFINISHED = ".outcry-unfinished-"  # folders beside what they are made for


def stamp(moment_ms: int) -> str:
    """The UTC second, for the name of a file."""
    return datetime.fromtimestamp(moment_ms / 1_000, UTC).strftime("%Y%m%dT%H%M%SZ")


@contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """A place in `folder` for a file that is not whole yet, gone afterwards with all that is left in it; its owner's
    alone (0700)."""
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=folder) as name:
        yield Path(name) / "outcry.db"


def copy_file(source: Path, out: Path, progress: Progress) -> None:
    """One SQLite file into another as it stands at this moment, whoever writes to it meanwhile. Raises BackupError."""
    if not source.exists():
        raise BackupError(f"There is no database at {source}.")
    private_files.create(out)  # SQLite writes into it and leaves its mode as it is
    try:
        address = read_only.address(source) or f"file:{quote(str(source))}?mode=ro"
        with (
            closing(sqlite3.connect(address, uri=True, isolation_level=None)) as read,
            closing(sqlite3.connect(out)) as written,
        ):
            read.execute("BEGIN")  # one snapshot: else a copy begins anew whenever somebody writes, and never ends
            read.execute("SELECT count(*) FROM sqlite_schema")
            read.backup(written, pages=PAGES, progress=lambda _, left, pages: progress(1 - left / max(1, pages)))
            verdict = written.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.Error as error:
        why = "the disk is full" if read_only.is_full(out) or read_only.is_full(source) else error
        raise BackupError(f"The copy could not be made: {why}.") from error
    if verdict != "ok":
        raise BackupError(f"The copy is not sound ({verdict}); the database itself may be damaged.")


def fold_log(path: Path) -> None:
    """All that SQLite keeps beside a file goes into it, so that it can be moved alone."""
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA journal_mode=DELETE")


def put(file: Path, place: Path) -> None:
    """Under this name, for good: whatever happens next, it is there."""
    with file.open("rb+") as written:
        os.fsync(written.fileno())
    file.replace(place)
    sync_folder(place.parent)


def sync_folder(folder: Path) -> None:
    """Names that were given or taken in it are on disk."""
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
