"""Asks for rehearsals: each in a process of its own (`outcry rehearse --terms`), one at a time, the results kept.

A rehearsal is half a minute of work or several; here it delays nobody. What a timetable in dates comes to changes with
every moment that passes, so a result is that of a draft, for a while.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.chat import rehearsal_result
from bot.chat.rate_limits import Limit, Windows
from bot.chat.rehearsal_result import RehearsalResult
from bot.market.background import Asker, BackgroundJobs, Report, outcry
from bot.words.terminal import REHEARSED
from engine.params import params_to_json
from engine.terms import MarketParams
from storage.clock import Clock
from storage.database import Database
from storage.records import Json, Payload

PATIENCE_S = 8.0
LONGEST_S = 1_800.0  # then it is given up
KEPT = 50
FRESH_MS = 600_000  # a result is shown again for so long
BEGUN = (Limit(3, 600_000),)  # rehearsals a person begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What came of the last one of these terms; `result` None: it failed, and why is in the log."""

    result: RehearsalResult | None
    warnings: tuple[str, ...]
    ended_ms: int  # monotonic


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is rehearsed. `key` stands for what an admin typed, `warnings` are told with the result."""

    key: str
    title: str
    params: MarketParams
    people: int
    warnings: Sequence[str]


class BackgroundRehearsal:
    """`patience_s` is how long an answer waits for a result that may come soon."""

    def __init__(self, db: Database, clock: Clock, patience_s: float = PATIENCE_S) -> None:
        self._db, self._clock = db, clock
        self._found: dict[str, Rehearsed] = {}
        self._begun = Windows(BEGUN)
        self._jobs = BackgroundJobs[str](patience_s, LONGEST_S, self._tell)

    async def ask(self, terms: Terms, asker: Asker | None) -> tuple[Rehearsed | None, bool, int]:
        """(what came of exactly these terms, whether it is still on its way, how long to wait before another may be
        begun). Who waits is told when it is over; after one that failed the next who asks begins anew."""
        last, now = self._found.get(terms.key), self._clock.monotonic_ms()
        if last is not None and last.result is not None and now - last.ended_ms < FRESH_MS:
            return last, False, 0
        work = None
        if not self._jobs.is_under_way(terms.key):
            who = f"{asker.platform}:{asker.external_id}" if asker is not None else ""
            wait = self._begun.wait(who, now)
            if wait > 0:
                return None, False, wait
            self._begun.use(who, now)
            self._found.pop(terms.key, None)
            work = partial(self._rehearse, terms)
        running = await self._jobs.ask(terms.key, work, asker)
        return (None if running else self._found.get(terms.key)), running, 0

    async def close(self) -> None:
        """End what is under way."""
        await self._jobs.close()

    async def _rehearse(self, terms: Terms, report: Report) -> None:
        result = None
        try:
            result = await self._in_a_process(terms, report)
        finally:
            self._found.pop(terms.key, None)
            ended_ms = self._clock.monotonic_ms()
            self._found[terms.key] = Rehearsed(result=result, warnings=tuple(terms.warnings), ended_ms=ended_ms)
            while len(self._found) > KEPT:
                del self._found[next(iter(self._found))]

    async def _in_a_process(self, terms: Terms, report: Report) -> RehearsalResult:
        text = json.dumps({"title": terms.title, "params": params_to_json(terms.params), "people": terms.people})
        with tempfile.TemporaryDirectory(prefix="outcry-rehearsal-") as folder:
            file = Path(folder) / "terms.json"
            await asyncio.to_thread(file.write_text, text, encoding="utf-8")
            out = await outcry("rehearse", "--json", "--tell-progress", "--terms", str(file), report=report)
        return rehearsal_result.from_json(out)

    async def _tell(self, key: str, asker: Asker, share: float | None) -> None:
        payload: Payload = {"per_mille": int(share * 1_000)} if share is not None else self._payload(key)
        await asker.tell(self._db, REHEARSED, payload, self._clock.now_ms())

    def _payload(self, key: str) -> Payload:
        last = self._found.get(key)
        warnings: list[Json] = [] if last is None else list(last.warnings)
        result = None if last is None or last.result is None else rehearsal_result.to_json(last.result)
        return {"result": result, "warnings": warnings}
