"""Whether somebody is in a chat, and an admin there, as the platforms say by REST alone: the real clients, strict
servers in the platforms' places, no gateway, no polling, no privileged intent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.adapters.discord_chat.rights import REFUSED_MS, REMEMBERED_MS, DiscordRights
from bot.adapters.telegram_chat.connection import TelegramSettings
from bot.adapters.telegram_chat.rights import QUESTIONS, TelegramRights
from bot.app import rights_of
from bot.chat import rights
from bot.chat.rate_limits import Budget
from bot.chat.rights import KEPT_MS, CannotAskError, ChatRights, Rights, Standing
from bot.ending import End
from bot.settings import Settings
from storage.chats import ChatSettings
from storage.database import Database
from tests.platform.discord_harness import restored_library
from tests.platform.peer_clock import PeerClock
from tests.standins.discord_peer import Channel, DiscordPeer, Guild, Permission, Person
from tests.standins.discord_peer.client import pointed_at
from tests.standins.telegram_peer import Chat, ManualClock, TelegramPeer, User
from tests.storage.databases import migrated_file

STRANGER, MEMBER, ADMIN = Standing


async def asked(platform: ChatRights, chat: object, person: object) -> Standing | str:
    """What they are there, or that it cannot be asked."""
    try:
        return await platform.standing(str(chat), str(person))
    except CannotAskError:
        return "cannot be asked"


# -- Discord


@dataclass(slots=True, kw_only=True)
class DiscordWorld:
    peer: DiscordPeer
    db: Database
    guild: Guild
    channel: Channel
    ada: Person
    rights: DiscordRights
    now_ms: int = 1_000_000

    async def standing(self, person: Person | str, channel: Channel | str = "") -> Standing | str:
        """Asked when nothing is remembered any more."""
        self.now_ms += REMEMBERED_MS
        where = channel or self.channel
        chat = where if isinstance(where, str) else where.id
        return await asked(self.rights, chat, person if isinstance(person, str) else person.user.id)


@asynccontextmanager
async def discord_world(folder: Path) -> AsyncIterator[DiscordWorld]:
    async with DiscordPeer() as peer:
        guild = peer.guild("Traders")
        db = Database.open(migrated_file(folder / "rights.db"))
        with pointed_at(peer), restored_library():
            asks = DiscordRights(peer.token, peer.api, db, lambda: world.now_ms)
            world = DiscordWorld(
                peer=peer, db=db, guild=guild, channel=guild.text("market"), ada=guild.member("ada"), rights=asks
            )
            try:
                yield world
            finally:
                await asks.close()
                await db.close()


async def test_discord_says_who_is_in_a_channel_and_who_manages_it(tmp_path: Path) -> None:
    async with discord_world(tmp_path) as world:
        guild, channel, ada = world.guild, world.channel, world.ada
        host, quiz, whole = guild.role("host", Permission.MANAGE_GUILD), guild.role("quiz"), guild.role("whole")
        async with world.db.writing() as uow:
            chat = await uow.chats.open("discord", str(channel.id), "group", "market", 0)
            await uow.chats.set_settings(chat.id, ChatSettings(admin_role=str(quiz.id)))
            await uow.commit()
        hidden = guild.text("hidden")
        hidden.deny(guild.everyone, Permission.VIEW_CHANNEL)
        for role in (whole, guild.bot_role):
            hidden.allow(role, Permission.VIEW_CHANNEL)
        boss, ben, cleo = guild.member("boss", host), guild.member("ben", quiz), guild.member("cleo", whole)
        owner = Person(guild.owner, world.peer.world)
        stranger = world.peer.person("eve")
        rows: list[tuple[Person | str, Channel | str, Standing]] = [
            (ada, channel, MEMBER),
            (boss, channel, ADMIN),  # manages the server
            (ben, channel, ADMIN),  # has the role this channel has named
            (ben, hidden, STRANGER),  # which is another's
            (owner, hidden, ADMIN),
            (ada, hidden, STRANGER),
            (cleo, hidden, MEMBER),
            (boss, hidden, STRANGER),  # what they cannot see they do not run
            (stranger, channel, STRANGER),
            ("1", channel, STRANGER),  # nobody of Discord's
            (ada, "1", STRANGER),  # no channel of Discord's
            (ada, "room", STRANGER),
            ("chat:5", channel, STRANGER),
        ]
        for person, where, standing in rows:
            name = person if isinstance(person, str) else person.user.name
            assert await world.standing(person, where) == standing, (name, where)
        guild.leave(boss)
        guild.member(ben)  # without the role
        guild.member(ada, guild.role("chief", Permission.ADMINISTRATOR))
        assert await world.standing(boss) is STRANGER
        assert await world.standing(ben) is MEMBER
        assert await world.standing(ada) is ADMIN
        assert not world.peer.gateway.live()  # REST alone


async def test_discord_says_whether_the_bot_may_post_in_another_channel_of_the_server(tmp_path: Path) -> None:
    async with discord_world(tmp_path) as world:
        guild = world.guild
        news, mute, hidden, voice = (guild.text(name) for name in ("news", "mute", "hidden", "voice"))
        voice.kind = 2
        mute.deny(guild.bot_role, Permission.SEND_MESSAGES)
        hidden.deny(guild.bot_role, Permission.VIEW_CHANNEL)
        rows: list[tuple[str, rights.Channel | None]] = [
            (f"<#{news.id}>", rights.Channel(ext=str(news.id), name="#news")),
            (str(mute.id), rights.Channel(ext=str(mute.id), name="#mute", lacks=("Send Messages", "Attach Files"))),
            (str(hidden.id), rights.Channel(ext=str(hidden.id), name="", lacks=("View Channel",))),
            (str(voice.id), None),
            (str(world.peer.guild("Others").text("far").id), None),
            ("1", None),
            ("news", None),
        ]
        for typed, channel in rows:
            assert await world.rights.channel(str(world.channel.id), typed) == channel, typed


async def test_a_crowd_costs_discord_one_request_each(tmp_path: Path) -> None:
    async with discord_world(tmp_path) as world:
        people = [world.guild.member(f"p{number}") for number in range(8)]
        await world.standing(world.ada)
        before = len(world.peer.calls)
        for person in people:
            assert await asked(world.rights, world.channel.id, person.user.id) is MEMBER
        assert [call.method + call.path.partition("/members")[1] for call in world.peer.calls[before:]] == [
            "GET/members"
        ] * len(people)


async def test_what_discord_does_not_say_cannot_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with discord_world(tmp_path) as world:
        faults, ada = world.peer.faults, world.ada
        assert await world.standing(ada) is MEMBER
        troubles: list[Callable[[], object]] = [
            lambda: faults.answer(429, "GET /guilds/*/members/*", retry_after=30.0),
            lambda: faults.answer(429, "GET /channels/*", retry_after=30.0),
            lambda: faults.answer(503, "GET /guilds/*"),
            lambda: faults.drop("GET /guilds/*/members/*", times=2),  # its client tries a kept line once more
            lambda: faults.drop("GET /channels/*", times=2),
        ]
        for trouble in troubles:
            trouble()
            assert await world.standing(ada) == "cannot be asked"
            assert await world.standing(ada) is MEMBER
        world.guild.kick_bot()
        assert await world.standing(ada) == "cannot be asked"
        refused = len(world.peer.calls)
        world.now_ms += REMEMBERED_MS // 2
        assert await asked(world.rights, world.channel.id, ada.user.id) == "cannot be asked"
        assert len(world.peer.calls) == refused  # what was refused is not asked again at once
        world.guild.invite_bot(Permission.ADMINISTRATOR)
        assert await world.standing(ada) is MEMBER


async def test_a_discord_that_never_answers_is_waited_for_so_long_and_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with discord_world(tmp_path) as world:
        asks = Rights({"discord": world.rights}, lambda: world.now_ms)
        where = ("discord", str(world.channel.id), str(world.ada.user.id))
        held = world.peer.faults.hold("GET /users/@me")
        with monkeypatch.context() as patience:
            patience.setattr(rights, "ASK_S", 0.05)
            with pytest.raises(CannotAskError):
                await asks.standing(*where)
        held.release()
        assert await asks.standing(*where) is MEMBER
        world.guild.leave(world.ada)
        assert await asks.standing(*where) is MEMBER
        world.now_ms += KEPT_MS
        assert await asks.standing(*where) is STRANGER


async def test_a_token_that_discord_does_not_take_is_tried_once_a_minute(tmp_path: Path) -> None:
    async with discord_world(tmp_path) as world:
        wrong = DiscordRights("not.the.token", world.peer.api, world.db, lambda: world.now_ms)
        for tries in (1, 1, 2):
            assert await asked(wrong, world.channel.id, world.ada.user.id) == "cannot be asked"
            assert len([call for call in world.peer.calls if call.status == 401]) == tries
            world.now_ms += REFUSED_MS // 2 + 1
        await wrong.close()


# -- Telegram


@dataclass(slots=True, kw_only=True)
class TelegramWorld:
    peer: TelegramPeer
    clock: ManualClock
    group: Chat
    ada: User
    ben: User
    budget: Budget
    rights: TelegramRights

    async def standing(self, person: User | str, chat: Chat | str = "") -> Standing | str:
        self.clock.advance(1)
        where = chat or self.group
        return await asked(
            self.rights,
            where if isinstance(where, str) else where.id,
            person if isinstance(person, str) else person.id,
        )


@asynccontextmanager
async def telegram_world() -> AsyncIterator[TelegramWorld]:
    clock = ManualClock()
    async with TelegramPeer(clock=clock) as peer:
        ada, ben = peer.world.user("Ada"), peer.world.user("Ben")
        group = peer.world.supergroup("Traders", ada, forum=True)
        await group.add(ben)

        def now_ms() -> int:
            return int(clock() * 1000)

        budget = Budget.of("telegram", None)
        settings = TelegramSettings(token=peer.token, api_base=peer.base_url, file_base=peer.file_url)
        asks = TelegramRights(settings, budget, now_ms)
        try:
            yield TelegramWorld(peer=peer, clock=clock, group=group, ada=ada, ben=ben, budget=budget, rights=asks)
        finally:
            await asks.close()


async def test_telegram_says_who_is_in_a_chat_and_who_administers_it() -> None:
    async with telegram_world() as world:
        peer, group = world.peer, world.group
        cleo, dan = peer.world.user("Cleo"), peer.world.user("Dan")
        for person in (cleo, dan):
            await group.add(person)
        await group.mute(cleo)
        await group.kick(dan)
        channel = peer.world.channel("News", world.ben)
        await channel.add_bot()
        await channel.promote(peer.world.bot)
        await channel.add(world.ada)
        rows: list[tuple[User | str, Chat | str, Standing]] = [
            (world.ada, group, ADMIN),  # its creator
            (world.ben, group, MEMBER),
            (world.ben, f"{group.id}:77", MEMBER),  # a topic is its group's
            (cleo, group, MEMBER),  # may not write, and is in it
            (dan, group, STRANGER),
            (peer.world.user("Eve"), group, STRANGER),
            ("987654321", group, STRANGER),  # nobody of Telegram's
            (world.ben, channel, ADMIN),
            (world.ada, channel, MEMBER),
            (world.ada, str(world.ada.id), STRANGER),  # a private chat is nobody's to run
            (f"chat:{group.id}", group, STRANGER),
            (world.ada, "room", STRANGER),
        ]
        for who, where, standing in rows:
            assert await world.standing(who, where) == standing, (who, where)
        await group.promote(world.ben, anonymous=True)
        assert await world.standing(world.ben) is ADMIN
        await group.demote(world.ben)
        assert await world.standing(world.ben) is MEMBER
        await group.kick(world.ben)
        assert await world.standing(world.ben) is STRANGER
        assert {call.method for call in peer.calls} == {"getChatMember"}
        assert world.budget.wait(str(group.id), int(world.clock() * 1000)) == 0  # a question is no message


async def test_telegram_lists_who_administers_a_chat_and_no_bot() -> None:
    """Anonymous ones too, and those of a topic's group; what it does not tell cannot be asked."""
    async with telegram_world() as world:
        peer, group = world.peer, world.group
        await group.promote(peer.world.bot)
        await group.promote(world.ben, anonymous=True)
        everybody = [(str(world.ada.id), "Ada"), (str(world.ben.id), "Ben")]
        for where, admins in ((str(group.id), everybody), (f"{group.id}:77", everybody), (str(world.ada.id), [])):
            assert sorted(await world.rights.admins(where)) == sorted(admins), where
        assert {call.method for call in peer.calls} == {"getChatAdministrators"}
        stranger = peer.world.supergroup("Elsewhere", world.ada, bot=False)
        with pytest.raises(rights.CannotAskError):
            await world.rights.admins(str(stranger.id))


async def test_telegram_says_whether_the_bot_may_post_in_another_topic_of_the_group() -> None:
    async with telegram_world() as world:
        topic, group = world.peer.world.new_topic(world.group, "Results"), str(world.group.id)
        there = rights.Channel(ext=f"{group}:{topic.id}", name=f"topic {topic.id}")
        inner = group.removeprefix("-100")
        rows: list[tuple[str, str, rights.Channel | None]] = [
            (group, str(topic.id), there),
            (f"{group}:{topic.id}", f"https://t.me/c/{inner}/{topic.id}", there),
            (group, f"https://t.me/c/{inner}/{topic.id}/9", there),
            (group, f"https://t.me/c/1{inner}/{topic.id}", None),  # another group's
            (group, "98765", None),
            (group, "results", None),
            (str(world.ada.id), str(topic.id), None),
        ]
        for chat, typed, channel in rows:
            assert await world.rights.channel(chat, typed) == channel, typed


async def test_a_group_that_became_a_supergroup_is_asked_under_its_new_number() -> None:
    async with telegram_world() as world:
        old = world.peer.world.group("Old", world.ada)
        await old.add_bot()
        await old.migrate()
        assert await world.standing(world.ada, str(old.id)) is ADMIN


async def test_what_telegram_does_not_say_cannot_be_asked() -> None:
    async with telegram_world() as world:
        faults = world.peer.faults
        troubles: list[Callable[[], object]] = [
            lambda: faults.error(500),
            lambda: faults.error(502),
            lambda: faults.error(401, description="Unauthorized"),
            lambda: faults.error(400, description="Bad Request: CHAT_ADMIN_REQUIRED"),
            faults.drop,
            faults.lose,
        ]
        for trouble in troubles:
            trouble()
            assert await world.standing(world.ada) == "cannot be asked"
            assert await world.standing(world.ada) is ADMIN
        await world.group.kick_bot()
        assert await world.standing(world.ada) == "cannot be asked"


async def test_telegram_is_left_alone_for_as_long_as_it_says_by_questions_and_messages_alike() -> None:
    async with telegram_world() as world:
        world.peer.faults.too_many(20, chat=world.group)
        assert await world.standing(world.ada) == "cannot be asked"
        asked_before = len(world.peer.calls)
        assert await world.standing(world.ada) == "cannot be asked"
        assert len(world.peer.calls) == asked_before
        assert world.budget.wait(str(world.group.id), int(world.clock() * 1000)) > 0
        world.clock.advance(20)
        assert await world.standing(world.ada) is ADMIN


async def test_telegram_is_asked_so_often_a_second_and_no_more() -> None:
    async with telegram_world() as world:
        await world.standing(world.ada)
        world.clock.advance(1)
        before = len(world.peer.calls)
        answers = [await asked(world.rights, world.group.id, 10_000 + number) for number in range(20)]
        assert answers.count("cannot be asked") == 20 - QUESTIONS[0].count
        assert len(world.peer.calls) - before == QUESTIONS[0].count


async def test_a_telegram_that_never_answers_is_waited_for_so_long_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with telegram_world() as world:
        gate = world.peer.faults.hold("getChatMember")
        asks = Rights({"telegram": world.rights}, lambda: int(world.clock() * 1000))
        with monkeypatch.context() as patience:
            patience.setattr(rights, "ASK_S", 0.05)
            with pytest.raises(CannotAskError):
                await asks.standing("telegram", str(world.group.id), str(world.ada.id))
        gate.set()
        assert await asks.standing("telegram", str(world.group.id), str(world.ada.id)) is ADMIN


# -- what `outcry run` puts together


async def test_a_process_with_the_tokens_can_ask_both_whichever_of_them_it_serves(tmp_path: Path) -> None:
    async with discord_world(tmp_path) as world, telegram_world() as other:
        settings = Settings(
            discord_token=world.peer.token,
            discord_api_base=world.peer.api,
            telegram_token=other.peer.token,
            telegram_api_base=other.peer.base_url,
        )
        ends: dict[str, End] = {}
        clock = ManualClock()
        asks = rights_of(settings, world.db, PeerClock(lambda: int(clock() * 1000)), {"telegram": Budget()}, ends)
        assert await asks.standing("discord", str(world.channel.id), str(world.ada.user.id)) is MEMBER
        assert await asks.standing("telegram", str(other.group.id), str(other.ada.id)) is ADMIN
        for end in ends.values():
            await end()
        nobody = rights_of(Settings(), world.db, PeerClock(lambda: 0), {}, {})
        for platform in ("discord", "telegram", "room"):
            with pytest.raises(CannotAskError):
                await nobody.standing(platform, str(world.channel.id), str(world.ada.user.id))
