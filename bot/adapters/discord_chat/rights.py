"""What somebody is in a Discord channel, for those who act from elsewhere: asked by REST with a login of its own,
whether or not this process serves Discord. One member is asked for at a time, which needs no privileged intent.

A channel with its server's roles is remembered for a moment, so that a crowd costs one request each. What Discord has
refused is not asked again at once either: refusals count against everybody who sends from here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import discord
from discord.abc import GuildChannel

from bot.adapters.discord_chat import NAME, library_patches
from bot.adapters.discord_chat.errors import UNKNOWN_CHANNEL, UNKNOWN_GUILD, UNKNOWN_USER
from bot.adapters.discord_chat.permissions import ChannelRoles, lacking
from bot.chat.rate_limits import Limit, Windows
from bot.chat.rights import ASK_S, CannotAskError, Channel, Standing
from storage.database import Database

log = logging.getLogger(__name__)

QUESTIONS = (Limit(15, 1_000),)  # of the fifty requests a second over all: the rest is for what is said
LONGEST_WAIT_S = 2.0  # for a rate limit inside the library
REMEMBERED_MS = 10_000
REMEMBERED = 1_000
REFUSED_MS = 60_000  # between two tries with a token that is not taken
UNKNOWN_MEMBER = 10007
_THREADS = frozenset({10, 11, 12})
_REFUSED = frozenset({401, 403})

_POSTABLE = frozenset({0, 5}) | _THREADS  # text, announcements, threads
MISSING_VIEW = "View Channel"


class DiscordRights:
    """Logs in when it is first asked. `api_base` is where Discord's API is, None for its own."""

    def __init__(self, token: str, api_base: str | None, db: Database, monotonic_ms: Callable[[], int]) -> None:
        self._token = token
        self._api_base = api_base
        self._roles = ChannelRoles(db, monotonic_ms)
        self._monotonic_ms = monotonic_ms
        self._questions = Windows(QUESTIONS)
        self._client: discord.Client | None = None
        self._logging_in = asyncio.Lock()
        self._shut_out_ms: int | None = None  # since when the token is not taken
        self._channels: OrderedDict[int, tuple[int, asyncio.Task[GuildChannel | None]]] = OrderedDict()

    async def standing(self, chat_ext: str, person_ext: str) -> Standing:
        if not (_is_id(chat_ext) and _is_id(person_ext)):
            return Standing.STRANGER
        self._may_ask()
        try:
            return await self._ask(int(chat_ext), int(person_ext))
        except discord.NotFound as error:
            if error.code in (UNKNOWN_MEMBER, UNKNOWN_USER, UNKNOWN_CHANNEL, UNKNOWN_GUILD):
                return Standing.STRANGER
            raise CannotAskError(NAME) from error
        except (discord.DiscordException, *library_patches.LINE_ERRORS) as error:
            log.info("Discord does not say who is in %s: %r", chat_ext, error)
            raise CannotAskError(NAME) from error

    async def channel(self, chat_ext: str, typed: str) -> Channel | None:
        """Of the same server, by mention or number."""
        number = typed.strip().removeprefix("<#").removesuffix(">")
        if not (_is_id(chat_ext) and _is_id(number)):
            return None
        self._may_ask()
        try:
            return await self._channel_beside(int(chat_ext), int(number))
        except discord.NotFound:
            return None
        except discord.Forbidden:  # it is there, and that is all the bot may know of it
            return Channel(ext=number, name="", lacks=(MISSING_VIEW,))
        except (discord.DiscordException, *library_patches.LINE_ERRORS) as error:
            log.info("Discord does not say what channel %s is: %r", number, error)
            raise CannotAskError(NAME) from error

    async def _channel_beside(self, home_id: int, channel_id: int) -> Channel | None:
        client = await self._logged_in()
        data: Any = await client.http.get_channel(channel_id)  # Any: JSON as Discord sends it
        if data["type"] not in _POSTABLE:
            return None
        home, parent = await self._channel(home_id), await self._channel(channel_id)
        if home is None or parent is None or home.guild.id != parent.guild.id:
            return None
        me = await parent.guild.fetch_member(client.user.id) if client.user is not None else None
        lacks = lacking(parent.permissions_for(me), in_thread=data["type"] in _THREADS) if me is not None else ()
        return Channel(ext=str(channel_id), name=f"#{data['name']}", lacks=lacks)

    def _may_ask(self) -> None:
        now_ms = self._monotonic_ms()
        if library_patches.global_rate_limit.wait_ms() > 0 or self._questions.wait("", now_ms) > 0:
            raise CannotAskError(NAME)
        self._questions.use("", now_ms)

    async def admins(self, chat_ext: str) -> None:
        """Listing a server's members takes a privileged intent: each has to be asked about."""

    async def _ask(self, channel_id: int, person: int) -> Standing:
        channel = await self._channel(channel_id)
        if channel is None:
            return Standing.STRANGER
        member = await channel.guild.fetch_member(person)
        permissions = channel.permissions_for(member)
        if not permissions.view_channel:
            return Standing.STRANGER
        role_ids = {str(role.id) for role in member.roles}
        is_admin = await self._roles.makes_admin(str(channel_id), permissions, role_ids)
        return Standing.ADMIN if is_admin else Standing.MEMBER

    async def _channel(self, channel_id: int) -> GuildChannel | None:
        """With its server's roles; None for a direct message."""
        asked_ms, fetching = self._channels.get(channel_id, (0, None))
        if fetching is None or self._monotonic_ms() - asked_ms >= REMEMBERED_MS or _has_failed(fetching):
            fetching = asyncio.create_task(self._fetch_channel(channel_id))
            fetching.add_done_callback(lambda task: task.cancelled() or task.exception())
            self._channels[channel_id] = self._monotonic_ms(), fetching
            self._channels.move_to_end(channel_id)
            while len(self._channels) > REMEMBERED:
                self._channels.popitem(last=False)
        return await asyncio.shield(fetching)  # others may wait for it too

    async def _fetch_channel(self, channel_id: int) -> GuildChannel | None:
        async with asyncio.timeout(ASK_S):
            client = await self._logged_in()
            data: Any = await client.http.get_channel(channel_id)  # Any: JSON as Discord sends it
            if data.get("guild_id") is None:
                return None
            guild_id = int(data["guild_id"])
            if data["type"] in _THREADS:  # who may see the channel it belongs to
                data = await client.http.get_channel(int(data["parent_id"]))
            guild: Any = await client.http.get_guild(guild_id, with_counts=False)  # Any: as above
        whole = library_patches.guild_of(client, {**guild, "channels": [data], "members": [], "threads": []})
        return whole.get_channel(int(data["id"]))

    async def _logged_in(self) -> discord.Client:
        async with self._logging_in:
            if self._client is not None:
                return self._client
            if self._shut_out_ms is not None and self._monotonic_ms() - self._shut_out_ms < REFUSED_MS:
                raise CannotAskError(NAME)
            library_patches.accept_other_servers(self._api_base, None)
            library_patches.keep_rate_limits()
            client = discord.Client(intents=discord.Intents(guilds=True), max_messages=None)
            client.http.max_ratelimit_timeout = LONGEST_WAIT_S
            try:
                await client.login(self._token)
            except BaseException as error:
                await _closed(client)
                if isinstance(error, discord.LoginFailure):
                    log.error("Discord does not take DISCORD_TOKEN: nobody can be asked about there")
                    self._shut_out_ms = self._monotonic_ms()
                raise
            self._client = client
            return client

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await _closed(client)


def _has_failed(fetching: asyncio.Task[GuildChannel | None]) -> bool:
    """Whether it is worth another try at once."""
    if not fetching.done():
        return False
    error = None if fetching.cancelled() else fetching.exception()
    refused = isinstance(error, discord.HTTPException) and error.status in _REFUSED
    return fetching.cancelled() or (error is not None and not refused)


async def _closed(client: discord.Client) -> None:
    with contextlib.suppress(Exception):
        await client.close()


def _is_id(ext: str) -> bool:
    return ext.isascii() and ext.isdigit() and len(ext) <= 20
