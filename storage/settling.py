"""What became of a transaction whose COMMIT was never answered, on PostgreSQL: the server is asked.

A connection can die between a COMMIT and its answer. Then the transaction is in or it is not, and only the server
knows: it keeps the fate of every transaction under its number (`pg_xact_status`). So a unit that writes knows its
number, mostly from the statement that locks its market, and a lost answer is looked up over another connection before
anything is said. Where the server still waits for a client that is gone, it is told so.

After a crash the numbers of transactions that left nothing on disk are given out again, so a `committed` found after
one may be another's; the server resets its statistics when it recovers, which tells.

On SQLite a COMMIT that fails has undone itself, or is undone at once: see `in_place`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import RowMapping, Text, literal_column, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.awaited import AbortedError, Awaited
from storage.trouble import Trouble, TroubleError

log = logging.getLogger(__name__)

SETTLE_S = 10.0  # how long the server is asked; who waits for an answer waits so much longer
FIRST_S, LONGEST_S = 0.05, 1.0  # between two questions
PATIENCE_S = 1.0  # until a server that still waits for the client that is gone is told so
UNANSWERED = ("08", "57P")  # the connection is gone, or the server is going: no word on the COMMIT itself
IN_THE_FUTURE = "22023"  # no transaction of this number has begun


class NotCommittedError(TroubleError):
    """COMMIT was not answered, and nothing of the unit is there: it can be done again."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(Trouble.AWAY, cause)


@dataclass(frozen=True, slots=True)
class TransactionName:
    """The number of a transaction and when it began, by the server's clock, as text."""

    number: str
    began: str

    @classmethod
    def of(cls, row: RowMapping) -> TransactionName:
        return cls(row["xact"], row["began"])


NAME = (
    literal_column("CAST(pg_current_xact_id() AS text)", Text).label("xact"),
    literal_column("CAST(now() AS text)", Text).label("began"),
)
"""Columns for a statement that locks or writes anyway: asking gives the transaction a number."""
_NAME = select(*NAME)
_FATE = text(
    "SELECT pg_xact_status(CAST(CAST(:number AS text) AS xid8)) AS fate, coalesce("
    "(SELECT stats_reset FROM pg_stat_bgwriter) > CAST(CAST(:began AS text) AS timestamptz), false) AS crashed"
)
_END = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE CAST(backend_xid AS text) = CAST(mod(CAST(CAST(:number AS text) AS numeric), 4294967296) AS text)"
)


async def commit(
    awaited: Awaited,
    engine: AsyncEngine,
    name: TransactionName | None,
    on_durable: Callable[[], None],
    *,
    wrote: bool,
) -> None:
    """COMMIT; `on_durable` is called once it is known to be done. `name` None: nobody has asked for it. Raises what the
    server says against it; where it says nothing NotCommittedError, or a TroubleError that is `unsettled`."""
    try:
        if name is None and wrote:
            name = TransactionName.of((await awaited.rows(_NAME, None))[0])
        await awaited.commit()
    except AbortedError:
        raise
    except Exception as error:
        if not _is_unanswered(error):
            raise
        if name is None:
            raise NotCommittedError(error) from error
        log.warning("a COMMIT was not answered (%s); the server is asked what became of it", type(error).__name__)
        await settle(engine, name, error)
    on_durable()


def sqlstate(error: BaseException) -> str:
    """The server's code for a refusal; "" where the server said nothing."""
    return str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")


def _is_unanswered(error: Exception) -> bool:
    code = sqlstate(error)
    return not code or code.startswith(UNANSWERED)


async def settle(engine: AsyncEngine, name: TransactionName, error: Exception) -> None:
    """Returns where the transaction was committed."""
    began, wait_s = time.monotonic(), FIRST_S
    while True:
        left_s = began + SETTLE_S - time.monotonic()
        fate = await _ask(engine, name, left_s, end=time.monotonic() - began > PATIENCE_S)
        if fate == "committed":
            return
        if fate == "aborted":
            raise NotCommittedError(error) from error
        if fate == "lost" or left_s <= wait_s:
            raise TroubleError(Trouble.AWAY, error, unsettled=True) from error
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, LONGEST_S)


async def _ask(engine: AsyncEngine, name: TransactionName, seconds: float, *, end: bool) -> str:
    """committed | aborted | in progress | lost (the server remembers nothing it can vouch for) | "" (no answer)"""
    try:
        async with asyncio.timeout(seconds), engine.connect() as connection:
            values = {"number": name.number, "began": name.began}
            row = (await connection.execute(_FATE, values)).mappings().one()
            if row["fate"] == "in progress" and end:
                await connection.execute(_END, {"number": name.number})
    except DBAPIError as error:
        return "aborted" if sqlstate(error) == IN_THE_FUTURE else ""
    except (OSError, TimeoutError):
        return ""
    if row["fate"] is None or (row["crashed"] and row["fate"] != "aborted"):
        return "lost"
    return str(row["fate"])
