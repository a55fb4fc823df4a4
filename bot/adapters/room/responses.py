"""Runs what a browser asked for, and puts the answer where it belongs in the room's messages."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from bot.adapters.room import render
from bot.adapters.room.limits import RefusalError
from bot.adapters.room.message_log import Also, MessageLog
from bot.adapters.room.render import replacement_body, stored_reply
from bot.adapters.room.security import Visitor
from bot.chat.buttons import takes_place
from bot.chat.invocation import Invocation
from bot.chat.reply import Action, Audience, Reply
from bot.dispatcher import Dispatcher
from bot.text.names import clean
from bot.words import room as words
from storage.records import Json, Person, RoomMessage
from storage.trouble import TroubleError
from storage.unit_of_work import UnitOfWork

LONGEST = 2_000  # a line; as much as a value may have


@dataclass(frozen=True, slots=True)
class Answer:
    """The message that answers, and the form to ask at once where the answer is one."""

    message: RoomMessage
    form: dict[str, Json] | None = None
    settled: bool = True  # it says what became of the request

    @classmethod
    def of(cls, message: RoomMessage, *, settled: bool = True) -> Answer:
        reply = message.body.get("reply")
        form = reply.get("form") if isinstance(reply, dict) else None
        return cls(message, form if isinstance(form, dict) else None, settled)


class RoomResponder:
    def __init__(self, log: MessageLog, dispatcher: Dispatcher) -> None:
        self._log = log
        self._dispatcher = dispatcher

    async def respond(
        self, room: str, invocation: Invocation, visitor: Visitor, asked_line: str, pressed_message: int | None = None
    ) -> Answer:
        """Run it and put the answer where it belongs. `asked_line` is shown above it; in `pressed_message` stands the
        button that was pressed."""
        pressed_in = await self._visible_message(pressed_message, visitor)
        label = _button_label(pressed_in, invocation.text) if pressed_in is not None else ""
        reply = await self._dispatcher.run(invocation)
        if pressed_in is not None and reply.form is not None:
            return Answer(pressed_in, render.form_to_json(reply.form))  # a button that asks: nothing new to keep
        replaced = pressed_in if pressed_in is not None and pressed_in.person is not None else None
        if replaced is not None and _replaces(replaced, Action(label=label, text=invocation.text), reply):
            with suppress(TroubleError):
                replacement = await self._log.replace(
                    replaced.id,
                    replacement_body(replaced, reply),
                    unless_after=replaced.seq,
                    also=self._placing(reply, invocation),
                )
                if replacement is not None:
                    return Answer(replacement)
        message = await self._append(room, invocation, visitor, label or asked_line, reply)
        return Answer.of(message, settled=reply.settled and not reply.secret)

    async def _append(
        self, room: str, invocation: Invocation, visitor: Visitor, asked_line: str, reply: Reply
    ) -> RoomMessage:
        body: dict[str, Json] = {
            "asked": clean(asked_line, LONGEST),
            "reply": stored_reply(reply),
        }
        request_id = (
            invocation.request_id if reply.settled else None
        )  # else it is run again, and what was done is found
        private, also = reply.audience is Audience.PRIVATE, self._placing(reply, invocation)
        person = person_of(visitor).id
        if reply.secret:
            return self._log.unkept(room, body, person)
        try:
            return await self._log.answer(room, body, person, private=private, request_id=request_id, also=also)
        except TroubleError:  # it is said all the same: what could be read, or why nothing was done
            return self._log.unkept(room, body, person)

    def _placing(self, reply: Reply, invocation: Invocation) -> Also | None:
        """Where a ticket stands is written with the message that shows it."""
        if reply.ticket is None and reply.awaits is None:
            return None

        async def place(uow: UnitOfWork, message: RoomMessage) -> None:
            await self._dispatcher.place(uow, reply, invocation, str(message.id))

        return place

    async def _visible_message(self, message: int | None, visitor: Visitor) -> RoomMessage | None:
        """The message of that number, if this visitor may see it."""
        row = await self._log.get(message) if message is not None else None
        return row if row is not None and row.person in (None, person_of(visitor).id) else None


def person_of(visitor: Visitor) -> Person:
    if visitor.person is None:
        raise RefusalError(401, words.no_session())
    return visitor.person


def _button_label(message: RoomMessage, text: str) -> str:
    """What the button with this line says in that message; "" where there is none."""
    shown = message.body.get("reply")
    actions = shown.get("actions") if isinstance(shown, dict) else None
    for action in actions if isinstance(actions, list | tuple) else ():
        if isinstance(action, dict) and action.get("text") == text:
            return str(action.get("label", ""))
    return ""


def _replaces(message: RoomMessage, pressed: Action, reply: Reply) -> bool:
    """Whether the answer takes the place of the message whose button was pressed: a ticket gives way to what became of
    it and to its change, a question to what was decided; a refusal (too fast, say) leaves both standing."""
    shown = message.body.get("reply")
    ticket = isinstance(shown, Mapping) and shown.get("ticket") is not None
    return (
        (ticket or takes_place(pressed))
        and (reply.ok or reply.ticket is not None)
        and reply.audience is Audience.PRIVATE
    )
