"""What can be wrong with a database that was in order before, read from what its driver raised.

A full disk, a file that somebody else holds or has moved away, a server that is down: none of it is a mistake of ours,
all of it passes, and whoever is in the middle of something is told it in a sentence. `trouble_of` knows what each of
the drivers calls it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from enum import Enum

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionError


class Trouble(Enum):
    """What keeps a database from taking writes, or from answering at all; the value is how a log calls it."""

    FULL = "its disk is full"
    LOCKED = "another program holds its file locked"
    MOVED = "its file was deleted, moved or replaced"
    UNWRITABLE = "its disk does not take what is written"
    DAMAGED = "its file is damaged"
    AWAY = "it does not answer"


class TroubleError(Exception):
    """A unit of work could not be carried out: nothing of it is in. `unsettled`: or all of it is, and nobody has said
    so, because the server went away in the middle of the commit."""

    def __init__(self, trouble: Trouble, cause: BaseException | None = None, *, unsettled: bool = False) -> None:
        reason = str(getattr(cause, "orig", None) or cause or "").partition("\n")[0]
        super().__init__(f"{trouble.value} ({reason})" if reason else trouble.value)
        self.trouble = trouble
        self.unsettled = unsettled


_SQLITE: Mapping[int, Trouble] = {
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_BUSY: Trouble.LOCKED,
    sqlite3.SQLITE_LOCKED: Trouble.LOCKED,
    sqlite3.SQLITE_CANTOPEN: Trouble.MOVED,
    sqlite3.SQLITE_IOERR: Trouble.UNWRITABLE,
    sqlite3.SQLITE_CORRUPT: Trouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: Trouble.DAMAGED,
}
_POSTGRES: Mapping[str, Trouble] = {
    "25P03": Trouble.AWAY,  # it ended a transaction of ours in which nothing was asked for too long: we were frozen
    "25P04": Trouble.AWAY,  # or one that took too long
    "28000": Trouble.AWAY,  # lets nobody in any more
    "28P01": Trouble.AWAY,
    "3D000": Trouble.AWAY,
    "53100": Trouble.FULL,
    "53200": Trouble.AWAY,  # no memory
    "53300": Trouble.AWAY,  # too many connections
    "57P01": Trouble.AWAY,  # shut down by its administrator
    "57P02": Trouble.AWAY,  # it crashed
    "57P03": Trouble.AWAY,  # it is starting or stopping
    "57P05": Trouble.AWAY,  # a connection that was not used for too long
    "58030": Trouble.UNWRITABLE,
}
_READ_ONLY = "25006"  # a server that became a standby


def trouble_of(error: BaseException, *, writing: bool = True) -> Trouble | None:
    """None for what is no trouble of the database: a broken rule, a mistake in a statement (such as a write by who may
    only read, where it is not `writing`), anything else."""
    for cause in _causes(error):
        if isinstance(cause, TroubleError):
            return cause.trouble
        if isinstance(cause, DBAPIError) and cause.connection_invalidated:
            return Trouble.AWAY
        code, state = getattr(cause, "sqlite_errorcode", None), getattr(cause, "sqlstate", None)
        if writing and (state == _READ_ONLY or (isinstance(code, int) and (code & 0xFF) == sqlite3.SQLITE_READONLY)):
            return Trouble.UNWRITABLE
        if isinstance(code, int) and (code & 0xFF) in _SQLITE:  # the rest of the number says more than is needed
            return _SQLITE[code & 0xFF]
        if isinstance(state, str) and (state in _POSTGRES or state.startswith("08")):
            return _POSTGRES.get(state, Trouble.AWAY)
        if isinstance(cause, NoConnectionError) or (isinstance(cause, OSError) and cause.filename is None):
            return Trouble.AWAY  # a line's: what is wrong with a file has the file's name
    return None


def raise_trouble(error: BaseException, *, writing: bool = True, committing: bool = False) -> None:
    """Raises TroubleError for what is one."""
    trouble = None if isinstance(error, TroubleError) else trouble_of(error, writing=writing)
    if trouble is not None:
        raise TroubleError(trouble, error, unsettled=committing and trouble is Trouble.AWAY) from error


class Telling:
    """Around each statement of a unit: what is trouble of the database is raised as such."""

    def __init__(self, *, writing: bool) -> None:
        self._writing = writing

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception):
            raise_trouble(error, writing=self._writing)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what the driver had raised, and what led to it."""
    cause: BaseException | None = error
    for _ in range(8):
        if cause is None:
            return
        yield cause
        orig = getattr(cause, "orig", None)
        cause = orig if isinstance(orig, BaseException) else cause.__cause__
