"""What a cluster's database says afterwards: what was promised is there once, and who ticked each market when.

A trigger, the test's own, notes for each tick over which connection it came and who held the lease of its market in
that transaction. A server that was told so keeps the moment of every commit as well; else a tick's is when it wrote.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from storage.database import Database
from storage.verify import Verified, verify
from tests.simulation.cluster_people import LAST_WORDS, Promise
from tests.simulation.cluster_processes import Cluster, Event, Life
from tests.storage.postgres import Server

LATE_MS = 5_000
_WATCH = (
    "CREATE SCHEMA watched",
    "CREATE TABLE watched.ticks (market bigint, tick bigint, at timestamptz, port int, holder text, epoch bigint)",
    """
    CREATE FUNCTION watched.tick() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE held_by text; held_epoch bigint;
    BEGIN
        IF to_regclass('public.leases') IS NOT NULL THEN
            EXECUTE 'SELECT holder, epoch FROM public.leases WHERE name = $1' INTO held_by, held_epoch
                USING 'market ' || NEW.market;
        END IF;
        INSERT INTO watched.ticks
            VALUES (NEW.market, NEW.tick_id, clock_timestamp(), inet_client_port(), held_by, held_epoch);
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER watched AFTER INSERT ON public.ticks FOR EACH ROW EXECUTE FUNCTION watched.tick()",
)
_DONE = """
    extract(epoch FROM CASE current_setting('track_commit_timestamp') WHEN 'on' THEN pg_xact_commit_timestamp(w.xmin)
        ELSE w.at END)
"""
_TICKED = f"""
    SELECT market, tick, extract(epoch FROM at) AS at, {_DONE} AS done, port, holder, epoch
    FROM watched.ticks w WHERE extract(epoch FROM at) > :since ORDER BY market, tick
"""
_LATE = f"""
    SELECT o.market, o.number, o.ts_ms, o.tick_id, {_DONE} * 1000 - o.ts_ms AS late_ms
    FROM public.orders o JOIN watched.ticks w ON w.market = o.market AND w.tick = o.tick_id
"""
_SHOWN = """
    SELECT m.id, m.person, m.body #>> '{reply,ticket}' AS ticket,
        (SELECT string_agg(part ->> 'x', '') FROM json_array_elements(m.body #> '{reply,head}') AS part) AS head
    FROM public.room_messages m WHERE m.body #>> '{reply,ticket}' IS NOT NULL
"""
_ORDERS = """
    SELECT o.market, o.number, o.ticket, o.status, o.type, t.request_id AS request
    FROM public.orders o LEFT JOIN public.tickets t ON t.id = o.ticket
"""
_UNSENT = "SELECT count(*) FROM public.outbox WHERE NOT dropped"


async def keep_commit_times(server: Server) -> None:
    """From the next start of the server on, which this is."""
    engine = _engine(await server.create())
    async with engine.connect() as connection:
        await connection.execute(text("ALTER SYSTEM SET track_commit_timestamp = on"))
    await engine.dispose()
    server.halt()
    server.resume()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """One tick: when it was written and committed (epoch seconds), by whom, under which lease."""

    market: int
    tick: int
    at: float
    done: float
    life: Life | None
    holder: str | None
    epoch: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """How long after it was accepted an order's tick was committed."""

    market: int
    order: int
    accepted_ms: int
    late_ms: float


class Rows:
    """Read over a connection of its own, not by way of any proxy."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def watch(self) -> None:
        """From now on each tick is noted. The tables must be there."""
        async with self._engine.connect() as connection:
            for statement in _WATCH:
                await connection.execute(text(statement))

    async def ticked(self, cluster: Cluster, since: float = 0.0) -> list[Ticked]:
        """All ticks, or those after a moment, by market."""
        return [
            Ticked(
                market=row["market"],
                tick=row["tick"],
                at=float(row["at"]),
                done=float(row["done"]),
                life=cluster.life_of(row["port"], float(row["at"])),
                holder=row["holder"],
                epoch=row["epoch"],
            )
            for row in await self._all(_TICKED, since=since)
        ]

    async def lateness(self) -> list[Lateness]:
        return [
            Lateness(market=row["market"], order=row["number"], accepted_ms=row["ts_ms"], late_ms=float(row["late_ms"]))
            for row in await self._all(_LATE)
        ]

    async def unsent(self) -> int:
        return int((await self._all(_UNSENT))[0]["count"])

    async def pending(self) -> int:
        return sum(row["status"] == "pending" for row in await self._all(_ORDERS))

    async def broken_promises(self, promises: Sequence[Promise]) -> list[str]:
        """Orders that were answered as taken and are not there exactly once; tickets with more than one order."""
        orders = await self._all(_ORDERS)
        tickets = Counter(row["ticket"] for row in orders if row["ticket"] is not None)
        requests = Counter(row["request"] for row in orders)
        wrong = [f"ticket {ticket} has {count} orders" for ticket, count in tickets.items() if count > 1]
        for promise in promises:
            count = requests[promise.request] if promise.ticket is None else tickets[promise.ticket]
            if count != 1:
                wrong.append(f"{promise} is {count} orders")
        return wrong

    async def refused_and_done(self, tickets: Sequence[int]) -> list[int]:
        """Tickets whose Confirm was refused in the end, and that are orders all the same."""
        orders = {row["ticket"] for row in await self._all(_ORDERS)}
        return [ticket for ticket in tickets if ticket in orders]

    async def wrongly_told(self) -> list[str]:
        """Market orders whose end does not stand in the room in exactly one message."""
        ends: dict[int, list[str]] = defaultdict(list)
        for row in await self._all(_SHOWN):
            if (row["head"] or "").startswith(LAST_WORDS):
                ends[int(row["ticket"])].append(f"message {row['id']}: {row['head'][:60]}")
        return [
            f"order {row['number']} of market {row['market']} (ticket {row['ticket']}): {ends[row['ticket']]}"
            for row in await self._all(_ORDERS)
            if row["type"] == "market" and row["ticket"] is not None and len(ends[row["ticket"]]) != 1
        ]

    async def deadlocks(self) -> int:
        found = await self._all("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(found[0]["deadlocks"])

    async def _all(self, statement: str, **values: object) -> Sequence[RowMapping]:
        async with self._engine.connect() as connection:
            return (await connection.execute(text(statement), values)).mappings().all()


def _engine(url: str) -> AsyncEngine:
    own = url.replace("postgresql://", "postgresql+asyncpg://")
    return create_async_engine(own, poolclass=NullPool, isolation_level="AUTOCOMMIT")


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[Rows]:
    engine = _engine(url)
    try:
        yield Rows(engine)
    finally:
        await engine.dispose()


async def unsound_markets(url: str) -> list[str]:
    """What does not hold of each market's history and ledger, and markets that are halted."""
    wrong = []
    db = Database.open(url)
    try:
        async with db.reading() as uow:
            for market in await uow.markets.all():
                audit = await uow.ledger.audit(market.id)
                wrong += [f"ledger of market {market.id}: {problem}" for problem in audit.problems]
                wrong += [f"market {market.id} is halted: {market.halted}"] if market.halted else []
        wrong += [str(result) for result in await verify(db) if not isinstance(result, Verified)]
    finally:
        await db.close()
    return wrong


def overlapping(ticks: Sequence[Ticked]) -> list[str]:
    """Ticks of one market under one epoch by two lives, or by another than whose lease it was, or of an earlier epoch
    after a later one. A tick under no lease is for the caller to judge: code before leases knows none."""
    wrong, ticked_by, named = [], dict[tuple[int, int], Life | None](), dict[str, Life | None]()
    latest: Counter[int] = Counter()
    for tick in ticks:
        if not tick.epoch or not tick.holder:
            continue
        if ticked_by.setdefault((tick.market, tick.epoch), tick.life) != tick.life:
            wrong.append(f"{tick}: the same epoch was ticked by {ticked_by[tick.market, tick.epoch]}")
        if named.setdefault(tick.holder, tick.life) != tick.life:
            wrong.append(f"{tick}: {tick.holder} is process {named[tick.holder]}")
        if tick.epoch < latest[tick.market]:
            wrong.append(f"{tick}: epoch {latest[tick.market]} had begun")
        latest[tick.market] = tick.epoch
    return wrong


def explained(late: Lateness, events: Sequence[Event]) -> str:
    """An order whose tick came late, with what was done to whom while it waited."""
    until = late.accepted_ms + late.late_ms
    start = late.accepted_ms
    meanwhile = [
        f"{event.what} {event.life} from {event.from_ms - start:+.0f} to {event.until_ms - start:+.0f} ms"
        for event in events
        if event.from_ms <= until and event.until_ms >= start - LATE_MS
    ]
    at = datetime.fromtimestamp(start / 1_000, tz=UTC).strftime("%H:%M:%S.%f")[:-3]
    what = "; ".join(meanwhile) or "nothing"
    return f"order {late.order} of market {late.market}, accepted {at}: {late.late_ms:.0f} ms; {what}"
