"""People and their identities on the platforms."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, RowMapping, and_, bindparam, case, func, insert, or_, select, update

from storage.clean import clean
from storage.records import Identity, Person
from storage.schema import links, people
from storage.session import Repository

if TYPE_CHECKING:
    from storage.unit_of_work import UnitOfWork

SEEN_EVERY_MS = 60_000  # how stale "seen last" may be: not every command is worth a write


class People(Repository):
    def __init__(self, uow: UnitOfWork) -> None:
        super().__init__(uow)
        self._ahead: dict[int, int] = {}

    async def identify(self, platform: str, external_id: str, name: str, now_ms: int) -> Person:
        """The person behind a platform's id, made at first sight. A changed name is kept. Needs a writing unit."""
        name = clean(name)
        row = await self._uow.row(select(links).where(_is(platform, external_id)))
        if row is None:
            await self._uow.serialise(f"person:{platform}:{external_id}")
            row = await self._uow.row(select(links).where(_is(platform, external_id)))
        if row is None:
            return await self._meet(platform, external_id, name, now_ms)
        if row["name"] != name:
            await self._uow.run(update(people).where(people.c.id == row["person"]).values(name=name))
        if row["name"] != name or row["seen_ms"] + SEEN_EVERY_MS <= now_ms:
            await self._uow.run(update(links).where(_is(platform, external_id)).values(name=name, seen_ms=now_ms))
        person = await self.get(row["person"])
        if person is None:
            raise LookupError(f"identity {platform}:{external_id} names nobody")
        return person

    async def _meet(self, platform: str, external_id: str, name: str, now_ms: int) -> Person:
        number = await self._uow.add(insert(people), {"name": name, "created_ms": now_ms})
        person = Person(id=number, name=name, created_ms=now_ms)
        await self._uow.run(
            insert(links).values(
                platform=platform, external_id=external_id, person=person.id, name=name, seen_ms=now_ms
            )
        )
        return person

    async def find(self, platform: str, external_id: str) -> Person | None:
        row = await self._uow.row(_FIND, {"on": platform, "as": external_id})
        return None if row is None else _person(row)

    async def get(self, person: int) -> Person | None:
        row = await self._uow.row(select(people).where(people.c.id == person))
        return None if row is None else _person(row)

    async def owner(self, person: int) -> int:
        """Who speaks for this number now: herself, or whom she was joined to (`storage.linking`)."""
        if person in self._ahead:
            return self._ahead[person]
        return (await self.owners([person])).get(person, person)

    async def ahead(self, ids: Collection[int]) -> None:
        """Read all these at once for the `owner` of each to come; of a snapshot only, whose rows do not change."""
        if self._uow.seen is not None and ids:
            self._ahead |= {one: one for one in ids} | dict(await self.owners(ids))

    async def owners(self, ids: Iterable[int]) -> Mapping[int, int]:
        """`owner` of many at once; unknown ids are left out."""
        query = select(people.c.id, _OWNER.label("owner")).where(people.c.id.in_(sorted(set(ids))))
        return {row["id"]: row["owner"] for row in await self._uow.rows(query)}

    async def selves(self, person: int) -> tuple[int, ...]:
        """Every number that is hers, whichever of them is given: her own first, then those joined to it, by id. Her
        accounts in markets stand under any of them."""
        rows = await self._uow.rows(_SELVES, {"person": person})
        return tuple(row["id"] for row in rows) or (person,)

    async def hold(self, *ids: int) -> None:
        """Nobody else joins, leaves or is joined under these numbers until the unit ends."""
        for one in sorted(set(ids)):
            await self._uow.serialise(f"human:{one}")

    async def names(self, ids: Iterable[int]) -> Mapping[int, str]:
        """Names by person id, of joined ones their owner's; unknown ids are left out."""
        owners = await self.owners(ids)
        found = await self._uow.rows(
            select(people.c.id, people.c.name).where(people.c.id.in_(sorted({*owners.values()})))
        )
        by_owner = {row["id"]: row["name"] for row in found}
        return {one: by_owner[owner] for one, owner in owners.items()}

    async def identities(self, person: int) -> tuple[Identity, ...]:
        """Where she can be reached, the platform she used last first."""
        return (await self.reach([person])).get(person, ())

    async def reach(self, ids: Iterable[int]) -> Mapping[int, tuple[Identity, ...]]:
        """`identities` of many at once, by the number asked for; who has none is left out."""
        owners = await self.owners(ids)
        query = select(links).where(links.c.person.in_(sorted({*owners.values()})))
        rows = await self._uow.rows(query.order_by(links.c.seen_ms.desc(), links.c.platform, links.c.external_id))
        found: dict[int, tuple[Identity, ...]] = {}
        for row in rows:
            one = Identity(
                person=row["person"], platform=row["platform"], external_id=row["external_id"], name=row["name"]
            )
            found[one.person] = (*found.get(one.person, ()), one)
        return {one: found[owner] for one, owner in owners.items() if owner in found}


_FIND = (  # built once: every line anybody types begins with it
    select(people)
    .join(links, links.c.person == people.c.id)
    .where(links.c.platform == bindparam("on"), links.c.external_id == bindparam("as"))
)

_OWNER = func.coalesce(people.c.merged_into, people.c.id)
_SHE = people.alias("she")
_HER = select(func.coalesce(_SHE.c.merged_into, _SHE.c.id)).where(_SHE.c.id == bindparam("person")).scalar_subquery()
_SELVES = (
    select(people.c.id)
    .where(or_(people.c.id == _HER, people.c.merged_into == _HER))
    .order_by(case((people.c.id == _HER, 0), else_=1), people.c.id)
)


def _person(row: RowMapping) -> Person:
    return Person(id=row["id"], name=row["name"], created_ms=row["created_ms"], market=row["market"])


def _is(platform: str, external_id: str) -> ColumnElement[bool]:
    return and_(links.c.platform == platform, links.c.external_id == external_id)
