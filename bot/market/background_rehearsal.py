"""Asks for rehearsals: each in a process of its own (`outcry rehearse --terms`), one at a time, the results kept.

A rehearsal is half a minute of work; here it delays nobody.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from functools import partial
from pathlib import Path

from bot.chat.rehearsal_result import RehearsalResult, from_json
from bot.market.background import BackgroundJobs, outcry
from engine.params import params_to_json
from engine.terms import MarketParams

PATIENCE_S = 8.0
LONGEST_S = 300.0
KEPT = 50


class BackgroundRehearsal:
    """`patience_s` is how long an answer waits for a result that may come soon."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._found: dict[str, RehearsalResult] = {}
        self._errands = BackgroundJobs[str](patience_s, LONGEST_S)

    async def ask(self, title: str, params: MarketParams, people: int) -> tuple[RehearsalResult | None, bool]:
        """(the result for exactly these terms, whether it is still on its way); (None, False) where it failed, and the
        next one who asks begins anew."""
        terms = json.dumps({"title": title, "params": params_to_json(params), "people": people}, sort_keys=True)
        wanted = None if terms in self._found else partial(self._rehearse, terms)
        running = await self._errands.ask(terms, wanted)
        return self._found.get(terms), running

    async def close(self) -> None:
        """End what is under way."""
        await self._errands.close()

    async def _rehearse(self, terms: str) -> None:
        with tempfile.TemporaryDirectory(prefix="outcry-rehearsal-") as folder:
            file = Path(folder) / "terms.json"
            await asyncio.to_thread(file.write_text, terms, encoding="utf-8")
            self._found[terms] = from_json(await outcry("rehearse", "--json", "--terms", str(file)))
        while len(self._found) > KEPT:
            del self._found[next(iter(self._found))]
