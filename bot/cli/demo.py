"""`outcry demo`: an event played in the local room by synthetic traders, in minutes; then the room stays open."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from bot.cli import demo_files, lint
from bot.cli.demo_files import DATABASE
from bot.cli.demo_play import DemoPlay, Options
from bot.market.event_file import EventFile
from bot.notifications.announcer import Announcer
from bot.scenarios.own_event import own_event
from bot.scenarios.scenario import Scenario
from bot.scenarios.worldcup import world_cup
from bot.text.toml_lines import Mistake
from bot.words import event_file as words_event_file
from bot.words import terminal as words
from scheduler.jobs import Jobs
from storage import private_files
from storage.clock import ManualClock, SystemClock
from storage.database import CannotOpenError, Database


async def play(options: Options, scenario: Scenario | None = None) -> int:
    """Play it (an event's file where one is given, else the World Cup unless told otherwise) and write the files.

    Returns 0, 1 where a check of the market failed, 2 after one sentence that says why it cannot begin.
    """
    if options.event is not None:
        read = _own_event(options.event, options.seed)
        if not isinstance(read, Scenario):
            lint.print_mistakes(read, str(options.event))
            return 2
        scenario = read
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
        demo = DemoPlay(db, options, scenario or world_cup(), stack)
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


def _own_event(path: Path, seed: int) -> Scenario | Sequence[Mistake]:
    """The event of a file, or all that is wrong with it, as `outcry lint` says it."""
    event = lint.read_event(path, SystemClock().now_ms())
    if not isinstance(event, EventFile):
        return event
    scenario = own_event(event, seed)
    if isinstance(scenario, Scenario):
        return scenario
    return [Mistake(line=None, sentence=words_event_file.problem(problem)) for problem in scenario]


def _refused(sentence: str, code: int = 2) -> int:
    print(sentence, file=sys.stderr)
    return code


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
