"""The announcer's way into the room: what it posts, edits and tells becomes room messages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from bot.adapters.room import NAME
from bot.adapters.room.message_log import BOARD, NEWS, TALK, MessageLog
from bot.adapters.room.render import replacement_body, stored_reply
from bot.chat.platform import SendRequest, SendResult, Unreachable, UnreachableError
from bot.chat.reply import Board, Reply
from storage.database import Database
from storage.records import Payload, RoomMessage
from storage.room_messages import RoomDraft
from storage.unit_of_work import UnitOfWork

MAIN = "room"  # the chat a browser finds at `/`


class RoomPlatform:
    """Implements `bot.chat.platform.BatchPlatform`. Nothing here can be out of reach but what was never there. A notice
    that is sent again, because another process died before it was known to have arrived, stands once."""

    def __init__(self, db: Database, clock: Callable[[], int], log: MessageLog | None = None) -> None:
        self._clock = clock
        self.log = log or MessageLog(db, clock)

    @property
    def name(self) -> str:
        return NAME

    async def post(self, chat_ext: str, reply: Reply, *, nonce: str = "") -> str:
        """Post anew. A reply that shows the board is the board: pinned, where all others are announcements."""
        return await self._send(SendRequest(target=chat_ext, reply=reply, nonce=nonce))

    async def edit(self, chat_ext: str, ref: str, reply: Reply) -> None:
        await self._send(SendRequest(target=chat_ext, reply=reply, edit_ref=ref))

    async def tell(
        self, person_ext: str, reply: Reply, *, edit_ref: str | None, chat_ext: str | None, nonce: str = ""
    ) -> str:
        return await self._send(
            SendRequest(target=person_ext, reply=reply, private=True, edit_ref=edit_ref, nonce=nonce)
        )

    async def _send(self, request: SendRequest) -> str:
        (result,) = await self.send_many([request])
        if isinstance(result, Exception):
            raise result
        return result

    async def send_many(self, requests: Sequence[SendRequest]) -> Sequence[SendResult]:
        """In one unit: new messages first, then those that are replaced, both in the order given."""
        results: list[SendResult] = [UnreachableError() for _ in requests]

        async def write(uow: UnitOfWork) -> list[RoomMessage]:
            people = await _people(uow, {request.target for request in requests if request.private})
            refs = [_number(request.edit_ref) for request in requests]
            if any(ref is not None for ref in refs):
                await uow.room.lock()
            standing = await uow.room.many(ref for ref in refs if ref is not None)
            drafts: dict[int, RoomDraft] = {}
            bodies: dict[int, tuple[RoomMessage, Payload]] = {}
            for at, (request, ref) in enumerate(zip(requests, refs, strict=True)):
                person = people.get(request.target) if request.private else None
                message = standing.get(ref) if ref is not None else None
                if request.private and person is None:
                    results[at] = UnreachableError(Unreachable.PERSON)
                elif message is not None and _is_in(message, request, person):
                    bodies[at] = message, replacement_body(message, request.reply)
                elif request.private or request.edit_ref is None:
                    drafts[at] = _draft(request, person)
            return await self._write(uow, results, drafts, bodies)

        await self.log.write(write)
        return results

    async def _write(
        self,
        uow: UnitOfWork,
        results: list[SendResult],
        drafts: Mapping[int, RoomDraft],
        bodies: Mapping[int, tuple[RoomMessage, Payload]],
    ) -> list[RoomMessage]:
        """What has changed, by `seq`; the same body again changes nothing."""
        now_ms = self._clock()
        appended = await uow.room.append_many(list(drafts.values()), now_ms)
        results_by_place = dict(zip(drafts, appended, strict=True)) | {
            at: message for at, (message, _) in bodies.items()
        }
        for at, message in results_by_place.items():
            results[at] = str(message.id)
        changed = [(message, body) for message, body in bodies.values() if message.body != body]
        return appended + await uow.room.replace_many(changed, now_ms)


async def _people(uow: UnitOfWork, exts: Collection[str]) -> Mapping[str, int]:
    """Who these are: by a name of the room's own, or by a session that is open."""
    named = await uow.people.find_many(NAME, exts)
    unnamed = {ext for ext in exts if ext not in named}
    return {**named, **await uow.sessions.people(unnamed)} if unnamed else named


def _number(ref: str | None) -> int | None:
    return int(ref) if ref and ref.isascii() and ref.isdigit() else None


def _is_in(message: RoomMessage, request: SendRequest, person: int | None) -> bool:
    """Whether a message is where it is to be replaced: theirs, or that room's."""
    return message.person == person and (request.private or message.room == request.target)


def _draft(request: SendRequest, person: int | None) -> RoomDraft:
    if request.private:
        room, channel = MAIN, TALK
    else:
        pinned = any(isinstance(block, Board) for block in request.reply.blocks)
        room, channel = request.target, BOARD if pinned else NEWS
    return RoomDraft(
        room=room,
        channel=channel,
        body={"reply": stored_reply(request.reply)},
        person=person,
        request_id=f"notice:{request.nonce}" if request.nonce else None,
    )
