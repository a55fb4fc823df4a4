"""Who did what, why, and what it changed."""

from __future__ import annotations

from sqlalchemy import insert, select

from storage.clean import clean
from storage.records import AuditRow, Payload
from storage.repository import Repository
from storage.schema import audit_log


class Audit(Repository):
    async def append(
        self,
        *,
        action: str,
        actor: int | None,
        now_ms: int,
        market: int | None = None,
        chat: int | None = None,
        reason: str = "",
        before: Payload | None = None,
        after: Payload | None = None,
    ) -> None:
        values = {
            "market": market,
            "chat": chat,
            "actor": actor,
            "action": action,
            "reason": clean(reason, 1_000),
            "before": dict(before or {}),
            "after": dict(after or {}),
            "ts_ms": now_ms,
        }
        await self._uow.run(insert(audit_log), values)

    async def of(self, market: int, n: int = 50) -> list[AuditRow]:
        """Newest first."""
        query = select(audit_log).where(audit_log.c.market == market).order_by(audit_log.c.id.desc()).limit(n)
        return [
            AuditRow(
                id=row["id"],
                market=row["market"],
                chat=row["chat"],
                actor=row["actor"],
                action=row["action"],
                reason=row["reason"],
                before=row["before"],
                after=row["after"],
                ts_ms=row["ts_ms"],
            )
            for row in await self._uow.rows(query)
        ]
