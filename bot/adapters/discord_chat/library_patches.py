"""What is changed in discord.py and aiohttp from outside, for want of a way to ask for it. Three subjects:

**Rates.** discord.py keeps the rates that Discord tells, with two assumptions too many. Told to wait for no longer than
so long (`max_ratelimit_timeout`), it gives up on every further request of a window that ends later than that, although
the window has room left (a second message within five seconds, a second conversation within a minute); and where a
window is full it forgets it, asks all the same and is refused with a 429. `RateLimitBucket` does neither. The limit
over all routes is kept by the library too, but it does not say that it was this one that was met;
`global_rate_limit` does, so that nothing further is begun meanwhile.

**Shards.** discord.py connects the shards it was given when it starts, all of them, and begins a session for each.
`open_socket` connects one, whenever it is wanted, and goes on with a session that another process had; `remember_guild`
and `forget_guilds` keep the library's memory of servers true to the shards that are connected.

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
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import discord.gateway
import discord.http
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
    """Before a client logs in; once more changes nothing."""
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


Event = dict[str, Any]  # Any: JSON as the gateway sends it
RECONNECT: type[Exception] = discord.gateway.ReconnectWebSocket
"""Raised by `poll_event` where the connection is to be made again: `resume` says whether with the same session."""
CLOSE_S = 0.5  # for Discord's goodbye
LEFT = 4000  # a close code of ours that leaves the session alive; 1000 would end it
LINE_ERRORS = (OSError, TimeoutError, discord.HTTPException, discord.GatewayNotFound, aiohttp.ClientError)
"""What connecting and reading end with where the line is at fault."""


class GatewaySocket(discord.gateway.DiscordWebSocket):
    """One connection. `before_event` is awaited with each event's text before the library takes it in; what it raises
    ends the reading."""

    before_event: Callable[[str], Awaitable[None]] | None = None

    async def received_message(self, msg: Any, /) -> None:  # Any: text, or compressed bytes
        if isinstance(msg, bytes):
            msg = self._decompressor.decompress(msg)
        if msg is None:  # more of it is to come
            return
        if self.before_event is not None and isinstance(msg, str):
            await self.before_event(msg)
        await super().received_message(msg)


class _LenientWebSocket(GatewaySocket):
    """Events may lack what the library needs and has no use for; sessions are resumed where they were begun."""

    async def received_message(self, msg: Any, /) -> None:  # Any: as above
        if isinstance(msg, bytes):
            msg = self._decompressor.decompress(msg)
        if msg is None:
            return
        if isinstance(msg, str) and ('"READY"' in msg or '"INTERACTION_CREATE"' in msg):
            event = json.loads(msg)
            if isinstance(event, dict) and isinstance(event.get("d"), dict):
                self._complete(event)
                msg = json.dumps(event)
        await super().received_message(msg)

    def _complete(self, event: Event) -> None:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySession:
    """What it takes to go on where a connection ended: everything after `sequence` is sent again."""

    id: str
    sequence: int
    gateway: str


async def open_socket(
    client: discord.Client, shard: int, session: GatewaySession | None, *, lenient: bool
) -> GatewaySocket:
    """Connect one shard, resuming a session or identifying for a new one. Raises RECONNECT and LINE_ERRORS; where it
    raises, and where it is cancelled, no connection is left behind."""
    opened: list[GatewaySocket] = []

    class Opened(_LenientWebSocket if lenient else GatewaySocket):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: as the library calls it
            super().__init__(*args, **kwargs)
            opened.append(self)

    resumed: dict[str, Any] = {}  # Any: of the library
    if session is not None:
        gateway = type(Opened.DEFAULT_GATEWAY)(session.gateway)
        resumed = {"resume": True, "session": session.id, "sequence": session.sequence, "gateway": gateway}
    try:
        socket: GatewaySocket = await Opened.from_client(client, shard_id=shard, **resumed)
    except BaseException:
        for half_open in opened:
            await close_socket(half_open)
        raise
    return socket


async def close_socket(socket: GatewaySocket) -> None:
    """Leave; the session can be resumed for a while, by this process or another."""
    with contextlib.suppress(*LINE_ERRORS):
        async with asyncio.timeout(CLOSE_S):
            await socket.close(LEFT)


def session_of(socket: GatewaySocket) -> GatewaySession | None:
    """As it stands; None before the first event and where Discord has ended it."""
    if socket.session_id is None or socket.sequence is None:
        return None
    return GatewaySession(id=socket.session_id, sequence=socket.sequence, gateway=str(socket.gateway))


def guild_of(client: discord.Client, data: Event) -> discord.Guild:
    """A server from JSON that was asked for; the client does not remember it."""
    return discord.Guild(data=data, state=client._connection)  # type: ignore[arg-type]


def remember_guild(client: discord.Client, guild: discord.Guild) -> None:
    client._connection._add_guild(guild)


def forget_guilds(client: discord.Client, shard: int) -> None:
    """Those of a shard that is not connected any more: what is remembered of them may be true no longer."""
    for guild in [guild for guild in client.guilds if guild.shard_id == shard]:
        client._connection._remove_guild(guild)


def accept_other_servers(api_base: str | None, gateway: str | None) -> None:
    """Point the library elsewhere, before a client logs in; once more changes nothing."""
    if api_base is not None:
        discord.http.Route.BASE = api_base.rstrip("/")
        for module in (discord.http, discord.webhook.async_):
            decode = vars(module)["json_or_text"]
            if isinstance(decode, _GlobalRateLimitWatcher):
                decode.decode = _lenient_json_or_text
            else:
                vars(module)["json_or_text"] = _lenient_json_or_text
    if gateway is not None:
        websocket = discord.gateway.DiscordWebSocket
        websocket.DEFAULT_GATEWAY = type(websocket.DEFAULT_GATEWAY)(gateway)
