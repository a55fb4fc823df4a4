"""Thirty people at once on PostgreSQL, five milliseconds away each way, and everything else that writes beside them.

They join, order with and without Confirm, change tickets, take orders back and link accounts, in three markets that
tick, while two announcers tell of it and reminders are looked for. Nothing may deadlock: the server counts that itself.

By hand, for minutes: `python -m tests.simulation.contention 180`.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.chat import plain_text
from bot.notifications.announcer import Announcer
from scheduler.reminders import run_reminders
from scheduler.tick import run_tick
from storage.database import Database
from tests.bot.harness import ADMIN, ChatHarness, RecordingPlatform, button
from tests.storage.postgres import Server, find_server
from tests.storage.proxy import proxied

DELAY_S = 0.005
CHATS = ("room", "north", "south")
LINES = (
    *("/buy germany yes $3", "/buy brazil no $2", "/sell germany yes 1", "/buy 3 yes $1 limit 10c"),
    *("/cancel all", "/settings confirm off", "/settings confirm on", "/settings slippage 3%", "/join", "/orders"),
)


@dataclass
class Outcome:
    """`answers` counts lines answered well or with a refusal of the house; `wrong` are those that went wrong."""

    answers: int = 0
    ticks: int = 0
    told: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    deadlocks: int = 0


class Contention:
    def __init__(self, databases: Sequence[Database], seed: int) -> None:
        self.outcome = Outcome()
        self._databases = databases
        self._harness = ChatHarness(databases[0], Path())
        self._harness.line_ms = 400
        self._random = random.Random(seed)
        self._people = [f"p{number}" for number in range(30)]

    async def set_up(self) -> None:
        for chat in CHATS:
            for line in ('/admin create Cup Germany, Brazil, "Costa Rica" odds "50 30 20"', "/admin open"):
                await self._say(ADMIN, line, chat)
            preview = await self._harness.say(ADMIN, "/admin start", chat=chat)
            await self._say(ADMIN, button(preview, "Confirm"), chat)
        await asyncio.gather(*(self._say(person, "/join", "room") for person in self._people))

    async def run(self, seconds: float) -> Outcome:
        """Everybody at once, for so long."""
        ends = asyncio.get_running_loop().time() + seconds
        work: list[Callable[[], Awaitable[None]]] = [self._client(person) for person in self._people]
        work += [self._ticks(market) for market in range(1, len(CHATS) + 1)]
        work += [self._announcer(db) for db in self._databases]

        async def until_the_end(step: Callable[[], Awaitable[None]]) -> None:
            while asyncio.get_running_loop().time() < ends:
                await step()

        await asyncio.gather(*(until_the_end(step) for step in work))
        return self.outcome

    def _client(self, person: str) -> Callable[[], Awaitable[None]]:
        async def step() -> None:
            chat = self._random.choice(CHATS)
            if self._random.random() < 0.03:
                await self._link(person)
            else:
                await self._say(person, self._random.choice(LINES), chat)

        return step

    async def _say(self, person: str, line: str, chat: str, platform: str = "room") -> str:
        reply = await self._harness.say(person, line, chat=chat, platform=platform)
        said = plain_text.text(reply)
        if "went wrong on our side" in said or "The database went away" in said:
            self.outcome.wrong[line.split(" ", 1)[0]] += 1
        self.outcome.answers += 1
        if (
            reply.ticket is not None
            and reply.ok
            and any(action.label.startswith("Confirm") for action in reply.actions)
        ):
            press = button(reply, self._random.choice(("Confirm", "Confirm", "Cancel")))
            await self._harness.say(person, press, chat=chat)
        return said

    async def _link(self, person: str) -> None:
        """With an account on another platform that joined somewhere."""
        other = f"{person}-{self._random.randrange(1_000_000)}"
        await self._say(other, "/join", self._random.choice(CHATS), "telegram")
        said = await self._say(person, "/link", "room")
        code = next((word for word in said.replace("`", " ").split() if len(word) == 9 and word[4] == "-"), "")
        await self._say(other, f"/link {code}", "room", "telegram")

    def _ticks(self, market: int) -> Callable[[], Awaitable[None]]:
        async def step() -> None:
            await run_tick(self._databases[market % len(self._databases)], market, self._harness.now)
            self.outcome.ticks += 1
            await run_reminders(self._databases[0], market, self._harness.now)

        return step

    def _announcer(self, db: Database) -> Callable[[], Awaitable[None]]:
        platforms = {name: RecordingPlatform(name) for name in ("room", "telegram")}
        announcer = Announcer(db, self._harness.clock, platforms)

        async def step() -> None:
            self.outcome.told += await announcer.step()
            await asyncio.sleep(0.02)

        return step


async def contend(server: Server, seconds: float, seed: int = 1) -> Outcome:
    """Two processes' worth of connections to one database, each over a wire that takes its time."""
    url = await server.create_migrated()
    async with proxied(server.port, DELAY_S) as proxy:
        databases = [Database.open(proxy.url(url)) for _ in range(2)]
        try:
            contention = Contention(databases, seed)
            await contention.set_up()
            outcome = await contention.run(seconds)
        finally:
            for db in databases:
                await db.close()
    outcome.deadlocks = await _deadlocks(url)
    return outcome


async def _deadlocks(url: str) -> int:
    """As the server counts them for this database."""
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.connect() as connection:
        counted = await connection.execute(
            text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        )
        number = int(counted.scalar_one())
    await engine.dispose()
    return number


def main() -> None:
    programs = find_server()
    assert programs is not None, "PostgreSQL was not found"
    server = Server(programs)
    try:
        outcome = asyncio.run(contend(server, float(sys.argv[1]) if len(sys.argv) > 1 else 60.0))
        log = server.log()
    finally:
        server.stop()
    print(outcome)
    print("\n".join(line for line in log.splitlines() if "deadlock" in line or "ERROR" in line))


if __name__ == "__main__":
    main()
