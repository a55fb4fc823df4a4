"""How a stranger becomes somebody: a name that is theirs alone, and a session, once however often it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from bot.adapters.room import NAME
from bot.adapters.room.limits import RefusalError
from bot.adapters.room.message_log import FIRST_PAGE, TALK, MessageLog
from bot.adapters.room.security import Sessions, Visitor, external_id, whose
from bot.market.member_names import NameRefused, fitting_name
from bot.words import members as words_members
from storage.records import Payload, RoomMessage
from storage.unit_of_work import UnitOfWork

REMEMBERED_S = 120.0  # for so long what is on its way or was given is answered from memory


class Newcomers:
    """A browser has no cookie before its first answer, so that it is known by its request alone until then: by every
    process, since what it is given follows from its request."""

    def __init__(self, clock: Callable[[], int], log: MessageLog, sessions: Sessions) -> None:
        self._clock = clock
        self._log = log
        self._sessions = sessions
        self._coming: dict[tuple[str, str], asyncio.Task[Visitor]] = {}

    async def come(self, room: str, visitor: Visitor, wanted: str, request_id: str) -> Visitor:
        """Who they are from now on. RefusalError where they would be taken for somebody, or too many come."""
        request = (visitor.whose, request_id)
        task = self._coming.get(request)
        if task is None:
            task = self._coming[request] = asyncio.create_task(self._come(room, visitor, wanted, request_id))
            task.add_done_callback(partial(self._forget, request))
        return await asyncio.shield(task)  # a browser that hangs up may ask again

    def _forget(self, request: tuple[str, str], task: asyncio.Task[Visitor]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._coming.pop(request, None)
        else:
            asyncio.get_running_loop().call_later(REMEMBERED_S, self._coming.pop, request, None)

    async def _come(self, room: str, visitor: Visitor, wanted: str, request_id: str) -> Visitor:
        come, token = visitor, visitor.token or self._sessions.token_of(visitor.whose, request_id)
        await self._sessions.check_joins(visitor.whose, token)

        async def write(uow: UnitOfWork) -> list[RoomMessage]:
            nonlocal come
            await self._sessions.hold_joins(uow, visitor.whose)
            await uow.serialise("names of a room", room)  # two who come at once, to whichever process, differ
            ext, now_ms, messages = external_id(token), self._clock(), list[RoomMessage]()
            person = await uow.people.find(NAME, ext)
            if person is None:
                await self._sessions.count_join(uow, visitor.whose)
                name = await self._fitting(uow, room, wanted, visitor)
                person = await uow.people.identify(NAME, ext, name, now_ms)
                note: Payload = {"note": "joined", "by": person.id}
                messages = [await uow.room.append(room, TALK, note, author=name, now_ms=now_ms)]
            come = replace(visitor, whose=whose(person, ""), token=token, ext=ext, person=person)
            return messages

        await self._log.write_apart(write)
        return come

    async def _fitting(self, uow: UnitOfWork, room: str, wanted: str, visitor: Visitor) -> str:
        """The name a newcomer gets; refused where they would be taken for somebody. Who came by the admin link may be
        the admin of that name."""
        members, admins = await _names(uow, room)
        name = fitting_name(wanted, members=members, admins=set() if visitor.admin else admins)
        if isinstance(name, NameRefused):
            raise RefusalError(400, words_members.room_name_refused(name.code, wanted, name.like, name.instead))
        return name


async def _names(uow: UnitOfWork, room: str) -> tuple[set[str], set[str]]:
    """Names that are taken: of the accounts in the market that is on and of those who talked lately; of admins."""
    taken = await uow.room.authors(room, FIRST_PAGE)
    chat = await uow.chats.find(NAME, room)
    market = await uow.markets.of_chat(chat.id) if chat else None
    names = await uow.members.names(market.id) if market else {}
    admins = await uow.people.names(await uow.chats.admins(chat.id)) if chat else {}
    return taken | {*names.values()}, {*admins.values()}
