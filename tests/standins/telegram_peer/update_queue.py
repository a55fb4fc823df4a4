"""The bot's updates: which are made, which are wanted, which are still unconfirmed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .changes import Changes
from .errors import Json

if TYPE_CHECKING:
    from .chats import Message
    from .people import User

KINDS = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "callback_query",
    "inline_query",
    "my_chat_member",
    "chat_member",
)
# what comes without being asked for (getUpdates, allowed_updates)
DEFAULT = frozenset(KINDS) - {"chat_member"}
COMMAND = re.compile(r"/[A-Za-z0-9_]{1,64}(?:@([A-Za-z]\w{2,31}))?(?![\w/])")


class UpdateQueue:
    """Updates in order, kept until an offset (or a webhook's 2xx) confirms them."""

    def __init__(self, changes: Changes) -> None:
        self.changes = changes
        self.next_id = 700_000_001
        self.pending: list[Json] = []
        self.everything: list[Json] = []
        self.allowed: frozenset[str] = DEFAULT

    def put(self, kind: str, content: Json, *, times: int = 1) -> bool:
        """Files an update (the same content under several ids if `times` says so); False if its kind is unwanted."""
        if kind not in self.allowed:
            return False
        for _ in range(times):
            update = {"update_id": self.next_id, kind: content}
            self.next_id += 1
            self.pending.append(update)
            self.everything.append(update)
        self.changes.notify()
        return True

    def allow(self, kinds: list[str] | None) -> None:
        """An empty list means the default; None leaves it as it was."""
        if kinds is not None:
            self.allowed = frozenset(kinds) & frozenset(KINDS) if kinds else DEFAULT

    def confirm(self, offset: int) -> None:
        """All before `offset` are forgotten; a negative one keeps only so many of the last."""
        if offset < 0:
            self.pending = self.pending[offset:]
        elif offset > 0:
            self.pending = [update for update in self.pending if update["update_id"] >= offset]


def reaches(message: Message, bot: User, *, privacy: bool) -> bool:
    """Whether a message of a group is shown to the bot (core.telegram.org/bots/features#privacy-mode)."""
    chat = message.chat
    if not chat.is_group or not privacy or chat.member(bot).admin or message.service:
        return True
    if message.reply_to and (message.reply_to.by_bot or message.reply_to.seen_by_bot):
        return True
    if not (match := COMMAND.match(message.text)):
        return False
    named = match.group(1)
    return named.lower() == (bot.username or "").lower() if named else chat.last_bot is None
