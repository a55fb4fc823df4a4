"""People who trade in the rooms of a cluster, at any of its processes: who gets no answer asks another, with the same
request id, and their window is shown what happens by whichever process is left.

What they were promised is written down: an order that was answered as taken. What they were shown too.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.cluster_processes import Cluster, Slot
from tests.simulation.load_client import HttpConnection, Shown, button

ANSWER_S = 3.0  # without an answer for so long one asks another process
GATHERING_S = 60.0  # while nothing happens to anybody yet
PAUSE_S = 2.6  # between two orders of one person: within what a person may send in a minute
EVENT = '/admin create "Cluster" North, East, South, West, Centre balance $20000'
LAST_WORDS = ("Filled", "Not filled")  # how the last message on a market order begins
_TROUBLE = ("This cannot be done now", "The database went away")
_WRONG = "went wrong"
_TOO_FAST = ("too fast", "Slow down", "slow down")
_COOKIE = re.compile(rb"\r\nset-cookie: *([^=;\r]+)=([^;\r]*)", re.IGNORECASE)
_TICKET = re.compile(r"/ticket confirm (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """An order that was answered as taken: of a ticket, or of a request that was sent at once."""

    room: str
    person: int
    ticket: int | None
    request: str
    message: int
    at_ms: float


@dataclass(slots=True)
class Seen:
    """What all of them met. `refused` Confirms; `wrong` answers that no person should get."""

    promises: list[Promise] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)  # tickets
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    retried: int = 0


class Person:
    """One browser, with a window open at one of the processes."""

    def __init__(self, cluster: Cluster, room: str, number: int, seed: int, seen: Seen) -> None:
        self.number = number
        self.room = room
        self._cluster = cluster
        self._base = "/" if room == "room" else f"/r/{room}/"
        self._rng = random.Random(f"{seed}:{number}")
        self._seen = seen
        self._cookies: dict[str, str] = {}
        self._home: Slot = cluster.slots[number % len(cluster.slots)]
        self._http: HttpConnection | None = None
        self._requests = 0
        self._patience_s = GATHERING_S
        self._shown_seq = ""
        self._moved = asyncio.Event()
        self._heard = asyncio.Event()
        self.told: dict[int, str] = {}  # by message: the last word on an order, as their window showed it
        self.untold: set[int] = set()
        self._window: asyncio.Task[None] | None = None

    @property
    def ext(self) -> str:
        """Their id on the platform."""
        token = next(value for name, value in self._cookies.items() if name.startswith("outcry_session_"))
        return hashlib.sha256(b"outcry room\0" + token.encode()).hexdigest()

    # What they ask

    async def visit_as_admin(self, token: str) -> None:
        status, _ = await self._send("GET", f"?admin={token}", None)
        assert status == 303, status

    async def join(self, name: str) -> None:
        await self._asked("api/join", {"name": name})

    async def say(self, line: str) -> Shown:
        return await self._asked("api/say", {"text": line})

    async def press(self, message: Shown, label: str) -> Shown:
        line = button(message, label)
        assert line, (label, message)
        return await self._asked("api/press", {"text": line, "message": message["id"]})

    async def _asked(self, path: str, payload: dict[str, Any]) -> Shown:
        """Until it is answered, by whichever process."""
        self._requests += 1
        payload = {**payload, "request": f"cluster-{self.number}-{self._requests:06}"}
        while True:
            try:
                async with asyncio.timeout(self._patience_s):
                    status, body = await self._send("POST", path, payload)
            except (OSError, TimeoutError) as error:
                self._seen.answers[f"no answer: {type(error).__name__}"] += 1
                await self._again_elsewhere(payload)
                continue
            answer: Shown = json.loads(body)
            if status == 200 and not _head(answer).startswith(_TROUBLE):
                if _WRONG in _head(answer):
                    self._seen.wrong.append(f"{payload}: {_head(answer)}")
                return {**answer, "request": payload["request"]}
            self._seen.answers[_head(answer)[:40] or f"HTTP {status}"] += 1
            if status not in (200, 429, 500, 503):
                self._seen.wrong.append(f"{payload}: {status} {answer}")
                return answer
            await asyncio.sleep(0.3)
            await self._again_elsewhere(payload)

    async def _again_elsewhere(self, payload: dict[str, Any]) -> None:
        payload["again"] = True
        self._seen.retried += 1
        self._move()
        await asyncio.sleep(0.1)

    def _move(self) -> None:
        """To another process that serves; none: to any."""
        self._hang_up()
        others = [slot for slot in self._cluster.slots if slot is not self._home]
        self._home = self._rng.choice([slot for slot in others if slot.is_up] or others or self._cluster.slots)
        self._moved.set()

    def _hang_up(self) -> None:
        if self._http is not None and self._http.transport is not None:
            self._http.transport.abort()
        self._http = None

    async def _send(self, method: str, path: str, payload: dict[str, Any] | None) -> tuple[int, bytes]:
        slot = self._home
        if self._http is None or self._http.transport is None:
            loop = asyncio.get_running_loop()
            _, self._http = await loop.create_connection(HttpConnection, "127.0.0.1", slot.port)
        body = b"" if payload is None else json.dumps(payload).encode()
        told = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        head = f"{method} {self._base}{path} HTTP/1.1\r\n{self._headers(slot)}{told}\r\n"
        status, answered, answer = await self._http.request(head.encode() + body)
        for name, value in _COOKIE.findall(answered):
            self._cookies[name.decode()] = value.decode()
        return status, answer

    def _headers(self, slot: Slot) -> str:
        """A browser keeps one set of cookies for a host, whatever port it asks. Those of versions before this one were
        named for the port, as by a proxy, which has one."""
        host, address = f"127.0.0.1:{slot.port}", f"10.9.{self.number // 250}.{self.number % 250 + 1}"
        pairs = [f"{_for_port(name, slot.port)}={value}" for name, value in self._cookies.items()]
        cookies = f"Cookie: {'; '.join(pairs)}\r\n" if pairs else ""
        return f"Host: {host}\r\nOrigin: http://{host}\r\nX-Forwarded-For: {address}\r\n{cookies}"

    # What they are shown

    def open_window(self) -> None:
        self._window = asyncio.create_task(self._look())

    async def close(self) -> None:
        self._hang_up()
        if self._window is not None:
            self._window.cancel()
            await asyncio.gather(self._window, return_exceptions=True)

    async def _look(self) -> None:
        """The stream of the process they are at, from where the last one ended."""
        while True:
            self._moved.clear()
            stream = asyncio.create_task(
                read_stream(self._home, self._base, self._headers, self._shown_seq, self._show)
            )
            moved = asyncio.create_task(self._moved.wait())
            try:
                await asyncio.wait({stream, moved}, return_when=asyncio.FIRST_COMPLETED)
                if stream.done() and not self._home.is_up:
                    self._move()
            finally:
                for task in (stream, moved):
                    task.cancel()
                await asyncio.gather(stream, moved, return_exceptions=True)
            await asyncio.sleep(0.2)

    def _show(self, seq: str, data: bytes) -> None:
        self._shown_seq = seq or self._shown_seq
        if b"illed" not in data:
            return
        for message in json.loads(data).get("messages", ()):
            if message.get("private") and _head(message).startswith(LAST_WORDS):
                self.told[message["id"]] = _head(message)
                self.untold.discard(message["id"])
                self._heard.set()

    async def told_all(self) -> None:
        while self.untold:
            self._heard.clear()
            await self._heard.wait()

    def _expects(self, answer: Shown) -> None:
        """To be shown what becomes of the order in this message."""
        if answer["id"] not in self.told and not _head(answer).startswith(LAST_WORDS):
            self.untold.add(answer["id"])

    # What they do

    async def trade(self, goes_on: Callable[[], bool]) -> None:
        """Every other person orders without being asked again."""
        self._patience_s = ANSWER_S
        if self.number % 2:
            await self.say("/settings confirm off")
        await asyncio.sleep(self._rng.random() * PAUSE_S)
        while goes_on():
            began = time.monotonic()
            answer = await self.say(self._line())
            if button(answer, "Confirm"):
                await self._confirm(answer)
            elif _taken(answer):
                self._promised(answer, ticket=None)
            else:
                self._seen.answers[_head(answer)[:40]] += 1
            await asyncio.sleep(max(0.0, PAUSE_S - (time.monotonic() - began)))

    async def _confirm(self, shown: Shown) -> None:
        found = _TICKET.search(button(shown, "Confirm"))
        assert found is not None, shown
        answer = await self.press(shown, "Confirm")
        if _taken(answer):
            self._promised(answer, ticket=int(found[1]))
        else:
            self._seen.refused.append(int(found[1]))
            self._seen.answers[_head(answer)[:40]] += 1

    def _promised(self, answer: Shown, ticket: int | None) -> None:
        request = f"room:room:{self.ext[:16]}:{answer['request']}"
        self._seen.promises.append(
            Promise(
                room=self.room, person=self.number, ticket=ticket, request=request, message=answer["id"],
                at_ms=time.time() * 1_000,
            )
        )  # fmt: skip
        self._seen.answers["taken"] += 1
        if " limit " not in answer.get("asked", ""):
            self._expects(answer)

    def _line(self) -> str:
        outcome, side = self._rng.randint(1, 5), self._rng.choice(("yes", "no"))
        match self._rng.randrange(10):
            case 0:
                return f"/sell {outcome} {side} half"
            case 1:
                return f"/buy {outcome} {side} ${self._rng.randint(1, 5)} limit {self._rng.randint(2, 30)}c"
            case _:
                return f"/buy {outcome} {side} ${self._rng.randint(1, 9)}"


async def read_stream(
    slot: Slot, base: str, headers: Callable[[Slot], str], since: str, show: Callable[[str, bytes], None]
) -> None:
    """Events of a stream until it ends: their id and their data. Asked for in HTTP/1.0, so that it has no chunks."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        reader, writer = await asyncio.open_connection("127.0.0.1", slot.port, limit=1 << 24)
        try:
            resume = f"Last-Event-ID: {since}\r\n" if since else ""
            writer.write(f"GET {base}api/stream HTTP/1.0\r\n{headers(slot)}{resume}\r\n".encode())
            if b" 200 " not in await reader.readline():
                return
            await reader.readuntil(b"\r\n\r\n")
            while True:
                fields = dict(
                    line.split(b": ", 1) for line in (await reader.readuntil(b"\n\n")).splitlines() if b": " in line
                )
                show(fields.get(b"id", b"").decode(), fields.get(b"data", b"{}"))
        finally:
            writer.close()


async def gathered(cluster: Cluster, people: int, seed: int, seen: Seen, token: str) -> list[Person]:
    """A running market in each room, its people funded and at their windows, spread over the processes."""
    names = ["room", *(f"room-{number}" for number in range(2, cluster.rooms + 1))]
    hosts = [Person(cluster, name, number, seed, seen) for number, name in enumerate(names)]
    for host in hosts:
        await host.visit_as_admin(token)
        await host.join(f"Host {host.number}")
        for line in (EVENT, "/admin open"):
            assert (answer := await host.say(line))["reply"]["ok"], answer
    crowd = [Person(cluster, names[at % len(names)], len(names) + at, seed, seen) for at in range(people)]
    for person in crowd:
        await person.join(f"Member {person.number}")
    for host in hosts:
        answer = await host.press(await host.say("/admin start"), "Confirm")
        assert answer["reply"]["ok"], answer
    for person in crowd[: len(names)]:
        await _funded(person)
    for person in crowd:
        person.open_window()
    for host in hosts:
        await host.close()
    return crowd


async def _funded(person: Person) -> None:
    """Until the first tick, which funds everybody."""
    for _ in range(100):
        if button(await person.say("/buy 1 yes $1"), "Confirm"):
            return
        await asyncio.sleep(1.0)
    raise AssertionError("the market did not tick")


async def all_told(people: Sequence[Person], within_s: float) -> None:
    """Until each has been shown what became of their orders, or the time is over."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await asyncio.gather(*(person.told_all() for person in people))


def _for_port(cookie: str, port: int) -> str:
    """Its name at that port, where it is named for one."""
    name, _, end = cookie.rpartition("_")
    return f"{name}_{port}" if len(end) == 5 and end.isdecimal() else cookie


def _taken(answer: Shown) -> bool:
    return bool(answer.get("reply", {}).get("ok")) and not button(answer, "Confirm")


def _head(message: Shown) -> str:
    """How it begins, as text; of an error its sentence."""
    parts = message.get("reply", {}).get("head", ())
    return "".join(part.get("x", "") for part in parts) or str(message.get("error", ""))
