"""Takes what a person types, presses or fills in, hands it to the dispatcher and puts the answer where it belongs.

The same request id is the same request: a second one meets the first one's answer, after a restart by looking it up
among her latest messages. Orders are safe beyond that, storage knows their request.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping

from bot.adapters.room import NAME
from bot.adapters.room.message_log import TALK, Log
from bot.adapters.room.responses import LONGEST, Answer, RoomResponder, speaker
from bot.adapters.room.security import RefusalError, Visitor
from bot.chat.invocation import ChatKind, Invocation, Suggestion
from bot.chat.rate_limits import Limit, Windows
from bot.dispatcher import Dispatcher
from bot.text.names import clean
from bot.words import room as words
from storage.records import Json

TALK_PACE = (Limit(6, 8_000), Limit(30, 120_000))  # lines of plain talk a person may send
REMEMBERED = 2_000  # requests


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
        self._responder = RoomResponder(log, dispatcher)
        self._wall = wall
        self._pace = Windows(TALK_PACE)
        self._done: OrderedDict[str, asyncio.Task[Answer]] = OrderedDict()

    async def line(self, room: str, who: Visitor, text: str, request: str, *, again: bool) -> Answer:
        """A typed line: a command where it begins with a slash, else talk that everybody reads."""
        if len(text) > LONGEST:
            raise RefusalError(400, words.too_long(LONGEST))
        if text.lstrip().startswith("/"):
            said, respond = self._said(room, who, request, text=text.strip()), self._responder.respond
            return await self._once(room, said, who, lambda: respond(room, said, who, text.strip()), again=again)
        shown = clean(text, LONGEST)
        if not shown:
            raise RefusalError(400, words.nothing_said())
        said = self._said(room, who, request)
        return await self._once(room, said, who, lambda: self._talk(room, said, who, shown), again=again)

    async def press(
        self, room: str, who: Visitor, text: str, request: str, message: int | None, *, again: bool
    ) -> Answer:
        """A button: its line, and the message it stands in, which the answer replaces where that is her ticket."""
        said, respond = self._said(room, who, request, text=text[:LONGEST]), self._responder.respond
        return await self._once(room, said, who, lambda: respond(room, said, who, text, message), again=again)

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
        asked, respond = f"/{said.command}", self._responder.respond
        return await self._once(room, said, who, lambda: respond(room, said, who, asked, message), again=again)

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
            page = await self._log.after(room, None, speaker(who).id)
            for message in reversed(page.messages):
                if message.body.get("request") == said.request_id:
                    return Answer.of(message)
        return await do()

    async def _talk(self, room: str, said: Invocation, who: Visitor, text: str) -> Answer:
        person, now = speaker(who), self._wall()
        wait = self._pace.wait(who.ext, now)
        if wait > 0:
            raise RefusalError(429, words.slow_down(wait))
        self._pace.use(who.ext, now)
        body: dict[str, Json] = {"say": text, "by": person.id, "request": said.request_id}
        return Answer(await self._log.append(room, TALK, body, author=person.name))
