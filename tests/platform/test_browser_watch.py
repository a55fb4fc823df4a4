"""Who watches in a browser: the page and an overlay for a stream, through a round and a room that goes away."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser, Page, expect

from bot.adapters.room.service import RoomService
from bot.commands import COMMANDS
from bot.notifications.announcer import Announcer
from tests.bot.adapters.room.harness import ADMIN, RoomHarness, no_chart, room_harness
from tests.platform.chromium import PHONE, chromium, findings, window

MEMBERS = ("Named Nora", "Hidden Hannah")
LONG = "Bosnien-Herzegowina und alle, die es mit ihnen halten"
OVERLAYS = (
    "view=board&names=on",
    "view=ticker&theme=light",
    "view=leader&accent=ff8800&scale=1.6",
    "view=bar&outcomes=99&scale=nonsense&theme=<b>&accent=red",
)
GONE = "Failed to load resource: net::ERR_CONNECTION_REFUSED"  # what a browser says of a room that is away
expect.set_options(timeout=30_000)


async def test_who_watches_sees_a_round_and_the_end_on_page_and_overlay_and_comes_back_by_themselves(
    tmp_path: Path,
) -> None:
    async with chromium() as browser, room_harness(tmp_path) as room:
        await room.admin(f'/admin create "World Cup" Germany, Brazil, Chile, "{LONG}"', "/admin open")
        members = [await room.person(name) for name in MEMBERS]
        await members[0].say("/settings name on")
        await room.admin("/admin start", "/admin set public on")
        room.market = 1
        await room.tick()
        for member, outcome in zip(members, ("germany", "brazil"), strict=True):
            await member.say("/settings confirm off")
            await member.say(f"/buy {outcome} yes $40")
        await room.tick()
        watch, overlay = await window(browser), await window(browser, (1280, 720))
        await watch.page.goto(f"{room.url}watch/1")
        await overlay.page.goto(f"{room.url}overlay/1?{OVERLAYS[0]}")
        await expect(watch.page.locator("#board .row").nth(1)).to_contain_text("Germany")
        await expect(watch.page.locator("#ahead li")).to_have_count(2)
        await expect(watch.page.locator("#ahead")).to_contain_text("Named Nora")
        await expect(watch.page.locator("#ahead .nameless")).to_have_text("a member")
        assert "Hannah" not in await watch.page.content()
        assert await findings(watch.page) == []
        await nothing_sticks_out(browser, room.url)

        await room.admin("/admin eliminate chile")
        await room.tick()
        await expect(overlay.page.locator("#moment .eliminated bdi").first).to_have_text("Chile")
        await expect(watch.page.locator('.moment-card[data-kind="eliminated"]')).to_contain_text("Chile")
        await expect(watch.page.locator("#course li").first).to_contain_text("Chile is out")

        await watch.page.locator(".moment-card").click()
        await moved(room)
        await members[0].say("/settings name off")
        await room.admin("/admin resolve germany")
        await room.tick()
        await expect(overlay.page.locator("#moment .winner")).to_have_text("Germany")
        await expect(overlay.page.locator("#moment .podium")).not_to_contain_text("Nora")
        await expect(watch.page.locator(".winner-podium")).to_contain_text("a member")
        assert "Nora" not in await watch.page.content() + await overlay.page.content()

        await room.admin("/admin set public off")
        await expect(watch.page.locator("#ended")).to_be_visible()
        await expect(overlay.page.locator("#overlay")).to_be_empty()
        assert {*watch.complaints, *overlay.complaints} <= {GONE}


async def moved(room: RoomHarness) -> None:
    """The room goes away, and comes back where it was."""
    port = int(room.url.rstrip("/").rpartition(":")[2])
    await room.room.stop()
    room.room = RoomService(
        room.db, room.dispatcher, room.clock.now_ms, port=port, admin_token=ADMIN, draw=no_chart, holder=room.holder
    )
    await room.room.start()
    room.announcer = Announcer(room.db, room.clock, {"room": room.room.platform}, commands=COMMANDS)


async def nothing_sticks_out(browser: Browser, url: str) -> None:
    """At any width, of the page and of each view of the overlay; an overlay has no ground of its own."""
    for size, address in (
        (PHONE, "watch/1"),
        ((820, 1100), "watch/1"),
        *(((1280, 720), f"overlay/1?{query}") for query in OVERLAYS),
    ):
        shown = await window(browser, size)
        await shown.page.goto(f"{url}{address}")
        await shown.page.locator("#board .row, #overlay .price").first.wait_for()
        assert await overflow(shown.page) == 0, address
        if address.startswith("overlay"):
            assert await shown.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
        assert shown.complaints == []
        await shown.page.context.close()


async def overflow(page: Page) -> int:
    return int(await page.evaluate("document.documentElement.scrollWidth - innerWidth"))
