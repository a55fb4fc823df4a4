"""A real `outcry run` under load: `make load MINUTES=2 JSON=figures.json`.

Members sit in the room as browsers do, each with its stream open; every couple of seconds each asks for a ticket and
confirms it, over HTTP. Then the process is stopped, its database is verified, and the figures are told. Nothing is
judged here but promises: an answer for every request, a clean stop, a history that holds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.cli.database import open_database
from storage.verify import Mismatch, verify
from tests.bot.adapters.room.harness import Browser, Shown
from tests.paths import ROOT

TOKEN = "a-token-for-the-load-run"
EVENT = '/admin create "Load" North, East, South, West, Centre balance $2000'
PAUSE_S = 2.2  # between two orders of one person: within what a person may send


@dataclass(slots=True)
class Figures:
    """What the people saw. Seconds."""

    ticket: list[float] = field(default_factory=list)
    confirm: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)


async def drive(url: str, folder: Path, people: int, seconds: float, seed: int) -> Figures:
    """Open a market in the room and let everybody trade in it."""
    found = Figures()
    boss = Browser(url)
    members = [Browser(url) for _ in range(people)]
    try:
        await boss.get(f"?admin={TOKEN}")
        await boss.join("Boss")
        for line in (EVENT, "/admin open"):
            await send_line(boss, line)
        for number, one in enumerate(members):
            assert (await one.join(f"Member {number}"))[0] == 200
        preview = await send_line(boss, "/admin start")
        await pressed(boss, preview, "Confirm")
        await first_tick(folder)  # it funds everybody
        until = time.monotonic() + seconds
        streams = [asyncio.create_task(listen(one)) for one in members]
        try:
            await asyncio.gather(
                *(trade(one, random.Random(f"{seed}:{number}"), until, found) for number, one in enumerate(members))
            )
        finally:
            for stream in streams:
                stream.cancel()
            await asyncio.gather(*streams, return_exceptions=True)
    finally:
        for one in (boss, *members):
            await one.close()
    return found


async def first_tick(folder: Path) -> None:
    """Until the market has ticked: looked at from outside."""
    async with open_database(f"sqlite:///{folder / 'outcry.db'}", read_only=True) as db:
        assert db is not None
        while True:
            async with db.reading() as uow:
                if (await uow.markets.get_one(1)).tick:
                    return
            await asyncio.sleep(0.05)


async def send_line(who: Browser, line: str) -> Shown:
    status, answer = await who.say(line)
    assert status == 200, (line, status, answer)
    found: Shown = answer
    return found


async def pressed(who: Browser, message: Shown, label: str) -> Shown:
    lines = [one["text"] for one in message["reply"].get("actions", ()) if one["label"].startswith(label)]
    assert lines, (label, message)
    status, answer = await who.press(lines[0], message["id"])
    assert status == 200, (label, status, answer)
    found: Shown = answer
    return found


async def listen(who: Browser) -> None:
    """As a page does: reads on, drops what it reads."""
    async with who.stream() as events:
        async for _ in events.answer.content.iter_chunked(65_536):
            pass


async def trade(who: Browser, rng: random.Random, until: float, found: Figures) -> None:
    """A ticket and its Confirm, again and again; buys mostly, each a few dollars."""
    await asyncio.sleep(rng.random() * PAUSE_S)
    while time.monotonic() < until:
        began = time.monotonic()
        line = f"/buy {rng.randint(1, 5)} {rng.choice(('yes', 'no'))} ${rng.randint(1, 9)}"
        ticket = await send_line(who, line)
        found.ticket.append(time.monotonic() - began)
        if any(one["label"].startswith("Confirm") for one in ticket["reply"].get("actions", ())):
            asked = time.monotonic()
            answer = await pressed(who, ticket, "Confirm")
            found.confirm.append(time.monotonic() - asked)
            found.answers["accepted" if answer["reply"]["ok"] else "refused"] += 1
        else:
            found.answers["no ticket"] += 1
        await asyncio.sleep(max(0.0, PAUSE_S - (time.monotonic() - began)))


def spread(values: Sequence[float], scale: float = 1_000) -> dict[str, float]:
    """Median and tail in milliseconds; `values` in seconds unless scaled."""
    if not values:
        return {}
    ranked = sorted(values)
    at = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    places = {
        name: round(ranked[min(len(ranked) - 1, int(share * len(ranked)))] * scale, 2) for name, share in at.items()
    }
    return {**places, "max": round(ranked[-1] * scale, 2)}


async def kept(folder: Path) -> dict[str, object]:
    """What the database says of it, and whether its history holds."""
    async with open_database(f"sqlite:///{folder / 'outcry.db'}", read_only=True) as db:
        assert db is not None
        async with db.reading() as uow:
            market = await uow.markets.get_one(1)
            times = await uow.ticks.durations(1, 10**6)
            pending = len(await uow.orders.pending(1))
        checked = await verify(db, 1)
    assert not isinstance(checked, Mismatch), checked
    return {
        "ticks": market.tick,
        "trades": market.trades,
        "pending": pending,
        "tick_ms": spread(times, 0.001),
        "verified": True,
    }


async def run(people: int, seconds: float, seed: int) -> dict[str, object]:
    """Start the process, drive it, stop it, read what it left."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        child = await start(folder)
        try:
            assert child.stdout is not None
            url = (await child.stdout.readline()).decode().removeprefix("room: ").strip()
            assert url.startswith("http"), url
            found = await drive(url, folder, people, seconds, seed)
            child.send_signal(signal.SIGTERM)
            code = await child.wait()
            assert code == 0, f"the process ended with {code}"
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        orders = found.answers["accepted"]
        return {
            "people": people,
            "seconds": seconds,
            "orders": orders,
            "orders_per_second": round(orders / seconds, 2),
            "answers": dict(sorted(found.answers.items())),
            "ticket_ms": spread(found.ticket),
            "confirm_ms": spread(found.confirm),
            **await kept(folder),
        }


async def start(folder: Path) -> asyncio.subprocess.Process:
    """`outcry run` in a folder of its own, on any free port."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OUTCRY_", "DATABASE_"))}
    ours = {"PYTHONPATH": str(ROOT), "OUTCRY_ROOM_PORT": "0", "OUTCRY_ADMIN_TOKEN": TOKEN}
    tokens = {"DISCORD_TOKEN": "", "TELEGRAM_TOKEN": ""}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", cwd=folder, env={**clean, **ours, **tokens},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    given = parser.parse_args(argv)
    figures = asyncio.run(run(given.people, given.minutes * 60, given.seed))
    for name, value in figures.items():
        print(f"{name}: {value}")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
