"""The README's pictures of the room, taken from a demo that is played: `python -m tests.pictures [FOLDER]`, by default
`.github/pictures`. Windows join and trade; an elimination is filmed as it happens. It takes five minutes."""

from __future__ import annotations

import asyncio
import io
import re
import sys
import tempfile
from functools import partial
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page

from tests.paths import ROOT
from tests.platform.child import Child
from tests.platform.chromium import PHONE, Window, chromium

FOLDER = ROOT / ".github" / "pictures"
DEMO = ("demo", "--port", "0", "--seed", "3")
FLOOR, FILM = (1440, 900), (960, 640)
FILM_WIDTH, FRAME_MS, BEFORE, LASTS_MS = 900, 90, 10, 4_500
STREAM = (1280, 720)
CONFIRMED = """async line => {
  const headers = { "Content-Type": "application/json" };
  const send = async (path, payload) => {
    const request = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16)).join("");
    return (await fetch(path, { method: "POST", headers, body: JSON.stringify({ ...payload, request }) })).json();
  };
  const { id, reply } = await send("api/say", { text: line });
  const confirm = reply.actions.find((action) => action.label.startsWith("Confirm"));
  await send("api/press", { text: confirm.text, message: id });
}"""
BEHIND_IT = """() => {
  const stage = document.createElement("div");
  stage.style.cssText = "position: fixed; inset: 0; z-index: -1";
  stage.style.background = [
    "radial-gradient(60% 80% at 78% 18%, #ffd9a0 0, transparent 60%)",
    "repeating-linear-gradient(96deg, #2f7d45 0 90px, #348a4c 90px 180px)",
  ].join(", ");
  document.body.prepend(stage);
}"""
GAP, BEHIND = 24, (24, 28, 34)
SAY = """async lines => {
  for (const text of lines) {
    const headers = { "Content-Type": "application/json" };
    const request = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16)).join("");
    await fetch("api/say", { method: "POST", headers, body: JSON.stringify({ text, request }) });
  }
}"""
# Time stands still when the card of an elimination comes; MOVE puts it so many ms after that.
STILL = """{
  const [now, frame] = [performance.now.bind(performance), requestAnimationFrame.bind(window)];
  let stands = null;
  performance.now = () => stands ?? now();
  window.requestAnimationFrame = (callback) => frame(() => callback(performance.now()));
  window.moveTo = (at) => (stands = window.cameAt + at);
  new MutationObserver(() => {
    const came = document.querySelector('.moment-card[data-kind="eliminated"]');
    if (came && stands === null) stands = window.cameAt = now();
  }).observe(document, { childList: true, subtree: true });
}"""
MOVE = """async at => {
  window.moveTo(at);
  for (const animation of document.getAnimations()) {
    animation.pause();
    animation.currentTime = at;
  }
  for (let turns = 0; turns < 2; turns++) await new Promise((drawn) => requestAnimationFrame(drawn));
}"""
TRADES = (
    "/settings confirm off",
    "/settings slippage 20%",
    "/buy germany yes $150",
    "/buy costa rica no $60",
    "/buy colombia no $60",
)


async def main(folder: Path) -> None:
    """One play for the film, so that nothing else moves beside it; one for what stands still, one for who watches."""
    takes = ((film, "10", "room"), (stills, "3", "room"), (watching, "4", "admin"))  # the film ends before round two
    async with chromium() as browser:
        for take, minutes, link in takes:
            with tempfile.TemporaryDirectory() as out:
                demo = await Child.start(Path(out), *DEMO, "--minutes", minutes)
                try:
                    await demo.until_output(partial(opened, demo))
                    address = re.search(rf"{link}: (http://\S+)", demo.output)
                    assert address is not None
                    await take(browser, address[1], folder)
                finally:
                    await demo.kill()


def opened(demo: Child) -> bool:
    return any("admin: http://" in line for line in demo.out)


async def film(browser: Browser, url: str, folder: Path) -> None:
    """The page's time is moved by hand from the moment the card is there: each frame is drawn whole, however busy the
    machine is."""
    page = await joined(browser, url, "Ada", FILM, 1)
    card = page.locator('.moment-card[data-kind="eliminated"]')
    before = await page.screenshot()
    while not await card.count():
        shot = await page.screenshot()
        before = before if await card.count() else shot
    frames = [before] * BEFORE
    for at in range(0, LASTS_MS, FRAME_MS):
        await page.evaluate(MOVE, at)
        frames.append(await page.screenshot())
    moving(frames, folder / "elimination.webp")


async def stills(browser: Browser, url: str, folder: Path) -> None:
    phone = await joined(browser, url, "Bea", PHONE, 2)
    floor = await joined(browser, url, "Ada", FLOOR, 1)
    await floor.evaluate(SAY, ["Germany all the way. Who is with me?"])
    await asyncio.sleep(3)
    shots = [await phone.screenshot()]
    await phone.locator("#board .price").first.click()
    await phone.locator("#sheet-ticket .ticket-confirm:not([disabled])").first.wait_for()
    await asyncio.sleep(2)
    shots.append(await phone.screenshot())
    await phone.get_by_role("button", name="Close the ticket").click()
    await floor.locator(".moment-card").first.wait_for(timeout=150_000)
    await floor.locator(".moment-card").first.wait_for(state="detached")
    await asyncio.sleep(5)
    await floor.screenshot(path=folder / "room.png")
    await phone.locator(".winner-screen[open] .winner-own").wait_for(timeout=240_000)
    await asyncio.sleep(2.6)
    shots.append(await phone.screenshot())
    beside(shots, folder / "phone.png")


async def watching(browser: Browser, admin: str, folder: Path) -> None:
    """The page of a public market, and an overlay over a picture of its own, as an elimination comes."""
    boss = Window(await browser.new_page())
    await boss.join(admin, "Boss")
    await boss.page.evaluate(CONFIRMED, "/admin set public on")
    url = boss.page.url.partition("?")[0].partition("#")[0]
    overlay = await browser.new_page(viewport={"width": STREAM[0], "height": STREAM[1]}, color_scheme="dark")
    await overlay.goto(f"{url}overlay/1?scale=1.1&outcomes=5")
    await overlay.evaluate(BEHIND_IT)
    watch = await browser.new_page(viewport={"width": FLOOR[0], "height": FLOOR[1]}, color_scheme="dark")
    await watch.goto(f"{url}watch/1")
    await overlay.locator("#moment .eliminated").wait_for(timeout=240_000)
    await asyncio.sleep(2.6)
    small(await overlay.screenshot(), folder / "overlay.webp")
    await watch.locator(".moment-card").first.wait_for(state="detached", timeout=60_000)
    await asyncio.sleep(2)
    small(await watch.screenshot(), folder / "watch.webp")


def small(shot: bytes, path: Path) -> None:
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    image.save(path, quality=82, method=6)


async def joined(browser: Browser, url: str, name: str, size: tuple[int, int], scale: int) -> Page:
    """The window of somebody who has traded."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark", device_scale_factor=scale
    )
    await context.add_init_script(STILL if size == FILM else "")
    shown = Window(await context.new_page())
    shown.page.set_default_timeout(90_000)
    await shown.join(url, name)
    await shown.page.evaluate(SAY, ["/join", *TRADES])
    return shown.page


def beside(shots: list[bytes], path: Path) -> None:
    """Of one height, side by side."""
    images = [Image.open(io.BytesIO(shot)).convert("RGB") for shot in shots]
    images = [image.resize((PHONE[0] * 3 // 2, PHONE[1] * 3 // 2), Image.Resampling.LANCZOS) for image in images]
    wide, high = images[0].size
    sheet = Image.new("RGB", (len(images) * (wide + GAP) - GAP, high), BEHIND)
    for place, image in enumerate(images):
        sheet.paste(image, (place * (wide + GAP), 0))
    sheet.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def moving(shots: list[bytes], path: Path) -> None:
    """One after the other; the last stays a little."""
    images = [Image.open(io.BytesIO(shot)).convert("RGB") for shot in shots]
    high = FILM_WIDTH * images[0].height // images[0].width
    frames = [image.resize((FILM_WIDTH, high), Image.Resampling.LANCZOS) for image in images]
    lasts = [FRAME_MS] * (len(frames) - 1) + [2_000]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=lasts, loop=0, quality=60, method=2)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER))
