"""The journal: every fact outside the engine is recorded once, and each record is hashed onto the one before.

A market has a journal, and there is a shared one for what belongs to no market. A tick's hash covers the heads of both
as they stood when it ran, so that a head somebody holds seals names, titles, decisions and messages as it seals trades.

commitment = sha256(salt, canonical JSON of kind, subject and content); hash = sha256 of the hash before, the number,
kind, subject and commitment. A record whose content and salt are deleted (`forget`) keeps both: the chain holds, and
nobody can work out what stood there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, insert, select, update

from storage.journal_kinds import GONE, SHARED, TABLES, Kind, Row
from storage.records import Json, Payload
from storage.schema import journal, journal_heads
from storage.session import Repository, Session

SALTED = {kind for kind, recorded in TABLES.items() if recorded.salted}


class Head(NamedTuple):
    """How many records a journal has, and the hash of the last."""

    number: int = 0
    hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """Of the market's journal and of the shared one: what a tick's hash covers beside the tick."""

    market: Head
    shared: Head

    def to_json(self) -> list[list[int | str]]:
        return [list(self.market), list(self.shared)]


class Entry(NamedTuple):
    """A record that waits to be written; `subject` is what it is about."""

    market: int
    kind: Kind
    subject: str
    content: Payload


class Forgettable(NamedTuple):
    """Records to forget; `market` None: in whichever journal they are."""

    market: int | None
    kind: Kind
    subject: str


class Journal(Repository):
    """Appends are written when the unit commits, all of them at once: nothing else is locked after the shared one is.
    Who appends to a market's has locked the market."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._waiting: list[Entry] = []
        session.before_commit("journal", self.flush)

    def append(self, market: int | None, kind: Kind, subject: object, content: Payload) -> None:
        """Record a fact that stands in no table. `market` None: it belongs to none."""
        self._waiting.append(Entry(market or SHARED, kind, str(subject), dict(content)))

    def record(self, kind: Kind, row: Row, *, gone: bool = False) -> None:
        """Record a row as it was just written (all its key columns and fields of `TABLES`), or that it is `gone`."""
        recorded = TABLES[kind]
        content = {name: row[name] for name in recorded.key} | {GONE: True} if gone else recorded.content_of(row)
        self.append(recorded.market_of(row), kind, recorded.subject_of(row), content)

    async def flush(self) -> None:
        """Write what waits, the shared one last."""
        for market in sorted({entry.market for entry in self._waiting}, key=lambda number: (number == SHARED, number)):
            await self._flush(market)

    async def _flush(self, market: int) -> None:
        entries = [entry for entry in self._waiting if entry.market == market]
        self._waiting = [entry for entry in self._waiting if entry.market != market]
        await self._lock(market)
        await self._write(market, entries)

    async def _lock(self, market: int) -> None:
        """Nobody else writes this journal: a market's is guarded by the market, which its writer has locked."""
        if market == SHARED:
            await self._session.serialise("journal")
        else:
            self._session.locks.need(market)

    async def _write(self, market: int, entries: Sequence[Entry]) -> None:
        row = await self._session.row(_HEAD, {"market": market})
        head = Head() if row is None else Head(row["number"], row["hash"])
        rows: list[dict[str, Any]] = []  # Any: a row as it is written
        for entry in entries:
            salt = self._session.draw(16).hex() if entry.kind in SALTED else None
            commitment = commit_to(salt, entry.kind, entry.subject, entry.content)
            head = following(head, entry.kind, entry.subject, commitment)
            stored = {**entry._asdict(), "kind": entry.kind.value, "salt": salt, "commitment": commitment}
            rows.append({**stored, **head._asdict()})
        await self._session.run_many(_ADD, rows)
        await self._session.upsert(journal_heads, ("market",), {"market": market, **head._asdict()})

    async def heads(self, market: int) -> Heads:
        """As they stand, with what this unit has appended to the market's."""
        if any(entry.market == market for entry in self._waiting):
            await self._flush(market)
        rows = await self._session.rows(_HEADS, {"market": market})
        found = {row["market"]: Head(row["number"], row["hash"]) for row in rows}
        return Heads(market=found.get(market, Head()), shared=found.get(SHARED, Head()))

    async def of(self, market: int | None, kind: Kind, subject: object | None = None) -> list[Payload]:
        """What was recorded of one kind, of one subject if it is named, oldest first; what is forgotten is left out."""
        which = market or SHARED
        condition = and_(journal.c.market == which, journal.c.kind == kind.value)
        query = select(journal.c.content).where(condition, journal.c.content.is_not(None)).order_by(journal.c.number)
        if subject is not None:
            query = query.where(journal.c.subject == str(subject))
        waiting = [
            entry.content
            for entry in self._waiting
            if (entry.market, entry.kind) == (which, kind) and (subject is None or str(subject) == entry.subject)
        ]
        return [*(row["content"] for row in await self._session.rows(query)), *waiting]

    async def forget(self, person: int, records: Iterable[Forgettable]) -> None:
        """Delete content and salt of every record of these, and record which were deleted. What stands in the tables
        instead is the caller's to record, afterwards. Every market is locked, and nothing else is after this."""
        await self._lock(SHARED)
        await self.flush()
        deleted: dict[int, list[Json]] = {}
        for market, kind, subject in records:
            query = select(journal.c.market, journal.c.number).where(
                journal.c.kind == kind.value, journal.c.subject == str(subject), journal.c.content.is_not(None)
            )
            if market is not None:
                query = query.where(journal.c.market == market)
            for row in await self._session.rows(query.order_by(journal.c.market, journal.c.number)):
                deleted.setdefault(row["market"], []).append(row["number"])
        rows = [{"b_market": market, "b_number": number} for market in deleted for number in deleted[market]]
        await self._session.run_many(_DELETED, rows)
        if rows:
            self.append(None, Kind.FORGOTTEN, person, {str(market): deleted[market] for market in deleted})


_ADD = insert(journal)
_HEAD = select(journal_heads).where(journal_heads.c.market == bindparam("market"))
_HEADS = select(journal_heads).where(journal_heads.c.market.in_((bindparam("market"), SHARED)))
_DELETED = (
    update(journal)
    .where(journal.c.market == bindparam("b_market"), journal.c.number == bindparam("b_number"))
    .values(content=None, salt=None)
)


def commit_to(salt: str | None, kind: str, subject: str, content: Payload) -> str:
    """What a record is bound to without showing it."""
    return _sha256((salt or "") + _canonical({"kind": kind, "subject": subject, "content": content}))


def following(head: Head, kind: str, subject: str, commitment: str) -> Head:
    """The head after one more record."""
    number = head.number + 1
    return Head(number, _sha256(_canonical([head.hash, number, kind, subject, commitment])))


def notice_digest(row: Row) -> str:
    """What a waiting message says and to whom, by the salt that waits with it."""
    said = {name: row[name] for name in ("kind", "audience", "person", "payload")}
    return _sha256(row["salt"] + _canonical(said))[:32]


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
