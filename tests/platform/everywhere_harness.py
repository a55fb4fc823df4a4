"""One bot on Discord, on Telegram and in the room at once: put together as `outcry run` does it, with a strict server
in each platform's place. Time passes only when somebody does something."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

from bot.app import PLATFORMS, PlatformParts, rights_of
from bot.charts.service import Charts
from bot.chat.rate_limits import Budget
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.ending import End
from bot.health.service import HealthService
from bot.notifications.announcer import Announcer
from bot.settings import Settings
from scheduler.tick import TickReport, run_tick
from storage.database import Database
from storage.holding import Holder
from storage.records import Market
from storage.verify import Mismatch, verify
from tests.bot.adapters.room.harness import Browser, Shown, head
from tests.platform.peer_clock import PeerClock
from tests.standins import discord_peer, telegram_peer
from tests.standins.discord_peer.client import pointed_at
from tests.storage.databases import migrated_file

ADMIN = "an-admin-token-for-tests"
CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
START_MS = 1_790_000_000_000


class SharedClock(discord_peer.Clock):
    """One manual clock in the two forms in which it is asked for."""

    def __init__(self) -> None:
        super().__init__(start_ms=START_MS)

    def seconds(self) -> float:
        return self.now_ms / 1_000


@dataclass(slots=True, kw_only=True)
class EverywhereHarness:
    """A channel, a group and the room; Grace runs things in each of them (three people, as far as the bot knows)."""

    clock: SharedClock
    discord: discord_peer.DiscordPeer
    telegram: telegram_peer.TelegramPeer
    parts: PlatformParts
    announcer: Announcer
    url: str
    guild: discord_peer.Guild
    channel: discord_peer.Channel
    group: telegram_peer.Chat
    discord_admin: discord_peer.Person
    telegram_admin: telegram_peer.User
    room_admin: Browser
    market: int = 1
    pace_ms: int = 2_000
    ordered: set[int] = field(default_factory=set)  # what a test told Telegram to answer

    @property
    def db(self) -> Database:
        return self.parts.db

    # on Discord

    async def slash(self, who: discord_peer.Person, line: str, **options: object) -> discord_peer.Interaction:
        self.clock.advance(self.pace_ms)
        return await who.slash(self.channel, line, options)

    async def press(
        self, who: discord_peer.Person, message: discord_peer.Message, label: str
    ) -> discord_peer.Interaction:
        """The button whose label begins so."""
        self.clock.advance(self.pace_ms)
        [full_label] = [button.label for button in message.buttons if button.label.startswith(label)]
        return await who.press(message, full_label)

    # on Telegram

    async def say(self, who: telegram_peer.User, text: str, chat: telegram_peer.Chat | None = None) -> None:
        self.clock.advance(self.pace_ms)
        await who.send(chat or who.chat, text)

    async def tap(self, who: telegram_peer.User, message: telegram_peer.Message, label: str) -> None:
        self.clock.advance(self.pace_ms)
        await (await who.tap(message, label)).answered()

    # in the room

    async def type(self, who: Browser, text: str) -> Shown:
        self.clock.advance(self.pace_ms)
        status, answer = await who.say(text)
        assert status == 200, answer
        shown: Shown = answer
        return shown

    async def click(self, who: Browser, message: Shown, label: str) -> Shown:
        self.clock.advance(self.pace_ms)
        [line] = [action["text"] for action in message["reply"]["actions"] if action["label"].startswith(label)]
        status, answer = await who.press(line, message["id"])
        assert status == 200, answer
        shown: Shown = answer
        return shown

    async def headlines(self, who: Browser) -> list[str]:
        return [head(message) for message in await who.messages() if "reply" in message]

    # time

    async def tick(self, ahead_ms: int = 2_000) -> TickReport:
        """Time passes, the market ticks, what is to be said is said."""
        self.clock.advance(ahead_ms)
        report = await run_tick(self.db, self.market, self.clock.now_ms)
        await self.announcer.step()
        return report

    async def settle(self, seconds: int = 60) -> None:
        """Until nothing waits to be said; budgets may take their time, but not for ever."""
        for _ in range(seconds):
            self.clock.advance(1_000)
            await self.announcer.step()
            if not await self.unsaid():
                return
        raise AssertionError(f"{await self.unsaid()} notices still wait")

    # the truth

    async def record(self) -> Market:
        async with self.db.reading() as uow:
            return await uow.markets.get_one(self.market)

    async def unsaid(self) -> int:
        """How many notices wait to be told; none may have been given up."""
        async with self.db.reading() as uow:
            waiting = await uow.outbox.waiting(self.market)
        assert not any(row.dropped for row in waiting), f"given up: {waiting}"
        return sum(row.rows for row in waiting)

    async def account(self, platform: str, ext: str) -> int:
        """Whose account that is in this market."""
        async with self.db.reading() as uow:
            person = await uow.people.find(platform, ext)
            assert person is not None
            member = await uow.members.get(self.market, person.id)
            assert member is not None
            return member.person

    async def assert_sound(self) -> None:
        """No platform refused anything, nobody waits, and the money is all there."""
        peer = self.discord
        assert not peer.refused, [(call.method, call.path, call.code, call.answer) for call in peer.refused]
        assert not peer.late
        assert not peer.unanswered
        assert [call for call in self.telegram.refused() if call.code not in self.ordered] == []
        assert self.telegram.complaints == []
        assert self.telegram.unanswered() == []
        async with self.db.reading() as uow:
            audit = await uow.ledger.audit(self.market)
        assert audit.ok, audit.problems
        [checked] = await verify(self.db, self.market)
        assert not isinstance(checked, Mismatch), checked


@asynccontextmanager
async def everywhere_harness(folder: Path) -> AsyncIterator[EverywhereHarness]:
    clock = SharedClock()
    async with AsyncExitStack() as stack:
        discord = await stack.enter_async_context(discord_peer.DiscordPeer(clock=clock))
        telegram = await stack.enter_async_context(telegram_peer.TelegramPeer(clock=clock.seconds))
        guild = discord.guild("Traders")
        channel = guild.text("market")
        discord_admin = guild.member("grace", guild.role("host", discord_peer.Permission.MANAGE_GUILD))
        telegram_admin = telegram.world.user("Grace")
        telegram_admin.chat.opened = True
        group = telegram.world.supergroup("Traders", telegram_admin)
        stack.enter_context(pointed_at(discord))
        settings = Settings(
            room_port=0, admin_token=ADMIN, discord_token=discord.token, discord_api_base=discord.api,
            discord_gateway=discord.gateway_url, telegram_token=telegram.token, telegram_api_base=telegram.base_url,
            telegram_file_base=telegram.file_url,
        )  # fmt: skip
        db = Database.open(migrated_file(folder / "town.db"))
        stack.push_async_callback(db.close)
        bot_clock = PeerClock(lambda: clock.now_ms)
        charts = Charts(db, processes=False)
        stack.push_async_callback(charts.close)
        health = HealthService(db, bot_clock)
        stack.push_async_callback(health.stop)
        budgets = {name: Budget.of(name, bot_clock.monotonic_ms()) for name in PLATFORMS}
        ends: dict[str, End] = {}
        rights = rights_of(settings, db, bot_clock, budgets, ends)
        for end in ends.values():
            stack.push_async_callback(end)
        parts = PlatformParts(
            settings=settings, db=db, clock=bot_clock, dispatcher=Dispatcher(db, bot_clock, COMMANDS, rights=rights),
            charts=charts, health=health, holder=Holder(db, bot_clock, "here"), budgets=budgets, rights=rights,
            stack=stack,
        )  # fmt: skip
        with redirect_stdout(io.StringIO()) as output:
            platforms = {name: await start(parts) for name, (_, start) in PLATFORMS.items()}
        url = output.getvalue().splitlines()[0].removeprefix("room: ")
        announcer = Announcer(
            db, bot_clock, platforms, charts.picture, budgets=parts.budgets, holder=parts.holder, commands=COMMANDS
        )
        await parts.holder.start()
        stack.push_async_callback(parts.holder.stop)
        room_admin = Browser(url)
        stack.push_async_callback(room_admin.close)
        await room_admin.get(f"?admin={ADMIN}")
        await room_admin.join("Grace")
        await discord.gateway.connected()
        await telegram.until(lambda: telegram.poll is not None)
        yield EverywhereHarness(
            clock=clock, discord=discord, telegram=telegram, parts=parts, announcer=announcer, url=url, guild=guild,
            channel=channel, group=group, discord_admin=discord_admin, telegram_admin=telegram_admin,
            room_admin=room_admin,
        )  # fmt: skip


async def code_of(harness: EverywhereHarness) -> str:
    """A code that brings the market to one more chat."""
    offered = await harness.slash(harness.discord_admin, "admin channel", what="code")
    code = CODE.search(offered.text)
    assert code is not None, offered.text
    return code[0]


async def opened_in_three_places(harness: EverywhereHarness, *, title: str = "Cup") -> None:
    """A market made in the channel, brought to the group and to the room, open to join."""
    created = await harness.slash(
        harness.discord_admin, "admin create", title=title, outcomes="Germany, Brazil, Costa Rica", odds="50 30 20"
    )
    assert "drafted" in created.text, created.text
    await harness.say(harness.telegram_admin, f"/admin_channel {await code_of(harness)}", harness.group)
    await harness.telegram_admin.chat.expect("is announced here too")
    answer = await harness.type(harness.room_admin, f"/admin channel {await code_of(harness)}")
    assert "is announced here too" in head(answer)
    await harness.slash(harness.discord_admin, "admin set", setting="gas", value="$0.01")
    await harness.slash(harness.discord_admin, "admin open")
    await harness.settle()


async def started(harness: EverywhereHarness) -> None:
    """What was open to join trades."""
    preview = await harness.slash(harness.discord_admin, "admin start")
    await harness.press(harness.discord_admin, preview.reply, "Confirm")
    await harness.tick()
