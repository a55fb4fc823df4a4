"""A market that is over, scrubbed and played in a real Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.bot.adapters.room.ended_market import ROUNDS, played
from tests.bot.adapters.room.harness import Browser as Person
from tests.bot.adapters.room.harness import room_harness
from tests.platform.chromium import PHONE, WIDE, chromium
from tests.storage import worlds

expect.set_options(timeout=30_000)  # a guard against waiting for ever, no measure


async def as_person(browser: Browser, person: Person, size: tuple[int, int]) -> Page:
    """A page of theirs, by their cookies."""
    width, height = size
    context = await browser.new_context(viewport={"width": width, "height": height})
    cookies: list[Any] = [{"name": cookie.key, "value": cookie.value, "url": person.url} for cookie in person.jar]
    await context.add_cookies(cookies)
    return await context.new_page()


def prices(board: Any) -> list[str]:
    """As the rows of this block read."""
    return [
        f"{round(price / 1000) / 10:.1f}¢"
        for row in board["rows"]
        if row["active"]
        for price in (row["yes"], row["no"])
    ]


async def shown(page: Page) -> list[str]:
    texts = await page.locator("#theatre .board .row:not(.out) .price:not(:disabled)").all_inner_texts()
    return ["".join(text.split()) for text in texts]


async def test_one_scrubs_through_a_market_that_is_over_and_lets_it_play(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as harness, chromium() as browser:
        await harness.open_market(worlds.params(rounds=ROUNDS))
        ada, _, boards = await played(harness)
        last = len(boards) - 1
        page = await as_person(browser, ada, PHONE)
        await page.goto(harness.url)
        await page.get_by_role("link", name="See how it went").click()
        slider = page.get_by_role("slider", name="Moment")
        told = page.locator("#theatre .then-told")
        await expect(told).to_have_text("Zoo: all are level at 33.3¢.")
        await page.keyboard.press("End")
        await expect(told).to_have_text("Zoo: Ant won.")
        await expect(slider).to_have_value(str(last))
        await page.keyboard.press("Home")
        for _ in range(4):
            await page.keyboard.press("ArrowRight")
        await page.locator('#theatre [data-tick="4"]').wait_for()
        own = page.locator("#theatre .then-own")
        await expect(own).to_contain_text("At this moment you held 100 Ant YES, worth $")
        await expect(own).to_contain_text("Held to the end they paid $100.00; you ended with $")
        assert await shown(page) == prices(boards[4]["blocks"][0])
        await expect(page).to_have_url(f"{harness.url}#/m/{harness.market}/theatre/4")
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        await page.get_by_role("button", name="See what $50 came to of Bee YES at").click()
        await expect(page.locator("#theatre .came")).to_contain_text("They paid nothing in the end.")

        await page.get_by_role("button", name="Speed 1×; change it").click()
        await page.get_by_role("button", name="Speed 2×; change it").click()
        await page.get_by_role("button", name="Play").click()
        await expect(slider).to_have_value(str(last))
        await expect(page.get_by_role("button", name="Play")).to_be_visible()
        await page.get_by_role("button", name="Bee is out").click()
        out = next(tick for tick, reply in enumerate(boards) if "out in round 1" in str(reply))
        await expect(slider).to_have_value(str(out))
        await expect(page.locator("#theatre .row.out")).to_contain_text("Bee")

        wide = await as_person(browser, ada, WIDE)
        complaints: list[str] = []
        wide.on("pageerror", lambda error: complaints.append(str(error)))
        await wide.goto(f"{harness.url}#/m/{harness.market}/theatre/2")
        await expect(wide.get_by_role("slider", name="Moment")).to_have_value("2")
        await expect(wide.locator("#theatre .posts")).to_contain_text("hello from Zebediah")
        await expect(wide.locator("#theatre .posts")).not_to_contain_text("well done")
        found = await Axe().run(wide)
        assert [each["id"] for each in found.response["violations"] if each["impact"] != "minor"] == []
        await wide.get_by_role("link", name="To the market").click()
        await expect(wide.locator("#theatre")).to_be_hidden()
        assert complaints == []
