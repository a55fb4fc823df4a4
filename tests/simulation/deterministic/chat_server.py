"""A chat platform as it stands on the other side of the line: it keeps every message and all that each ever said.

`ChatServer` outlives all processes; a `ChatClient` is one process's way to it, and the `Platform` its announcer is
given. A request is on its way for a drawn time, and goes on when who sent it has died; then its answer reaches nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.chat import plain_text
from bot.chat.platform import RetryLaterError, SendRequest, SendResult, Unreachable, UnreachableError
from bot.chat.reply import Reply
from storage.records import OutboxRow
from storage.trouble import Trouble, TroubleError
from tests.simulation.deterministic.loop import running

if TYPE_CHECKING:
    from tests.simulation.deterministic.process import Process
    from tests.simulation.deterministic.world import World

WITH_NONCE = frozenset({"discord"})


@dataclass(slots=True)
class Shown:
    """What a message said from then on; `rows` of the outbox it told, none where it was an answer."""

    at_us: int
    text: str
    rows: tuple[OutboxRow, ...]
    process: Process
    ticket: int | None
    lost: bool = False  # who sent it never heard that it stands


@dataclass(slots=True)
class Message:
    ref: str
    where: str
    private: bool
    versions: list[Shown] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.versions[-1].text


class ChatServer:
    """One platform."""

    def __init__(self, name: str, world: World) -> None:
        self.name = name
        self.world = world
        self.messages: dict[str, Message] = {}
        self.unreachable: dict[str, Unreachable] = {}  # by chat or person
        self._by_nonce: dict[str, str] = {}

    def place(
        self, process: Process, request: SendRequest, rows: tuple[OutboxRow, ...], *, unless_after: int | None = None
    ) -> str:
        """Where it stands. `unless_after`: an answer gives way to what came into its message after that version."""
        shown = Shown(running().now_us, plain_text.text(request.reply), rows, process, request.reply.ticket)
        why = self.unreachable.get(request.target)
        if why is not None:
            raise UnreachableError(why)
        if request.edit_ref is not None:
            message = self.messages.get(request.edit_ref)
            if message is None:
                raise UnreachableError(Unreachable.MESSAGE)
            assert message.private == request.private, f"{message.ref} is another kind of message"
            if unless_after is not None and len(message.versions) > unless_after:
                return message.ref
            message.versions.append(shown)
            return message.ref
        if self.name in WITH_NONCE and request.nonce and request.nonce in self._by_nonce:
            return self._by_nonce[request.nonce]
        ref = f"{self.name[0]}{len(self.messages) + 1}"
        self.messages[ref] = Message(ref, request.target, request.private, [shown])
        if request.nonce:
            self._by_nonce[request.nonce] = ref
        return ref

    def lose(self, ref: str, shown_at: int) -> None:
        """The answer to this was lost."""
        for version in self.messages[ref].versions:
            if version.at_us == shown_at:
                version.lost = True


class ChatClient:
    """What the announcer of one process is given: `bot.chat.platform.Platform`."""

    def __init__(self, server: ChatServer, process: Process) -> None:
        self._server = server
        self._process = process

    @property
    def name(self) -> str:
        return self._server.name

    async def post(self, chat_ext: str, reply: Reply, *, nonce: str = "") -> str:
        return await self._send(SendRequest(target=chat_ext, reply=reply, nonce=nonce))

    async def edit(self, chat_ext: str, ref: str, reply: Reply) -> None:
        await self._send(SendRequest(target=chat_ext, reply=reply, edit_ref=ref))

    async def tell(
        self, person_ext: str, reply: Reply, *, edit_ref: str | None, chat_ext: str | None, nonce: str = ""
    ) -> str:
        request = SendRequest(
            target=person_ext, reply=reply, private=True, edit_ref=edit_ref, chat_ext=chat_ext, nonce=nonce
        )
        try:
            return await self._send(request)
        except UnreachableError as error:
            if error.why is not Unreachable.MESSAGE or edit_ref is None:
                raise
        return await self._send(SendRequest(target=person_ext, reply=reply, private=True, nonce=nonce))

    async def answer(self, request: SendRequest, unless_after: int | None, seen: asyncio.Future[str]) -> SendResult:
        """The adapter's own word to who asked: `seen` is done when it stands there."""
        return await running().from_outside(self._arrive([request], unless_after=unless_after, seen=seen))

    async def _send(self, request: SendRequest) -> str:
        result = await running().from_outside(self._arrive([request]))
        if isinstance(result, Exception):
            raise result
        return str(result)

    async def _arrive(
        self,
        requests: Sequence[SendRequest],
        *,
        unless_after: int | None = None,
        seen: asyncio.Future[str] | None = None,
    ) -> SendResult:
        """One request on its way there and back."""
        faults = self._server.world.faults
        (request,) = requests
        await asyncio.sleep(faults.line_s())
        refused = faults.refusal(self._server.name) if seen is None else None
        if refused is not None:
            return refused
        rows = self._server.world.rows_of(request.reply)
        at_us = running().now_us
        try:
            ref = self._server.place(self._process, request, rows, unless_after=unless_after)
        except UnreachableError as error:
            if seen is not None:
                seen.set_result("")
            return error
        if seen is not None and not seen.done():
            seen.set_result(ref)
        await asyncio.sleep(faults.line_s())
        if self._process.dead or (seen is None and faults.answer_lost()):
            self._server.lose(ref, at_us)
            return RetryLaterError(1_000)
        return ref


class BatchClient(ChatClient):
    """Of the room, to which many messages are as easily written as one: all of them, or none."""

    async def send_many(self, requests: Sequence[SendRequest]) -> Sequence[SendResult]:
        results = await running().from_outside(self._arrive_together(requests))
        if results is None:
            raise TroubleError(Trouble.AWAY, unsettled=True)  # it keeps its messages in a database
        return results

    async def _arrive_together(self, requests: Sequence[SendRequest]) -> Sequence[SendResult] | None:
        """None: whether they stand nobody says."""
        faults, server = self._server.world.faults, self._server
        await asyncio.sleep(faults.line_s())
        refused = faults.refusal(server.name)
        if refused is not None:
            return [refused] * len(requests)
        results: list[SendResult] = []
        at_us = running().now_us
        for request in requests:
            try:
                results.append(server.place(self._process, request, server.world.rows_of(request.reply)))
            except UnreachableError as error:
                results.append(error)
        await asyncio.sleep(faults.line_s())
        if self._process.dead or faults.answer_lost():
            for result in results:
                if isinstance(result, str):
                    server.lose(result, at_us)
            return None
        return results
