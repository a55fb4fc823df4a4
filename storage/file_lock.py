"""One process a SQLite file: a second one is refused at once, by name, instead of failing in the middle of a tick."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from pathlib import Path


class DatabaseInUseError(Exception):
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
        """Raises DatabaseInUseError. The lock file stays behind: removing it would let two processes lock two files."""
        handle = path.with_name(path.name + ".lock").open("a+", encoding="utf-8")
        if not _try_lock(handle):
            handle.seek(0)
            holder = handle.read().strip() or "its number is not known"
            handle.close()
            raise DatabaseInUseError(path, holder)
        handle.seek(0)
        handle.truncate()
        handle.write(f"process {os.getpid()}")
        handle.flush()
        return cls(handle)

    def release(self) -> None:
        self._handle.close()


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
