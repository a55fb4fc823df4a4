"""People in one chat with the bot: real storage on a temporary file, the real engine and tick, a clock turned by hand,
and a chat platform of a few lines that keeps what it is told."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bot.chat import plain_text
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.reply import Reply
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.notifications.announcer import Announcer
from scheduler.reminders import run_reminders
from scheduler.tick import TickReport, run_tick
from storage.clock import ManualClock
from storage.database import Database
from tests.storage.databases import migrated_file

START = 1_404_370_000_000  # 3 July 2014, 06:46:40 UTC
ADMIN = "boss"  # the admin
HANG_S = 240.0  # after which a test that waits has failed; no test measures time by it


@dataclass
class RecordingPlatform:
    """The platform port: what was posted, edited and told, in order; `broken` is raised instead of the next sends."""

    name: str = "room"
    sent: list[tuple[str, str, str, Reply]] = field(default_factory=list)  # how, where, ref, what
    broken: list[Exception] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Looked at again whenever something is sent, or `changed` is set."""
        async with asyncio.timeout(HANG_S):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def post(self, chat_ext: str, reply: Reply, *, nonce: str = "") -> str:
        return self._keep("post", chat_ext, f"m{len(self.sent)}", reply)

    async def edit(self, chat_ext: str, ref: str, reply: Reply) -> None:
        self._keep("edit", chat_ext, ref, reply)

    async def tell(
        self, person_ext: str, reply: Reply, *, edit_ref: str | None, chat_ext: str | None, nonce: str = ""
    ) -> str:
        return self._keep("tell", person_ext, edit_ref or f"t{len(self.sent)}", reply)

    def _keep(self, how: str, where: str, ref: str, reply: Reply) -> str:
        if self.broken:
            raise self.broken.pop(0)
        self.sent.append((how, where, ref, reply))
        self.changed.set()
        return ref

    def texts(self, how: str, where: str = "room") -> list[str]:
        return [plain_text.text(reply) for kind, place, _, reply in self.sent if kind == how and place == where]


class ChatHarness:
    """Several people speaking in one room."""

    def __init__(self, db: Database, path: Path) -> None:
        self.db = db
        self.clock = ManualClock(START)
        self.line_ms = 1_000  # between two lines
        self.platform = RecordingPlatform()
        self.dispatcher = Dispatcher(db, self.clock, COMMANDS, new_id=lambda: "e1")
        self.announcer = Announcer(db, self.clock, {"room": self.platform}, commands=COMMANDS)
        self.path = path
        self._requests = count(1)

    @property
    def now(self) -> int:
        """What the wall's clock shows; set it, and the time until then has passed."""
        return self.clock.now_ms()

    @now.setter
    def now(self, now_ms: int) -> None:
        self.clock.set(now_ms)

    async def say(
        self,
        who: str,
        line: str = "",
        *,
        request: str | None = None,
        chat: str = "room",
        kind: ChatKind = ChatKind.ROOM,
        command: str = "",
        args: Mapping[str, str] | None = None,
        admin: bool | None = None,
        nameless: bool = False,
        visited: bool = False,
        made_for: int | None = None,
        platform: str = "room",
        name: str = "",
    ) -> Reply:
        """One line, `line_ms` after the last one."""
        self.clock.advance(self.line_ms)
        return await self.dispatcher.run(
            Invocation(
                text=line,
                command=command,
                args=args or {},
                platform=platform,
                person_ext=who,
                person_name=name or who.title(),
                chat_ext=chat,
                chat_kind=kind,
                is_admin=who == ADMIN if admin is None else admin,
                nameless=nameless,
                visited=visited,
                made_for=made_for,
                request_id=request or f"r{next(self._requests)}",
            )
        )

    async def press(self, who: str, reply: Reply, label: str) -> Reply:
        """Press the button whose label begins so."""
        return await self.say(who, button(reply, label))

    async def tick(self, ahead_ms: int = 2_000, market: int = 1) -> TickReport:
        """Time passes, the market ticks, the announcer empties the outbox."""
        self.now += ahead_ms
        report = await run_tick(self.db, market, self.now)
        await self.announcer.step()
        return report

    async def sweep(self, ahead_ms: int) -> None:
        """Time passes without a tick; what is told between ticks is told."""
        self.now += ahead_ms
        await run_reminders(self.db, 1, self.now)
        await self.announcer.step()

    async def confirmed(self, who: str, line: str) -> Reply:
        """Order something and press Confirm."""
        ticket = await self.say(who, line)
        assert ticket.ticket, plain_text.text(ticket)
        return await self.press(who, ticket, "Confirm")

    def rows(self) -> str:
        """Every row of every table, a line each, to compare a before with an after. Not of `attempts`: that a code was
        wrong is all that is kept of a refusal."""
        return every_row(self.path, but=("attempts",))


def every_row(path: Path, but: Collection[str] = ()) -> str:
    """Each table of a SQLite file and each of its rows, a line each, `but` for those of some tables. `iterdump` costs
    ten times as much, and this is asked for some thousand times."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        made = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
        tables = [name for kind, name, _ in made if kind == "table" and name not in but]
        rows = [
            f"{table} {row}"
            for table in tables
            for row in connection.execute(f'SELECT * FROM "{table}"')  # in the order of their keys
        ]
        return "\n".join((*map(str, made), *rows))


def button(reply: Reply, label: str) -> str:
    """The line behind a button."""
    found = [action.text for action in reply.actions if action.label.startswith(label)]
    assert found, f"no button {label!r} in {[action.label for action in reply.actions]}"
    return found[0]


@asynccontextmanager
async def chat_harness(folder: Path) -> AsyncIterator[ChatHarness]:
    """A chat that has no market yet."""
    path = folder / "play.db"
    db = Database.open(migrated_file(path))
    try:
        yield ChatHarness(db, path)
    finally:
        await db.close()


CREATE = '/admin create Cup Germany, Brazil, "Costa Rica" odds "50 30 20"'


async def opened(harness: ChatHarness, *, create: str = CREATE, people: tuple[str, ...] = ("ada", "bob")) -> None:
    """A lobby with people in it."""
    for line in (create, "/admin set gas $0.01", "/admin open"):
        reply = await harness.say(ADMIN, line)
        assert reply.ok, plain_text.text(reply)
    for who in people:
        assert (await harness.say(who, "/join")).ok


async def running(harness: ChatHarness, *, create: str = CREATE, people: tuple[str, ...] = ("ada", "bob")) -> None:
    """A market that trades, its people funded."""
    await opened(harness, create=create, people=people)
    preview = await harness.say(ADMIN, "/admin start")
    started = await harness.press(ADMIN, preview, "Confirm")
    assert started.ok, plain_text.text(started)
    await harness.tick()
