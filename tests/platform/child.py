"""`outcry run` as a child process, with both platforms' servers in this one, on the wall clock."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from storage.database import Database
from storage.verify import Mismatch, verify
from tests.bot.harness import HANG_S
from tests.paths import ROOT
from tests.standins import discord_peer, telegram_peer

ADMIN = "an-admin-token-for-tests"
LEFT_BEHIND = ("Traceback", "Task was destroyed", "never awaited", "Unclosed", "Task exception was never retrieved")
_OURS = ("OUTCRY_", "DATABASE_", "DISCORD_", "TELEGRAM_", "PTB_")


@dataclass(slots=True, eq=False)
class Child:
    """A running process. `out` and `err` grow while it runs."""

    process: asyncio.subprocess.Process
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)
    _grew: asyncio.Event = field(default_factory=asyncio.Event)
    _readers: list[asyncio.Task[None]] = field(default_factory=list)

    @classmethod
    async def start(
        cls, folder: Path, *words: str, module: str = "bot", environment: dict[str, str] | None = None
    ) -> Child:
        """The command line in a folder of its own; nothing of this machine's environment gets in."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *words,
            cwd=folder, env={**clean, "PYTHONPATH": str(ROOT), "OUTCRY_ROOM_PORT": "0", **(environment or {})},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        child = cls(process)
        assert process.stdout is not None
        assert process.stderr is not None
        child._readers = [
            asyncio.create_task(child._read(stream, lines))
            for stream, lines in ((process.stdout, child.out), (process.stderr, child.err))
        ]
        return child

    async def _read(self, stream: asyncio.StreamReader, lines: list[str]) -> None:
        while raw := await stream.readline():
            lines.append(raw.decode().rstrip("\n"))
            self._grew.set()
        self._grew.set()

    async def until_output(self, condition: Callable[[], bool], seconds: float = HANG_S) -> None:
        """Until what it has said fulfils `condition`; AssertionError where it ends or says nothing of the kind."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    assert not all(reader.done() for reader in self._readers), f"it ended: {self.output}"
                    self._grew.clear()
                    await self._grew.wait()
        except TimeoutError:
            raise AssertionError(f"it was not said: {self.output}") from None

    async def ready(self, *names: str) -> None:
        """Until it serves these platforms."""
        await self.until_output(lambda: all(f"ready: {name}" in self.out for name in names))

    @property
    def output(self) -> str:
        return "\n".join([*self.out, "--", *self.err])

    @property
    def room(self) -> str:
        return next(line.removeprefix("room: ") for line in self.out if line.startswith("room: "))

    async def ended(self, seconds: float = HANG_S) -> int:
        """The exit status, after everything it said has been read."""
        async with asyncio.timeout(seconds):
            await asyncio.gather(*self._readers)
            return await self.process.wait()

    async def stop(self) -> None:
        """SIGTERM: it must end in order, and leave nothing behind."""
        self.process.send_signal(signal.SIGTERM)
        status = await self.ended()
        assert status == 0, f"{status}: {self.output}"
        assert not self.left_behind(), self.output

    def left_behind(self) -> list[str]:
        """Lines on standard error that no clean life leaves."""
        return [line for line in self.err if any(sign in line for sign in LEFT_BEHIND)]

    async def kill(self) -> None:
        """SIGKILL, if it still runs."""
        if self.process.returncode is None:
            self.process.kill()
        await self.ended()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True, kw_only=True, eq=False)
class ProcessHarness:
    """Both servers, a channel and a group with the bot in them, and whoever runs things there."""

    folder: Path
    discord: discord_peer.DiscordPeer
    telegram: telegram_peer.TelegramPeer
    guild: discord_peer.Guild
    channel: discord_peer.Channel
    group: telegram_peer.Chat
    discord_admin: discord_peer.Person
    telegram_admin: telegram_peer.User
    children: list[Child] = field(default_factory=list)
    tickets: list[telegram_peer.Message] = field(default_factory=list)  # that a test keeps an eye on

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder / 'outcry.db'}"

    def environment(self, **more: str) -> dict[str, str]:
        """What points the bot at both servers."""
        return {
            "OUTCRY_ADMIN_TOKEN": ADMIN,
            "OUTCRY_TICK_MS": "250",
            "DISCORD_TOKEN": self.discord.token,
            "DISCORD_API_BASE": self.discord.api,
            "DISCORD_GATEWAY_URL": self.discord.gateway_url,
            "TELEGRAM_TOKEN": self.telegram.token,
            "TELEGRAM_API_BASE": self.telegram.base_url,
            "TELEGRAM_FILE_BASE": self.telegram.file_url,
            **more,
        }

    async def run(self, *words: str, module: str = "bot", **more: str) -> Child:
        child = await Child.start(self.folder, "run", *words, module=module, environment=self.environment(**more))
        self.children.append(child)
        return child

    async def run_until_ready(self, *words: str, module: str = "bot", **more: str) -> Child:
        """Running, and everything ready."""
        child = await self.run(*words, module=module, **more)
        await child.ready("room", "discord", "telegram")
        return child

    def telegram_member(self, name: str) -> telegram_peer.User:
        """A member of the group who has started the bot."""
        person = self.telegram.world.user(name)
        person.chat.opened = True
        self.group.members[person.id] = telegram_peer.chats.Member(user=person)
        return person

    async def opened(self, *, balance: str = "$1,000") -> None:
        """A market made in the channel and brought to the group, open to join."""
        created = await self.discord_admin.slash(
            self.channel, "admin create", title="Cup", outcomes="Germany, Brazil, Italy, Spain", balance=balance
        )
        assert "drafted" in created.text, created.text
        code = re.search(
            r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b",
            (await self.discord_admin.slash(self.channel, "admin channel", what="code")).text,
        )
        assert code is not None
        await self.telegram_admin.send(self.group, f"/admin_channel {code[0]}")
        await self.telegram_admin.chat.expect("is announced here too", within=HANG_S)
        await self.discord_admin.slash(self.channel, "admin set", setting="gas", value="$0.01")
        opened = await self.discord_admin.slash(self.channel, "admin open")
        assert "open to join" in opened.text, opened.text

    async def started(self) -> None:
        preview = await self.discord_admin.slash(self.channel, "admin start")
        await self.discord_admin.press(preview.reply, confirm(preview.reply))
        await self.channel.expect("is open for trading", HANG_S)

    async def traded(self, seconds: float = HANG_S) -> None:
        """Until the database holds a trade: looked at from outside, for a process that says nothing."""
        db = Database.open(self.url, read_only=True)
        try:
            for _ in range(int(seconds * 20)):
                if await _trades(db):
                    return
                await asyncio.sleep(0.05)
            raise AssertionError(f"nothing was traded in {seconds} s")
        finally:
            await db.close()

    async def assert_books_hold(self) -> Database:
        """Nobody runs now: the ledger balances, and the whole history comes out as it is written."""
        db = Database.open(self.url)
        async with db.reading() as uow:
            markets = await uow.markets.all()
            for market in markets:
                audit = await uow.ledger.audit(market.id)
                assert audit.ok, audit.problems
        for market in markets:
            [checked] = await verify(db, market.id)
            assert not isinstance(checked, Mismatch), checked
        return db


async def _trades(db: Database) -> int:
    async with db.reading() as uow:
        return len(await uow.trades.all(1))


def confirm(message: discord_peer.Message) -> str:
    """The whole label of its Confirm button."""
    [label] = [button.label for button in message.buttons if button.label.startswith("Confirm")]
    return label


@asynccontextmanager
async def process_harness(folder: Path, *, limits: bool = False) -> AsyncIterator[ProcessHarness]:
    """`limits`: both platforms hold the bot to their rates."""
    clock = discord_peer.Clock(speed=1)
    async with discord_peer.DiscordPeer(clock=clock) as discord, telegram_peer.TelegramPeer() as telegram:
        telegram.limits.on = limits
        if limits:
            discord.limits.on(clock)
        guild = discord.guild("Traders")
        telegram_admin = telegram.world.user("Grace")
        telegram_admin.chat.opened = True
        harness = ProcessHarness(
            folder=folder, discord=discord, telegram=telegram, guild=guild, channel=guild.text("market"),
            group=telegram.world.supergroup("Traders", telegram_admin), telegram_admin=telegram_admin,
            discord_admin=guild.member("grace", guild.role("host", discord_peer.Permission.MANAGE_GUILD)),
        )  # fmt: skip
        try:
            yield harness
        finally:
            for child in harness.children:
                await child.kill()
