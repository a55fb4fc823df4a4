"""A folder with the newest backups of one database: each is named by its moment, and older ones go once a newer one is
whole. What is not a backup of this database stays, whatever it is called."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from storage.backups.files import Progress, stamp, sync_folder
from storage.backups.making import backup
from storage.backups.problems import BackupError

_NAME = re.compile(r"outcry-[0-9]{8}T[0-9]{6}Z\.db", re.ASCII)


def name_of(moment_ms: int) -> str:
    """By the UTC second, so that names are in the order of their moments."""
    return f"outcry-{stamp(moment_ms)}.db"


async def backup_into(
    url: str, folder: Path, now_ms: int, *, keep: int | None, progress: Progress = lambda _: None
) -> tuple[Path, int, list[Path]]:
    """Write a backup into the folder, which is made where it is missing (for its owner alone), then delete all but the
    newest `keep` (at least 1; None deletes nothing). Returns the file, its size and what was deleted. Raises what
    `backup` does; then nothing was deleted."""
    _make(folder)
    out = folder / name_of(now_ms)
    size = await backup(url, out, progress)
    gone = [] if keep is None else _older(out, keep)
    for path in gone:
        path.unlink()
    if gone:
        sync_folder(folder)
    return out, size, gone


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise BackupError(f"{folder} cannot be made: {error.strerror or error}.") from error


def _older(newest: Path, keep: int) -> list[Path]:
    """Backups of the same database that are older than the newest `keep`."""
    secret = _secret(newest)
    named = [path for path in newest.parent.iterdir() if _NAME.fullmatch(path.name) and path.name < newest.name]
    earlier = sorted((path for path in named if not path.is_symlink() and path.is_file()), reverse=True)
    own = [path for path in earlier if _secret(path) == secret]
    return own[max(0, keep - 1) :]


def _secret(path: Path) -> tuple[bytes, ...] | None:
    """By which a database knows its own, none before its first market has begun; None for what is no backup."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1", uri=True)) as file:
            return tuple(value for (value,) in file.execute("SELECT value FROM secrets WHERE name = 'seed'"))
    except sqlite3.Error:
        return None
