"""The figures Prometheus fetches, by its official client (the extra `metrics`): no other file knows the client.

What happens is counted where it happens, in microseconds; what the database knows is read when somebody fetches. Labels
are platforms, commands, parts of the bot and the numbers of markets: never a person, a chat or a text.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator

from aiohttp import hdrs, web
from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.health.readiness import Readiness, Report
from engine.units import MICRO

LOOP_EVERY_S = 0.25
FINE = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
COARSE = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
FEW = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)  # of each platform and command: lines add up
PARTS = {  # by logger, the longest name that fits; all others are libraries'
    "bot": "bot",
    "bot.dispatcher": "commands",
    "bot.market": "background",
    "bot.notifications": "announcer",
    "bot.charts": "charts",
    "bot.adapters.room": "room",
    "bot.adapters.discord_chat": "discord",
    "bot.adapters.telegram_chat": "telegram",
    "scheduler": "ticks",
    "storage": "database",
}
LIBRARY = "library"


class Metrics:
    """One process's figures. `close` stops counting errors."""

    def __init__(self, readiness: Readiness) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # when each series began: nobody asks, many lines
        self._readiness = readiness
        self._fetched = _Fetched()
        self._registry = registry = CollectorRegistry()
        self._lateness = Histogram(
            "outcry_tick_lateness_seconds",
            "From when the first of a tick's orders and steps could have run until the tick was saved.",
            buckets=COARSE,
            registry=registry,
        )
        self._ticks = Histogram(
            "outcry_tick_duration_seconds",
            "How long a tick took, from the lock on its market to the commit.",
            buckets=COARSE,
            registry=registry,
        )
        self._orders = Counter("outcry_orders", "Orders that ticks have run, refused ones too.", registry=registry)
        self._commands = Histogram(
            "outcry_command_duration_seconds",
            "From a command's arrival until its answer is known; sending it comes on top.",
            ("platform", "command"),
            buckets=FEW,
            registry=registry,
        )
        self._loop_lag = Histogram(
            "outcry_loop_lag_seconds",
            "How much later than asked for the process came back to its event loop.",
            buckets=FINE,
            registry=registry,
        )
        errors = Counter(
            "outcry_errors", "Errors written to the log, by part of the bot.", ("part",), registry=registry
        )
        self._errors = _ErrorCounter(errors)
        logging.getLogger().addHandler(self._errors)
        registry.register(self._fetched)
        for collect in (ProcessCollector, PlatformCollector, GCCollector):
            collect(registry=registry)

    def close(self) -> None:
        logging.getLogger().removeHandler(self._errors)

    def count_tick(self, *, lateness_s: float, duration_s: float, orders: int) -> None:
        """A tick that was saved."""
        self._lateness.observe(max(0.0, lateness_s))
        self._ticks.observe(duration_s)
        self._orders.inc(orders)

    def count_command(self, platform: str, command: str, duration_s: float) -> None:
        """A command that was answered."""
        self._commands.labels(platform, command).observe(duration_s)

    def watch_streams(self, streams: Callable[[], int]) -> None:
        """The room is served here: how many browsers listen."""
        self._fetched.streams = streams

    async def watch_loop(self) -> None:
        """Measure the event loop for ever."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LOOP_EVERY_S
            await asyncio.sleep(LOOP_EVERY_S)
            self._loop_lag.observe(max(0.0, loop.time() - due))

    def route(self) -> web.RouteDef:
        """`/metrics`, in the form Prometheus asks for."""

        async def answer(request: web.Request) -> web.StreamResponse:
            self._fetched.report = await self._readiness.report()
            encode, content_type = choose_encoder(request.headers.get(hdrs.ACCEPT, ""))
            body = await asyncio.to_thread(
                encode, self._registry
            )  # a thousand lines take 15 ms: others go on meanwhile
            return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type})

        return web.get("/metrics", answer)


class _ErrorCounter(logging.Handler):
    """Counts what is logged as an error, by who logged it."""

    def __init__(self, errors: Counter) -> None:
        super().__init__(logging.ERROR)
        self._errors = {part: errors.labels(part) for part in (*PARTS.values(), LIBRARY)}

    def emit(self, record: logging.LogRecord) -> None:
        name = record.name
        while name not in PARTS and "." in name:
            name = name.rpartition(".")[0]
        self._errors[PARTS.get(name, LIBRARY)].inc()


class _Fetched(Collector):
    """What is so at the moment somebody fetches. A market's figures are gone when it has closed, and all that the
    database knows while it does not answer: a figure from before would look like one of now."""

    def __init__(self) -> None:
        self.report: Report | None = None
        self.streams: Callable[[], int] | None = None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        ready = [] if self.report is None else [((), self.report.ready)]
        yield _gauge("outcry_ready", "1 where /readyz answers 200.", (), ready)
        streams = [] if self.streams is None else [((), self.streams())]
        yield _gauge("outcry_streams_open", "Event streams that browsers hold open to the room.", (), streams)
        yield from self._of_markets()
        yield from self._of_outbox()

    def _of_markets(self) -> Iterator[GaugeMetricFamily]:
        seen = self.report.observation if self.report is not None else None
        rows = [((str(row.market.id),), row) for row in (seen.markets if seen else ())]
        by = ("market",)
        waiting = [(market, row.orders) for market, row in rows]
        yield _gauge("outcry_orders_waiting", "Orders that wait for the market's next tick.", by, waiting)
        risk = [(market, row.risk / MICRO) for market, row in rows]
        yield _gauge("outcry_market_risk_dollars", "What the house could lose as things stand.", by, risk)
        stake = [(market, row.market.params.z / MICRO) for market, row in rows]
        yield _gauge("outcry_market_stake_dollars", "What the house can lose at most.", by, stake)
        halted = [(market, row.market.halted is not None) for market, row in rows]
        yield _gauge("outcry_market_halted", "1 where a market stands still until an admin acts.", by, halted)

    def _of_outbox(self) -> Iterator[GaugeMetricFamily]:
        seen = self.report.observation if self.report is not None else None
        rows = [((row.platform,), row) for row in (seen.backlogs if seen else ())]
        sizes = [(platform, row.rows) for platform, row in rows]
        yield _gauge("outcry_outbox_messages", "Messages that wait to leave.", ("platform",), sizes)
        ages = [(platform, max(0, seen.at_ms - row.oldest_ms) / 1_000) for platform, row in rows] if seen else []
        yield _gauge("outcry_outbox_age_seconds", "For how long the oldest of them has waited.", ("platform",), ages)


def _gauge(
    name: str, about: str, labels: tuple[str, ...], samples: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=labels)
    for values, value in samples:
        family.add_metric(values, float(value))
    return family
