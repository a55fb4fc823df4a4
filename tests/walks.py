"""Which files of the product one order and one elimination enter: run for real on the stand-in Discord, storage on a
file, tick and announcer. Printed as JSON for `tests.house`, which runs this in a process of its own."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

PACKAGES = ("bot", "engine", "storage", "scheduler")
HARNESSES = ("tests.platform.discord_harness", "tests.platform.discord_town")  # the second: as it was called before
SETTLING_MS = 15_000  # far enough apart for what is announced together to be said


class Recorder:
    """Files in the order of their first call while `walking`, in every thread; running a module's body is no call."""

    def __init__(self, root: Path) -> None:
        self.entered: dict[str, None] = {}
        self._prefixes = tuple(f"{root / package}/" for package in PACKAGES)
        self._root = root
        self._on = False

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if self._on and event == "call" and code.co_name != "<module>" and code.co_filename.startswith(self._prefixes):
            self.entered.setdefault(Path(code.co_filename).relative_to(self._root).as_posix())

    @contextmanager
    def walking(self) -> Iterator[None]:
        self.entered = {}
        self._on = True
        try:
            yield
        finally:
            self._on = False


@dataclass(frozen=True, slots=True)
class TownClock:
    """The town's time for the jobs."""

    town: Any

    def now_ms(self) -> int:
        now: int = self.town.now
        return now

    def monotonic_ms(self) -> int:
        return self.now_ms()


async def tick(here: Any, ahead_ms: int = 2_000) -> None:
    """Time passes; the market ticks as its job makes it tick, and what is to be said is said."""
    from scheduler.jobs import Jobs  # of the checkout that is measured

    here.peer.clock.advance(ahead_ms)
    await Jobs(here.db, TownClock(here)).tick_all()
    await _first(here, "announce", "tell")()


async def order(here: Any, who: Any, recorder: Recorder) -> None:
    """`/buy`, Confirm, the tick, the ticket that becomes its fill."""
    with recorder.walking():
        asked = await here.slash(who, "buy", outcome="Germany", side="yes", amount="$50")
        await here.press(who, asked.reply, "Confirm")
        await tick(here)
    assert "Filled" in asked.reply.text, asked.reply.text


async def elimination(here: Any, recorder: Recorder) -> None:
    """`/admin eliminate`, Confirm, the ticks until it is announced."""
    with recorder.walking():
        admin = _first(here, "admin", "boss")
        preview = await here.slash(admin, "admin eliminate", outcomes="Costa Rica", reason="lost")
        await here.press(admin, preview.reply, "Confirm")
        for _ in range(4):
            await tick(here, SETTLING_MS)
    await here.channel.expect("Costa Rica is out.")


async def recorded(root: Path, folder: Path) -> dict[str, list[str]]:
    """Both walks in one market of two people who hold something of what goes out."""
    recorder = Recorder(root)
    harness = _harness()
    threading.setprofile(recorder)
    sys.setprofile(recorder)
    try:
        async with _first(harness, "discord_harness", "town")(folder) as here:
            ada, _ = await harness.running(here, "ada", "bob")
            bought = await here.slash(ada, "buy", outcome="Costa Rica", side="yes", amount="$20")
            await here.press(ada, bought.reply, "Confirm")
            await tick(here)
            await order(here, ada, recorder)
            of_order = list(recorder.entered)
            await elimination(here, recorder)
            return {"order": of_order, "elimination": list(recorder.entered)}
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def _first(holder: Any, *names: str) -> Any:
    """The first of these attributes that the checkout that is measured has: an older one called it otherwise."""
    return next(getattr(holder, name) for name in names if hasattr(holder, name))


def _harness() -> Any:
    """The Discord harness of the checkout that is measured."""
    for name in HARNESSES:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as missing:
            if missing.name != name:
                raise
    raise ModuleNotFoundError(f"none of {', '.join(HARNESSES)}")


if __name__ == "__main__":
    checkout = Path(sys.argv[1])
    sys.path.insert(0, str(checkout))
    with tempfile.TemporaryDirectory() as scratch:
        print(json.dumps(asyncio.run(recorded(checkout, Path(scratch)))))
