"""Runs what a browser asked for, and puts the answer where it belongs in the room's messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.adapters.room import render
from bot.adapters.room.message_log import TALK, Log
from bot.adapters.room.render import answer, kept
from bot.adapters.room.security import RefusalError, Visitor
from bot.chat.invocation import Invocation
from bot.chat.reply import Audience, Reply
from bot.dispatcher import Dispatcher
from bot.text.names import clean
from bot.words import room as words
from storage.records import Json, Person, RoomMessage

LONGEST = 2_000  # a line; as much as a value may have


@dataclass(frozen=True, slots=True)
class Answer:
    """The message that answers, and the form to ask at once where the answer is one."""

    message: RoomMessage
    form: dict[str, Json] | None = None

    @classmethod
    def of(cls, message: RoomMessage) -> Answer:
        reply = message.body.get("reply")
        form = reply.get("form") if isinstance(reply, dict) else None
        return cls(message, form if isinstance(form, dict) else None)


class RoomResponder:
    def __init__(self, log: Log, dispatcher: Dispatcher) -> None:
        self._log = log
        self._dispatcher = dispatcher

    async def respond(
        self, room: str, said: Invocation, who: Visitor, asked: str, pressed: int | None = None
    ) -> Answer:
        seen = await self._seen(pressed, who)
        label = _label(seen, said.text) if seen is not None else ""
        reply = await self._dispatcher.run(said)
        if seen is not None and reply.form is not None:
            return Answer(seen, render.form(reply.form))  # a button that asks: nothing new to keep
        before = seen if seen is not None and seen.person is not None else None
        if before is not None and _replaces(before, label, reply):
            after = await self._log.replace(before.id, answer(before, reply), unless_after=before.seq)
            if after is not None:
                await self._dispatcher.placed(reply, said, str(after.id))
                return Answer(after)
        message = await self._new(room, said, who, label or asked, reply)
        await self._dispatcher.placed(reply, said, str(message.id))
        return Answer.of(message)

    async def _new(self, room: str, said: Invocation, who: Visitor, asked: str, reply: Reply) -> RoomMessage:
        person, author = await self._log.speaker(speaker(who).id)
        body: dict[str, Json] = {
            "asked": clean(asked, LONGEST),
            "reply": kept(reply),
            "by": person,
            "request": said.request_id,
        }
        private = reply.audience is Audience.PRIVATE
        return await self._log.append(room, TALK, body, author=author, person=person if private else None)

    async def _seen(self, message: int | None, who: Visitor) -> RoomMessage | None:
        """The message of that number, if it is everybody's or hers."""
        found = await self._log.get(message) if message is not None else None
        return found if found is not None and found.person in (None, speaker(who).id) else None


def speaker(who: Visitor) -> Person:
    if who.person is None:
        raise RefusalError(401, words.no_session())
    return who.person


def _label(message: RoomMessage, text: str) -> str:
    """What the button with this line says in that message; "" where there is none."""
    shown = message.body.get("reply")
    actions = shown.get("actions") if isinstance(shown, dict) else None
    for action in actions if isinstance(actions, list | tuple) else ():
        if isinstance(action, dict) and action.get("text") == text:
            return str(action.get("label", ""))
    return ""


def _replaces(message: RoomMessage, label: str, reply: Reply) -> bool:
    """Whether the answer takes the place of the message whose button was pressed: a ticket gives way to what became of
    it and to its change, a question to what was decided; a refusal (too fast, say) leaves both standing."""
    shown = message.body.get("reply")
    ticket = isinstance(shown, Mapping) and shown.get("ticket") is not None
    decided = ticket or label.startswith(("Confirm", "Cancel"))
    return decided and (reply.ok or reply.ticket is not None) and reply.audience is Audience.PRIVATE
