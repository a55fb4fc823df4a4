"""A program in front of a room: HTTP with a key, each answer held against the file that describes it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession

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
            return answer.status, await answer.json()

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
