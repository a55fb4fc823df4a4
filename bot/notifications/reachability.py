"""What an adapter learns about the chats it is in: asked in, put out, moved. Commands and the announcer build on it."""

from __future__ import annotations

from collections.abc import Callable

from bot import reaching
from bot.chat.platform import Why
from storage.database import Database


class Presence:
    """`clock` gives epoch milliseconds. Every method may be repeated; a repetition changes nothing."""

    def __init__(self, db: Database, clock: Callable[[], int]) -> None:
        self._db = db
        self._clock = clock

    async def arrived(self, platform: str, chat_ext: str, kind: str, title: str) -> bool:
        """The bot is in this chat (again): what waits for it may leave. True where it was not known to be."""
        async with self._db.writing() as uow:
            before = await uow.chats.find(platform, chat_ext)
            chat = await uow.chats.open(platform, chat_ext, kind, title, self._clock())
            known = before is not None and before.lost is None
            if not known:
                await uow.chats.found(chat.id)
                await uow.outbox.hurry(platform, chat_ext, self._clock())
                await reaching.hang_up(uow, chat, self._clock())
            await uow.commit()
        return not known

    async def left(self, platform: str, chat_ext: str, why: Why = Why.CHAT) -> None:
        """Nothing reaches this chat any more until `arrived`; its admins are told where else they can be found."""
        async with self._db.writing() as uow:
            await reaching.lost(uow, platform, chat_ext, why, "", self._clock())
            await uow.commit()

    async def moved(self, platform: str, old_ext: str, new_ext: str) -> None:
        """The platform gave the chat another id (a group became a supergroup); all that was there goes along."""
        async with self._db.writing() as uow:
            await uow.chats.move(platform, old_ext, new_ext)
            await uow.commit()
