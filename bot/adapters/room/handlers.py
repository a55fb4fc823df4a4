"""Takes what a person types, presses or fills in, hands it to the dispatcher and puts the answer where it belongs.

The same request id is the same request: a second one meets the first one's answer, after a restart by looking it up
among her latest messages. Orders are safe beyond that, storage knows their request.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.adapters.room import render
from bot.adapters.room.message_log import TALK, Log
from bot.adapters.room.platform import NAME, answer, kept
from bot.adapters.room.security import RefusalError, Visitor
from bot.chat.invocation import ChatKind, Invocation, Suggestion
from bot.chat.rate_limits import Limit, Windows
from bot.chat.reply import Audience, Reply
from bot.dispatcher import Dispatcher
from bot.text.names import clean
from bot.words import room as words
from storage.records import Json, Person, RoomMessage

LONGEST = 2_000  # a line; as much as a value may have
TALK_PACE = (Limit(6, 8_000), Limit(30, 120_000))  # lines of plain talk a person may send
REMEMBERED = 2_000  # requests


@dataclass(frozen=True, slots=True)
class Answer:
    """The message that answers, and the form to ask at once where the answer is one."""

    message: RoomMessage
    form: dict[str, Json] | None = None


class Handlers:
    """`titles` names each room's chat. Talk is paced by the wall's clock (ms), whatever time the market has."""

    def __init__(
        self,
        log: Log,
        dispatcher: Dispatcher,
        titles: Mapping[str, str],
        wall: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000,
    ) -> None:
        self._log = log
        self._dispatcher = dispatcher
        self._titles = titles
        self._wall = wall
        self._pace = Windows(TALK_PACE)
        self._done: OrderedDict[str, asyncio.Task[Answer]] = OrderedDict()

    async def line(self, room: str, who: Visitor, text: str, request: str, *, again: bool) -> Answer:
        """A typed line: a command where it begins with a slash, else talk that everybody reads."""
        if len(text) > LONGEST:
            raise RefusalError(400, words.too_long(LONGEST))
        if text.lstrip().startswith("/"):
            said = self._said(room, who, request, text=text.strip())
            return await self._once(room, said, who, lambda: self._ask(room, said, who, text.strip()), again=again)
        shown = clean(text, LONGEST)
        if not shown:
            raise RefusalError(400, words.nothing_said())
        said = self._said(room, who, request)
        return await self._once(room, said, who, lambda: self._talk(room, said, who, shown), again=again)

    async def press(
        self, room: str, who: Visitor, text: str, request: str, message: int | None, *, again: bool
    ) -> Answer:
        """A button: its line, and the message it stands in, which the answer replaces where that is her ticket."""
        said = self._said(room, who, request, text=text[:LONGEST])
        return await self._once(room, said, who, lambda: self._ask(room, said, who, text, message), again=again)

    async def fill(
        self,
        room: str,
        who: Visitor,
        command: str,
        args: Mapping[str, str],
        request: str,
        message: int | None = None,
        *,
        again: bool,
    ) -> Answer:
        """A dialog: a command with named arguments; `message` as for a button, where one opened the dialog."""
        said = self._said(room, who, request, command=command.lstrip("/")[:100], args=args)
        asked = f"/{said.command}"
        return await self._once(room, said, who, lambda: self._ask(room, said, who, asked, message), again=again)

    async def complete(self, room: str, who: Visitor, text: str) -> list[Suggestion]:
        """What could come next in an unfinished line; strangers are asked for a name before they can do it."""
        return await self._dispatcher.complete(self._said(room, who, "completion", text=text[:LONGEST]))

    def _said(
        self, room: str, who: Visitor, request: str, *, text: str = "", command: str = "", args: Mapping[str, str] = {}
    ) -> Invocation:
        return Invocation(
            text=text,
            command=command,
            args=dict(args),
            platform=NAME,
            person_ext=who.ext,
            person_name=who.person.name if who.person else "",
            chat_ext=room,
            chat_kind=ChatKind.ROOM,
            chat_title=self._titles[room],
            is_admin=who.admin,
            request_id=f"{NAME}:{who.ext[:16]}:{request}",  # nobody can spend another's request id
        )

    async def _once(
        self, room: str, said: Invocation, who: Visitor, do: Callable[[], Awaitable[Answer]], *, again: bool
    ) -> Answer:
        task = self._done.get(said.request_id)
        if task is None:
            task = asyncio.ensure_future(self._found_or_done(room, said, who, do, again=again))
            self._done[said.request_id] = task
            if len(self._done) > REMEMBERED:
                self._done.popitem(last=False)
        try:
            return await asyncio.shield(task)  # a browser that hangs up does not undo what it asked for
        except Exception:
            self._done.pop(said.request_id, None)
            raise

    async def _found_or_done(
        self, room: str, said: Invocation, who: Visitor, do: Callable[[], Awaitable[Answer]], *, again: bool
    ) -> Answer:
        if again:
            page = await self._log.after(room, None, _person(who).id)
            for message in reversed(page.messages):
                if message.body.get("request") == said.request_id:
                    return _shown(message)
        return await do()

    async def _talk(self, room: str, said: Invocation, who: Visitor, text: str) -> Answer:
        person, now = _person(who), self._wall()
        wait = self._pace.wait(who.ext, now)
        if wait > 0:
            raise RefusalError(429, words.slow_down(wait))
        self._pace.use(who.ext, now)
        body: dict[str, Json] = {"say": text, "by": person.id, "request": said.request_id}
        return Answer(await self._log.append(room, TALK, body, author=person.name))

    async def _ask(self, room: str, said: Invocation, who: Visitor, asked: str, pressed: int | None = None) -> Answer:
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
        return _shown(message)

    async def _new(self, room: str, said: Invocation, who: Visitor, asked: str, reply: Reply) -> RoomMessage:
        person, author = await self._log.speaker(_person(who).id)
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
        return found if found is not None and found.person in (None, _person(who).id) else None


def _person(who: Visitor) -> Person:
    if who.person is None:
        raise RefusalError(401, words.no_session())
    return who.person


def _shown(message: RoomMessage) -> Answer:
    reply = message.body.get("reply")
    form = reply.get("form") if isinstance(reply, dict) else None
    return Answer(message, form if isinstance(form, dict) else None)


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
