"""The Mini App in a real Chromium, framed by a page at Telegram's address, behind a proxy with TLS."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Request, expect

from bot.chat.reply import Picture
from tests.bot.adapters.room.harness import RoomHarness, room_harness
from tests.bot.adapters.room.mini_apps import TOKEN, signed
from tests.platform.chromium import chromium
from tests.platform.telegram_web import DAY, ELSEWHERE, GUARD_MS, NIGHT, TELEGRAM, TelegramWeb
from tests.platform.tls_proxy import tls_proxy
from tests.storage.worlds import MINUTE, params

pytestmark = pytest.mark.asyncio
HOST = "outcry.example"
TEAMS = ["Brazil", "Germany", "Costa Rica", "Netherlands"]
ROUNDS = [{"freeze_at": 600 * MINUTE, "decide_at": 620 * MINUTE, "winner": 2}]
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def a_dot(picture: Picture, theme: str) -> bytes | None:
    return DOT


@asynccontextmanager
async def telegram_room(folder: Path) -> AsyncIterator[tuple[RoomHarness, Browser, str]]:
    """A room with a Telegram bot, a browser for which it is at its public address, and that address."""
    local = "--disable-features=LocalNetworkAccessChecks"  # the room stands on this machine, Telegram does not
    async with (
        tls_proxy(HOST, folder) as proxy,
        chromium(f"--host-resolver-rules=MAP {HOST} 127.0.0.1", local) as browser,
        room_harness(folder, public_url=proxy.url, telegram_token=TOKEN, draw=a_dot) as harness,
    ):
        proxy.upstream = harness.url.rstrip("/")
        yield harness, browser, proxy.url


async def phone(browser: Browser) -> BrowserContext:
    return await browser.new_context(
        ignore_https_errors=True, viewport={"width": 360, "height": 740}, has_touch=True, reduced_motion="reduce"
    )


async def test_who_opens_it_in_telegram_sees_the_market_and_buys_by_telegrams_own_buttons(tmp_path: Path) -> None:
    async with telegram_room(tmp_path) as (harness, browser, room):
        await harness.open_market(params(outcome_names=TEAMS, rounds=ROUNDS))
        await harness.tick()
        context = await phone(browser)
        requests: list[Request] = []
        context.on("request", lambda request: requests.append(request))  # noqa: PLW0108 - it cannot take a method of a list
        complaints: list[str] = []
        context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        init_data = signed(start_param=f"m{harness.market}")
        telegram = await TelegramWeb.open(context, f"{room}/app/", init_data)
        await _buys(harness, telegram)
        await _looks_around(telegram)
        await _is_repainted(telegram)
        await _keeps_its_secrets(context, telegram, requests, init_data)
        assert complaints == []
        await _is_framed_by_nobody_else(browser, room)


async def _buys(harness: RoomHarness, telegram: TelegramWeb) -> None:
    """Joins, buys and is done, without a button of the page."""
    app = telegram.app
    await app.locator("#board .row").filter(has_text="Costa Rica").locator(".price.yes").click()
    await telegram.press_main("Join this market")
    await expect(app.locator("#messages")).to_contain_text("Welcome", timeout=GUARD_MS)
    await harness.tick()
    await app.locator(".ticket-chips").get_by_role("button", name="$50").click()
    await expect(app.locator(".ticket-sums")).to_contain_text("$50.01", timeout=GUARD_MS)
    await telegram.press_main("Buy for $50.01")
    await expect(app.locator(".ticket-told")).to_contain_text("Sent. Buying Costa Rica YES", timeout=GUARD_MS)
    assert (await telegram.told("web_app_setup_closing_behavior"))[-1] == {"need_confirmation": True}
    assert await telegram.told("web_app_trigger_haptic_feedback") == []
    await harness.tick()
    await expect(app.locator(".ticket-told")).to_contain_text("Filled: ", timeout=GUARD_MS)
    felt = {"type": "notification", "notification_type": "success"}
    assert await telegram.told("web_app_trigger_haptic_feedback") == [felt]
    await telegram.press_main("Done")
    await expect(app.locator("#sheet-ticket")).to_be_hidden(timeout=GUARD_MS)
    await expect(telegram.page.locator("#main")).to_be_hidden(timeout=GUARD_MS)
    assert (await telegram.told("web_app_setup_closing_behavior"))[-1] == {"need_confirmation": False}


async def _looks_around(telegram: TelegramWeb) -> None:
    """Back closes what was opened, and is not offered where one began; pictures come by the token."""
    app = telegram.app
    back = telegram.page.locator("#back")
    await expect(back).to_be_hidden(timeout=GUARD_MS)
    await app.locator("#board .row").filter(has_text="Germany").locator(".price.no").click()
    await telegram.press_back()
    await expect(app.locator("#sheet-ticket")).to_be_hidden(timeout=GUARD_MS)
    await app.locator("#board .row").filter(has_text="Brazil").locator(".name a").click()
    await expect(app.locator("#outcome")).to_be_visible(timeout=GUARD_MS)
    await telegram.press_back()
    await expect(app.locator("#board")).to_be_visible(timeout=GUARD_MS)
    await expect(back).to_be_hidden(timeout=GUARD_MS)
    await app.get_by_role("tab", name="Chat").click()
    await app.locator("#text").fill("/chart")
    await app.locator("#text").press("Enter")
    await app.locator("#messages .figure.drawn img[src^=blob]").wait_for()


async def _is_repainted(telegram: TelegramWeb) -> None:
    """In Telegram's colours as they change; in any, whatever stands on them can be read."""
    root = telegram.app.locator("html")
    await expect(root).to_have_attribute("data-theme", "dark", timeout=GUARD_MS)
    assert await root.evaluate(UNREADABLE) == []
    assert await root.evaluate("root => root.style.getPropertyValue('--panel')") == "#17212b"
    for theme, name in ((DAY, "light"), (SUN, "light"), (FOG, "dark"), (NIGHT, "dark")):
        await telegram.tell("theme_changed", {"theme_params": theme})
        await expect(root).to_have_attribute("data-theme", name, timeout=GUARD_MS)
        assert await root.evaluate(UNREADABLE) == [], theme
    assert (await telegram.told("web_app_set_header_color"))[-1] == {"color": "#17212b"}


SUN = dict.fromkeys(NIGHT, "#ffdd00")  # themes that people make themselves
FOG = {**dict.fromkeys(NIGHT, "#666666"), "text_color": "#777777", "button_text_color": "#888888", "hint_color": "x"}
UNREADABLE = """async root => {
  const { contrast } = await import("/static/telegram_theme.js");
  const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  const least = { ink: 12, quiet: 5, accent: 4.5, good: 3, bad: 3, wait: 3, cold: 3, loud: 3 };
  const on = [["accent", "on-accent", 4.5]];
  for (const surface of ["ground", "panel", "raised"])
    for (const [mark, contrast] of Object.entries(least)) on.push([surface, mark, contrast]);
  for (const surface of ["ground", "panel"]) for (let o = 0; o < 10; o += 1) on.push([surface, `o${o}`, 3]);
  return on.filter(([surface, mark, least]) => contrast(colour(surface), colour(mark)) < least - 0.01);
}"""


async def _keeps_its_secrets(
    context: BrowserContext, telegram: TelegramWeb, requests: list[Request], init_data: str
) -> None:
    assert await context.cookies() == []
    headers = [await request.all_headers() for request in requests]
    [bearer] = {header["authorization"] for header in headers if "authorization" in header}
    secrets = (bearer.removeprefix("Bearer "), init_data[-64:])
    frame = next(frame for frame in telegram.page.frames if frame.url.startswith(f"https://{HOST}"))
    kept = await frame.evaluate("() => location.href + JSON.stringify({ ...localStorage, ...sessionStorage })")
    for secret in secrets:
        assert len(secret) > 40
        assert not [
            request.url for request in requests if request.url.startswith(f"https://{HOST}") and secret in request.url
        ]
        assert not [header for header in headers if secret in header.get("referer", "")]
        assert secret not in kept


async def _is_framed_by_nobody_else(browser: Browser, room: str) -> None:
    context = await phone(browser)
    for app, at in ((f"{room}/app/", ELSEWHERE), (f"{room}/", TELEGRAM)):
        async with context.expect_console_message(lambda message: "frame-ancestors" in message.text):
            telegram = await TelegramWeb.open(context, app, signed(), at=at)
        await expect(telegram.app.locator("#board")).to_have_count(0)
        await telegram.page.close()
