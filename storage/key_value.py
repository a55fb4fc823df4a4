"""Lines kept under a short key: those too long for a button, and those a link leads back to.

Small things an adapter must remember between two starts, such as the hash of the commands it has registered.

One-use codes: a person links two of their identities with one, an admin brings a market to another chat with one.

Only their hashes are kept: whoever reads the table cannot use what is in it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import ColumnElement, RowMapping, and_, delete, insert, not_, or_, select, update

from storage.records import Payload
from storage.schema import codes, facts, lines
from storage.session import Repository, upsert

DAY_MS = 86_400_000
KEPT_MS = 90 * DAY_MS  # since it was last put behind a button
BRIEF_MS = 15 * 60_000
SIGNED = "app"
"""Kind of codes that Telegram issued: what it signed for a Mini App, of which only that it was used is kept."""
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
        await self._session.run(upsert(self._session.dialect, lines, ("key",), ("key", "created_ms")), row)

    async def replace(self, key: str, kept: KeptLine, now_ms: int) -> None:
        """Under a key that somebody has one line under at a time."""
        row = {"key": key, "line": kept.line, "person": kept.person, "chat_ext": kept.chat_ext, "created_ms": now_ms}
        await self._session.upsert(lines, ("key",), row)

    async def drop(self, key: str) -> None:
        await self._session.run(delete(lines).where(lines.c.key == key))

    async def get(self, key: str) -> KeptLine | None:
        row = await self._session.row(select(lines).where(lines.c.key == key))
        return None if row is None else KeptLine(line=row["line"], person=row["person"], chat_ext=row["chat_ext"])

    async def fresh(self, key: str, since_ms: int) -> bool:
        """Whether it has been kept since then."""
        query = select(lines.c.key).where(lines.c.key == key, lines.c.created_ms >= since_ms)
        return await self._session.row(query) is not None

    async def expired(self, now_ms: int) -> bool:
        """Whether there is anything for `expire`."""
        return await self._session.row(select(lines.c.key).where(_expired(now_ms)).limit(1)) is not None

    async def expire(self, now_ms: int) -> None:
        """Nothing is kept for ever: brief ones for minutes, others until nobody can want them any more."""
        await self._session.hold(lines, _expired(now_ms))
        await self._session.run(delete(lines).where(_expired(now_ms)))


def _expired(now_ms: int) -> ColumnElement[bool]:
    brief = lines.c.key.startswith(BRIEF, autoescape=True)
    return or_(
        and_(brief, lines.c.created_ms < now_ms - BRIEF_MS), and_(not_(brief), lines.c.created_ms < now_ms - KEPT_MS)
    )


class KeyValues(Repository):
    async def get(self, name: str) -> str | None:
        row = await self._session.row(select(facts.c.value).where(facts.c.name == name))
        return None if row is None else str(row["value"])

    async def put(self, name: str, value: str) -> None:
        row = {"name": name, "value": value}
        await self._session.upsert(facts, ("name",), row)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """A code that was taken: who asked for it, of a kind `chat` for which market, and what else it opens."""

    kind: str  # as in `storage.schema`
    person: int
    market: int | None
    created_ms: int
    about: Payload


class Codes(Repository):
    async def issue(
        self,
        kind: str,
        code: str,
        *,
        person: int,
        now_ms: int,
        expires_ms: int,
        market: int | None = None,
        about: Payload | None = None,
    ) -> None:
        """Make a code good until `expires_ms`. An older unused one of the same kind, person and market is good no
        more, so that at most one lies about."""
        condition = codes.c.market.is_(None) if market is None else codes.c.market == market
        await self._session.run(delete(codes).where(_unused(kind, person), condition))
        row = {"hash": _hash(code), "kind": kind, "person": person, "market": market, "about": about}
        await self._session.run(insert(codes), {**row, "created_ms": now_ms, "expires_ms": expires_ms})

    async def find(self, kind: str, code: str, now_ms: int) -> CodeRow | None:
        """What an unused code in time stands for; it stays good."""
        row = await self._session.row(select(codes).where(_good(kind, code, now_ms)))
        return None if row is None else _code_row(row)

    async def used(self, kind: str, code: str) -> CodeRow | None:
        """What a code stood for that was used up."""
        was_used = and_(codes.c.hash == _hash(code), codes.c.kind == kind, codes.c.used_ms.is_not(None))
        row = await self._session.row(select(codes).where(was_used))
        return None if row is None else _code_row(row)

    async def expired(self, now_ms: int) -> bool:
        """Whether there is anything for `expire`."""
        return await self._session.row(select(codes.c.hash).where(_past(now_ms)).limit(1)) is not None

    async def expire(self, now_ms: int) -> None:
        """Throw away those that were good a day ago, used or not."""
        await self._session.hold(codes, _past(now_ms))
        await self._session.run(delete(codes).where(_past(now_ms)))

    async def withdraw(self, kind: str, person: int) -> None:
        """Their unused ones of this kind are good no more."""
        await self._session.run(delete(codes).where(_unused(kind, person)))

    async def take(self, kind: str, code: str, now_ms: int) -> CodeRow | None:
        """Use it up; None where it was used, has run out, or never was: all three are the same to who asks."""
        code_row = await self.find(kind, code, now_ms)
        used = await self._session.run(update(codes).where(_good(kind, code, now_ms)).values(used_ms=now_ms))
        return code_row if used.rowcount == 1 else None

    async def spend(self, kind: str, code: str, *, person: int, now_ms: int, expires_ms: int) -> bool:
        """Note that what somebody else issued was used; False where it was before. It is remembered until it is good
        no more, which others of its kind that are so go with."""
        row = {"hash": _hash(code), "kind": kind, "person": person, "market": None, "created_ms": now_ms}
        await self._session.serialise("first use of a code", row["hash"])
        await self._session.run(delete(codes).where(codes.c.kind == kind, codes.c.expires_ms <= now_ms))
        if await self._session.row(select(codes.c.hash).where(codes.c.hash == row["hash"])) is not None:
            return False
        await self._session.run(insert(codes), {**row, "expires_ms": expires_ms, "used_ms": now_ms})
        return True


def _code_row(row: RowMapping) -> CodeRow:
    return CodeRow(
        kind=row["kind"],
        person=row["person"],
        market=row["market"],
        created_ms=row["created_ms"],
        about=row["about"] or {},
    )


def _past(now_ms: int) -> ColumnElement[bool]:
    return codes.c.expires_ms < now_ms - DAY_MS


def _unused(kind: str, person: int) -> ColumnElement[bool]:
    return and_(codes.c.kind == kind, codes.c.person == person, codes.c.used_ms.is_(None))


def _good(kind: str, code: str, now_ms: int) -> ColumnElement[bool]:
    unused = and_(codes.c.used_ms.is_(None), codes.c.expires_ms > now_ms)
    return and_(codes.c.hash == _hash(code), codes.c.kind == kind, unused)


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
