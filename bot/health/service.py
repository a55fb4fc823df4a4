"""Puts the parts together: readiness always; figures, and a port on loopback for all of it, where one is set."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from bot.adapters.http_server import HttpServer
from bot.health.readiness import Readiness
from bot.health.server import HOST, alive_route, health_server, ready_route
from storage.clock import Clock
from storage.database import Database

if TYPE_CHECKING:
    from bot.health.metrics import Metrics

log = logging.getLogger(__name__)


class HealthService:
    """`port` None: nothing is served, nothing is counted. `metrics` is None then, and where the client is missing."""

    def __init__(self, db: Database, clock: Clock, *, tick_ms: int | None = None, port: int | None = None) -> None:
        self.readiness = Readiness(db, clock, tick_ms=tick_ms)
        self.metrics: Metrics | None = None
        self.url: str | None = None
        self._port = port
        self._server: HttpServer | None = None
        self._loop_watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve, where a port is set. What is missing for that is said in the log, and the bot runs on."""
        if self._port is None:
            return
        metrics = _metrics(self.readiness)
        routes = [alive_route(), ready_route(self.readiness), *([metrics.route()] if metrics is not None else [])]
        server = health_server(self._port, routes)
        try:
            port = await server.start()
        except OSError as error:
            if metrics is not None:
                metrics.close()
            log.warning(
                "The metrics cannot be served on %s:%s (%s). Choose another OUTCRY_METRICS_PORT, or 0 for any free "
                "one. Everything else runs.",
                HOST,
                self._port,
                error.strerror or error,
            )
            return
        self._server, self.metrics, self.url = server, metrics, f"http://{HOST}:{port}/"
        if metrics is not None:
            self._loop_watch = asyncio.create_task(metrics.watch_loop())

    async def stop(self) -> None:
        if self._loop_watch is not None:
            self._loop_watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop_watch
        if self._server is not None:
            await self._server.stop()
        if self.metrics is not None:
            self.metrics.close()
        await self.readiness.close()


def _metrics(readiness: Readiness) -> Metrics | None:
    try:
        from bot.health.metrics import Metrics
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] != "prometheus_client":
            raise
        log.warning(
            "OUTCRY_METRICS_PORT is set, but metrics need one package more: pip install 'outcry[metrics]'. "
            "Everything else runs."
        )
        return None
    return Metrics(readiness)
