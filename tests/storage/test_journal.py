"""The journal is written with the unit it belongs to, in one chain, whoever writes at the same time."""

from __future__ import annotations

import asyncio

from sqlalchemy import select

from storage.database import Database
from storage.journal import Head, commit_to, following
from storage.journal_kinds import SHARED, Kind
from storage.schema import journal, journal_heads
from tests.storage.worlds import START, lobby


async def chain(db: Database, market: int) -> Head:
    """The head that the records of a journal give; fails where one is not what it must be."""
    head = Head()
    async with db.reading() as uow:
        for row in await uow.rows(select(journal).where(journal.c.market == market).order_by(journal.c.number)):
            assert row["commitment"] == commit_to(row["salt"], row["kind"], row["subject"], row["content"])
            head = following(head, row["kind"], row["subject"], row["commitment"])
            assert (row["number"], row["hash"]) == head
        stored = await uow.row(select(journal_heads).where(journal_heads.c.market == market))
    assert stored is None or (stored["number"], stored["hash"]) == head
    return head


async def test_a_unit_that_is_rolled_back_leaves_no_record(db: Database) -> None:
    world = await lobby(db)
    before = await chain(db, world.market)
    async with db.writing() as uow:
        await uow.members.rename(world.market, world.people[0], "Other")
    assert await chain(db, world.market) == before
    async with db.writing() as uow:
        await uow.members.rename(world.market, world.people[0], "Other")
        await uow.commit()
    assert (await chain(db, world.market)).number == before.number + 1


async def test_units_that_write_at_once_make_one_chain(db: Database) -> None:
    before = await chain(db, SHARED)

    async def newcomer(number: int) -> None:
        async with db.writing() as uow:
            await uow.people.identify("room", f"at-once-{number}", f"Person {number}", START)
            await uow.commit()

    await asyncio.gather(*(newcomer(number) for number in range(8)))
    assert (await chain(db, SHARED)).number == before.number + 16  # a name and an identity each


async def test_equal_names_give_commitments_that_tell_nothing(db: Database) -> None:
    world = await lobby(db, people=2)
    async with db.writing() as uow:
        for person in world.people:
            await uow.members.rename(world.market, person, "Same")
        await uow.commit()
    async with db.reading() as uow:
        rows = await uow.rows(select(journal).where(journal.c.market == world.market).order_by(journal.c.number))
    first, second = rows[-2:]
    assert first["salt"] != second["salt"]
    assert first["commitment"] != commit_to(second["salt"], first["kind"], first["subject"], first["content"])


async def test_what_was_recorded_can_be_read_until_it_is_forgotten(db: Database) -> None:
    world = await lobby(db, people=1)
    (person,) = world.people
    async with db.writing() as uow:
        await uow.personal_data.hold_all(person)
        await uow.members.rename(world.market, person, "Second")
        recorded = await uow.journal.of(world.market, Kind.MEMBER, person)
        assert [record["display_name"] for record in recorded] == ["Person 0", "Second"]
        await uow.personal_data.erase(person)
        await uow.commit()
    async with db.writing() as uow:
        (left,) = await uow.journal.of(world.market, Kind.MEMBER, person)
        assert left["display_name"] == f"Member {person}"
        (deleted,) = await uow.journal.of(None, Kind.FORGOTTEN, person)
        assert sorted(deleted) == [str(SHARED), str(world.market)]
