"""Long work beside the bot's own: begun once however many ask for it, one at a time, awaited only for a moment.

And the way to have it done in a process of its own, so that it delays nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

K = TypeVar("K")


class BackgroundJobs(Generic[K]):
    """Work under keys. `patience_s` is how long who asks is kept waiting, `longest_s` when work is given up."""

    def __init__(self, patience_s: float, longest_s: float) -> None:
        self._patience_s = patience_s
        self._longest_s = longest_s
        self._under_way: dict[K, asyncio.Task[None]] = {}
        self._turn = asyncio.Semaphore(1)

    async def ask(self, key: K, work: Callable[[], Awaitable[None]] | None) -> bool:
        """Begin `work` (if it is wanted and nobody has begun it), wait a moment, and say whether it still goes on."""
        if work is not None and key not in self._under_way:
            task = asyncio.create_task(self._do(key, work))
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        running = self._under_way.get(key)
        if running is not None:
            await asyncio.wait({running}, timeout=self._patience_s)
        return running is not None and not running.done()

    async def close(self) -> None:
        """End what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _do(self, key: K, work: Callable[[], Awaitable[None]]) -> None:
        try:
            async with self._turn, asyncio.timeout(self._longest_s):
                await work()
        except Exception:
            log.exception("%r could not be finished", key)


async def outcry(*arguments: str, environment: dict[str, str] | None = None) -> bytes:
    """What `outcry ARGUMENTS` prints, run in a process of its own, which ends with whoever waits for it. Exit codes 0
    and 1 are answers (all is well, something is wrong); raises RuntimeError for any other. What is secret goes by
    `environment`: a command line is for all to see."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        env={**os.environ, **(environment or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, errors = await child.communicate()
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode not in (0, 1):
        error = errors.decode(errors="replace")[-500:]
        raise RuntimeError(f"outcry {arguments[0]} ended with {child.returncode}: {error}")
    return out
