"""A backup brought back into an empty database, or in the place of one: checked first, signed as a restore, and there
as a whole or not at all."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import own_tables
from storage.address import parse_url
from storage.backups.contents import MarketContents, read_contents
from storage.backups.files import Progress, copy_file, fold_log, put, stamp, sync_folder, unfinished
from storage.backups.problems import BackupError
from storage.backups.rows import WRITTEN_BY_PEOPLE, copy_rows, count_on
from storage.backups.signing import sign_restore
from storage.cannot_open import check_path, explaining, place
from storage.database import Database
from storage.file_lock import FileLock
from storage.leases import LEASE_MS
from storage.migrate import found_on
from storage.migrations import HEAD

DUMPED = b"PGDMP"  # how a file of pg_dump begins: earlier versions made those of PostgreSQL
_BESIDE = ("-wal", "-shm")  # what SQLite keeps there


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """`contents`: of the backup. `aside`: where the file is now that was in its place before."""

    contents: Sequence[MarketContents]
    aside: Path | None = None


async def restore(
    file: Path, url: str, now_ms: int, *, force: bool = False, progress: Progress = lambda _: None
) -> Restored:
    """Bring a backup back into the database at `url`, which must hold nothing unless `force` (then a SQLite file is put
    aside and the rows of a server are deleted). Raises BackupError, CannotOpenError, and ValueError for an address
    nobody understands; then the database is as it was."""
    target = parse_url(url)
    _check_is_backup(file)
    if target.get_backend_name() == "sqlite":
        return await _into_file(file, target, now_ms, force=force, progress=progress)
    return await _into_server(file, url, now_ms, force=force, progress=progress)


def _check_is_backup(file: Path) -> None:
    """Raises BackupError, or CannotOpenError for a database that is not ours or of a newer version."""
    if file.is_dir():
        raise BackupError(f"{file} is a folder: name one of the backups in it.")
    if not file.is_file():
        raise BackupError(f"There is no backup at {file}.")
    with file.open("rb") as opened:
        if opened.read(len(DUMPED)) == DUMPED:
            raise BackupError(f"{file} was made by pg_dump: `pg_restore --dbname=DATABASE {file}` brings that back.")
    try:
        revision = own_tables.revision_of_file(file, str(file))
    except sqlite3.Error as error:
        raise BackupError(f"{file} is no backup, or it is damaged: {error}.") from error
    if revision is None:
        raise BackupError(f"{file} holds nothing.")


async def _into_file(file: Path, target: URL, now_ms: int, *, force: bool, progress: Progress) -> Restored:
    with explaining(target):
        path, lock, fresh = _take(file, Path(str(target.database)))
    try:
        held = _holds_anything(path)
        if held and not force:
            raise BackupError(_refusal(str(target.database), "it is kept beside it then, under another name"))
        with unfinished(path.parent) as copy:
            contents = await _prepare(file, copy, now_ms, progress)
            fold_log(copy)
            aside = _put_aside(path, now_ms) if held else None
            for beside in _BESIDE:
                path.with_name(path.name + beside).unlink(missing_ok=True)
            put(copy, path)
    except BaseException:
        if fresh:
            path.unlink(missing_ok=True)  # empty, made with the lock
        raise
    finally:
        lock.release()
    return Restored(contents=contents, aside=aside)


def _take(file: Path, named: Path) -> tuple[Path, FileLock, bool]:
    """The real path, nobody else's from now on, and whether no file was there."""
    check_path(named, read_only=False)
    path = named.resolve()
    fresh = not path.exists()
    if not fresh and path.samefile(file):
        raise BackupError(f"{file} is the database itself.")
    return path, FileLock.take(named), fresh


def _holds_anything(path: Path) -> bool:
    """Whether there is a file that somebody would miss. Raises CannotOpenError where it is another program's."""
    if not path.exists() or path.stat().st_size == 0:
        return False
    try:
        if own_tables.revision_of_file(path, str(path)) is None:
            return False
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as database:
            return any(database.execute(_any_row(table)).fetchone() for table in WRITTEN_BY_PEOPLE)
    except sqlite3.Error:
        return True  # damaged, or something else


def _put_aside(path: Path, now_ms: int) -> Path:
    """Its log first: no database may find another one's."""
    aside = path.with_name(f"{path.name}.before-{stamp(now_ms)}")
    for suffix in (*_BESIDE, ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(aside.with_name(aside.name + suffix))
    sync_folder(path.parent)
    return aside


async def _into_server(file: Path, url: str, now_ms: int, *, force: bool, progress: Progress) -> Restored:
    target = Database.open(url)
    engine = target.engine_of_its_own()
    try:
        with explaining(target.url):
            async with engine.connect() as connection:
                await _check_free(connection, place(target.url), force=force)
        with unfinished(Path(tempfile.gettempdir())) as copy:
            contents = await _prepare(file, copy, now_ms, progress)
            _check_known(copy, file)
            await target.migrate()
            source = Database.open(f"sqlite:///{copy}", read_only=True)
            try:
                async with engine.begin() as connection:
                    await _check_free(connection, place(target.url), force=force)
                    await copy_rows(source, connection, progress)
                    await count_on(connection)
            finally:
                await source.close()
    finally:
        await engine.dispose()
        await target.close()
    return Restored(contents=contents)


def _check_known(copy: Path, file: Path) -> None:
    """Of the tables of a newer Outcry this one does not know all: a file can be put in place, rows cannot be copied."""
    revision = own_tables.revision_of_file(copy, str(file))
    if revision is None or revision > HEAD:
        raise BackupError(f"A newer Outcry has made {file}: restore it into PostgreSQL with that one.")


async def _check_free(connection: AsyncConnection, name: str, *, force: bool) -> None:
    """Raises BackupError where it holds anything that may not be given up, or a process serves it."""

    async def column(query: str) -> list[str]:
        return [str(value) for value in (await connection.execute(text(query))).scalars()]

    found = await found_on(connection)
    revision, tables = found.revision(name), found.tables
    if revision is not None and revision > HEAD:
        raise BackupError(f"A newer Outcry has brought {name} up to date: restore with that one.")
    if "leases" in tables and (serving := len(await column(_SERVING))):
        raise BackupError(f"{name} is served by {serving} process{'' if serving == 1 else 'es'}: stop them first.")
    for table in WRITTEN_BY_PEOPLE:
        if table in tables and not force and await column(_any_row(table)):
            raise BackupError(_refusal(name, "what it holds is deleted then, so make a backup of it first"))


# None that serves holds anything for longer than it could.
_SERVING = (
    "SELECT name FROM leases WHERE name LIKE 'process %' "  # noqa: S608  # our own number
    f"AND until_ms - extract(epoch FROM clock_timestamp()) * 1000 BETWEEN 1 AND {2 * LEASE_MS}"
)


def _any_row(table: str) -> str:
    return f"SELECT 1 FROM {table} LIMIT 1"  # noqa: S608  # our own names


def _refusal(name: str, forced: str) -> str:
    return (
        f"{name} holds a database already, and nothing was changed. With --force the backup takes its place ({forced})."
    )


async def _prepare(file: Path, copy: Path, now_ms: int, progress: Progress) -> Sequence[MarketContents]:
    """The backup as it will be, in a file of its own: of this version, sound, and signed. Returns what is in it."""
    copy_file(file, copy, progress)
    db = Database.open(f"sqlite:///{copy}")
    try:
        await db.migrate()
        async with db.reading(at_length=True) as uow:
            contents = await read_contents(uow)
        async with db.writing() as uow:
            await sign_restore(uow, contents, now_ms)
            await uow.commit()
    finally:
        await db.close()
    return contents
