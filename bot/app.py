"""`outcry run`: puts the parts together, says what is ready, and stops cleanly."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import os
import secrets
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot import logs
from bot.adapters.reconnecting import ReconnectingService
from bot.adapters.room.service import RoomService
from bot.adapters.webhooks.platform import WebhookPlatform
from bot.charts.service import Charts
from bot.chat.platform import Platform
from bot.chat.rate_limits import Budget
from bot.chat.rights import ChatRights, Rights
from bot.cli.database import open_database
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.ending import End, Endings, gone_in_time
from bot.health.measured_dispatcher import MeasuredDispatcher
from bot.health.server import ready_route
from bot.health.service import HealthService
from bot.market.background_cut import BackgroundCuts
from bot.market.background_rehearsal import BackgroundRehearsal
from bot.market.background_verify import BackgroundVerifier
from bot.notifications.announcer import Announcer
from bot.settings import Settings, webhook_secret_of
from bot.words import terminal as words_terminal
from scheduler.jobs import MARKET, Jobs
from scheduler.tick import TickReport
from storage import private_files
from storage.clock import Clock, SystemClock
from storage.database import Database
from storage.holding import Holder

if TYPE_CHECKING:
    from bot.adapters.telegram_chat.connection import TelegramSettings
    from bot.health.metrics import Metrics  # its client may not be installed

log = logging.getLogger(__name__)

TOKEN_FILE = Path("outcry-admin-token")
SHORTEST_TOKEN = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformParts:
    """What a platform is put together from; `stack` ends what it started, last started first."""

    settings: Settings
    db: Database
    clock: Clock
    dispatcher: Dispatcher
    charts: Charts
    budgets: dict[str, Budget]
    health: HealthService
    holder: Holder
    rights: Rights
    stack: AsyncExitStack


class CannotStartError(Exception):
    """Why a platform cannot be served at all, in a sentence."""


async def serve(settings: Settings, only: str | None = None) -> int:
    """Serve until SIGTERM or SIGINT; 0 after a clean stop, 2 when there is nothing to run, 3 without a database."""
    wanted = [name for name, (is_set, _) in PLATFORMS.items() if is_set(settings) and only in (None, name)]
    if not wanted and only != "ticks":
        print(_nothing(only), file=sys.stderr)
        return 2
    given = settings.admin_token
    try:
        settings = _with_secrets(settings, wanted)
    except CannotStartError as error:
        print(error, file=sys.stderr)
        return 2
    logs.configure(settings.log, secrets=settings.secrets())
    async with AsyncExitStack() as stack:
        stopped = _stop_signal()
        db = await _open_database(settings, stack, stopped)
        if db is None:
            return 0 if stopped.is_set() else 3
        if settings.admin_token != given:
            print(_token_kept(settings.public_url, alone=db.alone), file=sys.stderr)
        clock = SystemClock()
        holder = Holder(db, clock, process_name())
        endings = Endings()
        endings.last["the leases"] = holder.stop
        stack.push_async_callback(endings.end)
        charts = Charts(db)
        endings.parts["charts"] = charts.close
        budgets = {name: Budget.of(name, clock.monotonic_ms()) for name in PLATFORMS}
        rights = rights_of(settings, db, clock, budgets, endings.parts)
        dispatcher = _dispatcher(settings, db, clock, rights, endings)
        health = await _health(settings, db, clock, dispatcher, endings)
        parts = PlatformParts(
            settings=settings,
            db=db,
            clock=clock,
            dispatcher=dispatcher,
            charts=charts,
            budgets=budgets,
            health=health,
            holder=holder,
            rights=rights,
            stack=stack,
        )
        try:
            platforms = {name: await _served(name, parts, endings) for name in wanted}
        except CannotStartError as error:
            print(error, file=sys.stderr)
            return 2
        if platforms:
            _announce(parts, platforms, endings)
        jobs = Jobs(db, clock, tick_ms=settings.tick_ms, on_tick=tick_counter(health.metrics, clock), holder=holder)
        health.readiness.watch_ticks(jobs.asleep_ms)
        await holder.start()
        await jobs.start()
        await dispatcher.approvers.resume()
        endings.work["the tick"] = partial(_end_ticks, jobs, holder)
        await charts.start()
        stack.callback(_settled())
        await stopped.wait()
        log.info("stopping")
    return 0


def _announce(parts: PlatformParts, platforms: Mapping[str, Platform], endings: Endings) -> None:
    """Send what waits in the outbox, to webhooks too: that one of them is out of reach is nobody's delay."""
    db, clock, holder = parts.db, parts.clock, parts.holder
    webhooks = WebhookPlatform.open(db, clock, private=parts.settings.webhook_private)
    endings.parts["webhooks"] = webhooks.close
    reached = {**platforms, webhooks.name: webhooks}
    used = {name: parts.budgets[name] for name in platforms}
    announcer = Announcer(db, clock, reached, parts.charts.announced, budgets=used, holder=holder, commands=COMMANDS)
    parts.health.readiness.watch_deliveries(platforms, partial(_delivered_at, announcer, holder, clock))
    endings.work["the announcer"] = partial(_end_of, asyncio.create_task(announcer.run()))


def process_name() -> str:
    """Which no other process has or had: whoever holds a lease by it is this one."""
    return f"{socket.gethostname()[:32]}-{os.getpid()}-{secrets.token_hex(4)}"


def _delivered_at(announcer: Announcer, holder: Holder, clock: Clock, platform: str) -> int:
    """When something last arrived at a platform (monotonic). What another process sends is not ours to be late with."""
    if holder.lease(platform) is None:
        return clock.monotonic_ms()
    return announcer.results.delivered_at.get(platform, 0)


async def _open_database(settings: Settings, stack: AsyncExitStack, stopped: asyncio.Event) -> Database | None:
    """None where it cannot be opened, or is waited for no longer."""
    opening = asyncio.create_task(
        stack.enter_async_context(open_database(settings.database_url, migrate=True, patient=True))
    )
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait({opening, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not opening.done():
        opening.cancel()
        await asyncio.wait({opening})
        return None
    db = opening.result()
    if db is not None:
        db.listen()
    return db


async def _served(name: str, parts: PlatformParts, endings: Endings) -> Platform:
    """Start one platform, which ends beside the others."""
    served = AsyncExitStack()
    endings.parts[name] = served.aclose
    return await PLATFORMS[name][1](replace(parts, stack=served))


def _settled() -> Callable[[], None]:
    """What starting has made stays, so the garbage collector need not look at it again: a full collection took 60 ms,
    in which nothing else happened; then it takes 5. Returns how to take it back."""
    gc.collect()
    gc.freeze()
    return gc.unfreeze


def rights_of(
    settings: Settings, db: Database, clock: Clock, budgets: Mapping[str, Budget], ends: dict[str, End]
) -> Rights:
    """Who can be asked whether somebody is in a chat: every platform with a token, whichever of them is served here.
    `ends` is told how each is closed."""
    by_platform: dict[str, ChatRights] = {}
    if settings.discord_token is not None:
        from bot.adapters.discord_chat.rights import DiscordRights  # who runs only the room need not load it

        discord = DiscordRights(settings.discord_token, settings.discord_api_base, db, clock.monotonic_ms)
        by_platform["discord"], ends["what Discord is asked"] = discord, discord.close
    if settings.telegram_token is not None:
        from bot.adapters.telegram_chat.rights import TelegramRights  # as above

        telegram = TelegramRights(_telegram_settings(settings), budgets["telegram"], clock.monotonic_ms)
        by_platform["telegram"], ends["what Telegram is asked"] = telegram, telegram.close
    return Rights(by_platform, clock.monotonic_ms)


def _dispatcher(settings: Settings, db: Database, clock: Clock, rights: Rights, endings: Endings) -> MeasuredDispatcher:
    """With all that works beside it."""
    auditor = BackgroundVerifier(db, clock.now_ms, apart=True)
    endings.parts["the check of a market"] = auditor.close
    rehearser = BackgroundRehearsal(db, clock)
    endings.parts["a rehearsal"] = rehearser.close
    cutter = BackgroundCuts(db, clock.now_ms)
    endings.parts["the work on a cut"] = cutter.close
    dispatcher = MeasuredDispatcher(
        db,
        clock,
        COMMANDS,
        auditor=auditor,
        rehearser=rehearser,
        cutter=cutter,
        rights=rights,
        public_url=settings.public_url if settings.room else None,
        private_webhooks=settings.webhook_private,
    )
    endings.parts["asking who could approve"] = dispatcher.approvers.close
    return dispatcher


async def _health(
    settings: Settings, db: Database, clock: Clock, dispatcher: MeasuredDispatcher, endings: Endings
) -> HealthService:
    """What machines ask, and the counting for it where somebody may fetch the figures."""
    health = HealthService(db, clock, tick_ms=settings.tick_ms, port=settings.metrics_port)
    await health.start()
    endings.parts["health"] = health.stop
    if health.url is not None:
        print(f"health: {health.url}", flush=True)
    if health.metrics is not None:
        dispatcher.count = health.metrics.count_command
    return health


def tick_counter(metrics: Metrics | None, clock: Clock) -> Callable[[TickReport], Awaitable[None]] | None:
    """What hears of every tick and counts it; None where nobody may fetch the figures."""
    if metrics is None:
        return None

    async def count(report: TickReport) -> None:
        late_ms = clock.now_ms() - report.due_ms if report.due_ms is not None else 0
        duration_ms = sum(report.phases.values())
        metrics.count_tick(lateness_s=late_ms / 1_000, duration_s=duration_ms / 1_000, orders=report.orders)

    return count


async def _room(parts: PlatformParts) -> Platform:
    settings = parts.settings
    served = RoomService(
        parts.db,
        parts.dispatcher,
        parts.clock.now_ms,
        host=settings.room_host,
        port=settings.room_port,
        admin_token=settings.admin_token or "",
        draw=parts.charts.picture,
        more=[ready_route(parts.health.readiness)],
        public_url=settings.public_url,
        trusted_proxies=settings.trusted_proxies,
        holder=parts.holder,
        rights=parts.rights,
        telegram_token=settings.telegram_token,
    )
    try:
        url, _ = await served.start()
    except OSError as error:
        raise CannotStartError(_taken(settings, error)) from error
    if parts.health.metrics is not None:
        parts.health.metrics.watch_streams(lambda: served.streams_open)
    parts.stack.push_async_callback(served.stop)
    print(words_terminal.room(room_address(url, settings.public_url)), "ready: room", sep="\n", flush=True)
    return served.platform


def room_address(url: str, public_url: str | None) -> str:
    """Where people find the room: behind a proxy under the address that is theirs, not the one it listens on."""
    return url if public_url is None else f"{public_url}/"


async def _discord(parts: PlatformParts) -> Platform:
    from bot.adapters.discord_chat.service import (  # who runs only the room need not load it
        DiscordService,
        DiscordSettings,
    )

    settings = DiscordSettings(
        token=parts.settings.discord_token or "",
        api_base=parts.settings.discord_api_base,
        gateway=parts.settings.discord_gateway,
        shard_ids=parts.settings.discord_shard_ids,
        shard_count=parts.settings.discord_shard_count,
    )
    draw, ready = parts.charts.picture, _ready("discord")
    return await _connect(
        DiscordService(parts.db, parts.dispatcher, parts.clock, draw, settings, parts.holder, ready), parts.stack
    )


async def _telegram(parts: PlatformParts) -> Platform:
    from bot.adapters.telegram_chat.service import TelegramService  # who runs only the room need not load it

    settings = _telegram_settings(parts.settings)
    draw, budget, ready = parts.charts.picture, parts.budgets["telegram"], _ready("telegram")
    service = TelegramService(
        parts.db, parts.dispatcher, parts.clock, draw, budget, settings, ready, holder=parts.holder
    )
    return await _connect(service, parts.stack)


def _telegram_settings(settings: Settings) -> TelegramSettings:
    from bot.adapters.telegram_chat.connection import TelegramSettings  # who runs only the room need not load it

    return TelegramSettings(
        token=settings.telegram_token or "",
        api_base=settings.telegram_api_base,
        file_base=settings.telegram_file_base,
        webhook_url=settings.telegram_webhook_url,
        webhook_listen=settings.telegram_webhook_listen,
        webhook_secret=settings.telegram_webhook_secret,
        public_url=settings.public_url if settings.room else None,
    )


async def _connect(service: ReconnectingService, stack: AsyncExitStack) -> Platform:
    """Start a service that stays connected until the stack is closed."""
    await service.start()
    stack.push_async_callback(service.stop)
    return service.platform


# name -> whether it is asked for, and how it starts; it says itself when it is ready
PLATFORMS: Mapping[str, tuple[Callable[[Settings], bool], Callable[[PlatformParts], Awaitable[Platform]]]] = {
    "room": (lambda settings: settings.room, _room),
    "discord": (lambda settings: settings.discord_token is not None, _discord),
    "telegram": (lambda settings: settings.telegram_token is not None, _telegram),
}


def _ready(name: str) -> Callable[[], None]:
    return lambda: print(f"ready: {name}", flush=True)


def _nothing(only: str | None) -> str:
    if only in ("discord", "telegram"):
        return f"Nothing to run: {only.upper()}_TOKEN is not set, so there is no {only.title()} to serve."
    return "Nothing to run: OUTCRY_ROOM is off. Set OUTCRY_ROOM=on, or run `outcry run --only ticks`."


def _taken(settings: Settings, error: OSError) -> str:
    taken = error.errno in (errno.EADDRINUSE, errno.EACCES)
    instead = "OUTCRY_ROOM_PORT, or 0 for any free one" if taken else "OUTCRY_ROOM_HOST, such as 127.0.0.1"
    return (
        f"The room cannot listen on {settings.room_host}:{settings.room_port} ({error.strerror or error}). "
        f"Choose another {instead}."
    )


def _with_secrets(settings: Settings, wanted: Collection[str]) -> Settings:
    """With those that are made here where they are not given, so that logs know them. Raises CannotStartError."""
    if settings.telegram_webhook_url and settings.telegram_token and not settings.telegram_webhook_secret:
        settings = replace(settings, telegram_webhook_secret=webhook_secret_of(settings.telegram_token))
    if "room" not in wanted or settings.admin_token:
        return settings
    try:
        return replace(settings, admin_token=_kept_token())
    except OSError as error:
        raise CannotStartError(_no_token_file(error)) from error


def _kept_token() -> str:
    """From a file only its owner can read, made at the first start. Raises OSError where there can be no such file."""
    private_files.create(TOKEN_FILE)
    token = TOKEN_FILE.read_text(encoding="ascii", errors="replace").strip()
    if len(token) < SHORTEST_TOKEN or not token.isascii():
        token = secrets.token_urlsafe(24)
        private_files.write(TOKEN_FILE, f"{token}\n".encode())
    return token


def _token_kept(public_url: str | None, *, alone: bool) -> str:
    room = f"{public_url}/?admin=TOKEN" if public_url else "the room with ?admin=TOKEN"
    others = "" if alone else " Other processes of this database need the same one: set OUTCRY_ADMIN_TOKEN for each."
    return f"The admin token is in {TOKEN_FILE.resolve()}: open {room} once.{others}"


def _no_token_file(error: OSError) -> str:
    return (
        f"The admin token cannot be kept in {TOKEN_FILE.absolute()} ({error.strerror or error}). "
        "Start in a folder that can be written, or set OUTCRY_ADMIN_TOKEN."
    )


def _stop_signal() -> asyncio.Event:
    """Set by SIGTERM and SIGINT, from which on the process has not long to live."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        stopped.set()
        gone_in_time()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return stopped


async def _end_ticks(jobs: Jobs, holder: Holder) -> None:
    """The tick under way may end; then the markets are other processes', whatever else has still to end here."""
    await jobs.stop()
    await holder.give_up_share(MARKET)


async def _end_of(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
