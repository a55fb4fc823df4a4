"""What a frozen process holds in the middle of a statement, which no limit of PostgreSQL's own ends.

A statement that is not prepared yet is sent in two halves. Between them the server calls the transaction active, though
it waits for its client: so `idle_in_transaction_session_timeout` does not count, nor does `statement_timeout` while the
server reads. A process that is frozen or cut off just there would hold its locks for ever, so whoever is alive ends it.
"""

from __future__ import annotations

import logging

from sqlalchemy import text

from storage.session import Session

log = logging.getLogger(__name__)

FROZEN_MS = 3_000  # as long as a unit that writes may ask nothing, see `engines`
_END = text(
    "SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity AS activity"
    " WHERE datname = current_database() AND usename = current_user AND state = 'active' AND wait_event = 'ClientRead'"
    " AND state_change < clock_timestamp() - CAST(:ms AS bigint) * interval '1 ms' AND (backend_xid IS NOT NULL"
    " OR EXISTS (SELECT FROM pg_locks WHERE pg_locks.pid = activity.pid AND locktype = 'advisory'))"
)


async def end_frozen(session: Session) -> None:
    """Every transaction of this database that holds locks and in which the second half of a statement is overdue."""
    if session.dialect != "postgresql":
        return
    ended = await session.rows(_END, {"ms": FROZEN_MS})
    if ended:
        log.warning("%s transactions of processes that are frozen or cut off were ended", len(ended))
