"""Decisions that wait for a second pair of eyes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, and_, func, insert, select, update

from storage.clean import clean
from storage.records import Approval, ApprovalStatus
from storage.schema import approvals
from storage.session import Repository


class Approvals(Repository):
    async def propose(
        self,
        market: int,
        kind: str,
        outcomes: Sequence[int],
        *,
        reason: str,
        code: str,
        proposer: int,
        now_ms: int,
    ) -> Approval:
        """Write a proposal down; the same one of the same person that still waits is returned, `created` False. `code`
        stands for the moment of the market it was made at."""
        await self._uow.markets.lock(market)
        text = clean(reason, 1_000)
        for one in await self.waiting(market):
            same = (one.kind, one.outcomes, one.reason, one.code, one.proposer)
            if same == (kind, tuple(outcomes), text, code, proposer):
                return one
        last = await self._uow.number(select(func.max(approvals.c.number)).where(approvals.c.market == market))
        row = {
            "market": market,
            "number": last + 1,
            "kind": kind,
            "outcomes": list(outcomes),
            "reason": text,
            "code": code,
            "proposer": proposer,
            "status": ApprovalStatus.WAITING.value,
            "ts_ms": now_ms,
            "decided_by": None,
            "decided_ms": None,
        }
        await self._uow.run(insert(approvals), row)
        return _approval(row, created=True)

    async def get(self, market: int, number: int) -> Approval | None:
        here = and_(approvals.c.market == market, approvals.c.number == number)
        row = await self._uow.row(select(approvals).where(here))
        return None if row is None else _approval(row)

    async def waiting(self, market: int) -> list[Approval]:
        """Oldest first; whether the market has moved on since is the caller's to see."""
        here = and_(approvals.c.market == market, approvals.c.status == ApprovalStatus.WAITING.value)
        query = select(approvals).where(here).order_by(approvals.c.number)
        return [_approval(row) for row in await self._uow.rows(query)]

    async def settle(self, market: int, number: int, by: int, now_ms: int) -> bool:
        """Approved by somebody; False where somebody was first."""
        here = and_(approvals.c.market == market, approvals.c.number == number)
        values = {"status": ApprovalStatus.APPROVED.value, "decided_by": by, "decided_ms": now_ms}
        still = approvals.c.status == ApprovalStatus.WAITING.value
        return (await self._uow.run(update(approvals).where(here, still).values(**values))).rowcount == 1


def _approval(row: RowMapping | dict[str, Any], *, created: bool = False) -> Approval:  # Any: a row as it was written
    return Approval(
        market=row["market"],
        number=row["number"],
        kind=row["kind"],
        outcomes=tuple(row["outcomes"]),
        reason=row["reason"],
        code=row["code"],
        proposer=row["proposer"],
        status=ApprovalStatus(row["status"]),
        ts_ms=row["ts_ms"],
        decided_by=row["decided_by"],
        decided_ms=row["decided_ms"],
        created=created,
    )
