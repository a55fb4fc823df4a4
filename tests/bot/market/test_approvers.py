"""Who could approve a proposal is asked of the platform at that moment, and told with buttons; nobody else is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.invocation import ChatKind
from bot.chat.platform import ADMINS
from bot.chat.reply import Reply
from bot.chat.rights import Rights, Standing
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.market import approvers
from bot.notifications.announcer import Announcer
from storage.chats import ChatSettings
from tests.bot.asked_chats import AskedChats
from tests.bot.harness import ADMIN, CREATE, ChatHarness, RecordingPlatform, button, chat_harness

GROUPS = {"telegram": "-100", "discord": "4711"}


@dataclass
class World:
    """A market that runs in one chat; `mia` holds tokens and is an admin, as `boss`, `pat` and `kim` are, who also
    holds some. `lea` was one. `dan` is in it and `eve` is in none."""

    harness: ChatHarness
    asked: AskedChats
    platform: RecordingPlatform

    @property
    def chat(self) -> str:
        return GROUPS[self.asked.name]

    async def say(self, who: str, line: str, *, admin: bool | None = None) -> Reply:
        rank = self.asked.standings.get((self.chat, who)) if admin is None else None
        is_admin = admin or rank is Standing.ADMIN
        name = self.asked.name
        return await self.harness.say(who, line, chat=self.chat, kind=ChatKind.GROUP, admin=is_admin, platform=name)

    async def confirmed(self, who: str, line: str) -> Reply:
        return await self.say(who, button(await self.say(who, line), "Confirm"))

    async def told(self) -> dict[str, str]:
        """What each was told last of the proposal, once everybody has been asked."""
        await self.harness.dispatcher.approvers.settled()
        self.platform.sent.clear()
        await self.harness.announcer.step()
        sent = [(who, plain_text.text(reply)) for how, who, _, reply in self.platform.sent if how == "tell"]
        return {who: text for who, text in sent if "roposal" in text}


@pytest.fixture
async def world(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    name = str(request.param)
    async with chat_harness(tmp_path) as harness:
        asked, platform = AskedChats(name=name, lists=name == "telegram"), RecordingPlatform(name=name)
        rights = Rights({name: asked}, harness.clock.monotonic_ms)
        harness.dispatcher = Dispatcher(harness.db, harness.clock, COMMANDS, rights=rights)
        harness.announcer = Announcer(harness.db, harness.clock, {name: platform})
        world = World(harness=harness, asked=asked, platform=platform)
        for who in (ADMIN, "mia", "pat", "kim", "lea"):
            asked.standings[world.chat, who] = Standing.ADMIN
        assert (await world.say(ADMIN, CREATE)).ok
        assert (await world.say(ADMIN, "/admin open")).ok
        for who in ("mia", "kim", "dan"):
            assert (await world.say(who, "/join")).ok
        for who in ("mia", "pat", "kim", "lea"):
            assert (await world.say(who, "/admin announce hello")).ok
        await world.confirmed(ADMIN, "/admin start")
        await harness.tick()
        for who in ("mia", "kim"):
            await world.confirmed(who, "/buy germany yes $50")
        await harness.tick()
        asked.standings[world.chat, "lea"] = Standing.MEMBER
        yield world


def on(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("world", names, indirect=True)


@on("telegram", "discord")
async def test_who_could_approve_is_told_and_nobody_else(world: World) -> None:
    """Not who proposed it, not who has a part in the market, not who is an admin no more."""
    proposed = await world.confirmed("mia", "/admin eliminate brazil")
    assert f"{world.asked.name.title()} is being asked who else runs" in plain_text.text(proposed)
    told = await world.told()
    assert sorted(told) == [ADMIN, "pat"]
    assert all("[Approve Brazil out] [Not this]" in text for text in told.values())


@on("telegram")
async def test_an_admin_whom_nobody_here_has_met_is_told_where_the_platform_lists_them(world: World) -> None:
    world.asked.standings[world.chat, "77"] = Standing.ADMIN
    await world.confirmed("mia", "/admin eliminate brazil")
    assert "77" in await world.told()


@on("discord")
async def test_a_member_who_has_become_an_admin_is_found_where_nobody_is_listed(world: World) -> None:
    world.asked.standings[world.chat, "dan"] = Standing.ADMIN
    world.asked.standings[world.chat, "eve"] = Standing.ADMIN  # nobody here knows them
    await world.confirmed("mia", "/admin eliminate brazil")
    assert sorted(await world.told()) == [ADMIN, "dan", "pat"]


@on("discord")
async def test_no_more_people_are_asked_about_than_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approvers, "MOST_ASKED", 2)
    world.asked.standings[world.chat, "dan"] = Standing.ADMIN
    await world.confirmed("mia", "/admin eliminate brazil")
    world.asked.asked.clear()
    assert "dan" not in await world.told()
    assert len(world.asked.asked) <= 2


@on("telegram", "discord")
async def test_a_platform_that_cannot_be_asked_leaves_who_was_known(world: World) -> None:
    world.asked.answers = False
    await world.confirmed("mia", "/admin eliminate brazil")
    assert sorted(await world.told()) == [ADMIN, "lea", "pat"]


@on("telegram", "discord")
async def test_who_proposed_it_is_told_where_nobody_could_approve_it(world: World) -> None:
    for who in (ADMIN, "pat"):
        world.asked.standings[world.chat, who] = Standing.MEMBER
    await world.confirmed("mia", "/admin eliminate brazil")
    told = await world.told()
    assert list(told) == ["mia"]
    assert "nobody can approve proposal 1 yet" in told["mia"]


@on("discord")
async def test_the_role_of_the_admins_is_mentioned_with_words_that_give_nothing_away(world: World) -> None:
    async with world.harness.db.writing() as uow:
        chat = await uow.chats.find("discord", world.chat)
        assert chat is not None
        await uow.chats.set_settings(chat.id, ChatSettings(admin_role="999"))
        await uow.commit()
    await world.confirmed("mia", "/admin eliminate brazil")
    await world.told()
    posts = [(ref, reply) for how, where, ref, reply in world.platform.sent if (how, where) == ("post", world.chat)]
    ((ref, post),) = [(ref, reply) for ref, reply in posts if reply.ping == ADMINS]
    words = plain_text.text(post)
    assert not [name for name in ("Brazil", "Mia", "Cup", "roposal") if name in words]
    turned_down = await world.say("pat", "/admin approve 1 no")
    assert turned_down.ok
    await world.harness.announcer.step()
    (after,) = [reply for how, _, where, reply in world.platform.sent if (how, where) == ("edit", ref)]
    assert plain_text.text(after) == "What waited for another admin here waits no more."


@on("telegram", "discord")
async def test_who_begins_after_a_crash_asks_what_was_not_asked(world: World) -> None:
    preview = await world.say("mia", "/admin eliminate brazil")
    ended = world.harness.dispatcher
    await world.say("mia", button(preview, "Confirm"))
    await ended.approvers.close()
    world.harness.dispatcher = Dispatcher(
        world.harness.db, world.harness.clock, COMMANDS, rights=Rights({world.asked.name: world.asked}, lambda: 0)
    )
    await world.harness.dispatcher.approvers.resume()
    assert sorted(await world.told()) == [ADMIN, "pat"]
    await world.harness.dispatcher.approvers.resume()
    assert not await world.told()
