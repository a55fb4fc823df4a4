"""The announcer's way to Telegram: posts, the pinned board, and what one person is told."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace

from bot.adapters.telegram_chat import NAME
from bot.adapters.telegram_chat.chats import ChatAddress
from bot.adapters.telegram_chat.ephemeral import with_close
from bot.adapters.telegram_chat.keyboards import KeyboardButton, rows_of_actions
from bot.adapters.telegram_chat.markup import TextRun, TextStyle, styled
from bot.adapters.telegram_chat.message_refs import EphemeralRef
from bot.adapters.telegram_chat.sender import Sender
from bot.chat.platform import RetryLaterError, Unreachable, UnreachableError
from bot.chat.rate_limits import Budget, Urgency
from bot.chat.reply import Reply
from bot.notifications.pinned_boards import PinnedBoards
from bot.words import telegram as words
from storage.clock import Clock
from storage.database import Database

log = logging.getLogger(__name__)

JUST_NOW_MS = 120_000  # who pressed a button so lately is still looking
MENTION_EVERY_MS = 6 * 3_600_000


class TelegramPlatform:
    """Implements `bot.chat.platform.Platform`. `link` makes a deep link of a payload, "" while the
    bot has no name yet."""

    def __init__(self, db: Database, sender: Sender, budget: Budget, clock: Clock, link: Callable[[str], str]) -> None:
        self._db = db
        self._sender = sender
        self._budget = budget
        self._monotonic_ms = clock.monotonic_ms
        self._pinned = PinnedBoards(db, NAME, clock.now_ms)
        self._link = link
        self._mentioned_at: dict[tuple[str, str], int] = {}

    @property
    def name(self) -> str:
        return NAME

    async def post(self, chat_ext: str, reply: Reply, *, nonce: str = "") -> str:
        """Into the chat or its topic; small news comes without a sound, the board is pinned."""
        address = _address(reply.route or chat_ext)
        ref = await self._sender.send(address, reply, rows_of_actions(reply.actions), silent=reply.silent, counted=1)
        if reply.pin:
            await self._pin(chat_ext, address, ref)
        return ref

    async def _pin(self, chat_ext: str, address: ChatAddress, ref: str) -> None:
        """In the place of the board that was pinned before; it works unpinned too."""
        try:
            await self._sender.pin(address, ref)
            previous = await self._pinned.pinned(address.ext, ref)
            if previous is not None:
                await self._sender.unpin(address, previous)
        except UnreachableError as error:
            log.info("the board in %s is not pinned: %s", address.ext, error)
            if error.why is Unreachable.FORBIDDEN:
                await self._pinned.refused(chat_ext, address.ext)
        except RetryLaterError as error:  # it stands: it is not posted again for this
            log.info("the board in %s is not pinned: %s", address.ext, error)

    async def edit(self, chat_ext: str, ref: str, reply: Reply) -> None:
        await self._sender.edit(_address(chat_ext), ref, reply, rows_of_actions(reply.actions), counted=1)

    async def tell(
        self, person_ext: str, reply: Reply, *, edit_ref: str | None, chat_ext: str | None, nonce: str = ""
    ) -> str:
        """In their private chat, where their tickets stand. Who cannot be written to is mentioned in `chat_ext` now and
        then, without a word of what it is about, and `Unreachable.PERSON` is raised all the same."""
        address = ChatAddress.of(person_ext)
        if address is None or not address.private:  # an anonymous admin, a channel
            raise UnreachableError(Unreachable.PERSON, "anonymous")
        keyboard = rows_of_actions(reply.actions)
        ephemeral_ref = EphemeralRef.of(edit_ref) if edit_ref is not None else None
        if ephemeral_ref is not None:
            return await self._tell_twice(address, ephemeral_ref, reply, chat_ext)
        try:
            if edit_ref is not None and chat_ext in (None, address.ext):
                try:
                    await self._sender.edit(address, edit_ref, reply, keyboard, counted=1)
                    return edit_ref
                except UnreachableError as error:
                    if error.why is not Unreachable.MESSAGE:
                        raise
            return await self._sender.send(address, reply, keyboard, counted=1)
        except UnreachableError as error:
            if error.why is Unreachable.PERSON:
                await self._mention(person_ext, chat_ext)
            raise

    async def _tell_twice(self, address: ChatAddress, ref: EphemeralRef, reply: Reply, chat_ext: str | None) -> str:
        """Their ticket in a group becomes its fill for them alone, which makes no sound and need not arrive. So their
        private chat has it too, where it is changed from then on: without a sound where they have just been told."""
        was_told = await self._replace_in_group(ref, reply) and self._sender.age_ms(ref) < JUST_NOW_MS
        keyboard = rows_of_actions(reply.actions)
        try:
            if ref.copy:
                with contextlib.suppress(UnreachableError):
                    await self._sender.edit(address, ref.copy, reply, keyboard, counted=1)
                    return str(ref)
            copy = await self._sender.send(address, reply, keyboard, silent=was_told, counted=1)
        except UnreachableError as error:
            if error.why is Unreachable.PERSON and not was_told:
                await self._mention(str(ref.person), chat_ext)
            raise
        return str(replace(ref, copy=copy))

    async def _replace_in_group(self, ref: EphemeralRef, reply: Reply) -> bool:
        """Whether it says so now, as far as anybody can tell."""
        group, now = ChatAddress(ref.chat), self._monotonic_ms()
        if self._budget.wait(group.ext, now, Urgency.NOTICE) > 0:
            return False
        self._budget.use(group.ext, now)
        try:
            await self._sender.edit(group, str(ref), reply, with_close(rows_of_actions(reply.actions)), counted=1)
        except UnreachableError as error:
            log.info("%s was not changed: %s", ref, error)
        except RetryLaterError as error:
            self._budget.refused(group.ext, error.after_ms, now, overall=error.overall)
        else:
            return True
        return False

    async def _mention(self, person_ext: str, chat_ext: str | None) -> None:
        name, last_chat = await self._name_and_chat(person_ext)
        asked_chat = ChatAddress.of(chat_ext) if chat_ext is not None else None
        address = asked_chat if asked_chat is not None and not asked_chat.private else last_chat
        link, now = self._link(""), self._monotonic_ms()
        if (
            address is None
            or not link
            or now - self._mentioned_at.get((person_ext, address.ext), -MENTION_EVERY_MS) < (MENTION_EVERY_MS)
        ):
            return
        if self._budget.wait(address.ext, now, Urgency.NOTICE) > 0:
            return
        self._mentioned_at[person_ext, address.ext] = now
        mention = TextRun(styled(words.news_for(name)).text, TextStyle.LINK, url=f"tg://user?id={person_ext}")
        button = KeyboardButton(label=words.OPEN, url=link)
        try:
            await self._sender.send(address, words.news(), ((button,),), silent=True, extra=(mention,))
        except (UnreachableError, RetryLaterError) as error:
            log.info("nobody could be mentioned in %s: %s", address.ext, error)

    async def _name_and_chat(self, person_ext: str) -> tuple[str, ChatAddress | None]:
        """Their name, and a group of the market they used last: tickets stand in private and name none."""
        async with self._db.reading() as uow:
            person = await uow.people.find(NAME, person_ext)
            market = await uow.markets.last_of_person(person.id) if person else None
            chats = await uow.chats.of_market(market.id) if market else []
        addresses = (ChatAddress.of(chat.external_id) for chat in chats if chat.platform == NAME and chat.lost is None)
        return person.name if person else "", next(
            (address for address in addresses if address and not address.private), None
        )


def _address(chat_ext: str) -> ChatAddress:
    address = ChatAddress.of(chat_ext)
    if address is None:
        raise UnreachableError(Unreachable.CHAT, f"{chat_ext} is no chat of Telegram")
    return address
