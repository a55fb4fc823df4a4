"""One-use codes: a person joins two of her identities with one, an admin brings a market to another chat with one.

Only their hashes are kept: whoever reads the table cannot use what is in it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, insert, select, update

from storage.schema import codes
from storage.session import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """A code that was taken: who asked for it, and of a kind `chat` for which market."""

    kind: str  # person | chat
    person: int
    market: int | None
    created_ms: int


class Codes(Repository):
    async def issue(
        self, kind: str, code: str, *, person: int, now_ms: int, expires_ms: int, market: int | None = None
    ) -> None:
        """Make a code good until `expires_ms`. An older unused one of the same kind, person and market is good no
        more, so that at most one lies about."""
        older = and_(codes.c.kind == kind, codes.c.person == person, codes.c.used_ms.is_(None))
        here = codes.c.market.is_(None) if market is None else codes.c.market == market
        await self._uow.run(delete(codes).where(older, here))
        row = {"hash": _hash(code), "kind": kind, "person": person, "market": market}
        await self._uow.run(insert(codes), {**row, "created_ms": now_ms, "expires_ms": expires_ms})

    async def find(self, kind: str, code: str, now_ms: int) -> CodeRow | None:
        """What an unused code in time stands for; it stays good."""
        row = await self._uow.row(select(codes).where(_good(kind, code, now_ms)))
        if row is None:
            return None
        return CodeRow(kind=row["kind"], person=row["person"], market=row["market"], created_ms=row["created_ms"])

    async def take(self, kind: str, code: str, now_ms: int) -> CodeRow | None:
        """Use it up; None where it was used, has run out, or never was: all three are the same to who asks."""
        found = await self.find(kind, code, now_ms)
        used = await self._uow.run(update(codes).where(_good(kind, code, now_ms)).values(used_ms=now_ms))
        return found if used.rowcount == 1 else None


def _good(kind: str, code: str, now_ms: int) -> ColumnElement[bool]:
    unused = and_(codes.c.used_ms.is_(None), codes.c.expires_ms > now_ms)
    return and_(codes.c.hash == _hash(code), codes.c.kind == kind, unused)


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
