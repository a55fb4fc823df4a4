"""What a platform says of somebody is good for less than a minute, what it does not say for nothing."""

from __future__ import annotations

import asyncio

import pytest

from bot.chat import rights
from bot.chat.rights import KEPT_MS, UNASKED, CannotAskError, Rights, Standing


class Chats:
    """A platform that answers what it is told to, and counts how often it is asked."""

    def __init__(self) -> None:
        self.says: dict[tuple[str, str], Standing] = {}
        self.asked: list[tuple[str, str]] = []
        self.fails: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()

    async def admins(self, chat_ext: str) -> None:
        """Lists nobody."""

    async def standing(self, chat_ext: str, person_ext: str) -> Standing:
        self.asked.append((chat_ext, person_ext))
        await self.open.wait()
        if self.fails is not None:
            raise self.fails
        return self.says.get((chat_ext, person_ext), Standing.STRANGER)


class World:
    def __init__(self) -> None:
        self.now_ms = 1_000_000
        self.chats = Chats()
        self.rights = Rights({"discord": self.chats}, lambda: self.now_ms)


async def test_an_answer_is_kept_for_a_while_and_no_longer() -> None:
    world = World()
    world.chats.says["4711", "ada"] = Standing.ADMIN
    assert await world.rights.standing("discord", "4711", "ada") is Standing.ADMIN
    world.chats.says.clear()  # they are put out
    world.now_ms += KEPT_MS - 1
    assert await world.rights.standing("discord", "4711", "ada") is Standing.ADMIN
    world.now_ms += 1
    assert await world.rights.standing("discord", "4711", "ada") is Standing.STRANGER
    assert len(world.chats.asked) == 2


async def test_that_while_begins_when_it_is_asked_not_when_the_answer_comes() -> None:
    world = World()
    world.chats.open.clear()
    asking = asyncio.create_task(world.rights.standing("discord", "4711", "ada"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    world.now_ms += 2_000
    world.chats.open.set()
    await asking
    world.now_ms += KEPT_MS - 2_000
    await world.rights.standing("discord", "4711", "ada")
    assert len(world.chats.asked) == 2


async def test_each_chat_and_person_is_asked_about_by_itself_and_one_question_serves_all_who_wait() -> None:
    world = World()
    world.chats.says.update({("4711", "ada"): Standing.ADMIN, ("4712", "ada"): Standing.MEMBER})
    world.chats.open.clear()
    who = [("4711", "ada"), ("4711", "ada"), ("4712", "ada"), ("4711", "bob"), ("4711", "ada")]
    waiting = [asyncio.create_task(world.rights.standing("discord", *each)) for each in who]
    await asyncio.sleep(0)
    waiting[0].cancel()  # who goes away takes the answer from nobody else
    await asyncio.sleep(0)
    world.chats.open.set()
    answers = await asyncio.gather(*waiting[1:])
    assert answers == [Standing.ADMIN, Standing.MEMBER, Standing.STRANGER, Standing.ADMIN]
    assert sorted(world.chats.asked) == [("4711", "ada"), ("4711", "bob"), ("4712", "ada")]


async def test_a_failure_is_nobodys_answer_and_is_not_kept() -> None:
    world = World()
    world.chats.says["4711", "ada"] = Standing.ADMIN
    world.chats.fails = CannotAskError("discord")
    for _ in range(2):
        with pytest.raises(CannotAskError):
            await world.rights.standing("discord", "4711", "ada")
    world.chats.fails = None
    assert await world.rights.standing("discord", "4711", "ada") is Standing.ADMIN


async def test_an_answer_that_cannot_be_read_is_a_failure() -> None:
    world = World()
    world.chats.fails = KeyError("guild_id")
    with pytest.raises(CannotAskError):
        await world.rights.standing("discord", "4711", "ada")


async def test_an_old_answer_stands_in_for_no_new_one() -> None:
    world = World()
    world.chats.says["4711", "ada"] = Standing.ADMIN
    await world.rights.standing("discord", "4711", "ada")
    world.chats.fails = CannotAskError("discord")
    world.now_ms += KEPT_MS
    with pytest.raises(CannotAskError):
        await world.rights.standing("discord", "4711", "ada")


async def test_who_never_answers_is_waited_for_so_long_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "ASK_S", 0.01)
    world = World()
    world.chats.open.clear()
    with pytest.raises(CannotAskError):
        await world.rights.standing("discord", "4711", "ada")


async def test_a_platform_that_nobody_reaches_cannot_be_asked() -> None:
    for nowhere in (UNASKED, World().rights):
        with pytest.raises(CannotAskError) as refused:
            await nowhere.standing("telegram", "-100", "ada")
        assert refused.value.platform == "telegram"


async def test_only_so_many_answers_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "REMEMBERED", 2)
    world = World()
    for person in ("ada", "bob", "cem", "ada"):
        await world.rights.standing("discord", "4711", person)
    assert [person for _, person in world.chats.asked] == ["ada", "bob", "cem", "ada"]
