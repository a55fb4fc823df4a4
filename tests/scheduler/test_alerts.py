"""Alerts, as a table: each is told once, to its member alone, by the tick that passes its price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from engine.state import Side, price_micro
from engine.units import TENTH, whole_tenths
from scheduler.tick import run_tick
from storage.database import Database
from storage.records import ActionRow, OrderDraft, Payload
from storage.schema import outbox
from storage.verify import Verified, verify
from tests.storage.worlds import MINUTE, START, World, append, buy, params, sell, started

TERMS = params(l0=500, gas_fee=0)  # a shallow pool: a hundred tokens move a price by several cents
YES, NO = Side.YES, Side.NO
ANT, BEE, CAT = range(3)  # Ant goes out in the round, Bee wins
TRADER = 2

Asked = tuple[int, int, Side, int]  # person, outcome, side, price in tenths of a cent


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one notice says: [outcome, side, price, above, what it is at], and [outcome, side, price] that are gone;
    prices in tenths of a cent."""

    person: int
    passed: tuple[tuple[int, Side, int, bool, int], ...] = ()
    gone: tuple[tuple[int, Side, int], ...] = ()


# In tenths of a cent every YES begins at 333, NO at 667.
ORDERS: dict[str, tuple[OrderDraft, ...]] = {
    "buy": (buy(ANT, 100),),  # Ant 500, NO 625; Bee and Cat 331
    "sell": (sell(ANT, 50),),
    "buy no": (buy(ANT, 50, NO),),  # Ant NO 726
    "there and back": (buy(ANT, 50), sell(ANT, 50)),
    "nothing": (),
}
CONTROLS = {"freeze", "void", "cut"}
AT = {"round": START + 20 * MINUTE, "end": START + 40 * MINUTE}

SCENARIOS: list[tuple[str, list[Asked], list[str], list[Told]]] = [
    # shows, alerts, steps, what is told in all
    ("up", [(0, ANT, YES, 480)], ["buy"], [Told(person=0, passed=((ANT, YES, 480, True, 500),))]),
    ("to the tenth", [(0, ANT, YES, 500)], ["buy"], [Told(person=0, passed=((ANT, YES, 500, True, 500),))]),
    ("a tenth short", [(0, ANT, YES, 501)], ["buy"], []),
    ("down", [(0, BEE, YES, 331)], ["buy"], [Told(person=0, passed=((BEE, YES, 331, False, 331),))]),
    ("down, a tenth short", [(0, BEE, YES, 330)], ["buy"], []),
    ("a NO of its own", [(0, ANT, NO, 700)], ["buy no"], [Told(person=0, passed=((ANT, NO, 700, True, 726),))]),
    (
        "NO goes down when YES goes up",
        [(0, ANT, NO, 630)],
        ["buy"],
        [Told(person=0, passed=((ANT, NO, 630, False, 625),))],
    ),
    (
        "jumped over with two prices",
        [(0, ANT, YES, 400), (0, ANT, YES, 480)],
        ["buy"],
        [Told(person=0, passed=((ANT, YES, 400, True, 500), (ANT, YES, 480, True, 500)))],
    ),
    ("there and back in one tick", [(0, ANT, YES, 400)], ["there and back"], []),
    (
        "once",
        [(0, ANT, YES, 480)],
        ["buy", "nothing", "sell", "buy", "buy"],
        [Told(person=0, passed=((ANT, YES, 480, True, 500),))],
    ),
    (
        "two people, each theirs",
        [(1, ANT, YES, 480), (0, ANT, YES, 480), (0, BEE, YES, 331)],
        ["buy"],
        [
            Told(person=0, passed=((ANT, YES, 480, True, 500), (BEE, YES, 331, False, 331))),
            Told(person=1, passed=((ANT, YES, 480, True, 500),)),
        ],
    ),
    (
        "one passes, one waits",
        [(0, ANT, YES, 480), (0, ANT, YES, 600)],
        ["buy"],
        [Told(person=0, passed=((ANT, YES, 480, True, 500),))],
    ),
    (
        "out, and what that moves",
        [(0, ANT, YES, 480), (0, ANT, NO, 990), (0, BEE, YES, 450), (1, CAT, YES, 900)],
        ["round"],
        [Told(person=0, passed=((BEE, YES, 450, True, 500),), gone=((ANT, YES, 480), (ANT, NO, 990)))],
    ),
    (
        "the end",
        [(0, BEE, YES, 900), (1, CAT, NO, 990), (1, ANT, YES, 480)],
        ["round", "end"],
        [
            Told(person=1, gone=((ANT, YES, 480),)),
            Told(person=0, gone=((BEE, YES, 900),)),
            Told(person=1, gone=((CAT, NO, 990),)),
        ],
    ),
    ("called off", [(0, ANT, YES, 480)], ["void"], [Told(person=0, gone=((ANT, YES, 480),))]),
    ("frozen", [(0, ANT, YES, 480)], ["freeze", "buy"], []),
    (
        "cut: what was told stays told",
        [(0, ANT, YES, 480), (0, ANT, YES, 600)],
        ["buy", "freeze", "cut"],
        [Told(person=0, passed=((ANT, YES, 480, True, 500),))],
    ),
    (
        "cut: it may pass a price that was set after",
        [(0, ANT, YES, 600)],
        ["buy", "set 400", "freeze", "cut"],
        [Told(person=0, passed=((ANT, YES, 400, False, 333),))],
    ),
]


async def shown(db: Database, world: World, outcome: int, side: Side) -> int:
    """Tenths of a cent."""
    async with db.reading() as uow:
        market = await uow.markets.get_one(world.market)
        price = price_micro(await uow.markets.state(market), market.params, outcome, side)
    return whole_tenths(price) // TENTH


async def ask(db: Database, world: World, asked: Asked) -> None:
    person, outcome, side, tenths = asked
    above = tenths > await shown(db, world, outcome, side)
    async with db.writing() as uow:
        await uow.alerts.add(
            world.market, world.people[person], outcome, side, tenths * TENTH, above=above, now_ms=START
        )
        await uow.commit()


async def step(db: Database, world: World, name: str, at_ms: int) -> None:
    if name.startswith("set "):
        await ask(db, world, (0, ANT, YES, int(name[4:])))
    if name in CONTROLS:
        body: Payload = {"kind": name, "outcomes": [], **({"moment": 0} if name == "cut" else {})}
        async with db.writing() as uow:
            row = await uow.actions.append(world.market, "control", body, actor=None, request_id=name, now_ms=at_ms)
            assert isinstance(row, ActionRow)
            await uow.commit()
    for number, draft in enumerate(ORDERS.get(name, ())):
        await append(db, world, world.people[TRADER], draft, f"{at_ms}:{number}", at_ms=at_ms)
    await run_tick(db, world.market, AT.get(name, at_ms))


async def told(db: Database, world: World) -> list[Told]:
    """What waits to leave, in order."""
    async with db.reading() as uow:
        query = select(outbox).where(outbox.c.market == world.market, outbox.c.kind == "alert").order_by(outbox.c.id)
        rows = await uow.rows(query)
    return [
        Told(
            person=world.people.index(row["person"]),
            passed=tuple(
                (outcome, Side(side), price // TENTH, above, now // TENTH)
                for outcome, side, price, above, now in row["payload"]["passed"]
            ),
            gone=tuple((outcome, Side(side), price // TENTH) for outcome, side, price in row["payload"]["gone"]),
        )
        for row in rows
    ]


@pytest.mark.parametrize(("shows", "asked", "steps", "said"), SCENARIOS, ids=[row[0] for row in SCENARIOS])
async def test_an_alert_is_told_once_by_the_tick_that_passes_it(
    db: Database, shows: str, asked: list[Asked], steps: Sequence[str], said: list[Told]
) -> None:
    world = await started(db, terms=TERMS)
    await run_tick(db, world.market, START)
    for alert in asked:
        await ask(db, world, alert)
    for number, name in enumerate(steps, start=1):
        await step(db, world, name, START + number * 1_000)
    assert await told(db, world) == said
    over = {(told.person, *row[:3]) for told in said for row in (*told.passed, *told.gone)}
    async with db.reading() as uow:
        left = {
            (person, alert.outcome, alert.side, alert.price // TENTH)
            for person, number in enumerate(world.people)
            for alert in await uow.alerts.of(world.market, number)
        }
    assert left == set(asked) - over
    assert all(isinstance(result, Verified) for result in await verify(db))


class DiedError(Exception):
    """The process is gone."""


@pytest.mark.parametrize("dies", ["before commit", "committed"])
async def test_a_process_that_dies_in_the_tick_leaves_it_told_once(db: Database, dies: str) -> None:
    def crash(point: str) -> None:
        if point == dies:
            raise DiedError

    world = await started(db, terms=TERMS)
    await run_tick(db, world.market, START)
    await ask(db, world, (0, ANT, YES, 480))
    db.crash = crash
    with pytest.raises(DiedError):
        await step(db, world, "buy", START + 1_000)
    db.crash = lambda _: None
    assert len(await told(db, world)) == (dies == "committed")
    for at_ms in (2_000, 3_000):
        await run_tick(db, world.market, START + at_ms)
        assert len(await told(db, world)) == 1
