"""People, identities, chats and admins."""

from __future__ import annotations

import asyncio

from storage.database import Database
from tests.storage.worlds import START, buy, started


async def test_one_identity_is_one_person_whatever_name_it_bears(db: Database) -> None:
    async with db.writing() as uow:
        first = await uow.people.identify("room", "7", "Ann", START)
        other = await uow.people.identify("discord", "7", "Ann", START)
        again = await uow.people.identify("room", "7", "Ann\0 \ud800B.", START + 1)
        await uow.commit()
    assert again.id == first.id != other.id
    async with db.reading() as uow:
        assert await uow.people.find("room", "7") == again
        assert await uow.people.find("room", "8") is None
        assert await uow.people.names([first.id, other.id, 99]) == {first.id: "Ann B.", other.id: "Ann"}
        assert [identity.platform for identity in await uow.people.identities(first.id)] == ["room"]


async def test_somebody_met_ten_times_at_once_is_one_person(db: Database) -> None:
    async def meet(number: int) -> tuple[int, int, int]:
        async with db.writing() as uow:
            chat = await uow.chats.open("room", "town", "room", "Town", START)
            person = await uow.people.identify("room", "7", "Ann", START)
            ticket = await uow.tickets.create(
                world.market, person.id, buy(), reserve=1, terms={}, request_id="room:1", now_ms=START
            )
            await uow.commit()
        return person.id, chat.id, ticket.id

    world = await started(db, chat="elsewhere")
    assert len(set(await asyncio.gather(*(meet(number) for number in range(10))))) == 1


async def test_what_is_not_committed_is_forgotten(db: Database) -> None:
    async with db.writing() as uow:
        await uow.people.identify("room", "7", "Ann", START)
    async with db.reading() as uow:
        assert await uow.people.find("room", "7") is None


async def test_a_market_is_announced_in_its_home_and_wherever_it_is_connected(db: Database) -> None:
    world = await started(db)
    async with db.writing() as uow:
        second = await uow.chats.open("telegram", "-100", "group", "Friends", START)
        await uow.markets.lock(world.market)
        await uow.chats.connect(world.market, second.id)
        await uow.markets.lock(world.market)
        await uow.chats.connect(world.market, second.id)
        await uow.commit()
    async with db.reading() as uow:
        assert [chat.id for chat in await uow.chats.of_market(world.market)] == [world.chat, second.id]
        market = await uow.markets.of_chat(second.id)
        assert market is not None
        assert market.id == world.market
    async with db.writing() as uow:
        await uow.markets.lock(world.market)
        await uow.chats.disconnect(world.market, second.id)
        assert await uow.markets.of_chat(second.id) is None
        await uow.commit()


async def test_an_admin_is_known_as_long_as_the_platform_vouches_for_her(db: Database) -> None:
    world = await started(db)
    ann, bob, _ = world.people
    async with db.writing() as uow:
        await uow.chats.set_admin(world.chat, ann, admin=True, now_ms=START)
        await uow.chats.set_admin(world.chat, bob, admin=False, now_ms=START)
        assert await uow.chats.admins(world.chat) == [ann]
        await uow.chats.set_admin(world.chat, ann, admin=False, now_ms=START + 1)
        assert await uow.chats.admins(world.chat) == []
