"""Whether this process does its work: ticks are on time, the database takes writes, the outbox is young.

Anybody may ask, as often as they like: the answer is worked out at most once a second and shared, and comes within a
second even where the database never answers. Who asks nothing costs nothing. It names no person, no chat and no title.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from storage.clock import Clock
from storage.database import Database
from storage.health import MarketHealth, PlatformBacklog
from storage.trouble import Trouble, TroubleError

log = logging.getLogger(__name__)

SHARED_MS = 1_000
ANSWER_S = 0.8  # so long the database is waited for; who asks for readiness often gives up after a second
WRITTEN_MS = 5_000  # a write that arrived so lately speaks for the one that is under way
LATE_MS = 10_000  # a market whose tick is overdue for so long does not tick on time
ASLEEP_MS = 10_000  # markets are looked through four times a second
OLD_MS = 60_000  # notices that wait for so long, with none to their platform delivered meanwhile
NAMED = 5  # markets named by number; the others are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What the database said at `at_ms` (epoch)."""

    at_ms: int
    markets: tuple[MarketHealth, ...] = ()
    backlogs: tuple[PlatformBacklog, ...] = ()

    @property
    def halted(self) -> tuple[int, ...]:
        return tuple(row.market.id for row in self.markets if row.market.halted is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Ready where there is no reason against it, each a sentence. `observation` is None where the database was not
    heard in time; `halted` are the markets last known to stand still: no reason, their admins know."""

    reasons: tuple[str, ...]
    halted: tuple[int, ...]
    observation: Observation | None

    @property
    def ready(self) -> bool:
        return not self.reasons

    def to_json(self) -> dict[str, object]:
        return {"ready": self.ready, "reasons": list(self.reasons), "halted_markets": list(self.halted)}


class Readiness:
    """`tick_ms` stands in for every market's own batch interval."""

    def __init__(self, db: Database, clock: Clock, *, tick_ms: int | None = None) -> None:
        self._db = db
        self._clock = clock
        self._tick_ms = tick_ms
        self._asleep_ms: Callable[[], int] = lambda: 0
        self._platforms: Collection[str] = ()
        self._delivered_at: Callable[[str], int] = lambda _: 0
        self._began_at = self._written_at = clock.monotonic_ms()  # the start has written
        self._probe: asyncio.Task[Observation] | None = None
        self._probed_at = 0
        self._report: asyncio.Task[Report] | None = None
        self._reported_at = 0
        self._last = Report(reasons=(), halted=(), observation=None)

    def watch_ticks(self, asleep_ms: Callable[[], int]) -> None:
        """This process ticks: `asleep_ms` tells for how long nobody has looked for markets to tick."""
        self._asleep_ms = asleep_ms

    def watch_deliveries(self, platforms: Collection[str], delivered_at: Callable[[str], int]) -> None:
        """This process serves these platforms: `delivered_at` tells when (monotonic) something last arrived at one."""
        self._platforms, self._delivered_at = platforms, delivered_at

    async def report(self) -> Report:
        """As it is now, or was less than a second ago."""
        now = self._clock.monotonic_ms()
        if self._report is None or (self._report.done() and now - self._reported_at >= SHARED_MS):
            self._report, self._reported_at = asyncio.create_task(self._work_out()), now
        return await asyncio.shield(self._report)  # who hangs up leaves it to the others

    async def close(self) -> None:
        """Ask nothing more. A write that never ends is not waited for."""
        tasks = [task for task in (self._probe, self._report) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=ANSWER_S)

    async def _work_out(self) -> Report:
        if self._probe is None:
            self._probe, self._probed_at = asyncio.create_task(self._observe()), self._clock.monotonic_ms()
        await asyncio.wait({self._probe}, timeout=ANSWER_S)
        observation, database = self._take_probe()
        reasons = [*self._sleeping(), *database]
        halted = self._last.halted
        if observation is not None:
            reasons += [*self._late(observation), *self._old(observation)]
            halted = observation.halted
        report = Report(reasons=tuple(reasons), halted=halted, observation=observation)
        if report.ready != self._last.ready:
            log.warning("not ready: %s", " ".join(reasons)) if reasons else log.warning("ready again")
        self._last = report
        return report

    async def _observe(self) -> Observation:
        """Read what waits, and write something, which must arrive too."""
        now_ms = self._clock.now_ms()
        async with self._db.reading() as uow:
            markets, backlogs = await uow.health.markets(), await uow.health.backlogs()
        async with self._db.writing() as uow:
            await uow.health.probe(now_ms)
            await uow.commit()
        self._written_at = self._clock.monotonic_ms()
        return Observation(at_ms=now_ms, markets=tuple(markets), backlogs=tuple(backlogs))

    def _take_probe(self) -> tuple[Observation | None, list[str]]:
        """What it saw, and what is wrong with the database. One that hangs is kept: a second one would hang too."""
        probe, now = self._probe, self._clock.monotonic_ms()
        if probe is None or not probe.done():
            if now - self._written_at < WRITTEN_MS:
                return None, []
            if self._db.watch.trouble is not None:
                return None, [_cannot_be_used(self._db.watch.trouble)]
            return None, [f"The database has not taken a write for {_seconds(now - self._probed_at)}."]
        self._probe = None
        error = probe.exception()
        if isinstance(error, TroubleError):
            return None, [_cannot_be_used(error.trouble)]
        if error is not None:
            log.info("a write that was tried failed: %s", error)
            return None, ["The database takes no writes; the log says why."]
        return probe.result(), []

    def _sleeping(self) -> Iterator[str]:
        asleep_ms = self._asleep_ms()
        if asleep_ms >= ASLEEP_MS:
            yield f"Nobody has looked for markets to tick for {_seconds(asleep_ms)}."

    def _late(self, observation: Observation) -> Iterator[str]:
        late = [(self._late_ms(row, observation.at_ms), row.market.id) for row in observation.markets]
        overdue = sorted(((late_ms, market) for late_ms, market in late if late_ms >= LATE_MS), reverse=True)
        for late_ms, market in overdue[:NAMED]:
            yield f"Market {market} should have ticked {_seconds(late_ms)} ago."
        if len(overdue) > NAMED:
            yield f"So should {len(overdue) - NAMED} more."

    def _late_ms(self, row: MarketHealth, now_ms: int) -> int:
        """For how long it should have ticked. One that is halted, or of other rules, waits for its admins."""
        market = row.market
        if market.halted is not None or market.outdated:
            return 0
        due = [market.next_step.at_ms] if market.next_step is not None else []
        if row.waiting_ms is not None:
            due.append(max(row.waiting_ms, (market.tick_ms or 0) + (self._tick_ms or market.params.batch_interval_ms)))
        return max(0, now_ms - min(due, default=now_ms))

    def _old(self, observation: Observation) -> Iterator[str]:
        """One chat that cannot be reached holds up nobody else: only where nothing arrives at all is it our trouble."""
        for row in observation.backlogs:
            if row.platform not in self._platforms:
                continue
            quiet_ms = self._clock.monotonic_ms() - max(self._delivered_at(row.platform), self._began_at)
            waits_ms = observation.at_ms - row.oldest_ms
            if min(quiet_ms, waits_ms) >= OLD_MS:
                yield (
                    f"Messages to {row.platform} have been waiting for {_seconds(waits_ms)}, "
                    f"and none has arrived for {_seconds(quiet_ms)}."
                )


def _cannot_be_used(trouble: Trouble) -> str:
    return f"The database cannot be used: {trouble.value}."


def _seconds(span_ms: int) -> str:
    seconds = max(1, round(span_ms / 1_000))
    return "1 second" if seconds == 1 else f"{seconds} seconds"
