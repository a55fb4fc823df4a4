"""A whole event on a phone by tapping alone and on a desk by the keyboard alone: the same journey, at the same time.

Two strangers come in, buy, set an alert, leave an order and take it back, see a freeze and an exit while they look
elsewhere, sell, are told how it ended for them and look at it again. Only their names are typed.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from tests.bot.adapters.room.harness import RoomHarness, room_harness
from tests.platform.chromium import PHONE, WIDE, Window, chromium, window

GUARD_MS = 30_000  # against waiting for ever, no measure
MINUTE = 60_000
FURTHEST = 120  # stops of the Tab key between two places of the page

SEEN = """target => {
  const on = document.activeElement;
  if (on === target) {
    const style = getComputedStyle(on);
    const ring = style.boxShadow !== "none" || style.outlineStyle !== "none";
    return ["there", ring && on.matches(":focus-visible") && on.checkVisibility() ? "" : on.outerHTML.slice(0, 200)];
  }
  if (on === document.body) return ["nowhere", ""];
  return [on.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_PRECEDING ? "before" : "after", ""];
}"""


class Fingers:
    """Taps, and nothing else."""

    def __init__(self, shown: Window) -> None:
        self.page = shown.page

    async def press(self, target: Locator) -> None:
        await target.tap(timeout=GUARD_MS)

    async def turn_to(self, panel: str) -> None:
        await self.press(self.page.get_by_role("tab", name=panel))

    async def ask_on_the_axis(self) -> None:
        await self.page.locator("#chart .ruler").tap(position={"x": 10, "y": 20}, timeout=GUARD_MS)

    async def leave_the_ticket(self) -> None:
        """A swipe down, as a finger does it."""
        await sheet(self.page).evaluate("sheet => Promise.all(sheet.getAnimations().map((way) => way.finished))")
        header = await sheet(self.page).locator("header h2").bounding_box()
        assert header is not None
        x, y = header["x"] + 20, header["y"] + 10
        devtools = await self.page.context.new_cdp_session(self.page)
        for kind, by in (("touchStart", 0), ("touchMove", 40), ("touchMove", 150), ("touchEnd", None)):
            points = [] if by is None else [{"x": x, "y": y + by}]
            await devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    async def lower(self, slider: Locator) -> None:
        await self.press(self.page.get_by_role("button", name="One tick back"))

    async def close(self, shown: Locator) -> None:
        await self.press(shown.get_by_role("button", name="Close").first)

    async def is_back_at(self, place: Locator) -> None:
        """Only a keyboard has a place."""


class Keys:
    """Tab, arrows, Enter and Escape, and nothing else. What has the keyboard can be seen, and something always has."""

    def __init__(self, shown: Window) -> None:
        self.page = shown.page

    async def reach(self, target: Locator) -> None:
        for _ in range(FURTHEST):
            where, unseen = await target.evaluate(SEEN, timeout=GUARD_MS)
            if where == "there":
                assert unseen == "", "nothing shows where the keyboard is"
                return
            await self.page.keyboard.press("Shift+Tab" if where == "before" else "Tab")
        raise AssertionError(await self.page.evaluate("document.activeElement.outerHTML.slice(0, 300)"))

    async def press(self, target: Locator) -> None:
        await self.reach(target)
        await self.page.keyboard.press("Enter")

    async def turn_to(self, panel: str) -> None:
        """All of it is in sight."""

    async def ask_on_the_axis(self) -> None:
        await self.reach(self.page.locator("#chart .ruler"))
        await self.page.keyboard.press("ArrowUp")
        await self.page.keyboard.press("Enter")

    async def leave_the_ticket(self) -> None:
        await self.page.keyboard.press("Escape")

    async def lower(self, slider: Locator) -> None:
        await self.reach(slider)
        await self.page.keyboard.press("ArrowLeft")

    async def close(self, shown: Locator) -> None:
        await self.page.keyboard.press("Escape")

    async def is_back_at(self, place: Locator) -> None:
        await expect(place).to_be_focused(timeout=GUARD_MS)


Hands = Fingers | Keys


def sheet(page: Page) -> Locator:
    return page.locator("#sheet-ticket")


def row(page: Page, name: str) -> Locator:
    return page.locator("#board .row[data-outcome]").filter(has_text=name)


def button(page: Page, label: str) -> Locator:
    return sheet(page).get_by_role("button", name=label, exact=True)


async def reads(element: Locator, text: str) -> None:
    await expect(element).to_contain_text(text, timeout=GUARD_MS)


async def confirm(hands: Hands, label: str) -> None:
    """The one Confirm, once it stands for what is shown; until the room has said what becomes of it."""
    ready = sheet(hands.page).locator("form button.ticket-confirm[aria-disabled=false]:visible")
    await reads(ready, label)
    await hands.press(ready)
    await reads(sheet(hands.page).locator(".ticket-told"), "Sent.")


async def comes_in_with_a_purchase(hands: Hands, name: str, url: str) -> None:
    page = hands.page
    await page.goto(url)
    await hands.press(row(page, "Cleo").locator(".price.yes"))
    await hands.press(sheet(page).locator(".ticket-chips").get_by_role("button", name="$10", exact=True))
    await reads(sheet(page).locator(".ticket-sums"), "$10.00")
    field = sheet(page).get_by_label("Your name here")
    await hands.press(field) if isinstance(hands, Fingers) else await hands.reach(field)
    await page.keyboard.type(name)
    await hands.press(button(page, "Join and buy"))
    await page.locator("body:not(.stranger)").wait_for()


async def buys(hands: Hands) -> None:
    await confirm(hands, "Buy for $10.00")


async def owns_it_and_asks_to_be_told(hands: Hands) -> None:
    page = hands.page
    await reads(sheet(page).locator(".ticket-told"), "Filled: ")
    await hands.press(button(page, "Done"))
    await expect(sheet(page)).to_be_hidden(timeout=GUARD_MS)
    await hands.is_back_at(row(page, "Cleo").locator(".price.yes"))
    await hands.ask_on_the_axis()
    await hands.press(page.get_by_role("button", name="Tell me", exact=True))
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await hands.is_back_at(page.locator("#chart .ruler"))
    await hands.turn_to("Yours")
    await reads(page.locator("#yours .holdings li"), "Cleo")
    await expect(page.get_by_role("region", name="Alerts").get_by_role("listitem")).to_have_count(1)


async def leaves_an_order_in_the_book(hands: Hands) -> None:
    page = hands.page
    await hands.turn_to("Market")
    await hands.press(row(page, "Bo").locator(".price.yes"))
    await hands.press(sheet(page).locator("summary"))
    await expect(sheet(page).locator("form button.ticket-confirm[aria-disabled=false]")).to_be_visible(timeout=GUARD_MS)
    await hands.press(sheet(page).get_by_role("button", name="Limit a cent lower"))
    await hands.press(sheet(page).get_by_role("button", name="Limit a cent lower"))
    await confirm(hands, "Buy for at most $")


async def takes_it_back(hands: Hands) -> None:
    page = hands.page
    await hands.press(button(page, "Done"))
    await hands.turn_to("Yours")
    orders = page.locator("#yours .orders li")
    await expect(orders).to_have_count(1, timeout=GUARD_MS)
    await hands.press(orders.get_by_role("button"))
    await reads(page.locator("#messages"), "Asked to cancel order")


async def reads_an_outcomes_page(hands: Hands) -> None:
    page = hands.page
    await expect(page.locator("#yours .orders li")).to_have_count(0, timeout=GUARD_MS)
    await hands.is_back_at(page.locator("#yours"))
    await hands.turn_to("Market")
    name = page.locator("#board").get_by_role("link", name="Cleo")
    await hands.press(name)
    await expect(page.locator("#outcome").get_by_role("heading", name="Cleo")).to_be_visible(timeout=GUARD_MS)
    await hands.press(page.locator("#outcome").get_by_role("link", name="Board"))
    await expect(page.locator("#outcome")).to_be_hidden(timeout=GUARD_MS)
    await hands.is_back_at(name)


async def sees_a_freeze_from_elsewhere(hands: Hands) -> None:
    page = hands.page
    await hands.turn_to("Yours")
    await reads(page.locator(".moment-bar"), "round 1 is being decided")
    await hands.turn_to("Market")
    price = row(page, "Cleo").locator(".price.no")
    await hands.press(price)
    await reads(sheet(page).locator("form"), "Trading is frozen")
    await reads(sheet(page).locator("form"), "Round 1 is decided in")
    await hands.leave_the_ticket()
    await expect(sheet(page)).to_be_hidden(timeout=GUARD_MS)
    await hands.is_back_at(price)
    await hands.turn_to("Chat")
    await page.mouse.move(180, 260)  # under a pointer that lies there a card stays for as long as a test takes


async def sees_who_is_out(hands: Hands) -> None:
    page = hands.page
    card = page.locator(".moment-card")
    await expect(card.locator(".struck")).to_have_text("Dan", timeout=GUARD_MS)
    await hands.close(card)
    await expect(card).to_have_count(0, timeout=GUARD_MS)
    await hands.turn_to("Yours")
    await hands.press(page.locator("#yours .holdings").get_by_role("button", name="Sell Cleo YES"))
    await hands.press(sheet(page).locator(".ticket-chips").get_by_role("button", name="half"))
    await confirm(hands, "Sell for $")


async def sold_half(hands: Hands) -> None:
    page = hands.page
    await reads(sheet(page).locator(".ticket-told"), "Filled: sold ")
    await hands.press(button(page, "Done"))
    await hands.is_back_at(page.locator("#yours .holdings").get_by_role("button", name="Sell Cleo YES"))


async def sees_the_end_and_looks_at_it_again(hands: Hands) -> None:
    page = hands.page
    screen = page.locator("dialog.winner-screen[open]")
    await reads(screen.locator("h2"), "Cleo wins")
    await reads(screen.locator(".winner-own .place"), "of 2")
    await hands.press(screen.get_by_role("button", name="See how it went"))
    slider = page.get_by_role("slider", name="Moment")
    await expect(slider).to_be_visible(timeout=GUARD_MS)
    await hands.lower(slider)
    await hands.press(page.get_by_role("link", name="To the market"))
    await expect(page.locator("#theatre")).to_be_hidden(timeout=GUARD_MS)


async def finds_it_among_the_markets(hands: Hands) -> None:
    page = hands.page
    await hands.press(page.locator("#places").get_by_role("link", name="Markets"))
    await reads(page.locator("#markets"), "See how it went")


async def test_a_whole_event_by_tapping_alone_and_by_the_keyboard_alone(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as harness, chromium() as browser:
        phone, desk, organiser = [await window(browser, size) for size in (PHONE, WIDE, WIDE)]
        everybody: tuple[Hands, Hands] = Fingers(phone), Keys(desk)
        await set_up(harness)
        await asyncio.gather(
            organiser.join(harness.admin_url, "Grace"),
            *(
                comes_in_with_a_purchase(hands, name, harness.url)
                for hands, name in zip(everybody, ("Ada", "Bob"), strict=True)
            ),
        )
        await harness.tick()
        for step in (
            buys,
            owns_it_and_asks_to_be_told,
            leaves_an_order_in_the_book,
            takes_it_back,
            reads_an_outcomes_page,
        ):
            await asyncio.gather(*map(step, everybody))
            await harness.tick()
        await to_next_step(harness)
        await asyncio.gather(*map(sees_a_freeze_from_elsewhere, everybody))
        await harness.admin("/admin eliminate dan 7-1")
        await harness.tick()
        for step in (sees_who_is_out, sold_half):
            await asyncio.gather(*map(step, everybody))
            await harness.tick()
        await organiser.page.locator("#text").press_sequentially("/admin export ran")
        await to_next_step(harness)
        await harness.admin("/admin resolve cleo")
        await harness.tick(11 * MINUTE)
        await harness.tick(11 * MINUTE)
        await asyncio.gather(*map(sees_the_end_and_looks_at_it_again, everybody))
        await reads(organiser.page.locator(".moment-bar"), "Cleo wins Cup.")
        await expect(organiser.page.locator("dialog.winner-screen[open]")).to_have_count(0)
        await harness.admin("/admin create Next A, B", "/admin open")
        await asyncio.gather(*map(finds_it_among_the_markets, everybody))
        assert await organiser.page.locator("#text").input_value() == "/admin export ran"
        assert phone.complaints + desk.complaints + organiser.complaints == []


async def set_up(harness: RoomHarness) -> None:
    """A market of the room that has just started."""
    await harness.admin(
        "/admin create Cup Ann, Bo, Cleo, Dan",
        "/admin schedule +30m for 10m out 1; +60m for 10m winner ask",
        "/admin set dispute 10m",
        "/admin open",
        "/admin start",
    )
    async with harness.db.reading() as uow:
        chat = await uow.chats.find("room", "room")
        assert chat is not None
        market = await uow.markets.of_chat(chat.id)
    assert market is not None
    harness.market = market.id
    await harness.tick()


async def to_next_step(harness: RoomHarness) -> None:
    async with harness.db.reading() as uow:
        step = (await uow.markets.get_one(harness.market)).next_step
    assert step is not None
    await harness.tick(step.at_ms - harness.clock.now_ms())
