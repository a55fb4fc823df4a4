"""discord.py clients for the tests of the Discord peer: one on the gateway, one that only asks over REST."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import discord
from discord import app_commands
from discord.http import Route

from tests.standins.discord_peer import Channel, DiscordPeer, Guild, Interaction, Person
from tests.standins.discord_peer.client import pointed_at
from tests.standins.discord_peer.json_values import Json

Declare = Callable[[app_commands.CommandTree["Bot"]], None]

BUY: Json = {
    "name": "buy",
    "description": "Buy an outcome",
    "options": [
        {"name": "outcome", "description": "Which", "type": 3, "required": True, "autocomplete": True},
        {"name": "amount", "description": "How much", "type": 3},
    ],
}


class Bot(discord.AutoShardedClient):
    """As a bot of ours would be, but without the waits discord.py makes for the real gateway."""

    def __init__(self, declare: Declare | None = None, *, intents: discord.Intents | None = None) -> None:
        super().__init__(intents=intents or discord.Intents.default(), guild_ready_timeout=0.02)
        self.tree = app_commands.CommandTree(self)
        if declare is not None:
            declare(self.tree)

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Refused:
    """How the peer refused; `text` names the places of a bad body."""

    status: int
    code: int
    text: str


@dataclass(slots=True)
class RestHarness:
    """A logged-in client, a guild with the bot, a channel and somebody in it."""

    peer: DiscordPeer
    client: discord.Client
    guild: Guild
    market: Channel
    ada: Person

    async def asks(self, method: str, path: str, body: object = None) -> Json:
        route = Route(method, path)
        asked = self.client.http.request(route) if body is None else self.client.http.request(route, json=body)
        answer: Json = await asked
        return answer

    async def is_refused(self, method: str, path: str, body: object = None) -> Refused:
        """The refusal that discord.py's own HTTP client raises; what was asked must have changed nothing."""
        before = self.shown()
        try:
            await self.asks(method, path, body)
        except discord.HTTPException as error:
            assert self.shown() == before
            return Refused(error.status, error.code, error.text)
        raise AssertionError(f"{method} {path} was not refused")

    def shown(self) -> tuple[object, ...]:
        world = self.peer.world
        messages = [
            (one.id, one.text, one.flags, one.pinned)
            for channel in world.channels.values()
            for one in channel.messages.values()
        ]
        return messages, list(world.channels), world.commands.copy()

    @property
    def messages(self) -> str:
        return f"/channels/{self.market.id}/messages"

    @property
    def commands(self) -> str:
        return f"/applications/{self.peer.world.application_id}/commands"

    async def posts(self, text: str = "hello") -> int:
        return int((await self.asks("POST", self.messages, {"content": text}))["id"])

    async def asked(self, line: str = "buy", **options: object) -> Interaction:
        """Ada typed a command that waits for its answer."""
        if not self.peer.world.commands.get(None):
            await self.asks("PUT", self.commands, [BUY])
        return await self.ada.slash(self.market, line, options or {"outcome": "1"}, _until="sent")

    def callback(self, one: Interaction) -> str:
        return f"/interactions/{one.id}/{one.token}/callback"

    def webhook(self, one: Interaction, message: str = "") -> str:
        path = f"/webhooks/{self.peer.world.application_id}/{one.token}"
        return f"{path}/messages/{message}" if message else path


@asynccontextmanager
async def rest_harness() -> AsyncIterator[RestHarness]:
    async with DiscordPeer() as peer:
        guild = peer.guild("Traders")
        made = RestHarness(peer, Bot(), guild, guild.text("market"), guild.member("ada"))
        with pointed_at(peer):
            await made.client.http.static_login(peer.token)
            try:
                yield made
            finally:
                await made.client.http.close()
