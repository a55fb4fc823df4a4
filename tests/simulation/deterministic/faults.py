"""What goes wrong, and when: all of it drawn by the seed.

Each seed draws how often each kind of thing happens to it, from never to often: a seed in which everything fails at
once reaches less than one that is spared most of it.
"""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

from bot.chat.platform import RetryLaterError, Unreachable
from tests.simulation.deterministic.storage import CommitFault

if TYPE_CHECKING:
    from tests.simulation.deterministic.chat_server import ChatServer
    from tests.simulation.deterministic.process import Process
    from tests.simulation.deterministic.world import World

POINTS = (
    *("fenced", "loaded", "applied", "before commit", "committed"),
    *(f"between tables: {name} saved" for name in ("config", "accounts", "trades")),
)
SUSPENDED_S = 3.0  # after which a server ends the transaction of a client that says nothing


class Faults:
    def __init__(self, world: World, rng: Random) -> None:
        self._world = world
        self._rng = rng
        self.on = False

        def rate(*rates: float) -> float:
            return rng.choice(rates)

        self.crash_every_s = rate(0, 5, 15, 30)
        self.point_rate = rate(0, 0, 0.01, 0.05)  # of a crash at a named point of a tick
        self.freeze_every_s = rate(0, 0, 4, 10)
        self.step_every_s = rate(0, 0, 10, 30)
        self.failing_commits = rate(0, 0, 0.01, 0.05)
        self.unanswered_commits = rate(0, 0, 0.03, 0.15)
        self.refusals = rate(0, 0, 0.02, 0.2)
        self.lost_answers = rate(0, 0, 0.02, 0.1)
        self.unreachable_every_s = rate(0, 0, 10, 30)
        self.slowest_line_s = rate(0.02, 0.2, 3.0)
        self.slowest_disk_s = rate(0.002, 0.02, 0.3)
        self.repeated = rate(0, 0.05, 0.3)  # updates that come twice

    # -- what is asked as things happen

    def chance(self, rate: float) -> bool:
        return self.on and rate > 0 and self._rng.random() < rate

    def line_s(self) -> float:
        return self._rng.uniform(0.001, self.slowest_line_s if self.on else 0.02)

    def disk_s(self) -> float:
        return self._rng.uniform(0.0001, self.slowest_disk_s if self.on else 0.002)

    def commit_fault(self) -> CommitFault | None:
        if self.chance(self.failing_commits):
            return CommitFault.FAILS
        if self.chance(self.unanswered_commits):
            return self._rng.choice((CommitFault.UNANSWERED_DONE, CommitFault.UNANSWERED_UNDONE))
        return None

    def refusal(self, platform: str) -> RetryLaterError | None:
        if not self.chance(self.refusals):
            return None
        overall = self._rng.random() < 0.2
        return RetryLaterError(self._rng.choice((300, 1_000, 5_000)), overall=overall)

    def answer_lost(self) -> bool:
        return self.chance(self.lost_answers)

    def at_point(self, process: Process, point: str) -> None:
        """A process that dies at a named point runs on to its next await: nothing of it leaves the process."""
        if point in POINTS and self.chance(self.point_rate):
            self._world.note(f"{process.name} at {point!r}")
            process.dying = True

    # -- what comes by itself

    def begin(self) -> None:
        self.on = True
        self._tasks = [
            self._world.loop.from_outside(self._every(seconds, fault))
            for seconds, fault in (
                (self.crash_every_s, self._crash),
                (self.freeze_every_s, self._freeze),
                (self.step_every_s, self._set_a_clock),
                (self.unreachable_every_s, self._lose_somebody),
            )
            if seconds
        ]

    def end(self) -> None:
        """From now on nothing goes wrong; who is frozen wakes, what was out of reach is back."""
        self.on = False
        for task in self._tasks:
            task.cancel()
        for process in self._world.processes:
            process.dies_at = None
            if process.frozen:
                self._world.loop.thaw(process)
        for server in self._world.servers.values():
            for who in list(server.unreachable):
                self._find(server, who)

    async def _every(self, seconds: float, fault: object) -> None:
        while True:
            await asyncio.sleep(self._rng.expovariate(1 / seconds))
            await fault()  # type: ignore[operator]

    async def _crash(self) -> None:
        """At one of the awaits that come next."""
        process = self._some_process()
        if process is not None:
            process.dies_at = process.steps + self._rng.randrange(1, 400)

    async def _freeze(self) -> None:
        process = self._some_process()
        if process is None:
            return
        seconds = self._rng.uniform(1, 10)
        self._world.note(f"{process.name} is frozen for {seconds:.3f} s")
        self._world.counts["freezes"] += 1
        process.frozen = True
        process.troubles += 1
        self._world.loop.from_outside(self._wake(process, seconds))

    async def _wake(self, process: Process, seconds: float) -> None:
        """Goes on in its open transactions, where it was frozen for less than `SUSPENDED_S`."""
        await asyncio.sleep(min(seconds, SUSPENDED_S))
        if seconds > SUSPENDED_S:
            if process.frozen:
                for connection in process.connections:
                    connection.cut()
            await asyncio.sleep(seconds - SUSPENDED_S)
        if process.frozen:
            self._world.note(f"{process.name} wakes")
            self._world.loop.thaw(process)

    async def _set_a_clock(self) -> None:
        process = self._some_process()
        if process is not None:
            by_ms = self._rng.choice((-3_600_000, -60_000, -2_000, 2_000, 60_000, 3_600_000))
            if abs(process.clock.offset_ms + by_ms) <= 3_600_000:
                self._world.note(f"{process.name}: its clock is set by {by_ms} ms")
                process.clock.offset_ms += by_ms

    async def _lose_somebody(self) -> None:
        server = self._rng.choice(list(self._world.servers.values()))
        people = [person.ext for person in self._world.people if person.platform == server.name]
        chats = [chat.ext for chat in self._world.chats if chat.platform == server.name]
        if not people or not chats:
            return
        whole = self._rng.random() < 0.3
        who = self._rng.choice(chats if whole else people)
        why = self._rng.choice((Unreachable.CHAT, Unreachable.FORBIDDEN)) if whole else Unreachable.PERSON
        self._world.note(f"{server.name} {who} is out of reach: {why.value}")
        server.unreachable[who] = why
        await asyncio.sleep(self._rng.uniform(1, 8))
        self._find(server, who)

    def _find(self, server: ChatServer, who: str) -> None:
        """Back within reach; of a chat the bot is asked back into, its platform tells."""
        if server.unreachable.pop(who, None) is Unreachable.CHAT:
            self._world.loop.from_outside(self._world.asked_back(server.name, who))

    def _some_process(self) -> Process | None:
        living = [process for process in self._world.living() if process.ready and not process.frozen]
        return self._rng.choice(living) if living else None
