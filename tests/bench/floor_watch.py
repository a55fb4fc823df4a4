"""Who watches the trading floor in `floor_bench.py`: streams and a browser that note when something reached them.

All moments are seconds of the machine's monotonic clock, as those of the commits (`LOAD_COMMITS`) are.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page, async_playwright

from tests.platform.chromium import ARGS, PHONE, executable
from tests.simulation.load_client import LoadPerson

LATEST_S = 1.9  # what comes later after a tick may be of the next
NARROW = 4_096  # bytes that the machine keeps for a browser that does not read

_TICK = re.compile(rb'"tick":(\d+)')
_OBSERVED = """() => {
  window.seen = [];
  const note = () => window.seen.push(performance.timeOrigin + performance.now());
  new MutationObserver(note).observe(document.querySelector('#board'),
    {subtree: true, childList: true, characterData: true});
}"""


class Watch(asyncio.Protocol):
    """A stream: when each kind of event came, and how many bytes it had."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._buffer = b""
        self._tick = b""
        self.times: list[float] = []  # of the events `market` that tell of a tick
        self.sizes: Counter[str] = Counter()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        *events, self._buffer = (self._buffer + data).split(b"\n\n")
        for event in events:
            kind = event.partition(b"event: ")[2].partition(b"\n")[0].decode("ascii", "replace")
            self.sizes[kind] += len(event) + 2
            if kind == "market" and (tick := _TICK.search(event)) is not None and tick[1] != self._tick:
                self.times += [now] if self._tick else []  # the first is of a tick from before
                self._tick = tick[1]

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None


class Silent(Watch):
    """A browser that asks for the stream and never reads it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(transport, asyncio.Transport)
        wire = transport.get_extra_info("socket")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW)
        transport.pause_reading()


def commits(file: Path) -> list[float]:
    """When ticks were committed by the process that writes this file."""
    return [float(line) for line in file.read_text(encoding="ascii").split()] if file.exists() else []


def delays(times: Sequence[float], committed: Sequence[float]) -> list[float]:
    """How long after its commit each tick was there first."""
    first: dict[int, float] = {}
    for moment in times:
        at = bisect_right(committed, moment) - 1
        if at >= 0 and moment - committed[at] < LATEST_S:
            first.setdefault(at, moment - committed[at])
    return list(first.values())


@asynccontextmanager
async def page_of(person: LoadPerson, url: str) -> AsyncIterator[Page]:
    """This person's page in a Chromium of the size of a phone."""
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=executable(), args=list(ARGS))
        try:
            context = await browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]})
            await context.add_cookies(
                [{"name": name, "value": text, "url": url} for name, text in person.cookies.items()]
            )
            yield await context.new_page()
        finally:
            await browser.close()


async def observe(page: Page) -> None:
    """From now on note when the board changes."""
    await page.evaluate(_OBSERVED)


async def observed(page: Page) -> list[float]:
    offset = time.time() - time.monotonic()
    return [moment / 1_000 - offset for moment in await page.evaluate("window.seen")]


async def first_paint(page: Page, url: str) -> list[float]:
    """Milliseconds to the first contentful paint, then again with what the browser kept."""
    found = []
    for _ in range(3):
        await page.goto(url)
        with contextlib.suppress(Exception):
            await page.wait_for_function(
                "performance.getEntriesByName('first-contentful-paint').length", timeout=10_000
            )
        found.append(await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"))
    return found
