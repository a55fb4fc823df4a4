"""A folder keeps the newest backups of one database, and nothing else in it is ever touched."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.backups.problems import BackupError
from storage.backups.rotation import backup_into, name_of
from storage.database import Database
from storage.proofs.repository import secret_of
from tests.storage import databases

START = 1_800_000_000_000
DAY = 86_400_000


async def database(folder: Path, name: str) -> str:
    """With a secret of its own."""
    url = databases.migrated_file(folder / name)
    db = Database.open(url)
    async with db.writing() as uow:
        await secret_of(uow)
        await uow.commit()
    await db.close()
    return url


async def test_the_newest_are_kept_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    url, folder = await database(tmp_path, "outcry.db"), tmp_path / "backups"
    for day in range(5):
        path, size, gone = await backup_into(url, folder, START + day * DAY, keep=3)
        assert (path.stat().st_size, path.stat().st_mode & 0o777) == (size, 0o600)
        assert [old.name for old in gone] == ([name_of(START + (day - 3) * DAY)] if day >= 3 else [])
    assert folder.stat().st_mode & 0o077 == 0
    assert path.name == "outcry-20270119T080000Z.db"
    others = {
        name_of(START - DAY): b"text",
        name_of(START - 2 * DAY): (tmp_path / "outcry.db").read_bytes()[:5_000],  # damaged
        "outcry-20200101T000000Z.db.gz": b"",
        "my outcry-20200101T000000Z.db": b"",
        "notes.txt": b"",
    }
    for name, content in others.items():
        (folder / name).write_bytes(content)
    stranger = await database(tmp_path, "stranger.db")
    shutil.copy(stranger.removeprefix("sqlite:///"), folder / name_of(START - 3 * DAY))
    (folder / name_of(START - 4 * DAY)).symlink_to(tmp_path / "outcry.db")
    (folder / name_of(START - 5 * DAY)).mkdir()
    kept = set(os.listdir(folder))
    path, _, gone = await backup_into(url, folder, START + 5 * DAY, keep=1)
    assert [old.name for old in gone] == [name_of(START + day * DAY) for day in (4, 3, 2)]
    assert set(os.listdir(folder)) == (kept - {old.name for old in gone}) | {path.name}


async def test_nothing_goes_where_no_new_one_was_made(tmp_path: Path) -> None:
    url, folder = await database(tmp_path, "outcry.db"), tmp_path / "backups"
    for day in range(3):
        await backup_into(url, folder, START + day * DAY, keep=None)
    kept = sorted(os.listdir(folder))
    assert len(kept) == 3
    with pytest.raises(BackupError, match="exists already"):
        await backup_into(url, folder, START + 2 * DAY, keep=1)
    with closing(sqlite3.connect(tmp_path / "outcry.db")) as file:
        file.execute("INSERT INTO journal_heads VALUES (0, 5, 'x')")
        file.commit()
    with pytest.raises(BackupError, match="not sound"):
        await backup_into(url, folder, START + 3 * DAY, keep=1)
    assert sorted(os.listdir(folder)) == kept
