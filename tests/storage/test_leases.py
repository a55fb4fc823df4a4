"""Exactly one process holds a lease; who was frozen finds out before they change anything."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import delete, insert, literal_column

from storage.database import Database
from storage.holding import ROUND_MS, Holder, Wish
from storage.leases import LEASE_MS, FencedError, Lease
from storage.records import Payload
from storage.schema import leases
from tests.storage.processes import Processes, rounds

NOW = 1_800_000_000_000
MARKETS: tuple[str, ...] = ("market 1", "market 2", "market 3", "market 4", "market 5")


@pytest.fixture
def world(db: Database) -> Processes:
    processes = Processes(db, NOW)
    processes.names = MARKETS
    return processes


async def test_one_of_two_has_it_and_hands_over_what_it_knows_when_it_stops(world: Processes) -> None:
    ada, bob = world.holder("ada", "telegram"), world.holder("bob", "telegram")
    for holder in (ada, bob, ada, bob):
        await holder.round()
    assert ada.lease("telegram") == Lease(name="telegram", holder="ada", epoch=1)
    assert bob.lease("telegram") is None
    await ada.stop()
    assert ada.lease("telegram") is None
    await bob.round()
    assert bob.lease("telegram") == Lease(name="telegram", holder="bob", epoch=2)
    assert world.log == ["ada has telegram 1", "bob has telegram 2 {'by': 'ada', 'complete': True}"]


async def test_it_is_kept_as_long_as_it_is_renewed(world: Processes) -> None:
    ada, bob = world.holder("ada", "telegram"), world.holder("bob", "telegram")
    await ada.round()
    for _ in range(2 * LEASE_MS // ROUND_MS):
        await world.pass_time(ROUND_MS)
        await bob.round()
        await ada.round()
    assert ada.lease("telegram") is not None
    assert world.log == ["ada has telegram 1"]


async def test_who_does_not_renew_it_in_time_has_lost_it_by_their_own_clock_and_by_the_fence(world: Processes) -> None:
    ada, bob = world.holder("ada", "telegram"), world.holder("bob", "telegram")
    await rounds(ada)
    lease = ada.lease("telegram")
    assert lease is not None
    await world.pass_time(LEASE_MS)
    assert ada.lease("telegram") is None  # frozen until now: it is not certain any more
    await bob.round()
    assert bob.lease("telegram") is not None
    async with world.db.writing() as uow:
        with pytest.raises(FencedError):
            await ada.fence(uow, lease)
    await ada.watch()
    await ada.round()
    assert world.log == ["ada has telegram 1", "bob has telegram 2 {'by': 'ada'}", "ada lost telegram"]


async def test_who_was_late_but_was_not_replaced_goes_on_under_the_same_epoch(world: Processes) -> None:
    ada = world.holder("ada", "telegram")
    await ada.round()
    await world.pass_time(LEASE_MS)
    await ada.watch()
    await ada.round()
    assert ada.lease("telegram") == Lease(name="telegram", holder="ada", epoch=1)
    assert world.log == ["ada has telegram 1", "ada lost telegram", "ada has telegram 1"]


async def test_a_unit_that_is_fenced_keeps_the_lease_until_it_ends_and_renews_it(world: Processes) -> None:
    ada, bob = world.holder("ada", "telegram"), world.holder("bob", "telegram")
    await ada.round()
    lease = ada.lease("telegram")
    assert lease is not None
    await world.pass_time(LEASE_MS)
    async with world.db.writing() as uow:
        await ada.fence(uow, lease)
        if not world.db.is_sqlite:  # whose one writer is this unit
            await asyncio.create_task(bob.round())
            assert bob.lease("telegram") is None
        await uow.commit()
    await bob.round()
    assert bob.lease("telegram") is None
    assert ada.lease("telegram") == lease


async def test_a_refused_unit_renews_nothing(world: Processes) -> None:
    ada, bob = world.holder("ada", "telegram"), world.holder("bob", "telegram")
    await ada.round()
    lease = ada.lease("telegram")
    assert lease is not None
    await world.pass_time(LEASE_MS)
    async with world.db.writing() as uow:
        await ada.fence(uow, lease)
    assert ada.lease("telegram") is None
    await bob.round()
    assert bob.lease("telegram") is not None


async def test_what_is_given_up_during_a_round_is_not_taken_for_held(world: Processes) -> None:
    ada, bob = world.holder("ada", "telegram"), world.holder("bob", "telegram")
    await ada.round()
    await asyncio.gather(ada.round(), ada.give_up("telegram"))
    assert ada.lease("telegram") is None
    await bob.round()
    assert bob.lease("telegram") is not None


async def test_markets_are_shared_out_evenly_and_again_when_a_process_comes_or_dies(world: Processes) -> None:
    ada, bob, cyd = (world.sharing(process) for process in ("ada", "bob", "cyd"))
    await ada.round()
    assert len(ada.held("market")) == 5
    await rounds(ada, bob)
    assert [len(holder.held("market")) for holder in (ada, bob)] == [3, 2]
    await rounds(ada, bob, cyd)
    assert [len(holder.held("market")) for holder in (ada, bob, cyd)] == [2, 2, 1]
    await world.pass_time(LEASE_MS)  # bob is dead
    await rounds(ada, cyd)
    assert [len(holder.held("market")) for holder in (ada, cyd)] == [3, 2]
    held = [lease.name for holder in (ada, cyd) for lease in holder.held("market")]
    assert sorted(held) == list(MARKETS)


async def test_who_ends_gives_up_its_part_and_takes_it_no_more(world: Processes) -> None:
    ada, bob = world.sharing("ada"), world.sharing("bob")
    await rounds(ada, bob)
    await ada.give_up_share("market")
    await rounds(ada, bob)
    assert [len(holder.held("market")) for holder in (ada, bob)] == [0, 5]


async def test_a_market_that_is_over_is_given_up_and_a_new_one_is_taken(world: Processes) -> None:
    ada = world.sharing("ada")
    await ada.round()
    world.names = ("market 1", "market 9")
    await ada.round()
    assert sorted(lease.name for lease in ada.held("market")) == ["market 1", "market 9"]


async def test_a_dead_process_is_not_counted_and_later_forgotten(world: Processes) -> None:
    ada, bob = world.sharing("ada"), world.sharing("bob")
    bob.tell("people", lambda: 7)
    await rounds(ada, bob)
    assert ada.processes == {"ada", "bob"}
    assert ada.told("people") == {"bob": 7}
    await world.pass_time(LEASE_MS)
    await rounds(ada)
    assert ada.processes == {"ada"}
    assert ada.told("people") == {}
    await world.pass_time(2 * 3_600_000)
    await ada.round()
    async with world.db.reading() as uow:
        assert await uow.leases.of("bob") == {}


NO_STATE = ("[1]", '"text"', "7", "null", '{"shares": {"market": 1}}', '{"shares": [[], {}, "market"], "people": "x"}')
UNREADABLE = ("9" * 5_000, "[" * 2_000 + "]" * 2_000)  # JSON all the same


@pytest.mark.parametrize("state", [*NO_STATE, *UNREADABLE])
async def test_a_row_that_no_process_wrote_stops_nobody(world: Processes, state: str) -> None:
    ada = world.sharing("ada")
    ada.want("telegram", world.wish("ada", "telegram"))
    await ada.round()
    ages = 1_000 * 365 * 24 * 3_600_000
    names = ("process nobody", "market 1", "market of nobody", "telegram", "anything")
    async with world.db.writing() as uow:
        for name in names:
            values = {"name": name, "holder": "nobody", "until_ms": NOW + ages, "state": literal_column(f"'{state}'")}
            await uow.run(delete(leases).where(leases.c.name == name))
            await uow.run(insert(leases).values(values))
        await uow.commit()
    await rounds(ada)
    assert {lease.name for lease in ada.held("market")} == set(MARKETS)
    assert ada.lease("telegram") is not None
    assert ada.processes == {"ada"}


async def test_who_cannot_tell_the_next_holder_keeps_what_they_hold(world: Processes) -> None:
    def fails() -> Payload:
        raise ValueError("it cannot be said")

    ada, bob = world.sharing("ada"), world.sharing("bob")
    ada.want("telegram", Wish(state=fails))
    await rounds(ada, bob, ada)
    assert ada.lease("telegram") is not None
    assert len(ada.held("market")) == 3
    await ada.stop()
    await rounds(bob)
    assert len(bob.held("market")) == 5


async def test_who_is_alone_holds_everything_and_writes_nothing_where_nothing_changes(world: Processes) -> None:
    async def before() -> None:
        async with world.db.writing() as uow:
            await uow.leases.take(["telegram"], "who was here before", NOW)
            await uow.commit()

    await before()
    ada = Holder(world.db, world.clock, "ada", alone=True)
    ada.want("telegram", world.wish("ada", "telegram"))
    ada.want_share("market", world.all_names)
    await ada.round()
    assert ada.lease("telegram") is not None
    assert len(ada.held("market")) == 5
    writes: list[object] = []
    world.db.seen = lambda statement: writes.append(statement) if not getattr(statement, "is_select", False) else None
    for _ in range(5):
        world.clock.advance(ROUND_MS)
        await ada.round()
    assert writes == []
    world.clock.advance(24 * 3_600_000)  # asleep
    assert ada.lease("telegram") is not None
    world.clock.jump(-24 * 3_600_000)
    await ada.round()
    assert ada.lease("telegram") is not None
