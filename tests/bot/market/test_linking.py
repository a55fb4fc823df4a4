"""Two people become one: what moves, what stays, and that nobody ever has two starting balances in one market."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from bot.market import identity, membership
from bot.market.identity import LinkDeclined, Linked
from engine.state import Side
from scheduler.tick import run_tick
from storage.database import Database
from storage.people import Preferences
from storage.records import Declined, Member
from storage.verify import Verified, verify
from tests.storage.worlds import START, append, buy, lobby, started


async def join(db: Database, person: int, other: int, at_ms: int = START) -> Linked | LinkDeclined:
    async with db.writing() as uow:
        found = await identity.link(uow, person, other, at_ms)
        if isinstance(found, Linked):
            await uow.commit()
    return found


async def test_identities_move_and_accounts_stay_under_their_numbers(db: Database) -> None:
    one, two = await started(db, people=1), await started(db, people=1, chat="port")
    ann, ben = one.people[0], two.people[0]
    found = await join(db, ann, ben)
    assert isinstance(found, Linked)
    assert found.closed == ()
    async with db.reading() as uow:
        assert await uow.people.all_ids(ann) == await uow.people.all_ids(ben) == (ann, ben)
        assert await uow.people.primary_ids([ann, ben, 99]) == {ann: ann, ben: ann}
        for number in (ann, ben):
            assert [one.external_id for one in await uow.people.identities(number)] == ["port-0", "town-0"]
            assert [market.id for market in await uow.markets.of_person(number)] == [two.market, one.market]
            for world, owner in ((one, ann), (two, ben)):
                member = await uow.members.get(world.market, number)
                assert member is not None
                assert member.person == owner
        assert await uow.people.names([ben]) == {ben: "Person 0"}
        last = await uow.markets.last_of_person(ben)
        assert last is not None


async def test_a_chain_of_joined_people_is_one_person(db: Database) -> None:
    worlds = [await started(db, people=1, chat=name) for name in ("a", "b", "c")]
    first, second, third = (world.people[0] for world in worlds)
    assert isinstance(await join(db, second, third), Linked)
    assert isinstance(await join(db, first, third), Linked)
    async with db.reading() as uow:
        assert await uow.people.all_ids(third) == (first, second, third)
        assert await uow.people.primary_id(third) == first
    same = await join(db, third, second)
    assert same == LinkDeclined(code="same")


async def test_settings_pings_and_rights_go_along_and_their_own_win(db: Database) -> None:
    world = await started(db, people=2)
    async with db.writing() as uow:
        ben = await uow.people.identify("telegram", "b", "Ben", START)
        cat = await uow.people.identify("discord", "c", "Cat", START)
        ann = world.people[0]
        await uow.preferences.put(ben.id, Preferences(slippage=7))
        await uow.preferences.put(cat.id, Preferences(slippage=8, quiet=frozenset({"fills"})))
        for person in (ann, ben.id):
            await uow.pings.put(person, world.chat, {"lead"})
        await uow.pings.put(cat.id, world.chat, {"trade"})
        await uow.codes.issue("chat", "AAAA", person=ben.id, market=world.market, now_ms=START, expires_ms=START + 9)
        await uow.codes.issue("person", "BBBB", person=ben.id, now_ms=START, expires_ms=START + 9)
        await uow.chats.set_admin(world.chat, ben.id, admin=True, now_ms=START)
        await uow.commit()
    assert isinstance(await join(db, ann, ben.id), Linked)
    assert isinstance(await join(db, ann, cat.id), Linked)
    async with db.reading() as uow:
        assert (await uow.preferences.of(ann)).slippage == 7
        assert await uow.preferences.of(cat.id) == await uow.preferences.of(ann)
        assert await uow.pings.of(ann) == {world.chat: frozenset({"lead", "trade"})}
        assert await uow.pings.wanted([world.chat], "lead") == [ann]
        assert await uow.chats.admins(world.chat) == [ann]
        chat_code = await uow.codes.find("chat", "AAAA", START)
        assert chat_code is not None
        assert chat_code.person == ann
        assert await uow.codes.find("person", "BBBB", START) is None


async def test_alerts_of_both_accounts_are_the_one_person_s_each_once(db: Database) -> None:
    world = await started(db, people=2)
    ann, ben = world.people
    await append(db, world, ann, buy(), "o", at_ms=START + 1)
    async with db.writing() as uow:
        for person, prices in ((ann, (500_000, 600_000)), (ben, (600_000, 700_000))):
            for price in prices:
                await uow.alerts.add(world.market, person, 0, Side.YES, price, above=True, now_ms=START)
        await uow.commit()
    assert isinstance(await join(db, ben, ann, START + 2), Linked)
    async with db.reading() as uow:
        assert [alert.price for alert in await uow.alerts.of(world.market, ann)] == [500_000, 600_000, 700_000]
        assert await uow.alerts.of(world.market, ben) == []
        assert (await uow.personal_data.traces(ben)).alerts == 3


async def test_two_used_accounts_are_not_joined_and_nothing_changes(db: Database) -> None:
    world = await started(db, people=2)
    ann, ben = world.people
    for person in world.people:
        await append(db, world, person, buy(), f"o{person}", at_ms=START + 1)
    found = await join(db, ann, ben, START + 2)
    assert isinstance(found, LinkDeclined)
    assert found.code == "both_used"
    assert found.market is not None
    assert found.market.id == world.market
    async with db.reading() as uow:
        assert await uow.people.primary_id(ben) == ben
        assert len(await uow.members.of(world.market)) == 2


async def test_joining_a_market_while_being_joined_to_its_member_gives_no_second_account(db: Database) -> None:
    for round_ in range(4):
        world = await started(db, people=1, chat=f"town{round_}")
        async with db.writing() as uow:
            ben = await uow.people.identify("telegram", f"b{round_}", "Ben", START)
            await uow.commit()

        async def enter(number: int = ben.id, market: int = world.market) -> Member | Declined:
            async with db.writing() as uow:
                member = await membership.join(uow, market, number, "", START + 1)
                await uow.commit()
            return member

        await asyncio.gather(enter(), join(db, world.people[0], ben.id, START + 1), enter())
        await run_tick(db, world.market, START + 2_000)
        await run_tick(db, world.market, START + 4_000)
        async with db.reading() as uow:
            assert len(await uow.members.of(world.market)) == 1
            assert await uow.people.primary_id(ben.id) == world.people[0]
            assert (await uow.ledger.audit(world.market)).ok


@pytest.mark.parametrize("seed", range(6))
async def test_whoever_joins_trades_and_links_a_human_has_one_starting_balance_a_market(
    db: Database, seed: int
) -> None:
    rng = Random(seed)
    worlds = [await started(db, people=1, chat="a"), await lobby(db, people=1, chat="b")]
    markets = [world.market for world in worlds]
    async with db.writing() as uow:
        people = [(await uow.people.identify("room", f"p{i}", f"P{i}", START)).id for i in range(6)]
        await uow.commit()
    now, began = START, False
    for step in range(40):
        now += 1_000
        market, deed = rng.choice(markets), rng.random()
        one, two = rng.sample(people, 2)
        if deed < 0.35:
            async with db.writing() as uow:
                await membership.join(uow, market, one, "", now)
                await uow.commit()
        elif deed < 0.65:
            async with db.writing() as uow:
                member = await uow.members.get(market, one)
                if member is not None:
                    draft = buy(rng.randrange(3), rng.randrange(1, 20))
                    await uow.orders.append(
                        market, member.person, draft, request_id=f"o{step}", reserve=10_000, now_ms=now
                    )
                await uow.commit()
        elif deed < 0.8:
            await join(db, one, two, now)
        elif deed < 0.83 and not began:
            began = True
            async with db.writing() as uow:
                await uow.markets.start(markets[1], now)
                await uow.commit()
        else:
            await run_tick(db, market, now)
    if not began:
        async with db.writing() as uow:
            await uow.markets.start(markets[1], now)
            await uow.commit()
    for market in markets:
        now += 2_000
        await run_tick(db, market, now)
        await _one_each(db, market)
    assert all(isinstance(one, Verified) for one in await verify(db)), await verify(db)


async def _one_each(db: Database, market: int) -> None:
    async with db.reading() as uow:
        assert (await uow.ledger.audit(market)).ok
        members = await uow.members.of(market)
        owners = await uow.people.primary_ids([one.person for one in members])
        entries = await uow.ledger.entries(market)
    assert len(set(owners.values())) == len(members)
    given: dict[int, int] = {}
    for entry in entries:
        kind, _, number = entry.account.partition(":")
        if kind == "user" and entry.kind in {"grant", "return"}:
            given[int(number)] = given.get(int(number), 0) + entry.amount
    async with db.reading() as uow:
        whose = await uow.people.primary_ids(given)
    by_human: dict[int, int] = {}
    for person, amount in given.items():
        by_human[whose[person]] = by_human.get(whose[person], 0) + amount
    assert set(by_human.values()) <= {0, 1_000_000_000}
