"""Checks of whole markets beside the bot's work: one at a time, the last result of each kept.

A check runs in a process of its own (`outcry verify --json`), so that a market with a million orders delays nobody;
`apart=False` runs it between other work on the same loop, for a demo and for tests.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

from bot.market.background import Asker, BackgroundJobs, Report, outcry
from bot.words import coverage
from bot.words.audit import CHECKED, RULES
from storage.database import Database
from storage.records import Payload
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
    """`now_ms` gives epoch milliseconds; `patience_s` is how long an answer waits for a check that may be quick."""

    def __init__(
        self, db: Database, now_ms: Callable[[], int], *, apart: bool = False, patience_s: float = PATIENCE_S
    ) -> None:
        self._db, self._now_ms, self._apart = db, now_ms, apart
        self._checked: dict[int, Checked] = {}
        self._jobs = BackgroundJobs[int](patience_s, LONGEST_S, self._tell)

    async def ask(self, market: int, tick: int, asker: Asker | None = None) -> tuple[Checked | None, bool]:
        """(the last result, whether a newer one is on its way, which `asker` is told). Starts a check where the last
        one is of an earlier tick or failed, and waits for it a moment."""
        wanted = partial(self._check, market) if self._stale(market, tick) else None
        running = await self._jobs.ask(market, wanted, asker)
        return self._checked.get(market), running

    async def close(self) -> None:
        """End what is under way."""
        await self._jobs.close()

    def _stale(self, market: int, tick: int) -> bool:
        last = self._checked.get(market)
        return last is None or last.found is None or isinstance(last.found, Mismatch) or last.found.ticks < tick

    async def _tell(self, market: int, asker: Asker, share: float | None) -> None:
        """How far it is, or what the check found; values of rows stay here, they may be somebody's own affair."""
        payload: Payload = {"per_mille": 0 if share is None else int(share * 1_000)}
        if share is None:
            last = self._checked.get(market)
            found = last.found if last is not None else None
            if isinstance(found, Mismatch) and found.field != RULES:
                found = replace(found, expected=None, found=None)
            at_ms = last.at_ms if last is not None else self._now_ms()
            payload = {"result": None if found is None else to_json([found]), "at_ms": at_ms}
        await asker.tell(self._db, CHECKED, payload, self._now_ms())

    async def _check(self, market: int, report: Report) -> None:
        try:
            result = await (self._in_a_process(market, report) if self._apart else self._here(market))
        except Exception:
            self._checked[market] = Checked(found=None, at_ms=self._now_ms())
            raise
        self._checked[market] = Checked(found=result, at_ms=self._now_ms())
        if isinstance(result, Mismatch):
            log.error("market %s is not what it must be: %s", market, result)

    async def _here(self, market: int) -> Result:
        return (await verify(self._db, market))[-1]

    async def _in_a_process(self, market: int, report: Report) -> Result:
        """The address goes by the environment: it may hold a password."""
        arguments = ("verify", "--json", "--tell-progress", "--market", str(market))
        out = await outcry(*arguments, report=report, environment={"DATABASE_URL": self._db.address})
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
