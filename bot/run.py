"""`outcry run`: puts the parts together, says what is ready, and stops cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bot import logs
from bot.adapters.room.server import Room
from bot.announcer import Announcer
from bot.auditor import Auditor
from bot.charts import Charts
from bot.dispatch import Dispatcher
from bot.platform import Platform
from bot.settings import Settings
from bot.upkeep import opened
from scheduler.clock import SystemClock
from scheduler.jobs import Jobs

log = logging.getLogger(__name__)

TOKEN_FILE = Path("outcry-admin-token")


async def serve(settings: Settings, only: str | None = None) -> int:
    """Serve until SIGTERM or SIGINT; 0 after a clean stop, 2 when there is nothing to run, 3 without a database."""
    room, ticks = settings.room and only in (None, "room"), only in (None, "ticks")
    if not room and only != "ticks":
        print(_nothing(only), file=sys.stderr)
        return 2
    token = _admin_token(settings) if room else ""
    logs.configure(settings.log, secrets=[token])
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(opened(settings.database_url, migrate=True))
        if db is None:
            return 3
        stopped = _stop_signal()
        clock = SystemClock()
        platforms: dict[str, Platform] = {}
        charts = Charts(db)
        stack.push_async_callback(charts.close)
        auditor = Auditor(db, clock.now_ms, apart=True)
        stack.push_async_callback(auditor.close)
        dispatcher = Dispatcher(db, clock.now_ms, auditor=auditor)
        if room:
            served = Room(
                db,
                dispatcher,
                clock.now_ms,
                host=settings.room_host,
                port=settings.room_port,
                admin_token=token,
                draw=charts.picture,
            )
            platforms[served.platform.name] = served.platform
            try:
                url, _ = await served.start()
            except OSError as error:
                print(_taken(settings, error), file=sys.stderr)
                return 2
            stack.push_async_callback(served.stop)
            print(f"room: {url}\nready: room", flush=True)
        if platforms:
            announcer = Announcer(db, clock.now_ms, platforms, charts.picture)
            await stack.enter_async_context(_in_background(announcer.run()))
        if ticks:
            jobs = Jobs(db, clock, tick_ms=settings.tick_ms)
            await jobs.start()
            stack.push_async_callback(jobs.stop)
        await charts.start()
        await stopped.wait()
        log.info("stopping")
    return 0


def _nothing(only: str | None) -> str:
    if only in ("discord", "telegram"):
        return f"This version does not speak {only.title()} yet. `outcry run` serves the local room."
    return "Nothing to run: OUTCRY_ROOM is off. Set OUTCRY_ROOM=on, or run `outcry run --only ticks`."


def _taken(settings: Settings, error: OSError) -> str:
    return (
        f"The room cannot listen on {settings.room_host}:{settings.room_port} ({error.strerror or error}). "
        "Choose another OUTCRY_ROOM_PORT, or 0 for any free one."
    )


def _admin_token(settings: Settings) -> str:
    """The one of the settings, else the one kept in a file only its owner can read, made at the first start."""
    if settings.admin_token:
        return settings.admin_token
    if not TOKEN_FILE.exists() or len(TOKEN_FILE.read_text(encoding="ascii").strip()) < 16:
        TOKEN_FILE.touch(mode=0o600)
        TOKEN_FILE.chmod(0o600)
        TOKEN_FILE.write_text(secrets.token_urlsafe(24) + "\n", encoding="ascii")
    print(f"The admin token is in {TOKEN_FILE.resolve()}: open the room with ?admin=TOKEN once.", file=sys.stderr)
    return TOKEN_FILE.read_text(encoding="ascii").strip()


def _stop_signal() -> asyncio.Event:
    """Set by SIGTERM and SIGINT."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    return stopped


@asynccontextmanager
async def _in_background(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run a coroutine beside the body, and end it with the body."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
