"""Long work beside the bot's own: begun once however many ask for it, one at a time, awaited only for a moment. Whose
turn it is goes by who asked: whoever was served longest ago, so that many questions of one hold up nobody else's.

Who is not answered within that moment is told later, by a notice that takes the place of what they were told first:
how far it is, what came of it, or that it failed. And the way to have work done in a process of its own, on one core
and behind everything else, so that it delays nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from storage.again import again
from storage.database import Database
from storage.records import Identity, Notice, NoticeAudience, Payload
from storage.trouble import TroubleError

log = logging.getLogger(__name__)

K = TypeVar("K")

Report = Callable[[float], None]
"""How much of the work is done, from 0 to 1."""

PROGRESS_S = 20.0  # between two words of how far it is
NICENESS = 10
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_PROGRESS = re.compile(rb"progress ([01]\.\d+)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who waits, as whom they asked, and about which market. `person` None: storage has never met them."""

    market: int
    platform: str
    external_id: str
    person: int | None

    async def tell(self, db: Database, kind: str, payload: Payload, now_ms: int) -> None:
        """A notice in the place of what they were told first; its slot is named for its kind."""
        notice = Notice(kind=kind, audience=NoticeAudience.PERSON, payload=payload, person=self.person, slot=kind)
        who = Identity(person=self.person or 0, platform=self.platform, external_id=self.external_id, name="")

        async def queue() -> None:
            async with db.writing() as uow:
                await uow.outbox.add_to(self.market, who, notice, now_ms)
                await uow.commit()

        await again(queue)


Tell = Callable[[K, Asker, float | None], Awaitable[None]]
"""Tells one who waits how far the work of this key is; None: it is over, well or not."""


class Turns:
    """One at a time. Next is who was served longest ago or never, and of theirs what they asked for first."""

    def __init__(self, remembered: int = 1_000) -> None:
        self._remembered = remembered
        self._busy = False
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._served: dict[str, None] = {}  # whose turn it was, the latest last

    @asynccontextmanager
    async def turn(self, whose: str) -> AsyncIterator[None]:
        if self._busy:
            await self._wait(whose)
        self._busy = True
        self._served.pop(whose, None)
        self._served[whose] = None
        if len(self._served) > self._remembered:
            del self._served[next(iter(self._served))]
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, whose: str) -> None:
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (whose, called)
        self._waiting.append(entry)
        try:
            await called
        except asyncio.CancelledError:
            if entry in self._waiting:
                self._waiting.remove(entry)
            elif not called.cancelled():  # called just now, and gone: another is
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """The next one's turn; `_busy` stays true meanwhile, so that nobody slips in between."""
        if not self._waiting:
            self._busy = False
            return
        order = {whose: number for number, whose in enumerate(self._served, 1)}
        entry = min(self._waiting, key=lambda waiting: order.get(waiting[0], 0))
        self._waiting.remove(entry)
        entry[1].set_result(None)


class BackgroundJobs(Generic[K]):
    """Work under keys. `patience_s` is how long who asks is kept waiting, `longest_s` when work is given up; `tell`
    tells those who waited longer."""

    def __init__(self, patience_s: float, longest_s: float, tell: Tell[K], progress_s: float = PROGRESS_S) -> None:
        self._patience_s, self._longest_s, self._progress_s = patience_s, longest_s, progress_s
        self._tell = tell
        self._under_way: dict[K, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[K, dict[tuple[str, str], Asker]] = {}
        self._done: dict[K, float] = {}
        self._turns = Turns()

    async def ask(self, key: K, work: Callable[[Report], Awaitable[None]] | None, asker: Asker | None = None) -> bool:
        """Begin `work` (if it is wanted and nobody has begun it), wait a moment, and say whether it still goes on; then
        `asker` is told later."""
        if work is not None and key not in self._under_way:
            self._under_way[key] = task = asyncio.create_task(self._do(key, work, _whose(asker)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        running = self._under_way.get(key)
        if running is not None:
            await asyncio.wait({running}, timeout=self._patience_s)
        goes_on = running is not None and self._under_way.get(key) is running
        if goes_on and asker is not None:
            self._waiting.setdefault(key, {})[asker.platform, asker.external_id] = asker
        return goes_on

    def is_under_way(self, key: K) -> bool:
        return key in self._under_way

    async def close(self) -> None:
        """End what is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _do(self, key: K, work: Callable[[Report], Awaitable[None]], whose: str) -> None:
        telling = asyncio.create_task(self._tell_how_far(key))
        try:
            async with self._turns.turn(whose), asyncio.timeout(self._longest_s):
                await work(lambda share: self._done.__setitem__(key, share))
        except TroubleError:
            pass  # the watch on the database has said so
        except Exception:
            log.exception("work in the background could not be finished: %.80r", key)
        finally:
            telling.cancel()
            self._done.pop(key, None)
            del self._under_way[key]  # from here on nobody waits for it: who asks finds its result, or begins anew
        await self._tell_all(key, self._waiting.pop(key, {}), None)

    async def _tell_how_far(self, key: K) -> None:
        while True:
            await asyncio.sleep(self._progress_s)
            await self._tell_all(key, self._waiting.get(key, {}), self._done.get(key, 0.0))

    async def _tell_all(self, key: K, askers: dict[tuple[str, str], Asker], share: float | None) -> None:
        for asker in list(askers.values()):
            try:
                await self._tell(key, asker, share)
            except TroubleError:
                return
            except Exception:
                log.exception("%s cannot be told what became of their question", asker.person)


def _whose(asker: Asker | None) -> str:
    if asker is None:
        return ""
    return f"{asker.platform}:{asker.external_id}" if asker.person is None else f"person {asker.person}"


async def outcry(*arguments: str, report: Report, environment: dict[str, str] | None = None) -> bytes:
    """What `outcry ARGUMENTS` prints, run in a process of its own, which ends with whoever waits for it: on one core,
    behind everything else. Exit codes 0 and 1 are answers (all is well, something is wrong); raises RuntimeError for
    any other, a process that was killed included. What is secret goes by `environment`: a command line is for all to
    see. Lines `progress 0.25` of its errors are reported."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        env={**os.environ, **ONE_THREAD, **(environment or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _step_back(child.pid)
        out, errors = await asyncio.gather(_read(child.stdout), _errors(child.stderr, report))
        await child.wait()
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode not in (0, 1):
        raise RuntimeError(
            f"outcry {arguments[0]} {_ended(child.returncode)}: {errors.decode(errors='replace')[-2_000:]}"
        )
    return out


def _ended(code: int | None) -> str:
    return f"was killed by signal {-code}" if code is not None and code < 0 else f"ended with {code}"


def _step_back(pid: int) -> None:
    """One core at most, and that only while nobody else wants it; as far as the system can."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, pid, NICENESS)
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setaffinity(pid, {max(os.sched_getaffinity(0))})


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    return b"" if stream is None else await stream.read()


async def _errors(stream: asyncio.StreamReader | None, report: Report) -> bytes:
    """All lines but those of progress, the last of them where there are many."""
    kept: list[bytes] = []
    while stream is not None and (line := await stream.readline()):
        progress = _PROGRESS.fullmatch(line)
        if progress is not None:
            report(float(progress[1]))
        else:
            kept = [*kept[-199:], line]
    return b"".join(kept)
