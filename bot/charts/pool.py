"""The process that draws: one drawing at a time, each with its own time, those that cannot wait before the others.

A drawing waits its turn here and not in the pool, so that nobody's time runs out behind somebody else's drawing. A
child that hangs or dies is killed and replaced by the next drawing; where no child can be had at all, a thread draws.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar, TypeVarTuple, Unpack

from bot.charts import worker

log = logging.getLogger(__name__)

DRAW_S = 15.0  # a drawing that takes longer is given up, and its process killed
START_S = 120.0  # a child's first drawing: it loads matplotlib, and may make its list of fonts
MOST_STARTS = 3  # children in a row that did not come to their first drawing; then a thread takes over

Args = TypeVarTuple("Args")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Turn:
    urgent: Callable[[], bool]
    ready: asyncio.Future[None]


def _never() -> bool:
    return False


class DrawingPool:
    """`processes=False` draws in a thread from the start."""

    def __init__(self, *, processes: bool = True) -> None:
        self.starts_left = MOST_STARTS if processes else 0
        self._executor: Executor | None = None
        self._busy = self._closed = False
        self._waiting: list[_Turn] = []

    async def start(self) -> None:
        """Have a child that has drawn once."""
        await self.run(worker.warm_up)

    async def close(self) -> None:
        """At once: what is being drawn is given up, and nothing is drawn any more."""
        self._closed = True
        executor, self._executor = self._executor, None
        if executor is not None:
            _kill_children(executor)  # a thread that hangs cannot be killed, and is not waited for
            wait = isinstance(executor, ProcessPoolExecutor)
            await asyncio.to_thread(executor.shutdown, wait=wait)

    async def run(
        self, function: Callable[[Unpack[Args]], Result], *args: *Args, urgent: Callable[[], bool] = _never
    ) -> Result:
        """Call it in the child when it is its turn, before all that are not `urgent` where it is. Raises what it
        raises, TimeoutError where it hangs, BrokenExecutor where its child dies of it twice."""
        await self._enter(urgent)
        try:
            try:
                return await self._call(function, *args)
            except BrokenExecutor:
                log.warning("the drawing process ended; the drawing is tried again in another")
                return await self._call(function, *args)
        finally:
            self._leave()

    async def _enter(self, urgent: Callable[[], bool]) -> None:
        if not self._busy:
            self._busy = True
            return
        turn = _Turn(urgent, asyncio.get_running_loop().create_future())
        self._waiting.append(turn)
        try:
            await turn.ready
        except asyncio.CancelledError:
            if turn in self._waiting:
                self._waiting.remove(turn)
            else:  # it was ours already
                self._leave()
            raise

    def _leave(self) -> None:
        if not self._waiting:
            self._busy = False
            return
        turn = next((turn for turn in self._waiting if turn.urgent()), self._waiting[0])
        self._waiting.remove(turn)
        turn.ready.set_result(None)

    async def _call(self, function: Callable[[Unpack[Args]], Result], *args: *Args) -> Result:
        executor = self._executor or await self._started()
        try:
            async with asyncio.timeout(DRAW_S):
                return await asyncio.get_running_loop().run_in_executor(executor, function, *args)
        except (BrokenExecutor, TimeoutError, asyncio.CancelledError):
            self._discard(executor)  # its child is dead, or busy with what nobody waits for
            raise

    async def _started(self) -> Executor:
        """A child that has drawn once, or a thread where none comes to that."""
        while self._closed or self.starts_left > 0:
            if self._closed:
                raise BrokenExecutor("no more charts are drawn")
            executor = ProcessPoolExecutor(
                1, mp_context=multiprocessing.get_context("spawn"), initializer=worker.initialize
            )
            self._executor = executor
            try:
                async with asyncio.timeout(START_S):
                    await asyncio.get_running_loop().run_in_executor(executor, worker.warm_up)
            except (BrokenExecutor, TimeoutError, OSError) as error:
                self._discard(executor)
                self.starts_left -= 1
                log.warning("no drawing process: %r; %s more tries before a thread draws", error, self.starts_left)
            except BaseException:
                self._discard(executor)
                raise
            else:
                self.starts_left = MOST_STARTS
                return executor
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="charts")
        return self._executor

    def _discard(self, executor: Executor) -> None:
        """Forget this executor, unless another has replaced it, and kill its child: a pool cannot stop it."""
        if self._executor is executor:
            self._executor = None
        _kill_children(executor)
        executor.shutdown(wait=False, cancel_futures=True)


def _kill_children(executor: Executor) -> None:
    for process in list((getattr(executor, "_processes", None) or {}).values()):
        process.kill()
