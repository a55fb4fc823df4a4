"""The metrics as Prometheus fetches them: real client, real market, over HTTP."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from bot.app import tick_counter
from bot.chat.invocation import ChatKind, Invocation
from bot.commands import COMMANDS
from bot.health import readiness
from bot.health.measured_dispatcher import MeasuredDispatcher
from bot.health.metrics import Metrics
from bot.health.service import HealthService
from scheduler.jobs import Jobs
from scheduler.tick import halt, run_tick
from storage.clock import ManualClock
from storage.database import Database
from tests.paths import ROOT
from tests.storage import worlds
from tests.storage.databases import migrated_file
from tests.storage.worlds import START, World

MANUAL = (ROOT / "bot/health/README.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(outcry_\w+)` \|(.*?)\| (.+) \|$", re.MULTILINE)
Samples = dict[tuple[str, tuple[str, ...]], float]  # ours, by name and the values of the labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A market whose process serves its metrics."""

    db: Database
    clock: ManualClock
    health: HealthService
    metrics: Metrics
    world: World

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        """A second after the last one."""
        self.clock.advance(readiness.SHARED_MS)
        assert self.health.url is not None
        async with ClientSession() as session, session.get(self.health.url + path, headers=headers) as answer:
            return answer.status, await answer.text()

    async def fetch(self) -> str:
        status, text = await self.get("metrics")
        assert status == 200
        return text

    async def samples(self) -> Samples:
        return samples_of(await self.fetch())


def samples_of(text: str) -> Samples:
    families = [family for family in text_string_to_metric_families(text) if family.name.startswith("outcry_")]
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


@asynccontextmanager
async def serving(path: Path) -> AsyncIterator[Served]:
    db = Database.open(migrated_file(path))
    clock = ManualClock(START)
    health = HealthService(db, clock, port=0)
    try:
        await health.start()
        world = await worlds.started(db)
        assert health.metrics is not None
        yield Served(db=db, clock=clock, health=health, metrics=health.metrics, world=world)
    finally:
        await health.stop()
        await db.close()


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path / "outcry.db") as made:
        yield made


async def test_the_manual_names_what_is_served_with_its_labels_and_its_help(served: Served) -> None:
    await run_tick(served.db, served.world.market, START + 2_000)
    served.metrics.watch_streams(lambda: 3)
    served.metrics.count_command("room", "help", 0.01)
    text = await served.fetch()
    told = {name: (tuple(re.findall(r"`(\w+)`", labels)), about) for name, labels, about in ROW.findall(MANUAL)}
    families = {
        name: about
        for name, about in re.findall(r"^# HELP (\S+) (.+)$", text, re.MULTILINE)
        if name.startswith("outcry")
    }
    assert {name: about for name, (_, about) in told.items()} == families
    for family in text_string_to_metric_families(text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        for sample in family.samples:
            if name in told:
                assert set(sample.labels) - {"le"} == set(told[name][0]), name
        assert family.samples, f"{family.name} has no sample here"
    assert not set(re.findall(r"outcry_\w+", MANUAL.partition("```yaml")[2])) - {
        sample for sample, _ in samples_of(text)
    }, "alerts name what is served"


async def test_a_market_is_measured_while_it_ticks_and_gone_when_it_has_ended(served: Served) -> None:
    world = served.world
    number = (str(world.market),)
    await run_tick(served.db, world.market, START + 2_000)
    await worlds.append(served.db, world, world.people[0], worlds.buy(), "r1", at_ms=START + 3_000, reserve=10**7)
    waiting = await served.samples()
    assert waiting["outcry_orders_waiting", number] == 1
    assert waiting["outcry_market_stake_dollars", number] > 0
    assert waiting["outcry_market_halted", number] == 0
    report = await run_tick(served.db, world.market, START + 6_000)
    assert report.due_ms == START + 4_000, "the batch interval after the tick before"
    async with served.db.reading() as uow:
        metric = await uow.metrics.latest(world.market)
    assert metric is not None
    assert metric.mm_risk > 0
    traded = await served.samples()
    assert traded["outcry_market_risk_dollars", number] == metric.mm_risk / 1_000_000
    assert traded["outcry_orders_waiting", number] == 0
    await halt(served.db, world.market, "a test", START + 7_000)
    assert (await served.samples())["outcry_market_halted", number] == 1
    async with served.db.writing() as uow:
        await uow.actions.append(
            world.market, "control", {"kind": "void"}, actor=None, request_id="v", now_ms=START + 8_000
        )
        await uow.commit()
    await run_tick(served.db, world.market, START + 9_000)
    assert not [name for name, labels in await served.samples() if labels == number]


async def test_a_tick_counts_its_lateness_length_and_orders_and_a_clock_set_back_makes_none_early(
    served: Served,
) -> None:
    """As `outcry run` puts it together."""
    world, clock = served.world, served.clock
    jobs = Jobs(served.db, clock, tick_ms=1_000, on_tick=tick_counter(served.metrics, clock))
    await jobs.tick_all()  # the first tick is due by nothing that waited
    clock.advance(100)
    for request in ("r1", "r2"):
        await worlds.append(
            served.db, world, world.people[0], worlds.buy(), request, at_ms=clock.now_ms(), reserve=10**7
        )
    clock.advance(1_250)  # of which 900 ms had to pass anyway
    await jobs.tick_all()
    late = await served.samples()
    assert late["outcry_tick_lateness_seconds_sum", ()] == 0.35
    assert late["outcry_orders_total", ()] == 2
    served.metrics.count_tick(lateness_s=-3_600.0, duration_s=0.02, orders=1)
    after = await served.samples()
    assert after["outcry_tick_lateness_seconds_sum", ()] == 0.35
    assert after["outcry_tick_duration_seconds_count", ()] == 3
    assert after["outcry_tick_duration_seconds_sum", ()] > 0.02


async def test_commands_are_told_apart_by_their_declared_names_alone(served: Served) -> None:
    """Whatever people type, no person, chat or text becomes a label, and no line a series of its own."""
    dispatcher = MeasuredDispatcher(served.db, served.clock, COMMANDS)
    dispatcher.count = served.metrics.count_command

    async def say(text: str = "", command: str = "", **args: str) -> None:
        await dispatcher.run(
            Invocation(
                text=text, command=command, args=args, platform="room", person_ext="secret-of-ada", person_name="Ada",
                chat_ext="town", chat_kind=ChatKind.ROOM, request_id=f"r-{text}{command}",
            )
        )  # fmt: skip

    lines = ("/help", "/HELP buy", "/buy Ant yes 5 s3cret", "/admin create", "/admin_monitor", "/s3cret", "s3cret", "")
    for line in lines:
        await say(line)
    await say(command="ticket confirm 17")
    text = await served.fetch()
    counted = {
        labels: value for (name, labels), value in samples_of(text).items() if name.endswith("duration_seconds_count")
    }
    assert {labels[0]: int(value) for labels, value in counted.items() if labels} == {
        "help": 2, "buy": 1, "admin": 2, "unknown": 3, "ticket confirm": 1,
    }  # fmt: skip
    assert {labels[1] for labels in counted if labels} == {"room"}
    for private in ("s3cret", "secret-of-ada", "Ada", "town", "Zoo", "Person"):
        assert private not in text


async def test_errors_are_counted_by_who_logged_them(served: Served) -> None:
    for logger in ("bot.dispatcher", "bot.adapters.discord_chat.sending", "scheduler.jobs", "asyncio", "bot.app"):
        logging.getLogger(logger).error("it failed")
    logging.getLogger("scheduler.jobs").warning("it is slow")
    samples = await served.samples()
    counted = {
        part: samples["outcry_errors_total", (part,)] for part in ("commands", "discord", "ticks", "library", "bot")
    }
    assert set(counted.values()) == {1}
    assert samples["outcry_errors_total", ("database",)] == 0, "there from the start, so that a rate has a beginning"
    await served.health.stop()
    logging.getLogger("bot").error("nobody counts any more")


async def test_a_database_that_hangs_leaves_its_figures_out_and_the_others_in(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "ANSWER_S", 0.01)
    await run_tick(served.db, served.world.market, START + 2_000)
    async with served.db.writing():
        served.clock.advance(readiness.WRITTEN_MS)
        samples = await served.samples()
        assert samples["outcry_ready", ()] == 0
        assert ("outcry_tick_duration_seconds_count", ()) in samples
        assert not [name for name, labels in samples if labels == (str(served.world.market),)]
    await asyncio.sleep(0.05)
    assert (await served.samples())["outcry_ready", ()] == 1


async def test_the_port_serves_health_too_and_nothing_to_a_page_that_rebinds_its_name(served: Served) -> None:
    assert (await served.get("healthz"))[0] == 200
    assert (await served.get("readyz"))[0] == 200
    for path in ("healthz", "readyz", "metrics"):
        assert (await served.get(path, Host="evil.example"))[0] == 421


async def test_without_the_client_a_sentence_says_what_to_install_and_health_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for module in [name for name in sys.modules if name.startswith("prometheus_client")]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "bot.health.metrics")
    db = Database.open(migrated_file(tmp_path / "outcry.db"))
    health = HealthService(db, ManualClock(START), port=0)
    try:
        await health.start()
        assert (health.metrics, len(caplog.messages)) == (None, 1)
        assert "pip install 'outcry[metrics]'" in caplog.text
        async with ClientSession() as session:
            for path, status in (("healthz", 200), ("readyz", 200), ("metrics", 404)):
                async with session.get(f"{health.url}{path}") as answer:
                    assert answer.status == status
    finally:
        await health.stop()
        await db.close()


async def test_a_port_that_is_taken_is_a_sentence_and_nothing_is_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    db = Database.open(migrated_file(tmp_path / "outcry.db"))
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        health = HealthService(db, ManualClock(START), port=port)
        try:
            await health.start()
            assert (health.url, health.metrics, len(caplog.messages)) == (None, None, 1)
            assert f"cannot be served on 127.0.0.1:{port}" in caplog.text
            assert (await health.readiness.report()).ready, "the room serves it still"
        finally:
            await health.stop()
            await db.close()
