"""Answers in a group that one member sees: whether this server has such messages, and how one comes about.

Nothing private is ever posted. An answer begins as a post that says nothing; only when that came back with an
`ephemeral_message_id`, so that nobody else sees it, it is edited into the answer, by a method that can change no public
message. A post without that id stands for everybody: it is deleted, and its form is not used for a day, for every
attempt is seen in a group. That is kept with the address of the server, so that a restart does not try again; another
server is asked anew. A server that does not know the methods of 10.2 is sent no such post at all.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from telegram import Bot
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.adapters.telegram_chat.chats import ChatAddress, ChatRanks
from bot.adapters.telegram_chat.ephemeral_calls import EphemeralForm, delete_ephemeral, send_ephemeral
from bot.adapters.telegram_chat.errors import is_unknown_method
from bot.adapters.telegram_chat.forms import question_of
from bot.adapters.telegram_chat.incoming import IncomingUpdate
from bot.adapters.telegram_chat.keyboards import KeyboardButton, KeyboardRows, rows_of_actions
from bot.adapters.telegram_chat.message_refs import EphemeralRef, ReplacedMessage
from bot.adapters.telegram_chat.sender import Sender
from bot.adapters.telegram_chat.throttle import SHORT_WAIT_MS, Throttle
from bot.chat.invocation import Invocation
from bot.chat.platform import RetryLaterError, Unreachable, UnreachableError
from bot.chat.rate_limits import Budget, Urgency
from bot.chat.reply import Reply
from bot.chat.rights import Standing
from bot.dispatcher import Dispatcher
from bot.words import telegram as words
from storage.clock import Clock
from storage.database import Database
from storage.trouble import TroubleError

log = logging.getLogger(__name__)

AGAIN_MS = 24 * 3_600_000  # servers are updated under the same address
_NOBODY = EphemeralRef(chat=-1, person=1, message=1, at_ms=0)
Result = TypeVar("Result")


class EphemeralForms:
    """What the server at `api_base` takes, as far as it has shown by now."""

    def __init__(self, db: Database, api_base: str, now_ms: Callable[[], int]) -> None:
        self._db = db
        self._base = hashlib.sha256(api_base.encode()).hexdigest()[:16]
        self._now_ms = now_ms
        self._failed: dict[str, int] | None = None  # when a form was last taken for a public post; None: not read yet
        self._knows_methods: bool | None = None

    async def usable(self, sender: Sender) -> EphemeralForm | None:
        """The newest form that has not failed, where the server knows such messages at all."""
        if self._failed is None:
            self._failed = await self._kept()
        since = self._now_ms() - AGAIN_MS
        form = next((form for form in EphemeralForm if self._failed.get(form.value, 0) <= since), None)
        if form is None:
            return None
        if self._knows_methods is None:
            self._knows_methods = await _knows_methods(sender)
        return form if self._knows_methods else None

    async def failed(self, form: EphemeralForm, *, was_proven: bool) -> None:
        """What was sent so stood there for everybody. A server that has taken the newer form never takes the older."""
        log.warning("this Telegram server does not show a message to one member alone in the form of Bot API %s", form)
        forms = list(EphemeralForm) if was_proven else [form]
        self._failed = (self._failed or {}) | {form.value: self._now_ms() for form in forms}
        self._knows_methods = None
        with suppress(TroubleError):
            async with self._db.writing() as uow:
                await uow.key_values.put(self._fact, json.dumps(self._failed))
                await uow.commit()

    @property
    def _fact(self) -> str:
        return f"telegram ephemeral {self._base}"

    async def _kept(self) -> dict[str, int]:
        async with self._db.reading() as uow:
            kept = await uow.key_values.get(self._fact)
        try:
            return {str(form): int(at_ms) for form, at_ms in json.loads(kept or "{}").items()}
        except (ValueError, AttributeError):
            return {}


async def _knows_methods(sender: Sender) -> bool | None:
    """Whether the methods of 10.2 are there, by one that finds nothing to do; None where nobody answers."""
    if sender.bot is None:
        return None
    try:
        await delete_ephemeral(sender.bot, _NOBODY)
    except TelegramError as error:
        if is_unknown_method(error):
            return False
        return True if isinstance(error, BadRequest | Forbidden) else None
    return True


class EphemeralAnswers:
    """Answers in place of the private chat, as far as the server and the group's minute have room for them."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        sender: Sender,
        forms: EphemeralForms,
        ranks: ChatRanks,
        throttle: Throttle,
        budget: Budget,
        clock: Clock,
    ) -> None:
        self._dispatcher = dispatcher
        self._sender = sender
        self._forms = forms
        self._ranks = ranks
        self._throttle = throttle
        self._budget = budget
        self._clock = clock
        self._proving = asyncio.Lock()
        self._proven: EphemeralForm | None = None

    async def answer(
        self,
        incoming: IncomingUpdate,
        invocation: Invocation,
        reply: Reply,
        *,
        replaces: ReplacedMessage | None = None,
        page: int = 0,
    ) -> bool:
        """Say it in the group to them alone, in place of what they see alone already where that is to be replaced;
        False where it must go another way. Files go another way, and what is to be typed, and what is shown for this
        once: nobody promises that it arrives."""
        question = None if reply.form is None else question_of(reply.form, reply, None, page=page)
        text = question.reply if question is not None else reply
        if reply.files or reply.secret or (question is not None and question.typed) or not self._sender.fits(text):
            return False
        keyboard = question.keyboard if question is not None else rows_of_actions(reply.actions)
        if question is None and reply.ticket is None:
            keyboard = with_close(keyboard)
        standing = EphemeralRef.of(replaces.ref) if replaces is not None else None
        ref = standing or await self.begin(incoming)
        if ref is None:
            return False
        version = replaces.version if standing is not None and replaces is not None else None
        try:
            filled = await self.fill(ref, text, keyboard, begun=standing is None, unless_newer_than=version)
        except (UnreachableError, RetryLaterError) as error:
            log.info("an answer goes to the private chat: %s", error)
            if standing is None:
                await self.discard(ref)
            return False
        if filled:
            ref = replace(ref, at_ms=self._clock.now_ms())
            await self._dispatcher.placed(reply, replace(invocation, chat_ext=incoming.address.ext), str(ref))
        return True

    async def begin(self, incoming: IncomingUpdate) -> EphemeralRef | None:
        """A message in this group that they alone see and that says nothing yet; None where there can be none. A press
        in a public message has it in that message's place."""
        if incoming.person is None or not incoming.in_group:
            return None
        try:
            if not self._has_room(incoming.address) or not await self._may(incoming):
                return None
            if self._proven is not None:
                return await self._post(incoming, self._proven)
            async with self._proving:  # one stray post shows what a server does, two would be one too many
                return await self._prove(incoming)
        except (UnreachableError, RetryLaterError, TroubleError) as error:
            log.info("an answer goes to the private chat: %s", error)
            return None

    async def fill(
        self,
        ref: EphemeralRef,
        reply: Reply,
        keyboard: KeyboardRows,
        *,
        begun: bool = False,
        unless_newer_than: int | None = None,
    ) -> bool:
        """Make it say this; False where it has changed since. Raises the port's errors, RetryLaterError rather than
        waiting for the group's minute. What has just begun is filled at once: short bursts are tolerated."""
        address = ChatAddress(ref.chat)
        if not begun:
            wait = self._throttle.wait(address)
            if wait > SHORT_WAIT_MS:
                raise RetryLaterError(wait)
            await self._throttle.sleep(wait)

        async def edit() -> bool:
            return await self._sender.edit(
                address, str(ref), reply, keyboard, unless_newer_than=unless_newer_than, counted=1
            )

        return await self._counted(address, edit)

    async def discard(self, ref: EphemeralRef) -> None:
        """Take it away; what it stood in place of is seen again. Best effort."""
        try:
            await self._sender.call(ChatAddress(ref.chat), lambda bot, _: delete_ephemeral(bot, ref))
        except (UnreachableError, RetryLaterError) as error:
            log.debug("%s stays: %s", ref, error)

    def _has_room(self, address: ChatAddress) -> bool:
        """Such answers have another way, so they take what announcements leave of the group's minute, and wait for
        nothing. Whether they count against it is documented nowhere; they are counted."""
        now = self._clock.monotonic_ms()
        return self._budget.wait(address.ext, now, Urgency.NOTICE) <= 0

    async def _may(self, incoming: IncomingUpdate) -> bool:
        """An answer to a press or to their own ephemeral command, or that of an administrator."""
        bot = self._sender.bot
        if bot is None or incoming.query_id or incoming.ephemeral_id is not None:
            return bot is not None
        return await self._ranks.rank(bot, incoming.address, bot.id) is Standing.ADMIN

    async def _prove(self, incoming: IncomingUpdate) -> EphemeralRef | None:
        """In the newest form that this server takes."""
        while (form := self._proven or await self._forms.usable(self._sender)) is not None:
            ref = await self._post(incoming, form)
            if ref is not None:
                return ref
        return None

    async def _post(self, incoming: IncomingUpdate, form: EphemeralForm) -> EphemeralRef | None:
        address, person = incoming.address, incoming.person
        assert person is not None

        replaces = bool(incoming.query_id) and not incoming.in_ephemeral and form is EphemeralForm.OBJECT

        async def send(bot: Bot, chat: int) -> tuple[int | None, int]:
            return await send_ephemeral(
                bot, chat, words.ONE_MOMENT, form, person=person, query_id=incoming.query_id,
                replaces=replaces, topic=address.topic,
                answers=None if incoming.query_id else incoming.ephemeral_id,
            )  # fmt: skip

        try:
            ephemeral_id, message_id = await self._counted(address, lambda: self._sender.call(address, send))
        except UnreachableError as error:
            if not replaces or error.why is not Unreachable.MESSAGE:
                raise
            replaces = False  # that message cannot be stood in for
            ephemeral_id, message_id = await self._counted(address, lambda: self._sender.call(address, send))
        if ephemeral_id is None:
            was_proven, self._proven = self._proven is form, None
            await self._sender.delete(address, message_id)
            await self._forms.failed(form, was_proven=was_proven)
            return None
        self._proven = form
        return EphemeralRef(chat=address.chat, person=person, message=ephemeral_id, at_ms=self._clock.now_ms())

    async def _counted(self, address: ChatAddress, send: Callable[[], Awaitable[Result]]) -> Result:
        """Sent now; a 429 is made known to all who send there."""
        self._budget.use(address.ext, self._clock.monotonic_ms())
        try:
            return await send()
        except RetryLaterError as error:
            monotonic_ms = self._clock.monotonic_ms()
            self._budget.refused(address.ext, error.after_ms, monotonic_ms, overall=error.overall)
            raise


def with_close(keyboard: KeyboardRows) -> KeyboardRows:
    """Below what is done with in such a message: the button that takes it away, and shows what it stood in place of."""
    return (*keyboard, (KeyboardButton(label=words.CLOSE, line="/help", form_action="d"),))
