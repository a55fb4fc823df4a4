"""Where the bot's words go on Discord, and how it gets in: threads, shards, tokens, permissions, pins."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.discord_chat import errors, service
from bot.adapters.discord_chat.client import DiscordClient
from bot.adapters.discord_chat.identify_window import WINDOW_MS
from bot.adapters.discord_chat.service import DiscordService, DiscordSettings
from bot.chat.platform import RetryLaterError, Unreachable, UnreachableError
from bot.chat.reply import Attachment, Audience, Reply, line
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from tests.platform.discord_harness import DiscordHarness, discord_harness, drawn, running
from tests.standins.discord_peer import BOT_PERMISSIONS, Permission, Person

NEWS = Reply(head=line("News."), audience=Audience.CHAT)
DIGEST = Reply(head=line("Digest."), audience=Audience.CHAT, aside=True)


def chat(harness: DiscordHarness) -> str:
    return str(harness.channel.id)


async def post(harness: DiscordHarness, reply: Reply, nonce: str = "") -> str:
    assert harness.bot is not None
    return await harness.bot.platform.post(chat(harness), reply, nonce=nonce)


# -- the thread beside a market


async def test_digests_go_into_one_thread_of_the_market(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        await running(harness)
        await post(harness, DIGEST)
        await post(harness, DIGEST)
        [thread] = harness.channel.threads
        assert thread.name.startswith("Cup")
        assert [message.text for message in thread.public if "Digest." in message.text] == ["**Digest.**"] * 2
        assert "Digest." not in harness.admin.reads(harness.channel)
        harness.assert_sound()


async def test_the_thread_is_found_again_after_a_restart_and_revived_when_filed_away(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        await running(harness)
        await post(harness, DIGEST)
        [thread] = harness.channel.threads
        await harness.stop()
        await harness.start()
        thread.archive()
        await post(harness, DIGEST)
        assert harness.channel.threads == [thread]
        assert len([message for message in thread.public if "Digest." in message.text]) == 2


async def test_a_thread_that_was_deleted_is_made_anew(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        await running(harness)
        await post(harness, DIGEST)
        [thread] = harness.channel.threads
        thread.delete()
        await post(harness, DIGEST)
        [other] = harness.channel.threads
        assert other is not thread
        assert "Digest." in harness.admin.reads(other)


async def test_where_there_can_be_no_thread_digests_stay_in_the_channel(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        await running(harness)
        harness.channel.deny(harness.guild.bot_role, Permission.CREATE_PUBLIC_THREADS)
        await post(harness, DIGEST)
        await post(harness, DIGEST)
        assert harness.channel.threads == []
        assert harness.admin.reads(harness.channel).count("Digest.") == 2
        assert len(harness.peer.request_log.of("POST /channels/{channel}/threads")) == 1  # it is not tried each time


async def test_a_thread_counts_as_its_channel(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        await post(harness, DIGEST)
        [thread] = harness.channel.threads
        harness.peer.clock.advance(1_000)
        asked = await ada.slash(thread, "buy", outcome="Germany", side="yes", amount="$50")
        assert asked.text.startswith("**Buy Germany YES")
        await harness.press(ada, asked.reply, "Confirm")
        await harness.tick()
        assert asked.reply.text.startswith("**Filled:")
        harness.assert_sound()


# -- posts


async def test_the_same_notice_sent_twice_stands_once(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        first = await post(harness, NEWS, "abcdef0123")
        assert await post(harness, NEWS, "abcdef0123") == first
        assert len(harness.channel.public) == 1


async def test_a_board_that_cannot_be_pinned_stands_all_the_same(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        harness.channel.deny(harness.guild.bot_role, Permission.PIN_MESSAGES)
        await post(harness, Reply(head=line("Board."), audience=Audience.CHAT, pin=True))
        assert harness.channel.pinned == []
        assert "Board." in harness.admin.reads(harness.channel)


async def test_one_board_is_pinned_however_often_it_is_posted(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        for text in ("Old.", "New."):
            await post(harness, Reply(head=line(text), audience=Audience.CHAT, pin=True))
        assert [message.text for message in harness.channel.pinned] == ["**New.**"]
        harness.assert_sound()


async def test_nobody_is_mentioned_by_a_name(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        await post(harness, Reply(head=line(f"<@{harness.admin.id}> @everyone @here"), audience=Audience.CHAT))
        [message] = harness.channel.public
        assert message.mentions == []
        assert not message.mention_everyone
        body = harness.peer.request_log.of("POST /channels/{channel}/messages")[-1].json()
        assert (
            body["allowed_mentions"] == {"parse": [], "replied_user": False} or body["allowed_mentions"]["parse"] == []
        )


async def test_a_file_goes_along(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        file = Attachment(name="trades.csv", data=b"trade_id\n", media_type="text/csv")
        await post(harness, Reply(head=line("Trades."), files=(file,), audience=Audience.CHAT))
        [message] = harness.channel.public
        assert [(attachment.filename, attachment.data) for attachment in message.attachments] == [
            ("trades.csv", b"trade_id\n")
        ]
        harness.assert_sound()


@pytest.mark.parametrize(
    ("right", "detail"),
    [
        (Permission.SEND_MESSAGES, "Send Messages"),
        (Permission.VIEW_CHANNEL, "View Channel"),
        (Permission.ATTACH_FILES, "Attach Files"),
    ],
)
async def test_what_permission_is_missing_is_said(tmp_path: Path, right: Permission, detail: str) -> None:
    async with discord_harness(tmp_path) as harness:
        harness.channel.deny(harness.guild.bot_role, right)
        await harness.peer.gateway.connected()
        file = Attachment(name="a.csv", data=b"x", media_type="text/csv")
        with pytest.raises(UnreachableError) as error:
            await post(harness, Reply(head=line("News."), files=(file,), audience=Audience.CHAT))
        assert error.value.why is Unreachable.FORBIDDEN
        assert detail in error.value.detail


@pytest.mark.parametrize(
    ("status", "fact"), [(429, "waits as long as it is told"), (503, "waits"), (500, "is tried again at once")]
)
async def test_trouble_at_discord_means_later(tmp_path: Path, status: int, fact: str) -> None:
    async with discord_harness(tmp_path) as harness:
        harness.peer.faults.answer(status, "POST /channels/*/messages", times=1, retry_after=9.0)
        if status == 500:
            assert await post(harness, NEWS)
            return
        with pytest.raises(RetryLaterError) as error:
            await post(harness, NEWS)
        assert error.value.after_ms >= (9_000 if status == 429 else 1_000)


@pytest.mark.parametrize("route", ["POST /channels/*/messages", "POST /users/@me/channels"])
async def test_a_limit_over_everything_stops_everything(tmp_path: Path, route: str) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        assert harness.bot is not None
        harness.peer.clock.advance(20 * 60_000)
        harness.peer.faults.answer(429, route, retry_after=9.0, scope="global")
        tell = harness.bot.platform.tell
        sending = post(harness, NEWS) if "messages" in route else tell(str(ada.id), NEWS, edit_ref=None, chat_ext=None)
        with pytest.raises(RetryLaterError) as error:
            await sending
        assert error.value.overall
        assert 1_000 < error.value.after_ms <= 9_000
        asked = len(harness.peer.calls)
        for again in (post(harness, DIGEST), harness.bot.platform.edit(chat(harness), "1:2", NEWS)):
            with pytest.raises(RetryLaterError) as error:
                await again
            assert error.value.overall
        assert len(harness.peer.calls) == asked


async def test_a_message_that_is_gone_is_told_apart_from_a_chat_that_is_gone(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        assert harness.bot is not None
        ref = await post(harness, NEWS)
        [message] = harness.channel.public
        harness.peer.world.remove(message)
        with pytest.raises(UnreachableError) as error:
            await harness.bot.platform.edit(chat(harness), ref, NEWS)
        assert error.value.why is Unreachable.MESSAGE
        harness.channel.delete()
        with pytest.raises(UnreachableError) as error:
            await post(harness, NEWS)
        assert error.value.why is Unreachable.CHAT


@pytest.mark.parametrize("ref", ["", "x", "1", "i:1:2", "1:2:3", "room-17"])
async def test_a_ref_of_nothing_is_a_message_that_is_gone(tmp_path: Path, ref: str) -> None:
    async with discord_harness(tmp_path) as harness:
        assert harness.bot is not None
        with pytest.raises(UnreachableError):
            await harness.bot.platform.edit(chat(harness), ref, NEWS)


# -- getting in


async def test_a_wrong_token_is_tried_again_later_and_disturbs_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with discord_harness(tmp_path, start=False) as harness:
        dispatcher = Dispatcher(harness.db, harness.clock, COMMANDS)
        access = DiscordSettings(token="wrong-token", api_base=harness.peer.api, gateway=harness.peer.gateway_url)
        wrong = DiscordService(harness.db, dispatcher, harness.clock, drawn, access, harness.holder)
        await wrong.start()
        await harness.peer.until(lambda: any(call.status == 401 for call in harness.peer.calls), what="the refusal")
        with pytest.raises(RetryLaterError):
            await wrong.platform.post(chat(harness), NEWS)
        await wrong.stop()
        assert "wrong-token" not in caplog.text


async def test_before_the_login_is_complete_everything_waits(tmp_path: Path) -> None:
    async with discord_harness(tmp_path, start=False) as harness:
        access = DiscordSettings(token=harness.peer.token, api_base=harness.peer.api, gateway=harness.peer.gateway_url)
        dispatcher = Dispatcher(harness.db, harness.clock, COMMANDS)
        early = DiscordService(harness.db, dispatcher, harness.clock, drawn, access, harness.holder)
        with pytest.raises(RetryLaterError) as error:
            await early.platform.post(chat(harness), NEWS)
        assert error.value.overall


NEVER_S = 10.0**6


async def test_it_closes_without_waiting_for_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it would wait: a stop that came to that would not end."""
    monkeypatch.setattr(service, "CLOSE_S", NEVER_S)
    monkeypatch.setattr(service, "ANSWER_S", NEVER_S)
    async with discord_harness(tmp_path) as harness:
        await harness.stop()
        assert not harness.peer.gateway.live()


async def test_a_line_that_does_not_close_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, never = asyncio.Event(), asyncio.Event()

    async def close(connection: DiscordClient) -> None:
        asked.set()
        await never.wait()

    async with discord_harness(tmp_path) as harness:
        with monkeypatch.context() as patched:
            patched.setattr(DiscordClient, "close", close)
            patched.setattr(service, "CLOSE_S", 0.01)
            bot = harness.bot
            assert bot is not None
            connection = bot.platform.client
            await harness.stop()
            assert asked.is_set()
            with pytest.raises(RetryLaterError):
                await bot.platform.post(chat(harness), NEWS)
        assert isinstance(connection, DiscordClient)
        await connection.close()


async def test_what_is_being_answered_is_still_answered_at_a_stop(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        held = harness.peer.faults.hold("PATCH /webhooks/*")
        harness.peer.clock.advance(1_000)
        asked = asyncio.create_task(ada.slash(harness.channel, "positions"))
        await held.reached.wait()
        stopping = asyncio.create_task(harness.stop())
        await asyncio.sleep(0.05)
        held.release()
        await stopping
        assert "/buy" in (await asked).text


async def test_all_shards_connect_and_each_answers_its_servers(tmp_path: Path) -> None:
    async with discord_harness(tmp_path, start=False) as harness:
        await harness.start(shard_count=2)
        harness.peer.clock.advance(WINDOW_MS)  # one identify in so long
        await harness.peer.gateway.connected(2)
        answers = []
        for number in range(4):
            guild = harness.peer.guild(f"Guild {number}")
            channel = guild.text("market")
            answers.append(await guild.member("ada").slash(channel, "rules"))
        assert all(answer.ephemeral for answer in answers)
        harness.assert_sound()


async def test_a_process_takes_the_shards_it_is_given_and_no_others(tmp_path: Path) -> None:
    async with discord_harness(tmp_path, start=False) as harness:
        access = DiscordSettings(
            token=harness.peer.token,
            api_base=harness.peer.api,
            gateway=harness.peer.gateway_url,
            shard_ids=(2,),
            shard_count=3,
        )
        service_of_shard = DiscordService(
            harness.db,
            Dispatcher(harness.db, harness.clock, COMMANDS),
            harness.clock,
            drawn,
            access,
            harness.holder,
            harness._ready,
        )
        await harness.holder.start()
        await service_of_shard.start()
        await harness.peer.until(lambda: harness.ready, 10.0, "the shard to be ready")
        assert [harness.peer.gateway.live(shard) != [] for shard in range(3)] == [False, False, True]
        await service_of_shard.stop()


async def test_commands_that_cannot_be_registered_are_registered_at_the_next_start(tmp_path: Path) -> None:
    async with discord_harness(tmp_path, start=False) as harness:
        harness.peer.faults.answer(503, "PUT /applications/*/commands")
        await harness.start()
        assert not harness.peer.world.commands.get(None)
        await harness.stop()
        await harness.start()
        assert harness.peer.world.commands[None]


async def test_a_command_that_is_no_more_is_answered_too(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        harness.peer.world.commands[None].append({**harness.peer.world.commands[None][0], "name": "old", "id": "1"})
        ada: Person = harness.guild.member("ada")
        answer = await harness.slash(ada, "old")
        assert answer.ephemeral
        assert "/help" in answer.text


@pytest.mark.parametrize(
    ("code", "status", "why"),
    [
        (errors.UNKNOWN_CHANNEL, 404, Unreachable.CHAT),
        (errors.MISSING_ACCESS, 403, Unreachable.FORBIDDEN),
        (errors.MISSING_PERMISSIONS, 403, Unreachable.FORBIDDEN),
        (errors.UNKNOWN_MESSAGE, 404, Unreachable.MESSAGE),
        (errors.NO_DIRECT_MESSAGES, 403, Unreachable.PERSON),
        (errors.EXPIRED_TOKEN, 401, Unreachable.MESSAGE),
        (0, 403, Unreachable.FORBIDDEN),
        (0, 404, Unreachable.MESSAGE),
        (50035, 400, Unreachable.MESSAGE),
    ],
)
def test_each_refusal_has_its_reason(code: int, status: int, why: Unreachable) -> None:
    translated = errors.translate(refusal(code, status))
    assert isinstance(translated, UnreachableError)
    assert translated.why is why


@pytest.mark.parametrize(("code", "status"), [(0, 500), (0, 503), (0, 429), (errors.EDITED_TOO_OFTEN, 400), (0, 401)])
def test_some_refusals_are_over_later(code: int, status: int) -> None:
    assert isinstance(errors.translate(refusal(code, status)), RetryLaterError)


def refusal(code: int, status: int) -> Exception:
    """As discord.py raises it."""
    import discord

    class Response:
        reason = "x"

        def __init__(self) -> None:
            self.status = status

    made: type[discord.HTTPException] = discord.HTTPException
    response: Any = Response()  # all that discord.py looks at
    return made(response, {"code": code, "message": "no"})


# -- coming and going


async def test_a_permission_that_is_given_back_lets_out_what_waited(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        harness.channel.deny(harness.guild.bot_role, Permission.VIEW_CHANNEL)
        asked = await harness.slash(ada, "buy", outcome="Germany", side="yes", amount="$50")
        await harness.press(ada, asked.reply, "Confirm")
        await harness.tick()
        assert await lost(harness) == "forbidden"
        harness.channel.allow(harness.guild.bot_role, Permission.VIEW_CHANNEL)
        await until_lost_is(harness, None)
        await harness.tick()
        [board] = harness.channel.pinned
        assert "Germany  51.2¢" in board.text


async def test_who_kicks_the_bot_and_asks_it_back_finds_the_market_as_it_was(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        harness.guild.kick_bot()
        await until_lost_is(harness, "chat")
        harness.guild.invite_bot(BOT_PERMISSIONS)
        await until_lost_is(harness, None)
        before = len(harness.channel.public)
        for _ in range(3):
            await harness.tick()
        assert "I hold markets" not in "".join(message.text for message in harness.channel.public[before:])
        assert (await harness.slash(ada, "positions")).ephemeral


async def test_who_was_put_out_while_it_was_away_finds_out(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        await running(harness)
        await harness.stop()
        harness.guild.kick_bot()
        await harness.start()
        with pytest.raises(UnreachableError) as error:
            await post(harness, NEWS)
        assert error.value.why is Unreachable.CHAT


async def lost(harness: DiscordHarness) -> str | None:
    async with harness.db.reading() as uow:
        record = await uow.chats.find("discord", chat(harness))
    assert record is not None
    return record.lost


async def until_lost_is(harness: DiscordHarness, why: str | None) -> None:
    """The bot has heard of it; the database rings no changes."""
    for _ in range(10_000):  # a guard against waiting for ever, no measure
        if await lost(harness) == why:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"the chat is {await lost(harness)!r} still")
