"""A market as it is after a busy week, to measure in: its members, its history, and somebody who counts statements."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from sqlalchemy import Executable

from bot.market import membership
from engine.params import build_params
from engine.state import Side, Status
from engine.terms import MarketParams
from engine.units import MICRO, RATE
from scheduler.tick import TickReport, run_tick
from storage.database import Database
from storage.records import Market, Member, OrderDraft, OrderRow
from tests.bot.harness import START, ChatHarness
from tests.storage.postgres import Server, find_server

MARKET = 1
OUTCOMES = ("Germany", "Brazil", "Italy", "Spain", "France", "Japan", "Ghana", "Peru")


@asynccontextmanager
async def databases(folder: Path, only: str | None = None) -> AsyncIterator[dict[str, Database]]:
    """Empty ones by name: SQLite, and PostgreSQL where the machine has it."""
    found, server = dict[str, Database](), None
    try:
        if only in (None, "sqlite"):
            found["sqlite"] = Database.open(f"sqlite:///{folder / 'bench.db'}")
        programs = find_server() if only in (None, "postgres") else None
        if programs is not None:
            server = Server(programs)
            found["postgres"] = Database.open(await server.create())
        for db in found.values():
            await db.migrate()
        yield found
    finally:
        for db in found.values():
            await db.close()
        if server is not None:
            server.stop()


def params() -> MarketParams:
    built = build_params({"n_outcomes": len(OUTCOMES), "outcome_names": list(OUTCOMES), "duration": "30d"})
    assert isinstance(built, MarketParams), built
    return built


async def crowded(db: Database, members: int, orders: int, *, each: int = 200) -> ChatHarness:
    """A running market, announced in the room, in which so many members have placed so many orders."""
    harness = ChatHarness(db, Path())
    async with db.writing() as uow:
        place = await uow.chats.open("room", "room", "room", "Room", START)
        who = [await uow.people.identify("room", f"p{number}", f"Person {number}", START) for number in range(members)]
        market = await uow.markets.create(
            chat=place.id, title="Cup", params=params(), draft={}, creator=who[0].id, now_ms=START
        )
        assert isinstance(await uow.markets.update(market.id, status=Status.LOBBY), Market)
        for person in who:
            joined = await membership.join(uow, market.id, person.id, "", START)
            assert isinstance(joined, Member)
        assert isinstance(await uow.markets.start(market.id, START), Market)
        await uow.commit()
    await run_tick(db, MARKET, harness.now)
    rng = random.Random(1)
    for _ in range(orders // each):
        await placed(harness, rng, each, members)
        await ticked(harness)
    return harness


async def placed(harness: ChatHarness, rng: random.Random, number: int, members: int, *, tickets: bool = False) -> None:
    """So many orders wait for the next tick: buys mostly, a fifth with a limit that waits in the book."""
    for at in range(number):
        async with harness.db.writing() as uow:
            person = rng.randint(1, members)
            draft, request = _order(rng), f"{harness.now}:{at}"
            ticket = None
            if tickets:
                ticket = await uow.tickets.create(
                    MARKET, person, draft, reserve=MICRO, terms={}, request_id=request, now_ms=harness.now
                )
                await uow.tickets.bind(ticket.id, "room", "room", f"t{ticket.id}")
            await uow.commit()
        async with harness.db.writing() as uow:
            row = await uow.orders.append(
                MARKET,
                person,
                draft,
                request_id=request,
                reserve=MICRO,
                now_ms=harness.now,
                ticket=ticket.id if ticket else None,
            )
            assert isinstance(row, OrderRow), row
            await uow.commit()


def _order(rng: random.Random) -> OrderDraft:
    outcome, side = rng.randrange(len(OUTCOMES)), rng.choice(list(Side))
    limit = RATE // 100 * rng.randint(2, 5) if rng.random() < 0.2 else None
    return OrderDraft(outcome=outcome, side=side, buy=True, size=rng.randint(1, 20) * MICRO, limit=limit)


async def ticked(harness: ChatHarness) -> TickReport:
    """Two seconds on; what the tick has to tell stays in the outbox."""
    harness.now += 2_000
    return await run_tick(harness.db, MARKET, harness.now)


async def silent(harness: ChatHarness) -> None:
    """Nothing waits to be told."""
    async with harness.db.writing() as uow:
        await uow.deliveries.discard(["room"])
        await uow.commit()


class Counted:
    """The statements that were sent to a database."""

    def __init__(self) -> None:
        self.statements: list[Executable] = []


@contextmanager
def counting(db: Database) -> Iterator[Counted]:
    counted = Counted()
    db.seen = counted.statements.append
    try:
        yield counted
    finally:
        db.seen = None
