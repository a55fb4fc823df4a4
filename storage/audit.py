"""Who did what, why, and what it changed."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, RowMapping, Text, and_, cast, func, insert, or_, select

from storage.journal import Journal
from storage.journal_kinds import Kind
from storage.records import AuditRow, Payload
from storage.schema import audit_log
from storage.session import Repository, Session, clean

PEOPLE = ("user", "person", "with", "proposer")
"""What of a deed names an account or a person by their number."""

ENTRANCE = "entrance"
"""In what came of a deed: by which way who did it came in, where that is not the chat: `page`, `key 3`,
`private` (their private chat)."""

PRIVATE = "private"


class Audit(Repository):
    """`entrance` is noted with every deed of this unit; "": they did it in their chat."""

    def __init__(self, session: Session, journal: Journal) -> None:
        super().__init__(session)
        self._journal = journal
        self.entrance = ""

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
            "after": {**(after or {}), **({ENTRANCE: self.entrance} if self.entrance else {})},
            "ts_ms": now_ms,
        }
        number = await self._session.add(insert(audit_log), values)
        self._journal.record(Kind.AUDIT, {**values, "id": number})

    async def of(self, market: int, n: int = 50) -> list[AuditRow]:
        """Newest first."""
        query = select(audit_log).where(audit_log.c.market == market).order_by(audit_log.c.id.desc()).limit(n)
        return [_row(row) for row in await self._session.rows(query)]

    async def page(
        self, market: int | None, chat: int, n: int, skip: int = 0, concerning: Collection[int] | None = None
    ) -> list[AuditRow]:
        """Newest first: what was done to this market, and to this chat without one; `concerning`: only by or to the
        person of these numbers."""
        query = select(audit_log).where(_seen_from(market, chat), *_concerning(concerning))
        query = query.order_by(audit_log.c.id.desc())
        return [_row(row) for row in await self._session.rows(query.limit(n).offset(skip))]

    async def count(self, market: int | None, chat: int, concerning: Collection[int] | None = None) -> int:
        """How many rows `page` has in all."""
        wanted = (_seen_from(market, chat), *_concerning(concerning))
        return await self._session.number(select(func.count()).select_from(audit_log).where(*wanted))

    async def of_action(self, market: int, action: str) -> list[AuditRow]:
        """Everything done of one kind, oldest first."""
        query = select(audit_log).where(audit_log.c.market == market, audit_log.c.action == action)
        return [_row(row) for row in await self._session.rows(query.order_by(audit_log.c.id))]


def _seen_from(market: int | None, chat: int) -> ColumnElement[bool]:
    own = and_(audit_log.c.market.is_(None), audit_log.c.chat == chat)
    return own if market is None else or_(audit_log.c.market == market, own)


def _concerning(numbers: Collection[int] | None) -> list[ColumnElement[bool]]:
    """No condition where nobody in particular is meant. Numbers are compared as texts: what else stands there may be
    none."""
    if numbers is None:
        return []
    texts = [str(number) for number in numbers]
    places = [*(audit_log.c.after[name] for name in PEOPLE), audit_log.c.before["proposer"]]
    named = [cast(place.as_string(), Text).in_(texts) for place in places]
    return [or_(audit_log.c.actor.in_(numbers), *named)]


def _row(row: RowMapping) -> AuditRow:
    return AuditRow(
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
