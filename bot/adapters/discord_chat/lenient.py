"""For servers that are not Discord's own (test peers, proxies): discord.py takes their answers less literally.

It decodes JSON only where the type is exactly `application/json`, takes a 429 without `Via` for a ban, and follows the
resume address of READY wherever it leads. Only `install` changes anything, and only where another base is set.
"""

from __future__ import annotations

import json
from typing import Any

import discord.gateway
import discord.http
import discord.webhook.async_

_strict = discord.http.json_or_text


async def _decoded(response: Any) -> Any:  # Any: aiohttp's response, and JSON
    """As the library's own, for any type of JSON."""
    found = await _strict(response)
    kind = response.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if isinstance(found, str) and found and (kind.endswith("json") or kind in {"", "text/plain"}):
        try:
            found = json.loads(found)
        except ValueError:
            return found
    if response.status == 429 and isinstance(found, dict):
        _named(response)
        found.setdefault("retry_after", float(response.headers.get("Retry-After", 1)))
    return found


def _named(response: Any) -> None:  # Any: as above
    """A 429 in JSON is no ban, whoever passed it on."""
    if "Via" not in response.headers:
        headers = response.headers.copy()
        headers["Via"] = "1.1 peer"
        response._headers = headers  # aiohttp has no other way to correct a response, and keeps a copy
        response._cache.pop("headers", None)


def install(api_base: str | None, gateway: str | None) -> None:
    """Point the library elsewhere, before a client starts."""
    if api_base is not None:
        discord.http.Route.BASE = api_base.rstrip("/")
        for module in (discord.http, discord.webhook.async_):
            vars(module)["json_or_text"] = _decoded
    if gateway is not None:
        kind = discord.gateway.DiscordWebSocket
        kind.DEFAULT_GATEWAY = type(kind.DEFAULT_GATEWAY)(gateway)
