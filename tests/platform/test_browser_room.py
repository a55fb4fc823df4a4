"""The room in a real Chromium, with everything real behind it: dispatcher, storage, ticks, announcer, charts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from bot.adapters.room import limits
from bot.adapters.room.service import RoomService
from bot.charts.service import Charts
from bot.chat.reply import Picture
from tests.bot.adapters.room.harness import ADMIN, RoomHarness, no_chart, room_harness
from tests.platform.chromium import PHONE, WIDE, Window, findings, window
from tests.storage.databases import postgres
from tests.storage.postgres import Server
from tests.storage.worlds import MINUTE, params

__all__ = ["postgres"]

TEAMS = ["Brazil", "Germany", "Costa Rica", "Netherlands"]
ROUNDS = [
    {"freeze_at": 10 * MINUTE, "decide_at": 20 * MINUTE, "count": 2, "losers": [1, 3]},
    {"freeze_at": 30 * MINUTE, "decide_at": 40 * MINUTE, "winner": 2},
]


pytestmark = pytest.mark.asyncio(loop_scope="module")
GUARD_MS = 30_000  # against waiting for ever, no measure
LOOKS = 5_000  # at a page before it is given up: a guard against waiting for ever, no measure


@pytest_asyncio.fixture(loop_scope="module")
async def browser(chrome: Browser) -> AsyncIterator[Browser]:
    """The module's Chromium, with no window open."""
    yield chrome
    for context in chrome.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def harness(tmp_path: Path) -> AsyncIterator[RoomHarness]:
    """A running market of four teams; the final leaves two."""
    async with room_harness(tmp_path) as made:
        await made.open_market(params(outcome_names=TEAMS, rounds=ROUNDS))
        await made.tick()
        yield made


def row(page: Page, team: str) -> Locator:
    return page.locator("#board .row[data-outcome]").filter(has_text=team)


def price(page: Page, team: str, side: str) -> Locator:
    return row(page, team).locator(f".price.{side}")


async def overflow(page: Page) -> int:
    """How many pixels stick out sideways."""
    wide: int = await page.evaluate(
        "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - innerWidth"
    )
    return wide


async def test_one_joins_buys_with_a_ticket_sees_the_fill_the_board_a_chart_and_an_elimination(
    browser: Browser, tmp_path: Path
) -> None:
    charts: list[Charts] = []

    async def draw(picture: Picture, theme: str) -> bytes | None:
        return await charts[0].picture(picture, theme)

    async with room_harness(tmp_path, draw=draw) as harness:
        charts.append(Charts(harness.db, processes=False))
        await harness.open_market(params(outcome_names=TEAMS, rounds=ROUNDS))
        await harness.tick()
        ada = await window(browser)
        page = ada.page
        await ada.join(harness.url, "Ada")
        await ada.see("Welcome, Ada", "#messages")
        await harness.tick()

        await expect(page.locator("#board .row[data-outcome]")).to_have_count(4, timeout=GUARD_MS)
        await page.locator("#text").fill("/buy germany yes ")
        await page.locator("#options [role=option]").filter(has_text="100").first.click()
        await page.locator("#text").press("Enter")
        await ada.see("Buy Germany YES", "#messages")
        before = await price(page, "Germany", "yes").inner_text()
        await ada.press("Confirm")
        await ada.see("Sent.", "#messages")
        await harness.tick()
        await ada.see("Filled: 100 Germany YES", "#messages")
        assert await page.locator("#messages .card").filter(has_text="Buy Germany YES").count() == 0
        await until(page, f"document.querySelector('#board [data-outcome=\"1\"] .price.yes').innerText !== {before!r}")
        await expect(page.locator("#board .row[data-outcome] .label").first).to_have_text("Germany", timeout=GUARD_MS)

        await ada.say("/chart")
        chart = page.locator("#messages img.chart")
        await chart.wait_for()
        await until(page, "document.querySelector('#messages img.chart').naturalWidth > 300")
        await page.locator("#messages .figure").click()
        await page.locator("dialog.zoom img").wait_for()
        await page.keyboard.press("Escape")

        await harness.tick(10 * MINUTE)
        await ada.see("Trading is frozen: round 1 is being decided.", "#news")
        await expect(page.locator("#head .pill")).to_have_text("Frozen", timeout=GUARD_MS)
        await harness.tick(10 * MINUTE)
        await ada.see("Brazil and Costa Rica are out.", "#news")
        await until(page, "document.querySelector('#news img.chart')?.naturalWidth > 300")
        await expect(page.locator("#board .row.out .label")).to_have_text(["Costa Rica", "Brazil"], timeout=GUARD_MS)
        struck = await row(page, "Brazil").locator(".label").evaluate("one => getComputedStyle(one).textDecorationLine")
        assert struck == "line-through"
        await harness.tick(10 * MINUTE)
        await harness.tick(10 * MINUTE)
        await ada.see("Germany wins Zoo.", "#news")
        assert await page.locator("#news .medal").first.inner_text() == "1"
        await ada.see("You are paid $100.00 in ", "#messages")
        assert ada.complaints == []
        await charts[0].close()


async def test_two_people_share_the_market_and_nothing_else(browser: Browser, harness: RoomHarness) -> None:
    ada, bob = await window(browser), await window(browser)
    await ada.join(harness.url, "Ada")
    await bob.join(harness.url, "Bob")
    await harness.tick()
    await ada.say("/buy brazil no $20")
    await ada.see("Buy Brazil NO", "#messages")
    await bob.say("who buys NO?")
    await ada.see("who buys NO?", "#messages")
    assert "only you see this" in await ada.page.locator("#messages").inner_text()
    text = await bob.page.locator("#messages").inner_text()
    assert "Buy Brazil NO" not in text
    assert "/buy" not in text.replace("/buy brazil yes $50", "")
    second = Window(await ada.page.context.new_page())
    await second.page.goto(harness.url)
    await second.see("Buy Brazil NO", "#messages")
    await ada.press("Cancel")
    await until(second.page, "!document.querySelector('#messages').innerText.includes('Confirm')")
    assert ada.complaints + bob.complaints + second.complaints == []


async def test_what_is_sent_while_the_room_is_away_arrives_once_when_it_is_back(
    browser: Browser, harness: RoomHarness
) -> None:
    ada = await window(browser)
    await ada.join(harness.url, "Ada")
    await ada.see("Welcome, Ada", "#messages")
    await harness.room.stop()
    await ada.see("Reconnecting", ".top")
    await ada.say("am I heard?")
    await ada.see("goes out as soon as it can", "#wait")
    assert await ada.page.locator("#messages .pending p").all_inner_texts() == ["am I heard?"]
    port = int(harness.url.rsplit(":", 1)[1].strip("/"))
    harness.room = RoomService(
        harness.db, harness.dispatcher, harness.clock.now_ms, port=port, admin_token=ADMIN, draw=no_chart
    )
    await harness.room.start()
    await ada.page.locator("#messages .say:not(.pending)").wait_for()
    await until(ada.page, "!document.body.classList.contains('offline')")
    assert await ada.page.locator("#messages .say").count() == 1
    assert await ada.page.locator("#messages .answer").count() == 1
    page = await harness.room.platform.log.after("room", None, None)
    assert [message.body.get("say") for message in page.messages if "say" in message.body] == ["am I heard?"]


async def test_two_pages_at_two_processes_are_in_one_room(browser: Browser, postgres: Server, tmp_path: Path) -> None:
    url = await postgres.create_migrated()
    async with room_harness(tmp_path, url=url) as first, room_harness(tmp_path, url=url) as second:
        await first.open_market(params(outcome_names=TEAMS, rounds=ROUNDS))
        await first.tick()
        ada, bob = await window(browser), await window(browser)
        await ada.join(first.url, "Ada")
        await bob.join(second.url, "Bob")
        await row(bob.page, "Brazil").wait_for()
        await ada.say("hello from the first")
        await bob.see("hello from the first", "#messages")
        await bob.say("and from the second")
        await ada.see("and from the second", "#messages")
        for page in (ada.page, bob.page):
            assert await page.locator("#messages .say").count() == 2
        assert ada.complaints + bob.complaints == []


async def test_a_stranger_who_finds_no_place_is_told_so_and_has_one_once_they_gave_a_name(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STRANGERS_PLACES", 1)
    async with room_harness(tmp_path) as harness:
        await harness.open_market(params(outcome_names=TEAMS, rounds=ROUNDS))
        await harness.tick()
        async with harness.browser().stream() as taken:
            await taken.page()
            ada = await window(browser)
            await ada.page.goto(harness.url)
            await ada.see("All places for those who only watch are taken just now. Give a name", "#market")
            await ada.page.get_by_label("Your name here").fill("Ada")
            await ada.page.locator("#join button").click()
            await row(ada.page, "Brazil").wait_for()
            assert await ada.page.locator("#full").inner_text() == ""


async def test_a_phone_of_360_pixels_shows_everything_in_three_tabs(browser: Browser, harness: RoomHarness) -> None:
    ada = await window(browser, PHONE, theme="light")
    page = ada.page
    await page.goto(harness.url)
    await page.locator("#board .row[data-outcome]").first.wait_for()
    assert await overflow(page) == 0
    await ada.join(harness.url, "A very long name that goes on")
    await harness.tick()
    for text in ("/help", "/positions", "/board", "x" * 300, "/leaderboard", "/buy germany yes 100"):
        await ada.say(text)
    await ada.see("Buy Germany YES", "#messages")
    assert await overflow(page) == 0
    market = page.get_by_role("tab", name="Market")
    await market.click()
    assert await page.locator("#talk").is_hidden()
    assert await page.locator("#market").is_visible()
    assert await overflow(page) == 0
    await price(page, "Costa Rica", "no").click()
    await page.locator("#sheet-ticket").get_by_role("button", name="Buy for $10.01").wait_for()
    assert await overflow(page) == 0
    await page.keyboard.press("Escape")
    await ada.tab("Chat")
    for target in await page.locator(".price:visible, .tabs button, .line button").all():
        box = await target.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 36
    await page.locator("#text").press("Escape")
    await market.press("ArrowRight")
    assert await page.locator("#yours").is_visible()
    await page.get_by_role("tab", name="Yours").press("ArrowRight")
    assert await page.locator("#talk").is_visible()
    assert await page.locator("#yours").is_hidden()
    assert ada.complaints == []


@pytest.mark.parametrize("count", [2, 10, 25])
async def test_a_board_of_2_to_25_outcomes_reads_well_at_every_width(
    browser: Browser, tmp_path: Path, count: int
) -> None:
    names = [
        f"{'Driver of a long name' if number % 3 else 'WWWWWWWWWWWWWWWWWWWWWWWWW'} {number}" for number in range(count)
    ]
    rounds = [{"freeze_at": 30 * MINUTE, "decide_at": 40 * MINUTE, "winner": "ask"}]
    async with room_harness(tmp_path) as harness:
        await harness.open_market(params(outcome_names=names, rounds=rounds))
        await harness.tick()
        ada = await window(browser, calm=True)
        await ada.join(harness.url, "Ada")
        await ada.page.locator("#board .row[data-outcome]").nth(count - 1).wait_for()
        for size in (PHONE, (820, 1100), (1440, 900)):
            await ada.page.set_viewport_size({"width": size[0], "height": size[1]})
            assert await overflow(ada.page) <= 0
            await holds_together(ada.page, count, least=44 if size == PHONE else 28)
        assert ada.complaints == []


async def holds_together(page: Page, count: int, least: int) -> None:
    """Every place on one line, prices as high as a finger needs, the last row and the buttons can be scrolled to."""
    rows = page.locator("#board .row[data-outcome]")
    for number in range(count):
        place = await rows.nth(number).locator(".place").bounding_box()
        yes = await rows.nth(number).locator(".price.yes").bounding_box()
        assert place is not None
        assert yes is not None
        assert place["height"] < 26
        assert yes["height"] >= least
    marks = await page.evaluate("[...new Set([...document.querySelectorAll('#board .chip')].map(c => c.dataset.mark))]")
    assert len(marks) == -(-count // 10)
    for target in (rows.nth(count - 1), page.locator("#board footer .risk")):
        await target.scroll_into_view_if_needed()
        box, view = await target.bounding_box(), page.viewport_size
        assert box is not None
        assert view is not None
        assert 0 <= box["y"] <= view["height"] - box["height"]


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
async def test_axe_finds_nothing_above_minor_in_either_theme(
    browser: Browser, harness: RoomHarness, size: tuple[int, int]
) -> None:
    ada = await window(browser, size, calm=True)
    page = ada.page
    await page.goto(harness.url)
    await page.locator("#board .row[data-outcome]").first.wait_for()
    assert await findings(page) == []
    await ada.join(harness.url, "Ada")
    await harness.tick()
    for text in ("/leaderboard", "/nonsense", "hello", "/chart", "/buy germany yes 100"):
        await ada.say(text)
    await ada.see("Buy Germany YES", "#messages")
    await page.locator("#text").fill("/buy ")
    await page.locator("#options li").first.wait_for()
    await page.keyboard.press("ArrowDown")
    assert await findings(page) == []
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Switch to the light theme").click()
    assert await findings(page) == []
    await ada.press("Change")
    await page.locator("dialog[open]").wait_for()
    assert await findings(page) == []
    await page.keyboard.press("Escape")
    await harness.tick(10 * MINUTE)
    await harness.tick(10 * MINUTE)
    if size == PHONE:
        await page.get_by_role("tab", name="Market").click()
    await ada.see("are out.", "#news")
    assert await findings(page) == []


async def test_everything_can_be_done_by_keyboard(browser: Browser, harness: RoomHarness) -> None:
    ada = await window(browser)
    page = ada.page
    await page.goto(harness.url)
    await page.locator("#name").wait_for()
    await page.locator("#name").focus()
    await page.keyboard.type("Ada")
    await page.keyboard.press("Enter")
    await ada.see("Welcome, Ada", "#messages")
    await harness.tick()
    assert await page.evaluate("document.activeElement.id") == "text"
    await page.keyboard.type("/bu")
    await page.locator("#options li").first.wait_for()
    await page.keyboard.press("Tab")
    await until(page, "document.querySelector('#text').value === '/buy '")
    await see_about(page, "outcome")
    await page.keyboard.type("ger")
    await until(page, "document.querySelectorAll('#options li').length === 1")
    await page.keyboard.press("ArrowDown")
    assert await page.locator("#text").get_attribute("aria-activedescendant") == "option-0"
    await page.keyboard.press("Enter")
    await until(page, "document.querySelector('#text').value.toLowerCase() === '/buy germany '")
    await see_about(page, "side")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await see_about(page, "amount")
    await page.keyboard.press("Escape")
    assert await page.locator("#text").get_attribute("aria-expanded") == "false"
    await page.keyboard.type("50")
    await page.keyboard.press("Enter")
    await ada.see("Buy Germany NO", "#messages")
    await page.keyboard.press("ArrowUp")
    assert (await page.locator("#text").input_value()).lower() == "/buy germany no 50"
    await page.keyboard.press("ArrowDown")
    confirm = page.locator("#messages").get_by_role("button", name="Confirm")
    for _ in range(40):
        await page.keyboard.press("Shift+Tab")
        if await confirm.evaluate("one => one === document.activeElement"):
            break
    ring = await confirm.evaluate("one => getComputedStyle(one).boxShadow")
    assert ring != "none"
    await page.keyboard.press("Enter")
    await ada.see("Sent.", "#messages")
    assert await page.evaluate("document.activeElement.closest('#messages') !== null")
    announced = page.locator("#announced")
    await harness.tick()
    await until(page, "document.querySelector('#announced').textContent.startsWith('Filled')")
    assert await announced.get_attribute("aria-live") == "polite"
    assert ada.complaints == []


async def until(page: Page, condition: str) -> None:
    """Polls from outside: the page's own policy lets nobody evaluate strings inside."""
    for _ in range(LOOKS):
        if await page.evaluate(condition):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(condition)


async def see_about(page: Page, argument: str) -> None:
    await page.locator("#about b").get_by_text(argument, exact=True).wait_for()


async def test_hostile_names_and_texts_are_shown_as_they_were_typed(browser: Browser, tmp_path: Path) -> None:
    attack = '<img src=x onerror="document.title=1">'
    async with room_harness(tmp_path) as harness:
        await harness.open_market(params(outcome_names=[attack, "Bee", "Cat"]))
        await harness.tick()
        ada, bob = await window(browser), await window(browser)
        await ada.join(harness.url, "<b>Ada</b>")
        await bob.join(harness.url, "Bob")
        await ada.say(f"{attack} <script>document.title=2</script>")
        await ada.say("/board")
        await bob.see("<script>document.title=2</script>", "#messages")
        await bob.see("<b>Ada</b>", "#messages")
        for person in (ada, bob):
            assert await person.page.locator("#board img, #messages img:not(.chart), #messages script").count() == 0
            assert await person.page.locator("#board .label").filter(has_text="onerror").count() == 1
            assert await person.page.title() not in ("1", "2")
            assert person.complaints == []


async def test_the_countdown_runs_at_the_markets_speed(browser: Browser, tmp_path: Path) -> None:
    async with room_harness(tmp_path, speed=lambda: 60.0) as harness:
        await harness.open_market(params(outcome_names=TEAMS, rounds=ROUNDS))
        await harness.tick()
        ada = await window(browser)
        clock = ada.page.clock
        await clock.install(time=0)
        await clock.pause_at(1)
        await ada.page.goto(harness.url)
        await ada.page.locator("#head .until .digits").wait_for()
        shown = [await countdown(ada.page)]
        for watch_seconds in (1, 3):
            await clock.run_for(watch_seconds * 1_000)
            shown.append(await countdown(ada.page))
        assert [before - after for before, after in pairwise(shown)] == [60, 180]
        assert "on your watch" in await ada.page.locator("#head .until:not(.awaited)").inner_text()


async def countdown(page: Page) -> int:
    """What it shows, in seconds."""
    return seconds(await page.locator("#head .until .digits").text_content() or "")


def seconds(text: str) -> int:
    minutes, rest = text.split(":")
    return int(minutes) * 60 + int(rest)


@pytest.mark.parametrize("calm", [False, True])
async def test_a_price_that_moved_flashes_unless_one_asked_for_calm(
    browser: Browser, harness: RoomHarness, calm: bool
) -> None:
    ada = await window(browser, calm=calm)
    await ada.join(harness.url, "Ada")
    await harness.tick()
    before = await price(ada.page, "Netherlands", "yes").inner_text()
    await ada.say("/buy netherlands yes 200")
    await ada.see("Buy Netherlands YES", "#messages")
    await ada.press("Confirm")
    await ada.see("Sent.", "#messages")
    await harness.tick()
    await ada.see("Filled", "#messages")
    await until(ada.page, f"document.querySelector('#board [data-outcome=\"3\"] .price.yes').innerText !== {before!r}")
    flashed = ada.page.locator("#board .price.rose, #board .price.fell")
    assert (await flashed.count() > 0) is not calm


async def test_a_chosen_theme_stays_and_charts_follow_it(browser: Browser, harness: RoomHarness) -> None:
    ada = await window(browser)
    await ada.join(harness.url, "Ada")
    await ada.say("/chart")
    chart = ada.page.locator("#messages .figure, #messages p.quiet").first
    await chart.wait_for()
    await ada.page.get_by_role("button", name="Switch to the light theme").click()
    assert await ada.page.locator("html").get_attribute("data-theme") == "light"
    await ada.page.reload()
    await ada.see("Welcome, Ada", "#messages")
    assert await ada.page.locator("html").get_attribute("data-theme") == "light"


async def test_the_admin_link_shows_a_badge_and_no_token(browser: Browser, harness: RoomHarness) -> None:
    admin = await window(browser)
    await admin.join(harness.admin_url, "Grace")
    assert admin.page.url == harness.url
    await admin.see("admin", "#who")
    assert ADMIN not in await admin.page.content()


async def test_typing_means_the_command_line_wherever_a_click_has_left_the_keyboard(
    browser: Browser, harness: RoomHarness
) -> None:
    ada = await window(browser)
    await ada.join(harness.url, "Ada")
    await ada.see("Welcome, Ada", "#messages")
    await ada.page.locator("#news-title").click()
    await ada.page.keyboard.type("/help buy")
    assert await ada.page.locator("#text").input_value() == "/help buy"
