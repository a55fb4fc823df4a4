"""Charts without stalling the bot: drawn in a process of their own, kept for a while, asked for once at a time.

A child that dies is replaced; where no child can be had charts are drawn in a thread, slower but never missing.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple, Unpack

from bot.charts import worker
from bot.charts.queries import load
from bot.chat.chart_data import ChartData, ThemeName
from bot.chat.reply import Picture
from storage.database import Database

log = logging.getLogger(__name__)

CACHE_SIZE = 64  # pictures of about 60 KB
DRAW_TIMEOUT_S = 30.0  # a drawing that takes longer is given up and its process replaced
MAX_PROCESSES = 3  # how many children are started before a thread takes over

CacheKey = tuple[object, ...]
Args = TypeVarTuple("Args")
Result = TypeVar("Result")


class Charts:
    """Draws `Picture`s of markets, or any `ChartData`. `processes=False` draws in a thread from the start."""

    def __init__(self, db: Database | None = None, *, theme: ThemeName = "dark", processes: bool = True) -> None:
        self.db = db
        self.theme: ThemeName = theme
        self.processes_left = MAX_PROCESSES if processes else 0
        self._executor: Executor | None = None
        self._cache: OrderedDict[CacheKey, bytes] = OrderedDict()
        self._drawing: dict[CacheKey, asyncio.Task[bytes | None]] = {}

    async def start(self) -> None:
        """Warm the drawing process up."""
        try:
            await self._run(worker.warm_up)
        except Exception:
            log.exception("charts could not be warmed up")

    async def close(self) -> None:
        for task in list(self._drawing.values()):
            task.cancel()
        executor, self._executor = self._executor, None
        if executor is not None:
            await asyncio.to_thread(executor.shutdown, wait=True, cancel_futures=True)

    async def picture(self, picture: Picture, theme: str | None = None) -> bytes | None:
        """The PNG of what a message promises, `dark` or `light`; None where there is nothing to draw or drawing failed
        (it is logged): the message goes out without it."""
        chosen: ThemeName = self.theme if theme is None else "light" if theme == "light" else "dark"
        key = (picture.kind, picture.market, picture.tick, chosen, picture.outcome, picture.span_ms)
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        if key not in self._drawing:
            task = asyncio.create_task(self._draw_and_keep(key, picture, chosen))
            self._drawing[key] = task
            task.add_done_callback(lambda _: self._drawing.pop(key, None))
        return await asyncio.shield(self._drawing[key])

    async def _draw_and_keep(self, key: CacheKey, picture: Picture, theme: ThemeName) -> bytes | None:
        if self.db is None:
            return None
        try:
            async with self.db.reading(at_length=True) as uow:
                data = await load(uow, picture)
            if data is None:
                return None
            png = await self.draw(data, theme)
        except Exception:
            log.exception("chart %s of market %s could not be drawn", picture.kind, picture.market)
            return None
        self._cache[key] = png
        while len(self._cache) > CACHE_SIZE:
            self._cache.popitem(last=False)
        return png

    async def draw(self, data: ChartData, theme: ThemeName | None = None) -> bytes:
        """The PNG of these numbers; raises what matplotlib raises."""
        return await self._run(worker.draw, data, theme or self.theme)

    async def _run(self, function: Callable[[Unpack[Args]], Result], *args: *Args) -> Result:
        """Call it in the child; a dead child is replaced and asked again, one that hangs is replaced and given up."""
        while True:
            executor = self._executor = self._executor or self._start_executor()
            try:
                async with asyncio.timeout(DRAW_TIMEOUT_S):
                    return await asyncio.get_running_loop().run_in_executor(executor, function, *args)
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if self._executor is executor or (task is not None and task.cancelling()):
                    raise
                # not we were cancelled, but a drawing that waited in a pool given up for another's sake: ask the next
            except BrokenExecutor:
                log.warning("the drawing process ended; %d more before a thread takes over", self.processes_left)
                self._discard_executor(executor)
            except TimeoutError:
                self._discard_executor(executor)
                raise

    def _start_executor(self) -> Executor:
        if self.processes_left <= 0:
            return ThreadPoolExecutor(1, thread_name_prefix="charts")
        self.processes_left -= 1
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1, mp_context=context, initializer=worker.initialize)

    def _discard_executor(self, executor: Executor) -> None:
        """Forget this executor, unless another has replaced it, and kill its child: a pool cannot stop it."""
        if self._executor is executor:
            self._executor = None
        for process in list((getattr(executor, "_processes", None) or {}).values()):
            process.kill()
        executor.shutdown(wait=False, cancel_futures=True)
