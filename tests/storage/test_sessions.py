"""Sessions of browsers and Mini Apps: whose they are, and when they end."""

from __future__ import annotations

from storage.database import Database
from storage.records import Identity
from storage.sessions import APP, MOST, ROOM
from storage.unit_of_work import UnitOfWork
from tests.storage.worlds import START

LATER = START + 1_000


async def _ann(uow: UnitOfWork, platform: str = "discord", name: str = "Ann") -> Identity:
    person = await uow.people.identify(platform, "7", name, START)
    return Identity(person=person.id, platform=platform, external_id="7", name=name)


async def _open(db: Database, hash: str, kind: str = ROOM, now_ms: int = START, until_ms: int = LATER) -> Identity:
    async with db.writing() as uow:
        ann = await _ann(uow)
        await uow.sessions.open(hash, kind, ann, chat=None, now_ms=now_ms, until_ms=until_ms)
        await uow.commit()
    return ann


async def _found(db: Database, hash: str, now_ms: int = START) -> Identity | None:
    async with db.reading() as uow:
        session = await uow.sessions.find(hash, now_ms)
    return session.identity if session else None


async def test_a_session_is_somebody_until_it_runs_out_or_is_ended(db: Database) -> None:
    ann = await _open(db, "a")
    await _open(db, "b")
    assert await _found(db, "a", now_ms=LATER - 1) == ann
    assert await _found(db, "a", now_ms=LATER) is None
    assert await _found(db, "c") is None
    async with db.writing() as uow:
        await uow.sessions.end("a")
        await uow.commit()
    assert await _found(db, "a") is None
    assert await _found(db, "b") == ann


async def test_who_opens_more_than_they_may_have_loses_the_oldest_of_that_kind(db: Database) -> None:
    await _open(db, "app", APP)
    for number in range(MOST + 1):
        await _open(db, f"room {number}", now_ms=START + number)
    open_ones = [number for number in range(MOST + 1) if await _found(db, f"room {number}") is not None]
    assert open_ones == list(range(1, MOST + 1))
    assert await _found(db, "app") is not None


async def test_what_has_run_out_is_thrown_away(db: Database) -> None:
    await _open(db, "a")
    async with db.reading() as uow:
        assert not await uow.sessions.expired(LATER - 1)
        assert await uow.sessions.expired(LATER)
    async with db.writing() as uow:
        await uow.sessions.expire(LATER)
        await uow.commit()
    async with db.reading() as uow:
        assert await uow.sessions.people(["a"]) == {}


async def test_sessions_follow_their_identity_to_who_it_is_joined_to(db: Database) -> None:
    ann = await _open(db, "a")
    async with db.writing() as uow:
        bob = await _ann(uow, "telegram", "Bob")
        await uow.personal_data.hold(bob.person, ann.person)
        await uow.personal_data.hold_messages(ann.person)
        await uow.personal_data.merge(bob.person, ann.person)
        await uow.commit()
    found = await _found(db, "a")
    assert found == Identity(person=bob.person, platform="discord", external_id="7", name="Bob")
    async with db.reading() as uow:
        assert await uow.sessions.people(["a", "nobody's"]) == {"a": bob.person}
        assert await uow.sessions.of([bob.person, 99]) == {bob.person: "a"}
        assert [await uow.sessions.count(who, START) for who in (ann.person, bob.person)] == [1, 1]
        assert (await uow.personal_data.traces(bob.person)).sessions == 1
    async with db.writing() as uow:
        assert await uow.sessions.end_all(ann.person) == 1
        await uow.commit()
    assert await _found(db, "a") is None


async def test_who_is_forgotten_is_nobody_in_any_session(db: Database) -> None:
    ann = await _open(db, "a")
    async with db.writing() as uow:
        await uow.personal_data.hold_all(ann.person)
        await uow.personal_data.erase(ann.person)
        await uow.commit()
    async with db.reading() as uow:
        assert await uow.sessions.find("a", START) is None
        assert await uow.sessions.count(ann.person, START) == 0
