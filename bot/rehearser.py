"""Asks for rehearsals: each in a process of its own (`outcry rehearse --terms`), one at a time, the last result kept.

A rehearsal is half a minute of work; here it delays nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
import tempfile
from pathlib import Path

from bot.rehearsed import Rehearsed, from_json
from engine.params import params_to_json
from engine.terms import MarketParams

log = logging.getLogger(__name__)

PATIENCE_S = 8.0
LONGEST_S = 300.0
KEPT = 50


class Rehearser:
    """`patience_s` is how long an answer waits for a result that may come soon."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._found: dict[str, Rehearsed | None] = {}  # None: it failed
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Semaphore(1)

    async def ask(self, title: str, params: MarketParams, people: int) -> tuple[Rehearsed | None, bool]:
        """(the result for exactly these terms, whether it is still on its way); (None, False) where it failed, and the
        next one who asks begins anew."""
        terms = json.dumps({"title": title, "params": params_to_json(params), "people": people}, sort_keys=True)
        if self._found.get(terms) is None and terms not in self._under_way:
            task = asyncio.create_task(self._rehearse(terms))
            self._under_way[terms] = task
            task.add_done_callback(lambda _: self._under_way.pop(terms, None))
        running = self._under_way.get(terms)
        if running is not None:
            await asyncio.wait({running}, timeout=self._patience_s)
        return self._found.get(terms), running is not None and not running.done()

    async def close(self) -> None:
        """End what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _rehearse(self, terms: str) -> None:
        found: Rehearsed | None = None
        try:
            async with self._turn, asyncio.timeout(LONGEST_S):
                found = await _in_a_process(terms)
        except Exception:
            log.exception("a rehearsal failed")
        self._found.pop(terms, None)
        self._found[terms] = found
        while len(self._found) > KEPT:
            self._found.pop(next(iter(self._found)))


async def _in_a_process(terms: str) -> Rehearsed:
    with tempfile.TemporaryDirectory(prefix="outcry-rehearsal-") as folder:
        file = Path(folder) / "terms.json"
        await asyncio.to_thread(file.write_text, terms, encoding="utf-8")
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "rehearse", "--json", "--terms", str(file)),
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
    if child.returncode not in (0, 1):  # in order, or a check failed
        raise RuntimeError(f"outcry rehearse ended with {child.returncode}: {errors.decode(errors='replace')[-500:]}")
    return from_json(out)
