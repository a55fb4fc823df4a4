"""What Telegram reported and is not done with yet: kept from the moment Telegram is told that it arrived.

Whichever process an update reaches puts it here, the one that serves Telegram works through it. What it says goes the
moment it is done with; its number is kept a while, so that the same update delivered once more is not done once more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, or_, select, update

from storage.schema import telegram_inbox
from storage.session import Repository, upsert
from storage.waking import Topic

MOST_WAITING = 2_000  # beyond, Telegram keeps what it has: it tries again for a day
NUMBER_KEPT_MS = 600_000  # Telegram waits a minute for an answer, then sends the same update again
_WAITS = telegram_inbox.c.payload.is_not(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUpdate:
    """`payload` is the update as JSON; `person` whose doing it is, by their id on Telegram."""

    update_id: int
    payload: str
    person: str | None


class TelegramInbox(Repository):
    async def has_room(self, count: int) -> bool:
        """Whether so many more may wait."""
        return await self._session.number(_COUNT, {"most": MOST_WAITING}) + count <= MOST_WAITING

    async def add(self, updates: Iterable[StoredUpdate], now_ms: int) -> None:
        """Those that have not come before."""
        rows = [
            {"update_id": item.update_id, "payload": item.payload, "person": item.person, "received_ms": now_ms}
            for item in updates
        ]
        await self._session.run_many(
            upsert(self._session.dialect, telegram_inbox, ("update_id",), ("update_id",)), rows
        )
        self._session.wakes(Topic.TELEGRAM_INBOX)

    async def waiting(self, most: int, of_one: int) -> Sequence[StoredUpdate]:
        """The first of those that are to be done, in the order in which Telegram counts them, and no more than `of_one`
        of each person's."""
        rows = await self._session.rows(_FIRST, {"most": most, "of_one": of_one})
        return [StoredUpdate(update_id=row["update_id"], payload=row["payload"], person=row["person"]) for row in rows]

    async def done_with(self, numbers: Collection[int]) -> None:
        """Nothing of what they said is kept."""
        await self._session.run_many(_EMPTY, [{"number": number} for number in sorted(numbers)])

    async def forget_numbers(self, now_ms: int) -> None:
        """Of those that cannot come again."""
        await self._session.run(_FORGET, {"before": now_ms - NUMBER_KEPT_MS})


_SOME = select(telegram_inbox.c.update_id).where(_WAITS).limit(bindparam("most"))
_COUNT = select(func.count()).select_from(_SOME.subquery())
_NUMBERED = (
    select(
        telegram_inbox,
        func.row_number().over(partition_by=telegram_inbox.c.person, order_by=telegram_inbox.c.update_id).label("nth"),
    )
    .where(_WAITS)
    .subquery()
)
_FIRST = (
    select(_NUMBERED)
    .where(or_(_NUMBERED.c.person.is_(None), _NUMBERED.c.nth <= bindparam("of_one")))
    .order_by(_NUMBERED.c.update_id)
    .limit(bindparam("most"))
)
_EMPTY = (
    update(telegram_inbox).where(telegram_inbox.c.update_id == bindparam("number")).values(payload=None, person=None)
)
_FORGET = delete(telegram_inbox).where(~_WAITS, telegram_inbox.c.received_ms < bindparam("before"))
