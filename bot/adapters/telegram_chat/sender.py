"""Every message of ours goes through here: laid out, sent to its chat and topic, edited in place, pinned, deleted.

At most `IN_FLIGHT` requests are under way (more than about 30 starve the event loop, httpcore scans its pool). An edit
to what stands there already is not sent. Edits of one message go one after the other, and one that was decided before
a newer one arrived is dropped: a ticket's fill is never overwritten by what was said while it was waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from telegram import Bot, ForceReply, InlineKeyboardMarkup, LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ChatAction, ParseMode
from telegram.error import ChatMigrated, TelegramError

from bot.adapters.telegram_chat.app_buttons import AppButtons
from bot.adapters.telegram_chat.chats import ChatAddress
from bot.adapters.telegram_chat.ephemeral_calls import edit_ephemeral
from bot.adapters.telegram_chat.errors import (
    NO_CONNECTION_MS,
    is_markup_error,
    is_unchanged,
    is_unknown_button,
    translate,
)
from bot.adapters.telegram_chat.keyboards import KeyboardRows, inline_keyboard, without_disabled
from bot.adapters.telegram_chat.limits import CAPTION, TEXT
from bot.adapters.telegram_chat.markup import MarkupPage, TextLine, pages, without_times
from bot.adapters.telegram_chat.message_refs import EphemeralRef, Ref, parse_ref
from bot.adapters.telegram_chat.render import RenderedReply, render, rows
from bot.chat.buttons import Buttons
from bot.chat.platform import RetryLaterError, Unreachable, UnreachableError
from bot.chat.rate_limits import Budget
from bot.chat.reply import Attachment, Reply
from bot.notifications.reachability import ChatPresence
from storage.clock import Clock

log = logging.getLogger(__name__)

IN_FLIGHT = 16
REMEMBERED = 5_000  # messages of ours whose content is known
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
ReplyMarkup = InlineKeyboardMarkup | ForceReply | None
Result = TypeVar("Result")


@dataclass(slots=True)
class _SentMessage:
    """What a message of ours says, how often it has changed, and who is changing it."""

    content: object = None
    version: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Sender:
    """`bot` is None while there is no connection."""

    def __init__(
        self, name: str, buttons: Buttons, presence: ChatPresence, budget: Budget, clock: Clock, apps: AppButtons
    ) -> None:
        self.bot: Bot | None = None
        self._apps = apps
        self._name = name
        self._buttons = buttons
        self._presence = presence
        self._budget = budget
        self._clock = clock
        self._in_flight = asyncio.Semaphore(IN_FLIGHT)
        self._sent: OrderedDict[tuple[int, str], _SentMessage] = OrderedDict()
        self._migrated: dict[int, int] = {}
        self._knows_times = True  # whether the server knows <tg-time>
        self._knows_disabled = True  # whether it knows a button that does nothing

    def forget(self) -> None:
        """Somebody else may have sent and edited since."""
        self._sent.clear()
        self._migrated.clear()
        self._knows_times = self._knows_disabled = True

    def version(self, address: ChatAddress, ref: Ref | EphemeralRef) -> int:
        """How often a message has been edited; for `edit(unless_newer_than=...)`."""
        sent = self._sent.get((address.chat, ref.key))
        return sent.version if sent else 0

    def age_ms(self, ref: EphemeralRef) -> int:
        """How long ago it answered them."""
        return self._clock.now_ms() - ref.at_ms

    def fits(self, reply: Reply) -> bool:
        """Whether one message holds it, as an edit needs."""
        return len(pages(rows(reply, self._clock.now_ms()))) == 1

    async def send(
        self,
        address: ChatAddress,
        reply: Reply,
        keyboard: KeyboardRows = (),
        *,
        reply_to: int | None = None,
        silent: bool = False,
        force: ForceReply | None = None,
        counted: int = 0,
        extra: TextLine = (),
    ) -> str:
        """Send a reply as one message or several; returns the ref of the one that carries its text and buttons.
        `reply_to` is a message it answers; `counted` how many of its messages the budget has counted already; `extra` a
        last row of what a `Reply` has no words for (a link, a mention)."""
        rendered = render(reply, self._clock.now_ms(), extra)
        markup: ReplyMarkup = force or await inline_keyboard(
            keyboard, self._buttons, self._apps, private=address.private
        )
        messages = self._messages(rendered)
        ref: Ref | None = None
        for number, (kind, page, media) in enumerate(messages):
            if number >= counted:
                self._budget.use(address.ext, self._clock.monotonic_ms())
            last = number == max(
                (i for i, message_parts in enumerate(messages) if message_parts[1] is not None), default=0
            )
            answered = reply_to if number == 0 else None
            message = await self._with_known_buttons(
                markup if last else None,
                partial(self._send_one, address, kind, page, media, reply_to=answered, silent=silent),
            )
            address = ChatAddress(message.chat_id, address.topic)
            if last:
                ref = Ref(message.message_id, caption=kind != "text")
                self._remember(address, ref, (page, markup))
        if ref is None:
            raise AssertionError("a reply without any message")
        return str(ref)

    async def edit(
        self,
        address: ChatAddress,
        ref: str,
        reply: Reply,
        keyboard: KeyboardRows = (),
        *,
        unless_newer_than: int | None = None,
        counted: int = 0,
    ) -> bool:
        """Replace what a message of ours says, in one message; False where it has changed since version
        `unless_newer_than`. One that a single member of a group sees stands where its ref says, whatever the address.
        Raises the port's errors."""
        message_ref = parse_ref(ref)
        if message_ref is None:
            raise UnreachableError(Unreachable.MESSAGE, "no message of Telegram")
        if isinstance(message_ref, EphemeralRef):
            address = ChatAddress(message_ref.chat)
        limit = CAPTION if isinstance(message_ref, Ref) and message_ref.caption else TEXT
        page = pages(rows(reply, self._clock.now_ms()), limit, limit)[0]
        markup = await inline_keyboard(keyboard, self._buttons, self._apps, private=address.private)
        sent = self._sent_message(address, message_ref)
        async with sent.lock:
            if unless_newer_than is not None and sent.version > unless_newer_than:
                return False
            if sent.content == (page, markup):
                return True
            sent.version += 1
            if not counted:
                self._budget.use(address.ext, self._clock.monotonic_ms())
            await self._with_known_buttons(markup, partial(self._replace, address, message_ref, page))
            sent.content = (page, markup)
        return True

    async def pin(self, address: ChatAddress, ref: str) -> None:
        """Keep a message at the top, without a sound. Raises the port's errors."""
        message_ref = Ref.of(ref)
        if message_ref is not None:
            await self.call(address, lambda bot, chat: bot.pin_chat_message(chat, message_ref.message, True))

    async def unpin(self, address: ChatAddress, ref: str) -> None:
        """It is kept at the top no more. Raises the port's errors."""
        message_ref = Ref.of(ref)
        if message_ref is not None:
            await self.call(address, lambda bot, chat: bot.unpin_chat_message(chat, message_ref.message))

    async def delete(self, address: ChatAddress, message: int) -> None:
        """Best effort: a message too old to be deleted stays."""
        try:
            await self.call(address, lambda bot, chat: bot.delete_message(chat, message))
        except (UnreachableError, RetryLaterError) as error:
            log.debug("message %s in %s stays: %s", message, address.ext, error)

    async def act(self, address: ChatAddress, action: ChatAction) -> None:
        """Show for a moment what the bot is doing there. Best effort: it is no message."""
        try:
            await self.call(
                address, lambda bot, chat: bot.send_chat_action(chat, action, message_thread_id=address.topic)
            )
        except (UnreachableError, RetryLaterError) as error:
            log.debug("%s in %s is not shown: %s", action, address.ext, error)

    def _messages(self, rendered: RenderedReply) -> list[tuple[str, MarkupPage | None, Attachment | None]]:
        """Messages in the order they are sent: kind, text, media."""
        files = [("photo", file) for file in rendered.photos] + [("document", file) for file in rendered.documents]
        texts: list[tuple[str, MarkupPage | None, Attachment | None]] = [
            ("text", page, None) for page in rendered.pages
        ]
        if rendered.caption is None or not files:
            return [*((kind, None, file) for kind, file in files if kind == "photo"), *texts,
                    *((kind, None, file) for kind, file in files if kind != "photo")]  # fmt: skip
        (kind, first), *others = files
        return [(kind, rendered.caption, first), *((kind, None, file) for kind, file in others), *texts]

    async def _send_one(
        self,
        address: ChatAddress,
        kind: str,
        page: MarkupPage | None,
        media: Attachment | None,
        markup: ReplyMarkup,
        *,
        reply_to: int | None,
        silent: bool,
    ) -> Message:
        reply_parameters = ReplyParameters(message_id=reply_to, allow_sending_without_reply=True) if reply_to else None

        async def call(bot: Bot, chat: int, text: str | None, mode: ParseMode | None) -> Message:
            if kind == "text" or media is None:
                return await bot.send_message(
                    chat, text or "…", mode, link_preview_options=_NO_PREVIEW, disable_notification=silent,
                    message_thread_id=address.topic, reply_parameters=reply_parameters, reply_markup=markup,
                )  # fmt: skip
            if kind == "photo":
                return await bot.send_photo(
                    chat, media.data, text, parse_mode=mode, filename=media.name, disable_notification=silent,
                    message_thread_id=address.topic, reply_parameters=reply_parameters, reply_markup=markup,
                )  # fmt: skip
            return await bot.send_document(
                chat, media.data, text, parse_mode=mode, filename=media.name, disable_notification=silent,
                message_thread_id=address.topic, reply_parameters=reply_parameters, reply_markup=markup,
            )  # fmt: skip

        return await self._call_with_markup(address, page, call)

    async def _replace(
        self, address: ChatAddress, message_ref: Ref | EphemeralRef, page: MarkupPage, markup: ReplyMarkup
    ) -> None:
        assert not isinstance(markup, ForceReply)

        async def call(bot: Bot, chat: int, text: str | None, mode: ParseMode | None) -> object:
            if isinstance(message_ref, EphemeralRef):
                return await edit_ephemeral(bot, message_ref, text or "…", mode, markup)
            if message_ref.caption:
                return await bot.edit_message_caption(chat, message_ref.message, None, text, markup, parse_mode=mode)
            return await bot.edit_message_text(
                text or "…",
                chat,
                message_ref.message,
                parse_mode=mode,
                link_preview_options=_NO_PREVIEW,
                reply_markup=markup,
            )

        with contextlib.suppress(_UnchangedError):
            await self._call_with_markup(address, page, call)

    async def _with_known_buttons(
        self, markup: ReplyMarkup, send: Callable[[ReplyMarkup], Awaitable[Result]]
    ) -> Result:
        """With all buttons; a server that refuses those that do nothing gets the others."""
        if self._knows_disabled or not isinstance(markup, InlineKeyboardMarkup):
            try:
                return await send(markup)
            except _UnknownButtonError:
                self._knows_disabled = False
        return await send(without_disabled(markup) if isinstance(markup, InlineKeyboardMarkup) else markup)

    async def _call_with_markup(
        self,
        address: ChatAddress,
        page: MarkupPage | None,
        call: Callable[[Bot, int, str | None, ParseMode | None], Awaitable[Result]],
    ) -> Result:
        """Ask with HTML; a server that refuses it gets less of it, at last plain text."""
        if page is None:
            return await self.call(address, lambda bot, chat: call(bot, chat, None, None))
        text = page.html if self._knows_times else without_times(page.html)
        try:
            return await self.call(address, lambda bot, chat: call(bot, chat, text, ParseMode.HTML), markup=True)
        except _MarkupError as error:
            log.warning("markup refused, sent with less of it: %s", error)
            plainer = without_times(text)
            self._knows_times = self._knows_times and plainer == text
        try:
            return await self.call(address, lambda bot, chat: call(bot, chat, plainer, ParseMode.HTML), markup=True)
        except _MarkupError:
            return await self.call(address, lambda bot, chat: call(bot, chat, page.plain, None))

    async def call(
        self, address: ChatAddress, call: Callable[[Bot, int], Awaitable[Result]], *, markup: bool = False
    ) -> Result:
        """One request, errors as the port's; a chat that has moved is followed, once."""
        if self.bot is None:
            raise RetryLaterError(NO_CONNECTION_MS, overall=True)
        chat = self._migrated.get(address.chat, address.chat)
        try:
            async with self._in_flight:
                return await call(self.bot, chat)
        except ChatMigrated as error:
            await self.migrate(chat, error.new_chat_id)
            return await self.call(ChatAddress(error.new_chat_id, address.topic), call, markup=markup)
        except TelegramError as error:
            if is_unchanged(error):
                raise _UnchangedError from error
            if is_unknown_button(error):
                raise _UnknownButtonError from error
            if markup and is_markup_error(error):
                raise _MarkupError(error.message) from error
            raise translate(error, private=address.private) from error

    def is_migration_target(self, chat: int) -> bool:
        """Whether a group of ours has moved there."""
        return chat in self._migrated.values()

    async def migrate(self, old: int, new: int) -> None:
        """A group became a supergroup: all that was there goes along."""
        if self._migrated.get(old) == new:
            return
        self._migrated[old] = new
        await self._presence.moved(self._name, str(old), str(new))

    def _sent_message(self, address: ChatAddress, ref: Ref | EphemeralRef) -> _SentMessage:
        key = (address.chat, ref.key)
        sent = self._sent.setdefault(key, _SentMessage())
        self._sent.move_to_end(key)
        while len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)
        return sent

    def _remember(self, address: ChatAddress, ref: Ref, content: object) -> None:
        self._sent_message(address, ref).content = content


class _UnchangedError(Exception):
    """An edit to what stands there already: success."""


class _UnknownButtonError(Exception):
    """The server knows no button without an action."""


class _MarkupError(Exception):
    """The server does not know a tag."""
