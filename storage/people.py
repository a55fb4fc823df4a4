"""People and their identities on the platforms.

What a person has set for themselves, and of which events in which chats they want to be told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, RowMapping, and_, bindparam, case, delete, func, insert, or_, select, update

from storage.journal import Journal
from storage.journal_kinds import Kind
from storage.records import Identity, Person
from storage.schema import links, people, pings, preferences
from storage.session import Repository, Session, clean
from storage.waking import Topic

SEEN_EVERY_MS = 60_000  # how stale "seen last" may be: not every command is worth a write


class People(Repository):
    def __init__(self, session: Session, journal: Journal) -> None:
        super().__init__(session)
        self._journal = journal
        self._prefetched: dict[int, int] = {}
        self._identified: dict[tuple[str, str, str], Person] = {}  # in this unit

    async def identify(self, platform: str, external_id: str, name: str, now_ms: int) -> Person:
        """The person behind a platform's id, made at first sight. A changed name is kept. Needs a writing unit, and
        comes before its market is locked."""
        asked = (platform, external_id, clean(name))
        if asked not in self._identified:
            self._session.locks.may("people")
            self._identified[asked] = await self._identify(*asked, now_ms)
        return self._identified[asked]

    async def _identify(self, platform: str, external_id: str, name: str, now_ms: int) -> Person:
        row = await self._session.row(select(links).where(_is(platform, external_id)))
        if row is None:
            await self._session.serialise("first sight of a person", f"{platform}:{external_id}")
            row = await self._session.row(select(links).where(_is(platform, external_id)))
        if row is None:
            return await self._create(platform, external_id, name, now_ms)
        if row["name"] != name or row["seen_ms"] + SEEN_EVERY_MS <= now_ms:
            await self._session.run(update(links).where(_is(platform, external_id)).values(name=name, seen_ms=now_ms))
        if row["name"] != name:
            await self._name(row["person"], name)
        person = await self.get(row["person"])
        if person is None:
            raise LookupError(f"identity {platform}:{external_id} names nobody")
        return person

    async def _create(self, platform: str, external_id: str, name: str, now_ms: int) -> Person:
        number = await self._session.add(insert(people), {"name": name, "created_ms": now_ms})
        person = Person(id=number, name=name, created_ms=now_ms)
        link = {"platform": platform, "external_id": external_id, "person": person.id, "name": name, "seen_ms": now_ms}
        await self._session.run(insert(links), link)
        self._journal.record(Kind.PERSON, {"id": person.id, "name": name, "merged_into": None})
        self._journal.record(Kind.LINK, link)
        return person

    async def rename(self, person: int, name: str) -> None:
        """What they are called where they have no name of their platform's: in the room."""
        await self._name(await self.primary_id(person), clean(name))

    async def _name(self, person: int, name: str) -> None:
        await self._session.run(update(people).where(people.c.id == person).values(name=name))
        row = await self._session.row(select(people).where(people.c.id == person))
        if row is not None:
            self._journal.record(Kind.PERSON, row)

    async def find(self, platform: str, external_id: str) -> Person | None:
        row = await self._session.row(_FIND, {"on": platform, "as": external_id})
        return None if row is None else _person(row)

    async def find_many(self, platform: str, external_ids: Collection[str]) -> Mapping[str, int]:
        """`find` of many at once: person by external id; unknown ones are left out."""
        rows = await self._session.rows(_FIND_MANY, {"on": platform, "these": sorted(set(external_ids))})
        return {row["external_id"]: row["person"] for row in rows}

    async def get(self, person: int) -> Person | None:
        row = await self._session.row(_GET, {"person": person})
        return None if row is None else _person(row)

    async def primary_id(self, person: int) -> int:
        """The person this id stands for now: the same, or the one they were merged into (`bot.market.identity`)."""
        if person in self._prefetched:
            return self._prefetched[person]
        return (await self.primary_ids([person])).get(person, person)

    async def prefetch(self, ids: Collection[int]) -> None:
        """Read all these at once for the `owner` of each to come; of a snapshot only, whose rows do not change."""
        if self._session.snapshot and ids:
            self._prefetched |= {number: number for number in ids} | dict(await self.primary_ids(ids))

    async def primary_ids(self, ids: Iterable[int]) -> Mapping[int, int]:
        """`owner` of many at once; unknown ids are left out."""
        rows = await self._session.rows(_PRIMARY_IDS, {"ids": sorted(set(ids))})
        return {row["id"]: row["primary_id"] for row in rows}

    async def primary(self, person: int) -> Person | None:
        """Who stands behind this id now: themselves, or the one they were merged into."""
        row = await self._session.row(_PRIMARY, {"person": person})
        return None if row is None else _person(row)

    async def all_ids(self, person: int) -> tuple[int, ...]:
        """Every id of theirs, whichever of them is given: the primary one first, then those merged into it, by id.
        Accounts in markets stand under any of them."""
        rows = await self._session.rows(_SELVES, {"person": person})
        return tuple(row["id"] for row in rows) or (person,)

    async def lock(self, *ids: int) -> None:
        """Nobody else joins or is merged under these ids until the transaction ends."""
        await self._session.hold(people, _IDS, {"ids": sorted(set(ids))})

    async def names(self, ids: Iterable[int]) -> Mapping[int, str]:
        """Names by person id, of merged ones those of the primary id; unknown ids are left out."""
        rows = await self._session.rows(_NAMES, {"ids": sorted(set(ids))})
        return {row["id"]: row["name"] for row in rows}

    async def identities(self, person: int) -> tuple[Identity, ...]:
        """Where they can be reached, the platform they used last first."""
        return (await self.identities_of([person])).get(person, ())

    async def identities_of(self, ids: Iterable[int]) -> Mapping[int, tuple[Identity, ...]]:
        """`identities` of many at once, by the number asked for; who has none is left out."""
        primary_ids = await self.primary_ids(ids)
        rows = await self._session.rows(_LINKS, {"ids": sorted({*primary_ids.values()})})
        by_primary: dict[int, tuple[Identity, ...]] = {}
        for row in rows:
            identity = Identity(
                person=row["person"], platform=row["platform"], external_id=row["external_id"], name=row["name"]
            )
            by_primary[identity.person] = (*by_primary.get(identity.person, ()), identity)
        return {number: by_primary[primary] for number, primary in primary_ids.items() if primary in by_primary}


_FIND = (  # built once: every line anybody types begins with it
    select(people)
    .join(links, links.c.person == people.c.id)
    .where(links.c.platform == bindparam("on"), links.c.external_id == bindparam("as"))
)
_FIND_MANY = (
    select(links.c.external_id, links.c.person)
    .where(links.c.platform == bindparam("on"))
    .where(links.c.external_id.in_(bindparam("these", expanding=True)))
)

_GET = select(people).where(people.c.id == bindparam("person"))
_IDS = people.c.id.in_(bindparam("ids", expanding=True))
_LINKS = (
    select(links)
    .where(links.c.person.in_(bindparam("ids", expanding=True)))
    .order_by(links.c.seen_ms.desc(), links.c.platform, links.c.external_id)
)
_PRIMARY_ID = func.coalesce(people.c.merged_into, people.c.id)
_PRIMARY_IDS = select(people.c.id, _PRIMARY_ID.label("primary_id")).where(_IDS)
_NOW = people.alias("now")
_NAMES = select(people.c.id, _NOW.c.name).join(_NOW, _NOW.c.id == _PRIMARY_ID).where(_IDS)
_ASKED = people.alias("asked")
_PRIMARY_OF_ASKED = (
    select(func.coalesce(_ASKED.c.merged_into, _ASKED.c.id)).where(_ASKED.c.id == bindparam("person")).scalar_subquery()
)
_PRIMARY = select(people).where(people.c.id == _PRIMARY_OF_ASKED)
_SELVES = (
    select(people.c.id)
    .where(or_(people.c.id == _PRIMARY_OF_ASKED, people.c.merged_into == _PRIMARY_OF_ASKED))
    .order_by(case((people.c.id == _PRIMARY_OF_ASKED, 0), else_=1), people.c.id)
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
    named: bool = False  # shown by name to who watches a public market


class PreferencesRepository(Repository):
    def __init__(self, session: Session, people: People) -> None:
        super().__init__(session)
        self._people = people
        self._prefetched: dict[int, Preferences] = {}

    async def of(self, person: int) -> Preferences:
        """Theirs, whichever of their ids is given."""
        if person in self._prefetched:
            return self._prefetched[person]
        row = await self._session.row(_OF, {"person": person})
        return Preferences() if row is None else _preferences(row)

    async def prefetch(self, ids: Collection[int]) -> None:
        """Read all these at once for the `of` of each to come; of a snapshot only, whose rows do not change."""
        if not self._session.snapshot or not ids:
            return
        primary_ids = {number: number for number in ids} | dict(await self._people.primary_ids(ids))
        rows = await self._session.rows(_OF_MANY, {"people": sorted({*primary_ids.values()})})
        stored = {row["person"]: _preferences(row) for row in rows}
        self._prefetched |= {number: stored.get(primary, Preferences()) for number, primary in primary_ids.items()}

    async def put(self, person: int, wanted: Preferences) -> None:
        row = {
            "person": person,
            "slippage": wanted.slippage,
            "confirm": wanted.confirm,
            "autofill": wanted.autofill,
            "quiet": sorted(wanted.quiet),
            "named": wanted.named,
        }
        self._session.wakes(Topic.PEOPLE)  # whoever shows people by name may have to show others now
        await self._session.upsert(preferences, ("person",), row)


_PRIMARY_OF_PERSON = select(func.coalesce(people.c.merged_into, people.c.id)).where(people.c.id == bindparam("person"))
_OF_MANY = select(preferences).where(preferences.c.person.in_(bindparam("people", expanding=True)))
_OF = select(preferences).where(preferences.c.person == _PRIMARY_OF_PERSON.scalar_subquery())


def _preferences(row: RowMapping) -> Preferences:
    quiet = frozenset(str(kind) for kind in row["quiet"])
    return Preferences(
        slippage=row["slippage"],
        confirm=row["confirm"],
        autofill=row["autofill"],
        quiet=quiet,
        named=row["named"],
    )


class Pings(Repository):
    async def of(self, person: int) -> Mapping[int, frozenset[str]]:
        """The kinds they want, by chat."""
        rows = await self._session.rows(select(pings).where(pings.c.person == person).order_by(pings.c.chat))
        kinds: dict[int, frozenset[str]] = {}
        for row in rows:
            kinds[row["chat"]] = kinds.get(row["chat"], frozenset()) | {row["kind"]}
        return kinds

    async def put(self, person: int, chat: int, kinds: Collection[str]) -> None:
        """Exactly these, for this chat."""
        condition = and_(pings.c.person == person, pings.c.chat == chat)
        await self._session.run(delete(pings).where(condition))
        await self._session.run_many(
            insert(pings), [{"person": person, "chat": chat, "kind": kind} for kind in sorted(kinds)]
        )

    async def wanted(self, chats: Collection[int], kind: str) -> list[int]:
        """Who wants to be told of such an event in any of these chats, each once, by id."""
        condition = and_(pings.c.chat.in_(sorted(set(chats))), pings.c.kind == kind)
        query = select(pings.c.person).where(condition).distinct().order_by(pings.c.person)
        return [row["person"] for row in await self._session.rows(query)]
