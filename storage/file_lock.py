"""One process a SQLite file: a second one is refused at once, whatever name it calls the file by.

The lock is a file beside the database's real path, so that every symbolic link leads to the same one. A hard link is a
second real path, and worse than a second process: SQLite keeps its log beside the name a file was opened by, so what a
crash left in the log of one name is missing under the other. A file with two names is therefore never opened for
writing. The database itself is never locked or opened here: closing it would drop SQLite's own locks on it.
"""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from pathlib import Path

from storage import private_files
from storage.cannot_open import CannotOpenError


class DatabaseInUseError(CannotOpenError):
    """Another process has this SQLite file open for writing. Two writers could corrupt it (SQLite before 3.51.3)."""

    def __init__(self, path: Path, holder: str) -> None:
        super().__init__(f"{path} is in use by another Outcry process ({holder}). Stop that one, or use another file.")
        self.path = path


class FileLock:
    """A lock beside the file; the system drops it when the process ends, however it ends."""

    def __init__(self, handle: TextIOWrapper) -> None:
        self._handle = handle

    @classmethod
    def take(cls, path: Path) -> FileLock:
        """The database file is made where there is none, for its owner's eyes alone, as is all that SQLite puts beside
        it. Raises DatabaseInUseError, CannotOpenError for a file with two names, OSError where it may not be written.
        The lock file stays behind: removing it would let two processes lock two files."""
        real = path.resolve()
        handle = _open(real.with_name(real.name + ".lock"))
        if not _try_lock(handle):
            handle.seek(0)
            holder = handle.read().strip() or "its number is not known"
            handle.close()
            raise DatabaseInUseError(path, holder)
        try:
            _refuse_second_name(path, real)
            private_files.create(real)  # SQLite gives its log and its index the mode of the file
            for beside in ("-wal", "-shm"):
                private_files.narrow(real.with_name(real.name + beside))
            handle.seek(0)
            handle.truncate()
            handle.write(f"process {os.getpid()}")
            handle.flush()
        except BaseException:
            handle.close()
            raise
        return cls(handle)

    def release(self) -> None:
        self._handle.close()


def _open(path: Path) -> TextIOWrapper:
    handle = os.fdopen(
        os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, private_files.OWNER_ONLY), "a+", encoding="utf-8"
    )
    private_files.narrow(path)
    return handle


def _refuse_second_name(path: Path, real: Path) -> None:
    names = real.stat().st_nlink if real.exists() else 1
    if names > 1:
        raise CannotOpenError(
            f"{path} has {names} names (hard links), and SQLite keeps a log for each of them: what is written under "
            f"one is missing under another. Remove the other names; `find / -xdev -samefile {real}` lists them."
        )


if sys.platform == "win32":

    def _try_lock(handle: TextIOWrapper) -> bool:
        import msvcrt

        try:
            handle.seek(1_000)  # past what is written: a locked byte could not be read
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _try_lock(handle: TextIOWrapper) -> bool:
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
