"""What an admin gave as the reason for what a market did: found in the log again, since no tick keeps words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.words.shared import first_upper
from storage.records import AuditRow
from storage.unit_of_work import UnitOfWork


class Reasons:
    """Of one market, as one unit reads it; each kind of deed is read from the log once."""

    def __init__(self, uow: UnitOfWork, market: int) -> None:
        self._uow = uow
        self._market = market
        self._rows: dict[str, list[AuditRow]] = {}

    async def of(self, action: str, outcomes: Sequence[int], at_ms: int) -> str:
        """Of who named these outcomes by this action, by this moment (epoch)."""
        row = await self._named_by((action,), outcomes, at_ms)
        return "" if row is None else row.reason

    async def to_the_last(self, action: str, outcomes: Sequence[int], at_ms: int) -> str:
        """The same where they may have been named by a correction: its reason tells of that, not of the result."""
        row = await self._named_by((action, "correct"), outcomes, at_ms)
        if row is None:
            return ""
        return f"Corrected: {first_upper(row.reason)}" if row.action == "correct" and row.reason else row.reason

    async def by_hand(self, action: str, at_ms: int) -> str:
        """Of what an admin did without naming anybody: a freeze, a pause."""
        row = await self.asked_by_hand(action, at_ms)
        return "" if row is None else row.reason

    async def asked_by_hand(self, action: str, at_ms: int) -> AuditRow | None:
        """Where this was asked for: the last one of its kind by then."""
        rows = [row for row in await self._of_action(action) if row.ts_ms <= at_ms]
        return max(rows, key=lambda row: row.id, default=None)

    async def _named_by(self, actions: Sequence[str], outcomes: Sequence[int], at_ms: int) -> AuditRow | None:
        """The last time it was done before what this tells of, since one may be named, corrected away and named
        again."""
        rows = [row for action in actions for row in await self._of_action(action)]
        for row in sorted(rows, key=lambda row: row.id, reverse=True):
            logged: Any = row.after.get("outcomes")  # Any: JSON
            if row.ts_ms <= at_ms and sorted(logged or ()) == sorted(outcomes):
                return row
        return None

    async def _of_action(self, action: str) -> list[AuditRow]:
        if action not in self._rows:
            self._rows[action] = await self._uow.audit.of_action(self._market, action)
        return self._rows[action]
