"""A chat that is lost, found or moved keeps its market and what waits for it."""

from __future__ import annotations

from pathlib import Path

from bot.chat.platform import Unreachable, UnreachableError
from bot.notifications.reachability import ChatPresence
from tests.bot.harness import running, town


async def test_a_chat_that_moved_takes_everything_along(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play)
        ticket = await play.say("ada", "/buy germany yes 5")
        await play.press("ada", ticket, "Confirm")
        async with play.db.reading() as uow:
            board = await uow.deliveries.ref(1, "room", "room", "board")
        presence = ChatPresence(play.db, lambda: play.now)
        for _ in range(2):
            await presence.moved("room", "room", "hall")
        async with play.db.reading() as uow:
            chats = await uow.chats.of_market(1)
            assert [chat.external_id for chat in chats] == ["hall"]
            assert await uow.deliveries.ref(1, "room", "hall", "board") == board
            assert await uow.chats.find("room", "room") is None
        await play.tick()
        assert all(where != "room" for how, where, *_ in play.chat.said[-2:] if how != "tell")
        assert "Cup" in str(await play.say("ada", "/board", chat="hall"))


async def test_moving_to_an_id_that_was_written_to_already_keeps_the_market(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play)
        await play.say("ada", "/join", chat="hall")  # the first word under the new id came before the notice
        await ChatPresence(play.db, lambda: play.now).moved("room", "room", "hall")
        async with play.db.reading() as uow:
            chat = await uow.chats.find("room", "hall")
            assert chat is not None
            assert await uow.markets.of_chat(chat.id) is not None


async def test_a_lost_chat_is_found_again(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play)
        presence = ChatPresence(play.db, lambda: play.now)
        assert not await presence.arrived("room", "room", "room", "Room")
        for _ in range(2):
            await presence.left("room", "room", Unreachable.CHAT)
        async with play.db.reading() as uow:
            chat = await uow.chats.find("room", "room")
            assert chat is not None
            assert chat.lost == "chat"
        assert await presence.arrived("room", "room", "room", "Room")
        assert not await presence.arrived("room", "room", "room", "Room")
        assert await presence.arrived("room", "elsewhere", "room", "New")


async def test_a_chat_that_is_back_waits_for_no_retry(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play)
        await play.confirmed("ada", "/buy germany yes 50")
        play.chat.broken = [UnreachableError(Unreachable.FORBIDDEN, "Send Messages")] * 20
        await play.tick()
        play.chat.broken = []
        seen = len(play.chat.said)
        await play.tick()
        boards = [how for how, where, *_ in play.chat.said[seen:] if where == "room" and how != "tell"]
        assert boards == []  # a permission is missing: tried again in minutes
        assert await ChatPresence(play.db, lambda: play.now).arrived("room", "room", "room", "Room")
        await play.announcer.step()
        boards = [how for how, where, *_ in play.chat.said[seen:] if where == "room" and how != "tell"]
        assert boards != []
