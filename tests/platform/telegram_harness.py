"""A whole bot on the Telegram peer: real storage, engine and tick, the real client, people at their telephones. Time
passes only when somebody does something."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.telegram_chat.connection import TelegramSettings
from bot.adapters.telegram_chat.rights import TelegramRights
from bot.adapters.telegram_chat.service import TelegramService
from bot.chat.rate_limits import Budget
from bot.chat.reply import Picture
from bot.chat.rights import Rights
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.notifications.announcer import Announcer
from scheduler.tick import run_tick
from storage.database import Database
from tests.platform.peer_clock import PeerClock
from tests.standins.telegram_peer import Button, Chat, ManualClock, Message, Tap, TelegramPeer, User
from tests.standins.telegram_peer.params import NEWEST
from tests.standins.tests.telegram_harness import png
from tests.storage.databases import migrated_file

CREATE = '/admin_create Cup Germany, Brazil, "Costa Rica" odds "50 30 20"'


async def chart(picture: Picture) -> bytes | None:
    return png()


@dataclass(slots=True, kw_only=True)
class TelegramHarness:
    """Ada and Ben have started the bot, Cleo has not; Ada is an admin of the group. `pace`: seconds between two
    actions."""

    peer: TelegramPeer
    clock: ManualClock
    bot_clock: PeerClock
    path: Path
    db: Database
    budget: Budget
    access: TelegramSettings
    asks: TelegramRights
    dispatcher: Dispatcher
    ada: User
    ben: User
    cleo: User
    group: Chat
    telegram: TelegramService
    announcer: Announcer
    market: int = 1
    pace: float = 3.0

    def now_ms(self) -> int:
        return self.bot_clock.now_ms()

    async def say(
        self,
        who: User,
        text: str,
        chat: Chat | None = None,
        *,
        topic: int | None = None,
        reply_to: Message | None = None,
        anonymous: bool | None = None,
    ) -> Message:
        self.clock.advance(self.pace)
        return await who.send(chat or who.chat, text, topic=topic, reply_to=reply_to, anonymous=anonymous)

    async def say_and_expect(
        self, who: User, line: str, wanted: str | Callable[[Message], bool], chat: Chat | None = None
    ) -> Message:
        """Somebody says it (in private where no chat is named); what they are told in private from then on."""
        last = who.chat.messages[-1] if who.chat.messages else None
        await self.say(who, line, chat)
        return await who.chat.expect(wanted, after=last)

    async def press(self, who: User, message: Message, label: str | Button, *, twice: bool = False) -> Tap:
        """Press a button, and wait until the press is answered."""
        self.clock.advance(self.pace)
        tap = await who.tap(message, label, twice=twice)
        await tap.answered()
        return tap

    async def tick(self, seconds: float = 2.0) -> None:
        """The market ticks, the announcer speaks."""
        self.clock.advance(seconds)
        await run_tick(self.db, self.market, self.now_ms())
        await self.announcer.step()

    async def running(self, chat: Chat | None = None, *, topic: int | None = None, created: str = CREATE) -> None:
        """A market that trades, with Ada and Ben in it; Ada set it up in the group."""
        chat = chat or self.group
        steps = ((created, "is drafted"), ("/admin_set gas $0.01", "gas is now"), ("/admin_open", "open to join"))
        for line, expected in steps:
            await self.say(self.ada, line, chat, topic=topic)
            await self.ada.chat.expect(expected)
        for who in (self.ada, self.ben):
            await self.say(who, "/join", chat, topic=topic)
            await who.chat.expect("Welcome")
        await self.say(self.ada, "/admin_start", chat, topic=topic)
        preview = await self.ada.chat.expect(lambda message: "Confirm" in " ".join(message.labels))
        await self.press(self.ada, preview, "Confirm")
        await self.tick()

    async def restart(self) -> None:
        """The process ends and another one begins, on the same database."""
        await self.telegram.stop()
        self.dispatcher = dispatcher_of(self.db, self.bot_clock, self.asks)
        self.telegram, self.announcer = connected_bot(
            self.db, self.dispatcher, self.bot_clock, self.budget, self.access
        )
        await self.telegram.start()
        await self.connected()

    async def told(self, what: str, value: str | None = None) -> None:
        """Telegram has been told `what` beforehand (this `value` of it), and the database knows that it was."""
        for _ in range(10_000):  # a guard against waiting for ever, no measure; the database rings no changes
            async with self.db.reading() as uow:
                kept = await uow.key_values.get(f"{what} {self.peer.world.bot.id}")
            if kept is not None and value in {None, kept}:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"Telegram was not told the {what}")

    async def connected(self) -> None:
        await self.peer.until(lambda: self.peer.poll is not None or self.peer.hook is not None)


def dispatcher_of(db: Database, clock: PeerClock, asks: TelegramRights) -> Dispatcher:
    rights = Rights({"telegram": asks}, clock.monotonic_ms)
    return Dispatcher(db, clock, COMMANDS, rights=rights, public_url="https://outcry.example.org")


def connected_bot(
    db: Database, dispatcher: Dispatcher, clock: PeerClock, budget: Budget, access: TelegramSettings
) -> tuple[TelegramService, Announcer]:
    telegram = TelegramService(db, dispatcher, clock, chart, budget, access)
    return telegram, Announcer(
        db, clock, {"telegram": telegram.platform}, chart, budgets={"telegram": budget}, commands=COMMANDS
    )


def asks_to_confirm(message: Message) -> bool:
    return message.labels[:1] != [] and message.labels[0].startswith("Confirm")


def settled(message: Message) -> Callable[[Message], bool]:
    """Whether it is that message, and nothing can be decided in it any more."""
    decides = ("Confirm", "Change", "Cancel")
    return lambda other: other is message and not any(label.startswith(decides) for label in other.labels)


async def _let_time_pass(clock: ManualClock) -> None:
    """Who waits for a rate sleeps real time: then time passes by itself too."""
    while True:
        await asyncio.sleep(0.02)
        clock.advance(0.02)


@asynccontextmanager
async def telegram_harness(
    folder: Path,
    *,
    limits: bool = False,
    username: str = "outcry_bot",
    version: tuple[int, int] = NEWEST,
    before: Callable[[TelegramPeer], None] | None = None,
) -> AsyncIterator[TelegramHarness]:
    """`limits`: the rates hold, on both sides. `version` of the server's Bot API; `before`: what is there when the bot
    begins."""
    clock = ManualClock()
    path = folder / "town.db"
    db = Database.open(migrated_file(path))
    async with TelegramPeer(clock=clock, username=username, version=version) as peer:
        peer.limits.on = limits
        if before is not None:
            before(peer)

        ada, ben, cleo = (peer.world.user(name) for name in ("Ada", "Ben", "Cleo"))
        for person in (ada, ben):
            person.chat.opened = True
        bot_clock = PeerClock(lambda: int(clock() * 1000))
        budget = Budget.of("telegram") if limits else Budget()
        access = TelegramSettings(token=peer.token, api_base=peer.base_url, file_base=peer.file_url)
        asks = TelegramRights(access, budget, bot_clock.monotonic_ms)
        dispatcher = dispatcher_of(db, bot_clock, asks)
        telegram, announcer = connected_bot(db, dispatcher, bot_clock, budget, access)
        group = peer.world.supergroup("Traders", ada, ben, cleo)
        harness = TelegramHarness(
            peer=peer, clock=clock, bot_clock=bot_clock, path=path, db=db, budget=budget, access=access,
            asks=asks, dispatcher=dispatcher, ada=ada, ben=ben, cleo=cleo, group=group, telegram=telegram,
            announcer=announcer,
        )  # fmt: skip
        await telegram.start()
        passing = asyncio.create_task(_let_time_pass(clock)) if limits else None
        try:
            await harness.connected()
            yield harness
        finally:
            if passing is not None:
                passing.cancel()
            await harness.dispatcher.approvers.close()
            await harness.telegram.stop()
            await asks.close()
            await db.close()
