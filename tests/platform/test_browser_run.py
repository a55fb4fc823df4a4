"""An admin's whole event on the page that walks its steps, by somebody who has never seen a command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.bot.adapters.room.harness import RoomHarness, room_harness
from tests.platform.chromium import Window, findings, window

pytestmark = pytest.mark.asyncio(loop_scope="module")
expect.set_options(timeout=30_000)  # a guard against waiting for ever, no measure

MINUTE = 60_000
SIZES = ((360, 740), (820, 1100), (1440, 900))
TOO_WIDE = "() => [document.querySelector('#run'), document.documentElement].some((e) => e.scrollWidth > e.clientWidth)"


@pytest_asyncio.fixture(loop_scope="module")
async def harness(tmp_path: Path) -> AsyncIterator[RoomHarness]:
    async with room_harness(tmp_path) as made:
        yield made


class Steps:
    """The page of an admin, who taps."""

    def __init__(self, shown: Window) -> None:
        self.window = shown
        self.page: Page = shown.page
        self.pane: Locator = shown.page.locator("#run .pane")

    async def step(self, name: str) -> None:
        label = self.page.get_by_text(name, exact=True)
        await self.page.locator("#run nav a").filter(has=label).click()

    async def tap(self, name: str) -> None:
        await self.pane.get_by_role("button", name=name, exact=True).click()

    async def answered(self, sentence: str) -> None:
        await expect(self.pane.locator(".run-answer .headline").filter(has_text=sentence)).to_be_visible()

    async def confirm(self, sentence: str, done: str) -> None:
        """Numbers first, then what came of it."""
        await self.answered(sentence)
        await self.pane.locator(".run-answer").get_by_role("button", name="Confirm").click()
        await self.answered(done)

    async def present(self, name: str) -> None:
        await expect(self.page.locator("#run .steps .present .label")).to_have_text(name)

    async def fits(self, *, checked: bool = False) -> None:
        """At every width, nothing sticks out; `checked` by axe too."""
        for width, height in SIZES:
            await self.page.set_viewport_size({"width": width, "height": height})
            assert not await self.page.evaluate(TOO_WIDE), (width, await self.pane.inner_text())
        if checked:
            assert await findings(self.page, "#run") == []


async def test_an_admins_whole_event_by_steps(chrome: Browser, harness: RoomHarness) -> None:
    steps = Steps(await window(chrome, SIZES[-1], calm=True))
    page, pane = steps.page, steps.pane
    await steps.window.join(harness.admin_url, "Grace")
    await page.locator("#board").get_by_role("link", name="Step by step").click()

    # the event, by the keyboard alone
    await page.get_by_label("What is it called?").fill("Chess cup")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Ada\nBo\nCleo\nDan, the elder")
    await expect(pane.locator(".starts")).to_contain_text("Dan, the elder 25.0¢")
    await page.keyboard.press("Tab")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_label("Fair")).to_be_checked()
    await steps.fits(checked=True)
    create = pane.get_by_role("button", name="Create the draft")
    await create.focus()
    await page.keyboard.press("Enter")
    await steps.present("What decides")

    await pane.get_by_role("button", name="A match or a cup").click()
    await steps.fits()
    await steps.tap("Write it down")
    await steps.answered("is written down")
    await steps.present("Timetable")

    # rounds that overlap, and one that has passed: told beside their rows
    await steps.step("Timetable")
    await steps.tap("Add a round")
    rows = pane.locator(".rounds > li")
    await expect(rows).to_have_count(2)
    freezes = rows.locator("input[type=datetime-local]")
    await freezes.nth(0).fill("2027-01-15T20:00")
    await freezes.nth(1).fill("2027-01-15T20:10")
    await expect(rows.nth(1).locator(".wrong")).to_contain_text("has to freeze after the round before is decided")
    await freezes.nth(0).fill("2027-01-01T20:00")
    await expect(rows.nth(0).locator(".wrong").first).to_contain_text("has passed")
    await steps.fits(checked=True)
    await pane.get_by_label("counted from the start").check()
    for row, minutes in ((0, "10"), (1, "30")):
        await rows.nth(row).get_by_label("Trading freezes after the start", exact=True).fill(minutes)
        await rows.nth(row).get_by_label("Trading freezes after the start: unit").select_option("m")
        await rows.nth(row).get_by_label("It is decided after", exact=True).fill("10")
        await rows.nth(row).get_by_label("It is decided after: unit").select_option("m")
    await expect(pane.locator(".rounds .wrong:visible")).to_have_count(0)
    await expect(pane.get_by_role("img", name="Round 1 freezes +10 min and is decided +20 min")).to_be_visible()
    await steps.tap("Show what would change")
    await steps.confirm("This would be the timetable of Chess cup", "The timetable is set.")
    await steps.present("Open")

    await steps.step("Terms")
    dispute = pane.locator(".term", has_text="Time to dispute the winner")
    await dispute.get_by_role("textbox").fill("5 weeks")
    await expect(dispute.locator(".wrong")).to_contain_text("needs a length of time")
    await dispute.get_by_role("textbox").fill("10m")
    await dispute.get_by_role("button", name="Set Time to dispute the winner").click()
    await expect(dispute.locator(".headline")).to_contain_text("dispute is now 10m")
    await steps.fits()
    await steps.step("Preview")
    await expect(pane.locator(".as-members")).to_contain_text("Chess cup: the doors are open.")
    await expect(pane.locator(".as-members")).to_contain_text("Overtime and penalties count")
    await steps.fits(checked=True)
    await steps.step("Open")
    await steps.tap("Open the doors")
    await steps.answered("is open to join")
    await steps.present("Start")
    ada = await harness.person("Ada")
    await ada.say("/join")
    await steps.step("Start")
    await steps.tap("Start trading …")
    await steps.confirm("would begin now", "begins with the next tick")
    harness.market = 1
    await harness.tick()

    await steps.step("Run")
    await steps.present("Run")
    await expect(pane.locator(".run-figures")).to_contain_text("Last tick")
    await page.get_by_label("Why (told with it)").fill("red card")
    await steps.tap("Freeze trading")
    await steps.answered("Trading freezes with the next tick")
    await harness.tick()
    await steps.tap("Go on")
    await steps.answered("Trading goes on with the next tick")
    await harness.tick()
    await steps.fits()

    # two names by tapping; who is out is not offered any more
    await harness.tick(10 * MINUTE)
    await harness.tick(10 * MINUTE)
    await steps.present("Decide")
    await steps.step("Decide")
    out = pane.get_by_role("group", name="Who is out")
    await out.get_by_role("button", name="Dan, the elder").click()
    await out.get_by_role("button", name="Cleo").click()
    await steps.tap("Show what it does")
    await steps.answered("this takes exactly one")
    await out.get_by_role("button", name="Cleo").click()
    await steps.tap("Show what it does")
    await steps.confirm("Dan, the elder would be out.", "Dan, the elder goes out with the next tick")
    await steps.fits()
    await harness.tick()
    await harness.tick(10 * MINUTE)
    await harness.tick(10 * MINUTE)
    won = pane.get_by_role("group", name="Who has won")
    await expect(won.get_by_role("button")).to_have_text(["Ada", "Bo", "Cleo"])
    await won.get_by_role("button", name="Bo").click()
    await steps.tap("Show what it pays")
    await steps.confirm("Bo would be named the winner", "Bo is named the winner")
    await harness.tick()
    instead = pane.get_by_role("group", name="Who it is instead")
    await instead.get_by_role("button", name="Ada").click()
    await steps.tap("Show the correction")
    await steps.confirm("Ada", "Ada is named instead")
    await harness.tick()

    await steps.step("Members")
    await expect(pane.locator(".members tbody tr")).to_have_count(1)
    await pane.get_by_role("button", name="Change Ada").click()
    await pane.get_by_label("Another name").fill("Ada Lovelace")
    await steps.tap("Rename")
    await steps.answered("is Ada Lovelace from now on")
    await steps.fits(checked=True)
    await harness.tick(10 * MINUTE)
    await page.locator("dialog.winner-screen[open]").wait_for()
    await page.keyboard.press("Escape")
    await steps.present("Over")
    await steps.step("Over")
    await expect(pane).to_contain_text("The winner is paid.")
    await steps.step("Downloads")
    async with page.expect_download() as download:
        await steps.tap("rankings")
    path = await (await download.value).path()
    assert path.read_text(encoding="utf-8").startswith("rank,user,name,stake")
    assert "Ada Lovelace" in path.read_text(encoding="utf-8")
    await steps.fits()
    assert steps.window.complaints == []
