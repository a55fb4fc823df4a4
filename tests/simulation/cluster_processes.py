"""The processes of a cluster: each on a port of its own, behind a proxy to PostgreSQL of its own, one life after the
other; and what is done to them: killed, frozen, cut off, stopped in order, replaced by another state of the code.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.paths import ROOT
from tests.simulation import load
from tests.storage.proxy import Proxy, proxied

TICK_MS = 250
STARTS_S = 120.0
STOPS_S = 60.0
_PORTS = range(20_000, 32_000)  # below those that outgoing connections get, one of which would bar a restart


@dataclass(frozen=True, slots=True)
class Life:
    """One life of a process, in a slot of the cluster."""

    slot: int
    number: int

    def __str__(self) -> str:
        return f"{self.slot}.{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What was done to a process, from when until when, in epoch milliseconds."""

    what: str
    life: Life
    from_ms: float
    until_ms: float


@dataclass(slots=True, eq=False)
class Slot:
    """A place where one process after the other runs. `is_up`: it serves and nothing is being done to it."""

    number: int
    port: int
    proxy: Proxy
    folder: Path
    lives: int = 0
    is_up: bool = False
    tree: Path = ROOT
    process: asyncio.subprocess.Process | None = None
    pumps: set[asyncio.Task[None]] = field(default_factory=set)
    sockets: list[tuple[Life, int, float]] = field(default_factory=list)  # by which the server knew it, and since when

    @property
    def life(self) -> Life:
        return Life(self.number, self.lives)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def note_sockets(self) -> None:
        """Those of the life that is on, before the next begins."""
        self.sockets += [(self.life, port, at) for port, at in self.proxy.opened]
        self.proxy.opened.clear()

    @property
    def log(self) -> str:
        """Of all its lives."""
        files = sorted(self.folder.glob("*/log.txt"), key=lambda file: int(file.parent.name))
        return "".join(file.read_text(encoding="utf-8", errors="replace") for file in files)


class Cluster:
    """So many slots on one database. `events` is the diary of what was done to whom."""

    def __init__(self, slots: Sequence[Slot], url: str, rooms: int, environment: Mapping[str, str]) -> None:
        self.slots = list(slots)
        self.url = url
        self.rooms = rooms
        self._environment = dict(environment)
        self.events: list[Event] = []
        self.exits: list[tuple[Life, int]] = []  # of those who were asked to stop
        self.stop_s: list[float] = []

    async def start(self, slot: Slot) -> None:
        """A new life; returns when its room is open."""
        slot.note_sockets()
        slot.lives += 1
        folder = slot.folder / str(slot.lives)
        folder.mkdir(parents=True)
        own = {
            "DATABASE_URL": slot.proxy.url(self.url),
            "OUTCRY_ROOM_PORT": str(slot.port),
            "OUTCRY_TICK_MS": str(TICK_MS),
        }
        slot.process = await load.start(folder, slot.tree, rooms=self.rooms, **(own | self._environment))
        assert slot.process.stdout is not None
        async with asyncio.timeout(STARTS_S):
            line = (await slot.process.stdout.readline()).decode()
        if not line.startswith("room: "):
            raise AssertionError(f"process {slot.life} did not start: {line!r}\n{slot.log[-4_000:]}")
        pump = asyncio.create_task(_drained(slot.process.stdout))
        slot.pumps.add(pump)
        pump.add_done_callback(slot.pumps.discard)
        slot.is_up = True

    async def kill(self, slot: Slot) -> None:
        """SIGKILL; it stays down."""
        slot.is_up = False
        assert slot.process is not None
        slot.signal(signal.SIGKILL)
        await slot.process.wait()

    async def stop(self, slot: Slot) -> None:
        """SIGTERM; it gives back what it holds and ends by itself."""
        slot.is_up = False
        assert slot.process is not None
        began = time.monotonic()
        slot.signal(signal.SIGTERM)
        async with asyncio.timeout(STOPS_S):
            status = await slot.process.wait()
        self.stop_s.append(time.monotonic() - began)
        self.exits.append((slot.life, status))

    async def freeze(self, slot: Slot, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after so long."""
        slot.is_up = False
        slot.signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        slot.signal(signal.SIGCONT)

    async def cut_off(self, slot: Slot, seconds: float, *, drops: bool) -> None:
        """Nothing passes between it and PostgreSQL for so long; then all of it does, or its connections are gone."""
        slot.is_up = False
        slot.proxy.flowing.clear()
        await asyncio.sleep(seconds)
        if drops:
            await slot.proxy.drop()
        slot.proxy.flowing.set()

    async def answers(self, slot: Slot) -> None:
        """Until it answers over HTTP again."""
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", slot.port)
                writer.write(b"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
                answer = await reader.readline()
                writer.close()
                if b" 200 " in answer:
                    slot.is_up = True
                    return
            await asyncio.sleep(0.1)

    @property
    def up(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.is_up]

    def life_of(self, port: int, at: float) -> Life | None:
        """Whose connection to the server had this port at that moment (epoch seconds)."""
        for slot in self.slots:
            slot.note_sockets()
        known = [(since, life) for slot in self.slots for life, its, since in slot.sockets if its == port]
        return max((pair for pair in known if pair[0] <= at), key=lambda pair: pair[0], default=(0.0, None))[1]

    @contextlib.contextmanager
    def noted(self, what: str, slot: Slot) -> Iterator[None]:
        """In the diary, from now until the block ends."""
        life, began = slot.life, time.time() * 1_000
        try:
            yield
        finally:
            self.events.append(Event(what=what, life=life, from_ms=began, until_ms=time.time() * 1_000))


async def _drained(stream: asyncio.StreamReader) -> None:
    while await stream.readline():
        pass


def _free_port(rng: random.Random) -> int:
    while True:
        port = rng.choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@asynccontextmanager
async def clustered(
    url: str, server_port: int, folder: Path, processes: int, rooms: int, environment: Mapping[str, str]
) -> AsyncIterator[Cluster]:
    """Slots on one database, none running yet; whatever runs at the end is killed."""
    async with AsyncExitStack() as stack:
        rng = random.Random()  # of the machine: which ports are free is no part of a seed
        slots = []
        for number in range(1, processes + 1):
            proxy = await stack.enter_async_context(proxied(server_port))
            slots.append(Slot(number, _free_port(rng), proxy, folder / f"slot-{number}"))
        cluster = Cluster(slots, url, rooms, environment)
        try:
            yield cluster
        finally:
            for slot in slots:
                if slot.process is not None and slot.process.returncode is None:
                    slot.process.kill()
                    await slot.process.wait()
                await asyncio.gather(*slot.pumps, return_exceptions=True)
