"""`outcry demo`: an event that happened, played in the local room by synthetic traders, in minutes.

Event time is a clock moved by hand: each thing a person does happens at its own moment, whatever the machine is doing,
so equal seeds give equal files. Played live, the wall's clock only decides how long to wait before each step.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import signal
import sys
import time
import webbrowser
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.room import NAME
from bot.adapters.room.message_log import TALK
from bot.adapters.room.platform import MAIN
from bot.adapters.room.service import RoomService
from bot.charts.service import Charts
from bot.chat.platform import Platform
from bot.chat.reply import Board
from bot.cli import demo_files
from bot.cli.demo_files import ANNOUNCEMENTS, DATABASE
from bot.cli.progress import ProgressLine, bar
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.notifications.announcer import Announcer
from bot.scenarios.recorders import TranscriptPlatform
from bot.scenarios.simulation import CROWD_CHAT, Simulation, SimulationChat, external_id, odds_weights
from bot.scenarios.timeline import EventClock, Timeline
from bot.scenarios.traders import Trader, make_traders
from bot.scenarios.worldcup import Scenario, world_cup
from bot.text.numbers import typed_moment
from bot.words import terminal as words
from engine.units import MICRO
from scheduler.jobs import Jobs
from scheduler.pace import Pace
from scheduler.tick import run_tick
from storage import private_files
from storage.clock import ManualClock
from storage.database import CannotOpenError, Database
from storage.records import Market, Payload

HOUR = 3_600_000
LOBBY_MS = HOUR  # people can join so long before the start
PACE = Pace(
    digest_ms=24 * HOUR, countdown_ms=2 * HOUR, late_ms=2 * HOUR, overdue_ms=2 * HOUR
)  # days are played in minutes
LEAST_FREEZE_S = 3.0
TITLE = "The room"
PROGRESS_LINES = 10  # where there is no terminal


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
        db = Database.open(f"sqlite:///{(options.out / DATABASE).resolve()}", replaced=options.force)
    except CannotOpenError as error:
        return _refused(str(error))
    except OSError:
        return _refused(words.not_a_folder(options.out))
    # nobody here is real: equal seeds shall have equal heads, in whichever order units of work end
    db.draw = lambda size: hashlib.shake_256(f"demo {options.seed}".encode()).digest(size)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(db.close)
        demo_files.remove_old(options.out)
        private_files.create(options.out / DATABASE)
        await db.migrate()
        demo = _Demo(db, options, scenario or world_cup(), stack)
        try:
            await demo.open()
        except OSError as error:
            return _refused(words.port_taken(options.host, options.port, error.strerror or str(error)))
        halted = await demo.play()
        if halted:
            return _refused(words.halted(halted), 1)
        if not options.headless and sys.stdout.isatty():
            await serve_on(db, demo.clock, demo.announcer)
    return 0


def _refused(sentence: str, code: int = 2) -> int:
    print(sentence, file=sys.stderr)
    return code


def set_up_lines(scenario: Scenario) -> list[str]:
    """What the organiser types before anybody can join."""
    outcomes, odds = ", ".join(scenario.names), " ".join(str(share) for share in scenario.odds)
    rounds = [
        f"{typed_moment(step.freeze_ms)} to {typed_moment(step.decide_ms)} "
        + ("winner ask" if step is scenario.steps[-1] else f"out {len(step.out)}")
        for step in scenario.steps
    ]
    return [
        f'/admin create "{scenario.title}" {outcomes} tick {scenario.tick_ms // 60_000}m odds "{odds}"',
        f"/admin set gas ${scenario.gas}",
        f"/admin set about {scenario.about}",
        f"/admin schedule {'; '.join(rounds)}",
        "/admin open",
    ]


class _Demo:
    """The parts of one demo, put together."""

    def __init__(self, db: Database, options: Options, scenario: Scenario, stack: AsyncExitStack) -> None:
        self.db = db
        self.options = options
        self.scenario = scenario
        self.stack = stack
        self.clock = ManualClock(scenario.start_ms - LOBBY_MS)
        self.charts = Charts(db)
        self.room: RoomService | None = None
        self.addresses: tuple[str, str] | None = None  # of the room, and for its admin
        self.live = True
        freezes = [(step.freeze_ms, step.decide_ms) for step in scenario.steps]
        self.timeline = Timeline(
            scenario.start_ms,
            scenario.start_ms + scenario.ticks * scenario.tick_ms,
            options.minutes * 60,
            freezes,
            LEAST_FREEZE_S,
        )
        self.event_clock = EventClock(self.clock.set, None if options.headless else self.timeline)
        self.dispatcher = Dispatcher(db, self.clock, COMMANDS)
        traders = make_traders(options.traders, options.seed, odds_weights(scenario))
        chat = SimulationChat(platform=NAME, chat=MAIN, title=TITLE)
        post_talk = None if options.headless else self._post_talk
        self.simulation = Simulation(
            scenario, self.dispatcher, traders, chat, options.seed, post_talk, self._pinned_board
        )
        self.progress = ProgressLine(sys.stdout)
        self.fills = 0
        self.began = time.monotonic()

    async def open(self) -> None:
        """Everything that has to stand before the first line is typed; raises OSError where the port is taken."""
        self.stack.push_async_callback(self.charts.close)
        platform: Platform | None = None
        if not self.options.headless:
            platform = await self._open_room()
        out = self.stack.enter_context((self.options.out / ANNOUNCEMENTS).open("w", encoding="utf-8", newline=""))
        self.transcript = TranscriptPlatform(NAME, self.clock.now_ms, out, platform)
        self.announcer = Announcer(
            self.db, self.clock, {NAME: self.transcript}, self.charts.picture, (CROWD_CHAT.platform,)
        )
        self.warming = asyncio.create_task(self.charts.start())
        await self._set_up()

    async def _open_room(self) -> Platform:
        self.room = RoomService(
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
        self.addresses = await self.room.start()
        self.stack.push_async_callback(self.room.stop)
        return self.room.platform

    async def _invite(self) -> None:
        """Say where the room is: who came before its doors are open would find nothing to join."""
        if self.addresses is None:
            return
        url, admin = self.addresses
        print(words.room(url), words.admin(admin), sep="\n", flush=True)
        if self.options.open_browser:
            await asyncio.to_thread(webbrowser.open, url)

    async def _set_up(self) -> None:
        """The organiser creates the market and opens it to join; everybody joins; it starts."""
        for line in set_up_lines(self.scenario):
            await self.simulation.organiser_line(line)
        await self._invite()
        self.market = await self._market()
        async with self.db.writing() as uow:
            crowd_chat = await uow.chats.open(
                CROWD_CHAT.platform, CROWD_CHAT.chat, "room", CROWD_CHAT.title, self.clock.now_ms()
            )
            await uow.markets.lock(self.market.id)
            await uow.chats.connect(self.market.id, crowd_chat.id)
            await uow.commit()
        await self.announcer.step()
        await self.simulation.join_all()
        self.clock.set(self.scenario.start_ms)
        await self.simulation.organiser_line("/admin start")
        await self.announcer.step()

    async def _market(self) -> Market:
        async with self.db.reading() as uow:
            chat = await uow.chats.find(NAME, MAIN)
            market = await uow.markets.of_chat(chat.id) if chat else None
        assert market is not None, "a market that was created is there"
        return market

    async def play(self) -> str | None:
        """All ticks, then the files. Returns why the market halted where a check failed."""
        minutes = None if self.options.headless else self.options.minutes
        print(words.playing(self.scenario.title, len(self.simulation.people), minutes), flush=True)
        self.event_clock.begin()
        for tick in range(1, self.scenario.ticks + 1):
            for action in await self.simulation.actions(tick):
                await self.event_clock.reach(action.at_ms)
                await action.run()
            at_ms = self.scenario.start_ms + tick * self.scenario.tick_ms
            await self.event_clock.reach(at_ms)
            report = await run_tick(self.db, self.market.id, at_ms, pace=PACE)
            if report.halted:
                self.progress.keep()
                return report.halted
            if report.tick is None:  # somebody ended it by hand
                break
            if await self.db.outbox_filled(0):
                await self.announcer.step()
            self.fills += len(report.fills)
            self._show_progress(tick, at_ms)
        self.progress.keep()
        self.live = False
        await self.announcer.step()
        await self._finish()
        return None

    def _show_progress(self, tick: int, at_ms: int) -> None:
        """A bar on a terminal; elsewhere a line now and then."""
        share = tick / self.scenario.ticks
        text = words.progress(share, at_ms, self.fills)
        if self.progress.visible:
            self.progress.show(bar(share) + text)
        elif tick % max(1, self.scenario.ticks // PROGRESS_LINES) == 0:
            print(text, flush=True)

    def _pinned_board(self) -> Board | None:
        return self.transcript.pinned_board()

    async def _post_talk(self, person: Trader, text: str) -> None:
        """A line of talk in the room, as if they had typed it."""
        if self.room is None:
            return
        async with self.db.reading() as uow:
            known = await uow.people.find(CROWD_CHAT.platform, external_id(person))
        if known is not None:
            body: Payload = {"say": text, "by": known.id}
            await self.room.platform.log.append(MAIN, TALK, body, author=person.name)

    async def _finish(self) -> None:
        """Write the files, the last board below the announcements, and say how it ended."""
        self.transcript.write_last_board()
        market = await self._market()
        await self.warming
        summary = await demo_files.write(self.options.out, self.db, self.charts, market, self.options.seed)
        winner, result = summary["winner"], summary["house_result"]
        assert isinstance(result, float)
        house_result = round(result * MICRO)
        print(words.ended(str(winner) if winner else None, self.fills, market.volume, house_result, market.params.z))
        print(words.written(self.options.out, time.monotonic() - self.began), flush=True)


async def serve_on(db: Database, clock: ManualClock, announcer: Announcer) -> None:
    """Keep the room open until Ctrl-C, as `outcry run` does: a market made now starts, ticks and is announced.

    The clock goes on from where it is, at the wall's pace.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stopped.set)
    print(words.serving_on(), flush=True)
    jobs = Jobs(db, clock)
    await jobs.start()
    announcing = asyncio.create_task(announcer.run())
    ended, began = clock.now_ms(), time.monotonic()
    while not stopped.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), 0.25)
        clock.set(ended + int((time.monotonic() - began) * 1_000))
    await jobs.stop()
    announcing.cancel()
    await asyncio.gather(announcing, return_exceptions=True)
