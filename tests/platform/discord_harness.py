"""The whole bot on a strict Discord of our own: real storage, engine, announcer and discord.py, over loopback."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import discord.http
import discord.webhook.async_

from bot.adapters.discord_chat.rights import DiscordRights
from bot.adapters.discord_chat.service import DiscordService, DiscordSettings
from bot.chat.reply import Picture
from bot.chat.rights import Rights
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.notifications.announcer import Announcer
from scheduler.tick import run_tick
from storage.database import Database
from storage.holding import ROUND_MS, Holder
from tests.platform.peer_clock import PeerClock
from tests.standins.discord_peer import (
    Channel,
    Clock,
    DiscordPeer,
    Guild,
    Interaction,
    Message,
    Permission,
    Person,
    command_picker,
)
from tests.standins.discord_peer.client import pointed_at
from tests.storage.databases import migrated_file

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


async def drawn(picture: Picture) -> bytes | None:
    """A chart, as far as Discord is concerned."""
    return PNG


@dataclass(slots=True, kw_only=True)
class DiscordHarness:
    """A guild with a channel, somebody who manages it, and the bot. The peer's clock is everybody's."""

    peer: DiscordPeer
    db: Database
    guild: Guild
    channel: Channel
    admin: Person
    holder: Holder
    bot: DiscordService | None = None
    announcer: Announcer | None = None
    ready: int = 0
    asks: DiscordRights | None = None
    rounds: Callable[[], Awaitable[None]] | None = None
    dispatcher: Dispatcher | None = None

    @property
    def clock(self) -> PeerClock:
        return PeerClock(lambda: self.now)

    @property
    def now(self) -> int:
        return self.peer.clock.now_ms

    async def start(self, *, shard_count: int | None = 1) -> None:
        """Connect; the bot is there when this returns."""
        url = "https://outcry.example.org"
        self.asks = DiscordRights(self.peer.token, self.peer.api, self.db, self.clock.monotonic_ms)
        rights = Rights({"discord": self.asks}, self.clock.monotonic_ms)
        self.dispatcher = dispatcher = Dispatcher(
            self.db, self.clock, COMMANDS, new_id=lambda: "e1", rights=rights, public_url=url
        )
        access = DiscordSettings(
            token=self.peer.token, api_base=self.peer.api, gateway=self.peer.gateway_url, shard_count=shard_count
        )
        self.bot = DiscordService(self.db, dispatcher, self.clock, drawn, access, self.holder, self._ready)
        self.announcer = Announcer(self.db, self.clock, {"discord": self.bot.platform}, drawn, commands=COMMANDS)
        before = self.ready
        await self.holder.start()
        await self.bot.start()
        await self.peer.until(lambda: self.ready > before, 10.0, "the bot to be ready")

    async def stop(self) -> None:
        """As on SIGTERM; what was written stays."""
        if self.bot is not None:
            await self.bot.stop()
            self.bot = None
        if self.dispatcher is not None:
            await self.dispatcher.approvers.close()
        if self.asks is not None:
            await self.asks.close()
        await self.holder.stop()
        self.holder = Holder(self.db, self.clock, f"{self.holder.process}+")

    def _ready(self) -> None:
        self.ready += 1
        self.peer.changes.notify()

    async def pass_time(self, ms: int) -> None:
        """For several processes in steps, with their rounds: else what they hold would end."""
        while ms > 0:
            step_ms = ms if self.rounds is None else min(ms, ROUND_MS)
            self.peer.clock.advance(step_ms)
            ms -= step_ms
            if self.rounds is not None:
                await self.rounds()

    async def slash(self, who: Person, line: str, **options: object) -> Interaction:
        """A command in the market's channel, a second after the last thing."""
        await self.pass_time(1_000)
        return await who.slash(self.channel, line, options)

    async def press(self, who: Person, message: Message, label: str) -> Interaction:
        """The button of this label, else the one whose label begins so."""
        await self.pass_time(1_000)
        labels = [button.label for button in message.buttons if button.label.startswith(label)]
        [full_label] = [label] if labels.count(label) == 1 else labels
        return await who.press(message, full_label)

    async def tick(self, ahead_ms: int = 2_000, market: int = 1) -> None:
        """Time passes, the market ticks, what is to be said is said."""
        await self.pass_time(ahead_ms)
        await run_tick(self.db, market, self.now)
        await self.announce()

    async def announce(self) -> None:
        assert self.announcer is not None
        await self.announcer.step()

    def assert_sound(self) -> None:
        """Nothing was refused, late or left without an answer, and nobody saw that others' answers take their time."""
        assert not self.peer.refused, [(call.method, call.path, call.code, call.answer) for call in self.peer.refused]
        assert not self.peer.late
        assert not self.peer.unanswered
        assert not self.peer.world.public_thinking
        for channel in self.peer.world.channels.values():
            for message in channel.messages.values():
                assert not command_picker.dead_links(message.text, channel), message


@contextmanager
def restored_library() -> Iterator[None]:
    """The bot makes discord.py more lenient where it is pointed elsewhere; other tests want it as it is."""
    patched = [(module, "json_or_text") for module in (discord.http, discord.webhook.async_)]
    before = [vars(module)[name] for module, name in patched]
    try:
        yield
    finally:
        for (module, name), original in zip(patched, before, strict=True):
            vars(module)[name] = original


@asynccontextmanager
async def discord_harness(
    folder: Path, *, start: bool = True, start_ms: int | None = None
) -> AsyncIterator[DiscordHarness]:
    async with DiscordPeer(clock=Clock(start_ms=start_ms)) as peer:
        guild = peer.guild("Traders")
        host = guild.role("host", Permission.MANAGE_GUILD)
        db = Database.open(migrated_file(folder / "town.db"))
        try:
            harness = DiscordHarness(
                peer=peer,
                db=db,
                guild=guild,
                channel=guild.text("market"),
                admin=guild.member("boss", host),
                holder=Holder(db, PeerClock(lambda: peer.clock.now_ms), "this"),
            )
            with pointed_at(peer), restored_library():
                try:
                    if start:
                        await harness.start()
                    yield harness
                finally:
                    with contextlib.suppress(TimeoutError):
                        await harness.stop()
        finally:
            await db.close()


async def running(harness: DiscordHarness, *people: str) -> list[Person]:
    """A market that trades, with these people in it."""
    created = await harness.slash(
        harness.admin, "admin create", title="Cup", outcomes="Germany, Brazil, Costa Rica", odds="50 30 20"
    )
    assert "drafted" in created.text, created.text
    harness.admin.clicks(created.reply, "admin open")
    await harness.slash(harness.admin, "admin open")
    members = [harness.guild.member(name) for name in people]
    for person in members:
        joined = await harness.slash(person, "join")
        assert joined.ephemeral
    preview = await harness.slash(harness.admin, "admin start")
    await harness.press(harness.admin, preview.reply, "Confirm")
    await harness.tick()
    return members
