"""The frame of the room's page in a real Chromium: what one owns in sight, by tapping alone; nothing above minor.

What grows or comes late stays in view."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from tests.bot.adapters.room.harness import RoomHarness, room_harness
from tests.platform.chromium import PHONE, WIDE, Window, findings, window
from tests.storage.worlds import MINUTE, params

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEAMS = ["Brazil", "Germany", "فريق النصر", "Netherlands"]
ROUNDS = [{"freeze_at": 30 * MINUTE, "decide_at": 40 * MINUTE, "winner": 1}]
MIDDLE = (820, 1100)
GUARD_MS = 30_000  # against waiting for ever, no measure


@pytest_asyncio.fixture(loop_scope="module")
async def harness(chrome: Browser, tmp_path: Path) -> AsyncIterator[RoomHarness]:
    async with room_harness(tmp_path) as made:
        yield made
        for context in chrome.contexts:
            await context.close()


async def trading(harness: RoomHarness) -> None:
    await harness.open_market(params(outcome_names=TEAMS, rounds=ROUNDS))
    await harness.tick()


async def in_sight(person: Window, panel: str) -> Locator:
    """Taps the tab of a panel, where not all of them are in sight."""
    await person.tab(panel)
    found = person.page.get_by_role("region", name=panel).or_(person.page.get_by_role("tabpanel", name=panel))
    await found.wait_for()
    return found


async def shows(element: Locator, text: str) -> None:
    await expect(element).to_contain_text(text, timeout=GUARD_MS)


async def bought(person: Window, harness: RoomHarness, line: str) -> None:
    """An order given and filled: how it is given is another's test."""
    await person.say(line)
    await person.press("Confirm")
    await person.see("Sent.", "#messages")
    await harness.tick()


@pytest.mark.parametrize("size", [PHONE, MIDDLE, WIDE], ids=["phone", "middle", "wide"])
async def test_what_one_owns_is_in_sight_and_a_tap_away_until_the_end(
    chrome: Browser, harness: RoomHarness, size: tuple[int, int]
) -> None:
    await trading(harness)
    ada = await window(chrome, size, calm=True)
    page, strip = ada.page, ada.page.locator("#strip")
    winner = page.locator("dialog.winner-screen[open]")
    await page.add_locator_handler(winner, lambda: page.keyboard.press("Escape"))
    await ada.join(harness.url, "Ada")
    await harness.tick()
    await shows(strip, "$1,000.00")
    await shows(await in_sight(ada, "Yours"), "Tap a price")
    await bought(ada, harness, "/buy germany yes $50")
    await bought(ada, harness, "/buy germany yes 10 limit 15c")
    await shows(strip, "1st of 1")

    yours = await in_sight(ada, "Yours")
    await shows(yours.locator(".holdings li"), "Germany")
    await shows(yours.locator(".holdings li"), "if right")
    await shows(yours.locator(".orders li"), "10 tokens · at 15.0¢ or less")
    for target in await yours.get_by_role("button").all():
        box = await target.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 40
    await yours.get_by_role("button", name="Cancel: buy Germany YES").click()
    if size != WIDE:
        await shows(page.locator("#notice"), "Asked to cancel order")
    await shows(page.locator("#messages"), "Asked to cancel order")  # before the tick that does it
    await harness.tick()
    await expect(yours.locator(".orders li")).to_have_count(0, timeout=GUARD_MS)
    await yours.get_by_text("Your trades").click()
    await shows(yours.locator("tbody tr"), "Bought Germany YES")
    assert await findings(page) == []

    await ada.tab("Market")
    await page.get_by_role("button", name="Prices as a chance in percent").click()
    await shows(page.locator("#board .price.yes").first, "%")
    await shows(page.locator("#board .why"), "as a share of all YES prices")
    await page.get_by_role("button", name="Switch to the light theme").click()
    assert await findings(page) == []
    await page.get_by_role("button", name="Prices in cents").click()
    await shows(page.locator("#leaders .own"), "Ada")
    await page.goto(f"{harness.url}#/markets")
    await shows(page.locator("#markets li"), "Germany")
    assert await findings(page) == []
    await page.locator("#markets li a:not(.past)").click()
    await page.locator("#board .row[data-outcome]").first.wait_for()

    await harness.tick(30 * MINUTE)
    await harness.tick(10 * MINUTE)
    await harness.tick()
    await shows(page.locator("#head .pill"), "Resolved")
    yours = await in_sight(ada, "Yours")
    await shows(yours.locator(".ended"), "1st of 1")
    await expect(yours.get_by_role("button", name="Sell")).to_have_count(0)
    assert ada.complaints == []


@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "wide"])
async def test_in_an_empty_room_an_admin_creates_a_market_and_others_are_told_what_it_waits_for(
    chrome: Browser, harness: RoomHarness, size: tuple[int, int]
) -> None:
    sam, grace = await window(chrome, size, calm=True), await window(chrome, size, calm=True)
    await sam.page.goto(harness.url)
    await shows(sam.page.locator("#board"), "Once an admin opens one")
    await grace.page.goto(harness.admin_url)
    await grace.page.locator("#board").get_by_role("button", name="Create a market").click()
    assert [*await findings(sam.page), *await findings(grace.page)] == []
    await expect(grace.page.locator("#name")).to_be_focused()
    await grace.page.keyboard.type("Grace")
    await grace.page.keyboard.press("Enter")
    form = grace.page.locator("dialog[open] form")
    await form.locator("[name=title]").fill("Chess cup")
    await form.locator("[name=outcomes]").fill("Ada, Bo, Cleo")
    await form.get_by_role("button", name="Create").click()
    await expect(form).to_have_count(0)
    await shows(grace.page.locator("#head h2"), "Chess cup")
    await shows(sam.page.locator("#board"), "Once an admin opens one")
    await grace.page.locator("#board").get_by_role("button", name="Open the doors").click()
    await expect(grace.page.locator("#board").get_by_role("button", name="Start trading")).to_be_visible()
    await expect(sam.page.locator("#board").get_by_role("button", name="Start trading")).to_have_count(0)
    assert sam.complaints + grace.complaints == []


async def test_who_reads_the_end_of_the_chat_stays_there_when_what_was_answered_grows(
    chrome: Browser, harness: RoomHarness
) -> None:
    await trading(harness)
    ada = await window(chrome, PHONE)
    await ada.join(harness.url, "Ada")
    await ada.say("/help")
    await ada.see("Taking part", "#messages")
    answer = ada.page.locator("#messages li").last
    await answer.locator(".card").evaluate("""card => {
        const picture = document.createElement("p");
        picture.style.height = "900px";
        card.prepend(picture);
    }""")
    await expect(answer.locator(".foot")).to_be_in_viewport(timeout=GUARD_MS)
    await ada.tab("Yours")
    await ada.tab("Chat")
    await expect(answer.locator(".foot")).to_be_in_viewport(timeout=GUARD_MS)


async def test_a_rename_stands_in_the_header_at_once(chrome: Browser, harness: RoomHarness) -> None:
    await trading(harness)
    ada, grace = await window(chrome), await window(chrome)
    await ada.join(harness.url, "Ada")
    await grace.join(harness.admin_url, "Grace")
    await harness.tick()
    await grace.say("/admin users ada rename Ada Lovelace")
    await shows(ada.page.locator("#who"), "Ada Lovelace")


async def test_what_has_no_answer_is_pending_after_a_reload_too_and_arrives_once(
    chrome: Browser, harness: RoomHarness
) -> None:
    await trading(harness)
    ada = await window(chrome)
    page, pending = ada.page, ada.page.locator("#messages .pending p")
    await ada.join(harness.url, "Ada")
    await harness.tick()
    for address in ("**/api/say", "**/orders"):
        await page.route(address, lambda route: route.abort())
    await ada.say("am I heard?")
    await ada.say("and in order?")
    await page.locator('#board [data-outcome="0"] .price.yes').click()
    await page.locator("#sheet-ticket button.ticket-confirm[aria-disabled=false]").click(timeout=GUARD_MS)
    await shows(page.locator("#wait"), "goes out as soon as it can")
    waiting = ["am I heard?", "and in order?", "/buy brazil yes $10"]
    await expect(pending).to_have_text(waiting)
    await page.reload()
    await expect(pending).to_have_text(waiting, timeout=GUARD_MS)
    for address in ("**/api/say", "**/orders"):
        await page.unroute(address)
    await expect(pending).to_have_count(0, timeout=GUARD_MS)
    await expect(page.locator("#messages .say p")).to_have_text(waiting[:2], timeout=GUARD_MS)
    await expect(page.locator("#messages .answer").filter(has_text="Sent. Buying Brazil YES")).to_have_count(1)
