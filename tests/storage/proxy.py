"""A proxy on loopback in front of PostgreSQL that takes its time, cuts a connection at its COMMIT, and stops passing
bytes as a network does that fails: without a word to either side."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy.engine import make_url

COMMIT = b"COMMIT;\0"  # as asyncpg spells it


@dataclass
class Proxy:
    """`cut`: at the next COMMIT, "before" it is passed on or "after" the server has answered it; the answer is never
    passed on. `closed`: nobody is let through, and nobody is from a cut on that `closes`. `keeps`: the server is not
    told that a client is gone. While it is not `flowing` nothing passes and no connection ends; what was sent meanwhile
    arrives afterwards, unless `drop` comes first. `opened` are the ports by which the server knew its clients, with the
    moment (epoch seconds) of each."""

    server_port: int
    delay_s: float = 0.0
    cut: str = ""
    closes: bool = False
    closed: bool = False
    keeps: bool = False
    cuts: int = 0
    port: int = 0
    opened: list[tuple[int, float]] = field(default_factory=list)
    flowing: asyncio.Event = field(default_factory=asyncio.Event)
    _links: set[asyncio.Task[None]] = field(default_factory=set)
    _kept: list[asyncio.StreamWriter] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.flowing.set()

    def url(self, server_url: str) -> str:
        """The address of the same database by way of this proxy."""
        return make_url(server_url).set(port=self.port).render_as_string(hide_password=False)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        try:
            if not self.closed:
                await self._link(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # gone, or dropped by us
        finally:
            self._links.discard(task)
            writer.close()

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, server = await asyncio.open_connection("127.0.0.1", self.server_port)
        self.opened.append((server.get_extra_info("sockname")[1], time.time()))
        there = asyncio.create_task(self._to_server(reader, server))
        back = asyncio.create_task(self._to_client(answers, writer))
        try:
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            if there.done() and (commit := there.result()):
                back.cancel()
                await asyncio.gather(back, return_exceptions=True)
                server.write(commit)
                await answers.read(65_536)  # it is done, and nobody is told
        finally:
            for way in (there, back):
                way.cancel()
            await asyncio.gather(there, back, return_exceptions=True)
            if self.keeps:
                self._kept.append(server)
            else:
                server.close()

    async def _to_server(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter) -> bytes:
        """Until the client ends, or is cut: then the COMMIT that is still to be passed on, if it is."""
        while data := await reader.read(65_536):
            await self._passing()
            if self.cut and COMMIT in data:
                when, self.cut, self.cuts, self.closed = self.cut, "", self.cuts + 1, self.closes
                return data if when == "after" else b""
            server.write(data)
            await server.drain()
        return b""

    async def _to_client(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await answers.read(65_536):
            await self._passing()
            writer.write(data)
            await writer.drain()

    async def _passing(self) -> None:
        await asyncio.sleep(self.delay_s)
        await self.flowing.wait()

    async def stop(self) -> None:
        for server in self._kept:
            server.close()
        await self.drop()

    async def drop(self) -> None:
        """Every connection there is ends, on both sides, with what had not passed yet."""
        links = set(self._links)
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)


@asynccontextmanager
async def proxied(server_port: int, delay_s: float = 0.0) -> AsyncIterator[Proxy]:
    proxy = Proxy(server_port, delay_s)
    listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = listener.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listener.close()
        await proxy.stop()
        with contextlib.suppress(Exception):
            await listener.wait_closed()
