"""The market tick as a transaction: what it applies, once; what it saves; what it leaves alone."""

from __future__ import annotations

import random

import pytest

from engine.risk import InvariantBroken
from engine.state import MarketState, Side, Status, state_to_json
from engine.terms import MarketParams
from engine.units import MICRO
from scheduler.tick import run_tick
from storage import replay as applying
from storage.database import Database
from storage.mapping import load_state
from storage.records import ActionRow, ActionStatus, NoticeAudience, OrderRow, OrderStatus, Payload
from tests.scheduler.replay import replay
from tests.storage.worlds import MINUTE, START, World, append, buy, params, sell, started


async def control(db: Database, world: World, kind: str, at_ms: int, *outcomes: int) -> None:
    body: Payload = {"kind": kind, "outcomes": list(outcomes)}
    await act(db, world, "control", body, at_ms)


async def act(db: Database, world: World, kind: str, body: Payload, at_ms: int) -> None:
    async with db.writing() as uow:
        request = f"{kind}:{at_ms}:{body}"
        row = await uow.actions.append(
            world.market, kind, body, actor=world.people[0], request_id=request, now_ms=at_ms
        )
        assert isinstance(row, ActionRow)
        await uow.commit()


async def audited(db: Database, world: World) -> MarketState:
    """The state as loaded from the rows; fails where the books, the cache or the chain disagree with it."""
    async with db.reading() as uow:
        market = await uow.markets.get_one(world.market)
        found = await uow.ledger.audit(world.market)
        assert found.ok, found.problems
        loaded = await load_state(uow, market)
        assert state_to_json(await uow.markets.state(market)) == state_to_json(loaded)
    assert state_to_json(await replay(db, world.market)) == state_to_json(loaded)
    return loaded


async def test_a_market_lives_from_lobby_to_resolution_with_balanced_books(db: Database) -> None:
    world = await started(db)
    ann, bob, _ = world.people
    first = await run_tick(db, world.market, START)
    assert (first.tick, len(first.events)) == (1, 3)
    for number, (person, draft) in enumerate([(ann, buy(1, 100)), (bob, buy(2, 50)), (ann, sell(1, 40))]):
        row = await append(db, world, person, draft, f"r{number}", at_ms=START + 1_000 + number)
        assert isinstance(row, OrderRow)
    second = await run_tick(db, world.market, START + 2_000)
    assert len(second.fills) == 3
    for at in (10, 20, 30, 40):
        report = await run_tick(db, world.market, START + at * MINUTE)
        assert report.tick is not None
    await audited(db, world)
    async with db.reading() as uow:
        market = await uow.markets.get_one(world.market)
        assert (market.status, market.winners, market.tick, market.trades) == (Status.RESOLVED, (1,), 6, 3)
        assert (market.next_step, market.ended_ms) == (None, START + 40 * MINUTE)
        ann_now = await uow.members.get(world.market, ann)
        assert ann_now is not None
        assert ann_now.tokens == ((0, 0), (0, 0), (0, 0))
        assert ann_now.balance == 1_000 * MICRO + ann_now.net_pnl
        assert ann_now.stake == 1_000 * MICRO
        assert (ann_now.trade_count, ann_now.reserved) == (2, 0)
        assert ann_now.volume == sum(row.amount for row in await uow.trades.of_person(world.market, ann))
        assert ann_now.gas == 2 * 10_000
    assert (await run_tick(db, world.market, START + 50 * MINUTE)).tick is None


async def test_an_idle_tick_writes_nothing_unless_asked(db: Database) -> None:
    world = await started(db)
    await run_tick(db, world.market, START)
    assert (await run_tick(db, world.market, START + 2_000, idle=False)).tick is None
    assert (await run_tick(db, world.market, START + 2_000)).tick == 2
    async with db.reading() as uow:
        assert [row.tick for row in await uow.ticks.series(world.market)] == [0, 1, 2]


async def test_overdue_steps_are_applied_once_each_and_told_as_late(db: Database) -> None:
    world = await started(db)
    await run_tick(db, world.market, START)
    await append(db, world, world.people[0], buy(1, 10), "r", at_ms=START + 1_000)
    report = await run_tick(db, world.market, START + 25 * MINUTE)
    kinds = [type(event).__name__ for event in report.events]
    assert (sorted(kinds[:2]), kinds[2:]) == (["Gas", "OrderDone"], ["Frozen", "Eliminated", "Resumed"])
    again = await run_tick(db, world.market, START + 26 * MINUTE)
    assert again.events == ()
    async with db.writing() as uow:
        told = {}
        while rows := await uow.deliveries.claim(["room"], START + 30 * MINUTE, 1_000, 100):
            for row in rows:
                told[row.kind] = row.payload
                await uow.deliveries.done(row, None, START)
    assert told["frozen"]["late_ms"] == 15 * MINUTE
    assert told["eliminated"]["late_ms"] == 5 * MINUTE
    await audited(db, world)


async def test_the_tick_never_runs_an_order_before_it_was_accepted(db: Database) -> None:
    """An order accepted after a freeze meets the freeze, although the tick was asked for an earlier moment."""
    world = await started(db)
    await run_tick(db, world.market, START)
    row = await append(db, world, world.people[0], buy(1, 10), "r", at_ms=START + 10 * MINUTE + 5)
    assert isinstance(row, OrderRow)
    await run_tick(db, world.market, START + 10 * MINUTE - 5)
    async with db.reading() as uow:
        done = await uow.orders.get(world.market, row.number)
    assert done is not None
    assert (done.status, done.reason, done.gas) == (OrderStatus.REFUSED, "frozen", 0)
    await audited(db, world)


async def test_a_void_gives_everybody_their_net_stake_back(db: Database) -> None:
    world = await started(db)
    await run_tick(db, world.market, START)
    await append(db, world, world.people[0], buy(1, 10), "r", at_ms=START + 1_000)
    await run_tick(db, world.market, START + 2_000)
    await control(db, world, "void", START + 3_000)
    await run_tick(db, world.market, START + 4_000)
    await audited(db, world)
    async with db.reading() as uow:
        assert (await uow.markets.get_one(world.market)).status is Status.VOIDED
        assert {row.balance for row in await uow.members.of(world.market)} == {1_000 * MICRO}


async def test_live_parameters_hold_from_the_next_tick_on_and_replay(db: Database) -> None:
    world = await started(db)
    await run_tick(db, world.market, START)
    await act(db, world, "retune", {"values": {"fee": "0.02", "gas_fee": "0.05"}}, START + 1_000)
    await act(db, world, "retune", {"values": {"z": "5"}}, START + 1_001)
    report = await run_tick(db, world.market, START + 2_000)
    assert [type(event).__name__ for event in report.events] == ["Retuned", "ControlRefused"]
    await append(db, world, world.people[0], buy(1, 10), "r", at_ms=START + 3_000)
    await run_tick(db, world.market, START + 4_000)
    async with db.reading() as uow:
        assert (await uow.markets.get_one(world.market)).params.gas_fee == 50_000
        statuses = [row.status for row in await uow.actions.of_tick(world.market, 2)]
    assert statuses == [ActionStatus.DONE, ActionStatus.REFUSED]
    await audited(db, world)


async def test_a_grant_comes_with_the_next_tick(db: Database) -> None:
    world = await started(db)
    await run_tick(db, world.market, START)
    ann = world.people[0]
    await act(db, world, "join", {"user": ann, "cash": 25 * MICRO}, START + 1_000)
    async with db.reading() as uow:
        waiting = await uow.members.get(world.market, ann)
    await run_tick(db, world.market, START + 2_000)
    async with db.reading() as uow:
        now = await uow.members.get(world.market, ann)
    assert waiting is not None
    assert now is not None
    assert (waiting.balance, waiting.coming) == (1_000 * MICRO, 25 * MICRO)
    assert (now.balance, now.coming, now.stake) == (1_025 * MICRO, 0, 1_025 * MICRO)
    await audited(db, world)


async def test_a_restart_in_the_middle_changes_nothing(database_url: str) -> None:
    """One process runs through, another is started anew before every tick: the heads are the same."""
    heads = []
    for restart in (False, True):
        db = Database.open(database_url)
        await db.migrate()
        world = await started(db, chat=f"chat-{restart}")
        rng = random.Random(5)
        for step in range(12):
            if restart:
                await db.close()
                db = Database.open(database_url)
            now = START + step * MINUTE
            for i in range(3):
                draft = buy(rng.randrange(3), rng.randrange(1, 40), rng.choice([Side.YES, Side.NO]))
                await append(db, world, rng.choice(world.people[:2]), draft, f"{restart}-{step}-{i}", at_ms=now)
            await run_tick(db, world.market, now)
        await audited(db, world)
        async with db.reading() as uow:
            heads.append([row.yes for row in await uow.ticks.series(world.market)])
        await db.close()
    assert heads[0] == heads[1]


async def test_a_broken_invariant_freezes_that_market_alone_and_changes_nothing(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    sick, well = await started(db, chat="sick"), await started(db, chat="well")
    for world in (sick, well):
        await run_tick(db, world.market, START)
        await append(db, world, world.people[0], buy(1, 10), f"r{world.market}", at_ms=START + 1_000)
    before = await audited(db, sick)

    def broken(state: MarketState, terms: MarketParams) -> None:
        raise InvariantBroken("supply", "1 > 0")

    with monkeypatch.context() as patched:
        patched.setattr(applying, "check", broken)
        report = await run_tick(db, sick.market, START + 2_000)
    assert (report.tick, report.halted) == (None, "supply: 1 > 0")
    assert (await run_tick(db, well.market, START + 2_000)).tick == 2
    assert (await run_tick(db, sick.market, START + 4_000)).tick is None
    assert await audited(db, sick) == before
    async with db.writing() as uow:
        market = await uow.markets.get_one(sick.market)
        assert (market.status, market.halted, market.tick) == (Status.FROZEN, "supply: 1 > 0", 1)
        assert (await uow.audit.of(sick.market))[0].action == "halt"
        rows = await uow.deliveries.claim(["room"], START + 9_000, 1_000, 100)
        halts = [row for row in rows if row.kind == "halted"]
        assert [(row.audience, row.person) for row in halts] == [(NoticeAudience.ADMINS, sick.people[0])]


@pytest.mark.parametrize(("kind", "status"), [("resume", Status.RUNNING), ("void", Status.VOIDED)])
async def test_an_admin_can_resume_or_void_a_halted_market(
    db: Database, monkeypatch: pytest.MonkeyPatch, kind: str, status: Status
) -> None:
    world = await started(db)
    await run_tick(db, world.market, START)
    await append(db, world, world.people[0], buy(1, 10), "r1", at_ms=START + 1_000)
    await run_tick(db, world.market, START + 2_000)
    row = await append(db, world, world.people[0], buy(1, 10), "r2", at_ms=START + 3_000)
    assert isinstance(row, OrderRow)

    def broken(state: MarketState, terms: MarketParams) -> None:
        raise InvariantBroken("supply", "1 > 0")

    with monkeypatch.context() as patched:
        patched.setattr(applying, "check", broken)
        await run_tick(db, world.market, START + 4_000)
        await control(db, world, kind, START + 5_000)
        still = await run_tick(db, world.market, START + 6_000)
        assert still.halted is not None  # it broke again: the wish is refused, the market stands still
        assert (await run_tick(db, world.market, START + 7_000)).tick is None
    await control(db, world, kind, START + 8_000)
    report = await run_tick(db, world.market, START + 9_000)
    assert report.halted is None
    async with db.reading() as uow:
        market = await uow.markets.get_one(world.market)
        assert (market.status, market.halted) == (status, None)
        dropped = await uow.orders.get(world.market, row.number)
    assert dropped is not None
    assert (dropped.status, dropped.reason, dropped.gas, dropped.tick) == (OrderStatus.REFUSED, "halted", 0, None)
    await audited(db, world)


@pytest.mark.parametrize("seed", range(3))
async def test_the_books_balance_after_a_random_life(db: Database, seed: int) -> None:
    rng = random.Random(seed)
    terms = params(outcome_names=["A", "B", "C", "D"], z=500, fee="0.03", rounds=_rounds(rng))
    world = await started(db, people=6, terms=terms)
    for step in range(45):
        now = START + step * MINUTE
        for i in range(rng.randrange(6)):
            make = rng.choice([buy, buy, sell])
            draft = make(rng.randrange(4), rng.randrange(1, 400), rng.choice([Side.YES, Side.NO]))
            await append(db, world, rng.choice(world.people), draft, f"{step}-{i}", at_ms=now)
        if rng.random() < 0.1:
            await act(db, world, "join", {"user": rng.choice(world.people), "cash": rng.randrange(10**8)}, now)
        if rng.random() < 0.05:
            await control(db, world, rng.choice(["pause", "resume", "freeze"]), now)
        if rng.random() < 0.9:
            await run_tick(db, world.market, now)
    state = await audited(db, world)
    assert state.out  # rounds took place
    await control(db, world, "void" if seed == 0 else "resolve", START + 46 * MINUTE, state.active[0])
    await run_tick(db, world.market, START + 47 * MINUTE)
    state = await audited(db, world)
    assert state.status in (Status.VOIDED, Status.RESOLVED)


def _rounds(rng: random.Random) -> list[dict[str, object]]:
    return [
        {"freeze_at": 10 * MINUTE, "decide_at": 12 * MINUTE, "count": 1, "losers": [1]},
        {"freeze_at": 20 * MINUTE, "decide_at": 22 * MINUTE, "count": 1, "losers": [rng.randrange(2, 5)]},
        {"freeze_at": 60 * MINUTE, "decide_at": 61 * MINUTE, "winner": "ask"},
    ]
