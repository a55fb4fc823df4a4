"""A market followed tick by tick: nothing is missed, nothing comes twice, and it ends with the rights to see it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse

from bot.adapters.room.api import stream as tick_stream
from bot.adapters.room.api import ticks
from tests.bot.adapters.room.api.programs import Program, check_event, program, restarted
from tests.bot.adapters.room.harness import RoomHarness, room_harness
from tests.storage import worlds

Event = tuple[str, int, dict[str, Any]]


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[RoomHarness]:
    async with room_harness(tmp_path) as harness:
        await harness.open_market(worlds.params(rounds=[{"freeze_at": 60_000, "decide_at": 61_000, "winner": 1}]))
        await harness.tick()
        yield harness


async def event(answer: ClientResponse) -> Event:
    """The next one: its name, id and data. EOFError where there is none any more."""
    fields: dict[str, str] = {}
    async with asyncio.timeout(30):
        async for raw in answer.content:
            text = raw.decode().rstrip("\n")
            if not text and "data" in fields:
                check_event(fields["event"], data := json.loads(fields["data"]))
                return fields["event"], int(fields["id"]), data
            name, _, value = text.partition(": ")
            fields |= {name: value} if name else {}
    raise EOFError


async def events(robot: Program, count: int, query: str = "", **headers: str) -> list[Event]:
    async with robot.stream(query, **headers) as answer:
        assert answer.status == 200, await answer.text()
        return [await event(answer) for _ in range(count)]


async def test_each_tick_comes_with_its_prices_trades_moments_and_ones_own_orders(harness: RoomHarness) -> None:
    async with program(harness) as robot, program(harness, who="other") as other:
        await harness.tick()
        async with robot.stream() as mine, other.stream() as theirs:
            (_, first, _), _ = await event(mine), await event(theirs)
            order = await robot.sent({"outcome": 0, "side": "yes", "action": "buy", "amount": "50"})
            await harness.tick()
            name, number, told = await event(mine)
            assert (name, number, told["tick"], told["at"]) == ("tick", first + 1, first + 1, harness.clock.now_ms())
            prices = (await robot.get("prices"))["prices"]
            assert told["prices"] == [{key: row[key] for key in ("outcome", "yes", "no")} for row in prices]
            assert [(trade["outcome"], trade["size"]) for trade in told["trades"]] == [(0, 50 * 10**6)]
            assert [(row["id"], row["status"]) for row in told["yours"]] == [(order["id"], "filled")]
            _, _, seen = await event(theirs)
            assert seen == {**told, "yours": []}
            await harness.tick(60_000)
            kinds = [moment["kind"] for moment in (await event(mine))[2]["moments"]]
            assert kinds == ["frozen", "resolved"]


async def test_who_was_away_is_told_every_tick_they_missed_and_once(
    harness: RoomHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticks, "PAGE", 7)
    monkeypatch.setattr(tick_stream, "MOST", 40)
    async with program(harness) as robot:
        await harness.tick()
        ((_, seen, _),) = await events(robot, 1)
        for _ in range(30):
            await harness.tick(1_000)
        missed = await events(robot, 30, **{"Last-Event-ID": str(seen)})
        assert [(name, number) for name, number, _ in missed] == [("tick", seen + step) for step in range(1, 31)]
        async with restarted(harness) as robot.url:
            again = await events(robot, 30, f"?since={seen}")
            assert again == missed
            for _ in range(20):
                await harness.tick(500)
            ((name, number, told),) = await events(robot, 1, f"?since={seen}")
            assert (name, number, told["tick"]) == ("reset", seen + 50, seen + 50)
            ((name, number, _),) = await events(robot, 1, f"?since={seen + 900}")
            assert (name, number) == ("reset", seen + 50)
            async with robot.stream("?since=x") as answer:
                assert answer.status == 400


async def test_a_stream_ends_with_its_key_and_has_a_place_of_its_own(
    harness: RoomHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tick_stream, "CHECK_MS", 0)
    async with program(harness) as robot:
        await harness.tick()
        open_ = [await robot.stream() for _ in range(tick_stream.MOST_EACH)]
        for answer in open_:
            await event(answer)
        async with robot.stream() as refused:
            assert (refused.status, (await refused.json())["code"]) == (429, "too_often")
        async with harness.db.writing() as uow:
            await uow.keys.revoke(robot.key, harness.clock.now_ms())
            await uow.commit()
        await harness.tick()
        for answer in open_:
            with pytest.raises(EOFError):
                await event(answer)
