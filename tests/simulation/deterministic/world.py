"""A world of one seed: a database file, chats and their people, one process or two, and everything that goes wrong."""

from __future__ import annotations

import asyncio
import logging
import random
import re
import secrets
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from random import Random
from unittest import mock

import apscheduler.schedulers.base

from bot.chat.reply import Reply
from bot.market import draft
from bot.notifications import delivery
from bot.notifications.delivery import OutgoingMessage
from scheduler import tick
from storage.records import OutboxRow
from tests.simulation.deterministic.chat_server import ChatServer
from tests.simulation.deterministic.crowd import ChatPlace, Organiser, Person
from tests.simulation.deterministic.faults import Faults
from tests.simulation.deterministic.loop import OWNER, SeededLoop
from tests.simulation.deterministic.process import EPOCH_MS, Process, SimulatedClock
from tests.storage.databases import migrated_file

LASTS_S = (8.0, 15.0, 25.0)
SETTLES_S = 1_200.0  # how long after the last fault something may still be on its way
PLATFORMS = ("discord", "room", "telegram")
NOTICES = """
CREATE TABLE told (id, created_ms, kind, market, person, payload, key, slot);
CREATE TABLE aside (id, created_ms, kind, ticket);
CREATE TRIGGER told_new AFTER INSERT ON outbox BEGIN INSERT INTO told VALUES
(new.id, new.created_ms, new.kind, new.market, new.person, new.payload, new.key, new.slot);
END;
CREATE TRIGGER told_newer AFTER UPDATE OF payload ON outbox BEGIN INSERT INTO told VALUES
(new.id, new.created_ms, new.kind, new.market, new.person, new.payload, new.key, new.slot);
END;
CREATE TABLE ticked (market, tick, process, holder, epoch);
CREATE TRIGGER ticked_by AFTER INSERT ON ticks WHEN new.tick_id > 0 BEGIN INSERT INTO ticked
SELECT new.market, new.tick_id, process_name(), holder, epoch FROM leases WHERE name = 'market ' || new.market;
END;
CREATE TRIGGER laid_aside AFTER UPDATE OF dropped ON outbox WHEN new.dropped BEGIN
INSERT INTO aside VALUES (new.id, new.created_ms, new.kind, new.ticket);
END;
"""
"""Every row that was ever committed to the outbox, whatever becomes of it, and which process ticked under whose lease:
written by the database itself."""


class World:
    def __init__(self, seed: int, folder: Path) -> None:
        self.seed = seed
        self._rng = Random(f"world {seed}")
        self.loop = SeededLoop(Random(f"loop {seed}"))
        self.draw = Random(f"draw {seed}").randbytes
        self.path = folder / "world.db"
        self.url = migrated_file(self.path)
        with closing(sqlite3.connect(self.path)) as raw:
            _number_as_a_server(raw)
            raw.executescript(NOTICES)
        self.faults = Faults(self, Random(f"faults {seed}"))
        self.servers = {name: ChatServer(name, self) for name in PLATFORMS}
        self.chats: list[ChatPlace] = []
        self.organisers: list[Organiser] = []
        self.people: list[Person] = []
        self.processes: list[Process] = []  # every one there ever was
        self.counts: Counter[str] = Counter()
        self.journal: list[str] = []
        self.taken: set[int] = set()  # tickets whose owner was told that there is an order
        self.confirms: Counter[int] = Counter()  # how often each ticket's Confirm was handed over
        self.lies: list[str] = []
        self.errors: list[str] = []
        self.is_over = False
        self.lasts_s = self._rng.choice(LASTS_S)
        self._places = self._rng.choice((1, 2, 2))
        self._replies: dict[int, tuple[Reply, tuple[OutboxRow, ...]]] = {}
        self._populate()

    def _populate(self) -> None:
        for number in range(self._rng.choice((1, 1, 2))):
            chat = ChatPlace(self._rng.choice(PLATFORMS), f"chat{number}", self._rng.randrange(2, 7))
            self.chats.append(chat)
            boss = f"boss{number}"
            self.organisers.append(Organiser(self, chat, boss, Random(f"{boss} {self.seed}"), admin=True))
            for place in range(self._rng.randrange(2, 6)):
                name = f"p{number}{place}"
                self.people.append(Person(self, chat, name, Random(f"{name} {self.seed}")))

    # -- time, and what is written down of it

    def now_ms(self) -> int:
        """True time, and the database's."""
        return EPOCH_MS + self.loop.now_us // 1_000

    def note(self, line: str) -> None:
        self.journal.append(f"{self.loop.now_us / 1_000_000:.6f} {line}")

    def trace(self, message: OutgoingMessage, reply: Reply) -> Reply:
        """A copy of it by which the rows it tells of are known again on the other side of the line."""
        copy = replace(reply)
        self._replies[id(copy)] = copy, message.rows
        return copy

    def rows_of(self, reply: Reply) -> tuple[OutboxRow, ...]:
        return self._replies.get(id(reply), (reply, ()))[1]

    def check_nothing_changed(self, ticket: int) -> None:
        """Somebody has just been told so, of the one press of Confirm that there ever was."""
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as raw:
            orders = raw.execute("SELECT number, status FROM orders WHERE ticket = ?", (ticket,)).fetchall()
        if orders:
            self.lies.append(f"ticket {ticket} has {orders}")

    # -- processes

    def living(self) -> list[Process]:
        return [process for process in self.processes if not process.dead]

    async def server_of(self, platform: str) -> Process:
        """Whom the platform hands its updates to; waits until there is one."""
        while True:
            serving = [process for process in self.living() if process.ready]
            if serving:
                return self._rng.choice(serving)
            await asyncio.sleep(0.1)

    def start_process(self) -> Process:
        born = len(self.processes)
        offset_ms = self._rng.choice((0, 0, -300, 700, -2_000, 1_500))
        clock = SimulatedClock(self, offset_ms, self._rng.randrange(10**6))
        process = Process(self, f"process {born}", clock)
        self.processes.append(process)
        self.note(f"{process.name} starts, {offset_ms} ms off")
        process.begin(process.serve())
        return process

    async def _keep_them_running(self) -> None:
        while True:
            await asyncio.sleep(self._rng.uniform(0.1, 3))
            if len(self.living()) < self._places:
                self.start_process()

    async def asked_back(self, platform: str, chat_ext: str) -> None:
        """The bot is in this chat again: told to whoever serves the platform, until somebody has written it down."""
        kind = "room" if platform == "room" else "group"
        while True:
            process = await self.server_of(platform)
            arrival = process.hear_of(platform, chat_ext, kind)
            done, _ = await asyncio.wait({arrival}, timeout=20)
            if done and arrival.exception() is None:
                self.note(f"{chat_ext} has the bot back")
                return
            await asyncio.sleep(1)

    # -- its course

    async def play(self) -> None:
        for _ in range(self._places):
            self.start_process()
        keeper = self.loop.create_task(self._keep_them_running())
        await asyncio.gather(*(self._begin_market(organiser) for organiser in self.organisers))
        self.faults.begin()
        crowd = [self.loop.create_task(organiser.organise()) for organiser in self.organisers]
        crowd += [self.loop.create_task(person.trade()) for person in self.people]
        await asyncio.sleep(self.lasts_s)
        self.faults.end()
        self.is_over = True
        self.note("nothing goes wrong any more")
        await asyncio.gather(*crowd)
        await asyncio.gather(*(organiser.end() for organiser in self.organisers))
        await self._settle()
        await asyncio.gather(*(person.say("/balance", in_private=True) for person in (*self.people, *self.organisers)))
        keeper.cancel()

    async def _begin_market(self, organiser: Organiser) -> None:
        await organiser.set_up()
        joining = [person.say_until_ok("/join") for person in self.people if person.chat == organiser.chat]
        await asyncio.gather(*joining)
        await organiser.start()

    async def _settle(self) -> None:
        """Until nothing waits. What never comes to rest is told by its rule."""
        until = self.loop.time() + SETTLES_S
        while self.loop.time() < until:
            await asyncio.sleep(2)
            with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as raw:
                (waiting,) = raw.execute(WAITING).fetchone()
            if not waiting and all(process.ready for process in self.living()):
                return

    def end(self) -> None:
        """Every process is stopped where it is."""
        for process in self.processes:
            process.frozen = process.dead = True
            for connection in process.connections:
                connection.close()


WAITING = """
SELECT (SELECT count(*) FROM outbox WHERE NOT dropped)
 + (SELECT count(*) FROM orders JOIN config USING (market) WHERE orders.status = 'pending')
 + (SELECT count(*) FROM actions JOIN config USING (market) WHERE actions.status = 'pending')
 + (SELECT count(*) FROM config WHERE next_kind = 'settle')
"""


def _number_as_a_server(raw: sqlite3.Connection) -> None:
    """The numbers of outbox rows that are gone never come back, as on PostgreSQL: a COMMIT that was done and not
    answered, which only a server knows, has its rows deleted again later."""
    made = [
        sql for (sql,) in raw.execute("SELECT sql FROM sqlite_schema WHERE tbl_name = 'outbox' AND sql IS NOT NULL")
    ]
    table = made[0].replace("id INTEGER NOT NULL", "id INTEGER PRIMARY KEY AUTOINCREMENT")
    made[0] = re.sub(r",\s*(CONSTRAINT \w+ )?PRIMARY KEY \(id\)", "", table)
    assert "AUTOINCREMENT" in made[0]
    raw.executescript(";\n".join(["DROP TABLE outbox", *made, ""]))


# -- what the program takes from its surroundings


class _Moments(datetime):
    """APScheduler's own look at the wall's clock."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        process = OWNER.get()
        assert isinstance(process, Process), "a scheduler belongs to a process"
        return datetime.fromtimestamp(process.clock.now_ms() / 1_000, tz=tz)


class _Errors(logging.Handler):
    """What the program itself calls an error. Trouble with the database, said once a minute, is none."""

    def __init__(self, world: World) -> None:
        super().__init__(logging.ERROR)
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        process = OWNER.get()
        if record.name == "storage.watch" or (process is not None and process.dying):
            return
        error = record.exc_info[1] if record.exc_info else None
        self._world.errors.append(f"{record.name}: {record.getMessage()}: {error!r}")
        self._world.note(self._world.errors[-1])


@contextmanager
def surrounded(world: World) -> Iterator[None]:
    """Chance, the scheduler's clock and the log are the world's."""
    chance = Random(f"secrets {world.seed}")
    request = delivery._request
    errors = _Errors(world)
    random.seed(world.seed)
    logging.getLogger().addHandler(errors)
    before = logging.getLogger().level
    disabled = logging.root.manager.disable
    try:
        with (
            mock.patch.object(apscheduler.schedulers.base, "datetime", _Moments),
            mock.patch.object(tick._Stopwatch, "so_far_us", 0),  # what a tick took is told to admins
            mock.patch.object(draft, "lint", return_value=()),  # half of a seed's time, for words on odd terms
            mock.patch.object(
                delivery, "_request", lambda message, reply: request(message, world.trace(message, reply))
            ),
            mock.patch.multiple(
                secrets,
                token_bytes=chance.randbytes,
                token_hex=lambda size=8: chance.randbytes(size).hex(),
                choice=chance.choice,
            ),
        ):
            yield
    finally:
        logging.getLogger().removeHandler(errors)
        logging.getLogger().setLevel(before)
        logging.disable(disabled)
