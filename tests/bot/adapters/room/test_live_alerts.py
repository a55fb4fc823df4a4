"""Alerts on the page: there as soon as they are set, gone as soon as they are told or taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.bot.adapters.room.harness import Browser, RoomHarness, Stream, room_harness


async def alerts_of(events: Stream) -> list[dict[str, Any]]:
    """As the account has them next."""
    while True:
        name, data = await events.event()
        if name == "account":
            return list(data["alerts"])


async def bought(room: RoomHarness, person: Browser, line: str) -> None:
    _, answer = await person.say(line)
    confirm = next(action["text"] for action in answer["reply"]["actions"] if action["label"] == "Confirm")
    await person.press(confirm, answer["id"])
    await room.tick()


async def test_an_alert_stands_on_the_page_until_it_is_told(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as room:
        await room.open_market()
        ada, bob = await room.person("Ada"), await room.person("Bob")
        await room.tick()
        async with ada.stream() as events:
            assert await alerts_of(events) == []
            await ada.say("/alert 1 99c")
            [alert] = await alerts_of(events)
            assert {key: alert[key] for key in ("outcome", "side", "price", "above")} == {
                "outcome": 0,
                "side": "yes",
                "price": 990_000,
                "above": True,
            }
            await ada.say(alert["cancel"])
            assert await alerts_of(events) == []
            _, answer = await ada.say("/alert 1 no 66.6c")  # it begins at 66.7
            assert answer["reply"]["ok"], answer
            assert [(row["side"], row["price"]) for row in await alerts_of(events)] == [("no", 666_000)]
            await bought(room, bob, "/buy 1 yes $100")
            while await alerts_of(events):
                pass
