"""The process that is killed: people trade, markets tick and messages leave, over and over, until it dies.

It is told by the environment where to die (`OUTCRY_CRASH_AT=point:count`: at the count-th time it passes the named
point, by its own SIGKILL); without, it is killed from outside. What it promised, it has written down before: `tried` (a
request is about to be sent), `accepted` (the order stands), `sent` (a message left).
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from pathlib import Path

from bot.market import membership
from engine.params import build_params
from engine.state import Side, Status
from engine.terms import MarketParams
from engine.units import MICRO, RATE
from scheduler.tick import run_tick
from storage.database import Database
from storage.records import Market, OrderDraft, OrderRow, OutboxRow, Payload

STEP_MS = 1_000
EPOCH = 1_800_000_000_000
PEOPLE = 6
REDELIVERED = 8


class Journal:
    """Lines that survive a SIGKILL: handed to the system before anything else happens."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def note(self, line: str) -> None:
        self._file.write(line + "\n")
        self._file.flush()


class Crash:
    """Dies by SIGKILL at the count-th passing of a point."""

    def __init__(self, crash_at: str) -> None:
        self._point, _, count = crash_at.rpartition(":")
        self._left = int(count or 0)

    def __call__(self, point: str) -> None:
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def terms() -> MarketParams:
    """Five outcomes, a round every 15 ticks: each life of the process sees several kinds of step."""
    rounds: list[dict[str, object]] = [
        {"freeze_at": 15 * i * STEP_MS, "decide_at": (15 * i + 3) * STEP_MS, "losers": [6 - i]} for i in range(1, 4)
    ]
    rounds.append({"freeze_at": 60 * STEP_MS, "decide_at": 63 * STEP_MS, "winner": "ask"})
    names = ["Ant", "Bee", "Cat", "Dog", "Elk"]
    built = build_params({"outcome_names": names, "z": 2_000, "gas_fee": "0.01", "rounds": rounds})
    assert isinstance(built, MarketParams), built
    return built


async def open_market(db: Database) -> Market:
    """The running market, or a new one with everybody in it; each step repeats harmlessly."""
    async with db.writing() as uow:
        chat = await uow.chats.open("room", "crash", "room", "Crash", EPOCH)
        found = await uow.markets.of_chat(chat.id)
        if found is not None and not found.over:
            return found
        people = [await uow.people.identify("room", f"p{i}", f"P{i}", EPOCH) for i in range(PEOPLE)]
        made = await uow.markets.create(
            chat=chat.id, title="Crash", params=terms(), draft={}, creator=people[0].id, now_ms=EPOCH
        )
        await uow.markets.update(made.id, status=Status.LOBBY)
        for person in people:
            await membership.join(uow, made.id, person.id, "", EPOCH)
        started = await uow.markets.start(made.id, EPOCH + made.id * 10_000_000)
        assert isinstance(started, Market)
        await uow.commit()
    return started


class Life:
    """One process, from its start to its violent end."""

    def __init__(self, db: Database, folder: Path, rng: random.Random) -> None:
        self._db = db
        self._rng = rng
        self._tried = Journal(folder / "tried")
        self._accepted = Journal(folder / "accepted")
        self._sent = Journal(folder / "sent")
        path = folder / "tried"
        self._again = path.read_text(encoding="utf-8").split("\n")[:-1][-REDELIVERED:]
        self._life = rng.randrange(10**9)
        self._count = 0

    async def play(self) -> None:
        for line in self._again:  # a platform that saw no answer sends its request once more
            await self._order(line)
        while True:
            market = await open_market(self._db)
            now = (market.tick_ms or 0) + STEP_MS
            if market.status is Status.FROZEN and market.next_step is None:
                await self._name_winner(market, now)
            work = [self._order(self._think(market)) for _ in range(self._rng.randrange(4))]
            await asyncio.gather(*work, run_tick(self._db, market.id, now))
            await self._deliver(now)

    def _think(self, market: Market) -> str:
        """A new request as a line: id, market, person, outcome, side, buy, size, limit in cents or 0."""
        self._count += 1
        size = self._rng.randrange(1, 60) * MICRO
        what = f"{self._rng.randrange(5)} {self._rng.choice(['yes', 'no'])} {self._rng.choice([0, 1, 1])} {size}"
        what += f" {self._rng.choice([0, 0, self._rng.randrange(2, 98)])}"
        return f"{self._life}-{self._count} {market.id} {self._rng.randrange(1, PEOPLE + 1)} {what}"

    async def _order(self, line: str) -> None:
        request, market, person, outcome, side, buy, size, cents = line.split()
        limit = int(cents) * RATE // 100 or None
        draft = OrderDraft(outcome=int(outcome), side=Side(side), buy=buy == "1", size=int(size), limit=limit)
        self._tried.note(line)
        async with self._db.writing() as uow:
            found = await uow.markets.get_one(int(market))
            now = found.tick_ms or 0
            row = await uow.orders.append(
                found.id,
                int(person),
                draft,
                request_id=request,
                reserve=70 * MICRO if draft.buy else 10_000,
                now_ms=now,
            )
            self._db.crash("before the order is committed")
            await uow.commit()
        self._db.crash("after the order is committed")
        if isinstance(row, OrderRow):
            self._accepted.note(request)

    async def _name_winner(self, market: Market, now_ms: int) -> None:
        """The final asks: the first outcome still in wins. Asked again after a crash, it is the same action."""
        async with self._db.writing() as uow:
            winner = (await uow.markets.state(market)).active[0]
            body: Payload = {"kind": "resolve", "outcomes": [winner]}
            await uow.actions.append(
                market.id, "control", body, actor=1, request_id=f"resolve:{market.id}", now_ms=now_ms
            )
            await uow.commit()

    async def _deliver(self, now_ms: int) -> None:
        async with self._db.writing() as uow:
            rows = await uow.deliveries.claim(["room"], now_ms, STEP_MS, 50)
            await uow.commit()
        for row in rows:
            await self._send(row, now_ms)

    async def _send(self, row: OutboxRow, now_ms: int) -> None:
        self._db.crash("before send")
        self._sent.note(f"{row.id} {row.market} {row.kind} {row.payload.get('order', '')}")
        self._db.crash("after send")
        async with self._db.writing() as uow:
            await uow.deliveries.done(row, "m", now_ms)
            await uow.commit()


async def main(url: str, folder: Path, seed: int) -> None:
    db = Database.open(url)
    await db.migrate()
    db.crash = Crash(os.environ.get("OUTCRY_CRASH_AT", ""))
    print("alive", flush=True)
    await Life(db, folder, random.Random(seed)).play()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
