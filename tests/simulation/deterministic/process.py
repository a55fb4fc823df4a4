"""One process of the program: real parts, memory of its own, and an end that tidies nothing up.

What `bot.app` puts together is put together here, with a simulated disk below and simulated chats above it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from bot.chat.invocation import Invocation
from bot.chat.platform import Platform, SendRequest
from bot.chat.rate_limits import Budget
from bot.chat.reply import Audience, Reply
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.notifications.announcer import Announcer
from bot.notifications.reachability import ChatPresence
from scheduler.jobs import Jobs
from scheduler.tick import TickReport
from storage.database import Database
from storage.holding import Holder
from storage.trouble import TroubleError
from tests.simulation.deterministic import storage
from tests.simulation.deterministic.chat_server import BatchClient, ChatClient
from tests.simulation.deterministic.loop import OWNER, Owner
from tests.simulation.deterministic.storage import CommitFault, Connection

if TYPE_CHECKING:
    from tests.simulation.deterministic.world import World

T = TypeVar("T")
EPOCH_MS = 1_800_000_000_000
BATCHING = "room"


class DiedError(Exception):
    """Who was asked is gone; whether it did what it was asked nobody knows."""


class SimulatedClock:
    """A process's: the wall's is off by something and may be set; the other only goes on."""

    def __init__(self, world: World, offset_ms: int, born_ms: int) -> None:
        self._world = world
        self.offset_ms = offset_ms
        self._born_ms = born_ms

    def now_ms(self) -> int:
        return self._world.now_ms() + self.offset_ms

    def monotonic_ms(self) -> int:
        return self._world.loop.now_us // 1_000 + self._born_ms


class DatabaseClock:
    """Leases go by the database's clock, which is nobody's own, and by this process's time that only goes on."""

    def __init__(self, world: World, clock: SimulatedClock) -> None:
        self._world = world
        self.monotonic_ms = clock.monotonic_ms

    def now_ms(self) -> int:
        return self._world.now_ms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What a platform hands over: something said or pressed. `pressed` is the message the button stood in, as it was
    then (`version`)."""

    invocation: Invocation
    pressed: str | None = None
    version: int = 0


class Process(Owner):
    def __init__(self, world: World, name: str, clock: SimulatedClock) -> None:
        super().__init__()
        self.world = world
        self.name = name
        self.clock = clock
        self.connections: list[Connection] = []
        self.asked: list[asyncio.Future[Any]] = []  # who waits for an answer of it
        self.ready = False
        self.troubles = 0  # commits of it that failed or were not answered
        self._context = world.loop.outside.copy()
        self._context.run(OWNER.set, self)

    def begin(self, coro: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run it in this process."""
        return self.world.loop.create_task(coro, context=self._context.copy())

    # -- its life

    async def serve(self) -> None:
        self.db = db = Database.open(self.world.url, simulated=partial(storage.connect, self))
        db.crash = partial(self.world.faults.at_point, self)
        db.draw = self.world.draw
        db.watch.monotonic = self.world.loop.time
        self.dispatcher = Dispatcher(db, self.clock, COMMANDS, new_id=lambda: "unexpected")
        self.clients = {
            name: (BatchClient if name == BATCHING else ChatClient)(server, self)
            for name, server in self.world.servers.items()
        }
        platforms: dict[str, Platform] = dict(self.clients)
        budgets = {name: Budget.of(name, self.clock.monotonic_ms()) for name in platforms}
        self.holder = Holder(db, DatabaseClock(self.world, self.clock), self.name)
        self.announcer = Announcer(db, self.clock, platforms, budgets=budgets, holder=self.holder)
        self.jobs = Jobs(db, self.clock, on_tick=self._ticked, holder=self.holder)
        await self.holder.start()
        await self.jobs.start()
        self.begin(self.announcer.run())
        self.ready = True

    async def _ticked(self, report: TickReport) -> None:
        self.world.counts["ticks"] += 1

    def die(self) -> None:
        """As SIGKILL does it: nothing more runs, the system closes what was open."""
        if self.dead:
            return
        self.dead, self.ready = True, False
        self.world.note(f"{self.name} dies")
        self.world.counts["crashes"] += 1
        for connection in self.connections:
            connection.close()
        for future in self.asked:
            if not future.done():
                future.set_exception(DiedError(self.name))

    def commit_fault(self) -> CommitFault | None:
        fault = self.world.faults.commit_fault()
        if fault is not None:
            self.troubles += 1
            self.world.note(f"{self.name}: a commit: {fault.value}")
        return fault

    def disk_s(self) -> float:
        return self.world.faults.disk_s()

    # -- what its adapters do

    def handle(self, update: Update, seen: asyncio.Future[str]) -> asyncio.Future[Reply]:
        """Answer an update. The future has the reply once it stands where it belongs (`seen` a little earlier), or
        DiedError."""
        answered: asyncio.Future[Reply] = self.world.loop.create_future()
        self._is_asked(seen)
        self.begin(self._handle(update, seen, answered))
        return self._is_asked(answered)

    def hear_of(self, platform: str, chat_ext: str, kind: str) -> asyncio.Future[None]:
        """The bot was asked into a chat."""
        presence = ChatPresence(self.db, self.clock.now_ms)
        heard: asyncio.Future[None] = self.world.loop.create_future()

        async def hear() -> None:
            try:
                await presence.arrived(platform, chat_ext, kind, chat_ext)
            except TroubleError as error:
                heard.set_exception(error)
            else:
                heard.set_result(None)

        self.begin(hear())
        return self._is_asked(heard)

    def _is_asked(self, future: asyncio.Future[T]) -> asyncio.Future[T]:
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        self.asked = [*(earlier for earlier in self.asked if not earlier.done()), future]
        return future

    async def _handle(self, update: Update, seen: asyncio.Future[str], answered: asyncio.Future[Reply]) -> None:
        invocation = update.invocation
        reply = await self.dispatcher.run(invocation)
        private = reply.audience is Audience.PRIVATE
        replaces = update.pressed if private and (reply.ok or reply.ticket is not None) else None
        request = SendRequest(
            target=invocation.person_ext if private else invocation.chat_ext,
            reply=reply,
            private=private,
            edit_ref=replaces,
        )
        answered.set_result(reply)
        ref = await self.clients[invocation.platform].answer(request, update.version if replaces else None, seen)
        if isinstance(ref, str) and (reply.ticket is not None or reply.awaits is not None):
            await self.dispatcher.placed(reply, invocation, ref)
