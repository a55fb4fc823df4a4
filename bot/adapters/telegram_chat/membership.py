"""The bot and people come and go: added to a chat and removed from it, groups that migrate, people who block it."""

from __future__ import annotations

import asyncio

from telegram import ChatMember, ChatMemberRestricted, ChatMemberUpdated, Message
from telegram.constants import ChatMemberStatus, ChatType

from bot.adapters.telegram_chat import NAME
from bot.adapters.telegram_chat.chats import ChatAddress, ChatRanks
from bot.adapters.telegram_chat.incoming import IncomingUpdate
from bot.adapters.telegram_chat.keyboards import rows_of_actions
from bot.adapters.telegram_chat.sender import Sender
from bot.adapters.telegram_chat.throttle import Throttle
from bot.chat.invocation import ChatKind
from bot.chat.platform import Unreachable
from bot.notifications.reachability import ChatPresence
from bot.words import telegram as words
from storage.database import Database
from storage.trouble import TroubleError

MIGRATION_MS = 1_000  # a group that moves is reported in several updates, in no sure order
_PRESENT_STATUSES = (ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.MEMBER)
_GROUPS = (ChatType.GROUP, ChatType.SUPERGROUP)


class Membership:
    def __init__(
        self, db: Database, sender: Sender, ranks: ChatRanks, presence: ChatPresence, throttle: Throttle
    ) -> None:
        self._db = db
        self._sender = sender
        self._ranks = ranks
        self._presence = presence
        self._throttle = throttle
        self._migrations: dict[int, asyncio.Task[None]] = {}  # by the old and the new chat
        self._active: set[str] = set()  # chats known to be reached since the start

    def on_message(self, message: Message) -> None:
        """A group becomes a supergroup. Nothing awaits here: what is said in the new one waits for it."""
        if message.migrate_to_chat_id is not None:
            self._start_migration(message.chat.id, message.migrate_to_chat_id)
        elif message.migrate_from_chat_id is not None:
            self._start_migration(message.migrate_from_chat_id, message.chat.id)

    def _start_migration(self, old: int, new: int) -> None:
        if new not in self._migrations:
            self._migrations[new] = self._migrations[old] = asyncio.create_task(self._migrate(old, new))

    async def _migrate(self, old: int, new: int) -> None:
        await self._sender.migrate(old, new)
        await self._reachable_again(str(new))  # Telegram may have said before that we left the old one

    async def wait_for_migration(self, chat: int) -> None:
        """Until a group that is becoming a supergroup has become it."""
        if (migration := self._migrations.get(chat)) is not None:
            await asyncio.shield(migration)

    def on_chat_member(self, change: ChatMemberUpdated) -> None:
        """Somebody else's status in a chat has changed."""
        self._ranks.forget(change.chat.id, change.new_chat_member.user.id)

    async def on_my_chat_member(self, change: ChatMemberUpdated) -> None:
        """Our own status has changed; in a private chat: the person has blocked us, or not any more."""
        chat, now, before = change.chat, change.new_chat_member, change.old_chat_member
        ext, private = str(chat.id), chat.type == ChatType.PRIVATE
        self._ranks.forget(chat.id)
        if not _is_present(now, chat.type):
            self._active = {chat_ext for chat_ext in self._active if chat_ext.partition(":")[0] != ext}
            await self._presence.left(NAME, ext, Unreachable.PERSON if private else Unreachable.CHAT)
            return
        kind = ChatKind.PRIVATE if private else ChatKind.GROUP
        is_new = await self._presence.arrived(NAME, ext, kind.value, chat.title or "")
        await self._reachable_again(ext)
        if is_new and not _is_present(before, chat.type) and chat.type in _GROUPS:
            await self._throttle.sleep(MIGRATION_MS)
            if not self._sender.is_migration_target(chat.id):
                await self._greet(ChatAddress(chat.id))

    async def _greet(self, address: ChatAddress) -> None:
        first = words.first_words()
        keyboard = rows_of_actions(first.actions)
        await self._throttle.send(address, lambda: self._sender.send(address, first, keyboard, silent=True, counted=1))

    async def on_activity(self, incoming: IncomingUpdate) -> None:
        """Somebody speaks there, so it can be reached: looked at once a start."""
        if incoming.address.ext not in self._active:
            self._active.add(incoming.address.ext)
            try:
                await self._reachable_again(str(incoming.address.chat))
            except TroubleError:  # they are answered all the same, and this is looked at again with their next word
                self._active.discard(incoming.address.ext)

    async def _reachable_again(self, ext: str) -> None:
        """The chat and its topics are served again, where they were taken to be out of reach; where only a right is
        missing they are not."""
        async with self._db.reading() as uow:
            lost = await uow.chats.lost()
        for chat in lost:
            is_same_chat = chat.platform == NAME and chat.external_id.partition(":")[0] == ext
            if is_same_chat and chat.lost in (Unreachable.CHAT, Unreachable.PERSON):
                await self._presence.arrived(NAME, chat.external_id, chat.kind, chat.title)


def _is_present(member: ChatMember, chat_type: str) -> bool:
    """Whether a bot with this status can send messages there."""
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status in (_PRESENT_STATUSES[:2] if chat_type == ChatType.CHANNEL else _PRESENT_STATUSES)
