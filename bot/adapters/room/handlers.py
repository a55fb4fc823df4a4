"""Takes what a person types, presses or fills in, and runs it once.

The same request id is the same request: a second one meets the first one's answer, which another process may have
given: it is looked up among the messages, of which one alone answers a request. Orders are safe beyond that, storage
knows their request.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from bot.adapters.room import NAME
from bot.adapters.room.limits import Counted, Limits, RefusalError
from bot.adapters.room.message_log import TALK, MessageLog
from bot.adapters.room.responses import LONGEST, Answer, RoomResponder, person_of
from bot.adapters.room.security import Visitor
from bot.chat.invocation import ChatKind, Invocation, Suggestion
from bot.chat.reply import Reply
from bot.dispatcher import Dispatcher
from bot.text.names import clean
from bot.words import room as words
from storage.records import Json

REMEMBERED = 2_000  # requests


class Handlers:
    """`titles` names each room's chat."""

    def __init__(self, log: MessageLog, dispatcher: Dispatcher, titles: Mapping[str, str], limits: Limits) -> None:
        self._log = log
        self._dispatcher = dispatcher
        self._titles = titles
        self._responder = RoomResponder(log, dispatcher)
        self._limits = limits
        self._answers: OrderedDict[str, asyncio.Task[Answer]] = OrderedDict()

    async def handle_line(
        self, room: str, visitor: Visitor, text: str, request_id: str, *, market: int | None = None, is_retry: bool
    ) -> Answer:
        """A typed line: a command where it begins with a slash, else talk that everybody reads."""
        if len(text) > LONGEST:
            raise RefusalError(400, words.too_long(LONGEST))
        if text.lstrip().startswith("/"):
            line = text.strip()
            invocation = self._invocation(room, visitor, request_id, market=market, is_retry=is_retry, text=line)
            run = partial(self._responder.respond, room, invocation, visitor, line)
            return await self._once(invocation, visitor, run)
        cleaned = clean(text, LONGEST)
        if not cleaned:
            raise RefusalError(400, words.nothing_said())
        invocation = self._invocation(room, visitor, request_id, is_retry=is_retry)
        run = partial(self._post_talk, room, invocation, visitor, cleaned)
        return await self._once(invocation, visitor, run)

    async def handle_button(
        self,
        room: str,
        visitor: Visitor,
        text: str,
        request_id: str,
        message: int | None,
        *,
        market: int | None = None,
        is_retry: bool,
    ) -> Answer:
        """A button: its line, and the message it stands in, which the answer replaces where that is their ticket."""
        invocation = self._invocation(room, visitor, request_id, market=market, is_retry=is_retry, text=text[:LONGEST])
        run = partial(self._responder.respond, room, invocation, visitor, text, message)
        return await self._once(invocation, visitor, run)

    async def handle_form(
        self,
        room: str,
        visitor: Visitor,
        command: str,
        args: Mapping[str, str],
        request_id: str,
        message: int | None = None,
        *,
        market: int | None = None,
        is_retry: bool,
    ) -> Answer:
        """A dialog: a command with named arguments; `message` as for a button, where one opened the dialog."""
        invocation = self._invocation(
            room, visitor, request_id, market=market, is_retry=is_retry, command=command.lstrip("/")[:100], args=args
        )
        run = partial(self._responder.respond, room, invocation, visitor, f"/{invocation.command}", message)
        return await self._once(invocation, visitor, run)

    async def handle_order(
        self,
        room: str,
        visitor: Visitor,
        market: int,
        command: str,
        args: Mapping[str, str],
        request_id: str,
        asked_line: str,
        *,
        is_retry: bool,
    ) -> Answer:
        """Confirm of a sheet: an order in one of the markets they see; `asked_line` is what stands above the answer."""
        invocation = self._invocation(
            room, visitor, request_id, market=market, is_retry=is_retry, command=command, args=args
        )
        run = partial(self._responder.respond, room, invocation, visitor, asked_line)
        return await self._once(invocation, visitor, run)

    async def refusal(self, room: str, visitor: Visitor, command: str, market: int | None) -> Reply | None:
        """Why they may not say that command of the market now; None where they may."""
        return await self._dispatcher.refusal(self._invocation(room, visitor, "refusal", market=market), command)

    async def complete(self, room: str, visitor: Visitor, text: str, market: int | None = None) -> list[Suggestion]:
        """What could come next in an unfinished line; strangers are asked for a name before they can do it."""
        typed = self._invocation(room, visitor, "completion", market=market, text=text[:LONGEST])
        return await self._dispatcher.complete(typed)

    def _invocation(
        self,
        room: str,
        visitor: Visitor,
        request_id: str,
        *,
        market: int | None = None,
        is_retry: bool = False,
        text: str = "",
        command: str = "",
        args: Mapping[str, str] = {},
    ) -> Invocation:
        return Invocation(
            text=text,
            command=command,
            args=dict(args),
            platform=NAME,
            person_ext=visitor.ext,
            person_name=visitor.person.name if visitor.person else "",
            chat_ext=room,
            chat_kind=ChatKind.ROOM,
            chat_title=self._titles[room],
            is_admin=visitor.admin,
            market=market,
            came_as=visitor.came_as,
            came_from=visitor.chat,
            key=None if visitor.key is None else visitor.key.id,
            request_id=f"{NAME}:{visitor.ext[:16]}:{request_id}",  # nobody can spend another's request id
            is_retry=is_retry,
        )

    async def _once(
        self,
        invocation: Invocation,
        visitor: Visitor,
        run: Callable[[], Awaitable[Answer]],
    ) -> Answer:
        task = self._answers.get(invocation.request_id)
        if task is None:
            self._limits.count(Counted.LINE, visitor.whose)
            task = asyncio.ensure_future(self._find_or_run(invocation, run))
            self._answers[invocation.request_id] = task
            task.add_done_callback(partial(self._forget_failed, invocation.request_id))
            if len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
        return await asyncio.shield(task)  # a browser that hangs up does not undo what it asked for

    def _forget_failed(self, request_id: str, task: asyncio.Task[Answer]) -> None:
        """Who asks again is not told an old error: it is run anew, and what was done is looked up."""
        if task.cancelled() or task.exception() is not None or not task.result().settled:
            self._answers.pop(request_id, None)

    async def _find_or_run(self, invocation: Invocation, run: Callable[[], Awaitable[Answer]]) -> Answer:
        if invocation.is_retry:
            message = await self._log.requested(invocation.request_id)
            if message is not None:
                return Answer.of(message)
        return await run()

    async def _post_talk(self, room: str, invocation: Invocation, visitor: Visitor, text: str) -> Answer:
        person = person_of(visitor)
        self._limits.count(Counted.TALK, visitor.whose)
        body: dict[str, Json] = {"say": text, "by": person.id}
        request_id = invocation.request_id
        return Answer(await self._log.append(room, TALK, body, author=person.name, request_id=request_id))
