"""What may be tried only so often, counted for all processes together: wrong guesses at a secret, joins of strangers.

A row each, under a hash of what is tried and by whom: whoever reads the table learns no address. What is allowed,
`bot.chat.shared_limits` says; a row outlives its windows by a minute or so, and of a flood the oldest go first.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, or_, select

from storage.schema import attempts
from storage.session import Repository

KEPT_MS = 3_600_000  # no window is longer
MOST_ROWS = 100_000


class Attempts(Repository):
    async def hold(self, what: str, whose: str) -> None:
        """No other unit, of any process, counts or judges one of theirs until this one ends."""
        await self._session.serialise("attempts", _key(what, whose))

    async def wait(self, what: str, whose: str, count: int, window_ms: int, now_ms: int) -> int:
        """Milliseconds until one more is within `count` in any `window_ms`; 0: it is now. A moment further off than
        the window, before or ahead (somebody set the clock), is of no account."""
        values = {
            "key": _key(what, whose),
            "since_ms": now_ms - window_ms,
            "until_ms": now_ms + window_ms,
            "earlier": count - 1,
        }
        row = await self._session.row(_ONE_OF_THE_LATEST, values)
        return 0 if row is None else int(row["at_ms"]) + window_ms - now_ms

    async def add(self, what: str, whose: str, now_ms: int) -> None:
        """Count one."""
        await self._session.run(_ADD, {"key": _key(what, whose), "at_ms": now_ms})

    async def expired(self, now_ms: int) -> bool:
        """Whether there is anything for `expire`."""
        return await self._session.row(select(attempts.c.id).where(_expired(now_ms)).limit(1)) is not None

    async def expire(self, now_ms: int) -> None:
        await self._session.hold(attempts, _expired(now_ms))
        await self._session.run(delete(attempts).where(_expired(now_ms)))


def _key(what: str, whose: str) -> str:
    return hashlib.sha256(f"{what}\0{whose}".encode("utf-8", "surrogatepass")).hexdigest()


def _expired(now_ms: int) -> ColumnElement[bool]:
    beyond = select(func.max(attempts.c.id) - MOST_ROWS).scalar_subquery()
    return or_(attempts.c.at_ms <= now_ms - KEPT_MS, attempts.c.at_ms >= now_ms + KEPT_MS, attempts.c.id <= beyond)


_ONE_OF_THE_LATEST = (
    select(attempts.c.at_ms)
    .where(
        attempts.c.key == bindparam("key"),
        attempts.c.at_ms > bindparam("since_ms"),
        attempts.c.at_ms < bindparam("until_ms"),
    )
    .order_by(attempts.c.at_ms.desc())
    .offset(bindparam("earlier"))
    .limit(1)
)
_ADD = insert(attempts).values(key=bindparam("key"), at_ms=bindparam("at_ms"))
