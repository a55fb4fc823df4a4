"""A page that is somebody from a chat: what it shows and does is what that chat's platform says of them now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.room import limits, live_events
from bot.adapters.room.api import stream
from bot.adapters.room.limits import Counted
from bot.chat.rights import KEPT_MS, Rights, Standing
from tests.bot.adapters.room.harness import Browser, RoomHarness, request_id, room_harness
from tests.bot.adapters.room.test_entering import ADA, enter, link
from tests.bot.adapters.room.test_live import next_of
from tests.bot.asked_chats import AskedChats
from tests.storage import worlds

CANNOT = "Discord cannot be asked right now whether you may do this; nothing was done. Try again in a minute."


@dataclass
class Town:
    """A market of a channel of Discord, which the room does not hold."""

    asked: AskedChats = field(default_factory=AskedChats)
    passed_ms: int = 0
    room: RoomHarness | None = None
    market: int = 0

    async def page_of(self, name: str) -> Browser:
        """A browser that a link of `/room` has made this person of the channel."""
        assert self.room is not None
        browser = self.room.browser()
        code = await link(self.room, replace(ADA, person_ext=name, person_name=name.title()))
        status, answer = await enter(browser, code)
        assert status == 200, answer
        return browser

    async def say(self, browser: Browser, text: str) -> str:
        """What is answered, as text."""
        payload = {"text": text, "request": request_id(), "market": self.market, "again": False}
        status, answer = await browser.post("api/say", payload)
        assert status == 200, answer
        return str(answer)

    async def get(self, browser: Browser, path: str = "") -> tuple[int, Any]:
        answer = await browser.get(f"api/v1/markets/{self.market}{path}")
        return answer.status, await answer.json()

    def later(self, **standings: Standing) -> None:
        """What was asked is good no longer, and this is what Discord says then."""
        self.asked.standings = {("town", name): standing for name, standing in standings.items()}
        self.passed_ms += KEPT_MS


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    monkeypatch.setattr(limits, "LIMITS", {**limits.LIMITS, **dict.fromkeys(Counted, ())})
    monkeypatch.setattr("bot.dispatcher.PERSON", ())
    town = Town()
    async with room_harness(tmp_path, rights=Rights({"discord": town.asked}, lambda: town.passed_ms)) as room:
        town.room, town.market = room, (await worlds.started(room.db, people=1, chat="elsewhere")).market
        async with room.db.writing() as uow:
            chat = await uow.chats.open("discord", "town", "group", "Town", worlds.START)
            await uow.markets.lock(town.market)
            await uow.chats.connect(town.market, chat.id)
            await uow.commit()
        room.market = town.market
        yield town


async def test_who_is_in_the_channel_sees_its_market_until_they_leave_and_the_page_ends_with_that(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert town.room is not None
    monkeypatch.setattr(live_events, "AGAIN_MS", dict.fromkeys((True, False), 0))
    town.later(eve=Standing.MEMBER)
    eve = await town.page_of("eve")
    assert (await town.get(eve))[1]["market"] == town.market
    listed = await (await eve.get("api/v1/markets")).json()
    assert [market["market"] for market in listed["markets"]] == [town.market]
    async with eve.stream(f"api/stream?market={town.market}") as events:
        assert (await next_of(events, "market"))["market"] == town.market
        town.later()  # they left
        await town.room.tick()
        assert await next_of(events, "market") is None
    assert (await town.get(eve))[0] == 404
    listed = await (await eve.get("api/v1/markets")).json()
    assert listed["markets"] == []


async def test_a_stream_of_ticks_goes_on_for_who_is_in_the_channel_and_ends_when_they_leave(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert town.room is not None
    monkeypatch.setattr(stream, "CHECK_MS", 0)
    town.later(eve=Standing.MEMBER)
    eve = await town.page_of("eve")
    async with eve.stream(f"api/v1/markets/{town.market}/stream") as events:
        for _ in range(2):
            await town.room.tick()
            while await events.answer.content.readline() != b"event: tick\n":
                pass
        town.later()
        await town.room.tick()
        await events.answer.content.read()  # until it has ended


async def test_a_page_is_the_admins_only_for_as_long_as_they_are_one(town: Town) -> None:
    town.later(boss=Standing.ADMIN)
    boss = await town.page_of("boss")
    assert (await town.get(boss, "/run"))[0] == 200
    assert "freezes with the next tick" in await town.say(boss, "/admin freeze a red card")
    town.later(boss=Standing.MEMBER)
    assert (await town.get(boss, "/run"))[0] == 403
    assert "is for this chat's admins" in await town.say(boss, "/admin resume")
    assert (await town.get(boss))[0] == 200  # they are in the channel still


async def test_what_cannot_be_asked_is_refused_with_a_sentence_and_shown_to_nobody(town: Town) -> None:
    town.later(eve=Standing.MEMBER, boss=Standing.ADMIN)
    eve, boss = await town.page_of("eve"), await town.page_of("boss")
    town.asked.answers = False
    for page, path in ((eve, ""), (eve, "/leaderboard"), (boss, "/run")):
        status, answer = await town.get(page, path)
        assert (status, answer["error"], answer["code"]) == (503, CANNOT, "cannot_ask"), path
    assert CANNOT in await town.say(boss, "/admin freeze")
    town.asked.answers = True
    assert (await town.get(eve))[0] == 200
