"""Browsers and Mini Apps that are somebody known from a chat.

A session stands for one identity of a person: who has that identity now is who is here, and whoever has none left
(forgotten) is nobody. Of the token only its hash is kept, so whoever reads the table opens no session.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import RowMapping, and_, bindparam, delete, func, insert, select

from storage.people import People
from storage.records import Identity
from storage.schema import links, people, sessions
from storage.session import Repository, Session
from storage.waking import Topic

MOST = 10  # of a kind, a person: the oldest ends when one more is opened
ROOM, APP = "room", "app"  # kinds: a browser's, by its cookie; a Mini App's, by a token in its page's memory


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """`identity` is as whom they came, with the person they are now and what they are called; `chat` where they came
    from, by its number: whether they are still in it is asked anew."""

    kind: str
    identity: Identity
    chat: int | None
    until_ms: int


class Sessions(Repository):
    """`hash` is the SHA-256 of a token, in hex; `now_ms` and `until_ms` are epoch milliseconds."""

    def __init__(self, session: Session, people: People) -> None:
        super().__init__(session)
        self._people = people

    async def open(
        self, hash: str, kind: str, identity: Identity, *, chat: int | None, now_ms: int, until_ms: int
    ) -> None:
        """For the person behind the identity. Those that have run out go, and the oldest of theirs beyond `MOST`."""
        if await self.expired(now_ms):
            await self.expire(now_ms)
        theirs = await self._session.rows(_OF_A_KIND, {"of": identity.person, "kind": kind})
        for row in theirs[MOST - 1 :]:
            await self.end(row["hash"])
        whose = {"person": identity.person, "platform": identity.platform, "external_id": identity.external_id}
        times = {"created_ms": now_ms, "until_ms": until_ms}
        await self._session.run(insert(sessions), {"hash": hash, "kind": kind, "chat": chat, **whose, **times})

    async def find(self, hash: str, now_ms: int) -> SessionRow | None:
        """The session of this token, of whichever kind; None where there never was one, it has ended or run out, or
        its identity is nobody's any more."""
        row = await self._session.row(_FIND, {"hash": hash, "now": now_ms})
        return None if row is None else _session_row(row)

    async def people(self, hashes: Collection[str]) -> Mapping[str, int]:
        """Whose sessions these are now, by hash; unknown ones are left out."""
        rows = await self._session.rows(_PEOPLE, {"hashes": sorted(set(hashes))}) if hashes else ()
        return {row["hash"]: row["person"] for row in rows}

    async def of(self, ids: Collection[int]) -> Mapping[int, str]:
        """The hash of the newest session of each of these people, of any kind, by the person; who has none is left
        out."""
        rows = await self._session.rows(_OF_MANY, {"ids": sorted(set(ids))}) if ids else ()
        return {row["person"]: row["hash"] for row in rows}

    async def count(self, person: int, now_ms: int) -> int:
        """How many of theirs are open, whichever of their ids is given."""
        ids = await self._people.all_ids(person)
        return await self._session.number(_COUNT, {"ids": sorted(ids), "now": now_ms})

    async def end(self, hash: str) -> None:
        self._session.wakes(Topic.PEOPLE)
        await self._session.run(_END, {"hash": hash})

    async def end_all(self, person: int) -> int:
        """Every one of theirs, whichever of their ids is given; how many there were."""
        self._session.wakes(Topic.PEOPLE)
        ids = await self._people.all_ids(person)
        return (await self._session.run(_END_ALL, {"ids": sorted(ids)})).rowcount

    async def expired(self, now_ms: int) -> bool:
        """Whether there is anything for `expire`."""
        return await self._session.row(_EXPIRED, {"now": now_ms}) is not None

    async def expire(self, now_ms: int) -> None:
        self._session.wakes(Topic.PEOPLE)
        await self._session.run(_EXPIRE, {"now": now_ms})


def _session_row(row: RowMapping) -> SessionRow:
    identity = Identity(
        person=row["now"], platform=row["platform"], external_id=row["external_id"], name=row["now_name"]
    )
    return SessionRow(kind=row["kind"], identity=identity, chat=row["chat"], until_ms=row["until_ms"])


_SAME_IDENTITY = and_(links.c.platform == sessions.c.platform, links.c.external_id == sessions.c.external_id)
_FIND = (
    select(sessions, people.c.id.label("now"), people.c.name.label("now_name"))
    .join(links, _SAME_IDENTITY)
    .join(people, people.c.id == links.c.person)
    .where(sessions.c.hash == bindparam("hash"), sessions.c.until_ms > bindparam("now"))
)
_PEOPLE = (
    select(sessions.c.hash, links.c.person)
    .join(links, _SAME_IDENTITY)
    .where(sessions.c.hash.in_(bindparam("hashes", expanding=True)))
)
_OF_A_KIND = (
    select(sessions.c.hash)
    .where(sessions.c.person == bindparam("of"), sessions.c.kind == bindparam("kind"))
    .order_by(sessions.c.created_ms.desc(), sessions.c.hash)
)
_OF_MANY = (
    select(sessions.c.person, sessions.c.hash)
    .where(sessions.c.person.in_(bindparam("ids", expanding=True)))
    .order_by(sessions.c.created_ms, sessions.c.hash)
)
_COUNT = (
    select(func.count())
    .select_from(sessions)
    .where(sessions.c.person.in_(bindparam("ids", expanding=True)), sessions.c.until_ms > bindparam("now"))
)
_EXPIRED = select(sessions.c.hash).where(sessions.c.until_ms <= bindparam("now")).limit(1)
_EXPIRE = delete(sessions).where(sessions.c.until_ms <= bindparam("now"))
_END = delete(sessions).where(sessions.c.hash == bindparam("hash"))
_END_ALL = delete(sessions).where(sessions.c.person.in_(bindparam("ids", expanding=True)))
