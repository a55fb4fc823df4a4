"""Markets of other chats on the room's page: what they tell is for who may see them, their trouble is theirs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.adapters.room import limits, live_events
from bot.adapters.room.limits import Counted
from bot.adapters.room.live_events import LiveEvents
from bot.adapters.room.security import Visitor
from bot.commands import COMMANDS
from bot.market import membership
from bot.market.live_markets import LiveMarkets
from scheduler.tick import run_tick
from storage.schema import config
from tests.bot.adapters.room.harness import Browser, RoomHarness, head, request_id, room_harness
from tests.bot.adapters.room.test_live import next_of
from tests.storage import worlds
from tests.storage.worlds import World


@pytest.fixture
async def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RoomHarness]:
    """A market is on in the room; nobody is told to slow down."""
    monkeypatch.setattr(limits, "LIMITS", {**limits.LIMITS, **dict.fromkeys(Counted, ())})
    monkeypatch.setattr("bot.dispatcher.PERSON", ())
    async with room_harness(tmp_path) as room:
        await room.open_market()
        await room.tick()
        yield room


async def number_of(room: RoomHarness, name: str) -> int:
    async with room.db.reading() as uow:
        return next(number for number, called in (await uow.people.names(range(1, 20))).items() if called == name)


async def ticked(room: RoomHarness, world: World) -> None:
    room.clock.advance(2_000)
    await run_tick(room.db, world.market, room.clock.now_ms())


async def say(visitor: Browser, line: str, market: int) -> tuple[int, dict[str, object]]:
    return await visitor.post("api/say", {"text": line, "request": request_id(), "market": market, "again": False})


async def test_what_a_market_of_another_chat_tells_is_told_to_who_asked_alone(room: RoomHarness) -> None:
    """Whatever else a chat is told for all to read: the others here may not see that market."""
    town = await worlds.started(room.db, chat="town")
    ada, stranger = await room.person("Ada"), room.browser()
    async with room.db.writing() as uow:
        await membership.join(uow, town.market, await number_of(room, "Ada"), "", worlds.START)
        await uow.commit()
    await ticked(room, town)
    before = {message["id"] for message in await stranger.messages()}
    lines = sorted({example for command in COMMANDS if command.for_all for example in (command.examples or ())})
    assert {"/board", "/leaderboard", "/tape", "/verify"} <= set(lines)
    for line in lines:
        _, answer = await say(ada, line, town.market)
        assert answer["private"], (line, head(answer))
    assert [message for message in await stranger.messages() if message["id"] not in before] == []
    _, answer = await say(ada, "/board", room.market)
    assert not answer["private"]
    assert answer["id"] in {message["id"] for message in await stranger.messages()}


async def test_who_may_see_a_market_no_longer_hears_no_more_of_it(
    room: RoomHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rights in a chat end without a word to the page that is open."""
    town = await worlds.started(room.db, chat="town")
    ada = await room.person("Ada")
    person = await number_of(room, "Ada")

    async def vouched(*, admin: bool) -> None:
        async with room.db.writing() as uow:
            await uow.chats.set_admin(town.chat, person, admin=admin, now_ms=room.clock.now_ms())
            await uow.commit()

    await vouched(admin=True)
    async with ada.stream(f"api/stream?market={town.market}") as events:
        assert (await next_of(events, "market"))["market"] == town.market
        await vouched(admin=False)
        monkeypatch.setattr(live_events, "AGAIN_MS", dict.fromkeys((True, False), 0))
        await ticked(room, town)
        assert await next_of(events, "market") is None
        assert await next_of(events, "account") is None
    assert (await ada.get(f"api/v1/markets/{town.market}")).status == 404


async def test_a_market_that_cannot_be_read_stops_no_other(room: RoomHarness, caplog: pytest.LogCaptureFixture) -> None:
    town = await worlds.started(room.db, chat="town")
    ada, stranger = await room.person("Ada"), room.browser()
    async with ada.stream() as events:
        await next_of(events, "market")
        async with room.db.writing() as uow:
            await uow.markets.lock(town.market)
            await uow.run(update(config).where(config.c.market == town.market).values(params={"broken": True}))
            await uow.commit()
        room.db.cache.forget(town.market)
        async with stranger.stream(f"api/stream?market={town.market}") as broken:
            assert await next_of(broken, "market") is None
            tick = (await (await ada.get(f"api/v1/markets/{room.market}")).json())["tick"]
            await room.tick()
            while (await next_of(events, "market"))["tick"] != tick + 1:
                pass
    assert f"market {town.market} cannot be read" in caplog.text


async def test_of_markets_nobody_looks_at_any_more_only_the_latest_stay_in_memory(
    room: RoomHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_events, "MOST_KEPT", 2)
    live = LiveMarkets(room.db, room.clock.now_ms)

    async def natives(visitor: Visitor, market: int) -> Visitor:
        return visitor

    events = LiveEvents(room.db, live, natives)
    sent = []
    for _ in range(4):
        facts = await live.facts((await worlds.lobby(room.db, people=1)).market)
        sent.append((facts, events.market(facts, own_room=True)))
    assert len(events._bytes) == 2
    facts, last = sent[-1]
    assert events.market(facts, own_room=True) is last
    assert events.market(sent[0][0], own_room=True) == sent[0][1]
