"""Commands for the database behind the bot: migrate, create, export, graph; how every command opens it."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bot.charts import worker
from bot.charts.queries import load
from bot.chat.chart_data import ThemeName
from bot.chat.invocation import ChatKind
from bot.chat.reply import Picture
from bot.cli import lint
from bot.market.decisions import update_board
from bot.market.event_file import EventFile
from bot.words import event_file as words
from bot.words import versions
from engine.state import Status
from storage import migrate as migrate_tables
from storage import private_files
from storage.database import CannotOpenError, Database
from storage.export import EXPORTS
from storage.migrations import HEAD
from storage.records import Declined, Json, Market, Notice, NoticeAudience
from storage.trouble import TroubleError
from storage.unit_of_work import UnitOfWork

FIRST_PAUSE_S = 0.25  # doubled
LONGEST_PAUSE_S = 5.0
ROOM = "room"
"""The room's platform and the chat a browser finds at `/` share a name."""


@asynccontextmanager
async def open_database(
    url: str, *, migrate: bool = False, read_only: bool = False, patient: bool = False, any_version: bool = False
) -> AsyncIterator[Database | None]:
    """The database, or None after one sentence on standard error that says what is wrong with it. `patient`: a server
    that is not there yet is waited for. `any_version`: for who only reads and asks which it is."""
    async with AsyncExitStack() as stack:
        try:
            db = Database.open(url, read_only=read_only)
            stack.push_async_callback(db.close)
            if migrate or (read_only and not any_version):
                await _prepared(db, migrate=migrate, patient=patient)
        except (CannotOpenError, ValueError) as error:
            print(error, file=sys.stderr)
            db = None
        yield db


async def _prepared(db: Database, *, migrate: bool, patient: bool) -> None:
    """With the tables of this version. Raises CannotOpenError."""
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            await (db.migrate() if migrate else db.check())
        except CannotOpenError as error:
            if not (patient and error.away):
                raise
            if pause_s == FIRST_PAUSE_S:
                print(f"{error} Waiting for it; Ctrl-C ends this.", file=sys.stderr, flush=True)
            await asyncio.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)
        else:
            if pause_s != FIRST_PAUSE_S:
                print("The database answers now.", file=sys.stderr, flush=True)
            return


def told(error: Exception) -> int:
    """The exit code of what a command could not foresee and we can, after one sentence on standard error; raises it
    again where it is neither the database nor a file."""
    if isinstance(error, (CannotOpenError, TroubleError)):
        print(error if isinstance(error, CannotOpenError) else f"The database: {error}.", file=sys.stderr)
        return 3
    if isinstance(error, OSError):
        print(f"{error.filename or 'It'} cannot be used: {error.strerror or error}.", file=sys.stderr)
        return 2
    raise error


async def migrate(url: str) -> int:
    """Bring the tables up to date; 0, or 3 where the database cannot be opened."""
    async with open_database(url, migrate=True) as db:
        if db is None:
            return 3
    print("The database is up to date.")
    return 0


async def tell_version(url: str) -> int:
    """Say of which version the tables and the markets are, and which programs can use them; changes nothing. 0, 1 where
    `migrate` has something to do, 3 where this program cannot use the database."""
    async with open_database(url, read_only=True, any_version=True) as db:
        if db is None:
            return 3
        tables = await db.found()
        if tables.version is None or tables.version < HEAD:
            print(*versions.outdated(tables.version), sep="\n")
            return 1
        async with db.reading() as uow:
            made_by, markets = await migrate_tables.made_by(uow), await uow.markets.all()
    print(*versions.current(tables, made_by, markets), sep="\n")
    return 0


async def create(url: str, path: Path, now_ms: int) -> int:
    """Put an event's file into the room: a draft, or open to join where the file says so, and print what to do next.

    0; 1 where the room has an unresolved market; 2 for a file that cannot be used; 3 without a database.
    """
    event = lint.read_event(path, now_ms)
    if not isinstance(event, EventFile):
        lint.print_mistakes(event, str(path))
        return 2
    async with open_database(url, migrate=True) as db:
        if db is None:
            return 3
        async with db.writing() as uow:
            market = await create_in_room(uow, event, now_ms)
            if isinstance(market, Declined):
                return 1
            await uow.commit()
    for warning in lint.warning_lines(event.params):
        print(warning, file=sys.stderr)
    if not event.about:
        print(words.nothing_on_what_decides(), file=sys.stderr)
    print(*words.created(market), sep="\n")
    return 0


async def create_in_room(uow: UnitOfWork, event: EventFile, now_ms: int) -> Market | Declined:
    """What `/admin create`, `/admin schedule` and `/admin open` do one after the other."""
    chat = await uow.chats.find(ROOM, ROOM)
    if chat is None:
        chat = await uow.chats.open(ROOM, ROOM, ChatKind.ROOM.value, words.room_title(), now_ms)
    # whoever has this machine's terminal; no visitor of the room can have this id, theirs are made from their tokens
    person = await uow.people.identify(ROOM, "terminal", words.organiser(), now_ms)
    await uow.chats.lock(chat.id)
    current = await uow.markets.of_chat(chat.id)
    if current is not None and not current.over:
        print(words.room_has_a_market(current), file=sys.stderr)
        return Declined(code="bad_status")
    draft = event.draft.to_json()
    drafted = await uow.markets.create(
        chat=chat.id, title=event.title, params=event.params, draft=draft, creator=person.id, now_ms=now_ms
    )
    status = Status.LOBBY if event.opened else None
    market = await uow.markets.update(drafted.id, status=status, planned_start_ms=event.start_ms)
    assert not isinstance(market, Declined), "a market that was just created is a draft"
    about: dict[str, Json] = {"about": event.about} if event.about else {}
    await uow.wordings.replace(market.id, event.about, actor=person.id, now_ms=now_ms)
    await uow.audit.append(
        action="create",
        actor=person.id,
        now_ms=now_ms,
        market=market.id,
        chat=chat.id,
        after={"title": event.title, "status": market.status.value, "start_ms": event.start_ms, **draft, **about},
    )
    if event.opened:
        opening = Notice(kind="opened", audience=NoticeAudience.CHAT, payload={}, key="opened")
        await uow.outbox.add(market.id, opening, now_ms)
    await update_board(uow, market, now_ms)
    return market


async def export(url: str, kind: str, number: int | None, out: str) -> int:
    """Write one CSV of a market to a file or `-`; 0, 2 for an unknown market or a file that cannot be written, 3 where
    the database cannot be opened."""
    async with open_database(url, read_only=True) as db:
        if db is None:
            return 3
        async with db.reading(at_length=True) as uow:
            market = await find_market(uow, number)
            if market is None:
                return 2
            text = io.StringIO()
            await EXPORTS[kind](uow, market, text)
    return write_out(text.getvalue().encode(), out, private=True)


async def find_market(uow: UnitOfWork, number: int | None) -> Market | None:
    """The market with that number, or the latest; None after a sentence on standard error."""
    markets = await uow.markets.all()
    chosen = next((market for market in reversed(markets) if number is None or market.id == number), None)
    if chosen is None:
        problem = "There is no market yet." if number is None else f"There is no market {number}."
        numbers = ", ".join(str(market.id) for market in markets) or "none"
        print(f"{problem} Markets here: {numbers}.", file=sys.stderr)
    return chosen


def write_out(data: bytes, out: str, *, private: bool = False) -> int:
    """To the file, which only its owner may read where it is `private`, or `-`; 0, or 2 where it cannot be written."""
    try:
        if out == "-":
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        elif private:
            private_files.write(Path(out), data)
        else:
            Path(out).write_bytes(data)
    except OSError as error:
        print(f"{out} cannot be written: {error.strerror or error}.", file=sys.stderr)
        return 2
    return 0


async def graph(url: str, kind: str, number: int | None, outcome: int | None, theme: ThemeName, out: str) -> int:
    """Draw one chart of market `number` into a PNG file; `outcome` counts from 1. Exit codes as `export`; 2 also
    where there is nothing to draw."""
    async with open_database(url, read_only=True) as db:
        if db is None:
            return 3
        async with db.reading(at_length=True) as uow:
            market = await find_market(uow, number)
            if market is None:
                return 2
            index = None if outcome is None else outcome - 1
            data = await load(uow, Picture(kind=kind, market=market.id, tick=market.tick, outcome=index))
    if data is None:
        most = market.params.n_outcomes
        why = (
            f"name one of its outcomes by --outcome 1 to {most}" if kind == "outcome" else "trading has not started yet"
        )
        print(f"There is no such chart of market {market.id}: {why}.", file=sys.stderr)
        return 2
    return write_out(worker.draw(data, theme), out)
