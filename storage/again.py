"""Work that was undone by what passes is done again: the one place that knows what passes.

Whoever begins a whole piece of work (a command, a tick, a round of the announcer) hands it to `again`. Everything it
wrote is undone when it is called anew, and what was committed before meets its request id.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sqlite3
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from storage.settling import NotCommittedError, sqlstate
from storage.trouble import TroubleError

T = TypeVar("T")
log = logging.getLogger(__name__)

WAITS_S = (0.02, 0.05, 0.1, 0.2, 0.5)  # at most, drawn: two that met must not meet again
PASSES = ("40001", "40P01")  # could not be serialised; deadlock
PASSES_ON_SQLITE = (sqlite3.SQLITE_BUSY_SNAPSHOT, sqlite3.SQLITE_BUSY_RECOVERY)


async def again(work: Callable[[], Awaitable[T]]) -> T:
    """What `work` returns or raises, called up to six times where only something that passes was in its way."""
    for wait_s in WAITS_S:
        try:
            return await work()
        except Exception as error:
            if not passes(error):
                raise
            log.info("done again: %s", type(error.__cause__ or error).__name__)
        await asyncio.sleep(wait_s * random.uniform(0.5, 1))  # noqa: S311  # no secret
    return await work()


def passes(error: Exception) -> bool:
    """Whether nothing was changed and the same may work in a moment."""
    if isinstance(error, NotCommittedError):
        return True
    if isinstance(error, TroubleError):  # a connection that was open and died, not a server that lets nobody in
        cause = error.__cause__
        return not error.unsettled and isinstance(cause, DBAPIError) and cause.connection_invalidated
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return isinstance(error, DBAPIError) and (sqlstate(error) in PASSES or code in PASSES_ON_SQLITE)
