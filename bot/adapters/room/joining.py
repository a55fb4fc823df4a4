"""How a stranger becomes somebody: a name that is theirs alone, and a session, once however often it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from bot.adapters.room import NAME, security
from bot.adapters.room.limits import RefusalError
from bot.adapters.room.message_log import FIRST_PAGE, TALK, MessageLog
from bot.adapters.room.security import Sessions, Visitor, external_id, new_token
from bot.market.member_names import NameRefused, fitting_name
from bot.words import members as words_members
from storage.database import Database

REMEMBERED_S = 120.0  # for so long a browser that missed the answer may ask again and is the same person


class Newcomers:
    """A browser has no cookie before its first answer, so that it is known by its request alone until then."""

    def __init__(self, db: Database, clock: Callable[[], int], log: MessageLog, sessions: Sessions) -> None:
        self._db = db
        self._clock = clock
        self._log = log
        self._sessions = sessions
        self._coming: dict[tuple[str, str], asyncio.Task[Visitor]] = {}
        self._given: set[str] = set()  # names of those who are not written down yet

    async def come(self, room: str, visitor: Visitor, wanted: str, request_id: str) -> Visitor:
        """Who they are from now on. RefusalError where they would be taken for somebody, or too many come."""
        request = (visitor.whose, request_id)
        task = self._coming.get(request)
        if task is None:
            task = self._coming[request] = asyncio.create_task(self._come(room, visitor, wanted))
            task.add_done_callback(partial(self._forget, request))
        return await asyncio.shield(task)  # a browser that hangs up may ask again

    def _forget(self, request: tuple[str, str], task: asyncio.Task[Visitor]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._coming.pop(request, None)
        else:
            asyncio.get_running_loop().call_later(REMEMBERED_S, self._coming.pop, request, None)

    async def _come(self, room: str, visitor: Visitor, wanted: str) -> Visitor:
        await self._sessions.check_joins(visitor.whose)
        name = await self._fitting(room, wanted, visitor)
        self._given.add(name)
        try:
            token = visitor.token or new_token()
            person = await self._sessions.create_person(token, name, visitor.whose, self._clock())
            await self._log.append(room, TALK, {"note": "joined", "by": person.id}, author=name)
        finally:
            self._given.discard(name)
        return Visitor(
            whose=security.whose(person, visitor.whose),
            token=token,
            ext=visitor.ext or external_id(token),
            person=person,
            admin=visitor.admin,
        )

    async def _fitting(self, room: str, wanted: str, visitor: Visitor) -> str:
        """The name a newcomer gets; refused where they would be taken for somebody. Who came by the admin link may be
        the admin of that name."""
        members, admins = await self._names(room)
        if visitor.admin:
            admins = set()
        name = fitting_name(wanted, members=members | self._given, admins=admins)
        if isinstance(name, NameRefused):
            raise RefusalError(400, words_members.room_name_refused(name.code, wanted, name.like, name.instead))
        return name

    async def _names(self, room: str) -> tuple[set[str], set[str]]:
        """Names that are taken: of the accounts in the market that is on and of those who talked lately; of admins."""
        async with self._db.reading() as uow:
            taken = await uow.room.authors(room, FIRST_PAGE)
            chat = await uow.chats.find(NAME, room)
            market = await uow.markets.of_chat(chat.id) if chat else None
            names = await uow.members.names(market.id) if market else {}
            admins = await uow.people.names(await uow.chats.admins(chat.id)) if chat else {}
        return taken | {*names.values()}, {*admins.values()}
