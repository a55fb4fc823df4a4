"""One play of the demo: the lobby and the first stretch as fast as they go, then the event at its pace.

Event time is a clock moved by hand: each thing a person does happens at its own moment, whatever the machine is doing,
so equal seeds give equal files. Played live, the wall's clock only decides how long to wait before each step.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
import webbrowser
from contextlib import AsyncExitStack
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from bot.adapters.room import NAME
from bot.adapters.room.platform import MAIN
from bot.adapters.room.service import RoomService
from bot.adapters.webhooks.platform import WebhookPlatform
from bot.charts.service import Charts
from bot.chat.platform import Platform
from bot.chat.reply import Board
from bot.cli import demo_files
from bot.cli.database import create_in_room
from bot.cli.demo_files import ANNOUNCEMENTS
from bot.cli.demo_talk import DemoTalk
from bot.cli.progress import ProgressLine, bar
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.notifications.announcer import Announcer
from bot.scenarios.recorders import TranscriptPlatform
from bot.scenarios.scenario import Scenario
from bot.scenarios.simulation import CROWD_CHAT, Simulation, SimulationChat, external_id, odds_weights
from bot.scenarios.timeline import EventClock, Timeline
from bot.scenarios.traders import Trader, make_traders
from bot.text.numbers import typed_moment
from bot.words import terminal as words
from engine.units import MICRO
from scheduler.pace import Pace
from scheduler.tick import run_tick
from storage.clock import ManualClock
from storage.database import Database
from storage.records import Market

HOUR = 3_600_000
LOBBY_MS = HOUR  # people can join so long before the start
PACE = Pace(
    digest_ms=24 * HOUR, countdown_ms=2 * HOUR, late_ms=2 * HOUR, overdue_ms=2 * HOUR
)  # days are played in minutes
LEAST_FREEZE_S = 3.0
FIRST_ROUND_S = 30.0  # of three minutes: when the first of them is decided
PROLOGUE = 60  # percent of the time before the first freeze that are over when the room opens
MOST_PROLOGUE = 20  # percent of the whole event
TITLE = "The room"
LAST_WORDS = 5  # lines
PROGRESS_LINES = 10  # where there is no terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """As the command line takes them (CONTRACT)."""

    headless: bool = False
    event: Path | None = None
    seed: int = 1
    out: Path = Path("outcry-demo")
    minutes: float = 3.0
    traders: int = 20
    host: str = "127.0.0.1"
    port: int = 8080
    open_browser: bool = False
    force: bool = False


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


def prologue(scenario: Scenario) -> int:
    """How many ticks are over when people are told where the room is: a market that has a history, and its first round
    still before it."""
    first, whole = scenario.steps[0].freeze_ms - scenario.start_ms, scenario.moments[-1] - scenario.start_ms
    until_ms = scenario.start_ms + min(first * PROLOGUE, whole * MOST_PROLOGUE) // 100
    return max(1, sum(at <= until_ms for at in scenario.moments[1:]))


def timeline(scenario: Scenario, seconds: float) -> Timeline:
    """How event time passes once the room is open. The shorter the play, the sooner the first round; where it decides
    the whole event, it ends the play."""
    first_s = min(seconds / 6, FIRST_ROUND_S * sqrt(seconds / 180)) if len(scenario.steps) > 1 else None
    begin_ms, end_ms = scenario.moments[min(prologue(scenario), len(scenario.moments) - 1)], scenario.moments[-1]
    freezes = [(max(begin_ms, since), min(until, end_ms)) for since, until in scenario.freezes]
    return Timeline(begin_ms, end_ms, seconds, freezes, LEAST_FREEZE_S, first_s)


class DemoPlay:
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
        self.timeline = timeline(scenario, options.minutes * 60)
        self.event_clock = EventClock(self.clock.set, None if options.headless else self.timeline)
        self.dispatcher = Dispatcher(db, self.clock, COMMANDS)
        traders = make_traders(options.traders, options.seed, odds_weights(scenario))
        chat = SimulationChat(platform=NAME, chat=MAIN, title=TITLE)
        self.simulation = Simulation(scenario, self.dispatcher, traders, chat, options.seed, self._pinned_board)
        self.talk: DemoTalk | None = None
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
        webhooks = WebhookPlatform.open(self.db, self.clock)
        self.stack.push_async_callback(webhooks.close)
        platforms: dict[str, Platform] = {NAME: self.transcript, webhooks.name: webhooks}
        self.announcer = Announcer(
            self.db, self.clock, platforms, self.charts.picture, (CROWD_CHAT.platform,), commands=COMMANDS
        )
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

    async def _set_up(self) -> None:
        """The organiser creates the market and opens it to join; everybody joins; it starts."""
        if self.scenario.event is None:
            for line in set_up_lines(self.scenario):
                await self.simulation.organiser_line(line)
        else:
            async with self.db.writing() as uow:
                await create_in_room(uow, self.scenario.event, self.clock.now_ms())
                await uow.commit()
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
        if self.room is not None:
            log = self.room.platform.log
            self.talk = DemoTalk(log, self.scenario, await self._crowd(), self.options.seed)
        self.clock.set(self.scenario.start_ms)
        await self.simulation.organiser_line("/admin start")
        await self.announcer.step()

    async def _crowd(self) -> dict[int, Trader]:
        """The traders by their number in the market."""
        async with self.db.reading() as uow:
            found = [
                (await uow.people.find(CROWD_CHAT.platform, external_id(trader)), trader)
                for trader in self.simulation.people
            ]
        return {person.id: trader for person, trader in found if person is not None}

    async def _market(self) -> Market:
        async with self.db.reading() as uow:
            chat = await uow.chats.find(NAME, MAIN)
            market = await uow.markets.of_chat(chat.id) if chat else None
        assert market is not None, "a market that was created is there"
        return market

    async def play(self) -> str | None:
        """All ticks, then the files. Returns why the market halted where a check failed."""
        ticks = range(1, len(self.scenario.moments))
        opens = 0 if self.options.headless else prologue(self.scenario)
        halted = await self.play_ticks(ticks[:opens])
        if not halted:
            await self._invite()
            self.warming = asyncio.create_task(self.charts.start())
            self.event_clock.begin()
            halted = await self.play_ticks(ticks[opens:])
        if halted:
            return halted
        self.live = False
        await self.announcer.step()
        if self.talk is not None:
            await self.talk.at_the_end(LAST_WORDS, min(1.0, self.options.minutes / 3))
        await self._finish()
        return None

    async def _invite(self) -> None:
        """Say where the room is, and what is played there: who comes finds a market that is on."""
        if self.addresses is not None:
            print(words.room(self.addresses[0]), words.admin(self.addresses[1]), sep="\n")
        minutes = None if self.options.headless else self.options.minutes
        print(words.playing(self.scenario.title, len(self.simulation.people), minutes), flush=True)
        if self.addresses is not None:
            print(words.programs_too(), flush=True)
        if self.addresses is not None and self.options.open_browser:
            await asyncio.to_thread(webbrowser.open, self.addresses[0])

    async def play_ticks(self, ticks: range) -> str | None:
        """Play these, each after what people do before it; why the market halted, if it did."""
        for tick in ticks:
            for action in await self.simulation.actions(tick):
                await self.event_clock.reach(action.at_ms)
                await action.run()
            at_ms = self.scenario.moments[tick]
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
            self.simulation.traded(fill.kind for fill in report.fills)
            if self.talk is not None:
                await self.talk.after_tick(tick, report, self._pinned_board())
            if self.event_clock.began:
                self._show_progress(tick, at_ms)
        self.progress.keep()
        return None

    def _show_progress(self, tick: int, at_ms: int) -> None:
        """A bar on a terminal; elsewhere a line now and then."""
        ticks = len(self.scenario.moments) - 1
        text = words.progress(tick / ticks, at_ms, self.fills)
        if self.progress.visible:
            self.progress.show(bar(tick / ticks) + text)
        elif tick % max(1, ticks // PROGRESS_LINES) == 0:
            print(text, flush=True)

    def _pinned_board(self) -> Board | None:
        return self.transcript.pinned_board()

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
