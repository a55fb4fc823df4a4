"""People and their identities on the platforms.

What a person has set for herself, and of which events in which chats she wants to be told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, RowMapping, and_, bindparam, case, delete, func, insert, or_, select, update

from storage.records import Identity, Person
from storage.schema import links, people, pings, preferences
from storage.session import Repository, Session, clean

SEEN_EVERY_MS = 60_000  # how stale "seen last" may be: not every command is worth a write


class People(Repository):
    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._ahead: dict[int, int] = {}

    async def identify(self, platform: str, external_id: str, name: str, now_ms: int) -> Person:
        """The person behind a platform's id, made at first sight. A changed name is kept. Needs a writing unit."""
        name = clean(name)
        row = await self._session.row(select(links).where(_is(platform, external_id)))
        if row is None:
            await self._session.serialise(f"person:{platform}:{external_id}")
            row = await self._session.row(select(links).where(_is(platform, external_id)))
        if row is None:
            return await self._meet(platform, external_id, name, now_ms)
        if row["name"] != name:
            await self._session.run(update(people).where(people.c.id == row["person"]).values(name=name))
        if row["name"] != name or row["seen_ms"] + SEEN_EVERY_MS <= now_ms:
            await self._session.run(update(links).where(_is(platform, external_id)).values(name=name, seen_ms=now_ms))
        person = await self.get(row["person"])
        if person is None:
            raise LookupError(f"identity {platform}:{external_id} names nobody")
        return person

    async def _meet(self, platform: str, external_id: str, name: str, now_ms: int) -> Person:
        number = await self._session.add(insert(people), {"name": name, "created_ms": now_ms})
        person = Person(id=number, name=name, created_ms=now_ms)
        await self._session.run(
            insert(links).values(
                platform=platform, external_id=external_id, person=person.id, name=name, seen_ms=now_ms
            )
        )
        return person

    async def find(self, platform: str, external_id: str) -> Person | None:
        row = await self._session.row(_FIND, {"on": platform, "as": external_id})
        return None if row is None else _person(row)

    async def get(self, person: int) -> Person | None:
        row = await self._session.row(select(people).where(people.c.id == person))
        return None if row is None else _person(row)

    async def primary_id(self, person: int) -> int:
        """Who speaks for this number now: herself, or whom she was joined to (`storage.linking`)."""
        if person in self._ahead:
            return self._ahead[person]
        return (await self.primary_ids([person])).get(person, person)

    async def ahead(self, ids: Collection[int]) -> None:
        """Read all these at once for the `owner` of each to come; of a snapshot only, whose rows do not change."""
        if self._session.snapshot and ids:
            self._ahead |= {one: one for one in ids} | dict(await self.primary_ids(ids))

    async def primary_ids(self, ids: Iterable[int]) -> Mapping[int, int]:
        """`owner` of many at once; unknown ids are left out."""
        query = select(people.c.id, _OWNER.label("owner")).where(people.c.id.in_(sorted(set(ids))))
        return {row["id"]: row["owner"] for row in await self._session.rows(query)}

    async def all_ids(self, person: int) -> tuple[int, ...]:
        """Every number that is hers, whichever of them is given: her own first, then those joined to it, by id. Her
        accounts in markets stand under any of them."""
        rows = await self._session.rows(_SELVES, {"person": person})
        return tuple(row["id"] for row in rows) or (person,)

    async def lock(self, *ids: int) -> None:
        """Nobody else joins, leaves or is joined under these numbers until the unit ends."""
        for one in sorted(set(ids)):
            await self._session.serialise(f"human:{one}")

    async def names(self, ids: Iterable[int]) -> Mapping[int, str]:
        """Names by person id, of joined ones their owner's; unknown ids are left out."""
        owners = await self.primary_ids(ids)
        found = await self._session.rows(
            select(people.c.id, people.c.name).where(people.c.id.in_(sorted({*owners.values()})))
        )
        by_owner = {row["id"]: row["name"] for row in found}
        return {one: by_owner[owner] for one, owner in owners.items()}

    async def identities(self, person: int) -> tuple[Identity, ...]:
        """Where she can be reached, the platform she used last first."""
        return (await self.identities_of([person])).get(person, ())

    async def identities_of(self, ids: Iterable[int]) -> Mapping[int, tuple[Identity, ...]]:
        """`identities` of many at once, by the number asked for; who has none is left out."""
        owners = await self.primary_ids(ids)
        query = select(links).where(links.c.person.in_(sorted({*owners.values()})))
        rows = await self._session.rows(query.order_by(links.c.seen_ms.desc(), links.c.platform, links.c.external_id))
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """As they are for somebody who has set nothing. `slippage` is a rate (10^-12); None: the bot's own way."""

    slippage: int | None = None
    confirm: bool = True
    autofill: bool = False
    quiet: frozenset[str] = frozenset()  # kinds of private notices (fills, cancels, payouts) that are not wanted


class PreferencesOf(Repository):
    def __init__(self, session: Session, people: People) -> None:
        super().__init__(session)
        self._people = people
        self._ahead: dict[int, Preferences] = {}

    async def of(self, person: int) -> Preferences:
        """Hers, whichever of her numbers is given."""
        if person in self._ahead:
            return self._ahead[person]
        row = await self._session.row(_OF, {"person": person})
        return Preferences() if row is None else _preferences(row)

    async def ahead(self, ids: Collection[int]) -> None:
        """Read all these at once for the `of` of each to come; of a snapshot only, whose rows do not change."""
        if not self._session.snapshot or not ids:
            return
        owners = {one: one for one in ids} | dict(await self._people.primary_ids(ids))
        rows = await self._session.rows(select(preferences).where(preferences.c.person.in_(sorted({*owners.values()}))))
        kept = {row["person"]: _preferences(row) for row in rows}
        self._ahead |= {one: kept.get(owner, Preferences()) for one, owner in owners.items()}

    async def put(self, person: int, wanted: Preferences) -> None:
        row = {
            "person": person,
            "slippage": wanted.slippage,
            "confirm": wanted.confirm,
            "autofill": wanted.autofill,
            "quiet": sorted(wanted.quiet),
        }
        await self._session.upsert(preferences, ("person",), row)


_OWNER_OF_PERSON = select(func.coalesce(people.c.merged_into, people.c.id)).where(people.c.id == bindparam("person"))
_OF = select(preferences).where(preferences.c.person == _OWNER_OF_PERSON.scalar_subquery())


def _preferences(row: RowMapping) -> Preferences:
    quiet = frozenset(str(kind) for kind in row["quiet"])
    return Preferences(slippage=row["slippage"], confirm=row["confirm"], autofill=row["autofill"], quiet=quiet)


class Pings(Repository):
    async def of(self, person: int) -> Mapping[int, frozenset[str]]:
        """The kinds she wants, by chat."""
        rows = await self._session.rows(select(pings).where(pings.c.person == person).order_by(pings.c.chat))
        found: dict[int, frozenset[str]] = {}
        for row in rows:
            found[row["chat"]] = found.get(row["chat"], frozenset()) | {row["kind"]}
        return found

    async def put(self, person: int, chat: int, kinds: Collection[str]) -> None:
        """Exactly these, for this chat."""
        here = and_(pings.c.person == person, pings.c.chat == chat)
        await self._session.run(delete(pings).where(here))
        await self._session.run_many(
            insert(pings), [{"person": person, "chat": chat, "kind": kind} for kind in sorted(kinds)]
        )

    async def wanted(self, chats: Collection[int], kind: str) -> list[int]:
        """Who wants to be told of such an event in any of these chats, each once, by id; see `People.identities_of`."""
        here = and_(pings.c.chat.in_(sorted(set(chats))), pings.c.kind == kind)
        return [
            row["person"]
            for row in await self._session.rows(select(pings.c.person).where(here).distinct().order_by(pings.c.person))
        ]
