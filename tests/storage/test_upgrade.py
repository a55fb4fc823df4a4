"""A database of rules 1, with a market in the middle of its life, opened by this version."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from engine.params import build_params
from engine.state import Status
from engine.units import MICRO
from scheduler.jobs import Jobs
from scheduler.tick import run_tick
from storage.clock import ManualClock
from storage.database import Database
from storage.records import ActionStatus, Declined, Market, OrderStatus, Payload
from storage.schema import config, outbox
from storage.verify import Mismatch, Skipped, Verified, verify
from tests.storage.rules_1 import CLAIM, NOW, OFF, OLD, SOON, TOWN, write_rules_1
from tests.storage.worlds import buy

HOUR = 3_600_000
ALL_BUT_VOID: tuple[tuple[str, Payload], ...] = (
    ("cancel", {"user": 2, "order": None}),
    ("join", {"user": 2, "cash": 1}),
    ("leave", {"user": 2}),
    ("retune", {"values": {"fee": "0"}}),
    ("control", {"kind": "freeze", "outcomes": []}),
    ("control", {"kind": "pause", "outcomes": []}),
    ("control", {"kind": "resume", "outcomes": []}),
    ("control", {"kind": "eliminate", "outcomes": [0]}),
    ("control", {"kind": "resolve", "outcomes": [0]}),
    ("control", {"kind": "correct", "outcomes": [0]}),
)


@pytest.fixture
async def old(database_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    await write_rules_1(database_url, tmp_path)
    database = Database.open(database_url)
    await database.migrate()
    yield database
    await database.close()


async def _called_off(db: Database, market: int) -> None:
    async with db.writing() as uow:
        payload: Payload = {"kind": "void", "outcomes": []}
        await uow.actions.append(market, "control", payload, actor=None, request_id=f"void:{market}", now_ms=NOW)
        await uow.commit()
    assert (await run_tick(db, market, NOW)).tick is not None


async def _market(db: Database, number: int) -> Market:
    async with db.reading() as uow:
        return await uow.markets.get_one(number)


async def test_every_market_of_rules_1_can_be_read(old: Database) -> None:
    async with old.reading() as uow:
        known = await uow.markets.all()
        states = [await uow.markets.state(market) for market in known]
        begun = [await uow.markets.start_params(market.id) for market in known if market.start_ms is not None]
    assert [(market.status, market.rules, market.winners, market.outdated) for market in known] == [
        (Status.RUNNING, 1, (), True),
        (Status.RESOLVED, 1, (0,), False),
        (Status.VOIDED, 1, (), False),
        (Status.DISPUTED, 1, (), True),
        (Status.LOBBY, 1, (), False),
    ]
    assert [state.winners for state in states] == [(), (0,), (), (), ()]
    claim = states[3].claim
    assert claim is not None
    assert claim.winners == (0,)
    assert [terms.outcome_names[0] for terms in begun] == ["Germany"] * 4


async def test_terms_of_rules_1_mean_the_same_in_the_words_of_these(old: Database) -> None:
    """kappa was kept as it is written, and is kept times z; `lowest_price` is read as `ask`; nobody had asked for the
    allowance that was the default."""
    soon = await _market(old, SOON)
    built = build_params(
        {
            "outcome_names": ["Germany", "Brazil", "Costa Rica", "France"],
            "odds": ["0.4", "0.3", "0.2", "0.1"],
            "gas_fee": "0.01",
            "z": 10_000,
            "rounds": [
                {"freeze_at": HOUR, "decide_at": HOUR + 60_000, "count": 1, "losers": "ask"},
                {"freeze_at": 2 * HOUR, "decide_at": 3 * HOUR, "winner": "ask"},
            ],
            "mr_enabled": "on",
        }
    )
    assert soon.params == built
    assert soon.asks_now == (0,)
    assert (await _market(old, TOWN)).asks_now == (0, 1)


@pytest.mark.parametrize("number", [TOWN, CLAIM])
async def test_an_unfinished_one_does_not_tick(old: Database, number: int) -> None:
    late = NOW + 10_000 * HOUR
    before = await _market(old, number)
    async with old.reading() as uow:
        assert number not in [market.id for market in await uow.markets.queued(late)]
    assert (await run_tick(old, number, late)).tick is None
    after = await _market(old, number)
    assert (after.tick, after.head, after.next_step) == (before.tick, before.head, None)


async def test_an_unfinished_one_takes_nothing_but_a_void(old: Database) -> None:
    async with old.writing() as uow:
        person = (await uow.members.of(TOWN))[0].person
        asked: list[object] = [await uow.orders.append(TOWN, person, buy(), request_id="o", reserve=MICRO, now_ms=NOW)]
        for number, (kind, payload) in enumerate(ALL_BUT_VOID):
            asked.append(
                await uow.actions.append(TOWN, kind, payload, actor=person, request_id=f"a{number}", now_ms=NOW)
            )
    assert [answer.code for answer in asked if isinstance(answer, Declined)] == ["outdated"] * len(asked)


@pytest.mark.parametrize("number", [TOWN, CLAIM])
async def test_a_void_gives_everybody_what_they_were_given_and_the_house_its_stake(old: Database, number: int) -> None:
    await _called_off(old, number)
    async with old.reading() as uow:
        market = await uow.markets.get_one(number)
        members = await uow.members.of(number)
        audit = await uow.ledger.audit(number)
        balances = await uow.ledger.balances(number)
        waiting = [row for member in members for row in await uow.orders.of(number, member.person, open_only=True)]
        actions = await uow.actions.pending(number)
    assert (market.status, market.over, market.rules) == (Status.VOIDED, True, 1)
    assert [(member.balance, member.escrow, member.coming, member.net_pnl) for member in members] == [
        (member.stake, 0, 0, 0) for member in members
    ]
    assert {member.stake for member in members if member.funded} == {1_000 * MICRO}
    assert not any(amount for member in members for pair in member.tokens for amount in pair)
    assert (audit.problems, balances["house"], waiting, actions) == ((), market.params.z, [], [])


async def test_what_waited_for_a_tick_is_refused_by_the_void_without_gas(old: Database) -> None:
    async with old.reading() as uow:
        pending = [row.number for row in await uow.orders.pending(TOWN)]
        (join,) = await uow.actions.pending(TOWN)
    await _called_off(old, TOWN)
    async with old.reading() as uow:
        orders = [await uow.orders.get(TOWN, number) for number in pending]
        late = await uow.actions.get(TOWN, join.number)
        orders_told = select(outbox.c.payload).where(outbox.c.market == TOWN, outbox.c.kind == "order")
        told = [row["payload"]["order"] for row in await uow.rows(orders_told)]
    assert [(row.status, row.gas, row.reserve) for row in orders if row] == [(OrderStatus.REFUSED, 0, 0)]
    assert late is not None
    assert late.status is ActionStatus.REFUSED
    assert set(pending) <= set(told)


async def test_a_void_frees_the_chat(old: Database) -> None:
    await _called_off(old, TOWN)
    market = await _market(old, TOWN)
    async with old.reading() as uow:
        here = await uow.markets.of_chat(market.chat_id)
    assert here is not None
    assert here.over


async def test_its_admins_are_told_once(old: Database) -> None:
    """Of a market that stands still, and of one whose rounds were to be decided by the lowest price."""
    clock = ManualClock(NOW)
    for _ in range(2):
        jobs = Jobs(old, clock)
        await jobs.sweep()
        await jobs.stop()
    async with old.reading() as uow:
        kinds = select(outbox.c.kind, outbox.c.market).where(outbox.c.kind.in_(("outdated", "asks_now")))
        told = [(row["kind"], row["market"]) for row in await uow.rows(kinds)]
    assert sorted(told) == [
        ("asks_now", SOON),
        ("outdated", TOWN),
        ("outdated", CLAIM),
    ]


async def test_a_lobby_of_rules_1_starts_by_these(old: Database) -> None:
    async with old.writing() as uow:
        started = await uow.markets.start(SOON, NOW)
        await uow.commit()
    assert isinstance(started, Market)
    await run_tick(old, SOON, NOW + 1_000)
    market = await _market(old, SOON)
    assert (market.rules, market.outdated, market.asks_now, market.tick) == (2, False, (), 1)
    assert isinstance((await verify(old, SOON))[0], Verified)


async def test_a_check_skips_markets_of_rules_1_and_says_so(old: Database) -> None:
    await _called_off(old, CLAIM)
    results = await verify(old)
    assert [type(result) for result in results] == [Skipped, Skipped, Skipped, Skipped, Verified]
    assert [(result.market, result.rules) for result in results if isinstance(result, Skipped)] == [
        (TOWN, 1),
        (OLD, 1),
        (OFF, 1),
        (CLAIM, 1),
    ]


async def test_a_head_that_was_posted_is_found_in_a_chain_of_rules_1(old: Database) -> None:
    head = (await _market(old, OLD)).head
    assert all(isinstance(result, Skipped | Verified) for result in await verify(old, wanted=head))
    assert isinstance((await verify(old, wanted="0" * 64))[-1], Mismatch)


async def test_what_stood_in_a_database_of_rules_1_is_recorded_as_it_stood(old: Database) -> None:
    """Also of markets that are not replayed."""
    async with old.writing() as uow:
        await uow.markets.lock_all()
        await uow.run(update(config).where(config.c.market == OLD).values(title="Another cup"))
        await uow.commit()
    wrong = (await verify(old))[-1]
    assert isinstance(wrong, Mismatch)
    assert (wrong.market, wrong.table, wrong.field, wrong.found) == (OLD, "config", "title", "Another cup")
