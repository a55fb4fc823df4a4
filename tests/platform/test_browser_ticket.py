"""The ticket in a real Chromium, bought and sold by tapping alone on a phone, and by the keyboard alone on a desk."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.bot.adapters.room.harness import RoomHarness, room_harness
from tests.platform.chromium import chromium, findings, window
from tests.storage.worlds import MINUTE, params

pytestmark = pytest.mark.asyncio
GUARD_MS = 30_000  # against waiting for ever, no measure
SMALL, WIDE = (360, 640), (1440, 900)
TEAMS = ["Brazil", "Germany", "Costa Rica", "Netherlands"]
ROUNDS = [{"freeze_at": 600 * MINUTE, "decide_at": 620 * MINUTE, "winner": 2}]


def sheet(page: Page) -> Locator:
    return page.locator("#sheet-ticket")


def button(page: Page, label: str) -> Locator:
    return sheet(page).get_by_role("button", name=label, exact=True)


async def told(page: Page, text: str) -> None:
    await expect(sheet(page).locator(".ticket-told")).to_contain_text(text, timeout=GUARD_MS)


async def confirm(page: Page) -> Locator:
    """The one Confirm, once it stands for the amount that is shown."""
    ready = sheet(page).locator("form button.ticket-confirm[aria-disabled=false]:visible")
    await ready.wait_for()
    return ready


async def test_a_ticket_is_bought_and_sold_by_tapping_alone_and_by_the_keyboard_alone(tmp_path: Path) -> None:
    async with chromium() as browser, room_harness(tmp_path) as harness:
        await harness.open_market(params(outcome_names=TEAMS, rounds=ROUNDS))
        await harness.tick()
        phone = await window(browser, SMALL, calm=True)
        await phone.page.goto(harness.url)
        await _taps(harness, phone.page)
        desk = await window(browser, WIDE, theme="light", calm=True)
        await desk.join(harness.url, "Bob")
        await harness.tick()
        await _types(harness, desk.page)
        assert [complaint for complaint in (*phone.complaints, *desk.complaints) if "ERR_FAILED" not in complaint] == []
        async with harness.db.reading() as uow:
            orders = [order for person in (2, 3) for order in await uow.orders.of(1, person)]
        assert [order.draft.buy for order in orders] == [False, True, False, True]  # newest first, Ada's and Bob's


async def _taps(harness: RoomHarness, page: Page) -> None:
    """From a stranger's first tap to a sale, on a phone."""
    price = page.locator("#board .row").filter(has_text="Costa Rica").locator(".price.yes")
    await price.click()
    await sheet(page).locator(".ticket-chips").get_by_role("button", name="$50").click()
    await expect(sheet(page).locator(".ticket-sums")).to_contain_text("$50.01", timeout=GUARD_MS)
    assert await in_sight(page, price)
    assert await in_sight(page, button(page, "Join and buy"))
    await sheet(page).get_by_label("Your name here").fill("Ada")
    await button(page, "Join and buy").click()
    await expect(await confirm(page)).to_have_text("Buy for $50.01", timeout=GUARD_MS)
    assert await in_sight(page, await confirm(page))
    assert await in_sight(page, price)
    assert await findings(page) == []

    async def lose(route: Route) -> None:
        await route.fetch()  # it arrives, and its answer does not
        await route.abort()

    await page.route("**/orders", lose, times=1)
    await (await confirm(page)).click()
    await told(page, "Sent. Buying Costa Rica YES for at most $50.00")
    await harness.tick()
    await told(page, "Filled: ")
    await button(page, "Buy more").click()
    await button(page, "Sell").click()
    await sheet(page).locator(".ticket-chips").get_by_role("button", name="half").click()
    await expect(await confirm(page)).to_contain_text("Sell for $2", timeout=GUARD_MS)
    await (await confirm(page)).click()
    await told(page, "Sent. Selling ")
    await harness.tick()
    await told(page, "Filled: sold ")
    await page.go_back()
    await expect(sheet(page)).to_be_hidden(timeout=GUARD_MS)


async def _types(harness: RoomHarness, page: Page) -> None:
    """The same beside a board, without a pointer."""
    keys = page.keyboard
    price = page.locator("#board .row").filter(has_text="Germany").locator(".price.yes")
    await price.focus()
    await keys.press("Enter")
    await expect(page.locator("#ticket-amount")).to_be_focused(timeout=GUARD_MS)
    await keys.type("40")
    await expect(await confirm(page)).to_contain_text("Buy for $1", timeout=GUARD_MS)
    board, aside = await page.locator("#board").bounding_box(), await sheet(page).bounding_box()
    assert board is not None
    assert aside is not None
    assert board["x"] + board["width"] <= aside["x"]
    assert await findings(page) == []
    await keys.press("Enter")
    await told(page, "Sent. Buying 40 Germany YES")
    await harness.tick()
    await told(page, "Filled: 40 Germany YES")
    await keys.press("Shift+Tab")  # from Done to Buy more
    await keys.press("Enter")
    await button(page, "Sell").focus()
    await keys.press("Enter")
    await page.locator("#ticket-amount").focus()
    await keys.type("half")
    await expect(sheet(page).locator(".ticket-sums")).to_contain_text("of 40", timeout=GUARD_MS)
    await (await confirm(page)).focus()
    await keys.press("Enter")
    await told(page, "Sent. Selling 20 Germany YES")
    await harness.tick()
    await told(page, "Filled: sold 20 Germany YES")
    await keys.press("Escape")
    await expect(sheet(page)).to_be_hidden(timeout=GUARD_MS)
    await expect(price).to_be_focused(timeout=GUARD_MS)


async def in_sight(page: Page, what: Locator) -> bool:
    """Whether all of it is within the window and nothing lies over its middle."""
    seen: bool = await what.evaluate(
        """element => {
            const box = element.getBoundingClientRect();
            const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
            return box.top >= 0 && box.bottom <= innerHeight && element.contains(top);
        }"""
    )
    return seen
