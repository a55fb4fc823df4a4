"""Where Telegram delivers updates when it is told to: one address, one secret, JSON."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from bot.adapters.http_server import HttpServer

log = logging.getLogger(__name__)

SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (the header's name)
LARGEST_BODY = 1024 * 1024
TIMEOUT_S = 25.0  # Telegram sends again what is not taken in about a minute

HandleUpdate = Callable[[Mapping[str, object]], Awaitable[None]]


class Webhook:
    """Listens on `host:port` (0: any free one, then in `port`) for POSTs to `path`; TLS is a proxy's business."""

    def __init__(self, host: str, port: int, path: str, secret: str, handle_update: HandleUpdate) -> None:
        self.port = port
        self._secret = secret.encode()
        self._handle_update = handle_update
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_post(path or "/", self._receive)
        self._server = HttpServer(app, host, port)

    async def start(self) -> None:
        """OSError: the port is taken."""
        self.port = await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()

    async def _receive(self, request: web.Request) -> web.Response:
        secret = request.headers.get(SECRET, "").encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(secret, self._secret):
            return web.Response(status=403)
        try:
            update = json.loads(await request.read())
        except (ValueError, RecursionError):
            update = None
        if not isinstance(update, dict):
            return web.Response(status=400)
        task = asyncio.ensure_future(self._handle_update(update))
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await asyncio.shield(task)  # Telegram hanging up does not undo what was asked
        except TimeoutError:
            log.warning("an update takes longer than %s s; Telegram is not asked to repeat it", TIMEOUT_S)
        return web.Response()
