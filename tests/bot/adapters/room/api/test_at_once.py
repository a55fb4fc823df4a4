"""What programs and Mini Apps send at once, to one process or to two of a room, counts as if it had come in a row."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from bot.adapters.room import limits
from bot.adapters.room.api import stream as tick_stream
from storage.records import OrderRow
from tests.bot.adapters.room.api.programs import DOLLARS, Program, program
from tests.bot.adapters.room.api.test_orders import UNLIMITED, buy
from tests.bot.adapters.room.api.test_stream import event, events
from tests.bot.adapters.room.harness import RoomHarness, request_id, room_harness
from tests.bot.adapters.room.mini_apps import TOKEN, App, signed
from tests.storage import worlds
from tests.storage.databases import server_or_skip

Rooms = tuple[RoomHarness, RoomHarness]
HOUR = 3_600_000


@pytest.fixture(params=["one process", "two processes"])
async def rooms(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Rooms]:
    """Two ways into a room in which a market runs: one process on SQLite, or two on PostgreSQL, whose clocks are an
    hour apart. Nobody is told to slow down, and nobody waits for a real second."""
    monkeypatch.setattr(limits, "LIMITS", {**limits.LIMITS, **UNLIMITED})
    monkeypatch.setattr(tick_stream, "CHECK_MS", 0)
    monkeypatch.setattr("bot.market.live_markets.POLL_S", 0.05)
    async with AsyncExitStack() as stack:
        url = "" if request.param == "one process" else await server_or_skip().create_migrated()
        first = await stack.enter_async_context(room_harness(tmp_path, url=url, telegram_token=TOKEN))
        second = first
        if url:
            second = await stack.enter_async_context(room_harness(tmp_path, url=url, telegram_token=TOKEN))
            second.clock.jump(-HOUR)
        await first.open_market()
        await first.tick()
        yield first, second


@asynccontextmanager
async def robots(rooms: Rooms, dollars: int = 500) -> AsyncIterator[Sequence[Program]]:
    """One program, which asks the first and the second room in turn, four times each."""
    async with program(rooms[0], dollars=dollars) as robot:
        await rooms[0].tick()
        beside = Program(rooms[1], robot.token, robot.key)
        try:
            yield [robot, beside] * 4
        finally:
            await beside.close()


async def test_of_two_orders_under_one_name_the_first_is_taken_and_the_same_one_again(rooms: Rooms) -> None:
    async with robots(rooms) as asking:
        sizes = ["5", "5", "6", "6"] * 2
        answers = await asyncio.gather(
            *(robot.send(buy(size), "mine") for robot, size in zip(asking, sizes, strict=True))
        )
        taken = [answer["order"] for status, answer in answers if status == 200]
        assert len({(order["id"], order["size"]) for order in taken}) == 1
        assert [(status, answer["code"]) for status, answer in answers if status != 200] == [(409, "other_order")] * 4
        await rooms[0].tick()
        for robot in asking[:2]:
            assert (await robot.sent(buy(str(taken[0]["size"] // 10**6)), "mine"))["status"] == "filled"
            assert [order["id"] for order in await robot.get("account/orders")] == [taken[0]["id"]]


async def test_orders_of_a_key_at_once_never_come_to_more_than_its_allowance(rooms: Rooms) -> None:
    async with robots(rooms, dollars=10) as asking:
        answers = await asyncio.gather(*(robot.send(buy(limit="20c")) for robot in asking))
        taken = [answer["order"]["set_aside"] for status, answer in answers if status == 200]
        assert len(taken) == 10 * DOLLARS // taken[0] == 4
        assert {answer["code"] for status, answer in answers if status != 200} == {"allowance"}
        await rooms[0].tick()
        key = asking[0].key
        async with rooms[1].db.reading() as uow:
            spent = await uow.keys.spending(key, key.person, await uow.markets.get_one(key.market))
        assert sum(taken) - 4 * DOLLARS // 10 < spent.cost <= 10 * DOLLARS


async def test_sales_of_a_key_at_once_take_what_it_bought_and_nothing_of_its_makers(rooms: Rooms) -> None:
    async with robots(rooms) as asking:
        market, maker = rooms[0].market, asking[0].key.person
        async with rooms[0].db.writing() as uow:
            mine, now_ms = worlds.buy(tokens=50), rooms[0].clock.now_ms()
            own = await uow.orders.append(market, maker, mine, request_id="own", reserve=DOLLARS, now_ms=now_ms)
            await uow.commit()
        assert isinstance(own, OrderRow)
        await asking[0].sent(buy("10"))
        await rooms[0].tick()
        sale = buy("10", action="sell", slippage="20%")
        answers = await asyncio.gather(*(robot.send(sale) for robot in asking))
        assert sorted(status for status, _ in answers) == [200] + [422] * 7
        assert {answer["code"] for status, answer in answers if status == 422} == {"not_its_tokens"}
        await rooms[0].tick()
        async with rooms[1].db.reading() as uow:
            account = (await uow.markets.state(market)).accounts[maker]
        assert account.tokens[0][0] == 50 * 10**6


async def test_a_stream_goes_on_at_the_other_end_with_every_tick_once_and_ends_with_its_key(rooms: Rooms) -> None:
    async with robots(rooms) as asking:
        ((_, seen, _),) = await events(asking[0], 1)
        for _ in range(5):
            await rooms[0].tick()
        missed = [await events(robot, 5, **{"Last-Event-ID": str(seen)}) for robot in asking[:2]]
        assert missed[0] == missed[1]
        assert [(name, number) for name, number, _ in missed[1]] == [("tick", seen + step) for step in range(1, 6)]
        async with asking[1].stream(f"?since={seen + 5}") as answer:
            await rooms[0].tick()
            assert (await event(answer))[:2] == ("tick", seen + 6)
            async with rooms[0].db.writing() as uow:
                await uow.keys.revoke(asking[0].key, rooms[0].clock.now_ms())
                await uow.commit()
            await rooms[0].tick()
            with pytest.raises(EOFError):
                await event(answer)


async def test_one_opening_of_a_mini_app_is_one_session_at_both_ends_until_it_is_ended_at_either(rooms: Rooms) -> None:
    init_data, request = signed(), request_id()
    apps = [App(room) for room in (*rooms, *rooms)]
    answers = await asyncio.gather(*(app.open(init_data, request=request) for app in apps))
    assert [status for status, _ in answers] == [200] * 4
    assert len({app.token for app in apps}) == 1
    assert [(await App(room).open(init_data))[0] for room in rooms] == [403] * 2
    async with rooms[1].db.writing() as uow:
        person = await uow.people.find("telegram", "4711")
        assert person is not None
        assert await uow.sessions.end_all(person.id) == 1
        await uow.commit()
    assert [(await app.get("api/me"))[0] for app in apps] == [401] * 4
