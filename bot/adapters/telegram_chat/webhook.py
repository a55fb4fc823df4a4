"""Where Telegram delivers updates when it is told to: one address, one secret, JSON. Any process may be reached.

What arrives is kept before it is answered for. Telegram sends again what is not taken, for a day.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from bot.adapters.http_server import HttpServer

SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (the header's name)
LARGEST_BODY = 256 * 1024  # an update holds two messages at most, of 4096 letters and a hundred buttons each

Receive = Callable[[Mapping[str, object]], Awaitable[bool]]


class Webhook:
    """Listens on `host:port` (0: any free one, then in `port`) for POSTs to `path`; TLS is a proxy's business.
    `receive` keeps an update: False where it cannot now, ValueError where it is none."""

    def __init__(self, host: str, port: int, path: str, secret: str, receive: Receive) -> None:
        self.port = port
        self._secret = secret.encode()
        self._receive = receive
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_post(path or "/", self._answer)
        self._server = HttpServer(app, host, port)

    async def start(self) -> None:
        """OSError: the port is taken."""
        self.port = await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()

    async def _answer(self, request: web.Request) -> web.Response:
        secret = request.headers.get(SECRET, "").encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(secret, self._secret):
            return web.Response(status=403)
        try:
            update = json.loads(await request.read())
            if not isinstance(update, dict):
                return web.Response(status=400)
            is_kept = await self._receive(update)
        except (ValueError, RecursionError):
            return web.Response(status=400)
        return web.Response(status=200 if is_kept else 503)
