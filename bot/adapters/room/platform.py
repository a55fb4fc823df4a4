"""The announcer's way into the room: what it posts, edits and tells becomes room messages."""

from __future__ import annotations

from collections.abc import Callable

from bot.adapters.room import NAME
from bot.adapters.room.message_log import BOARD, NEWS, TALK, MessageLog
from bot.adapters.room.render import replacement_body, stored_reply
from bot.chat.platform import Unreachable, UnreachableError
from bot.chat.reply import Board, Reply
from storage.database import Database
from storage.records import RoomMessage

MAIN = "room"  # the chat a browser finds at `/`


class RoomPlatform:
    """Implements `bot.chat.platform.Platform`. Nothing here can be out of reach but what was never there."""

    def __init__(self, db: Database, clock: Callable[[], int], log: MessageLog | None = None) -> None:
        self._db = db
        self.log = log or MessageLog(db, clock)

    @property
    def name(self) -> str:
        return NAME

    async def post(self, chat_ext: str, reply: Reply, *, nonce: str = "") -> str:
        """Post anew. A reply that shows the board is the board: pinned, where all others are announcements."""
        pinned = any(isinstance(block, Board) for block in reply.blocks)
        message = await self.log.append(chat_ext, BOARD if pinned else NEWS, {"reply": stored_reply(reply)})
        return str(message.id)

    async def edit(self, chat_ext: str, ref: str, reply: Reply) -> None:
        message = await self._find(ref)
        if message is None or message.room != chat_ext or message.person is not None:
            raise UnreachableError
        await self.log.replace(message.id, replacement_body(message, reply))

    async def tell(
        self, person_ext: str, reply: Reply, *, edit_ref: str | None, chat_ext: str | None, nonce: str = ""
    ) -> str:
        person = await self._person(person_ext)
        if person is None:
            raise UnreachableError(Unreachable.PERSON)
        message = await self._find(edit_ref) if edit_ref else None
        if message is None or message.person != person:
            message = await self.log.append(MAIN, TALK, {"reply": stored_reply(reply)}, person=person)
        else:
            await self.log.replace(message.id, replacement_body(message, reply))
        return str(message.id)

    async def _find(self, ref: str) -> RoomMessage | None:
        return await self.log.get(int(ref)) if ref.isascii() and ref.isdigit() else None

    async def _person(self, person_ext: str) -> int | None:
        async with self._db.reading() as uow:
            person = await uow.people.find(NAME, person_ext)
        return None if person is None else person.id
