"""A whole event in a Telegram group: set up, traded by several people, rounds, the end; and what everybody sees."""

from __future__ import annotations

from pathlib import Path

from tests.platform.telegram_harness import Town, a_town, asks_to_confirm, settled
from tests.standins.telegram_peer import Message, User


async def buy(town: Town, who: User, line: str) -> Message:
    """A ticket, confirmed and filled."""
    ticket = await town.told(who, line, asks_to_confirm, town.group)
    await town.press(who, ticket, "Confirm")
    await who.chat.expect(settled(ticket))
    await town.tick()
    return ticket


async def decided(town: Town, line: str, heard: str) -> Message:
    """A dangerous deed of the admin: preview, Confirm, and what the group hears of it."""
    preview = await town.told(town.ada, line, asks_to_confirm, town.group)
    await town.press(town.ada, preview, "Confirm")
    for _ in range(3):
        await town.tick(6)
    return await town.group.expect(heard)


async def test_a_whole_event_in_a_group(tmp_path: Path) -> None:
    async with a_town(tmp_path) as town:
        await town.running()
        await town.cleo.start()
        await town.say(town.cleo, "/join", town.group)
        await town.cleo.chat.expect("Welcome")
        await town.tick()
        tickets = [
            await buy(town, town.ben, "/buy germany yes $200"),
            await buy(town, town.cleo, "/buy brazil no 100"),
        ]
        assert all("Filled" in one.text for one in tickets)
        await town.tick(10)
        board = town.group.pinned
        assert board is not None
        assert "3 people" in board.text
        assert len(town.group.pins) == 1

        await town.told(town.ada, "/admin_freeze", "freezes with", town.group)
        await town.tick()
        await town.group.expect("frozen")
        out = await decided(town, "/admin_eliminate brazil 7-1", "Brazil is out")
        assert "7-1" in out.text
        assert out.photo is not None
        assert "<s>Brazil</s>" in board.html
        await town.told(town.ada, "/admin_resume", "next tick", town.group)
        await town.tick(6)
        await buy(town, town.ben, "/sell germany yes half")
        await town.told(town.ada, "/admin_freeze", "freezes with", town.group)
        await town.tick(6)
        end = await decided(town, "/admin_resolve germany", "Germany wins")
        assert end.photo is not None
        await town.ben.chat.expect("You are paid")
        await town.say(town.ben, "/leaderboard", town.group)
        await town.group.expect("won with")
        assert town.group.pinned is board
        assert "won" in board.text

        private = "".join(one.text for one in town.group.of_bot())
        assert "spend about" not in private
        assert "You now hold" not in private
        assert town.peer.complaints == []
        assert town.peer.refused() == []


async def test_hostile_names_harm_nobody(tmp_path: Path) -> None:
    async with a_town(tmp_path) as town:
        mallory = town.peer.world.user("<b>@all</b> &amp; \u202egnp.exe https://evil.example")
        mallory.chat.opened = True
        await town.group.add(mallory)
        await town.running()
        await town.say(mallory, "/join", town.group)
        await mallory.chat.expect("Welcome")
        await town.tick()
        await town.say(town.ben, "/leaderboard", town.group)
        shown = await town.group.expect(lambda message: "Worth" in message.text)
        assert "\u202e" not in shown.text
        assert {one["type"] for one in shown.rich.entities} <= {"bold", "pre", "italic"}
        assert town.peer.complaints == []
        assert town.peer.refused() == []


async def test_files_and_charts_come_as_files_and_photos(tmp_path: Path) -> None:
    async with a_town(tmp_path) as town:
        await town.running()
        await buy(town, town.ben, "/buy germany yes $200")
        await town.say(town.ben, "/chart", town.group)
        chart = await town.group.expect(lambda message: message.photo is not None)
        assert chart.text
        await town.say(town.ada, "/admin_export trades", town.group)
        export = await town.ada.chat.expect(lambda message: message.document is not None)
        assert b"trade_id" in (export.document or b"")
        assert town.peer.refused() == []
