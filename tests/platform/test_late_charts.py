"""An answer whose chart takes long, fails or never comes goes out in words on every platform; the chart follows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.adapters import answer_charts
from bot.adapters.room import routes
from bot.chat.reply import Picture
from tests.bot.adapters.room.harness import room_harness
from tests.platform import discord_harness as discord
from tests.platform import telegram_harness as telegram
from tests.platform.discord_harness import discord_harness
from tests.platform.telegram_harness import telegram_harness
from tests.standins.tests.telegram_harness import png

FOLLOWS = "Its chart is still being drawn and follows in a moment."
MISSING = "Its chart could not be drawn just now. Send the line again in a minute to see it."


@dataclass
class SlowCharts:
    """Drawn once `released`; `fails`: then there is none."""

    fails: bool = False
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def draw(self, picture: Picture, theme: str = "dark") -> bytes | None:
        await self.released.wait()
        return None if self.fails else png()


@pytest.fixture(params=[False, True], ids=["follows", "fails"])
def charts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SlowCharts:
    charts = SlowCharts(fails=request.param)
    monkeypatch.setattr(answer_charts, "WITH_ANSWER_S", 0.01)
    monkeypatch.setattr(routes, "CHART_S", 0.01)
    monkeypatch.setattr(discord, "drawn", charts.draw)
    monkeypatch.setattr(telegram, "chart", charts.draw)
    return charts


async def test_on_discord_it_is_put_into_the_answer(tmp_path: Path, charts: SlowCharts) -> None:
    async with discord_harness(tmp_path) as harness:
        await discord.running(harness, "ada")
        asked = await harness.slash(harness.admin, "chart")
        assert FOLLOWS in asked.reply.text
        assert asked.reply.attachments == []
        charts.released.set()
        await harness.peer.until(lambda: FOLLOWS not in asked.reply.text, 10.0, "the chart to follow")
        stands = (MISSING in asked.reply.text, len(asked.reply.attachments))
        assert stands == ((True, 0) if charts.fails else (False, 1))
        harness.assert_sound()


async def test_on_telegram_it_comes_after_the_answer(tmp_path: Path, charts: SlowCharts) -> None:
    async with telegram_harness(tmp_path) as harness:
        await harness.running()
        await harness.say(harness.ben, "/chart", harness.group)
        answer = await harness.group.expect(lambda message: FOLLOWS in message.text)
        assert answer.photo is None
        charts.released.set()
        wanted = (lambda message: MISSING in message.text) if charts.fails else (lambda message: message.photo)
        await harness.group.expect(wanted, after=answer)
        assert harness.peer.refused() == []


async def test_in_the_room_the_page_is_told_to_ask_again(tmp_path: Path, charts: SlowCharts) -> None:
    async with room_harness(tmp_path, draw=charts.draw) as harness:
        await harness.open_market()
        ada = await harness.person("Ada")
        status, answer = await ada.say("/chart")
        assert status == 200
        path = f"chart/{answer['id']}/{[block['t'] for block in answer['reply']['blocks']].index('picture')}"
        late = await ada.get(path)
        assert (late.status, "still being drawn" in (await late.json())["error"]) == (503, True)
        charts.released.set()
        assert (await ada.get(path)).status == (404 if charts.fails else 200)
