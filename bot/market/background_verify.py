"""Checks of whole markets beside the bot's work: one at a time, the last result of each kept.

A check runs in a process of its own (`outcry verify --json`), so that a market with a million orders delays nobody;
`apart=False` runs it between other work on the same loop, for a demo and for tests.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from bot.market.background import BackgroundJobs, outcry
from bot.words import coverage
from storage.database import Database
from storage.verify import Mismatch, Result, Skipped, Verified, verify

log = logging.getLogger(__name__)

PATIENCE_S = 2.0
LONGEST_S = 1_800.0  # then it is given up

_OK: Mapping[type[Result], bool | None] = {Verified: True, Skipped: None, Mismatch: False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The last check of a market that came to an end. `failed`: it said nothing, and why is in the log."""

    found: Result | None
    at_ms: int

    @property
    def failed(self) -> bool:
        return self.found is None


class BackgroundVerifier:
    """`clock` gives epoch milliseconds; `patience_s` is how long an answer waits for a check that may be quick."""

    def __init__(
        self, db: Database, clock: Callable[[], int], *, apart: bool = False, patience_s: float = PATIENCE_S
    ) -> None:
        self._db, self._clock, self._apart = db, clock, apart
        self._checked: dict[int, Checked] = {}
        self._errands = BackgroundJobs[int](patience_s, LONGEST_S)

    async def ask(self, market: int, tick: int) -> tuple[Checked | None, bool]:
        """(the last result, whether a newer one is on its way). Starts a check where the last one is of an earlier tick
        or failed, and waits for it a moment."""
        wanted = partial(self._check, market) if self._stale(market, tick) else None
        running = await self._errands.ask(market, wanted)
        return self._checked.get(market), running

    async def close(self) -> None:
        """End what is under way."""
        await self._errands.close()

    def _stale(self, market: int, tick: int) -> bool:
        last = self._checked.get(market)
        return last is None or last.found is None or isinstance(last.found, Mismatch) or last.found.ticks < tick

    async def _check(self, market: int) -> None:
        try:
            result = await (self._in_a_process(market) if self._apart else self._here(market))
        except Exception:
            self._checked[market] = Checked(found=None, at_ms=self._clock())
            raise
        self._checked[market] = Checked(found=result, at_ms=self._clock())
        if isinstance(result, Mismatch):
            log.error("market %s is not what it must be: %s", market, result)

    async def _here(self, market: int) -> Result:
        return (await verify(self._db, market))[-1]

    async def _in_a_process(self, market: int) -> Result:
        """The address goes by the environment: it may hold a password."""
        out = await outcry(
            *("verify", "--json", "--market", str(market)), environment={"DATABASE_URL": self._db.address}
        )
        return from_json(out)[-1]


def to_json(results: Sequence[Result]) -> str:
    """What `outcry verify --json` prints: `{"ok": …, "markets": [{"ok": …, "market": …, …}], "covered": […],
    "not_covered": […]}`; `ok` of a market is null where its older rules were skipped."""
    rows = [{"ok": _OK[type(result)], **asdict(result)} for result in results]
    covers = {"covered": coverage.COVERED, "not_covered": coverage.left_out()}
    return json.dumps({"ok": all(row["ok"] is not False for row in rows), "markets": rows, **covers}, default=str)


def from_json(text: str | bytes) -> list[Result]:
    """The inverse."""
    kinds = {ok: kind for kind, ok in _OK.items()}
    return [kinds[row.pop("ok")](**row) for row in json.loads(text)["markets"]]
