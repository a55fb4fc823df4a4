"""Small things an adapter must remember between two starts, such as the hash of the commands it has registered."""

from __future__ import annotations

from sqlalchemy import select

from storage.dialect import upsert
from storage.schema import facts
from storage.session import Repository


class Facts(Repository):
    async def get(self, name: str) -> str | None:
        row = await self._uow.row(select(facts.c.value).where(facts.c.name == name))
        return None if row is None else str(row["value"])

    async def put(self, name: str, value: str) -> None:
        row = {"name": name, "value": value}
        await self._uow.run(upsert(self._uow.dialect, facts, ("name",), row), row)
