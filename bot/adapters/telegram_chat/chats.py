"""The address of a chat, and in a forum of its topic.

Who belongs to a chat and who administers it, as Telegram says at this moment. Of those who speak there it is asked once
in five minutes, and forgotten at the first word of a change.
"""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from telegram import Bot, ChatMemberRestricted
from telegram.constants import ChatMemberStatus
from telegram.error import TelegramError

from bot.chat.rate_limits import Budget
from bot.chat.rights import Standing

_EXT = re.compile(r"(-?[1-9]\d{0,18})(?::([1-9]\d{0,18}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ChatAddress:
    """`-1001234` or `-1001234:77`; the general topic of a forum is the chat itself. People count from 1 up."""

    chat: int
    topic: int | None = None

    @property
    def ext(self) -> str:
        return str(self.chat) if self.topic is None else f"{self.chat}:{self.topic}"

    @property
    def private(self) -> bool:
        return self.chat > 0

    @classmethod
    def of(cls, ext: str) -> ChatAddress | None:
        """None where it is no chat of Telegram (an anonymous admin's id, say)."""
        match = _EXT.fullmatch(ext)
        if match is None:
            return None
        return cls(int(match[1]), int(match[2]) if match[2] else None)


log = logging.getLogger(__name__)

CACHE_MS = 300_000
REMEMBERED = 20_000
_ADMINS = (ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR)


async def ask_standing(bot: Bot, chat: int, person: int) -> Standing:
    """What Telegram says they are there; of a channel its admins and subscribers. Raises TelegramError."""
    try:
        member = await bot.get_chat_member(chat, person)
    except TypeError as error:  # a server that tells less of a member than the library insists on
        raise TelegramError(f"a member that cannot be read: {error}") from error
    if member.status in _ADMINS:
        return Standing.ADMIN
    if isinstance(member, ChatMemberRestricted):
        return Standing.MEMBER if member.is_member else Standing.STRANGER
    is_member = member.status == ChatMemberStatus.MEMBER
    return Standing.MEMBER if is_member else Standing.STRANGER


async def ask_admins(bot: Bot, chat: int) -> list[tuple[str, str]]:
    """The people who administer it, id and name, anonymous ones too; no bots. Raises TelegramError.
    core.telegram.org/bots/api#getchatadministrators"""
    try:
        admins = await bot.get_chat_administrators(chat)
    except TypeError as error:  # as above
        raise TelegramError(f"admins that cannot be read: {error}") from error
    return [(str(admin.user.id), admin.user.full_name) for admin in admins if not admin.user.is_bot]


class ChatRanks:
    def __init__(self, budget: Budget, monotonic_ms: Callable[[], int]) -> None:
        self._budget = budget
        self._monotonic_ms = monotonic_ms
        self._cache: OrderedDict[tuple[int, int], tuple[int, Standing]] = OrderedDict()

    def cached(self, address: ChatAddress, person: int) -> Standing | None:
        """What was said at the last look, if that is recent."""
        at_ms, rank = self._cache.get((address.chat, person), (None, None))
        return rank if at_ms is not None and self._monotonic_ms() - at_ms < CACHE_MS else None

    async def rank(self, bot: Bot, address: ChatAddress, person: int) -> Standing:
        """A stranger too where Telegram cannot say: rights that cannot be proved are none. Our own standing is asked
        beside the budget: it decides about an answer that can go another way."""
        rank = self.cached(address, person)
        if rank is not None:
            return rank
        if person != bot.id:
            self._budget.use(address.ext, self._monotonic_ms())
        try:
            rank = await ask_standing(bot, address.chat, person)
        except TelegramError as error:
            log.info("rights in %s are unknown: %s", address.ext, error)
            return Standing.STRANGER
        self._cache[address.chat, person] = (self._monotonic_ms(), rank)
        self._cache.move_to_end((address.chat, person))
        while len(self._cache) > REMEMBERED:
            self._cache.popitem(last=False)
        return rank

    def forget(self, chat: int, person: int | None = None) -> None:
        """Something changed for this person in this chat, or for all in it."""
        for key in [key for key in self._cache if key[0] == chat and person in (None, key[1])]:
            del self._cache[key]
