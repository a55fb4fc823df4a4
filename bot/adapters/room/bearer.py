"""Who a program or a Mini App is: a token in the header `Authorization: Bearer`.

No browser adds such a header by itself, so a request that has one carries nobody's rights but the token's: its cookies
are not read, and it may come from anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from bot.adapters.room.limits import RefusalError
from bot.adapters.room.security import Visitor, external_id
from bot.words import room as words
from storage.database import Database
from storage.keys import PREFIX, USED_EVERY_MS, Key, Scope
from storage.records import Identity
from storage.sessions import APP
from storage.trouble import TroubleError

PATH = "/api/v1/"  # what a key opens
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9_.~+/-]{1,200}=*) *")


def token_of(request: web.Request) -> str | None:
    """What the header names; None where there is none. RefusalError 401 for what is no such header."""
    given = request.headers.getall("Authorization", ())
    if not given:
        return None
    matched = _BEARER.fullmatch(given[0])
    if matched is None or len(given) > 1:
        raise RefusalError(401, words.no_bearer(), code="bad_authorization")
    return matched[1]


class Bearers:
    """`now_ms` is the market's clock, by which keys and sessions are dated."""

    def __init__(self, db: Database, now_ms: Callable[[], int]) -> None:
        self._db = db
        self._now_ms = now_ms

    async def visitor(self, token: str, path: str) -> Visitor:
        """Whose token this is, asked anew each time. RefusalError 401: nobody's (any more); 403: not for this
        address."""
        if token.startswith(PREFIX):
            return await self._program(token, path)
        return await self._mini_app(token)

    async def _program(self, token: str, path: str) -> Visitor:
        async with self._db.reading() as uow:
            key = await uow.keys.find(token)
            person = None if key is None else await uow.people.find(key.platform, key.external_id)
        if key is None or person is None:
            raise RefusalError(401, words.unknown_key(), code="unknown_key")
        if not path.startswith(PATH):
            raise RefusalError(403, words.not_for_keys(), code="not_for_keys")
        await self._note_use(key)
        identity = Identity(person=person.id, platform=key.platform, external_id=key.external_id, name=person.name)
        name = f"key {key.id}"
        return Visitor(whose=name, ext=name, person=person, came_as=identity, chat=key.chat, key=key)

    async def _mini_app(self, token: str) -> Visitor:
        ext = external_id(token)
        async with self._db.reading() as uow:
            session = await uow.sessions.find(ext, self._now_ms())
            person = None if session is None else await uow.people.get(session.identity.person)
        if session is None or session.kind != APP or person is None:
            raise RefusalError(401, words.no_such_token(), code="unknown_token")
        return Visitor(
            whose=f"person {person.id}",
            ext=ext,
            person=person,
            came_as=session.identity,
            chat=session.chat,
        )

    async def _note_use(self, key: Key) -> None:
        """So that its maker sees when it was used last. What cannot be written now keeps nobody from reading."""
        now_ms = self._now_ms()
        if key.used_ms is not None and now_ms < key.used_ms + USED_EVERY_MS:
            return
        with suppress(TroubleError):
            async with self._db.writing() as uow:
                await uow.keys.note_use(key, now_ms)
                await uow.commit()


_ENOUGH = {Scope.READ: frozenset(Scope), Scope.TRADE: frozenset({Scope.TRADE}), Scope.RUN: frozenset({Scope.RUN})}


def check(visitor: Visitor, scope: Scope) -> None:
    """RefusalError 403 where they came by a key that is not made for this."""
    if visitor.key is not None and visitor.key.scope not in _ENOUGH[scope]:
        raise RefusalError(403, words.other_scope(visitor.key.scope, scope), code="key_scope")
