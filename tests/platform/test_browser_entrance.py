"""The room at its public address behind a proxy with TLS, and who comes in there by a link, in a real browser."""

from __future__ import annotations

import ipaddress
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientSession
from playwright.async_api import Page, expect

from bot.chat.invocation import ChatKind, Invocation
from tests.bot.adapters.room.harness import RoomHarness, request_id, room_harness
from tests.platform.chromium import PHONE, Window, chromium, findings
from tests.platform.tls_proxy import TlsProxy, tls_proxy
from tests.storage.worlds import params

pytestmark = pytest.mark.asyncio
NAME = "outcry.example"
GUARD_MS = 30_000  # against waiting for ever, no measure
SHOTS = os.environ.get("OUTCRY_SHOTS")  # a folder for pictures of what the page looks like
ADA = Invocation(
    platform="discord", person_ext="7", person_name="Ada", chat_ext="town", chat_kind=ChatKind.GROUP, request_id=""
)


async def in_chat(harness: RoomHarness, text: str, speaker: Invocation = ADA) -> str:
    """What the chat's bot answers; of `/room` the address behind its button."""
    reply = await harness.dispatcher.run(replace(speaker, text=text, request_id=request_id()))
    assert reply.ok
    return next((action.url for action in reply.actions if action.url), "")


async def test_the_room_behind_a_proxy_with_tls_is_whole_and_a_link_opens_it_as_oneself(tmp_path: Path) -> None:
    rules = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
    async with (
        tls_proxy(NAME, tmp_path) as proxy,
        chromium(rules) as browser,
        room_harness(tmp_path, public_url=proxy.url, trusted_proxies=[ipaddress.ip_network("127.0.0.1")]) as harness,
    ):
        proxy.upstream = harness.url.rstrip("/")
        await harness.open_market(params(outcome_names=["Brazil", "Germany", "Costa Rica"]))
        await harness.tick()
        context = await browser.new_context(
            ignore_https_errors=True, viewport={"width": PHONE[0], "height": PHONE[1]}, reduced_motion="reduce"
        )
        here = Window(await context.new_page())
        await _joins_and_trades(harness, here, proxy)
        await _is_somebody_by_a_link(harness, here.page, proxy)
        await _leaves(harness, here.page)
        await _refuses_what_comes_from_elsewhere(harness, proxy)
        meant = ("status of 403", "status of 401")  # a link used before; what a page asks as it is signed out
        assert [complaint for complaint in here.complaints if not any(part in complaint for part in meant)] == []
        await context.close()


async def _joins_and_trades(harness: RoomHarness, here: Window, proxy: TlsProxy) -> None:
    """Also that the stream comes through: the fill is shown by the tick, nobody asks."""
    await here.join(f"{proxy.url}/", "Bea")
    (cookie,) = await here.page.context.cookies()
    assert cookie["name"].startswith("__Host-outcry_session_")
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")
    await harness.tick()
    await here.say("/buy germany yes 10")
    await here.press("Confirm")
    await here.see("Sent.", "#messages")
    await harness.tick()
    await here.see("Filled: 10 Germany YES", "#messages")
    await here.tab("Market")


async def _is_somebody_by_a_link(harness: RoomHarness, page: Page, proxy: TlsProxy) -> None:
    async with harness.db.writing() as uow:
        town = await uow.chats.open("discord", "town", "group", "Town", harness.clock.now_ms())
        await uow.markets.lock(harness.market)
        await uow.chats.connect(harness.market, town.id)
        await uow.commit()
    await in_chat(harness, "/join")
    await harness.tick()
    url = await in_chat(harness, "/room")
    code = url.partition("#")[2]
    await page.goto(url)
    await expect(page.get_by_role("heading")).to_have_text("Open the room as Ada")
    await expect(page.get_by_text("Bea is a name of this browser alone")).to_be_visible()
    await page.goto(url)  # once more, into the page that is open: no browser loads it anew for a fragment
    await page.wait_for_url(f"{proxy.url}/enter")  # the code is in no address any more
    await expect(page.get_by_role("heading")).to_have_text("Open the room as Ada")
    assert await findings(page) == []
    await _shoot(page, "enter")
    await page.get_by_role("link", name="Stay Bea").click()
    await expect(page.locator("#who")).to_have_text("Bea")  # nothing was spent
    await page.goto(url)
    await page.get_by_role("button", name="Open as Ada").click()
    await expect(page.locator("#who")).to_have_text("Ada")
    await page.wait_for_url(f"{proxy.url}/#/m/{harness.market}")
    names = {cookie.get("name", "").split("_")[3] for cookie in await page.context.cookies()}
    assert names == {"session"}
    await page.go_back()
    assert code not in page.url
    assert code not in json.dumps(proxy.seen)
    await page.goto(f"{proxy.url}/enter#{code}")
    await expect(page.get_by_role("heading")).to_have_text("This link does not open")
    await page.get_by_role("link", name="Go to the room").click()
    await expect(page.locator("#who")).to_have_text("Ada")


async def _leaves(harness: RoomHarness, page: Page) -> None:
    """By the button, and from another place while the page is open."""
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="You are Ada from Discord")).to_be_visible()
    await _shoot(page, "leave")
    await page.locator("#sheet").get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Your name here")).to_be_visible()
    await page.goto(await in_chat(harness, "/room"))
    await page.get_by_role("button", name="Open as Ada").click()
    await expect(page.locator("#who")).to_have_text("Ada")
    await page.locator("body:not(.loading)").wait_for()  # its stream is open
    await in_chat(harness, "/room out")
    harness.room.platform.log.wake_all()  # what a heartbeat does
    await expect(page.get_by_label("Your name here")).to_be_visible(timeout=GUARD_MS)


async def _refuses_what_comes_from_elsewhere(harness: RoomHarness, proxy: TlsProxy) -> None:
    asked = {"name": "Eve", "request": request_id()}
    own = harness.url.rstrip("/")
    async with ClientSession() as http:
        for headers, status in (
            ({"Host": "evil.example", "Origin": proxy.url}, 421),
            ({"Host": NAME, "Origin": "https://evil.example"}, 403),
            ({"Host": NAME, "Origin": f"https://{NAME}"}, 403),  # another port is another page
            ({"Host": NAME, "Origin": own}, 403),
            ({"Host": f"{NAME.upper()}:8443", "Origin": proxy.url}, 200),
        ):
            async with http.post(f"{own}/api/join", json=asked, headers=headers) as answer:
                assert answer.status == status, headers
                assert status == 200 or f"{proxy.url}/" in (await answer.json())["error"]  # where it works instead
        async with http.get(f"{own}/healthz") as answer:  # a supervisor on this machine
            assert answer.status == 200


async def _shoot(page: Page, name: str) -> None:
    if not SHOTS:
        return
    size = page.viewport_size
    for width, height in ((360, 740), (820, 1100), (1440, 900)):
        await page.set_viewport_size({"width": width, "height": height})
        for theme in ("dark", "light"):
            await page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
            await page.screenshot(path=f"{SHOTS}/{name}_{width}_{theme}.png")
    assert size is not None
    await page.set_viewport_size(size)
