"""Keeps one login to Discord up: starts it, tries again when it ends, closes it cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import discord

from bot.adapters.discord_chat import library_patches, message_refs
from bot.adapters.discord_chat.client import ClientParts, DiscordClient
from bot.adapters.discord_chat.errors import Edits
from bot.adapters.discord_chat.interactions import Interactions
from bot.adapters.discord_chat.message_refs import FollowUps
from bot.adapters.discord_chat.permissions import Rules
from bot.adapters.discord_chat.platform import DiscordPlatform
from bot.chat.buttons import Buttons
from bot.chat.platform import Draw
from bot.dispatcher import Dispatcher
from bot.notifications.reachability import ChatPresence
from storage.database import Database

log = logging.getLogger(__name__)

FIRST_RETRY_S = 2.0
LONGEST_RETRY_S = 300.0
REFUSED_RETRY_S = 60.0  # a wrong token does not mend itself soon, and Discord counts attempts
CLOSE_S = 2.0
ANSWER_S = 1.0  # for what was being answered


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordAccess:
    """How to get in: the settings `DISCORD_*`."""

    token: str = field(repr=False)
    api_base: str | None = None
    gateway: str | None = None
    shard_ids: tuple[int, ...] = ()
    shard_count: int | None = None


class Discord:
    """`on_ready` is called once, when the first login is complete. `draw` makes a chart's PNG."""

    def __init__(
        self,
        db: Database,
        dispatcher: Dispatcher,
        clock: Callable[[], int],
        draw: Draw,
        access: DiscordAccess,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self._access = access
        self._on_ready = on_ready
        self._said_ready = False
        buttons, rules, edits = Buttons(db, clock), Rules(db, clock), Edits()
        tokens, followups = message_refs.Tokens(buttons), FollowUps(clock)
        self.platform = DiscordPlatform(db, buttons, tokens, rules, edits, followups, clock)
        self._parts = ClientParts(
            db=db,
            desk=Interactions(dispatcher, buttons, tokens, rules, edits, followups, draw),
            buttons=buttons,
            presence=ChatPresence(db, clock),
            commands=dispatcher.commands,
            ready=self._ready,
            gateway=access.gateway,
        )
        self._client: DiscordClient | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to connect, and stay connected from then on."""
        library_patches.accept_other_servers(self._access.api_base, self._access.gateway)
        library_patches.keep_rates()
        self._task = asyncio.create_task(self._stay())

    async def stop(self) -> None:
        """Leave; a connection that does not close in time is dropped."""
        await self._parts.desk.busy.idle(ANSWER_S)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=CLOSE_S)
        await self._close()

    async def _stay(self) -> None:
        wait = FIRST_RETRY_S
        while True:
            began = asyncio.get_running_loop().time()
            ids: Sequence[int] | None = self._access.shard_ids or None
            self._client = DiscordClient(self._parts, shard_ids=ids, shard_count=self._access.shard_count)
            self.platform.client = self._client
            try:
                await self._client.start(self._access.token)
                log.warning("Discord ended the connection")
            except discord.LoginFailure:
                log.error("Discord does not take DISCORD_TOKEN: make a new one in the developer portal")
                wait = max(wait, REFUSED_RETRY_S)
            except discord.PrivilegedIntentsRequired:
                log.exception("Discord asks for an intent that is not needed")
            except Exception as error:
                log.warning("the connection to Discord broke: %r", error)
            await self._close()
            if asyncio.get_running_loop().time() - began > LONGEST_RETRY_S:
                wait = FIRST_RETRY_S  # it had been up
            await asyncio.sleep(wait)
            wait = min(LONGEST_RETRY_S, wait * 2)

    async def _close(self) -> None:
        client, self._client, self.platform.client = self._client, None, None
        if client is None:
            return
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CLOSE_S):
                await client.close()
        await self._parts.desk.busy.idle(ANSWER_S)

    def _ready(self) -> None:
        if not self._said_ready:
            self._said_ready = True
            self._on_ready()
