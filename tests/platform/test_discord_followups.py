"""Private news on Discord: beside what somebody did last while its token lives, and only then as a direct message."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.adapters.discord_chat.followups import CHANNEL_LIMIT
from bot.chat.platform import RetryLaterError
from bot.chat.reply import Reply, line
from tests.platform.discord_harness import DiscordHarness, discord_harness, running
from tests.standins.discord_peer import Channel, Person

NEWS = Reply(head=line("You were paid."))
OPENED = "POST /users/@me/channels"
FOLLOWED = "POST /webhooks/{application}/{token}"


async def tell(harness: DiscordHarness, who: Person, reply: Reply = NEWS, *, edit_ref: str | None = None) -> str:
    assert harness.bot is not None
    return await harness.bot.platform.tell(str(who.id), reply, edit_ref=edit_ref, chat_ext=str(harness.channel.id))


def messages_told(who: Person, where: Channel, text: str = "You were paid.") -> int:
    """How many messages there are shown to this person alone and say so."""
    return len(
        [message for message in who.sees(where) if text in message.text and (message.ephemeral or where is who.dm)]
    )


def conversations_opened(harness: DiscordHarness) -> int:
    return len(harness.peer.request_log.of(OPENED))


async def test_news_follows_what_she_did_last_and_nobody_else_reads_it(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada, bob] = await running(harness, "ada", "bob")
        harness.peer.clock.advance(13 * 60_000)
        await tell(harness, ada)
        assert messages_told(ada, harness.channel) == 1
        assert "You were paid." not in bob.reads(harness.channel)
        assert conversations_opened(harness) == 0
        harness.assert_sound()


async def test_news_said_beside_can_be_changed_there(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        ref = await tell(harness, ada)
        assert await tell(harness, ada, Reply(head=line("You were paid more.")), edit_ref=ref) == ref
        assert messages_told(ada, harness.channel, "You were paid more.") == 1
        assert messages_told(ada, harness.channel) == 0
        harness.assert_sound()


async def test_after_the_tokens_life_it_is_a_direct_message(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        harness.peer.clock.advance(14 * 60_000)
        await tell(harness, ada)
        assert (messages_told(ada, harness.channel), messages_told(ada, ada.dm)) == (0, 1)
        harness.assert_sound()


async def test_after_a_restart_it_is_a_direct_message(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        await harness.stop()
        await harness.start()
        await tell(harness, ada)
        assert (messages_told(ada, harness.channel), messages_told(ada, ada.dm)) == (0, 1)
        harness.assert_sound()


@pytest.mark.parametrize("code", [50027, 10015])
async def test_a_token_that_is_refused_is_not_tried_twice(tmp_path: Path, code: int) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        for interaction in list(harness.peer.world.interactions.values()):
            if code == 50027:
                interaction.created_ms -= 16 * 60_000
            else:
                del harness.peer.world.interactions[interaction.id]
        await tell(harness, ada)
        await tell(harness, ada)
        assert [call.code for call in harness.peer.refused] == [code]
        assert (messages_told(ada, harness.channel), messages_told(ada, ada.dm)) == (0, 2)


async def test_a_market_is_never_spoken_of_in_another_communitys_channel(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        harness.peer.clock.advance(14 * 60_000)
        other = harness.guild.text("other")
        await ada.slash(other, "rules")
        await tell(harness, ada)
        assert (messages_told(ada, other), messages_told(ada, harness.channel), messages_told(ada, ada.dm)) == (0, 0, 1)
        harness.assert_sound()


async def test_an_answer_that_is_not_there_yet_is_not_taken_for_one(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        harness.peer.clock.advance(1_000)
        held = harness.peer.faults.hold("PATCH /webhooks/*")
        asking = asyncio.create_task(ada.slash(harness.channel, "positions"))
        await held.reached.wait()
        await tell(harness, ada)
        held.release()
        asked = await asking
        assert "/buy" in asked.text
        assert messages_told(ada, harness.channel) == 1
        harness.assert_sound()


async def test_a_channel_that_takes_no_more_leaves_the_others_to_direct_messages(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        people = await running(harness, *(f"p{number}" for number in range(CHANNEL_LIMIT.count)))
        harness.peer.clock.advance(60_000)
        for person in people:
            await tell(harness, person)
        beside = sum(messages_told(person, harness.channel) for person in people)
        assert beside == CHANNEL_LIMIT.count - CHANNEL_LIMIT.spare
        assert sum(messages_told(person, person.dm) for person in people) == CHANNEL_LIMIT.spare
        harness.assert_sound()


async def test_a_channel_that_is_refused_earlier_than_we_thought_is_left_alone_for_a_minute(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada, bob] = await running(harness, "ada", "bob")
        refused = harness.peer.faults.answer(429, "POST /webhooks/*", times=99, retry_after=30.0, scope="shared")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("bot.adapters.discord_chat.platform.FOLLOW_UP_S", 0.3)
            with pytest.raises(RetryLaterError):
                await tell(harness, ada)
        await tell(harness, ada)
        await tell(harness, bob)
        assert refused.met == 1
        assert [messages_told(person, person.dm) for person in (ada, bob)] == [1, 1]
        harness.peer.faults.clear()
        harness.peer.clock.advance(61_000)
        await tell(harness, bob)
        assert messages_told(bob, harness.channel) == 1


async def test_twenty_people_are_paid_without_a_conversation_being_opened(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        people = await running(harness, *(f"p{number}" for number in range(20)))
        for person in people:
            asked = await harness.slash(person, "buy", outcome="Germany", side="yes", amount="$5")
            await harness.press(person, asked.reply, "Confirm")
        await harness.tick()
        harness.peer.clock.advance(60_000)
        before = len(harness.peer.request_log.of(FOLLOWED))
        preview = await harness.slash(harness.admin, "admin resolve", winner="Germany", reason="7-1")
        await harness.press(harness.admin, preview.reply, "Confirm")
        for _ in range(4):
            await harness.tick()
        beside = [
            message
            for who in people
            for message in who.sees(harness.channel)
            if message.ephemeral and "paid" in message.text
        ]
        followed = len(harness.peer.request_log.of(FOLLOWED)) - before
        print(f"20 payouts: {followed} by follow-up, {conversations_opened(harness)} by direct message")
        assert (followed, conversations_opened(harness)) == (20, 0), beside
        assert len({id(person.only_for) for person in beside}) == 20
        harness.assert_sound()
