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
from typing import TypeVar

from telegram import Bot, ForceReply, InlineKeyboardMarkup, LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import ChatMigrated, TelegramError

from bot.adapters.telegram_chat.chats import ChatAddress
from bot.adapters.telegram_chat.errors import NO_BOT_MS, is_markup, is_same, translated
from bot.adapters.telegram_chat.keyboards import Keys, keyboard
from bot.adapters.telegram_chat.limits import LONGEST_CAPTION, LONGEST_TEXT
from bot.adapters.telegram_chat.markup import MarkupPage, TextLine, pages, without_times
from bot.adapters.telegram_chat.message_refs import Ref
from bot.adapters.telegram_chat.render import RenderedReply, rows, sheet
from bot.chat.buttons import Buttons
from bot.chat.platform import RetryLaterError, Unreachable, UnreachableError
from bot.chat.rate_limits import Budget
from bot.chat.reply import Attachment, Reply
from bot.notifications.reachability import ChatPresence

log = logging.getLogger(__name__)

IN_FLIGHT = 16
REMEMBERED = 5_000  # messages of ours whose content is known
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
Markup = InlineKeyboardMarkup | ForceReply | None
Made = TypeVar("Made")


@dataclass(slots=True)
class _SentMessage:
    """What a message of ours says, how often it has changed, and who is changing it."""

    says: object = None
    turn: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Sender:
    """`bot` is None while there is no connection. `clock` gives epoch milliseconds."""

    def __init__(
        self, name: str, buttons: Buttons, presence: ChatPresence, budget: Budget, clock: Callable[[], int]
    ) -> None:
        self.bot: Bot | None = None
        self._name = name
        self._buttons = buttons
        self._presence = presence
        self._budget = budget
        self._clock = clock
        self._flight = asyncio.Semaphore(IN_FLIGHT)
        self._known: OrderedDict[tuple[int, int], _SentMessage] = OrderedDict()
        self._moved: dict[int, int] = {}
        self._times = True  # whether the server knows <tg-time>

    def turn(self, place: ChatAddress, message: int) -> int:
        """How often a message has been edited; for `edit(unless_after=...)`."""
        found = self._known.get((place.chat, message))
        return found.turn if found else 0

    def fits(self, reply: Reply) -> bool:
        """Whether one message holds it, as an edit needs."""
        return len(pages(rows(reply, self._clock()))) == 1

    async def send(
        self,
        place: ChatAddress,
        reply: Reply,
        keys: Keys = (),
        *,
        to: int | None = None,
        silent: bool = False,
        force: ForceReply | None = None,
        counted: int = 0,
        extra: TextLine = (),
    ) -> str:
        """Send a reply as one message or several; returns the ref of the one that carries its text and buttons. `to` is
        a message it answers; `counted` how many of its messages the budget has counted already; `extra` a last row of
        what a `Reply` has no words for (a link, a mention)."""
        laid = sheet(reply, self._clock(), extra)
        markup: Markup = force or await keyboard(keys, self._buttons)
        letters = self._letters(laid)
        ref: Ref | None = None
        for number, (kind, page, media) in enumerate(letters):
            if number >= counted:
                self._budget.use(place.ext, self._clock())
            last = number == max((i for i, one in enumerate(letters) if one[1] is not None), default=0)
            message = await self._one(
                place, kind, page, media, markup if last else None, to=to if number == 0 else None, silent=silent
            )
            place = ChatAddress(message.chat_id, place.topic)
            if last:
                ref = Ref(message.message_id, caption=kind != "text")
                self._learn(place, ref.message, (page, markup))
        if ref is None:
            raise AssertionError("a reply without any message")
        return str(ref)

    async def edit(
        self,
        place: ChatAddress,
        ref: str,
        reply: Reply,
        keys: Keys = (),
        *,
        unless_after: int | None = None,
        counted: int = 0,
    ) -> bool:
        """Replace what a message of ours says, in one message; False where it has changed since turn `unless_after`.
        Raises the port's errors."""
        at = Ref.of(ref)
        if at is None:
            raise UnreachableError(Unreachable.MESSAGE, "no message of Telegram")
        most = LONGEST_CAPTION if at.caption else LONGEST_TEXT
        page = pages(rows(reply, self._clock()), most, most)[0]
        markup = await keyboard(keys, self._buttons)
        known = self._about(place, at.message)
        async with known.lock:
            if unless_after is not None and known.turn > unless_after:
                return False
            if known.says == (page, markup):
                return True
            known.turn += 1
            if not counted:
                self._budget.use(place.ext, self._clock())
            await self._replace(place, at, page, markup)
            known.says = (page, markup)
        return True

    async def pin(self, place: ChatAddress, ref: str) -> None:
        """Keep a message at the top, without a sound; where we may not, it stays where it is."""
        at = Ref.of(ref)
        try:
            if at is not None:
                await self._call(place, lambda bot, chat: bot.pin_chat_message(chat, at.message, True))
        except UnreachableError as error:
            log.info("the board in %s is not pinned: %s", place.ext, error.detail)

    async def delete(self, place: ChatAddress, message: int) -> None:
        """Best effort: a message too old to be deleted stays."""
        try:
            await self._call(place, lambda bot, chat: bot.delete_message(chat, message))
        except (UnreachableError, RetryLaterError) as error:
            log.debug("message %s in %s stays: %s", message, place.ext, error)

    def _letters(self, laid: RenderedReply) -> list[tuple[str, MarkupPage | None, Attachment | None]]:
        """Messages in the order they are sent: kind, text, media."""
        media = [("photo", one) for one in laid.photos] + [("document", one) for one in laid.documents]
        texts: list[tuple[str, MarkupPage | None, Attachment | None]] = [("text", page, None) for page in laid.pages]
        if laid.caption is None or not media:
            return [*((kind, None, one) for kind, one in media if kind == "photo"), *texts,
                    *((kind, None, one) for kind, one in media if kind != "photo")]  # fmt: skip
        (kind, first), *others = media
        return [(kind, laid.caption, first), *((kind, None, one) for kind, one in others), *texts]

    async def _one(
        self,
        place: ChatAddress,
        kind: str,
        page: MarkupPage | None,
        media: Attachment | None,
        markup: Markup,
        *,
        to: int | None,
        silent: bool,
    ) -> Message:
        answers = ReplyParameters(message_id=to, allow_sending_without_reply=True) if to else None

        async def ask(bot: Bot, chat: int, text: str | None, mode: ParseMode | None) -> Message:
            if kind == "text" or media is None:
                return await bot.send_message(
                    chat, text or "…", mode, link_preview_options=_NO_PREVIEW, disable_notification=silent,
                    message_thread_id=place.topic, reply_parameters=answers, reply_markup=markup,
                )  # fmt: skip
            if kind == "photo":
                return await bot.send_photo(
                    chat, media.data, text, parse_mode=mode, filename=media.name, disable_notification=silent,
                    message_thread_id=place.topic, reply_parameters=answers, reply_markup=markup,
                )  # fmt: skip
            return await bot.send_document(
                chat, media.data, text, parse_mode=mode, filename=media.name, disable_notification=silent,
                message_thread_id=place.topic, reply_parameters=answers, reply_markup=markup,
            )  # fmt: skip

        return await self._marked(place, page, ask)

    async def _replace(
        self, place: ChatAddress, at: Ref, page: MarkupPage, markup: InlineKeyboardMarkup | None
    ) -> None:
        async def ask(bot: Bot, chat: int, text: str | None, mode: ParseMode | None) -> object:
            if at.caption:
                return await bot.edit_message_caption(chat, at.message, None, text, markup, parse_mode=mode)
            return await bot.edit_message_text(
                text or "…", chat, at.message, parse_mode=mode, link_preview_options=_NO_PREVIEW, reply_markup=markup
            )

        with contextlib.suppress(_SameError):
            await self._marked(place, page, ask)

    async def _marked(
        self,
        place: ChatAddress,
        page: MarkupPage | None,
        ask: Callable[[Bot, int, str | None, ParseMode | None], Awaitable[Made]],
    ) -> Made:
        """Ask with HTML; a server that refuses it gets less of it, at last plain text."""
        if page is None:
            return await self._call(place, lambda bot, chat: ask(bot, chat, None, None))
        text = page.html if self._times else without_times(page.html)
        try:
            return await self._call(place, lambda bot, chat: ask(bot, chat, text, ParseMode.HTML), markup=True)
        except _MarkupError as error:
            log.warning("markup refused, sent with less of it: %s", error)
            plainer = without_times(text)
            self._times = self._times and plainer == text
        try:
            return await self._call(place, lambda bot, chat: ask(bot, chat, plainer, ParseMode.HTML), markup=True)
        except _MarkupError:
            return await self._call(place, lambda bot, chat: ask(bot, chat, page.plain, None))

    async def _call(
        self, place: ChatAddress, ask: Callable[[Bot, int], Awaitable[Made]], *, markup: bool = False
    ) -> Made:
        """One request, errors as the port's; a chat that has moved is followed, once."""
        if self.bot is None:
            raise RetryLaterError(NO_BOT_MS, overall=True)
        chat = self._moved.get(place.chat, place.chat)
        try:
            async with self._flight:
                return await ask(self.bot, chat)
        except ChatMigrated as error:
            await self.moved(chat, error.new_chat_id)
            return await self._call(ChatAddress(error.new_chat_id, place.topic), ask, markup=markup)
        except TelegramError as error:
            if is_same(error):
                raise _SameError from error
            if markup and is_markup(error):
                raise _MarkupError(error.message) from error
            raise translated(error, private=place.private) from error

    def is_new_home(self, chat: int) -> bool:
        """Whether a group of ours has moved there."""
        return chat in self._moved.values()

    async def moved(self, old: int, new: int) -> None:
        """A group became a supergroup: all that was there goes along."""
        if self._moved.get(old) == new:
            return
        self._moved[old] = new
        await self._presence.moved(self._name, str(old), str(new))

    def _about(self, place: ChatAddress, message: int) -> _SentMessage:
        key = (place.chat, message)
        found = self._known.setdefault(key, _SentMessage())
        self._known.move_to_end(key)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return found

    def _learn(self, place: ChatAddress, message: int, says: object) -> None:
        self._about(place, message).says = says


class _SameError(Exception):
    """An edit to what stands there already: success."""


class _MarkupError(Exception):
    """The server does not know a tag."""
