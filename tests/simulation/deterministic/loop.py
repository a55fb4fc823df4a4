"""An asyncio loop without a clock, a thread or a socket: time jumps to the next timer, and the seed draws what is left
to chance.

asyncio promises that callbacks run in the order in which they were scheduled, and code may rely on that; so within one
process they do. What no loop promises is drawn by the seed: whose turn it is where several processes are ready, and how
long everything takes that comes from outside (a disk, a thread, a platform).

Whose a callback is, its context tells (`OWNER`). A process that is dead runs no more: what it had scheduled, and its
tasks, are kept where nothing touches them, for an object that is collected would run its `finally`. One that is frozen
has what becomes ready meanwhile put aside, in order.
"""

from __future__ import annotations

import asyncio
import heapq
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from random import Random
from typing import Any, TypeVar, cast

T = TypeVar("T")
US = 1_000_000


class StuckError(Exception):
    """Nothing is ready and no timer runs: what is awaited can never come."""


class Owner:
    """What the loop knows of a process: whether it lives, and what it had scheduled."""

    def __init__(self) -> None:
        self.dead = False
        self.dying = False  # at the end of what it runs now
        self.frozen = False
        self.parked: list[asyncio.Handle] = []
        self.tasks: list[asyncio.Task[Any]] = []
        self.steps = 0  # callbacks it has run
        self.dies_at: int | None = None  # after so many of them

    def die(self) -> None:
        """Its end: called by the loop, or by whoever kills it while it does not run."""
        self.dead = True


OWNER: ContextVar[Owner | None] = ContextVar("OWNER", default=None)


class SeededLoop(asyncio.BaseEventLoop):
    def __init__(self, rng: Random) -> None:
        super().__init__()
        self._rng = rng
        self._us = 0
        self._timers: list[tuple[int, int, asyncio.TimerHandle]] = []
        self._timer_count = 0
        self._tasks: list[asyncio.Task[Any]] = []
        self._ready: deque[asyncio.Handle] = deque()  # BaseEventLoop's: `call_soon` appends to it
        self.outside = copy_context()  # of what belongs to no process
        self.set_task_factory(self._make_task)  # type: ignore[arg-type]  # its types leave out the context

    # -- time

    def time(self) -> float:
        return self._us / US

    @property
    def now_us(self) -> int:
        return self._us

    def call_at(  # type: ignore[override]  # the same, without TypeVarTuple
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._timer_count += 1
        heapq.heappush(self._timers, (max(self._us, round(when * US)), self._timer_count, handle))
        return handle

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It stays in the heap until its time and does nothing then."""

    # -- running

    def _run_once(self) -> None:
        if not self._ready:
            self._jump()
        while self._timers and self._timers[0][0] <= self._us:
            timer = heapq.heappop(self._timers)[2]
            if not timer.cancelled():
                self._ready.append(timer)
        queues: dict[int, deque[tuple[asyncio.Handle, Owner | None]]] = {}
        for handle in self._ready:
            owner = _owner_of(handle)
            queues.setdefault(id(owner), deque()).append((handle, owner))
        self._ready.clear()
        waiting = list(queues.values())  # in order of the first that became ready
        while waiting:
            queue = waiting[0] if len(waiting) == 1 else self._rng.choice(waiting)
            self._run_handle(*queue.popleft())
            if not queue:
                waiting.remove(queue)

    def _run_handle(self, handle: asyncio.Handle, owner: Owner | None) -> None:
        if handle.cancelled():
            return
        if owner is None:
            handle._run()
            return
        if owner.dead or owner.frozen:
            owner.parked.append(handle)
            return
        handle._run()
        owner.steps += 1
        if owner.dying or (owner.dies_at is not None and owner.steps >= owner.dies_at):
            owner.die()

    def _jump(self) -> None:
        while self._timers and self._timers[0][2].cancelled():
            heapq.heappop(self._timers)
        if not self._timers:
            raise StuckError("nothing is ready, and nothing will be")
        self._us = max(self._us, self._timers[0][0])

    def thaw(self, owner: Owner) -> None:
        """What was put aside is ready, as it came."""
        owner.frozen = False
        self._ready.extend(owner.parked)
        owner.parked.clear()

    # -- what would need a selector or a thread

    def _write_to_self(self) -> None:
        """`call_soon_threadsafe` has nobody to wake."""

    def run_in_executor(  # type: ignore[override]
        self, executor: object, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Run where it is called, a moment later; its answer comes after another."""
        future: asyncio.Future[T] = self.create_future()
        self.call_later(self._rng.uniform(0.0005, 0.05), work_for, future, lambda: func(*args))
        return future

    # -- tasks

    def _make_task(
        self,
        loop: asyncio.AbstractEventLoop,
        coro: Coroutine[Any, Any, T],
        context: Context | None = None,
        **later: Any,  # what newer Pythons ask of a task, its name among it
    ) -> asyncio.Task[T]:
        """Kept until it is done, whoever forgets it."""
        task = asyncio.Task(coro, loop=loop, context=context, **later)
        owner = OWNER.get() if context is None else context.get(OWNER)
        kept = self._tasks if owner is None else owner.tasks
        kept.append(task)
        if len(kept) > 256 and len(kept) % 256 == 0:
            kept[:] = [task for task in kept if not task.done()]
        return task

    def from_outside(self, coro: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that belongs to no process: it goes on when the one that began it has died."""
        return self.create_task(coro, context=self.outside.copy())

    def bury(self, owners: list[Owner]) -> None:
        """Cancel what is left of all processes and of the world, so that nothing is left to be collected half-way."""
        self.set_exception_handler(lambda *_: None)
        for owner in owners:
            owner.dead = owner.dying = owner.frozen = False
            owner.dies_at = None
            self._ready.extend(owner.parked)
            owner.parked.clear()
        for _ in range(20):
            left = [task for owner in owners for task in owner.tasks if not task.done()]
            left += [task for task in self._tasks if not task.done()]
            if not left:
                break
            for task in left:
                task.cancel()
            self.run_until_complete(self.outside.copy().run(asyncio.wait, left, timeout=30))


def work_for(future: asyncio.Future[T], work: Callable[[], T]) -> None:
    """What a thread would do: the result, or why there is none, for whoever still waits."""
    try:
        result = work()
    except BaseException as error:
        if not future.done():
            future.set_exception(error)
    else:
        if not future.done():
            future.set_result(result)


def _owner_of(handle: asyncio.Handle) -> Owner | None:
    return cast("Owner | None", handle._context.get(OWNER))  # type: ignore[attr-defined]


def running() -> SeededLoop:
    loop = events.get_running_loop()
    assert isinstance(loop, SeededLoop)
    return loop
