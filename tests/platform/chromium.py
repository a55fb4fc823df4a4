"""A real Chromium for tests: found, or missed loudly."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright

ARGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = f"Chromium was not found ({', '.join(NAMES)}): the room was not tried in a browser"
WIDE, PHONE = (1280, 800), (360, 740)


def executable() -> str:
    """Where it is; skips, or fails where `OUTCRY_REQUIRE` asks for a browser."""
    path = next((path for name in NAMES if (path := shutil.which(name))), None)
    if path is None:
        if "browser" in os.environ.get("OUTCRY_REQUIRE", ""):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return path


SAY = """async lines => {
  for (const text of lines) {
    const request = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16)).join("");
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch("api/say", { method: "POST", headers, body: JSON.stringify({ text, request }) });
    if (!(await answer.json()).reply.ok) throw new Error(text);
  }
}"""


@asynccontextmanager
async def chromium(*more: str) -> AsyncIterator[Browser]:
    path = executable()
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=path, args=[*ARGS, *more])
        try:
            yield browser
        finally:
            await browser.close()


class Window:
    """One person's window; every complaint of its page is kept."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on(
            "console",
            lambda message: self.complaints.append(message.text) if message.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.set_default_timeout(30_000)

    async def join(self, url: str, name: str) -> None:
        await self.page.goto(url)
        await self.page.get_by_label("Your name here").fill(name)
        await self.page.locator("#join button").click()
        await self.page.locator("body:not(.stranger)").wait_for()

    async def tab(self, name: str) -> None:
        """Brings Market, Yours or Chat into sight, where not all of them are."""
        tab = self.page.get_by_role("tab", name=name)
        if await tab.count():
            await tab.click()

    async def say(self, text: str) -> None:
        await self.tab("Chat")
        await self.page.locator("#text").fill(text)
        await self.page.locator("#text").press("Enter")

    async def send(self, *lines: str) -> None:
        """The page's own requests, without its fields, which a test may be typing into."""
        await self.page.evaluate(SAY, list(lines))

    async def press(self, label: str) -> None:
        await self.page.locator("#messages").get_by_role("button", name=label, exact=True).last.click()

    async def see(self, text: str, within: str = "body") -> None:
        """Waits until the text is in sight."""
        await self.page.locator(within).get_by_text(text).last.wait_for()


async def findings(page: Page, part: str = "html") -> list[str]:
    """What axe finds in a part of the page that is more than minor, with the elements it is about."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(Axe().axe_script)
    violations = await page.evaluate(
        "async part => (await axe.run(part, { resultTypes: ['violations'] })).violations", part
    )
    return [
        f"{violation['id']}: {node['html']} {node.get('failureSummary', '')}"
        for violation in violations
        if violation["impact"] != "minor"
        for node in violation["nodes"]
    ]


async def window(
    browser: Browser,
    size: tuple[int, int] = WIDE,
    *,
    theme: str = "dark",
    calm: bool = False,
) -> Window:
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="light" if theme == "light" else "dark",
        reduced_motion="reduce" if calm else "no-preference",
        has_touch=size == PHONE,
    )
    return Window(await context.new_page())
