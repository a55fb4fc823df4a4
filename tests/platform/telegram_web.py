"""Telegram's web app as far as a Mini App can tell: a page at its address that frames the app and has the buttons."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from playwright.async_api import BrowserContext, FrameLocator, Page, Route, expect

TELEGRAM, ELSEWHERE = "https://web.telegram.org", "https://telegram.example"
GUARD_MS = 30_000  # against waiting for ever, no measure
# as Telegram's own themes are: "Day" of the apps on phones, "Night" of those on desks
DAY = {
    "accent_text_color": "#168acd", "bg_color": "#ffffff", "button_color": "#40a7e3", "button_text_color": "#ffffff",
    "hint_color": "#999999", "link_color": "#168acd", "secondary_bg_color": "#f1f1f1", "section_bg_color": "#ffffff",
    "text_color": "#000000",
}  # fmt: skip
NIGHT = {
    "accent_text_color": "#6ab2f2", "bg_color": "#17212b", "button_color": "#5288c1", "button_text_color": "#ffffff",
    "hint_color": "#708499", "link_color": "#6ab3f3", "secondary_bg_color": "#232e3c", "section_bg_color": "#17212b",
    "text_color": "#f5f5f5",
}  # fmt: skip
SHELL = """<!doctype html><html lang="en"><title>Telegram</title>
<style>
body { margin: 0; display: grid; grid-template-rows: 40px 1fr 48px; height: 100vh }
iframe { width: 100%; height: 100%; border: 0 }
</style>
<header><button id="back" hidden>Back</button></header>
<iframe sandbox="allow-scripts allow-same-origin allow-popups allow-forms allow-modals"></iframe>
<footer><button id="main" hidden></button></footer>
<script>
const [frame, main, back] = ["iframe", "#main", "#back"].map((one) => document.querySelector(one));
const told = [];
function tell(eventType, eventData = null) {
  frame.contentWindow.postMessage(JSON.stringify({ eventType, eventData }), "*");
}
addEventListener("message", (event) => {
  if (event.source !== frame.contentWindow) return;
  const { eventType, eventData } = JSON.parse(event.data);
  told.push([eventType, eventData]);
  if (eventType === "web_app_setup_back_button") back.hidden = !eventData.is_visible;
  if (eventType !== "web_app_setup_main_button") return;
  main.hidden = !eventData.is_visible;
  main.disabled = !eventData.is_active;
  main.textContent = eventData.text ?? "";
});
main.addEventListener("click", () => tell("main_button_pressed"));
back.addEventListener("click", () => tell("back_button_pressed"));
frame.src = decodeURIComponent(location.hash.slice(1));
</script></html>"""


class TelegramWeb:
    """One window of it, with the app open in it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    async def open(
        cls, context: BrowserContext, app: str, init_data: str, *, at: str = TELEGRAM, theme: dict[str, str] = NIGHT
    ) -> TelegramWeb:
        async def shell(route: Route) -> None:
            await route.fulfill(content_type="text/html", body=SHELL)

        await context.route(f"{at}/**", shell)
        launched = {
            "tgWebAppData": init_data,
            "tgWebAppVersion": "9.1",
            "tgWebAppPlatform": "web",
            "tgWebAppThemeParams": json.dumps(theme),
        }
        page = await context.new_page()
        page.set_default_timeout(GUARD_MS)
        await page.goto(f"{at}/k/#{urlencode({'': f'{app}#{urlencode(launched)}'})[1:]}")
        return cls(page)

    @property
    def app(self) -> FrameLocator:
        return self.page.frame_locator("iframe")

    async def tell(self, event: str, data: object = None) -> None:
        await self.page.evaluate("([type, data]) => tell(type, data)", [event, data])

    async def told(self, event: str) -> list[Any]:
        """What the app has told with this event so far."""
        told: list[Any] = await self.page.evaluate(
            "event => told.filter(([type]) => type === event).map(([, data]) => data)", event
        )
        return told

    async def press_main(self, text: str) -> None:
        """Telegram's main button, once it says that and can be pressed."""
        button = self.page.locator("#main")
        await expect(button).to_have_text(text, timeout=GUARD_MS)
        await expect(button).to_be_enabled(timeout=GUARD_MS)
        await button.click()

    async def press_back(self) -> None:
        await self.page.locator("#back").click()
