"""What a machine asks over HTTP: whether this process does its work."""

from __future__ import annotations

from aiohttp import web

from bot.health.readiness import Readiness


def ready_route(readiness: Readiness) -> web.RouteDef:
    """`/readyz`: 200, or 503 with reasons."""

    async def answer(request: web.Request) -> web.Response:
        report = await readiness.report()
        return web.json_response(
            report.to_json(), status=200 if report.ready else 503, headers={"Cache-Control": "no-store"}
        )

    return web.get("/readyz", answer)
