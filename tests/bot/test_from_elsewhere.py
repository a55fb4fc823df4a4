"""Who came in from elsewhere (a link, a Mini App, a key) sees and does what the platform they came from says of them at
that moment: as that chat's people, with that chat's rules, and nothing where it cannot be asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.reply import Audience, Reply
from bot.chat.rights import KEPT_MS, Rights, Standing
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.market.visibility import Viewer, visible, visible_markets
from bot.market.vouching import Vouching
from storage.audit import ENTRANCE
from storage.keys import NewKey, Scope
from storage.records import AuditRow, Chat, Identity
from tests.bot.asked_chats import AskedChats
from tests.bot.harness import ADMIN, CREATE, ChatHarness, button, chat_harness

HERE, OTHER = "4711", "4712"
CANNOT = "Discord cannot be asked right now whether you may do this; nothing was done. Try again in a minute."
NOT_ADMIN = "is for this chat's admins"


@dataclass
class World:
    """A market in a channel of Discord, run by `boss`; `ada` is in it, `eve` only in the channel. They look at it on
    the room's page."""

    harness: ChatHarness
    asked: AskedChats
    rights: Rights
    requests: count[int]

    async def say(self, who: str, line: str, *, chat: str = HERE, kind: ChatKind = ChatKind.GROUP) -> Reply:
        """In the channel, as Discord vouches for them there."""
        is_admin = self.asked.standings.get((chat, who)) is Standing.ADMIN
        return await self.harness.say(who, line, chat=chat, kind=kind, admin=is_admin, platform="discord")

    async def page(
        self, who: str, line: str, *, market: int | None = 1, platform: str = "discord", key: int | None = None
    ) -> Reply:
        """On the page, where they are who they are in the channel."""
        self.harness.clock.advance(1_000)
        identity = await self.identity(who, platform)
        chat = await self.chat()
        return await self.harness.dispatcher.run(
            Invocation(
                text=line,
                platform="room",
                person_ext=f"session of {who}",
                person_name=who.title(),
                chat_ext="room",
                chat_kind=ChatKind.ROOM,
                market=market,
                key=key,
                came_as=identity,
                came_from=chat.id,
                request_id=f"p{next(self.requests)}",
            )
        )

    async def identity(self, who: str, platform: str = "discord") -> Identity:
        async with self.harness.db.reading() as uow:
            person = await uow.people.find(platform, who)
        assert person is not None, who
        return Identity(person=person.id, platform=platform, external_id=who, name=person.name)

    async def chat(self, ext: str = HERE) -> Chat:
        async with self.harness.db.reading() as uow:
            chat = await uow.chats.find("discord", ext)
        assert chat is not None
        return chat

    async def log(self) -> list[AuditRow]:
        async with self.harness.db.reading() as uow:
            return await uow.audit.of(1)

    async def sees(self, who: str, market: int = 1) -> bool:
        """As the page asks it."""
        identity, vouching = await self.identity(who), Vouching(self.harness.db, self.rights)
        vouched = await vouching.of_market(identity, market, runs=False)
        viewer = Viewer(person=identity.person, chat=None, admin=False, vouched=vouched.standings)
        async with self.harness.db.reading() as uow:
            return await visible(uow, market, viewer) is not None

    async def listed(self, who: str) -> list[int]:
        identity, chat = await self.identity(who), await self.chat()
        vouched = await Vouching(self.harness.db, self.rights).of_all(identity, chat.id)
        viewer = Viewer(person=identity.person, chat=None, admin=False, vouched=vouched.standings)
        async with self.harness.db.reading() as uow:
            return [record.id for record in await visible_markets(uow, viewer)]

    def later(self) -> None:
        """What was asked is good no longer."""
        self.harness.clock.advance(KEPT_MS)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with chat_harness(tmp_path) as harness:
        asked = AskedChats()
        asked.standings.update({(HERE, ADMIN): Standing.ADMIN, (HERE, "ada"): Standing.MEMBER})
        asked.standings[HERE, "eve"] = Standing.MEMBER
        rights = Rights({"discord": asked}, harness.clock.monotonic_ms)
        harness.dispatcher = Dispatcher(harness.db, harness.clock, COMMANDS, rights=rights)
        yield World(harness=harness, asked=asked, rights=rights, requests=count(1))


def code_in(text: str) -> str:
    """A code such as K7QM-4TXR."""
    return next(word.strip("`.,:") for word in text.split() if len(word.strip("`.,:")) == 9 and "-" in word)


async def drafted(world: World) -> None:
    """A draft; everybody has spoken in the channel."""
    assert (await world.say(ADMIN, CREATE)).ok
    for who in ("ada", "eve"):
        await world.say(who, "/settings slippage 3%")
    world.asked.asked.clear()


async def begun(world: World) -> None:
    """It trades, with Ada in it."""
    await drafted(world)
    assert (await world.say(ADMIN, "/admin open")).ok
    assert (await world.say("ada", "/join")).ok
    preview = await world.say(ADMIN, "/admin start")
    assert (await world.say(ADMIN, button(preview, "Confirm"))).ok
    await world.harness.tick()


async def test_an_admin_acts_from_the_page_as_the_admin_of_their_chat(world: World) -> None:
    await begun(world)
    reply = await world.page(ADMIN, "/admin freeze a red card")
    assert reply.ok, plain_text.text(reply)
    assert reply.audience is Audience.PRIVATE  # who else is in the room may not see that market
    row = (await world.log())[0]
    assert (row.action, row.chat, row.actor) == (
        "freeze",
        (await world.chat()).id,
        (await world.identity(ADMIN)).person,
    )
    assert row.after[ENTRANCE] == "page"
    shown = plain_text.text(await world.page(ADMIN, "/admin log"))
    assert "Boss on the page · freeze: a red card" in shown
    await world.harness.tick()
    assert (await world.say(ADMIN, "/admin resume")).ok
    assert ENTRANCE not in (await world.log())[0].after
    assert "Boss · resume" in plain_text.text(await world.say(ADMIN, "/admin log"))


async def test_a_program_acts_by_a_key_with_the_rights_of_who_made_it(world: World) -> None:
    await begun(world)
    boss = await world.identity(ADMIN)
    wanted = NewKey(
        market=1,
        person=boss.person,
        scope=Scope.RUN,
        name="stream deck",
        allowance=None,
        platform="discord",
        external_id=ADMIN,
    )
    async with world.harness.db.writing() as uow:
        key = (await uow.keys.make(wanted, "outcry_1", world.harness.now)).id
        await uow.commit()
    assert (await world.page(ADMIN, "/admin freeze", key=key)).ok
    assert (await world.log())[0].after[ENTRANCE] == f"key {key}"
    assert f"Boss by key {key} · freeze" in plain_text.text(await world.page(ADMIN, "/admin log"))
    del world.asked.standings[HERE, ADMIN]
    world.later()
    assert NOT_ADMIN in plain_text.text(await world.page(ADMIN, "/admin resume", key=key))
    world.asked.answers = False
    world.later()
    assert plain_text.text(await world.page(ADMIN, "/admin resume", key=key)) == CANNOT


async def test_what_an_admin_may_do_is_asked_before_each_deed_and_kept_for_less_than_a_minute(world: World) -> None:
    await begun(world)
    assert (await world.page(ADMIN, "/admin freeze")).ok
    await world.harness.tick()
    world.asked.standings[HERE, ADMIN] = Standing.MEMBER
    world.later()
    before = world.harness.rows()
    assert NOT_ADMIN in plain_text.text(await world.page(ADMIN, "/admin resume"))
    assert world.harness.rows() == before
    assert world.asked.asked == [(HERE, ADMIN)] * 2


@pytest.mark.parametrize("line", ["/admin freeze", "/admin log", "/admin void", '/admin create Cup "A, B"'])
async def test_what_cannot_be_asked_is_refused_with_that_sentence(world: World, line: str) -> None:
    await begun(world)
    world.asked.answers = False
    before = world.harness.rows()
    reply = await world.page(ADMIN, line)
    assert plain_text.text(reply) == CANNOT
    assert (reply.ok, reply.code) == (False, "cannot_ask")
    assert world.harness.rows() == before
    world.asked.answers = True
    assert NOT_ADMIN in plain_text.text(await world.page("ada", line))


async def test_rights_are_those_of_the_identity_that_came_in_and_of_no_other(world: World) -> None:
    """Ada is linked to an admin of the channel: on Telegram they are none."""
    await begun(world)
    told = plain_text.text(
        await world.harness.say(ADMIN, "/link", platform="discord", chat=ADMIN, kind=ChatKind.PRIVATE)
    )
    linked = await world.harness.say(
        "ada", f"/link {code_in(told)}", platform="telegram", chat="ada", kind=ChatKind.PRIVATE
    )
    assert linked.ok, plain_text.text(linked)
    assert (await world.page(ADMIN, "/admin log")).ok
    assert NOT_ADMIN in plain_text.text(await world.page("ada", "/admin log", platform="telegram"))


async def test_a_member_and_a_stranger_are_no_admins_wherever_they_speak(world: World) -> None:
    await begun(world)
    before = world.harness.rows()
    for who in ("ada", "eve"):
        assert NOT_ADMIN in plain_text.text(await world.page(who, "/admin freeze"))
    del world.asked.standings[HERE, "eve"]
    world.later()
    assert "cannot see that market" in plain_text.text(await world.page("eve", "/board"))
    assert world.harness.rows() == before


async def test_who_is_in_the_chat_sees_its_markets_and_who_left_does_not(world: World) -> None:
    await begun(world)
    assert await world.sees("eve")
    assert await world.listed("eve") == [1]
    assert "Cup" in plain_text.text(await world.page("eve", "/board"))
    del world.asked.standings[HERE, "eve"]
    world.later()
    assert not await world.sees("eve")
    assert await world.listed("eve") == []
    world.asked.answers = False
    world.later()
    assert not await world.sees("eve")
    assert CANNOT in plain_text.text(await world.page("eve", "/board"))


async def test_nobody_is_asked_about_who_sees_a_market_by_their_own_account(world: World) -> None:
    await begun(world)
    world.asked.asked.clear()
    world.asked.answers = False
    assert await world.sees("ada")
    assert "Cup" in plain_text.text(await world.page("ada", "/board"))
    assert (await world.page("ada", "/buy germany yes $5")).ticket
    assert world.asked.asked == []


async def test_a_draft_is_shown_to_who_is_an_admin_now_and_not_to_who_was(world: World) -> None:
    await drafted(world)
    assert await world.sees(ADMIN)
    assert await world.listed(ADMIN) == [1]
    assert not await world.sees("eve")
    assert "Cup" in plain_text.text(await world.page(ADMIN, "/board"))
    world.asked.standings[HERE, ADMIN] = Standing.MEMBER
    world.later()
    assert not await world.sees(ADMIN)
    assert await world.listed(ADMIN) == []
    assert "cannot see that market" in plain_text.text(await world.page(ADMIN, "/board"))


async def test_a_market_is_made_from_the_page_in_the_chat_they_came_from(world: World) -> None:
    await world.say(ADMIN, "/settings slippage 3%")
    await world.say("eve", "/settings slippage 3%")
    async with world.harness.db.writing() as uow:
        await uow.chats.open("discord", HERE, "group", "#cup", world.harness.now)
        await uow.commit()
    assert NOT_ADMIN in plain_text.text(await world.page("eve", CREATE, market=None))
    assert (await world.page(ADMIN, CREATE, market=None)).ok
    async with world.harness.db.reading() as uow:
        record = await uow.markets.get_one(1)
    assert record.chat_id == (await world.chat()).id
    assert (await world.page(ADMIN, "/admin open", market=None)).ok  # of that chat, whatever the room shows


async def test_an_admin_with_a_part_in_the_market_proposes_and_another_approves_from_wherever_they_are(
    world: World,
) -> None:
    await begun(world)
    world.asked.standings[HERE, "ada"] = Standing.ADMIN
    ticket = await world.say("ada", "/buy germany yes $20")
    assert (await world.say("ada", button(ticket, "Confirm"))).ok
    await world.harness.tick()
    preview = await world.page("ada", "/admin resolve germany")
    proposed = await world.page("ada", button(preview, "Confirm"))
    assert "1" in plain_text.text(proposed), plain_text.text(proposed)
    assert (await world.log())[0].action == "propose"
    own = await world.page("ada", "/admin approve 1")
    assert not own.actions, plain_text.text(own)  # nobody approves what they proposed
    asked = await world.page(ADMIN, "/admin approve 1")
    approved = await world.page(ADMIN, button(asked, "Confirm"))
    assert approved.ok, plain_text.text(approved)
    row = (await world.log())[0]
    assert (row.action, row.after[ENTRANCE]) == ("resolve", "page")


async def test_of_several_chats_the_one_they_run_is_the_one_they_act_for(world: World) -> None:
    """The market is announced in two channels; Bea runs the second."""
    await begun(world)
    word = code_in(plain_text.text(await world.say(ADMIN, "/admin channel code")))
    world.asked.standings[OTHER, "bea"] = Standing.ADMIN
    assert (await world.say("bea", f"/admin channel {word}", chat=OTHER)).ok
    world.asked.asked.clear()
    assert (await world.page("bea", "/admin freeze")).ok
    assert sorted(world.asked.asked) == [(HERE, "bea"), (OTHER, "bea")]
    assert (await world.log())[0].chat == (await world.chat(OTHER)).id
