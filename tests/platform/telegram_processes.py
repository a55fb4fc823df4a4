"""Several processes that share one Telegram token and one database; their leases go by the time that a test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.adapters.telegram_chat.service import TelegramService
from bot.chat.rate_limits import Budget
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.notifications.announcer import Announcer
from storage.holding import ROUND_MS, Holder
from storage.schema import telegram_inbox
from tests.platform.child import free_port
from tests.platform.telegram_harness import TelegramHarness, chart, telegram_harness

MOST_LOOKS = 6_000
SECRET = "a-secret-of-the-tests_123"


@dataclass(slots=True, kw_only=True, eq=False)
class TelegramProcess:
    """One of them. Its leases are renewed while it `is_awake`."""

    holder: Holder
    telegram: TelegramService
    announcer: Announcer
    budget: Budget
    ready: asyncio.Event
    hook: str | None
    is_awake: bool = True

    @property
    def serves(self) -> bool:
        return self.holder.lease("telegram") is not None


@dataclass(slots=True, kw_only=True)
class TelegramProcesses:
    """`webhook`: Telegram delivers to the first one's address; a test can deliver to others."""

    harness: TelegramHarness
    limits: bool
    webhook: bool
    all: list[TelegramProcess] = field(default_factory=list)

    async def start(self, token: str | None = None) -> TelegramProcess:
        """One more: it is there when Telegram has taken its token. With another token, at once."""
        harness, number = self.harness, len(self.all) + 1
        holder = Holder(harness.db, harness.bot_clock, f"process {number}", alone=False)
        budget = Budget.of("telegram", harness.bot_clock.monotonic_ms()) if self.limits else Budget()
        dispatcher, access, hook = Dispatcher(harness.db, harness.bot_clock, COMMANDS), harness.access, None
        if self.webhook:
            port = free_port()
            hook = f"http://127.0.0.1:{port}/hook"
            url = (self.all[0].hook if self.all else None) or hook
            access = replace(access, webhook_url=url, webhook_listen=("127.0.0.1", port), webhook_secret=SECRET)
        if token is not None:
            access = replace(access, token=token)
        ready = asyncio.Event()
        telegram = TelegramService(
            harness.db, dispatcher, harness.bot_clock, chart, budget, access, ready.set, holder=holder
        )
        await telegram.start()
        announcer = Announcer(
            harness.db, harness.bot_clock, {"telegram": telegram.platform}, chart,
            budgets={"telegram": budget}, holder=holder,
        )  # fmt: skip
        process = TelegramProcess(
            holder=holder, telegram=telegram, announcer=announcer, budget=budget, ready=ready, hook=hook
        )
        self.all.append(process)
        if token is None:
            await ready.wait()
        await self.pass_time(0.5)
        return process

    async def pass_time(self, seconds: float, *, between_s: float = ROUND_MS / 1_000) -> None:
        """Who is awake renews and takes what is free; who is not finds out when it wakes."""
        for _ in range(round(seconds / between_s)):
            self.harness.clock.advance(between_s)
            for process in self.all:
                if process.is_awake:
                    await process.holder.round()
                    await process.holder.watch()

    async def end(self, process: TelegramProcess) -> None:
        """In good order."""
        process.is_awake = False
        await process.telegram.stop()
        await process.holder.stop()

    async def serving(self, process: TelegramProcess) -> None:
        """Until it has begun to serve: it polls, or Telegram delivers."""
        await self.harness.peer.until(lambda: self.harness.peer.poll is not None or self.harness.peer.hook is not None)
        assert [other for other in self.all if other.serves] == [process]

    async def settled(self) -> None:
        """Until nothing that has arrived is still to be done."""
        queue = self.harness.peer.world.update_queue
        await self.harness.peer.until(lambda: not queue.pending)
        for _ in range(MOST_LOOKS):
            if not await self.waiting():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("what has arrived is not done with")

    async def waiting(self) -> list[int]:
        async with self.harness.db.reading() as uow:
            return [item.update_id for item in await uow.telegram_inbox.waiting(1_000, 1_000)]

    async def forget_what_is_done(self) -> None:
        """Not even the numbers are kept: all that comes again is new."""
        async with self.harness.db.writing() as uow:
            await uow.run(telegram_inbox.delete().where(telegram_inbox.c.payload.is_(None)))
            await uow.commit()


@asynccontextmanager
async def telegram_processes(
    folder: Path, *, limits: bool = False, webhook: bool = False
) -> AsyncIterator[TelegramProcesses]:
    """None has begun yet. Whoever speaks lets a fifth of a second pass."""
    async with telegram_harness(folder) as harness:
        await harness.telegram.stop()
        harness.pace = 0.2
        harness.peer.limits.on = limits
        processes = TelegramProcesses(harness=harness, limits=limits, webhook=webhook)
        try:
            yield processes
        finally:
            for process in processes.all:
                await process.telegram.stop()
