"""Who comes and goes: the bot asked into a chat and put out of it, groups that move, people who block it."""

from __future__ import annotations

import asyncio

from telegram import ChatMember, ChatMemberRestricted, ChatMemberUpdated, Message
from telegram.constants import ChatMemberStatus, ChatType

from bot.adapters.telegram_chat import NAME
from bot.adapters.telegram_chat.chats import ChatAddress, Rights
from bot.adapters.telegram_chat.incoming import IncomingUpdate
from bot.adapters.telegram_chat.sender import Sender
from bot.adapters.telegram_chat.throttle import Throttle
from bot.chat.invocation import ChatKind
from bot.chat.platform import Unreachable
from bot.notifications.reachability import ChatPresence
from bot.words import telegram as words
from storage.database import Database

MOVING_MS = 1_000  # a group that moves is reported in several updates, in no sure order
_PRESENT = (ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.MEMBER)
_GROUPS = (ChatType.GROUP, ChatType.SUPERGROUP)


class Membership:
    def __init__(self, db: Database, post: Sender, rights: Rights, presence: ChatPresence, patience: Throttle) -> None:
        self._db = db
        self._post = post
        self._rights = rights
        self._presence = presence
        self._patience = patience
        self._moves: dict[int, asyncio.Task[None]] = {}  # by the old and the new chat
        self._here: set[str] = set()  # chats known to be reached since the start

    def follow(self, message: Message) -> None:
        """A group becomes a supergroup. Nothing awaits here: what is said in the new one waits for it."""
        if message.migrate_to_chat_id is not None:
            self._move(message.chat.id, message.migrate_to_chat_id)
        elif message.migrate_from_chat_id is not None:
            self._move(message.migrate_from_chat_id, message.chat.id)

    def _move(self, old: int, new: int) -> None:
        if new not in self._moves:
            self._moves[new] = self._moves[old] = asyncio.create_task(self._moved(old, new))

    async def _moved(self, old: int, new: int) -> None:
        await self._post.moved(old, new)
        await self._found(str(new))  # Telegram may have said before that we left the old one

    async def settled(self, chat: int) -> None:
        """Once a chat that moves has moved."""
        if (move := self._moves.get(chat)) is not None:
            await asyncio.shield(move)

    def changed(self, change: ChatMemberUpdated) -> None:
        """Somebody else's standing in a chat is another one now."""
        self._rights.forget(change.chat.id, change.new_chat_member.user.id)

    async def came_or_went(self, change: ChatMemberUpdated) -> None:
        """Our own standing is another one now; in a private chat: she has blocked us, or not any more."""
        chat, now, before = change.chat, change.new_chat_member, change.old_chat_member
        ext, private = str(chat.id), chat.type == ChatType.PRIVATE
        self._rights.forget(chat.id)
        if not _present(now, chat.type):
            self._here = {one for one in self._here if one.partition(":")[0] != ext}
            await self._presence.left(NAME, ext, Unreachable.PERSON if private else Unreachable.CHAT)
            return
        kind = ChatKind.PRIVATE if private else ChatKind.GROUP
        is_new = await self._presence.arrived(NAME, ext, kind.value, chat.title or "")
        await self._found(ext)
        if is_new and not _present(before, chat.type) and chat.type in _GROUPS:
            await self._patience.rest(MOVING_MS)
            if not self._post.is_new_home(chat.id):
                await self._greet(ChatAddress(chat.id))

    async def _greet(self, place: ChatAddress) -> None:
        await self._patience.send(place, lambda: self._post.send(place, words.first_words(), silent=True, counted=1))

    async def here(self, who: IncomingUpdate) -> None:
        """Somebody speaks there, so it can be reached: looked at once a start."""
        if who.place.ext not in self._here:
            self._here.add(who.place.ext)
            await self._found(str(who.place.chat))

    async def _found(self, ext: str) -> None:
        """The chat and its topics are served again, where they were taken to be out of reach; where only a right is
        missing they are not."""
        async with self._db.reading() as uow:
            lost = await uow.chats.lost()
        for chat in lost:
            mine = chat.platform == NAME and chat.external_id.partition(":")[0] == ext
            if mine and chat.lost in (Unreachable.CHAT, Unreachable.PERSON):
                await self._presence.arrived(NAME, chat.external_id, chat.kind, chat.title)


def _present(member: ChatMember, kind: str) -> bool:
    """Whether a bot with this standing can speak there."""
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status in (_PRESENT[:2] if kind == ChatType.CHANNEL else _PRESENT)
