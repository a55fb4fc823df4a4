"""A copy of the whole database while it is in use: one SQLite file, whether it comes from SQLite or PostgreSQL, and so
one that `outcry restore` brings into either of them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from storage import own_tables, private_files
from storage.address import parse_url
from storage.backups.contents import read_contents
from storage.backups.files import Progress, copy_file, fold_log, put, unfinished
from storage.backups.problems import BackupError
from storage.backups.rows import copy_rows
from storage.cannot_open import CannotOpenError
from storage.database import Database
from storage.migrate import found
from storage.migrations import HEAD


async def backup(url: str, out: Path, progress: Progress = lambda _: None) -> int:
    """Write a copy of the database to `out`, which must not exist yet; returns its size in bytes. It stands under its
    name only once it is whole, checked and on disk. Raises BackupError, CannotOpenError, and ValueError for an address
    nobody understands."""
    parsed = parse_url(url)
    source = Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None
    _check_places(source, out)
    try:
        with unfinished(out.parent) as copy:
            if source is None:
                await _copy_server(url, copy, progress)
            else:
                copy_file(source, copy, progress)
            await check_copy(copy, str(source or out))
            fold_log(copy)
            size = copy.stat().st_size
            put(copy, out)
    except OSError as error:
        raise BackupError(f"{out} cannot be written: {error.strerror or error}.") from error
    return size


def _check_places(source: Path | None, out: Path) -> None:
    if out.exists():
        raise BackupError(f"{out} exists already; choose another name, nothing is ever overwritten.")
    if not out.parent.is_dir():
        raise BackupError(f"There is no folder {out.parent}; make it first.")
    if source is not None and not source.exists():
        raise BackupError(f"There is no database at {source}.")


async def _copy_server(url: str, copy: Path, progress: Progress) -> None:
    """All rows as one snapshot of the server has them. Of the tables of a newer Outcry this one does not know all."""
    private_files.create(copy)
    source, target = Database.open(url, read_only=True), Database.open(f"sqlite:///{copy}")
    try:
        await source.check()
        async with source.reading() as uow:
            here = await found(uow)
        if here.version != HEAD:
            raise BackupError("A newer Outcry has brought this database up to date: make its backup with that one.")
        await target.migrate()
        engine = target.engine_of_its_own()
        try:
            async with engine.begin() as connection:
                await copy_rows(source, connection, progress)
        finally:
            await engine.dispose()
    finally:
        await target.close()
        await source.close()


async def check_copy(copy: Path, name: str) -> None:
    """Raises BackupError where it is not a sound database of ours; one of another version is only known to be ours.
    `name`: how a sentence calls it."""
    try:
        revision = own_tables.revision_of_file(copy, name)
    except (CannotOpenError, sqlite3.Error) as error:
        raise BackupError(f"No copy was made: {error}") from error
    if revision != HEAD:
        return
    db = Database.open(f"sqlite:///{copy}", read_only=True)
    try:
        async with db.reading(at_length=True) as uow:
            await read_contents(uow)
    finally:
        await db.close()
