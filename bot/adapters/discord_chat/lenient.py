"""For servers that are not Discord's own (test peers, proxies): discord.py takes their answers less literally.

It decodes JSON only where the type is exactly `application/json`, takes a 429 without `Via` for a ban, needs fields of
events that nobody else would miss, and resumes at Discord's own gateway where READY names that or none. Only `install`
changes anything, and only where another address is set.
"""

from __future__ import annotations

import json
from typing import Any

import discord.client
import discord.gateway
import discord.http
import discord.shard
import discord.webhook.async_

OWN = "discord.gg"

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


class _Gateway(discord.gateway.DiscordWebSocket):
    """Events may lack what the library needs and has no use for; sessions are resumed where they were begun."""

    async def received_message(self, msg: Any, /) -> None:  # Any: text, or compressed bytes
        if isinstance(msg, bytes):
            msg = self._decompressor.decompress(msg)
        if msg is None:  # more of it is to come
            return
        if isinstance(msg, str) and ('"READY"' in msg or '"INTERACTION_CREATE"' in msg):
            said = json.loads(msg)
            if isinstance(said, dict) and isinstance(said.get("d"), dict):
                self._complete(said)
                msg = json.dumps(said)
        await super().received_message(msg)

    def _complete(self, said: dict[str, Any]) -> None:  # Any: JSON
        data = said["d"]
        begun = str(self.DEFAULT_GATEWAY)
        if said.get("t") == "READY":
            data.setdefault("resume_gateway_url", begun)
            if OWN in data["resume_gateway_url"] and OWN not in begun:
                data["resume_gateway_url"] = begun
        elif said.get("t") == "INTERACTION_CREATE":
            application = self._connection.application_id
            for key, value in {"attachment_size_limit": 0, "version": 1, "application_id": application}.items():
                data.setdefault(key, value)


def install(api_base: str | None, gateway: str | None) -> None:
    """Point the library elsewhere, before a client starts."""
    if api_base is not None:
        discord.http.Route.BASE = api_base.rstrip("/")
        for module in (discord.http, discord.webhook.async_):
            vars(module)["json_or_text"] = _decoded
    if gateway is not None:
        kind = discord.gateway.DiscordWebSocket
        kind.DEFAULT_GATEWAY = type(kind.DEFAULT_GATEWAY)(gateway)
        for module in (discord.client, discord.shard):
            vars(module)["DiscordWebSocket"] = _Gateway
