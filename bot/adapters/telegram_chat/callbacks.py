"""Buttons pressed: each press is answered at once, done once, and by the one it was made for."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from telegram import CallbackQuery, Message

from bot.adapters.telegram_chat.callback_answer import CallbackAnswer
from bot.adapters.telegram_chat.forms import read_step
from bot.adapters.telegram_chat.incoming import IncomingUpdate, read_query
from bot.adapters.telegram_chat.keyboards import (
    CallbackData,
    KeyboardButton,
    KeyboardRows,
    parse_callback_data,
    rows_of_actions,
)
from bot.adapters.telegram_chat.membership import Membership
from bot.adapters.telegram_chat.message_refs import EphemeralRef, Ref, ReplacedMessage
from bot.adapters.telegram_chat.responses import CommandRequest, TelegramResponder
from bot.adapters.telegram_chat.sender import Sender
from bot.adapters.telegram_chat.turns import Turn, Turns
from bot.chat import plain_text
from bot.chat.buttons import Buttons
from bot.chat.invocation import Invocation
from bot.chat.reply import Reply
from bot.words import telegram as words
from bot.words import usage as words_usage
from storage.trouble import TroubleError

SHORT_ANSWER = 180  # signs of an answer that fits into the window above a button
DOUBLE_PRESS_MS = 2_000  # the same button pressed again within so long is the same press
REMEMBERED = 5_000
_ENDS = ("x", "d")  # of a form that is given up, of a message that has been read
_TRADES = ("/buy", "/sell", "/ticket")


class Callbacks:
    """All of one person's is done in its turn; by `monotonic_ms` two presses are apart."""

    def __init__(
        self,
        responder: TelegramResponder,
        sender: Sender,
        buttons: Buttons,
        membership: Membership,
        turns: Turns,
        monotonic_ms: Callable[[], int],
    ) -> None:
        self._responder = responder
        self._sender = sender
        self._buttons = buttons
        self._membership = membership
        self._turns = turns
        self._monotonic_ms = monotonic_ms
        self._seen: OrderedDict[tuple[object, ...], int] = OrderedDict()

    async def handle(self, query: CallbackQuery) -> None:
        if not self._is_new((query.id,)):
            return  # delivered a second time; a query is answered once
        async with CallbackAnswer(query) as callback_answer:
            incoming = read_query(query)
            callback_data = parse_callback_data(query.data or "")
            if incoming is None or callback_data is None:
                await callback_answer.answer(words.stale_button(), alert=True)
                return
            await self._membership.wait_for_migration(incoming.address.chat)
            async with self._turns.in_place(incoming.request_id), self._turns.of(incoming.person_ext) as turn:
                if not self._is_new((incoming.request_id, query.data)):
                    return
                try:
                    line = await self._buttons.unpack(callback_data.data)
                except TroubleError as error:
                    reply = words_usage.database_trouble(error)
                    await callback_answer.answer(plain_text.text(reply), alert=True)
                    return
                if line is None:
                    await callback_answer.answer(words.stale_button(), alert=True)
                    return
                await self._membership.on_activity(incoming)
                await self._run(query, incoming, callback_data, line.line, line.made_for, callback_answer, turn)

    def _is_new(self, key: tuple[object, ...]) -> bool:
        """Whether this has not been seen before, or so long ago that it is meant anew."""
        now = self._monotonic_ms()
        last = self._seen.get(key)
        self._seen[key] = now
        self._seen.move_to_end(key)
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return last is None or (len(key) > 1 and now - last >= DOUBLE_PRESS_MS)

    async def _run(
        self,
        query: CallbackQuery,
        incoming: IncomingUpdate,
        callback_data: CallbackData,
        line: str,
        made_for: int | None,
        callback_answer: CallbackAnswer,
        turn: Turn,
    ) -> None:
        if incoming.private:
            incoming = replace(incoming, group_ext=callback_data.group_ext)
        ref = _ref(query, incoming)
        replaces = ReplacedMessage(ref=str(ref), version=self._sender.version(incoming.address, ref))
        if callback_data.form_action in _ENDS:
            turn.is_being_answered()
            await self._end(incoming, ref, callback_data.form_action, callback_answer)
            return
        step = read_step(line)
        # the ticket it leads to takes the message's place: the same line there is the same request
        runs_once = callback_data.form_action is not None and line.startswith(_TRADES)
        request = CommandRequest(
            line="" if step else line, step=step, made_for=made_for,
            request_id=f"{incoming.request_id}:{_digest(line) if runs_once else query.id}",
        )  # fmt: skip
        invocation, reply = await self._responder.run(incoming, request)
        turn.is_being_answered()
        if callback_data.form_action is not None and incoming.in_ephemeral:
            await self._respond_in_ephemeral_form(
                incoming, callback_data.form_action, request, invocation, reply, replaces, callback_answer
            )
        elif callback_data.form_action is not None and incoming.private:
            await callback_answer.answer()
            await self._respond_in_form(incoming, callback_data.form_action, request, invocation, reply, replaces)
        elif incoming.private or incoming.in_ephemeral:
            here = replaces if callback_data.takes_place else None
            await self._respond_in_private(incoming, request, invocation, reply, here, callback_answer)
        else:
            await self._responder.respond(incoming, request, invocation, reply, callback_answer=callback_answer)

    async def _end(
        self, incoming: IncomingUpdate, ref: Ref | EphemeralRef, form_action: str, callback_answer: CallbackAnswer
    ) -> None:
        """A question is given up, or somebody has read what only they see in a group: that goes altogether."""
        if isinstance(ref, EphemeralRef):
            await callback_answer.answer(words.toast_given_up() if form_action == "x" else "")
            await self._responder.ephemeral.discard(ref)
        else:
            await callback_answer.answer()
            await self._sender.edit(incoming.address, str(ref), words.given_up())

    async def _respond_in_ephemeral_form(
        self,
        incoming: IncomingUpdate,
        form_action: str,
        request: CommandRequest,
        invocation: Invocation,
        reply: Reply,
        replaces: ReplacedMessage,
        callback_answer: CallbackAnswer,
    ) -> None:
        """A step of a form in a message of a group that only they see: its answer takes the question's place. What is
        to be typed is asked in the private chat, and there is one question."""
        if not reply.ok and reply.form is None:
            await callback_answer.answer()
            await self._show_mistake(incoming, request, reply, replaces, None)
            return
        typed, page = form_action == "t" and reply.form is not None, _page(form_action)
        await self._responder.respond_privately(
            incoming, request, invocation, reply, callback_answer, replaces=replaces, page=page, typed=typed
        )

    async def _show_mistake(
        self,
        incoming: IncomingUpdate,
        request: CommandRequest,
        reply: Reply,
        replaces: ReplacedMessage,
        group_ext: str | None,
    ) -> None:
        """In the place of the question, with a button that begins the form anew."""
        keyboard = _with_start(reply, request, group_ext)
        await self._sender.edit(incoming.address, replaces.ref, reply, keyboard, unless_newer_than=replaces.version)

    async def _respond_in_form(
        self,
        incoming: IncomingUpdate,
        form_action: str,
        request: CommandRequest,
        invocation: Invocation,
        reply: Reply,
        replaces: ReplacedMessage,
    ) -> None:
        """A step of a form: its answer takes the place of the question."""
        if form_action == "t" and reply.form is not None:
            await self._responder.show(incoming.address, incoming, invocation, reply, typed=True)
            await self._sender.delete(incoming.address, incoming.message_id)
        elif not reply.ok and reply.form is None:
            await self._show_mistake(incoming, request, reply, replaces, incoming.group_ext)
        else:
            page = _page(form_action)
            await self._responder.show(incoming.address, incoming, invocation, reply, replaces=replaces, page=page)

    async def _respond_in_private(
        self,
        incoming: IncomingUpdate,
        request: CommandRequest,
        invocation: Invocation,
        reply: Reply,
        replaces: ReplacedMessage | None,
        callback_answer: CallbackAnswer,
    ) -> None:
        """An ordinary button where only they see it: a ticket gives way to what became of it, a question to what was
        decided; a refusal (too fast, say) leaves both standing."""
        changes = reply.ok or reply.ticket is not None
        if not changes and reply.form is None and not reply.actions and not reply.files:
            text = plain_text.text(reply)
            if len(text) <= SHORT_ANSWER and await callback_answer.answer(text, alert=True):
                return
        if incoming.private:
            await callback_answer.answer()
        await self._responder.respond(
            incoming,
            request,
            invocation,
            reply,
            replaces=replaces if changes else None,
            callback_answer=None if incoming.private else callback_answer,
        )


def _with_start(reply: Reply, request: CommandRequest, group_ext: str | None) -> KeyboardRows:
    """The buttons of what went wrong in a form, and one that begins it anew."""
    line = _command_of(request.stored_line)
    start = KeyboardButton(label=words.again(), line=line, form_action="", group_ext=group_ext)
    return (*rows_of_actions(reply.actions, group_ext), (start,))


def _page(form_action: str) -> int:
    """Of a question's choices, the one that is asked for."""
    return int(form_action) if form_action.isdigit() else 0


def _ref(query: CallbackQuery, incoming: IncomingUpdate) -> Ref | EphemeralRef:
    message = query.message
    if incoming.ephemeral_id is not None and incoming.person is not None:
        return EphemeralRef(chat=incoming.address.chat, person=incoming.person, message=incoming.ephemeral_id, at_ms=0)
    return Ref(incoming.message_id, caption=isinstance(message, Message) and message.effective_attachment is not None)


def _command_of(line: str) -> str:
    """The command of a line alone, as it is begun anew."""
    words_typed = line.lstrip("/").split()
    size = {"admin": 2, "ticket": 3}.get(words_typed[0] if words_typed else "", 1)
    return f"/{' '.join(words_typed[:size])}"


def _digest(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()[:16]
