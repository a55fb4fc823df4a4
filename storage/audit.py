"""Who did what, why, and what it changed."""

from __future__ import annotations

from storage.records import AuditRow, Payload
from storage.repository import Repository


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
        raise NotImplementedError

    async def of(self, market: int, n: int = 50) -> list[AuditRow]:
        """Newest first."""
        raise NotImplementedError
