"""A chat that is lost, found or moved keeps its market and what waits for it."""

from __future__ import annotations

from pathlib import Path

from bot.chat.platform import Unreachable, UnreachableError
from bot.notifications.reachability import ChatPresence
from tests.bot.harness import chat_harness, running


async def test_a_chat_that_moved_takes_everything_along(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        ticket = await harness.say("ada", "/buy germany yes 5")
        await harness.press("ada", ticket, "Confirm")
        async with harness.db.reading() as uow:
            board = await uow.deliveries.ref(1, "room", "room", "board")
        presence = ChatPresence(harness.db, lambda: harness.now)
        for _ in range(2):
            await presence.moved("room", "room", "hall")
        async with harness.db.reading() as uow:
            chats = await uow.chats.of_market(1)
            assert [chat.external_id for chat in chats] == ["hall"]
            assert await uow.deliveries.ref(1, "room", "hall", "board") == board
            assert await uow.chats.find("room", "room") is None
        await harness.tick()
        assert all(where != "room" for how, where, *_ in harness.platform.sent[-2:] if how != "tell")
        assert "Cup" in str(await harness.say("ada", "/board", chat="hall"))


async def test_moving_to_an_id_that_was_written_to_already_keeps_the_market(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.say("ada", "/join", chat="hall")  # the first word under the new id came before the notice
        await ChatPresence(harness.db, lambda: harness.now).moved("room", "room", "hall")
        async with harness.db.reading() as uow:
            chat = await uow.chats.find("room", "hall")
            assert chat is not None
            assert await uow.markets.of_chat(chat.id) is not None


async def test_a_lost_chat_is_found_again(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        presence = ChatPresence(harness.db, lambda: harness.now)
        assert not await presence.arrived("room", "room", "room", "Room")
        for _ in range(2):
            await presence.left("room", "room", Unreachable.CHAT)
        async with harness.db.reading() as uow:
            chat = await uow.chats.find("room", "room")
            assert chat is not None
            assert chat.lost == "chat"
        assert await presence.arrived("room", "room", "room", "Room")
        assert not await presence.arrived("room", "room", "room", "Room")
        assert await presence.arrived("room", "elsewhere", "room", "New")


async def test_a_chat_that_is_back_waits_for_no_retry(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.confirmed("ada", "/buy germany yes 50")
        harness.platform.broken = [UnreachableError(Unreachable.FORBIDDEN, "Send Messages")] * 20
        await harness.tick()
        harness.platform.broken = []
        seen = len(harness.platform.sent)
        await harness.tick()
        boards = [how for how, where, *_ in harness.platform.sent[seen:] if where == "room" and how != "tell"]
        assert boards == []  # a permission is missing: tried again in minutes
        assert await ChatPresence(harness.db, lambda: harness.now).arrived("room", "room", "room", "Room")
        await harness.announcer.step()
        boards = [how for how, where, *_ in harness.platform.sent[seen:] if where == "room" and how != "tell"]
        assert boards != []
