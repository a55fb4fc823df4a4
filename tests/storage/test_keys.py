"""Keys of programs: shown once, found by who holds them, followed to whom their maker becomes, gone with who goes."""

from __future__ import annotations

from bot.market import identity
from storage.database import Database
from storage.keys import MOST, USED_EVERY_MS, Key, NewKey, Scope, hash_of
from tests.storage.worlds import START, World, started

TOKEN = "outcry_" + "a" * 43


def wanted(world: World, person: int, scope: Scope = Scope.READ, *, allowance: int | None = None) -> NewKey:
    return NewKey(
        market=world.market,
        person=person,
        scope=scope,
        name="crane\0" + "x" * 90,
        allowance=allowance,
        platform="room",
        external_id="town-0",
    )


async def make(db: Database, asked: NewKey, token: str = TOKEN) -> Key:
    async with db.writing() as uow:
        key = await uow.keys.make(asked, token, START)
        await uow.commit()
    return key


async def test_a_key_is_found_by_who_holds_it_until_it_is_revoked_and_is_nowhere_in_clear(db: Database) -> None:
    world = await started(db)
    key = await make(db, wanted(world, world.people[0]))
    async with db.writing() as uow:
        assert await uow.keys.find(TOKEN) == key == await uow.keys.get(key.id)
        assert (key.name, key.live) == ("crane" + "x" * 35, True)
        assert await uow.keys.find(hash_of(TOKEN)) is None  # who reads the table cannot use it
        assert await uow.keys.find("\ud800") is None
        await uow.keys.note_use(key, START + 5)
        used = await uow.keys.get(key.id)
        assert used is not None
        await uow.keys.note_use(used, START + USED_EVERY_MS)
        assert (await uow.keys.of(world.market, world.people))[0].used_ms == START + 5
        await uow.keys.revoke(key, START + 7)
        assert await uow.keys.find(TOKEN) is None
        assert await uow.keys.of(world.market, world.people) == []
        revoked = await uow.keys.get(key.id)
        assert revoked is not None
        assert not revoked.live
        await uow.commit()
    assert MOST == 5


async def test_keys_follow_their_maker_into_who_they_become_and_go_when_they_are_forgotten(db: Database) -> None:
    world = await started(db, people=1)
    async with db.writing() as uow:
        second = await uow.people.identify("discord", "9", "Ann", START)
        await uow.commit()
    key = await make(db, wanted(world, world.people[0]))
    async with db.writing() as uow:
        linked = await identity.link(uow, second.id, world.people[0], START + 1)
        assert isinstance(linked, identity.Linked)
        await uow.commit()
    async with db.writing() as uow:
        followed = await uow.keys.find(TOKEN)
        assert followed is not None
        assert (followed.person, followed.id) == (second.id, key.id)
        await identity.forget(uow, second.id, START + 2)
        await uow.commit()
    async with db.reading() as uow:
        assert await uow.keys.find(TOKEN) is None
        assert await uow.keys.get(key.id) is None
