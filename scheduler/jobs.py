"""When things run: the only file that knows APScheduler.

Several times a second every market whose batch interval has passed is ticked; each market's next step has a job at its
moment; a sweep starts what is planned, keeps those jobs right and sends the reminders. All jobs live in memory: the
market rows are the truth, and every handler reads them again.

Whoever sets the wall's clock stops nothing: looking goes by the loop's clock, which only goes on, and APScheduler,
which sleeps until a moment of the wall's, holds nothing but moments that the sweep gives it anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from scheduler.due import step_times, tick_due
from scheduler.pace import Pace
from scheduler.reminders import run_reminders, tell_of_rules
from scheduler.tick import Fence, TickReport, halt, run_tick
from storage.again import again
from storage.clock import Clock
from storage.database import Database
from storage.holding import Holder
from storage.in_flight import InFlight
from storage.leases import FencedError
from storage.quiet_log import QuietLog
from storage.trouble import TroubleError
from storage.unit_of_work import UnitOfWork

MARKET = "market"  # the group of leases: who ticks a market has the lease `market 7`


def _lease_name(market: int) -> str:
    return f"{MARKET} {market}"


async def _all_ticking(uow: UnitOfWork) -> list[str]:
    return [_lease_name(market) for market in await uow.markets.ticking()]


log = logging.getLogger(__name__)

GRID_MS = 250  # how often the markets are looked through: the first order after a pause waits no longer
SWEEP_S = 5
EXPIRE_MS = 60_000  # how often what has run out is thrown away
FAILURES = 5  # in a row, then the market is halted
BACK_OFF_MS = 1_000  # doubled at each failure
LONGEST_PAUSE_MS = 5_000


@dataclass(slots=True)
class _Failures:
    """A market whose ticks fail: how often in a row, and not to be tried again before (monotonic)."""

    in_a_row: int = 0
    retry_ms: int | None = None


class Jobs:
    """`start`, then markets tick by themselves; `stop` finishes the tick under way.

    `on_tick` hears of every tick that was written; `tick_ms` stands in for every market's own batch interval. Times
    come from `clock`; only the waiting is the loop's. With a `holder` only those are ticked (and reminded) whose lease
    is ours, and each tick is fenced: others have the rest.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        pace: Pace | None = None,
        on_tick: Callable[[TickReport], Awaitable[None]] | None = None,
        tick_ms: int | None = None,
        grid_ms: int = GRID_MS,
        holder: Holder | None = None,
    ) -> None:
        self._db = db
        self._holder = holder
        if holder is not None:
            holder.want_share(MARKET, _all_ticking)
        self._clock = clock
        self._pace = pace or Pace()
        self._on_tick = on_tick
        self._tick_ms = tick_ms
        self._grid_ms = grid_ms
        self._quiet = QuietLog(log, lambda: clock.monotonic_ms() / 1_000)
        self._pause_ms = self._look_again_ms = 0  # while the database is in trouble
        self._failures: dict[int, _Failures] = {}
        self._locks: dict[int, asyncio.Lock] = {}
        self._last_ticks: dict[int, tuple[int, int]] = {}  # of each market that waits for one, and since when known
        self._looking = asyncio.Lock()
        self._tick_tasks: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []
        self._work = InFlight()  # so that a stop can wait for it
        self._stopping = False
        self._expired_ms: int | None = None
        self._looked_at = clock.monotonic_ms()
        self._rules_told = False  # no version writes a market of other rules, so once is enough
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a tick that overruns is skipped, not news
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)

    async def start(self) -> None:
        """Apply what is overdue, once, then go on by the clock."""
        with suppress(TroubleError):  # it passes: going on by the clock is how
            await self.sweep()
            await self.tick_all()
        self._scheduler.start()
        for seconds, work in ((self._grid_ms / 1_000, self._start_ticks), (SWEEP_S, self.sweep)):
            self._loops.append(asyncio.create_task(self._every(seconds, work)))

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Again and again, however the wall's clock is set; what was missed meanwhile is not made up for."""
        while not self._stopping:
            await asyncio.sleep(seconds)
            try:
                await work()
            except TroubleError:
                pass  # the watch on the database has said so
            except Exception as error:
                self._quiet.error("look", "looking for what is due failed; the next round tries again", error=error)

    async def stop(self) -> None:
        """No new work; waits for what is under way. APScheduler's own waiting would cancel it instead."""
        self._stopping = True
        if self._scheduler.running:
            self._scheduler.pause()
        await self._work.idle()
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def _start_ticks(self) -> None:
        """Set the ticks going and do not wait for them: a slow one must not hold up the others."""
        task = asyncio.create_task(self.tick_all())
        self._tick_tasks.add(task)
        task.add_done_callback(self._ticks_done)

    def _ticks_done(self, task: asyncio.Task[None]) -> None:
        self._tick_tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, TroubleError):
            self._quiet.error("tick", "looking for markets to tick failed; the next round tries again", error=error)

    async def tick_all(self) -> None:
        """Tick every market whose time has come. One that is slow or broken holds up nobody."""
        if self._stopping or self._looking.locked():
            return
        with self._work:
            async with self._looking:
                due = await self._due_patiently()
            await asyncio.gather(*(self.tick(market) for market in due))

    async def _due_patiently(self) -> list[int]:
        """Those that are due; while the database is in trouble it is asked less and less often."""
        if self._clock.monotonic_ms() < self._look_again_ms:
            return []
        try:
            due = await self._due()
        except TroubleError:
            self._pause_ms = min(LONGEST_PAUSE_MS, max(self._grid_ms, self._pause_ms * 2))
            self._look_again_ms = self._clock.monotonic_ms() + self._pause_ms
            raise
        self._pause_ms = 0
        return due

    async def _due(self) -> list[int]:
        async with self._db.reading() as uow:
            now, monotonic_ms = self._clock.now_ms(), self._clock.monotonic_ms()
            queued = await uow.markets.queued(now)
        self._looked_at = monotonic_ms
        before, self._last_ticks = self._last_ticks, {}
        for market in queued:
            tick, since_ms = before.get(market.id, (None, 0))
            self._last_ticks[market.id] = (market.tick, since_ms if tick == market.tick else monotonic_ms)
        waited_ms = {market: monotonic_ms - since_ms for market, (_, since_ms) in self._last_ticks.items()}
        due = [market.id for market in queued if tick_due(market, now, self._tick_ms, waited_ms[market.id])]
        return [market for market in due if self._is_ours(market)]

    def _is_ours(self, market: int) -> bool:
        """Whether this process ticks it. Of one that nobody knew of yet a round soon decides."""
        if self._holder is None or self._holder.lease(_lease_name(market)) is not None:
            return True
        if not self._holder.knows(_lease_name(market)):
            self._holder.hurry()
        return False

    def _fence(self, market: int) -> Fence | None:
        """None: nobody else could. Raises FencedError where somebody else has it."""
        if self._holder is None:
            return None
        lease = self._holder.lease(_lease_name(market))
        if lease is None:
            raise FencedError(f"this process does not hold {_lease_name(market)}")
        return partial(self._holder.fence, lease=lease)

    def asleep_ms(self) -> int:
        """For how long nobody has looked for markets to tick."""
        return self._clock.monotonic_ms() - self._looked_at

    async def tick(self, market: int) -> TickReport | None:
        """One tick of one market; None where it is being ticked already, waits after a failure, or failed now."""
        failures = self._failures.setdefault(market, _Failures())
        lock = self._locks.setdefault(market, asyncio.Lock())
        waits = failures.retry_ms is not None and self._clock.monotonic_ms() < failures.retry_ms
        if waits or lock.locked():
            return None
        with self._work:
            async with lock:
                return await self._run_tick(market, failures)

    async def _run_tick(self, market: int, failures: _Failures) -> TickReport | None:
        now = self._clock.now_ms()
        try:
            fence = self._fence(market)
            report = await again(
                lambda: run_tick(
                    self._db,
                    market,
                    now,
                    idle=False,
                    pace=self._pace,
                    interval_ms=self._tick_ms,
                    given_up=lambda: self._stopping,
                    fence=fence,
                )
            )
            if report.tick is not None and self._on_tick is not None:
                await self._on_tick(report)
        except FencedError:
            await self._lost(market)
            return None
        except Exception as error:
            await self._failed(market, failures, error, now)
            return None
        failures.in_a_row, failures.retry_ms = 0, None
        return report

    async def _lost(self, market: int) -> None:
        """Another process ticks it: it is not ours to try again."""
        self._db.cache.forget(market)
        if self._holder is not None:
            await self._holder.lose(_lease_name(market))

    async def _failed(self, market: int, failures: _Failures, error: Exception, now_ms: int) -> None:
        """Anything but a broken invariant: try again later, and after a few times give up on this market alone. Trouble
        with the database is not the market's, and passes: it is only tried again."""
        if isinstance(error, TroubleError):
            failures.retry_ms = self._clock.monotonic_ms() + BACK_OFF_MS
            self._db.cache.forget(market)
            return
        failures.in_a_row += 1
        failures.retry_ms = self._clock.monotonic_ms() + BACK_OFF_MS * 2 ** (failures.in_a_row - 1)
        log.error("market %s: tick failed (%s in a row)", market, failures.in_a_row, exc_info=error)
        self._db.cache.forget(market)
        if failures.in_a_row >= FAILURES:
            try:
                await halt(self._db, market, f"tick_failed: {type(error).__name__}", now_ms, fence=self._fence(market))
            except FencedError:
                await self._lost(market)
                return
            except Exception:
                log.exception("market %s: could not be halted; tried again at the next failure", market)
                return
            failures.in_a_row, failures.retry_ms = 0, None

    async def sweep(self) -> None:
        """Start what is planned, put a job at each market's next step, send the reminders."""
        if self._stopping:
            return
        with self._work:
            now = self._clock.now_ms()
            await self._start_planned(now)
            await self._expire(now)
            async with self._db.reading() as uow:
                running = await uow.markets.running()
                of_other_rules = [] if self._rules_told else await uow.markets.of_other_rules()
            for market in of_other_rules:
                await again(partial(tell_of_rules, self._db, market.id, now))
            self._rules_told = True
            running = [market for market in running if self._is_ours(market.id)]
            for number, at_ms in step_times(running).items():
                self._schedule_step(number, at_ms)
            for market in running:
                try:
                    await again(partial(run_reminders, self._db, market.id, now, self._pace))
                except TroubleError:
                    raise
                except Exception as error:
                    self._quiet.error(
                        f"remind {market.id}",
                        "market %s: reminders failed; the next sweep tries again",
                        market.id,
                        error=error,
                    )

    async def _start_planned(self, now_ms: int) -> None:
        """A start whose time passed while nobody was there counts from when it was planned: every moment of the
        timetable stays where the admin put it, and what else has come due by then is applied by the first tick."""
        async with self._db.reading() as uow:
            waiting = await uow.markets.due_to_start(now_ms)
        for market in waiting:
            await again(partial(self._start, market.id, market.planned_start_ms or now_ms))

    async def _start(self, market: int, at_ms: int) -> None:
        async with self._db.writing() as uow:
            await uow.markets.start(market, at_ms)
            await uow.commit()

    async def _expire(self, now_ms: int) -> None:
        """Throw away what nobody can want any more: lines, attempts, codes and sessions that have run out."""
        monotonic_ms = self._clock.monotonic_ms()
        if self._expired_ms is not None and monotonic_ms - self._expired_ms < EXPIRE_MS:
            return
        self._expired_ms = monotonic_ms
        async with self._db.reading() as uow:
            kept = (uow.lines, uow.attempts, uow.codes, uow.sessions)
            if not any([await table.expired(now_ms) for table in kept]):
                return
        async with self._db.writing() as uow:
            await uow.attempts.expire(now_ms)
            await uow.lines.expire(now_ms)
            await uow.codes.expire(now_ms)
            await uow.sessions.expire(now_ms)
            await uow.commit()

    def _schedule_step(self, market: int, at_ms: int) -> None:
        """A tick at the moment of a step, not at the next grid slot after it."""
        if at_ms <= self._clock.now_ms():
            return  # the tick job has it
        moment = datetime.fromtimestamp(at_ms / 1_000, tz=UTC)
        self._scheduler.add_job(
            self.tick, "date", run_date=moment, args=[market], id=f"step:{market}", replace_existing=True
        )
