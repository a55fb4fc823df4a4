"""People at their browsers, as cheap as they can be: HTTP by hand over kept connections, streams read and dropped.

The one who drives a load must cost little, or the driver is what is measured. So no client library: a request is a few
bytes written, an answer is read by its `Content-Length`, and of a stream only events that tell of an order are parsed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Callable
from itertools import count
from typing import Any, TypeVar
from urllib.parse import urlsplit

Shown = dict[str, Any]  # a message as browsers get it: JSON
StreamT = TypeVar("StreamT", bound=asyncio.Protocol)

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: *([^;\r]+)", re.IGNORECASE)
_REQUESTS = count(1)
_LAST_WORDS = ("Filled", "Not filled")  # how the last message on a market order begins


class HttpConnection(asyncio.Protocol):
    """One kept connection, one request at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[tuple[int, bytes, bytes]] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    async def request(self, data: bytes) -> tuple[int, bytes, bytes]:
        """Status, head and body of the answer."""
        assert self.transport is not None
        assert self._answer is None, "one request at a time"
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(data)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or self._answer is None:
            return
        head = self._buffer[: end + 2]
        length = _LENGTH.search(head)
        whole = end + 4 + (int(length[1]) if length else 0)
        if len(self._buffer) < whole:
            return
        body, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
        answer, self._answer = self._answer, None
        if not answer.cancelled():
            answer.set_result((int(head[9:12]), head, body))

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionError("the server hung up"))
        self._answer = None


class StreamConnection(asyncio.Protocol):
    """A stream asked for in HTTP/1.0, so that it comes without chunks; `heard` gets each event that may tell of an
    order, and `opened` the status."""

    def __init__(self, request: bytes, heard: Callable[[bytes], None]) -> None:
        self._request = request
        self._heard = heard
        self._buffer = b""
        self.received = 0  # bytes
        self.opened: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        if not self.opened.done():
            self.opened.set_result(int(data[9:12]))
        self._buffer += data
        *events, self._buffer = self._buffer.split(b"\n\n")
        for event in events:
            if b"illed" in event:
                self._heard(event)

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        if not self.opened.done():
            self.opened.set_exception(error or ConnectionError("the server hung up"))


class LoadPerson:
    """One person: a connection for what they ask, one for what they are shown, and the orders they wait to hear of.

    `address` is where they seem to come from, behind a proxy that is believed.
    """

    def __init__(self, url: str, room: str, number: int) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._base = "/" if not room else f"/r/{room}/"
        self._headers = (
            f"Host: {parts.netloc}\r\nOrigin: {parts.scheme}://{parts.netloc}\r\n"
            f"X-Forwarded-For: 10.{number // 62_500}.{number // 250 % 250}.{number % 250 + 1}\r\n"
        )
        self._cookies: dict[str, str] = {}
        self._http: HttpConnection | None = None
        self._stream: StreamConnection | None = None
        self.untold: set[int] = set()  # messages of orders that were accepted and not told
        self._told: set[int] = set()
        self._heard = asyncio.Event()
        self._turn = asyncio.Lock()

    @property
    def cookies(self) -> dict[str, str]:
        return dict(self._cookies)

    @property
    def is_listening(self) -> bool:
        return self._stream is not None and self._stream.transport is not None

    @property
    def received(self) -> int:
        """Bytes of their stream."""
        return 0 if self._stream is None else self._stream.received

    async def get(self, path: str) -> int:
        return (await self.fetch(path))[0]

    async def fetch(self, path: str) -> tuple[int, bytes]:
        """Status and body."""
        return await self._send("GET", path, b"")

    async def post(self, path: str, payload: dict[str, object]) -> tuple[int, Shown]:
        status, body = await self._send("POST", path, json.dumps(payload).encode())
        answer: Shown = json.loads(body)
        return status, answer

    async def join(self, name: str) -> None:
        status, answer = await self.post("api/join", {"name": name, "request": _request_id()})
        assert status == 200, (name, status, answer)

    async def say(self, line: str) -> Shown:
        status, answer = await self.post("api/say", {"text": line, "request": _request_id()})
        assert status == 200, (line, status, answer)
        return answer

    async def press(self, message: Shown, label: str) -> Shown:
        line = button(message, label)
        assert line, (label, message)
        status, answer = await self.post(
            "api/press", {"text": line, "message": message["id"], "request": _request_id()}
        )
        assert status == 200, (line, status, answer)
        return answer

    async def confirm(self, ticket: Shown) -> bool:
        """Whether the order was accepted; from then on its fill is waited for."""
        answer = await self.press(ticket, "Confirm")
        if not answer["reply"]["ok"]:
            return False
        if answer["id"] not in self._told and not _is_last_word(answer):
            self.untold.add(answer["id"])
        return True

    async def listen(self) -> int:
        """Open the stream; returns the status."""
        self._stream = await self.watch(lambda request: StreamConnection(request, self._hear))
        return await self._stream.opened

    async def watch(self, stream: Callable[[bytes], StreamT]) -> StreamT:
        """Open a stream that is read by what `stream` makes of the request."""
        request = f"GET {self._base}api/stream HTTP/1.0\r\n{self._headers}{self._cookie_line()}\r\n".encode()
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(lambda: stream(request), self._host, self._port))[1]

    async def hear_all(self, within_s: float) -> None:
        """Until they have been told of all their orders, or the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, within_s)):
                while self.untold:
                    self._heard.clear()
                    await self._heard.wait()

    def _hear(self, event: bytes) -> None:
        data = event.find(b"data: ")
        for message in json.loads(event[data + 6 :]).get("messages", ()):
            if message.get("private") and _is_last_word(message):
                self._told.add(message["id"])
                self.untold.discard(message["id"])
                self._heard.set()

    def close(self) -> None:
        for connection in (self._http, self._stream):
            if connection is not None and connection.transport is not None:
                connection.transport.abort()

    async def _send(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """When what they asked before is answered."""
        told = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        async with self._turn:
            if self._http is None or self._http.transport is None:
                loop = asyncio.get_running_loop()
                _, self._http = await loop.create_connection(HttpConnection, self._host, self._port)
            head = f"{method} {self._base}{path} HTTP/1.1\r\n{self._headers}{self._cookie_line()}{told}\r\n"
            status, answered, answer = await self._http.request(head.encode() + body)
        for cookie in _COOKIE.findall(answered):
            name, _, value = cookie.decode().partition("=")
            self._cookies[name] = value
        return status, answer

    def _cookie_line(self) -> str:
        if not self._cookies:
            return ""
        return "Cookie: " + "; ".join(f"{name}={value}" for name, value in self._cookies.items()) + "\r\n"


def button(message: Shown, label: str) -> str:
    """The line behind the button that begins so; "" where there is none."""
    actions = message["reply"].get("actions", ())
    return next((action["text"] for action in actions if action["label"].startswith(label)), "")


def _is_last_word(message: Shown) -> bool:
    head = message.get("reply", {}).get("head", ())
    return "".join(part.get("x", "") for part in head).startswith(_LAST_WORDS)


def _request_id() -> str:
    return f"load-{next(_REQUESTS):012}"
