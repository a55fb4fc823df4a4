"""Several processes that serve one Discord over one database. Time, rounds and deaths are a test's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.adapters.discord_chat.identify_window import WINDOW_MS
from bot.adapters.discord_chat.service import DiscordService, DiscordSettings
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.notifications.announcer import Announcer
from storage.holding import Holder
from storage.leases import LEASE_MS
from tests.platform.discord_harness import DiscordHarness, discord_harness, drawn
from tests.platform.peer_clock import PeerClock

WHOSE: ContextVar[str] = ContextVar("WHOSE", default="")  # the process that a task belongs to


@dataclass(slots=True, kw_only=True)
class DiscordProcess:
    name: str
    holder: Holder
    service: DiscordService
    announcer: Announcer
    is_ready: bool = False
    keeps_rounds: bool = True

    def holds(self, shard: int) -> bool:
        return any(lease.name.startswith(f"discord shard {shard}/") for lease in self.holder.held("discord shard"))


@dataclass(slots=True, kw_only=True)
class DiscordProcesses:
    """`ones` are the processes that live. The peer takes one identify in five seconds."""

    harness: DiscordHarness
    tasks: dict[str, list[asyncio.Task[Any]]]  # Any: of whatever they return
    count: int = 2
    ones: list[DiscordProcess] = field(default_factory=list)

    async def begin(self, name: str, shard_ids: tuple[int, ...] = ()) -> DiscordProcess:
        """One more process; it is logged in when this returns, and has asked for its part."""
        harness = self.harness
        clock = PeerClock(lambda: harness.now)
        with as_process(name):
            holder = Holder(harness.db, clock, name, alone=False)
            settings = DiscordSettings(
                token=harness.peer.token,
                api_base=harness.peer.api,
                gateway=harness.peer.gateway_url,
                shard_ids=shard_ids,
                shard_count=self.count,
            )
            dispatcher = Dispatcher(harness.db, clock, COMMANDS, new_id=lambda: "e1")
            service = DiscordService(
                harness.db, dispatcher, clock, drawn, settings, holder, lambda: setattr(process, "is_ready", True)
            )
            announcer = Announcer(
                harness.db, clock, {"discord": service.platform}, drawn, holder=holder, commands=COMMANDS
            )
            process = DiscordProcess(name=name, holder=holder, service=service, announcer=announcer)
            await service.start()
        self.ones.append(process)
        await self.until(lambda: holder.knows(f"discord shard {(shard_ids or (0,))[0]}/{self.count}"))
        return process

    async def connected(self) -> None:
        """Until every shard is, each identify in its turn."""
        for _ in range(self.count - 1):
            await self.until(self.harness.peer.gateway.live)
            await self.pass_time(WINDOW_MS)
        await self.until(lambda: len(self.harness.peer.gateway.live()) == self.count)

    async def rounds(self) -> None:
        for process in self.ones:
            if process.keeps_rounds:
                with as_process(process.name):
                    await process.holder.round()

    async def until(self, look: Callable[[], object]) -> None:
        """With rounds as they come."""
        async with asyncio.timeout(60):
            while not look():
                await self.rounds()
                await asyncio.sleep(0.01)

    async def pass_time(self, ms: int) -> None:
        await self.harness.pass_time(ms)

    async def kill(self, process: DiscordProcess) -> None:
        """As by SIGKILL: whatever it was doing ends where it is, and nothing is given back."""
        self.ones.remove(process)
        doomed = [task for task in self.tasks[process.name] if not task.done()]
        for task in doomed:
            task.cancel()
        await asyncio.wait(doomed, timeout=30)
        assert all(task.done() for task in doomed), f"{process.name} does not die"
        client = process.service.platform.client
        assert client is not None
        await client.http.close()  # the system closes what a dead process had open

    async def stop(self, process: DiscordProcess) -> None:
        """As on SIGTERM."""
        self.ones.remove(process)
        await process.service.stop()
        await process.holder.stop()

    async def take_over(self) -> None:
        """The leases of whoever is dead are over, and the others have them."""
        await self.pass_time(LEASE_MS)
        await self.rounds()

    async def announced(self, look: Callable[[], object]) -> None:
        """Whoever sends now has sent that; a new sender waits until it knows that the one before left it room."""
        for _ in range(90):
            if look():
                return
            await self.pass_time(1_000)
            await self.harness.announce()
        raise AssertionError("it was not announced")

    def sender(self) -> DiscordProcess:
        [sender] = [process for process in self.ones if process.holder.lease("discord") is not None]
        return sender


@contextmanager
def as_process(name: str) -> Iterator[None]:
    """What is begun meanwhile is this process's."""
    token = WHOSE.set(name)
    try:
        yield
    finally:
        WHOSE.reset(token)


@contextmanager
def tasks_by_process() -> Iterator[dict[str, list[asyncio.Task[Any]]]]:  # Any: as above
    """Each task under the name of the process in which it was begun."""
    loop = asyncio.get_running_loop()
    tasks: dict[str, list[asyncio.Task[Any]]] = {}

    def begun(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **more: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(work, loop=loop, **more)
        tasks.setdefault(WHOSE.get(), []).append(task)
        return task

    loop.set_task_factory(begun)  # type: ignore[arg-type]
    try:
        yield tasks
    finally:
        loop.set_task_factory(None)


@asynccontextmanager
async def discord_processes(folder: Path, *, count: int = 2) -> AsyncIterator[DiscordProcesses]:
    async with discord_harness(folder, start=False) as harness:
        harness.peer.gateway.identify_gap_ms = 5_000
        with tasks_by_process() as tasks:
            processes = DiscordProcesses(harness=harness, tasks=tasks, count=count)
            harness.rounds = processes.rounds
            try:
                yield processes
            finally:
                for process in list(processes.ones):
                    await processes.stop(process)
        assert not harness.peer.gateway.hurried, "two identifies within five seconds"
