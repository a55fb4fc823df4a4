"""One notice that is being phrased, and what an admin gave as the reason for what it tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.words.shared import first_upper
from engine.state import MarketState
from storage.rankings import Tokens
from storage.records import AuditRow, Market
from storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeContext:
    """One row, its market, and the unit to look things up in."""

    uow: UnitOfWork
    market: Market
    payload: Mapping[str, Any]  # shapes in scheduler.notices and scheduler.signals
    now_ms: int
    person: int | None = None  # who alone reads it
    platform: str = ""  # where
    worths: Mapping[int, Tokens] = field(default_factory=dict)  # by person, where it has been worked out already

    async def state(self) -> MarketState:
        return await self.uow.markets.state(self.market.id)


async def reason(notice: NoticeContext, action: str, outcomes: Sequence[int]) -> str:
    """What the admin who named these outcomes by this action gave as the reason."""
    row = await _named_by(notice, (action,), outcomes)
    return "" if row is None else row.reason


async def reason_to_the_last(notice: NoticeContext, action: str, outcomes: Sequence[int]) -> str:
    """The same where they may have been named by a correction: its reason tells of that, not of the result."""
    row = await _named_by(notice, (action, "correct"), outcomes)
    if row is None:
        return ""
    return f"Corrected: {first_upper(row.reason)}" if row.action == "correct" and row.reason else row.reason


async def _named_by(notice: NoticeContext, actions: Sequence[str], outcomes: Sequence[int]) -> AuditRow | None:
    """The last time it was done before what this tells of, since one may be named, corrected away and named again."""
    rows = [row for action in actions for row in await notice.uow.audit.of_action(notice.market.id, action)]
    for row in sorted(rows, key=lambda row: row.id, reverse=True):
        logged: Any = row.after.get("outcomes")  # Any: JSON
        if row.ts_ms <= int(notice.payload["at_ms"]) and sorted(logged or ()) == sorted(outcomes):
            return row
    return None


async def reason_by_hand(notice: NoticeContext, action: str) -> str:
    """The reason an admin gave for what this tells of."""
    row = await asked_by_hand(notice, action)
    return "" if row is None else row.reason


async def asked_by_hand(notice: NoticeContext, action: str) -> AuditRow | None:
    """Where this was asked for: the last one of its kind by then."""
    for row in await notice.uow.audit.of(notice.market.id, n=20):
        if row.action == action and row.ts_ms <= int(notice.payload["at_ms"]):
            return row
    return None
