"""What a machine asks over HTTP: alive, ready; and the small server on loopback that answers it, metrics included."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.adapters.http_server import HttpServer
from bot.adapters.room.security import is_own_host
from bot.health.readiness import Readiness

HOST = "127.0.0.1"


def alive_route() -> web.RouteDef:
    """`/healthz`: it answers, so it is alive."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    return web.get("/healthz", answer)


def ready_route(readiness: Readiness) -> web.RouteDef:
    """`/readyz`: 200, or 503 with reasons."""

    async def answer(request: web.Request) -> web.Response:
        report = await readiness.report()
        return web.json_response(
            report.to_json(), status=200 if report.ready else 503, headers={"Cache-Control": "no-store"}
        )

    return web.get("/readyz", answer)


def health_server(port: int, routes: Sequence[web.RouteDef]) -> HttpServer:
    """Serves these routes to this machine alone; port 0: any free one."""
    app = web.Application(middlewares=[_own_host_only])
    app.add_routes(routes)
    return HttpServer(app, HOST, port)


@web.middleware
async def _own_host_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A page that rebinds its own name to this machine reads nothing."""
    if not is_own_host(request.headers.get("Host", ""), ()):
        raise web.HTTPMisdirectedRequest
    return await handler(request)
