"""The Telegram peer's rates and ordered failures, against the real client and on a manual clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import InputMediaPhoto
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut

from tests.standins.telegram_peer import ManualClock, Rule, most_in_window
from tests.standins.telegram_peer.errors import RefusedError
from tests.standins.telegram_peer.limits import Limits
from tests.standins.tests.telegram_harness import PeerHarness, client, peer_harness, png, refused


@pytest.fixture
async def harness(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PeerHarness]:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # the client warns of every 429 without it
    async with peer_harness() as harness:
        yield harness


async def retry_after(harness: PeerHarness, chat_id: int) -> int:
    """Seconds a further message is told to wait; it must not be there."""
    chat = harness.peer.world.chats[chat_id]
    before = len(chat.messages)
    with pytest.raises(RetryAfter) as caught:
        await harness.bot.send_message(chat_id, "one too many")
    assert len(chat.messages) == before
    wait = caught.value.retry_after
    assert isinstance(wait, timedelta)
    return int(wait.total_seconds())


async def test_a_group_takes_20_messages_a_minute_edits_included(harness: PeerHarness) -> None:
    board = await harness.bot.send_message(harness.group.id, "board 0")
    for count in range(1, 10):
        harness.clock.advance(1)
        await harness.bot.edit_message_text(f"board {count}", harness.group.id, board.message_id)
    for count in range(10):
        harness.clock.advance(1)
        await harness.bot.send_message(harness.group.id, str(count))
    assert await retry_after(harness, harness.group.id) == 41
    with pytest.raises(RetryAfter):
        await harness.bot.edit_message_text("board 10", harness.group.id, board.message_id)
    assert harness.group.messages[0].text == "board 9"
    await harness.bot.send_message(harness.ada.id, "one chat's 429 stops that chat alone")
    harness.clock.advance(40.9)
    assert await retry_after(harness, harness.group.id) == 1
    harness.clock.advance(0.1)
    await harness.bot.edit_message_text("board 10", harness.group.id, board.message_id)
    assert harness.peer.limits.most(60, harness.group.id) == 20
    assert harness.peer.limits.refused == 3
    assert harness.peer.most_asked(60, harness.group.id) == 23  # refused ones count as asked for


async def test_a_refused_edit_counts_nothing(harness: PeerHarness) -> None:
    board = await harness.bot.send_message(harness.group.id, "board")
    for _ in range(30):
        with refused(BadRequest, "message is not modified"):
            await harness.bot.edit_message_text("board", harness.group.id, board.message_id)
    assert harness.peer.limits.most(60) == 1


async def test_channels_are_held_to_the_rate_of_groups(harness: PeerHarness) -> None:
    channel = harness.peer.world.channel("News", harness.ada)
    for count in range(20):
        await harness.bot.send_message(channel.id, str(count))
    assert await retry_after(harness, channel.id) == 60


async def test_a_private_chat_takes_one_a_second_and_short_bursts(harness: PeerHarness) -> None:
    for count in range(5):
        await harness.bot.send_message(harness.ada.id, str(count))
    assert await retry_after(harness, harness.ada.id) == 1
    for count in range(55):
        harness.clock.advance(1)
        await harness.bot.send_message(harness.ada.id, str(count))
    assert await retry_after(harness, harness.ada.id) == 5


async def test_all_chats_together_take_30_messages_a_second(harness: PeerHarness) -> None:
    groups = [harness.peer.world.supergroup(f"G{count}", harness.ada) for count in range(16)]
    for group in groups[:15]:
        await harness.bot.send_message(group.id, "a")
        await harness.bot.send_message(group.id, "b")
    assert await retry_after(harness, groups[15].id) == 1
    harness.clock.advance(0.999)
    assert await retry_after(harness, groups[15].id) == 1
    harness.clock.advance(0.001)
    await harness.bot.send_message(groups[15].id, "c")


async def test_an_album_counts_as_many_as_it_holds(harness: PeerHarness) -> None:
    album = [InputMediaPhoto(png(9, 10 + count)) for count in range(10)]
    await harness.bot.send_media_group(harness.group.id, album)
    await harness.bot.send_media_group(harness.group.id, album)
    assert await retry_after(harness, harness.group.id) == 60


async def test_answers_to_taps_and_questions_count_nothing(harness: PeerHarness) -> None:
    for _ in range(50):
        await harness.bot.get_chat_member(harness.group.id, harness.ada.id)
    assert harness.peer.limits.most(60) == 0


async def test_rates_can_be_changed_and_switched_off(harness: PeerHarness) -> None:
    harness.peer.limits.group = (Rule(count=1, seconds=10),)
    await harness.bot.send_message(harness.group.id, "a")
    assert await retry_after(harness, harness.group.id) == 10
    harness.peer.limits.on = False
    for _ in range(40):
        await harness.bot.send_message(harness.group.id, "b")


def test_windows_slide() -> None:
    for times, seconds, most in (
        ([], 1, 0),
        ([0, 1, 2], 1, 1),
        ([0, 0.5, 0.999, 1.0], 1, 3),
        ([0, 59, 60, 61, 119], 60, 3),
    ):
        assert most_in_window(times, seconds) == most


@given(
    st.lists(st.tuples(st.sampled_from([-1, -2, 5]), st.integers(0, 3_000), st.integers(1, 3)), max_size=80),
)
@settings(max_examples=60, deadline=None)
def test_what_is_let_through_never_overflows_a_window_and_who_waits_as_told_gets_through(
    sends: list[tuple[int, int, int]],
) -> None:
    clock = ManualClock()
    limits = Limits(clock=clock)
    for chat, pause_ms, messages in sends:
        clock.advance(pause_ms / 1000)
        try:
            limits.spend(chat, messages)
        except RefusedError as refusal:
            clock.advance(refusal.parameters["retry_after"])
            limits.spend(chat, messages)
    for rule in limits.overall:
        assert limits.most(rule.seconds) <= rule.count
    for chat, rules in ((-1, limits.group), (-2, limits.group), (5, limits.private)):
        for rule in rules:
            assert limits.most(rule.seconds, chat) <= rule.count


# ordered failures


async def test_the_next_calls_of_a_method_to_a_chat_fail_as_ordered(harness: PeerHarness) -> None:
    harness.peer.faults.too_many(7, "sendMessage", chat=harness.group, times=2)
    await harness.bot.send_message(harness.ada.id, "elsewhere")
    assert await retry_after(harness, harness.group.id) == 7
    assert await retry_after(harness, harness.group.id) == 7
    await harness.bot.send_message(harness.group.id, "again")
    assert harness.group.last.text == "again"


@pytest.mark.parametrize("code", [500, 502])
async def test_a_server_error_is_a_network_error_and_nothing_is_done(harness: PeerHarness, code: int) -> None:
    harness.peer.faults.error(code, "sendMessage")
    with pytest.raises(NetworkError):
        await harness.bot.send_message(harness.ada.id, "hello")
    assert harness.ada.chat.messages == []
    await harness.bot.send_message(harness.ada.id, "hello")


async def test_any_refusal_can_be_ordered(harness: PeerHarness) -> None:
    harness.peer.faults.error(403, "sendMessage", description="Forbidden: user is deactivated")
    with refused(Forbidden, "user is deactivated"):
        await harness.bot.send_message(harness.ada.id, "hello")
    harness.peer.faults.error(401)
    with pytest.raises(InvalidToken):
        await harness.bot.send_message(harness.ada.id, "hello")


async def test_a_dropped_connection_does_nothing_and_a_lost_answer_has_done_it(harness: PeerHarness) -> None:
    harness.peer.faults.drop("sendMessage")
    with pytest.raises(NetworkError):
        await harness.bot.send_message(harness.ada.id, "dropped")
    harness.peer.faults.lose("sendMessage")
    with pytest.raises(NetworkError):
        await harness.bot.send_message(harness.ada.id, "lost")
    assert [one.text for one in harness.ada.chat.messages] == ["lost"]
    assert [(one.code, one.cut) for one in harness.peer.called("sendMessage")] == [(0, True), (200, True)]


async def test_an_answer_comes_late_or_the_doing_waits(harness: PeerHarness) -> None:
    late = harness.peer.faults.late("sendMessage", chat=harness.group)
    held = harness.peer.faults.hold("sendMessage", chat=harness.ada.chat)
    first = asyncio.create_task(harness.bot.send_message(harness.group.id, "late"))
    second = asyncio.create_task(harness.bot.send_message(harness.ada.id, "held"))
    await harness.group.expect("late")
    await harness.peer.until(lambda: len(harness.peer.called("sendMessage")) == 2)
    assert not first.done()
    assert harness.ada.chat.messages == []
    late.set()
    held.set()
    assert ((await first).text, (await second).text) == ("late", "held")


async def test_an_answer_that_never_comes_times_out(harness: PeerHarness) -> None:
    gate = harness.peer.faults.late("sendMessage")
    with pytest.raises(TimedOut):
        await harness.bot.send_message(harness.ada.id, "hello", read_timeout=0.05)
    gate.set()
    assert harness.ada.chat.last.text == "hello"


async def test_updates_lost_with_the_connection_come_again_under_the_same_number(harness: PeerHarness) -> None:
    await harness.ada.send(harness.ada.chat, "/odds")
    harness.peer.faults.lose("getUpdates")
    with pytest.raises(NetworkError):
        await harness.bot.get_updates(timeout=0)
    (update,) = await harness.bot.get_updates(timeout=0)
    assert update.update_id == harness.peer.world.update_queue.everything[0]["update_id"]


# tokens


@pytest.mark.parametrize("token", ["7000000001:wrong", "no-token", "123:abc"])
async def test_a_wrong_token_is_refused(harness: PeerHarness, token: str) -> None:
    stranger = client(harness.peer, token)
    with pytest.raises(InvalidToken):
        await stranger.get_me()
    await stranger.request.shutdown()
    assert len(harness.peer.called("getMe")) == 1  # the harness's own
