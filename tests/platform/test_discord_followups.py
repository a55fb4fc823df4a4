"""Private news on Discord: beside what somebody did last while its token lives, and only then as a direct message."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.adapters.discord_chat.followups import CHANNEL_LIMIT
from bot.chat.platform import RetryLaterError
from bot.chat.reply import Reply, line
from tests.platform.discord_harness import Town, running, town
from tests.standins.discord_peer import Channel, Person

NEWS = Reply(head=line("You were paid."))
OPENED = "POST /users/@me/channels"
FOLLOWED = "POST /webhooks/{application}/{token}"


async def tell(here: Town, who: Person, reply: Reply = NEWS, *, edit_ref: str | None = None) -> str:
    assert here.bot is not None
    return await here.bot.platform.tell(str(who.id), reply, edit_ref=edit_ref, chat_ext=str(here.channel.id))


def told(who: Person, where: Channel, text: str = "You were paid.") -> int:
    """How many messages there are hers alone and say so."""
    return len([one for one in who.sees(where) if text in one.text and (one.ephemeral or where is who.dm)])


def opened(here: Town) -> int:
    return len(here.peer.request_log.of(OPENED))


async def test_news_follows_what_she_did_last_and_nobody_else_reads_it(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        [ada, bob] = await running(here, "ada", "bob")
        here.peer.clock.advance(13 * 60_000)
        await tell(here, ada)
        assert told(ada, here.channel) == 1
        assert "You were paid." not in bob.reads(here.channel)
        assert opened(here) == 0
        here.is_sound()


async def test_news_said_beside_can_be_changed_there(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        [ada] = await running(here, "ada")
        ref = await tell(here, ada)
        assert await tell(here, ada, Reply(head=line("You were paid more.")), edit_ref=ref) == ref
        assert told(ada, here.channel, "You were paid more.") == 1
        assert told(ada, here.channel) == 0
        here.is_sound()


async def test_after_the_tokens_life_it_is_a_direct_message(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        [ada] = await running(here, "ada")
        here.peer.clock.advance(14 * 60_000)
        await tell(here, ada)
        assert (told(ada, here.channel), told(ada, ada.dm)) == (0, 1)
        here.is_sound()


async def test_after_a_restart_it_is_a_direct_message(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        [ada] = await running(here, "ada")
        await here.stop()
        await here.start()
        await tell(here, ada)
        assert (told(ada, here.channel), told(ada, ada.dm)) == (0, 1)
        here.is_sound()


@pytest.mark.parametrize("code", [50027, 10015])
async def test_a_token_that_is_refused_is_not_tried_twice(tmp_path: Path, code: int) -> None:
    async with town(tmp_path) as here:
        [ada] = await running(here, "ada")
        for one in list(here.peer.world.interactions.values()):
            if code == 50027:
                one.created_ms -= 16 * 60_000
            else:
                del here.peer.world.interactions[one.id]
        await tell(here, ada)
        await tell(here, ada)
        assert [one.code for one in here.peer.refused] == [code]
        assert (told(ada, here.channel), told(ada, ada.dm)) == (0, 2)


async def test_a_market_is_never_spoken_of_in_another_communitys_channel(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        [ada] = await running(here, "ada")
        here.peer.clock.advance(14 * 60_000)
        other = here.guild.text("other")
        await ada.slash(other, "rules")
        await tell(here, ada)
        assert (told(ada, other), told(ada, here.channel), told(ada, ada.dm)) == (0, 0, 1)
        here.is_sound()


async def test_an_answer_that_is_not_there_yet_is_not_taken_for_one(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        [ada] = await running(here, "ada")
        here.peer.clock.advance(1_000)
        held = here.peer.faults.hold("PATCH /webhooks/*")
        asking = asyncio.create_task(ada.slash(here.channel, "positions"))
        await held.reached.wait()
        await tell(here, ada)
        held.release()
        asked = await asking
        assert "/buy" in asked.text
        assert told(ada, here.channel) == 1
        here.is_sound()


async def test_a_channel_that_takes_no_more_leaves_the_others_to_direct_messages(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        people = await running(here, *(f"p{number}" for number in range(CHANNEL_LIMIT.count)))
        here.peer.clock.advance(60_000)
        for one in people:
            await tell(here, one)
        beside = sum(told(one, here.channel) for one in people)
        assert beside == CHANNEL_LIMIT.count - CHANNEL_LIMIT.spare
        assert sum(told(one, one.dm) for one in people) == CHANNEL_LIMIT.spare
        here.is_sound()


async def test_a_channel_that_is_refused_earlier_than_we_thought_is_left_alone_for_a_minute(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        [ada, bob] = await running(here, "ada", "bob")
        refused = here.peer.faults.answer(429, "POST /webhooks/*", times=99, retry_after=30.0, scope="shared")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("bot.adapters.discord_chat.platform.FOLLOW_UP_S", 0.3)
            with pytest.raises(RetryLaterError):
                await tell(here, ada)
        await tell(here, ada)
        await tell(here, bob)
        assert refused.met == 1
        assert [told(one, one.dm) for one in (ada, bob)] == [1, 1]
        here.peer.faults.clear()
        here.peer.clock.advance(61_000)
        await tell(here, bob)
        assert told(bob, here.channel) == 1


async def test_twenty_people_are_paid_without_a_conversation_being_opened(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        people = await running(here, *(f"p{number}" for number in range(20)))
        for one in people:
            asked = await here.slash(one, "buy", outcome="Germany", side="yes", amount="$5")
            await here.press(one, asked.reply, "Confirm")
        await here.tick()
        here.peer.clock.advance(60_000)
        before = len(here.peer.request_log.of(FOLLOWED))
        preview = await here.slash(here.boss, "admin resolve", winner="Germany", reason="7-1")
        await here.press(here.boss, preview.reply, "Confirm")
        for _ in range(4):
            await here.tick()
        beside = [one for who in people for one in who.sees(here.channel) if one.ephemeral and "paid" in one.text]
        followed = len(here.peer.request_log.of(FOLLOWED)) - before
        print(f"20 payouts: {followed} by follow-up, {opened(here)} by direct message")
        assert (followed, opened(here)) == (20, 0), beside
        assert len({id(one.only_for) for one in beside}) == 20
        here.is_sound()
