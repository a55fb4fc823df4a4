"""Requests that no browser sends: each is refused by its status, none is a failure of ours."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.adapters.telegram_chat.webhook import LARGEST_BODY, SECRET, Webhook
from tests.bot.adapters.room.harness import room_harness

POST = b"Content-Type: application/json\r\nContent-Length: "
REQUESTS: tuple[tuple[str, bytes, bytes, int], ...] = (  # first words, headers, body, status
    ("GET /?admin=%ed%a0%80", b"", b"", 403),
    ("GET /?admin=%ff%00", b"", b"", 403),
    ("GET /api/me", b"Cookie: outcry_session_PORT=TOKEN; outcry_admin_PORT=\xff\xed\xa0\x80\r\n", b"", 200),
    ("GET /api/me", b"Cookie: outcry_session_PORT=\xff\r\n", b"", 200),
    ("GET /api/me", b"Cookie: ;;;=;\x80=\r\n", b"", 200),
    ("GET /r/%00/", b"", b"", 404),
    ("GET /chart/999999999999999/99", b"", b"", 404),
    ("GET /file/%D9%A3/1", b"", b"", 404),
    ("GET /static/%2e%2e%2fguard.py", b"", b"", 404),
    ("POST /api/say", b"Origin: http://[\r\n", b"{}", 403),
    ("POST /api/say", b"Origin: http://\xff[\r\n", b"{}", 403),
    ("POST /api/complete", b"Origin: OURS\r\n", b"\xff\xfe", 400),
    ("POST /api/complete", b"Origin: OURS\r\n", b"[" * 20_000, 400),
    ("POST /api/complete", b"Origin: OURS\r\nContent-Encoding: gzip\r\n", b"hello", 400),
    ("POST /api/complete", b"Origin: OURS\r\nContent-Encoding: deflate\r\n", b"\x00\x00", 400),
    ("POST /api/complete", b"Origin: OURS\r\n", b"{" + b" " * 40_000 + b"}", 413),
    ("POST /api/v1/markets/1/quote", b"Origin: http://[\r\n", b"{}", 403),
    ("POST /api/v1/markets/1/orders", b"Origin: null\r\n", b"{}", 403),
    ("POST /api/v1/markets/1/quote", b"Origin: OURS\r\n", b"[" * 20_000, 400),
    ("POST /api/v1/markets/1/orders", b"Origin: OURS\r\n", b"{}", 401),
    ("POST /api/v1/markets/1/quote", b"Origin: OURS\r\n", b"{" + b" " * 40_000 + b"}", 413),
    ("POST /api/v1/markets/1/quote", b"Origin: OURS\r\n", b'{"x":' + b"[" * 16 + b"]" * 16 + b"}", 400),
    ("POST /api/complete", b"Origin: OURS\r\n", b'{"x":' + b"[" * 15 + b"]" * 15 + b"}", 200),
    ("GET /api/v1/markets/1/orders", b"", b"", 405),
    ("HEAD /api/stream", b"", b"", 405),
    ("HEAD /api/v1/markets/1/stream", b"", b"", 405),
    ("HEAD /watch/1/stream", b"", b"", 405),
    ("GET /api/v1/markets/%D9%A1/theatre/%D9%A1", b"", b"", 404),
    ("GET /api/v1/markets/1/moments/%D9%A1/mine", b"", b"", 404),
    ("GET /api/v1/markets/1/chart?span=%ff%00", b"", b"", 400),
    ("GET /api/v1/markets/1/tape?before=%D9%A1", b"", b"", 400),
    ("GET /api/v1/markets/1", b"Host: evil.example\r\n", b"", 400),
    ("DELETE /api/say", b"", b"", 405),
    ("PUT /", b"", b"", 405),
)


async def status(port: int, request: bytes) -> int:
    """Of the answer to these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        line = await asyncio.wait_for(reader.readline(), 10)
        return int(line.split()[1])
    finally:
        writer.close()


async def test_what_no_browser_sends_is_refused_and_logged_as_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with room_harness(tmp_path) as harness:
        port = int(harness.url.rstrip("/").rpartition(":")[2])
        for first, headers, body, wanted in REQUESTS:
            ours = headers.replace(b"PORT", str(port).encode()).replace(b"OURS", harness.url.rstrip("/").encode())
            ours = ours.replace(b"TOKEN", secrets.token_urlsafe(32).encode())
            size = POST + str(len(body)).encode() + b"\r\n" if body else b""
            raw = f"{first} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n".encode() + ours + size
            assert await status(port, raw + b"\r\n" + body) == wanted, (first, headers)
        unknown = f"POST /api/complete HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: {harness.url.rstrip('/')}\r\n"
        coded = b"Content-Type: application/json; charset=nonsense\r\nContent-Length: 2\r\n\r\n{}"
        assert await status(port, unknown.encode() + coded) == 400
        assert await status(port, b"GET /api/me HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n") == 421
    assert not [
        record for record in caplog.records if record.name.startswith("bot.") and record.levelno >= logging.ERROR
    ]


async def test_the_webhook_takes_nothing_from_strangers(caplog: pytest.LogCaptureFixture) -> None:
    taken: list[object] = []

    async def take(update: Mapping[str, object]) -> bool:
        taken.append(update)
        if "update_id" not in update:
            raise ValueError("no update")
        return update["update_id"] != 2

    hook = Webhook("127.0.0.1", 0, "/hook", "s" * 20, take)
    await hook.start()
    try:
        for secret, body, wanted in (
            (b"s" * 20, b'{"update_id":1}', 200),
            (b"s" * 20, b'{"update_id":2}', 503),
            (b"s" * 20, b"{}", 400),
            (b"s" * 20, b'{"update_id":3,"text":"' + b"x" * LARGEST_BODY + b'"}', 413),
            (b"", b"{}", 403),
            (b"s" * 19, b"{}", 403),
            (b"\xff\xfe", b"{}", 403),
            (b"s" * 20, b"[" * 20_000, 400),
            (b"s" * 20, b"[]", 400),
            (b"s" * 20, b"\xff", 400),
        ):
            head = b"POST /hook HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + SECRET.encode() + b": " + secret
            raw = head + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
            assert await status(hook.port, raw) == wanted, (secret, body[:9])
    finally:
        await hook.stop()
    assert taken == [{"update_id": 1}, {"update_id": 2}, {}]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
