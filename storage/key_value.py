"""Lines kept under a short key: those too long for a button, and those a link leads back to."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, not_, or_, select

from storage.dialect import upsert
from storage.schema import lines
from storage.session import Repository

KEPT_MS = 90 * 86_400_000  # since it was last put behind a button
BRIEF_MS = 15 * 60_000
BRIEF = "~"
"""Keys of what is kept briefly begin so: secrets that are good for minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLine:
    """`person` is the one it is kept for, if it is for one alone; `chat_ext` the chat it was said in."""

    line: str
    person: int | None
    chat_ext: str | None


class Lines(Repository):
    async def keep(self, key: str, kept: KeptLine, now_ms: int) -> None:
        """Under a key that is made of what is kept; repeating it keeps it longer."""
        row = {
            "key": key,
            "line": kept.line,
            "person": kept.person,
            "chat_ext": kept.chat_ext,
            "created_ms": now_ms,
        }
        await self._uow.run(upsert(self._uow.dialect, lines, ("key",), ("key", "created_ms")), row)

    async def get(self, key: str) -> KeptLine | None:
        row = await self._uow.row(select(lines).where(lines.c.key == key))
        return None if row is None else KeptLine(line=row["line"], person=row["person"], chat_ext=row["chat_ext"])

    async def fresh(self, key: str, since_ms: int) -> bool:
        """Whether it has been kept since then."""
        found = select(lines.c.key).where(lines.c.key == key, lines.c.created_ms >= since_ms)
        return await self._uow.row(found) is not None

    async def expired(self, now_ms: int) -> bool:
        """Whether there is anything for `expire`."""
        return await self._uow.row(select(lines.c.key).where(_expired(now_ms)).limit(1)) is not None

    async def expire(self, now_ms: int) -> None:
        """Nothing is kept for ever: brief ones for minutes, others until nobody can want them any more."""
        await self._uow.run(delete(lines).where(_expired(now_ms)))


def _expired(now_ms: int) -> ColumnElement[bool]:
    brief = lines.c.key.startswith(BRIEF, autoescape=True)
    return or_(
        and_(brief, lines.c.created_ms < now_ms - BRIEF_MS), and_(not_(brief), lines.c.created_ms < now_ms - KEPT_MS)
    )
