"""A room with everything behind it, and people in front of it who speak HTTP."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from aiohttp import ClientResponse, ClientSession, CookieJar, web

from bot.adapters.room.service import RoomService
from bot.chat import plain_text
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.reply import Picture
from bot.chat.rights import UNASKED, Rights
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.notifications.announcer import Announcer
from bot.settings import Network
from engine.terms import MarketParams
from scheduler.tick import run_tick
from storage.clock import ManualClock
from storage.database import Database
from storage.holding import Holder
from tests.storage import worlds
from tests.storage.databases import migrated_file

ADMIN = "an-admin-token-for-tests"
PUBLIC = "https://outcry.example.org"  # what links lead to
PNG = b"\x89PNG\r\n\x1a\n"
Shown = dict[str, Any]  # a message as browsers get it: JSON


async def no_chart(picture: Picture, theme: str) -> bytes | None:
    return PNG + f"{picture.kind} {picture.market} {picture.tick} {theme}".encode()


@dataclass(slots=True)
class RoomHarness:
    """`tick` runs the market and lets the announcer speak."""

    db: Database
    clock: ManualClock
    room: RoomService
    url: str
    admin_url: str
    announcer: Announcer
    dispatcher: Dispatcher
    holder: Holder
    market: int = 0
    visitors: list[Browser] = field(default_factory=list)

    async def open_market(self, terms: MarketParams | None = None) -> None:
        """A market that has just started in the room's chat."""
        self.market = (await worlds.started(self.db, people=1, terms=terms, chat="room")).market

    async def tick(self, after_ms: int = 2_000) -> None:
        self.clock.advance(after_ms)
        await run_tick(self.db, self.market, self.clock.now_ms())
        await self.announcer.step()

    async def admin(self, *lines: str) -> None:
        """What an admin says in the room's chat and, where it asks, confirms."""
        for line in lines:
            for confirmed in await self._say_as_admin(line):
                await self._say_as_admin(confirmed)

    async def _say_as_admin(self, line: str) -> list[str]:
        """Returns the lines behind Confirm."""
        reply = await self.dispatcher.run(
            Invocation(
                text=line,
                command="",
                args={},
                platform="room",
                person_ext="boss",
                person_name="Boss",
                chat_ext="room",
                chat_kind=ChatKind.ROOM,
                is_admin=True,
                request_id=request_id(),
            )
        )
        assert reply.ok, plain_text.text(reply)
        return [action.text for action in reply.actions if action.label.startswith("Confirm")]

    def browser(self, address: str = "") -> Browser:
        self.visitors.append(Browser(self.url, address))
        return self.visitors[-1]

    def moved(self, visitor: Browser) -> Browser:
        """The same browser, whose requests come to this process now."""
        self.visitors.append(Browser(self.url, jar=visitor.jar))
        return self.visitors[-1]

    async def person(self, name: str, address: str = "") -> Browser:
        visitor = self.browser(address)
        await visitor.join(name)
        return visitor


@asynccontextmanager
async def room_harness(
    folder: Path,
    *,
    draw: Callable[[Picture, str], Any] = no_chart,
    port: int = 0,
    speed: Callable[[], float] = lambda: 1.0,
    titles: dict[str, str] | None = None,
    public_url: str | None = None,
    trusted_proxies: Sequence[Network] = (),
    more: Sequence[web.RouteDef] = (),
    url: str = "",
    rights: Rights = UNASKED,
    telegram_token: str | None = None,
) -> AsyncIterator[RoomHarness]:
    """One process and its room; `url` is of a database that others may be at too."""
    db = Database.open(url or migrated_file(folder / "town.db"))
    clock = ManualClock(worlds.START)
    holder = Holder(db, clock, secrets.token_hex(4))
    dispatcher = Dispatcher(db, clock, COMMANDS, rights=rights, public_url=public_url or PUBLIC)
    room = RoomService(
        db,
        dispatcher,
        clock.now_ms,
        port=port,
        admin_token=ADMIN,
        draw=draw,
        speed=speed,
        titles=titles,
        public_url=public_url,
        trusted_proxies=trusted_proxies,
        more=more,
        holder=holder,
        rights=rights,
        telegram_token=telegram_token,
    )
    address, admin_url = await room.start()
    announcer = Announcer(db, clock, {"room": room.platform})
    harness = RoomHarness(db, clock, room, address, admin_url, announcer, dispatcher, holder)
    try:
        yield harness
    finally:
        for visitor in harness.visitors:
            await visitor.close()
        await harness.room.stop()
        await db.close()


def request_id() -> str:
    return secrets.token_hex(8)


class Browser:
    """One browser with its cookies; answers are `(status, JSON)`. `address`: the one a proxy would tell of it."""

    def __init__(self, url: str, address: str = "", jar: CookieJar | None = None) -> None:
        self.url = url
        self.jar = jar or CookieJar(unsafe=True)  # the room stands at an address without a name
        told = {"X-Forwarded-For": address} if address else {}
        self.http = ClientSession(cookie_jar=self.jar, read_bufsize=2**24, headers=told)
        self.headers = {"Origin": url.rstrip("/")}

    async def close(self) -> None:
        await self.http.close()

    async def post(self, path: str, payload: object, **headers: str) -> tuple[int, Any]:
        async with self.http.post(self.url + path, json=payload, headers={**self.headers, **headers}) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str, **headers: str) -> ClientResponse:
        answer = await self.http.get(self.url + path, headers=headers, allow_redirects=False)
        await answer.read()
        return answer

    async def join(self, name: str) -> tuple[int, Any]:
        return await self.post("api/join", {"name": name, "request": request_id()})

    async def say(self, text: str, request: str | None = None, *, again: bool = False) -> tuple[int, Any]:
        return await self.post("api/say", {"text": text, "request": request or request_id(), "again": again})

    async def press(
        self, text: str, message: int, request: str | None = None, *, again: bool = False
    ) -> tuple[int, Any]:
        payload = {"text": text, "message": message, "request": request or request_id(), "again": again}
        return await self.post("api/press", payload)

    async def messages(self) -> list[Shown]:
        """Everything this browser is shown, by the first page of the stream."""
        async with self.stream() as events:
            return list((await events.page())["messages"])

    def stream(self, path: str = "api/stream", **headers: str) -> Stream:
        return Stream(self, path, headers)


class Stream:
    """Server-sent events, one after the other."""

    def __init__(self, browser: Browser, path: str, headers: dict[str, str]) -> None:
        self._browser = browser
        self._path = path
        self._headers = headers
        self.last_id: str = ""

    async def __aenter__(self) -> Stream:
        self.answer = await self._browser.http.get(self._browser.url + self._path, headers=self._headers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.answer.close()

    async def event(self, within_s: float = 30.0) -> tuple[str, Any]:
        """The next one; raises TimeoutError, and EOFError where the stream has ended."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(within_s):
            async for raw in self.answer.content:
                text = raw.decode().rstrip("\n")
                if not text and fields:
                    self.last_id = fields.get("id", self.last_id)
                    return fields["event"], json.loads(fields["data"])
                key, _, value = text.partition(": ")
                fields[key] = value
        raise EOFError

    async def page(self, within_s: float = 30.0) -> Any:
        """The next messages; heartbeats are passed over."""
        while True:
            kind, data = await self.event(within_s)
            if kind == "page":
                return data


def head(message: Shown) -> str:
    """The sentence of a message's reply."""
    return "".join(part.get("x", "") for part in message["reply"]["head"])
