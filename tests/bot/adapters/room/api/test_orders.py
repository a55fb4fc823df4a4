"""Orders of programs: sent once, told as they stand, taken back; whatever is refused has changed nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.room import limits
from bot.adapters.room.limits import Counted
from storage.keys import Scope
from storage.records import OrderRow
from tests.bot.adapters.room.api.programs import program, restarted
from tests.bot.adapters.room.harness import RoomHarness, request_id, room_harness

Body = dict[str, Any]
UNLIMITED = dict.fromkeys((Counted.KEY_REQUEST, Counted.KEY_ORDER, Counted.QUOTE), ())


@pytest.fixture
async def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RoomHarness]:
    """A market of Ant, Bee and Cat that runs, where no program is told to slow down."""
    monkeypatch.setattr(limits, "LIMITS", {**limits.LIMITS, **UNLIMITED})
    async with room_harness(tmp_path) as harness:
        await harness.open_market()
        await harness.tick()
        yield harness


def buy(amount: str = "10", **other: Any) -> Body:
    return {"outcome": 0, "side": "yes", "action": "buy", "amount": amount, **other}


async def orders(harness: RoomHarness) -> list[OrderRow]:
    async with harness.db.reading() as uow:
        return [row for person in (1, 2, 3) for row in await uow.orders.of(harness.market, person)]


async def test_an_order_is_told_as_it_stands_from_sent_to_filled(harness: RoomHarness) -> None:
    async with program(harness) as robot:
        await harness.tick()
        order = await robot.sent(buy("20", slippage="2%"))
        assert (order["status"], order["open"], order["filled"], order["tick"]) == ("pending", True, 0, None)
        assert order["sentence"].startswith("Sent. Buying 20 Ant YES for at most $")
        await harness.tick()
        filled = await robot.get(f"account/orders/{order['id']}")
        assert (filled["status"], filled["open"], filled["filled"], filled["remaining"]) == (
            "filled",
            False,
            20 * 10**6,
            0,
        )
        assert sum(fill["amount"] + fill["fee"] for fill in filled["fills"]) == filled["amount"] > 0
        resting = await robot.sent(buy("30", limit="5c"))
        await harness.tick()
        waits = await robot.get("account/orders?open=true")
        assert [(row["id"], row["status"], row["limit"]) for row in waits] == [(resting["id"], "resting", 50_000)]
        assert waits[0]["set_aside"] >= 30 * 50_000
        everything = await robot.get("account/orders")
        assert [row["id"] for row in everything] == [resting["id"], order["id"]]
        assert [row["id"] for row in await robot.get(f"account/orders?before={resting['id']}")] == [order["id"]]


async def test_one_name_is_one_order_for_six_at_once_and_after_a_restart(harness: RoomHarness) -> None:
    async with program(harness) as robot:
        await harness.tick()
        answers = await asyncio.gather(*(robot.send(buy(), "mine-1") for _ in range(6)))
        assert [status for status, _ in answers] == [200] * 6, answers
        assert len({answer["order"]["id"] for _, answer in answers}) == 1
        mixed = await asyncio.gather(*(robot.send(buy(str(size)), "mine-2") for size in (5, 5, 6, 6, 7, 7)))
        taken = {answer["order"]["size"] for status, answer in mixed if status == 200}
        assert len(taken) == 1, mixed
        assert {answer["code"] for status, answer in mixed if status != 200} == {"other_order"}
        assert [status for status, _ in mixed].count(200) == 2
        await harness.tick()
        assert len(await orders(harness)) == 2
        async with restarted(harness) as robot.url:
            again = await robot.sent(buy(), "mine-1")
            assert (again["id"], again["status"]) == (answers[0][1]["order"]["id"], "filled")
            assert (await robot.send(buy("11"), "mine-1"))[0] == 409
        assert len(await orders(harness)) == 2


REFUSED: tuple[tuple[Body, int, str], ...] = (
    (buy("100000"), 422, "no_cash"),
    (buy("400", slippage="0.1%"), 422, "slippage"),
    (buy(action="sell"), 422, "no_tokens"),
    (buy(outcome=7), 400, "bad_request"),
    (buy("lots"), 422, "cannot_read"),
    (buy(limit="5"), 422, "cannot_read"),
    (buy("lots", side="maybe", limit="5"), 422, "cannot_read"),
    (buy(limit="50c", slippage="5%"), 422, "limit_and_slippage"),
    (buy("0.01"), 422, "only_loses"),
    (buy(outcome="0"), 400, "bad_request"),
    (buy(side=3), 400, "bad_request"),
    ({}, 400, "bad_request"),
)


async def test_what_is_refused_is_named_and_leaves_nothing_behind(harness: RoomHarness) -> None:
    async with program(harness) as robot, program(harness, Scope.READ) as reader:
        await harness.tick()
        for body, wanted, code in REFUSED:
            status, answer = await robot.send(body)
            assert (status, answer["code"]) == (wanted, code), (body, answer)
            assert answer["error"]
            assert "/ticket" not in answer["error"]  # a line that nobody can send
        for named in ("", "a" * 65, "a b", "ä"):
            status, answer = await robot.ask("POST", "orders", buy(), **({"Idempotency-Key": named} if named else {}))
            assert (status, answer["code"]) == (400, "no_idempotency_key")
        asked: tuple[tuple[str, str, Body | None], ...] = (
            ("POST", "orders", buy()),
            ("POST", "quote", buy()),
            ("DELETE", "orders/1", None),
            ("DELETE", "orders", None),
        )
        for method, path, order in asked:
            status, answer = await reader.ask(method, path, order, **{"Idempotency-Key": request_id()})
            assert (status, answer["code"]) == (403, "key_scope"), (method, path)
        assert await orders(harness) == []


async def test_what_waits_is_taken_back_alone_or_all_at_once(harness: RoomHarness) -> None:
    async with program(harness) as robot:
        await harness.tick()
        first, second = [await robot.sent(buy("30", limit=f"{cents}c")) for cents in (5, 6)]
        await harness.tick()
        third = await robot.sent(buy("30", limit="7c"))
        status, answer = await robot.ask("DELETE", f"orders/{third['id']}")
        assert (status, answer["order"]["status"], answer["order"]["set_aside"]) == (200, "cancelled", 0)
        status, answer = await robot.ask("DELETE", f"orders/{first['id']}")
        assert (status, answer["order"]["status"]) == (200, "resting")
        await harness.tick()
        assert (await robot.get(f"account/orders/{first['id']}"))["status"] == "cancelled"
        assert (await robot.ask("DELETE", f"orders/{first['id']}"))[1]["code"] == "not_open"
        fourth = await robot.sent(buy("30", limit="8c"))
        _, answer = await robot.ask("DELETE", "orders")
        assert (answer["cancelled"], answer["leaving"]) == ([fourth["id"]], [second["id"]])
        await harness.tick()
        assert (await robot.ask("DELETE", "orders"))[1]["leaving"] == []
        assert (await robot.ask("DELETE", "orders/999"))[0] == 404


async def test_what_a_quote_showed_is_what_is_sent(harness: RoomHarness) -> None:
    async with program(harness) as robot:
        await harness.tick()
        status, quote = await robot.ask("POST", "quote", buy("$25"))
        assert (status, quote["ok"]) == (200, True)
        order = await robot.sent(quote["order"])
        await harness.tick()
        filled = await robot.get(f"account/orders/{order['id']}")
        assert filled["filled"] == quote["size"]
        assert 0 <= quote["spend"] - quote["gas"] - filled["amount"] < 10**4  # a budget is not overrun
