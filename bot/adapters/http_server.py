"""An HTTP server that strangers can reach: what the room, Telegram's webhook and the checks of health listen with.

aiohttp parses and answers; here it is kept within bounds. A request's head must be whole within `IDLE_S`, a connection
that does nothing is closed after as long, and where connections run out, those go first that do nothing, of whoever
holds most of them. Nobody is told which software in which version answers, and what a stranger sends that is no HTTP
is answered and not logged.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from contextlib import suppress

from aiohttp import web, web_response
from aiohttp.http_exceptions import HttpProcessingError

from bot.adapters.client_address import network_of

SERVER = "outcry"
IDLE_S = 75.0  # longer than proxies keep a connection for the next request
LARGEST_HEADER = 8_190  # bytes, of which there are at most so many:
MOST_HEADERS = 64
CLOSE_S = 1.0
MOST_CONNECTIONS = 4_000
BACKLOG = 50  # connections taken in one turn of the loop; those that make room for them are closed some turns later
SPARE_FILES = 3 * BACKLOG + 100  # and the database, charts, logs and what else a process has open

vars(web_response)["SERVER_SOFTWARE"] = SERVER  # aiohttp has no setting for it, and errors of its own pass no hook


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether it is about a failure of ours, not about a request that is none or a browser that went away."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, (ConnectionError, HttpProcessingError, web.RequestPayloadError))


_log = logging.getLogger(f"{__name__}.aiohttp")
_log.addFilter(_is_ours)


class HttpServer:
    """Serves `app` on `host:port` (0: any free one)."""

    def __init__(self, app: web.Application, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._runner = web.AppRunner(
            app,
            access_log=None,
            shutdown_timeout=CLOSE_S,
            keepalive_timeout=IDLE_S,
            max_field_size=LARGEST_HEADER,
            max_line_size=LARGEST_HEADER,
            max_headers=MOST_HEADERS,
            logger=_log,
        )
        self._server: asyncio.Server | None = None
        self.connections = Connections()

    async def start(self) -> int:
        """Listen; returns the port. OSError: it is taken."""
        self.connections.most = most_connections()
        await self._runner.setup()
        try:
            self._server = await asyncio.get_running_loop().create_server(
                self._accepted, self._host, self._port, backlog=BACKLOG
            )
        except OSError:
            await self._runner.cleanup()
            raise
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and end what is under way, within about a second."""
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()

    def _accepted(self) -> asyncio.Protocol:
        factory = self._runner.server
        if factory is None:  # accepted while we stop
            return asyncio.Protocol()
        return _Connection(factory(), self.connections)


class Connections:
    """Who is connected. At most `most` at once: beyond that those make room that do nothing, the longest idle first, of
    the network (`network_of`) that holds most of them; a request under way counts as nothing as long as its browser may
    ask again, a stream that was admitted (`hold`) does not."""

    def __init__(self) -> None:
        self.most = MOST_CONNECTIONS
        self._open: dict[asyncio.BaseTransport, str] = {}  # and whose it is; longest idle first
        self._held: set[asyncio.BaseTransport] = set()

    def __len__(self) -> int:
        return len(self._open)

    def opened(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self._open[transport] = network_of(str(peer[0])) if isinstance(peer, tuple) else ""
        if len(self._open) > self.most:
            self._make_room()

    def used(self, transport: asyncio.BaseTransport) -> None:
        """Something arrived on it: it is the last to go."""
        with suppress(KeyError):
            self._open[transport] = self._open.pop(transport)

    def closed(self, transport: asyncio.BaseTransport) -> None:
        self._open.pop(transport, None)
        self._held.discard(transport)

    def hold(self, request: web.Request) -> None:
        """Its connection serves somebody for long, who was counted elsewhere: it is not closed to make room."""
        if request.transport in self._open:
            self._held.add(request.transport)

    def _make_room(self) -> None:
        loose = Counter(whose for transport, whose in self._open.items() if transport not in self._held)
        if not loose:
            return
        most = max(loose.values())
        for transport, whose in self._open.items():
            if transport not in self._held and loose[whose] == most:
                self.closed(transport)
                if isinstance(transport, asyncio.WriteTransport):
                    transport.abort()
                return


class _Connection(asyncio.Protocol):
    """Hands all that happens on to aiohttp, and counts."""

    def __init__(self, handler: asyncio.Protocol, connections: Connections) -> None:
        self._handler = handler
        self._connections = connections
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._handler.connection_made(transport)
        self._connections.opened(transport)

    def data_received(self, data: bytes) -> None:
        if self._transport is not None:
            self._connections.used(self._transport)
        self._handler.data_received(data)

    def eof_received(self) -> bool | None:
        return self._handler.eof_received()

    def pause_writing(self) -> None:
        self._handler.pause_writing()

    def resume_writing(self) -> None:
        self._handler.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        if self._transport is not None:
            self._connections.closed(self._transport)
        self._handler.connection_lost(error)


def most_connections() -> int:
    """As many as the system lets us have open beside our own files; the limit is raised as far as it may be."""
    try:
        import resource  # not on Windows
    except ImportError:
        return MOST_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    wanted = MOST_CONNECTIONS + SPARE_FILES
    if soft < wanted:
        raised = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
            soft = raised
    return max(16, min(MOST_CONNECTIONS, soft - SPARE_FILES))
