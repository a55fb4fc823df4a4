"""`outcry demo`: an event that happened, played in the local room by a crowd that is not real, in minutes.

Event time is a clock moved by hand: each thing a person does happens at its own moment, whatever the machine is doing,
so equal seeds give equal files. Played live, the wall's clock only decides how long to wait before each step.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import secrets
import signal
import sys
import time
import webbrowser
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.room.message_log import TALK
from bot.adapters.room.platform import MAIN, NAME
from bot.adapters.room.service import RoomServer
from bot.charts.service import Charts
from bot.chat.platform import Platform
from bot.chat.reply import Board, Picture
from bot.cli.progress import Console
from bot.dispatcher import Dispatcher
from bot.notifications.announcer import Announcer
from bot.scenarios import traders as people
from bot.scenarios.recorders import Channel
from bot.scenarios.simulation import STANDS, Simulation, SimulationChat, external, weights
from bot.scenarios.timeline import EventClock, Timeline
from bot.scenarios.worldcup import Scenario, world_cup
from bot.text.numbers import typed_moment
from bot.words import terminal as words
from scheduler.clock import ManualClock, Pace
from scheduler.jobs import Jobs
from scheduler.tick import run_tick
from storage import export
from storage.database import Database, DatabaseInUseError
from storage.records import Market, Payload

DATABASE = "outcry.db"
ANNOUNCEMENTS = "announcements.txt"
SUMMARY = "summary.json"
PICTURES = {"prices.png": "prices", "maker.png": "maker"}
FILES = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", ANNOUNCEMENTS, SUMMARY, *PICTURES)

HOUR = 3_600_000
DOORS_MS = HOUR  # the lobby opens so long before the start
PACE = Pace(digest_ms=24 * HOUR, countdown_ms=2 * HOUR, late_ms=2 * HOUR)  # days are played in minutes
LEAST_FREEZE_S = 3.0
TITLE = "The room"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """As the command line takes them (CONTRACT)."""

    headless: bool = False
    seed: int = 1
    out: Path = Path("outcry-demo")
    minutes: float = 3.0
    traders: int = 20
    host: str = "127.0.0.1"
    port: int = 8080
    open_browser: bool = False
    force: bool = False


async def play(options: Options, scenario: Scenario | None = None) -> int:
    """Play it (the World Cup unless told otherwise) and write the files.

    Returns 0, 1 where a check of the market failed, 2 after one sentence that says why it cannot begin.
    """
    if (options.out / DATABASE).exists() and not options.force:
        return _refused(words.holds_a_database(options.out))
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        db = Database.open(f"sqlite:///{(options.out / DATABASE).resolve()}")
    except DatabaseInUseError as error:
        return _refused(str(error))
    except OSError:
        return _refused(words.not_a_folder(options.out))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(db.close)
        _clear(options.out)
        await db.migrate()
        show = _Show(db, options, scenario or world_cup(), stack)
        try:
            await show.open()
        except OSError as error:
            return _refused(words.port_taken(options.host, options.port, error.strerror or str(error)))
        halted = await show.play()
        if halted:
            return _refused(words.halted(halted), 1)
        if not options.headless and sys.stdout.isatty():
            await show.serve_on()
    return 0


def _refused(sentence: str, code: int = 2) -> int:
    print(sentence, file=sys.stderr)
    return code


def _clear(folder: Path) -> None:
    """What an earlier demo left; nothing else in the folder is touched. The database's lock is held by now."""
    for name in (*FILES, *(f"{kind}.csv" for kind in export.EXPORTS)):
        (folder / name).unlink(missing_ok=True)


def set_up_lines(scenario: Scenario) -> list[str]:
    """What the organiser types before the doors open."""
    outcomes, odds = ", ".join(scenario.names), " ".join(str(one) for one in scenario.odds)
    rounds = [
        f"{typed_moment(step.freeze_ms)} to {typed_moment(step.decide_ms)} "
        + ("winner ask" if step is scenario.steps[-1] else f"out {len(step.out)}")
        for step in scenario.steps
    ]
    return [
        f'/admin create "{scenario.title}" {outcomes} tick {scenario.tick_ms // 60_000}m odds "{odds}"',
        f"/admin set gas ${scenario.gas}",
        f"/admin schedule {'; '.join(rounds)}",
        "/admin open",
    ]


class _Show:
    """The parts of one demo, put together."""

    def __init__(self, db: Database, options: Options, scenario: Scenario, stack: AsyncExitStack) -> None:
        self.db = db
        self.options = options
        self.scenario = scenario
        self.stack = stack
        self.clock = ManualClock(scenario.start_ms - DOORS_MS)
        self.charts = Charts(db)
        self.room: RoomServer | None = None
        self.live = True
        freezes = [(step.freeze_ms, step.decide_ms) for step in scenario.steps]
        self.timeline = Timeline(
            scenario.start_ms,
            scenario.start_ms + scenario.ticks * scenario.tick_ms,
            options.minutes * 60,
            freezes,
            LEAST_FREEZE_S,
        )
        self.conductor = EventClock(self.clock.set, None if options.headless else self.timeline)
        self.dispatcher = Dispatcher(db, self.clock.now_ms)
        crowd = people.crowd(options.traders, options.seed, weights(scenario))
        place = SimulationChat(platform=NAME, chat=MAIN, title=TITLE)
        speak = None if options.headless else self._speak
        self.stage = Simulation(scenario, self.dispatcher, crowd, place, options.seed, speak, self._pinned)
        self.console = Console(scenario.ticks)

    async def open(self) -> None:
        """Everything that has to stand before the first line is typed; raises OSError where the port is taken."""
        self.stack.push_async_callback(self.charts.close)
        platform: Platform | None = None
        if not self.options.headless:
            platform = await self._open_room()
        out = self.stack.enter_context((self.options.out / ANNOUNCEMENTS).open("w", encoding="utf-8", newline=""))
        self.channel = Channel(NAME, self.clock.now_ms, out, platform)
        self.announcer = Announcer(
            self.db, self.clock.now_ms, {NAME: self.channel}, self.charts.picture, (STANDS.platform,)
        )
        self.warming = asyncio.create_task(self.charts.start())
        await self._set_up()

    async def _open_room(self) -> Platform:
        self.room = RoomServer(
            self.db,
            self.dispatcher,
            self.clock.now_ms,
            host=self.options.host,
            port=self.options.port,
            admin_token=secrets.token_urlsafe(24),
            draw=self.charts.picture,
            speed=lambda: self.timeline.speed(self.clock.now_ms()) if self.live else 1.0,
            titles={MAIN: TITLE},
        )
        url, admin = await self.room.start()
        self.stack.push_async_callback(self.room.stop)
        print(words.room(url), words.admin(admin), sep="\n", flush=True)
        if self.options.open_browser:
            await asyncio.to_thread(webbrowser.open, url)
        return self.room.platform

    async def _set_up(self) -> None:
        """The organiser creates the market and opens the doors; everybody joins; it starts."""
        for line in set_up_lines(self.scenario):
            await self.stage.order(line)
        self.market = await self._market()
        async with self.db.writing() as uow:
            stands = await uow.chats.open(STANDS.platform, STANDS.chat, "room", STANDS.title, self.clock.now_ms())
            await uow.chats.connect(self.market.id, stands.id)
            await uow.commit()
        await self.announcer.step()
        await self.stage.gather()
        self.clock.set(self.scenario.start_ms)
        await self.stage.order("/admin start")
        await self.announcer.step()

    async def _market(self) -> Market:
        async with self.db.reading() as uow:
            chat = await uow.chats.find(NAME, MAIN)
            market = await uow.markets.of_chat(chat.id) if chat else None
        assert market is not None, "a market that was created is there"
        return market

    async def play(self) -> str | None:
        """All ticks, then the files. Returns why the market stands still where a check failed."""
        minutes = None if self.options.headless else self.options.minutes
        self.console.line(words.playing(self.scenario.title, len(self.stage.people), minutes))
        self.conductor.begin()
        for tick in range(1, self.scenario.ticks + 1):
            for act in await self.stage.acts(tick):
                await self.conductor.reach(act.at_ms)
                await act.do()
            at_ms = self.scenario.start_ms + tick * self.scenario.tick_ms
            await self.conductor.reach(at_ms)
            report = await run_tick(self.db, self.market.id, at_ms, pace=PACE)
            if report.halted:
                return report.halted
            if report.tick is None:  # somebody ended it by hand
                break
            if await self.db.outbox_filled(0):
                await self.announcer.step()
            self.console.progress(tick, at_ms, len(report.fills))
        self.live = False
        await self.announcer.step()
        await self._write_files()
        return None

    def _pinned(self) -> Board | None:
        return self.channel.pinned()

    async def _speak(self, person: people.Trader, text: str) -> None:
        """A line of talk in the room, as if she had typed it."""
        if self.room is None:
            return
        async with self.db.reading() as uow:
            known = await uow.people.find(STANDS.platform, external(person))
        if known is not None:
            body: Payload = {"say": text, "by": known.id}
            await self.room.platform.log.append(MAIN, TALK, body, author=person.name)

    async def _write_files(self) -> None:
        """CSV, summary and pictures, and the last board below the announcements."""
        self.channel.last_board()
        market = await self._market()
        folder = self.options.out
        async with self.db.reading() as uow:
            for kind, write in export.EXPORTS.items():
                text = io.StringIO()
                await write(uow, market, text)
                (folder / f"{kind}.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
            found = await export.summary(uow, market, self.options.seed)
        (folder / SUMMARY).write_text(
            json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline=""
        )
        await self.warming
        for name, kind in PICTURES.items():
            png = await self.charts.picture(Picture(kind=kind, market=market.id, tick=market.tick))
            if png is not None:
                (folder / name).write_bytes(png)
        self.console.end(market, found, folder)

    async def serve_on(self) -> None:
        """Keep the room open until Ctrl-C; time goes on at the wall's pace."""
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, stopped.set)
        print(words.serving_on(), flush=True)
        jobs = Jobs(self.db, self.clock)  # as in `outcry run`: a market somebody makes now starts, ticks and is told of
        await jobs.start()
        telling = asyncio.create_task(self.announcer.run())
        ended, began = self.clock.now_ms(), time.monotonic()
        while not stopped.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), 0.25)
            self.clock.set(ended + int((time.monotonic() - began) * 1_000))
        await jobs.stop()
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
