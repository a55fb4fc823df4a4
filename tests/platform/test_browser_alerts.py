"""Alerts in a real Chromium: a newcomer asks from the price axis by keyboard, is told with a word to buy on, and takes
one back by a tap on a phone."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.bot.adapters.room.harness import Browser, RoomHarness, room_harness
from tests.platform.chromium import PHONE, Window, chromium, window


async def traded(room: RoomHarness, person: Browser, line: str) -> None:
    _, answer = await person.say(line)
    confirm = next(action["text"] for action in answer["reply"]["actions"] if action["label"] == "Confirm")
    await person.press(confirm, answer["id"])
    await room.tick()


async def complaints_of_axe(page: Page) -> list[str]:
    results = await Axe().run(page, context=".alert-ask")
    return [violation["id"] for violation in results.response["violations"]]


async def asked_on_the_axis(window: Window, cents: str) -> None:
    """By keyboard: the price is typed over the one that was pointed at."""
    page = window.page
    await page.locator("#chart .ruler").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_contain_text("Tell me when")
    await page.keyboard.type(cents)


async def test_an_alert_is_asked_told_and_taken_back_by_keyboard_and_by_touch(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as room, chromium() as browser:
        await room.open_market()
        await room.tick()
        ada = await window(browser, PHONE, calm=True)
        page = ada.page
        await page.goto(room.url)
        await page.locator("#board .row[data-outcome]").first.wait_for()
        await asked_on_the_axis(ada, "33.3")
        await expect(page.locator(".alert-now")).to_have_text("It is at 33.3¢ now: choose another price.")
        await page.keyboard.press("ArrowUp")
        await expect(page.locator(".alert-now")).to_contain_text("when it rises to 33.4¢.")
        assert await complaints_of_axe(page) == []
        await page.get_by_label("Your name", exact=True).fill("Ada")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.locator("body:not(.stranger)").wait_for()
        await page.get_by_role("tab", name="Yours").click()
        rows = page.get_by_role("region", name="Alerts").get_by_role("listitem")
        await expect(rows).to_have_count(1)
        name = str(await rows.first.locator(".what b").inner_text())
        await page.get_by_role("tab", name="Market").click()
        await asked_on_the_axis(ada, "1")
        await page.get_by_role("button", name="Tell me").tap()
        await expect(page.locator("#notice")).to_contain_text("falls to 1¢.")

        bob = await room.person("Bob")
        await room.tick()
        await traded(room, bob, f"/buy {name} yes $300")
        word = page.locator(".alert-passed")
        await expect(word).to_contain_text(f"{name} passed 33.4¢: it is at 4")
        told = await page.locator(f"#messages li:has-text('{name} passed 33.4¢')").count()
        assert told == 1
        await word.get_by_role("button", name="Close").tap()
        await expect(word).to_be_hidden()
        await page.get_by_role("tab", name="Yours").click()
        await rows.get_by_role("button", name="Cancel").tap()
        await expect(rows).to_have_count(0)
        await expect(word).to_be_hidden()  # taken back is not told
        assert ada.complaints == []
