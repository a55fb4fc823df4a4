"""What is changed in discord.py and aiohttp from outside, for want of a way to ask for it. Two subjects:

**Rates.** discord.py keeps the rates that Discord tells, with two assumptions too many. Told to wait for no longer than
so long (`max_ratelimit_timeout`), it gives up on every further request of a window that ends later than that, although
the window has room left (a second message within five seconds, a second conversation within a minute); and where a
window is full it forgets it, asks all the same and is refused with a 429. `RateLimitBucket` does neither. The limit
over all routes is kept by the library too, but it does not say that it was this one that was met;
`global_rate_limit` does, so that nothing further is begun meanwhile.

**Other servers.** For servers that are not Discord's own (test peers, proxies) discord.py takes answers less literally.
It decodes JSON only where the type is exactly `application/json`, takes a 429 without `Via` for a ban, needs fields of
events that nobody else would miss, and resumes at Discord's own gateway where READY names that or none. Only
`accept_other_servers` changes anything, and only where another address is set.

Every private attribute and module global of the libraries that is touched here is named, and held, by
`tests/bot/adapters/discord_chat/test_library_patches.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import discord.client
import discord.gateway
import discord.http
import discord.shard
import discord.webhook.async_
from discord import RateLimited

Decode = Callable[[Any], Awaitable[Any]]  # Any: the library's response, and JSON

FIRST_ANSWER_S = 30.0  # for the first answer of a route, which tells its rate


class RateLimitBucket(discord.http.Ratelimit):
    """Lets through what has room; what has none waits, or is told at once how long it would have to."""

    async def acquire(self) -> None:
        self._last_request = asyncio.get_running_loop().time()
        while True:
            if self.is_expired():
                self._begin_window()
            if self.remaining > 0:
                self.remaining -= 1
                self.outgoing += 1
                return
            await self._wait_for_room()

    async def _wait_for_room(self) -> None:
        """Until there may be room; RateLimited where that is too long."""
        loop = asyncio.get_running_loop()
        wait = FIRST_ANSWER_S if self.expires is None else max(0.0, self.expires - loop.time()) + 0.001
        if self.expires is not None and self._max_ratelimit_timeout is not None and wait > self._max_ratelimit_timeout:
            raise RateLimited(wait)
        future: asyncio.Future[None] = loop.create_future()
        self._pending_requests.append(future)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(future, wait)
        except asyncio.CancelledError:
            if self.remaining > 0:  # whoever woke us meant somebody
                self._wake_next()
            raise

    def _begin_window(self) -> None:
        """A new window."""
        self.remaining, self.expires = self.limit - self.outgoing, None
        self.reset_after, self.dirty = 0.0, False

    async def _refresh(self) -> None:
        """The window is full: those who wait look for themselves how long it is. No answer came: it begins anew."""
        if self.expires is None:
            self._begin_window()
        self._wake(len(self._pending_requests))


class GlobalRateLimit:
    """Discord's limit over all routes, from the moment a 429 tells of it."""

    def __init__(self) -> None:
        self._until_s = 0.0

    def start(self, after_s: float) -> None:
        self._until_s = max(self._until_s, time.monotonic() + after_s)

    def reset(self) -> None:
        self._until_s = 0.0

    def wait_ms(self) -> int:
        """0: nothing is known of it now."""
        return max(0, round((self._until_s - time.monotonic()) * 1000))


global_rate_limit = GlobalRateLimit()


class _GlobalRateLimitWatcher:
    """Reads answers as `decode` does, and notices a 429 that is meant for everything."""

    def __init__(self, decode: Decode) -> None:
        self.decode = decode

    async def __call__(self, response: Any) -> Any:  # Any: as above
        body = await self.decode(response)
        if response.status == 429 and isinstance(body, dict) and body.get("global"):
            global_rate_limit.start(float(body.get("retry_after", 1)))
        return body


def keep_rate_limits() -> None:
    """Before a client starts."""
    global_rate_limit.reset()
    library = vars(discord.http)
    library["Ratelimit"] = RateLimitBucket
    if not isinstance(library["json_or_text"], _GlobalRateLimitWatcher):
        library["json_or_text"] = _GlobalRateLimitWatcher(library["json_or_text"])


OWN_DOMAIN = "discord.gg"

_library_json_or_text = discord.http.json_or_text


async def _lenient_json_or_text(response: Any) -> Any:  # Any: aiohttp's response, and JSON
    """As the library's own, for any type of JSON."""
    body = await _library_json_or_text(response)
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if isinstance(body, str) and body and (media_type.endswith("json") or media_type in {"", "text/plain"}):
        try:
            body = json.loads(body)
        except ValueError:
            return body
    if response.status == 429 and isinstance(body, dict):
        _add_via_header(response)
        body.setdefault("retry_after", float(response.headers.get("Retry-After", 1)))
    return body


def _add_via_header(response: Any) -> None:  # Any: as above
    """A 429 in JSON is no ban, whoever passed it on."""
    if "Via" not in response.headers:
        headers = response.headers.copy()
        headers["Via"] = "1.1 peer"
        response._headers = headers  # aiohttp has no other way to correct a response, and keeps a copy
        response._cache.pop("headers", None)


class _LenientWebSocket(discord.gateway.DiscordWebSocket):
    """Events may lack what the library needs and has no use for; sessions are resumed where they were begun."""

    async def received_message(self, msg: Any, /) -> None:  # Any: text, or compressed bytes
        if isinstance(msg, bytes):
            msg = self._decompressor.decompress(msg)
        if msg is None:  # more of it is to come
            return
        if isinstance(msg, str) and ('"READY"' in msg or '"INTERACTION_CREATE"' in msg):
            event = json.loads(msg)
            if isinstance(event, dict) and isinstance(event.get("d"), dict):
                self._complete(event)
                msg = json.dumps(event)
        await super().received_message(msg)

    def _complete(self, event: dict[str, Any]) -> None:  # Any: JSON
        data = event["d"]
        gateway = str(self.DEFAULT_GATEWAY)
        if event.get("t") == "READY":
            data.setdefault("resume_gateway_url", gateway)
            if OWN_DOMAIN in data["resume_gateway_url"] and OWN_DOMAIN not in gateway:
                data["resume_gateway_url"] = gateway
        elif event.get("t") == "INTERACTION_CREATE":
            application = self._connection.application_id
            for key, value in {"attachment_size_limit": 0, "version": 1, "application_id": application}.items():
                data.setdefault(key, value)


def accept_other_servers(api_base: str | None, gateway: str | None) -> None:
    """Point the library elsewhere, before a client starts."""
    if api_base is not None:
        discord.http.Route.BASE = api_base.rstrip("/")
        for module in (discord.http, discord.webhook.async_):
            vars(module)["json_or_text"] = _lenient_json_or_text
    if gateway is not None:
        websocket = discord.gateway.DiscordWebSocket
        websocket.DEFAULT_GATEWAY = type(websocket.DEFAULT_GATEWAY)(gateway)
        for module in (discord.client, discord.shard):
            vars(module)["DiscordWebSocket"] = _LenientWebSocket
