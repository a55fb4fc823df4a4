"""A link of `/room`: kept as a one-use code until a browser makes a session of it."""

from __future__ import annotations

from dataclasses import dataclass

from storage.key_value import CodeRow
from storage.records import Identity, Payload
from storage.sessions import ROOM
from storage.unit_of_work import UnitOfWork

KIND = "room"  # of a code
LINK_LIFE_MS = 10 * 60_000
SESSION_LIFE_MS = 30 * 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomLink:
    """As whom it opens the room, the chat they came from and the market they spoke of, by number."""

    platform: str
    external_id: str
    chat: int | None
    market: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """`identity` names the person they are now."""

    identity: Identity
    market: int | None


async def give_room_link(uow: UnitOfWork, code: str, person: int, link: RoomLink, now_ms: int) -> None:
    """An older unused one of theirs is good no more."""
    about: Payload = {
        "platform": link.platform,
        "external_id": link.external_id,
        "chat": link.chat,
        "market": link.market,
    }
    await uow.codes.issue(KIND, code, person=person, now_ms=now_ms, expires_ms=now_ms + LINK_LIFE_MS, about=about)


async def look_at_room_link(uow: UnitOfWork, code: str, now_ms: int) -> Opened | None:
    """Whom it would open the room as; it stays good. None where it is no good: used, run out, unknown, or its person
    had themselves forgotten."""
    row = await uow.codes.find(KIND, code, now_ms)
    return None if row is None else await _opened(uow, row)


async def use_room_link(uow: UnitOfWork, code: str, hash: str, now_ms: int) -> Opened | None:
    """Make a session of it, under this hash. Asked once more with the same two, the same again; else None where it is
    no good."""
    row = await uow.codes.take(KIND, code, now_ms)
    if row is None:
        return await _opened_before(uow, code, hash, now_ms)
    opened = await _opened(uow, row)
    if opened is not None:
        until_ms = now_ms + SESSION_LIFE_MS
        chat = _number(row, "chat")
        await uow.sessions.open(hash, ROOM, opened.identity, chat=chat, now_ms=now_ms, until_ms=until_ms)
    return opened


async def _opened_before(uow: UnitOfWork, code: str, hash: str, now_ms: int) -> Opened | None:
    session = await uow.sessions.find(hash, now_ms)
    row = await uow.codes.used(KIND, code)
    return None if session is None or row is None else Opened(identity=session.identity, market=_number(row, "market"))


async def _opened(uow: UnitOfWork, row: CodeRow) -> Opened | None:
    platform, external_id = str(row.about.get("platform")), str(row.about.get("external_id"))
    person = await uow.people.find(platform, external_id)
    if person is None:
        return None
    identity = Identity(person=person.id, platform=platform, external_id=external_id, name=person.name)
    return Opened(identity=identity, market=_number(row, "market"))


def _number(row: CodeRow, key: str) -> int | None:
    value = row.about.get(key)
    return value if isinstance(value, int) else None
