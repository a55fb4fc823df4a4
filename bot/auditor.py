"""Checks of whole markets beside the bot's work: one at a time, the last result of each kept.

A check runs in a process of its own (`outcry verify --json`), so that a market with a million orders delays nobody;
`apart=False` runs it between other work on the same loop, for a demo and for tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from storage.database import Database
from storage.verify import Mismatch, Verified, verify

log = logging.getLogger(__name__)

PATIENCE_S = 2.0
LONGEST_S = 1_800.0  # then it is given up


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The last check of a market that came to an end. `failed`: it said nothing, and why is in the log."""

    found: Verified | Mismatch | None
    at_ms: int

    @property
    def failed(self) -> bool:
        return self.found is None


class Auditor:
    """`clock` gives epoch milliseconds; `patience_s` is how long an answer waits for a check that may be quick."""

    def __init__(
        self, db: Database, clock: Callable[[], int], *, apart: bool = False, patience_s: float = PATIENCE_S
    ) -> None:
        self._db, self._clock, self._apart, self._patience_s = db, clock, apart, patience_s
        self._checked: dict[int, Checked] = {}
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._turn = asyncio.Semaphore(1)

    async def ask(self, market: int, tick: int) -> tuple[Checked | None, bool]:
        """(the last result, whether a newer one is on its way). Starts a check where the last one is of an earlier tick
        or failed, and waits for it a moment."""
        if self._stale(market, tick) and market not in self._under_way:
            task = asyncio.create_task(self._check(market))
            self._under_way[market] = task
            task.add_done_callback(lambda _: self._under_way.pop(market, None))
        running = self._under_way.get(market)
        if running is not None:
            await asyncio.wait({running}, timeout=self._patience_s)
        return self._checked.get(market), running is not None and not running.done()

    async def close(self) -> None:
        """End what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _stale(self, market: int, tick: int) -> bool:
        last = self._checked.get(market)
        return last is None or not isinstance(last.found, Verified) or last.found.ticks < tick

    async def _check(self, market: int) -> None:
        found: Verified | Mismatch | None = None
        try:
            async with self._turn, asyncio.timeout(LONGEST_S):
                found = await (self._in_a_process(market) if self._apart else self._here(market))
        except Exception:
            log.exception("market %s could not be verified", market)
        if isinstance(found, Mismatch):
            log.error("market %s is not what it must be: %s", market, found)
        self._checked[market] = Checked(found=found, at_ms=self._clock())

    async def _here(self, market: int) -> Verified | Mismatch:
        return (await verify(self._db, market))[-1]

    async def _in_a_process(self, market: int) -> Verified | Mismatch:
        """The address goes by the environment: a command line is for all to see, and it may hold a password."""
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "verify", "--json", "--market", str(market)),
            env={**os.environ, "DATABASE_URL": self._db.address},
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
        if child.returncode not in (0, 1):  # all is well, or the first wrong row
            raise RuntimeError(f"outcry verify ended with {child.returncode}: {errors.decode(errors='replace')[-500:]}")
        return from_json(out)[-1]


def to_json(found: Sequence[Verified | Mismatch]) -> str:
    """What `outcry verify --json` prints: `{"ok": …, "markets": [{"ok": …, "market": …, …}]}`."""
    rows = [{"ok": isinstance(one, Verified), **asdict(one)} for one in found]
    return json.dumps({"ok": all(row["ok"] for row in rows), "markets": rows}, default=str)


def from_json(text: str | bytes) -> list[Verified | Mismatch]:
    """The inverse."""
    rows = json.loads(text)["markets"]
    return [Verified(**row) if row.pop("ok") else Mismatch(**row) for row in rows]
