"""A whole event in three windows: an organiser runs it, Ada trades, Sam only watches. Everything behind is real."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from bot.charts.service import Charts
from bot.chat.reply import Picture
from tests.bot.adapters.room.harness import RoomHarness, room_harness
from tests.platform.chromium import PHONE, WIDE, Window, window

pytestmark = pytest.mark.asyncio(loop_scope="module")

PICTURES = os.environ.get("OUTCRY_SCREENSHOTS")  # a folder to look at what the windows showed
MINUTE = 60_000


class Event:
    """The three windows and the room behind them."""

    def __init__(self, harness: RoomHarness, organiser: Window, ada: Window, sam: Window) -> None:
        self.harness = harness
        self.organiser, self.ada, self.sam = organiser, ada, sam
        self.shots = 0

    async def tick(self, after_ms: int = 2_000) -> None:
        if not self.harness.market:
            async with self.harness.db.reading() as uow:
                chat = await uow.chats.find("room", "room")
                market = await uow.markets.of_chat(chat.id) if chat else None
            assert market is not None
            self.harness.market = market.id
        await self.harness.tick(after_ms)

    async def screenshot(self, what: str) -> None:
        """What the three see at this moment, where somebody wants to look at it."""
        self.shots += 1
        for name, shown in (("organiser", self.organiser), ("ada", self.ada), ("sam", self.sam)):
            if PICTURES:
                await shown.page.screenshot(path=f"{PICTURES}/{self.shots:02}-{what}-{name}.png")

    async def admin(self, line: str, *seen: str, done: str = "") -> None:
        """The organiser types a line and reads the answer; `done` is what they read after Confirm, where it asks."""
        await self.organiser.say(line)
        for text in seen:
            await self.organiser.see(text, "#messages")
        if done:
            await self.organiser.page.locator("#messages button").filter(has_text="Confirm").last.click()
            await self.organiser.see(done, "#messages")


@pytest_asyncio.fixture(loop_scope="module")
async def event(chrome: Browser, tmp_path: Path) -> AsyncIterator[Event]:
    charts: list[Charts] = []

    async def draw(picture: Picture, theme: str) -> bytes | None:
        return await charts[0].picture(picture, theme)

    async with room_harness(tmp_path, draw=draw) as harness:
        charts.append(Charts(harness.db, processes=False))
        organiser, ada, sam = (
            await window(chrome),
            await window(chrome, WIDE),
            await window(chrome, PHONE, theme="light"),
        )
        winner = organiser.page.locator("dialog.winner-screen[open]")
        await organiser.page.add_locator_handler(winner, lambda: organiser.page.keyboard.press("Escape"))
        await organiser.join(harness.admin_url, "Grace")
        await ada.join(harness.url, "Ada")
        await sam.page.goto(harness.url)
        yield Event(harness, organiser, ada, sam)
        await charts[0].close()
        for context in chrome.contexts:
            await context.close()


async def set_up(event: Event) -> None:
    """From nothing to a lobby, by the form and by lines."""
    organiser = event.organiser
    await organiser.say("/admin create")
    form = organiser.page.locator("dialog[open] form")
    await form.locator("[name=title]").fill("Chess cup")
    await form.locator("[name=outcomes]").fill("Ada's team, Bo, Cleo, Dan")
    await event.screenshot("form")
    await form.get_by_role("button", name="Create").click()
    await organiser.see("Chess cup is drafted", "#messages")
    await event.admin("/admin set gas $0.01", "gas is now $0.01")
    timetable = "/admin schedule +10m for 10m out 1; +30m for 10m winner ask"
    await event.admin(timetable, "Nothing has changed yet", done="The timetable is set")
    await event.admin("/admin open", "is open to join")
    await event.harness.announcer.step()


async def test_a_whole_event_in_three_windows(event: Event) -> None:
    organiser, ada, sam = event.organiser, event.ada, event.sam
    await set_up(event)
    await ada.see("Chess cup", "#news")
    await ada.say("/join")
    await ada.see("Welcome, Ada", "#messages")
    await event.screenshot("lobby")
    await event.admin("/admin start", "would get", done="begins with the next tick")
    await event.tick()
    await sam.see("Chess cup is open for trading", "#news")

    await ada.say("/buy")
    form = ada.page.locator("dialog[open] form")
    await form.locator("[name=outcome]").select_option("Bo")
    await form.locator("[name=side]").select_option("yes")
    await form.get_by_role("button", name="$50").click()
    await event.screenshot("dialog")
    await form.get_by_role("button", name="Show the ticket").click()
    await ada.see("Buy Bo YES: spend", "#messages")
    await ada.press("Confirm")
    await ada.see("Sent.", "#messages")
    await event.tick()
    await ada.see("Filled:", "#messages")
    await event.screenshot("filled")
    assert "Filled" not in await sam.page.locator("body").inner_text()
    assert "Filled" not in await organiser.page.locator("#messages").inner_text()
    await ada.say("/positions")
    await ada.see("if right", "#messages")

    await ada.say("/admin pause")
    await ada.see("is for this chat's admins", "#messages")
    await event.admin("/admin pause coffee", "Trading pauses with the next tick.")
    await event.tick()
    await sam.see("paused", "#news")
    await event.admin("/admin resume", "Trading goes on with the next tick.")
    await event.tick()
    await event.admin("/admin monitor", "risk")
    await event.screenshot("monitor")

    await event.tick(10 * MINUTE)
    await sam.see("Trading is frozen: round 1 is being decided.", "#news")
    await event.tick(10 * MINUTE)
    await event.admin("/admin eliminate dan lost to Bo", "Dan", done="Dan goes out with the next tick.")
    await event.tick()
    await sam.see("Dan is out.", "#news")
    await event.screenshot("ceremony")
    await expect(sam.page.locator("#board .row.out .label")).to_have_text(["Dan"], timeout=30_000)
    await event.tick(10 * MINUTE)
    await event.admin("/admin resolve bo", "Bo", done="Bo wins with the next tick.")
    await event.tick(10 * MINUTE)
    await sam.see("Bo wins Chess cup.", "#news")
    await ada.see("You are paid", "#messages")
    await event.screenshot("podium")

    await event.admin("/admin export rankings", "rankings")
    link = organiser.page.locator("#messages a[download], #messages a[href*=file]").last
    async with organiser.page.expect_download() as download:
        await link.click()
    path = await (await download.value).path()
    assert path.read_text(encoding="utf-8").startswith("rank,user,name,stake")
    assert organiser.complaints + ada.complaints + sam.complaints == []
