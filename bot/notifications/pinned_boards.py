"""Which board is pinned where, kept in the database: it goes when the next opens, and a chat in which the bot may not
pin is told of once."""

from __future__ import annotations

from collections.abc import Callable

from bot.notifications.reachability import lock_markets_of
from storage.database import Database
from storage.records import Notice, NoticeAudience, Payload

REFUSED = "refused"  # what is kept of a place where the bot may not pin


class PinnedBoards:
    """Of one platform. A `place` is where its pins are kept: a channel, a chat or its topic."""

    def __init__(self, db: Database, platform: str, now_ms: Callable[[], int]) -> None:
        self._db = db
        self._platform = platform
        self._now_ms = now_ms

    async def pinned(self, place: str, ref: str) -> str | None:
        """This board is pinned now. Returns the one pinned before it, which is to be unpinned."""
        name = f"{self._platform}:pinned:{place}"
        async with self._db.writing() as uow:
            previous = await uow.key_values.get(name)
            await uow.key_values.put(name, ref)
            if await uow.key_values.get(_refusal(self._platform, place)):
                await uow.key_values.put(_refusal(self._platform, place), "")
            await uow.commit()
        return previous if previous != ref else None

    async def refused(self, chat_ext: str, place: str) -> None:
        """The bot lacks the right to pin there: the admins are told, once until it may again."""
        name = _refusal(self._platform, place)
        async with self._db.writing() as uow:
            await uow.chats.hold([(self._platform, chat_ext)])
            chat = await uow.chats.find(self._platform, chat_ext)
            if chat is None or await uow.key_values.get(name):
                return
            markets = await lock_markets_of(uow, chat)
            if not markets:
                return
            payload: Payload = {"platform": chat.platform, "title": chat.title}
            notice = Notice(kind="not_pinned", audience=NoticeAudience.ADMINS, payload=payload, key=f"pin:{chat.id}")
            await uow.outbox.add(markets[-1].id, notice, self._now_ms())
            await uow.key_values.put(name, REFUSED)
            await uow.commit()


def _refusal(platform: str, place: str) -> str:
    return f"{platform}:pin-refused:{place}"
