"""A program in front of a room: HTTP with a key, each answer held against the file that describes it."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from aiohttp import ClientSession
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from bot.adapters.room.api.openapi import document
from bot.adapters.room.security import new_token
from bot.adapters.room.service import RoomService
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.market import membership
from storage.keys import PREFIX, Key, NewKey, Scope
from storage.records import Member
from tests.bot.adapters.room.harness import ADMIN, RoomHarness, no_chart
from tests.storage import worlds

DOLLARS = 10**6
_NAMED = re.compile(r"{\w+}")


def _closed(schema: Any) -> Any:
    """The same with nothing in it that it does not name, where it says all there is."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _closed(part) for name, part in schema.items()}
    open_ended = "properties" not in made or "kind" in made["properties"]  # a moment has the figures of its kind beside
    return made if open_ended else {**made, "additionalProperties": False}


_FILE = _closed(document())
_PATHS = [(re.compile(_NAMED.sub("[^/]+", path)), path) for path in _FILE["paths"]]


@cache
def _validator(method: str, path: str, status: int) -> Draft202012Validator:
    answers = _FILE["paths"][path][method.lower()]["responses"]
    assert str(status) in answers, f"{method} {path} answers {status}, which the file does not say"
    schema = answers[str(status)]["content"]["application/json"]["schema"]
    return Draft202012Validator({**schema, "components": _FILE["components"]})


def check_event(name: str, data: object) -> None:
    """AssertionError where the file does not say that the stream has such events."""
    schema = {"$ref": f"#/components/schemas/{name.title()}", "components": _FILE["components"]}
    problems = list(Draft202012Validator(schema).iter_errors(data))
    assert not problems, f"event {name}: {best_match(problems)}"


def check(method: str, path: str, status: int, body: object) -> None:
    """AssertionError where the file does not say that this address answers so."""
    known = [name for pattern, name in _PATHS if pattern.fullmatch(path) and method.lower() in _FILE["paths"][name]]
    if not known:
        assert status in {404, 405}, (method, path, status)
        return
    problems = list(_validator(method, known[0], status).iter_errors(body))
    assert not problems, f"{method} {path} {status}: {best_match(problems)}"


class Program:
    """Answers are `(status, JSON)`."""

    def __init__(self, harness: RoomHarness, token: str, key: Key) -> None:
        self._http = ClientSession(headers={"Authorization": f"Bearer {token}"}, read_bufsize=2**22)
        self.token, self.key = token, key
        self.url = harness.url
        self.market = f"api/v1/markets/{key.market}"

    async def close(self) -> None:
        await self._http.close()

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        url = f"{self.url}{self.market}/{path}".rstrip("/")
        async with self._http.request(method, url, headers=headers, json=body) as answer:
            shown = await answer.json()
            check(method, answer.url.path, answer.status, shown)
            return answer.status, shown

    async def get(self, path: str = "") -> Any:
        status, body = await self.ask("GET", path)
        assert status == 200, body
        return body

    async def send(self, order: object, named: str | None = None) -> tuple[int, Any]:
        headers = {"Idempotency-Key": named or secrets.token_hex(8)}
        return await self.ask("POST", "orders", order, **headers)

    async def sent(self, order: object, named: str | None = None) -> dict[str, Any]:
        status, body = await self.send(order, named)
        assert status == 200, body
        assert body["message"] is None
        return dict(body["order"])

    def stream(self, query: str = "", **headers: str) -> Any:
        return self._http.get(f"{self.url}{self.market}/stream{query}", headers=headers)


@asynccontextmanager
async def restarted(harness: RoomHarness) -> AsyncIterator[str]:
    """The address of the room, begun anew over the same database: nothing it knew in memory is left."""
    await harness.room.stop()
    dispatcher = Dispatcher(harness.db, harness.clock, COMMANDS)
    room = RoomService(harness.db, dispatcher, harness.clock.now_ms, port=0, admin_token=ADMIN, draw=no_chart)
    address, _ = await room.start()
    try:
        yield address
    finally:
        await room.stop()


@asynccontextmanager
async def program(
    harness: RoomHarness, scope: Scope = Scope.TRADE, *, who: str = "robot", dollars: int = 500
) -> AsyncIterator[Program]:
    """Of somebody who is in the market."""
    token = PREFIX + new_token()
    async with harness.db.writing() as uow:
        person = await uow.people.identify("room", who, who.title(), worlds.START)
        member = await uow.members.get(harness.market, person.id) or await membership.join(
            uow, harness.market, person.id, "", harness.clock.now_ms()
        )
        assert isinstance(member, Member), member
        key = await uow.keys.make(
            NewKey(
                market=harness.market,
                person=person.id,
                scope=scope,
                name="bot",
                allowance=dollars * DOLLARS if scope is Scope.TRADE else None,
                platform="room",
                external_id=who,
            ),
            token,
            worlds.START,
        )
        await uow.commit()
    made = Program(harness, token, key)
    try:
        yield made
    finally:
        await made.close()
