"""A server that strangers reach: within bounds, and saying nothing of what it is made of."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.adapters import http_server
from bot.adapters.http_server import HttpServer

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"


async def answer(request: web.Request) -> web.Response:
    return web.Response(text=await request.text())


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[HttpServer, int]]:
    app = web.Application(client_max_size=1_000)
    app.router.add_route("*", "/", answer)
    server = HttpServer(app, "127.0.0.1", 0)
    port = await server.start()
    try:
        yield server, port
    finally:
        await server.stop()


async def exchange(port: int, request: bytes) -> bytes:
    """All that comes back until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (HEAD + b"Connection: close\r\n\r\n", 200),
        (b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
        (b"\x16\x03\x01 no HTTP at all\r\n\r\n", 400),
        (HEAD + b"X: " + b"x" * 9_000 + b"\r\n\r\n", 400),
        (HEAD + b"".join(b"X%d: x\r\n" % number for number in range(100)) + b"\r\n", 400),
        (b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\n\r\n", 400),
    ],
)
async def test_no_answer_tells_a_version_and_no_nonsense_is_logged(
    request_: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving() as (_, port):
        head = (await exchange(port, request_)).partition(b"\r\n\r\n")[0].decode().lower()
    assert head.startswith(f"http/1.1 {status} ") or head.startswith(f"http/1.0 {status} ")
    assert "server: outcry\r\n" in f"{head}\r\n"
    assert "aiohttp" not in head
    assert "python" not in head
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_failure_of_ours_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(request: web.Request) -> web.Response:
        raise LookupError

    app = web.Application()
    app.router.add_get("/", broken)
    server = HttpServer(app, "127.0.0.1", 0)
    port = await server.start()
    try:
        assert b" 500 " in await exchange(port, HEAD + b"Connection: close\r\n\r\n")
    finally:
        await server.stop()
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [LookupError]


async def test_a_head_that_never_ends_and_a_connection_that_says_nothing_are_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_server, "IDLE_S", 0.05)
    async with serving() as (server, port):
        assert await exchange(port, b"") == b""
        assert await exchange(port, HEAD) == b""
        assert len(server.connections) == 0


async def test_where_connections_run_out_those_go_that_do_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "most_connections", lambda: 3)
    async with serving() as (server, port):
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        for reader, writer in idle:  # in order: the first has been idle longest
            writer.write(HEAD + b"\r\n")
            assert b"200" in await reader.readline()
        assert b" 200 " in await exchange(port, HEAD + b"Connection: close\r\n\r\n")
        assert await idle[0][0].read() is not None
        assert idle[0][0].at_eof()
        assert not idle[2][0].at_eof()
        for _, writer in idle:
            writer.close()
        assert len(server.connections) <= 3
