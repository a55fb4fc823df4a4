"""A whole event in a Telegram group: set up, traded by several people, rounds, the end; and what everybody sees."""

from __future__ import annotations

from pathlib import Path

from tests.platform.telegram_harness import TelegramHarness, asks_to_confirm, settled, telegram_harness
from tests.standins.telegram_peer import Message, User


async def buy(harness: TelegramHarness, who: User, line: str) -> Message:
    """A ticket, confirmed and filled."""
    ticket = await harness.say_and_expect(who, line, asks_to_confirm, harness.group)
    await harness.press(who, ticket, "Confirm")
    await who.chat.expect(settled(ticket))
    await harness.tick()
    return ticket


async def decided(harness: TelegramHarness, line: str, expected: str) -> Message:
    """A dangerous deed of the admin: preview, Confirm, and what the group hears of it."""
    preview = await harness.say_and_expect(harness.ada, line, asks_to_confirm, harness.group)
    await harness.press(harness.ada, preview, "Confirm")
    for _ in range(3):
        await harness.tick(6)
    return await harness.group.expect(expected)


async def test_a_whole_event_in_a_group(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path) as harness:
        await harness.running()
        await harness.cleo.start()
        await harness.say(harness.cleo, "/join", harness.group)
        await harness.cleo.chat.expect("Welcome")
        await harness.tick()
        tickets = [
            await buy(harness, harness.ben, "/buy germany yes $200"),
            await buy(harness, harness.cleo, "/buy brazil no 100"),
        ]
        assert all("Filled" in ticket.text for ticket in tickets)
        await harness.tick(10)
        board = harness.group.pinned
        assert board is not None
        assert "3 people" in board.text
        assert len(harness.group.pins) == 1

        await harness.say_and_expect(harness.ada, "/admin_freeze", "freezes with", harness.group)
        await harness.tick()
        await harness.group.expect("frozen")
        out = await decided(harness, "/admin_eliminate brazil 7-1", "Brazil is out")
        assert "7-1" in out.text
        assert out.photo is not None
        assert "<s>Brazil</s>" in board.html
        await harness.say_and_expect(harness.ada, "/admin_resume", "next tick", harness.group)
        await harness.tick(6)
        await buy(harness, harness.ben, "/sell germany yes half")
        await harness.say_and_expect(harness.ada, "/admin_freeze", "freezes with", harness.group)
        await harness.tick(6)
        end = await decided(harness, "/admin_resolve germany", "Germany wins")
        assert end.photo is not None
        await harness.ben.chat.expect("You are paid")
        await harness.say(harness.ben, "/leaderboard", harness.group)
        await harness.group.expect("won with")
        assert harness.group.pinned is board
        assert "won" in board.text

        private = "".join(message.text for message in harness.group.of_bot())
        assert "spend about" not in private
        assert "You now hold" not in private
        assert harness.peer.complaints == []
        assert harness.peer.refused() == []


async def test_hostile_names_harm_nobody(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path) as harness:
        mallory = harness.peer.world.user("<b>@all</b> &amp; \u202egnp.exe https://evil.example")
        mallory.chat.opened = True
        await harness.group.add(mallory)
        await harness.running()
        await harness.say(mallory, "/join", harness.group)
        await mallory.chat.expect("Welcome")
        await harness.tick()
        await buy(harness, mallory, "/buy germany yes $20")
        await harness.say(harness.ben, "/leaderboard", harness.group)
        shown = await harness.group.expect(lambda message: "Worth" in message.text)
        assert "\u202e" not in shown.text
        assert {entity["type"] for entity in shown.rich.entities} <= {"bold", "pre", "italic"}
        assert harness.peer.complaints == []
        assert harness.peer.refused() == []


async def test_files_and_charts_come_as_files_and_photos(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path) as harness:
        await harness.running()
        await buy(harness, harness.ben, "/buy germany yes $200")
        await harness.say(harness.ben, "/chart", harness.group)
        chart = await harness.group.expect(lambda message: message.photo is not None)
        assert chart.text
        assert harness.group.pinned is not None
        await harness.press(harness.ben, harness.group.pinned, "Chart")
        await harness.ben.chat.expect(lambda message: message.photo is not None)
        await harness.say(harness.ada, "/chart", harness.group)
        await harness.ada.chat.expect("one such answer a minute")
        assert [message for message in harness.group.of_bot() if message.photo is not None] == [chart]
        await harness.say(harness.ada, "/admin_export trades", harness.group)
        export = await harness.ada.chat.expect(lambda message: message.document is not None)
        assert b"trade_id" in (export.document or b"")
        assert harness.peer.refused() == []
