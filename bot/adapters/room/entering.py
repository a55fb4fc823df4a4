"""From a link of `/room` to a session: what its page asks, and how one signs out.

The code stands in the link's fragment, which no browser sends: no log, proxy or referrer has it. The page takes it from
there and posts it. Looking at what it opens spends nothing, so a preview that runs scripts spends nothing either.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from aiohttp import web

from bot.adapters.room import request_body
from bot.adapters.room.limits import RefusalError, too_often
from bot.adapters.room.security import Sessions, Visitor, external_id
from bot.adapters.room.visitors import Visitors
from bot.chat import shared_limits
from bot.chat.shared_limits import Tried
from bot.words import entering as words
from bot.words.identity import platform_name
from storage.clock import SystemClock
from storage.database import Database
from storage.entrances import SESSION_LIFE_MS, Opened, look_at_room_link, use_room_link
from storage.records import Json

CODE = re.compile(r"[A-Za-z0-9_-]{43}")


class EnterRoutes:
    """`clock` gives epoch milliseconds of market time, by which links and sessions run out."""

    def __init__(self, db: Database, clock: Callable[[], int], sessions: Sessions, visitors: Visitors) -> None:
        self._db = db
        self._clock = clock
        self._wall_ms = SystemClock().now_ms  # windows of guesses are real, however fast a market's time runs
        self._sessions = sessions
        self._visitors = visitors

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/enter/look", self._look),
            web.post("/api/enter", self._enter),
            web.post("/api/leave", self._leave),
        ]

    async def _look(self, request: web.Request) -> web.Response:
        """Whom the link opens the room as, and who this browser is until then."""
        visitor, body = await self._visitors.cookie_visitor(request), await request_body.read(request)
        code = request_body.text(body, "code")
        async with self._db.reading() as uow:
            opened = await look_at_room_link(uow, code, self._clock()) if CODE.fullmatch(code) else None
        if opened is None:
            raise await self._no_good(visitor)
        return web.json_response({**_shown(opened), "here": _here(visitor, opened)})

    async def _enter(self, request: web.Request) -> web.Response:
        """This browser is them from now on, and nobody else any more."""
        visitor, body = await self._visitors.cookie_visitor(request), await request_body.read(request)
        code, request_id = request_body.text(body, "code"), request_body.request_id(body)
        token = self._sessions.token_for_link(code, request_id)
        opened = await self._open(visitor, code, external_id(token)) if CODE.fullmatch(code) else None
        if opened is None:
            raise await self._no_good(visitor)
        response = web.json_response(_shown(opened))
        cookies = self._visitors.cookies
        cookies.set(response, "session", token, life_s=SESSION_LIFE_MS // 1_000)
        cookies.delete(request, response, "admin")  # rights belong to who has just come
        return response

    async def _open(self, visitor: Visitor, code: str, hash: str) -> Opened | None:
        async with self._db.writing() as uow:
            opened = await use_room_link(uow, code, hash, self._clock())
            if opened is not None and visitor.came_as is not None and visitor.ext != hash:
                await uow.sessions.end(visitor.ext)
            await uow.commit()
        return opened

    async def _no_good(self, visitor: Visitor) -> RefusalError:
        """A wrong link is counted; who has one that is good is never kept out by it."""
        async with self._db.writing() as uow:
            wait_ms = await shared_limits.turn(uow, Tried.ROOM_LINK, visitor.whose, self._wall_ms())
            if wait_ms > 0:
                return too_often(words.too_many_links, wait_ms)
            await uow.attempts.add(Tried.ROOM_LINK, visitor.whose, self._wall_ms())
            await uow.commit()
        return RefusalError(403, words.link_no_good(), code="link_no_good")

    async def _leave(self, request: web.Request) -> web.Response:
        """Sign out: this browser is nobody any more. Who came in by a name of the room's own has no other way back, so
        there is none out."""
        visitor = await self._visitors.cookie_visitor(request)
        if visitor.person is not None and visitor.came_as is None:
            raise RefusalError(409, words.not_signed_in(), code="not_by_link")
        if visitor.came_as is not None:
            async with self._db.writing() as uow:
                await uow.sessions.end(visitor.ext)
                await uow.commit()
        response = web.json_response({"ok": True})
        for name in ("session", "admin"):
            self._visitors.cookies.delete(request, response, name)
        return response


def _shown(opened: Opened) -> dict[str, Json]:
    to = "/" if opened.market is None else f"/#/m/{opened.market}"
    return {"name": opened.identity.name, "from": platform_name(opened.identity.platform), "to": to}


def _here(visitor: Visitor, opened: Opened) -> dict[str, Json] | None:
    """Who this browser is, where it is somebody: the same person or another, and whether they came by a link."""
    if visitor.person is None:
        return None
    same = visitor.person.id == opened.identity.person
    return {"name": visitor.person.name, "same": same, "linked": visitor.came_as is not None}
