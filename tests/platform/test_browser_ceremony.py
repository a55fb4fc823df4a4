"""A moment is felt wherever one looks: on a phone over an open ticket and while one types, in two columns, on a wide
screen, and by who comes later. Everything behind is real; the market's time is moved by hand."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from itertools import repeat
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from tests.bot.adapters.room.harness import RoomHarness, room_harness
from tests.platform.chromium import PHONE, Window, window

pytestmark = pytest.mark.asyncio(loop_scope="module")

PICTURES = os.environ.get("OUTCRY_SCREENSHOTS")  # a folder to look at what the windows showed
TWO_COLUMNS, WIDE = (820, 1100), (1440, 900)
BESIDE = "مرحبا"  # read from the right
MINUTE = 60_000
expect.set_options(timeout=30_000)


class Event:
    """The room and three windows."""

    def __init__(self, harness: RoomHarness, phone: Window, columns: Window, wide: Window) -> None:
        self.harness = harness
        self.phone, self.columns, self.wide = phone, columns, wide

    @property
    def windows(self) -> tuple[Window, Window, Window]:
        return self.phone, self.columns, self.wide

    async def tick(self, after_ms: int = 2_000) -> None:
        if not self.harness.market:
            async with self.harness.db.reading() as uow:
                chat = await uow.chats.find("room", "room")
                market = await uow.markets.of_chat(chat.id) if chat else None
            assert market is not None
            self.harness.market = market.id
        await self.harness.tick(after_ms)

    async def to_next_step(self, before_ms: int = 0) -> None:
        async with self.harness.db.reading() as uow:
            step = (await uow.markets.get_one(self.harness.market)).next_step
        assert step is not None
        await self.tick(step.at_ms - before_ms - self.harness.clock.now_ms())

    async def screenshot(self, what: str) -> None:
        for name, shown in (("phone", self.phone), ("columns", self.columns), ("wide", self.wide)):
            if PICTURES:
                await shown.page.wait_for_timeout(1_500)
                await shown.page.screenshot(path=f"{PICTURES}/ceremony-{what}-{name}.png")


@pytest_asyncio.fixture(loop_scope="module")
async def event(chrome: Browser, tmp_path: Path) -> AsyncIterator[Event]:
    async with room_harness(tmp_path) as harness:
        windows = (
            await window(chrome, PHONE),
            await window(chrome, TWO_COLUMNS, theme="light", calm=True),
            await window(chrome, WIDE),
        )
        event = Event(harness, *windows)
        await event.harness.admin(
            f'/admin create Cup Ann, Bo, Cleo, Dan, "{BESIDE}"',
            "/admin schedule +10m for 10m out 1; +30m for 10m out 1; +60m for 10m winner ask",
            "/admin set dispute 10m",
            "/admin open",
        )
        await asyncio.gather(*map(join, windows, ("Pia", "Cem", "Wim"), repeat(harness.url)))
        await event.harness.admin("/admin start")
        await event.tick()
        for shown in windows:
            await shown.send("/buy dan no $30", "/buy ann yes $5")
        await event.tick()
        yield event
        for context in chrome.contexts:
            await context.close()


async def join(shown: Window, name: str, url: str) -> None:
    await shown.join(url, name)
    await shown.send("/join", "/settings confirm off")


async def hold(shown: Window) -> None:
    """The pointer lies where a card will: under it a card stays for as long as a test takes."""
    side = await shown.page.locator("#market").bounding_box() or {"x": 0, "width": PHONE[0]}
    await shown.page.mouse.move(side["x"] + side["width"] / 2, 260)


async def apart(first: Locator, second: Locator) -> bool:
    """Whether neither covers anything of the other."""
    one, other = await first.bounding_box(), await second.bounding_box()
    assert one is not None
    assert other is not None
    return (
        one["y"] + one["height"] <= other["y"]
        or other["y"] + other["height"] <= one["y"]
        or one["x"] + one["width"] <= other["x"]
        or other["x"] + other["width"] <= one["x"]
    )


async def test_a_whole_event_is_felt_wherever_one_looks(event: Event, chrome: Browser) -> None:
    phone = event.phone.page
    await phone.locator("#board .price").first.click()
    ticket = phone.locator("#sheet-ticket:not([hidden])")
    await expect(ticket.get_by_role("button", name="Buy for")).to_be_visible()

    await event.to_next_step(before_ms=55_000)
    for shown in event.windows:
        bar = shown.page.locator(".moment-bar")
        await expect(bar).to_contain_text("Round 1 freezes")
        await expect(bar.locator(".digits")).to_have_text(re.compile(r"0:\d\d"))
        assert await apart(bar, shown.page.locator(".top"))
    assert await apart(phone.locator(".moment-bar"), ticket)
    await event.screenshot("countdown")
    await ticket.get_by_role("button", name="Close the ticket").click()
    await phone.locator("#tab-talk").click()
    await phone.locator("#text").fill("/buy bo yes")

    await event.to_next_step()
    for shown in event.windows:
        await expect(shown.page.locator(".moment-bar")).to_contain_text("round 1 is being decided")
        await expect(shown.page.locator("body.frosted")).to_have_count(1)
    await event.screenshot("frozen")

    for shown in event.windows:
        await hold(shown)
    await event.harness.admin("/admin eliminate dan 7-1")
    await event.tick()
    await _an_elimination_is_seen_and_goes(event)
    await _who_comes_later_reads_what_they_missed(event, chrome)
    await _the_end_waits_for_who_is_typing_and_is_corrected(event)
    assert [shown.complaints for shown in event.windows] == [[], [], []]


async def _an_elimination_is_seen_and_goes(event: Event) -> None:
    phone, columns, wide = event.windows
    for shown in event.windows:
        told = shown.page.locator("#ceremony [aria-live]")
        await expect(told).to_contain_text("Dan is out. 7-1.")
        await expect(told).to_contain_text("It paid you $")
        await expect(shown.page.locator("body.frosted")).to_have_count(0)
        card = shown.page.locator(".moment-card")
        await expect(card.locator(".struck")).to_have_text("Dan")
        await expect(card.locator(".moment-own")).to_contain_text("It paid you $")
        await expect(card.locator(".moment-paid")).to_contain_text("paid to 3 holders of NO.")
        await expect(card.locator(".moment-prices li")).to_have_count(4)
        assert await apart(card, shown.page.locator("#line .field"))
    await event.screenshot("out")
    assert not await columns.page.locator(".moment-card.arrives").count()
    assert await columns.page.evaluate("document.getAnimations().length") == 0
    assert await phone.page.locator("#text").input_value() == "/buy bo yes"
    await expect(phone.page.locator("#text")).to_be_focused()
    await wide.page.keyboard.press("Escape")
    await columns.page.locator(".moment-card .moment-paid").click()
    await phone.page.locator(".moment-card").get_by_role("button", name="Close").click()
    for shown in event.windows:
        await expect(shown.page.locator(".moment-card")).to_have_count(0)
        await expect(shown.page.locator("#news .headline").filter(has_text="Dan is out.")).to_have_count(1)


async def _who_comes_later_reads_what_they_missed(event: Event, chrome: Browser) -> None:
    """A stranger finds a card among the announcements, who was away for two rounds one sentence."""
    wide = event.wide
    await wide.page.goto("about:blank")
    for shown in (event.phone, event.columns):
        await hold(shown)
    await event.to_next_step()
    await event.harness.admin(f"/admin eliminate {BESIDE}")
    await event.tick()
    await event.harness.admin("/admin eliminate cleo")
    await event.tick(2 * MINUTE)
    await wide.page.goto(event.harness.url)
    bar = wide.page.locator(".moment-bar")
    await expect(bar).to_contain_text("While you were away:")
    await expect(bar).to_contain_text("Cleo")
    await expect(bar).to_contain_text("are out.")
    late = await window(chrome, WIDE)
    await late.page.goto(event.harness.url)
    await expect(late.page.locator("#news .headline").filter(has_text="Cleo is out.")).to_have_count(1)
    assert not await late.page.locator(".moment-card, .moment-bar:popover-open").count()
    await late.page.close()
    for shown in (event.phone, event.columns):  # which saw both: one after the other
        for name in (BESIDE, "Cleo"):
            card = shown.page.locator(".moment-card").filter(has_text=name)
            await card.get_by_role("button", name="Close").click()


async def _the_end_waits_for_who_is_typing_and_is_corrected(event: Event) -> None:
    phone, columns, wide = event.windows
    await event.harness.admin("/admin resolve bo")
    await event.tick()
    await expect(columns.page.locator(".winner-screen h2")).to_have_text("Bo wins")
    await expect(columns.page.locator(".winner-screen")).to_contain_text("Nobody holds a token that is right.")
    await expect(phone.page.locator(".moment-bar")).to_contain_text("Bo wins Cup.")
    assert not await phone.page.locator(".winner-screen[open]").count()
    await event.harness.admin("/admin correct ann the clock had stopped")
    await event.tick()
    screen = columns.page.locator(".winner-screen[open]")
    await expect(screen.locator(".moment-eyebrow")).to_contain_text("Corrected")
    await expect(screen.locator("h2")).to_have_text("Ann wins")
    await expect(screen.locator("s")).to_have_text("Bo")
    await expect(phone.page.locator(".moment-bar")).to_contain_text("Corrected: Ann wins Cup")
    await phone.page.locator("#text").fill("")
    await event.tick(11 * MINUTE)
    for shown in event.windows:
        screen = shown.page.locator(".winner-screen[open]")
        await expect(screen.locator("h2")).to_have_text("Ann wins")
        await expect(screen.locator(".winner-own .place")).to_contain_text("of 3")
        await expect(screen.locator(".winner-podium li")).to_have_count(3)
    await expect(columns.page.locator(".confetti")).to_have_count(0)
    await event.screenshot("winner")
    async with wide.page.expect_download() as download:
        await wide.page.locator(".winner-screen").get_by_role("button", name="Share").click()
    path = await (await download.value).path()
    assert path.read_bytes().startswith(b"\x89PNG")
    await wide.page.keyboard.press("Escape")
    await expect(wide.page.locator(".winner-screen[open]")).to_have_count(0)
    sounds = wide.page.get_by_role("button", name="Sounds")
    assert await sounds.get_attribute("aria-pressed") == "false"
    await sounds.click()
    assert await sounds.get_attribute("aria-pressed") == "true"
    await expect(wide.page.locator(".moment-bar")).to_contain_text("You: ")
    await wide.page.locator(".moment-bar").get_by_role("button", name="Result").click()
    await expect(wide.page.locator(".winner-screen[open] h2")).to_have_text("Ann wins")
    await wide.page.keyboard.type("well done")  # who starts a line over the winner loses none of it
    await expect(wide.page.locator("#text")).to_have_value("well done")
    await expect(wide.page.locator(".winner-screen[open]")).to_have_count(0)
