"""Names and texts meant to do something: shown as they were written, they do nothing, wherever they come out."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from discord.ui import LayoutView

from bot.adapters.discord_chat import limits
from bot.adapters.discord_chat.render import render as render_discord
from bot.adapters.room.render import render as render_room
from bot.adapters.telegram_chat import render
from bot.charts import style as chart_text
from bot.chat import plain_text
from bot.chat.buttons import Buttons
from bot.chat.reply import Reply
from bot.text.columns import width
from storage.export import FORMULA
from tests.bot.harness import ADMIN, ChatHarness, button, chat_harness, running
from tests.standins.telegram_peer.html_mode import parse_html

OUTCOMES = ("=SUM(A1) <b>x</b>", "@everyone *bold* `c`", "t.me/evil [a](x) ||s||")
PEOPLE = {
    "u1": "<@123456789012345678> & co",
    "u2": '=HYPERLINK("http://e")',
    "u3": "\u202egnp.exe https://evil.example",
    "u4": "discord.gg/abcdef",
    "u5": "👩‍👩‍👧‍👦 日本 שלום",
    "u6": "`code` **b** __u__ ~~s~~",
    "u7": "</b><script>alert(1)</script>",
    "u8": "Ada\n# heading\n> quote",
    "u9": "\u3164\u200b",  # nothing to see
}
TITLE = "-1 <i>Cup</i> @here [x](https://evil.example) \u202e"
TEXT = "@everyone <@&1> free money: https://evil.example t.me/joinchat/x discord.gg/abc | =1+1 <b>now</b> `x` ```y```"
ADMIN_NAME = "\u202e<@1> **Boss** https://evil.example\nline\x1b[2J"
BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


class Heard:
    """A market of hostile names, and everything that was said in it."""

    def __init__(self, harness: ChatHarness) -> None:
        self.harness = harness
        self.replies: list[Reply] = []

    async def say(self, who: str, line: str) -> Reply:
        self.harness.now += 4_000
        reply = await self.harness.say(who, line, name=PEOPLE.get(who, ADMIN_NAME))
        self.replies.append(reply)
        return reply

    async def confirm(self, who: str, line: str) -> None:
        asked = await self.say(who, line)
        done = await self.say(who, button(asked, "Confirm"))
        assert done.ok, plain_text.text(done)

    def everything(self) -> list[Reply]:
        return [*self.replies, *(reply for _, _, _, reply in self.harness.platform.sent)]


@asynccontextmanager
async def hostile(folder: Path) -> AsyncIterator[Heard]:
    async with chat_harness(folder) as harness:
        heard = Heard(harness)
        await heard.say(ADMIN, "/admin create Cup A, B, C")
        for name, value in (("title", TITLE), ("outcomes", ", ".join(OUTCOMES)), ("gas", "$0.01")):
            said = await heard.say(ADMIN, f"/admin set {name} {value}")
            assert said.ok, plain_text.text(said)
        await heard.say(ADMIN, "/admin open")
        for who, name in PEOPLE.items():
            said = await heard.say(
                who, "/join" if who == "u9" else f'/join "{name}"' if '"' not in name else f"/join {name}"
            )
            assert said.ok, plain_text.text(said)
        await heard.confirm(ADMIN, "/admin start")
        await harness.tick()
        for at, who in enumerate(PEOPLE):
            await heard.confirm(who, f"/buy {at % 3 + 1} {('yes', 'no')[at % 2]} $150")
        await harness.tick()
        await heard.confirm("u1", "/sell 1 yes half")
        await heard.confirm("u2", "/buy 2 yes 5 limit 5c")
        await harness.tick()
        for line in ("/board", "/book 2", "/depth 1", "/chart 1", "/leaderboard", "/tape", "/orders", "/positions",
                     "/trades", "/privacy", "/settings", "/rules", "/markets", "/balance", f"/buy {TEXT}", f"/{TEXT}",
                     f"/help {TEXT}", "/quote 1 yes 5", "/link", f"/link {TEXT[:20]}", f"/book {TEXT}"):  # fmt: skip
            await heard.say("u2", line)
        await heard.confirm(ADMIN, f"/admin announce {TEXT}")
        await heard.confirm(ADMIN, f'/admin grant "#3" $5 {TEXT[:100]}')
        for line in (f"/admin freeze {TEXT[:110]}", "/admin users", "/admin monitor", f"/admin users {TEXT[:30]}",
                     f"/admin season start {TEXT[:70]}", "/admin set", "/admin channel"):  # fmt: skip
            await heard.say(ADMIN, line)
        await harness.tick()
        await heard.confirm(ADMIN, f"/admin eliminate 2 {TEXT[:110]}")
        await harness.tick(40_000)
        await heard.confirm(ADMIN, f"/admin resolve 1 {TEXT[:110]}")
        await harness.tick()
        await harness.tick()
        for line in ("/admin log 25", "/admin season", "/leaderboard", "/leaderboard season", "/board"):
            await heard.say(ADMIN, line)
        yield heard


async def test_whatever_is_said_is_clean_text_and_json(tmp_path: Path) -> None:
    async with hostile(tmp_path) as heard:
        assert len(heard.everything()) > 90
        for reply in heard.everything():
            words = plain_text.text(reply, heard.harness.now)
            assert "went wrong" not in words
            assert not BIDI & set(words), words
            assert not [one for one in words if unicodedata.category(one) in ("Cc", "Cs", "Co") and one != "\n"], words
            body = json.dumps(render_room(reply))
            assert not BIDI & set(json.loads(body).__str__())
        names = {row[0] for row in _members(tmp_path)}
        assert len(names) == len(PEOPLE)
        assert all(name.strip() for name in names)


def _members(folder: Path) -> list[tuple[str]]:
    import sqlite3

    connection = sqlite3.connect(folder / "play.db")
    try:
        return connection.execute("SELECT display_name FROM users").fetchall()
    finally:
        connection.close()


async def test_telegram_shows_it_and_acts_on_nothing(tmp_path: Path) -> None:
    """Valid HTML; outside code no mention, no address that Telegram would turn into a link."""
    async with hostile(tmp_path) as heard:
        for reply in heard.everything():
            for page in render.render(reply, heard.harness.now).pages:
                found = parse_html(page.html)
                assert found.complaints == (), (found.complaints, page.html)
                bare = re.sub(r"<(code|pre)>.*?</\1>", "", page.html, flags=re.S)
                assert not re.search(r"@\w", bare), bare
                assert not re.search(r"(?i)\bt\.me/|https?://|tg://|\bdiscord\.gg/", bare), bare


async def test_discord_shows_it_and_acts_on_nothing(tmp_path: Path) -> None:
    """Within every limit; no mention, invitation, link or markup of somebody else's, and nobody may be pinged."""
    async with hostile(tmp_path) as heard:
        buttons = Buttons(heard.harness.db, lambda: heard.harness.now)
        for reply in heard.everything():
            message = await render_discord(reply, buttons)
            allowed = message.mentions.to_dict()
            assert allowed.get("parse", []) == []
            assert not allowed.get("users")
            assert not allowed.get("roles")
            texts = list(_texts(_components(message.view)))
            assert sum(map(limits.size, texts)) <= limits.TEXT
            for text in texts:
                assert not re.search(r"@(?!\u200b)", text), text
                assert not re.search(r"(?i)https?://|discord\.gg/|discord\.com/invite", text), text
                bare = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.S)
                assert not re.search(r"(?<!\\)\]\(|(?<!\\)\|\||(?<!\\)__", bare), text
                assert not re.search(r"(?m)^(#{1,3} heading|> quote)", bare), text


def _components(view: LayoutView) -> list[object]:
    shown: list[object] = view.to_components()  # type: ignore[no-untyped-call]  # the library has not typed it
    return shown


def _texts(components: object) -> list[str]:
    if isinstance(components, dict):
        own = [components["content"]] if components.get("type") == 10 else []
        return own + [text for value in components.values() for text in _texts(value)]
    if isinstance(components, list):
        return [text for one in components for text in _texts(one)]
    return []


@pytest.mark.parametrize("line", ["/bu germany yes 5\ud800", "/bu germany\x00 yes 5", "/buy germny\udfff yes 5\ud83d"])
async def test_half_characters_come_back_in_no_button(tmp_path: Path, line: str) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        reply = await harness.say("ada", line)
        buttons = Buttons(harness.db, lambda: harness.now)
        packed = [await buttons.pack(action, 64) for action in reply.actions]
        assert packed
        assert all(one.isprintable() for one in packed)
        await render_discord(reply, buttons)


async def test_a_spreadsheet_runs_no_cell(tmp_path: Path) -> None:
    async with hostile(tmp_path) as heard:
        seen = 0
        for what in ("trades", "config", "metrics", "rankings", "ledger"):
            reply = await heard.say(ADMIN, f"/admin export {what}")
            for row in csv.reader(io.StringIO(reply.files[0].data.decode())):
                for cell in row:
                    assert not FORMULA.match(cell) or re.fullmatch(r"-?\d+(\.\d+)?", cell), (what, cell)
                    seen += cell.startswith("'")
                    assert not BIDI & set(cell)
        assert seen >= 3, "the hostile cells were there"


@pytest.mark.parametrize("name", [*OUTCOMES, *PEOPLE.values(), TITLE])
def test_a_chart_can_write_it_or_writes_a_number(name: str) -> None:
    shown = chart_text.shown(name, 3)
    assert shown == "#3" or (shown.isprintable() and width(shown) <= chart_text.COLUMNS)
    assert "$" not in chart_text.shown_title(name).replace(r"\$", "") or "$" in name
