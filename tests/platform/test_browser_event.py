"""A whole event in three windows: an organiser runs it, Ada trades, Sam only watches. Everything behind is real."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from bot.charts.service import Charts
from bot.chat.reply import Picture
from tests.bot.adapters.room.harness import Town, town
from tests.platform.chromium import PHONE, WIDE, Window, chromium, window

pytestmark = pytest.mark.asyncio(loop_scope="module")

PICTURES = os.environ.get("OUTCRY_SCREENSHOTS")  # a folder to look at what the windows showed
MINUTE = 60_000


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def chrome() -> AsyncIterator[Browser]:
    async with chromium() as found:
        yield found


class Event:
    """The three windows and the town behind them."""

    def __init__(self, made: Town, boss: Window, ada: Window, sam: Window) -> None:
        self.town = made
        self.boss, self.ada, self.sam = boss, ada, sam
        self.shots = 0

    async def tick(self, after_ms: int = 2_000) -> None:
        if not self.town.market:
            async with self.town.db.reading() as uow:
                chat = await uow.chats.find("room", "room")
                market = await uow.markets.of_chat(chat.id) if chat else None
            assert market is not None
            self.town.market = market.id
        await self.town.tick(after_ms)

    async def shoot(self, what: str) -> None:
        """What the three see at this moment, where somebody wants to look at it."""
        self.shots += 1
        for name, one in (("boss", self.boss), ("ada", self.ada), ("sam", self.sam)):
            if PICTURES:
                await one.page.screenshot(path=f"{PICTURES}/{self.shots:02}-{what}-{name}.png")

    async def admin(self, line: str, *seen: str, done: str = "") -> None:
        """The organiser types a line and reads the answer; `done` is what she reads after Confirm, where it asks."""
        await self.boss.say(line)
        for text in seen:
            await self.boss.see(text, "#messages")
        if done:
            await self.boss.page.locator("#messages button").filter(has_text="Confirm").last.click()
            await self.boss.see(done, "#messages")


@pytest_asyncio.fixture(loop_scope="module")
async def event(chrome: Browser, tmp_path: Path) -> AsyncIterator[Event]:
    charts: list[Charts] = []

    async def draw(picture: Picture, theme: str) -> bytes | None:
        return await charts[0].picture(picture, theme)

    async with town(tmp_path, draw=draw) as made:
        charts.append(Charts(made.db, processes=False))
        boss, ada, sam = await window(chrome), await window(chrome, WIDE), await window(chrome, PHONE, theme="light")
        await boss.join(made.admin_url, "Grace")
        await ada.join(made.url, "Ada")
        await sam.page.goto(made.url)
        yield Event(made, boss, ada, sam)
        await charts[0].close()
        for context in chrome.contexts:
            await context.close()


async def set_up(event: Event) -> None:
    """From nothing to a lobby, by the form and by lines."""
    boss = event.boss
    await boss.say("/admin create")
    form = boss.page.locator("dialog[open] form")
    await form.locator("[name=title]").fill("Chess cup")
    await form.locator("[name=outcomes]").fill("Ada's team, Bo, Cleo, Dan")
    await event.shoot("form")
    await form.get_by_role("button", name="Create").click()
    await boss.see("Chess cup is drafted", "#messages")
    await event.admin("/admin set gas $0.01", "gas is now $0.01")
    timetable = "/admin schedule +10m for 10m out 1; +30m for 10m winner ask"
    await event.admin(timetable, "Nothing has changed yet", done="The timetable is set")
    await event.admin("/admin open", "is open to join")
    await event.town.announcer.step()


async def test_a_whole_event_in_three_windows(event: Event) -> None:
    boss, ada, sam = event.boss, event.ada, event.sam
    await set_up(event)
    await ada.see("Chess cup", "#news")
    await ada.say("/join")
    await ada.see("Welcome, Ada", "#messages")
    await event.shoot("lobby")
    await event.admin("/admin start", "would get", done="begins with the next tick")
    await event.tick()
    await sam.see("Chess cup is open for trading", "#news")

    await ada.say("/buy")
    form = ada.page.locator("dialog[open] form")
    await form.locator("[name=outcome]").select_option("Bo")
    await form.locator("[name=side]").select_option("yes")
    await form.get_by_role("button", name="$50").click()
    await event.shoot("dialog")
    await form.get_by_role("button", name="Show the ticket").click()
    await ada.see("Buy Bo YES: spend", "#messages")
    await ada.press("Confirm")
    await ada.see("Sent.", "#messages")
    await event.tick()
    await ada.see("Filled:", "#messages")
    await event.shoot("filled")
    assert "Filled" not in await sam.page.locator("body").inner_text()
    assert "Filled" not in await boss.page.locator("#messages").inner_text()
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
    await event.shoot("monitor")

    await event.tick(10 * MINUTE)
    await sam.see("Trading is frozen: round 1 is being decided.", "#news")
    await event.tick(10 * MINUTE)
    await event.admin("/admin eliminate dan lost to Bo", "Dan", done="Dan goes out with the next tick.")
    await event.tick()
    await sam.see("Dan is out.", "#news")
    await event.shoot("ceremony")
    assert await sam.page.locator("#board .row.out .label").all_inner_texts() == ["Dan"]
    await event.tick(10 * MINUTE)
    await event.admin("/admin resolve bo", "Bo", done="Bo wins with the next tick.")
    await event.tick(10 * MINUTE)
    await sam.see("Bo wins Chess cup.", "#news")
    await ada.see("You are paid", "#messages")
    await event.shoot("podium")

    await event.admin("/admin export rankings", "rankings")
    link = boss.page.locator("#messages a[download], #messages a[href*=file]").last
    async with boss.page.expect_download() as found:
        await link.click()
    path = await (await found.value).path()
    assert path.read_text(encoding="utf-8").startswith("rank,user,name,stake")
    assert boss.complaints + ada.complaints + sam.complaints == []
