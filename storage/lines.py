"""Lines kept under a short key: those too long for a button, and those a link leads back to."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from storage.dialect import upsert
from storage.repository import Repository
from storage.schema import lines


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLine:
    """`person` is the one it is kept for, if it is for one alone; `chat_ext` the chat it was said in."""

    line: str
    person: int | None
    chat_ext: str | None


class Lines(Repository):
    async def keep(self, key: str, kept: KeptLine, now_ms: int) -> None:
        """Under a key that is made of what is kept; repeating it changes nothing."""
        row = {
            "key": key,
            "line": kept.line,
            "person": kept.person,
            "chat_ext": kept.chat_ext,
            "created_ms": now_ms,
        }
        await self._uow.run(upsert(self._uow.dialect, lines, ("key",), ("key",)), row)

    async def get(self, key: str) -> KeptLine | None:
        row = await self._uow.row(select(lines).where(lines.c.key == key))
        return None if row is None else KeptLine(line=row["line"], person=row["person"], chat_ext=row["chat_ext"])
