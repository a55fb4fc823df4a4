"""The chart and an outcome's page in a real browser: read by pointer and by keyboard, through a freeze and an exit."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import Page, expect

from tests.bot.adapters.room.harness import RoomHarness, room_harness
from tests.platform.chromium import PHONE, WIDE, Window, chromium, window
from tests.storage import worlds

ROUNDS = [
    {"freeze_at": 60_000, "decide_at": 120_000, "count": 1, "losers": [2]},
    {"freeze_at": 600_000, "decide_at": 660_000, "winner": 1},
]


async def trade(room: RoomHarness, ada: Window, line: str) -> None:
    """A line, its Confirm, and the tick that does it."""
    await ada.say(line)
    await ada.press("Confirm")
    await ada.see("Sent.", "#messages")
    await room.tick()
    await expect(ada.page.locator("#messages").get_by_text("Sent.")).to_have_count(0)


async def yes_now(room: RoomHarness) -> list[str]:
    """YES of each outcome as it is shown, those who are out left out."""
    async with room.db.reading() as uow:
        row = await uow.ticks.latest(room.market)
    assert row is not None
    return [f"{round(micro / 1000) / 10:.1f}¢" for micro in row.yes if micro]


async def reads_by_pointer(page: Page, prices: list[str]) -> None:
    """Under the pointer stand the values of all outcomes."""
    surface = page.locator("#chart .surface")
    box = await surface.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 60)
    card = page.locator("#chart .reading")
    await expect(card).to_be_visible()
    assert sorted(await card.locator("li b").all_inner_texts()) == sorted(prices)
    await page.mouse.move(2, 2)
    await expect(card).to_be_hidden()


async def reads_by_keyboard(page: Page) -> None:
    """Arrow keys go through points and outcomes, and say where they are."""
    surface = page.locator("#chart .surface")
    await surface.focus()
    await page.keyboard.press("End")
    last = await surface.get_attribute("aria-valuetext")
    await page.keyboard.press("ArrowLeft")
    before = await surface.get_attribute("aria-valuetext")
    assert before != last
    assert re.search(r": Ant \d+\.\d¢, ", before or "")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#chart .step.on")).to_have_attribute("data-outcome", "0")
    await page.keyboard.press("Escape")
    await expect(page.locator("#chart .reading")).to_be_hidden()


async def highlights(page: Page) -> None:
    """A row of the board, and a label at a line's end."""
    await page.locator('#board [data-outcome="1"]').first.hover()
    await expect(page.locator("#chart .step.on")).to_have_attribute("data-outcome", "1")
    await page.mouse.move(2, 2)
    label = page.locator('#chart .end[data-outcome="2"]')
    await label.click()
    await expect(page.locator("#chart .step.on")).to_have_attribute("data-outcome", "2")
    await label.click()
    await expect(label).to_have_attribute("aria-pressed", "false")


async def offers_alerts(page: Page) -> None:
    """The price axis names a price and an outcome, and moves by keys."""
    ruler = page.locator("#chart .ruler")
    await ruler.focus()
    await page.keyboard.press("ArrowUp")
    first = int(await ruler.get_attribute("aria-valuenow") or 0)
    await page.keyboard.press("ArrowUp")
    await expect(ruler).to_have_attribute("aria-valuenow", str(first + 1))
    await expect(ruler).to_have_attribute(
        "aria-valuetext", re.compile(rf"^{first + 1}¢\. Enter: tell me when \w+ passes it\.$")
    )
    await ruler.blur()


async def outcome_page(page: Page) -> None:
    """Depth is told in a sentence, the book has the order that waits, Back returns to the board."""
    await page.evaluate("location.hash = '#/m/1/o/0'")
    shown = page.locator("#outcome")
    await expect(shown.get_by_role("heading", name="Ant")).to_be_visible()
    await shown.locator(".depth .surface").focus()
    for _ in range(3):
        await page.keyboard.press("PageUp")
    await expect(shown.locator(".tells")).to_contain_text(
        re.compile(r"^Buying [\d,.]+k? YES takes the price to \d+\.\d¢")
    )
    for _ in range(6):
        await page.keyboard.press("PageDown")
    await expect(shown.locator(".tells")).to_contain_text(re.compile(r"^Selling .* waiting in the book\.$"))
    await expect(shown.locator(".levels .wanted")).to_contain_text("buy37.0¢40 yours")
    await expect(shown.get_by_role("group", name="Latest trades").locator("tbody tr")).to_have_count(1)
    await expect(shown.get_by_role("button", name=re.compile("^Buy Ant NO at"))).to_be_enabled()
    await expect(shown.locator(".chart-plot .bars path")).to_have_count(1)
    await shown.get_by_role("link", name="Board").click()
    await expect(page.locator("#chart .surface")).to_be_visible()


async def test_the_chart_is_read_by_pointer_and_keys_and_an_outcome_has_its_page(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as room, chromium() as chrome:
        await room.open_market(worlds.params(rounds=ROUNDS))
        ada = await window(chrome, WIDE, calm=True)
        await ada.join(room.url, "Ada")
        await room.tick()
        await trade(room, ada, "/buy ant yes $200")
        await trade(room, ada, "/buy ant yes 40 limit 37c")
        page = ada.page
        await expect(page.locator("#chart .step")).to_have_count(3)
        prices = await yes_now(room)
        for outcome, price in enumerate(prices):
            await expect(page.locator(f'#chart .end[data-outcome="{outcome}"] b')).to_have_text(price)
        await reads_by_pointer(page, prices)
        await reads_by_keyboard(page)
        await highlights(page)
        await offers_alerts(page)
        await expect(page.locator("#chart .orders line")).to_have_count(1)
        await outcome_page(page)

        await room.tick(60_000)
        await expect(page.locator("#chart .shades rect")).to_have_count(1)
        await room.tick(60_000)
        await expect(page.locator("#chart .exits circle")).to_have_count(1)
        await expect(page.locator("#chart .rounds text")).to_have_text("Round 1")
        await expect(page.locator("#chart .end:visible")).to_have_count(2)
        await page.get_by_role("button", name="Show the figures as a table").first.click()
        await expect(page.locator("#chart .figures tbody tr")).to_have_count(3)

        await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        await page.get_by_role("tab", name="Market").click()
        area = page.locator("#chart .area")
        await expect(area).to_have_css("height", "150px")
        await page.locator("#chart .surface").click()
        await expect(page.locator("#chart")).to_have_class(re.compile(r"\btall\b"))
        await expect(area).to_have_css("height", "420px")
        assert ada.complaints == []
