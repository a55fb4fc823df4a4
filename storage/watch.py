"""What is wrong with a database at the moment, as its units of work find it out.

Every unit runs `within` the watch. What its driver raises for a full disk, a lock, a server that is down becomes one
`TroubleError`; the log has one line a minute of it, however many units fail, and one when it is over. Before each unit
the file is looked at: SQLite would go on writing into a file that was deleted or moved, where nobody finds it again.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.quiet_log import QuietLog
from storage.trouble import Trouble, TroubleError, trouble_of

log = logging.getLogger(__name__)

OVER_S = 10.0  # a unit that ends well so long after the last that failed: it is over


class WatchedFile:
    """Whether a path still leads to the file it led to when it was first asked about: by the first unit of work, when
    SQLite has opened it. The number of a file is not given to another while somebody has it open."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._first: tuple[int, int] | None = None

    def is_moved(self) -> bool:
        try:
            status = os.stat(self._path)
        except OSError:
            return True
        number = (status.st_dev, status.st_ino)
        if self._first is None:
            self._first = number
        return number != self._first


class Watch:
    """`file`: that of SQLite. `monotonic` gives seconds that only pass. Nothing is logged before `begin`: until then a
    database is being opened, and whoever opens it hears what is wrong."""

    def __init__(self, file: WatchedFile | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.file = file
        self.log: WatchedFile | None = None  # SQLite's, beside the file, while somebody writes
        self.monotonic = monotonic
        self._quiet = QuietLog(log, self._now_s)
        self._logs = False
        self._trouble: Trouble | None = None
        self._began_s = self._failed_s = 0.0
        self.failures = 0  # of units, since the trouble began

    def begin(self) -> None:
        """The database is open and in order."""
        self._logs = True

    @property
    def trouble(self) -> Trouble | None:
        """What keeps it from its work, as far as units have found out or the file shows; None while all is well. For
        whoever is asked whether this process is ready."""
        return Trouble.MOVED if self.is_moved() else self._trouble

    def is_moved(self) -> bool:
        """Whether the file, or its log, was deleted, moved or replaced. What is put back is as good as before."""
        return any(file.is_moved() for file in (self.file, self.log) if file is not None)

    @contextmanager
    def within(self, *, writing: bool) -> Iterator[None]:
        """Around a unit of work. Raises TroubleError for what is wrong with the database, and all else as it came."""
        try:
            if self.is_moved():
                raise TroubleError(Trouble.MOVED)
            yield
        except Exception as error:
            trouble = self._trouble_of(error, writing=writing)
            if trouble is None:
                raise
            seen = error if isinstance(error, TroubleError) else TroubleError(trouble, error)
            self._has_failed(seen)
            if seen is error:
                raise
            raise seen from error
        if writing and self._trouble is not None and self.monotonic() - self._failed_s >= OVER_S:
            log.warning(
                "the database takes writes again, after %.0f s and %s failures",
                self.monotonic() - self._began_s,
                self.failures,
            )
            self._trouble = None

    def _now_s(self) -> float:
        return self.monotonic()

    def _trouble_of(self, error: Exception, *, writing: bool) -> Trouble | None:
        trouble = trouble_of(error, writing=writing)
        return None if trouble is Trouble.AWAY and self.file is not None else trouble  # a file is never away

    def _has_failed(self, error: TroubleError) -> None:
        self._failed_s = self.monotonic()
        if self._trouble is None:
            self._began_s, self.failures = self._failed_s, 0
        self._trouble = error.trouble
        self.failures += 1
        if self._logs:
            self._quiet.error(error.trouble.name, "the database cannot be used: %s", error)
