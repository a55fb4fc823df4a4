"""The room's messages and the log of what admins did."""

from __future__ import annotations

from storage.database import Database
from tests.storage.worlds import START, lobby


async def test_the_room_shows_what_changed_since_and_never_what_is_somebody_elses(db: Database) -> None:
    async with db.writing() as uow:
        first = await uow.room.append("room", "talk", {"text": "hello"}, author="Ann", now_ms=START)
        await uow.room.append("room", "talk", {"text": "secret"}, person=7, now_ms=START)
        third = await uow.room.append("room", "talk", {"text": "bye"}, now_ms=START)
        await uow.room.append("other", "talk", {"text": "elsewhere"}, now_ms=START)
        await uow.commit()
    async with db.reading() as uow:
        assert [row.body["text"] for row in await uow.room.since("room", 0, 7)] == ["hello", "secret", "bye"]
        assert [row.body["text"] for row in await uow.room.since("room", 0, 8)] == ["hello", "bye"]
        assert [row.body["text"] for row in await uow.room.since("room", 0, None)] == ["hello", "bye"]
        assert [row.body["text"] for row in await uow.room.since("room", 0, 7, 2)] == ["secret", "bye"]
        known = {row.id: row for row in await uow.room.since("room", 0, 7)}
        assert await uow.room.since("room", 0, 7, known=known) == [*known.values()]
        assert await uow.room.since("room", 0, 8, known=known) == [row for row in known.values() if row.person is None]
        assert await uow.room.authors("room", 1) == set()
        assert await uow.room.authors("room", 2) == {"Ann"}
        top = (await uow.room.heads()).seq
    async with db.writing() as uow:
        changed = await uow.room.replace(first.id, {"text": "hi"}, START + 5)
        assert changed is not None
        assert (changed.id, changed.ts_ms, changed.edited_ms) == (first.id, START, START + 5)
        assert await uow.room.replace(999, {}, START) is None
        await uow.commit()
    async with db.reading() as uow:
        assert [row.body["text"] for row in await uow.room.since("room", top, None)] == ["hi"]
        assert await uow.room.get(third.id) == third


async def test_the_log_says_who_did_what_and_why(db: Database) -> None:
    world = await lobby(db)
    async with db.writing() as uow:
        for action in ("open", "void"):
            await uow.audit.append(
                action=action,
                actor=world.people[0],
                market=world.market,
                reason="rain",
                before={"status": "LOBBY"},
                after={"status": "VOIDED"},
                now_ms=START,
            )
        found = await uow.audit.of(world.market)
    assert [(row.action, row.reason, row.before) for row in found] == [
        ("void", "rain", {"status": "LOBBY"}),
        ("open", "rain", {"status": "LOBBY"}),
    ]
