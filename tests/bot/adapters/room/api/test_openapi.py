"""The file that describes the API is the API: each address, each answer, whatever is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openapi_spec_validator import validate

from bot.adapters.room.api.openapi import document
from bot.adapters.room.api.operations import OPERATIONS
from bot.adapters.room.service import RoomService
from storage.keys import Scope
from tests.bot.adapters.room.api.programs import check, program
from tests.bot.adapters.room.harness import RoomHarness, room_harness

_PATTERN = re.compile(r"{(\w+):(?:[^{}]|{[^{}]*})*}")


def routes(room: RoomService) -> set[tuple[str, str]]:
    """What is served below `/api/v1`, as the file writes addresses."""
    return {
        (route.method, _PATTERN.sub(r"{\1}", str(route.path)))
        for route in room.routes
        if str(route.path).startswith("/api/v1")
    }


async def test_the_file_names_every_address_and_no_other(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as harness:
        assert routes(harness.room) == set(OPERATIONS)


def test_the_file_is_openapi() -> None:
    file: Any = document()
    validate(file)
    used = set(re.findall(r"#/components/schemas/(\w+)", repr(file))) | {"Tick", "Reset"}  # in the stream's events
    assert used == set(file["components"]["schemas"])
    names = [operation["operationId"] for path in file["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names)) == len(OPERATIONS)


async def walk(harness: RoomHarness) -> None:
    """An event and a program that trades through it: each answer is checked where it arrives."""
    order: Mapping[str, Any] = {"outcome": 0, "side": "yes", "action": "buy", "amount": "20"}
    async with program(harness) as robot, program(harness, Scope.READ, who="guest") as guest:
        await harness.tick()
        for path in ("", "prices", "chart", "outcomes/0", "tape", "leaderboard", "account", "account/orders"):
            await guest.get(path)
        await robot.ask("POST", "quote", {**order, "limit": "40c"})
        await robot.ask("POST", "quote", {**order, "amount": "$40"})
        await robot.ask("POST", "quote", {**order, "action": "sell"})
        sent = await robot.sent(order)
        await robot.sent({**order, "limit": "5c"})
        await harness.tick()
        await robot.ask("POST", "quote", {**order, "action": "sell", "amount": "half"})
        for path in ("", "account", "account/trades", "account/orders", f"account/orders/{sent['id']}", "tape"):
            await robot.get(path)
        for path in ("candles?outcome=0", "outcomes/0", "outcomes/2?span=1h", "leaderboard", "chart?span=1h"):
            await robot.get(path)
        await robot.ask("DELETE", f"orders/{sent['id']}")
        await robot.ask("DELETE", "orders")
        await robot.ask("GET", "theatre")
        await robot.ask("GET", "run")
        await robot.ask("GET", "nothing")
        await harness.admin("/admin eliminate bee")
        await harness.tick()
        await robot.get("")
        await harness.admin("/admin resolve ant")
        await harness.tick()
        for path in ("", "prices", "account", "chart", "outcomes/1", "leaderboard", "theatre", "theatre/1"):
            await robot.ask("GET", path)


async def test_every_answer_is_as_the_file_says(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as harness:
        await harness.open_market()
        await harness.tick()
        await walk(harness)
        listed = await harness.browser().get("api/v1/markets")
        check("GET", "/api/v1/markets", listed.status, await listed.json())
        served = await harness.browser().get("api/v1/openapi.json")
        assert await served.json() == document()
