"""What the page is told of a market and of one's account, pushed as soon as a commit has changed it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.bot.adapters.room.harness import Stream, room_harness


async def next_of(events: Stream, kind: str) -> Any:
    while True:
        name, data = await events.event()
        if name == kind:
            return data


async def test_a_stream_begins_with_the_market_and_ones_account_and_tells_each_tick(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as room:
        await room.open_market()
        ada = await room.person("Ada")
        async with ada.stream() as events:
            market, account = await next_of(events, "market"), await next_of(events, "account")
            assert (market["market"], market["tick"], market["state"], market["own_room"]) == (1, 0, "running", True)
            assert account["joined"]
            assert not account["funded"]
            await room.tick()
            market, account = await next_of(events, "market"), await next_of(events, "account")
            assert (market["tick"], account["tick"], account["funded"]) == (1, 1, True)
            _, answer = await ada.say("/buy 1 yes $50")
            confirm = next(action["text"] for action in answer["reply"]["actions"] if action["label"] == "Confirm")
            await ada.press(confirm, answer["id"])
            account = await next_of(events, "account")
            assert [order["pending"] for order in account["orders"]] == [True]
            assert account["aside"] > 0
            await room.tick()
            market, account = await next_of(events, "market"), await next_of(events, "account")
            assert (account["orders"], account["aside"]) == ([], 0)
            assert account["holdings"][0]["tokens"] == market["tape"][0]["size"]
