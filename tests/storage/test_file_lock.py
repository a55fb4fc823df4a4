"""One process a SQLite file, by whatever name it comes to it; nobody but its owner reads what belongs to it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage.backups.making import backup
from storage.cannot_open import CannotOpenError
from storage.database import Database, DatabaseInUseError
from storage.file_lock import FileLock

HOLD = (
    "import sys, pathlib; from storage.file_lock import FileLock;"
    "lock = FileLock.take(pathlib.Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
)


@contextmanager
def held_by_another(path: Path) -> Iterator[int]:
    """A process of its own that has the file; its number."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "held"
        yield other.pid
        other.kill()


def test_a_second_process_is_refused_by_whatever_name_it_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, folder = tmp_path / "outcry.db", tmp_path / "elsewhere"
    folder.mkdir()
    with held_by_another(path) as number:
        monkeypatch.chdir(tmp_path)
        (folder / "symbolic.db").symlink_to(path)
        (tmp_path / "by-its-folder").symlink_to(tmp_path)
        for name in ("outcry.db", path, folder / "symbolic.db", tmp_path / "by-its-folder" / "outcry.db"):
            with pytest.raises(DatabaseInUseError, match=rf"in use by another Outcry process \(process {number}\)"):
                Database.open(f"sqlite:///{name}")
        (folder / "hard.db").hardlink_to(path)
        with pytest.raises(CannotOpenError, match=r"has 2 names \(hard links\)"):
            Database.open(f"sqlite:///{folder / 'hard.db'}")
    (folder / "hard.db").unlink()
    FileLock.take(path).release()  # the system dropped it with the process


def test_a_file_with_two_names_is_opened_under_neither(tmp_path: Path) -> None:
    """Even without a second process: what a crash left in the log of one name is missing under the other."""
    path, second = tmp_path / "outcry.db", tmp_path / "second.db"
    FileLock.take(path).release()
    second.hardlink_to(path)
    for name in (path, second):
        with pytest.raises(CannotOpenError, match=f"find / -xdev -samefile {name}"):
            FileLock.take(name)
    second.unlink()
    FileLock.take(path).release()


@pytest.fixture
def _careless_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.usefixtures("_careless_umask")
async def test_all_that_belongs_to_a_database_is_its_owners_alone_and_so_is_a_copy(tmp_path: Path) -> None:
    path = tmp_path / "outcry.db"
    path.touch(0o666)
    path.with_name("outcry.db.lock").touch(0o666)
    db = Database.open(f"sqlite:///{path}")
    await db.migrate()
    async with db.reading():
        await backup(f"sqlite:///{path}", tmp_path / "copy.db")
        belonging = {"outcry.db", "outcry.db-wal", "outcry.db-shm", "outcry.db.lock", "copy.db"}
        assert modes(tmp_path) == dict.fromkeys(belonging, 0o600)
    await db.close()


@pytest.mark.usefixtures("_careless_umask")
async def test_what_an_earlier_version_left_open_to_all_is_narrowed_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "outcry.db"
    db = Database.open(f"sqlite:///{path}")
    await db.migrate()
    async with db.reading():
        kept = contents(tmp_path)  # as a crash leaves them
    await db.close()
    for name, data in kept.items():
        (tmp_path / name).write_bytes(data)
        (tmp_path / name).chmod(0o664)
    lock = FileLock.take(path)
    assert modes(tmp_path) == dict.fromkeys(kept, 0o600)
    lock.release()
