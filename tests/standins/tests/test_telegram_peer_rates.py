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
from tests.standins.tests.telegram_harness import Town, a_town, client, png, refused


@pytest.fixture
async def town(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # the client warns of every 429 without it
    async with a_town() as town:
        yield town


async def retry_after(town: Town, chat_id: int) -> int:
    """Seconds a further message is told to wait; it must not be there."""
    chat = town.peer.world.chats[chat_id]
    before = len(chat.messages)
    with pytest.raises(RetryAfter) as caught:
        await town.bot.send_message(chat_id, "one too many")
    assert len(chat.messages) == before
    wait = caught.value.retry_after
    assert isinstance(wait, timedelta)
    return int(wait.total_seconds())


async def test_a_group_takes_20_messages_a_minute_edits_included(town: Town) -> None:
    board = await town.bot.send_message(town.group.id, "board 0")
    for count in range(1, 10):
        town.clock.advance(1)
        await town.bot.edit_message_text(f"board {count}", town.group.id, board.message_id)
    for count in range(10):
        town.clock.advance(1)
        await town.bot.send_message(town.group.id, str(count))
    assert await retry_after(town, town.group.id) == 41
    with pytest.raises(RetryAfter):
        await town.bot.edit_message_text("board 10", town.group.id, board.message_id)
    assert town.group.messages[0].text == "board 9"
    await town.bot.send_message(town.ada.id, "one chat's 429 stops that chat alone")
    town.clock.advance(40.9)
    assert await retry_after(town, town.group.id) == 1
    town.clock.advance(0.1)
    await town.bot.edit_message_text("board 10", town.group.id, board.message_id)
    assert town.peer.limits.most(60, town.group.id) == 20
    assert town.peer.limits.refused == 3
    assert town.peer.most_asked(60, town.group.id) == 23  # refused ones count as asked for


async def test_a_refused_edit_counts_nothing(town: Town) -> None:
    board = await town.bot.send_message(town.group.id, "board")
    for _ in range(30):
        with refused(BadRequest, "message is not modified"):
            await town.bot.edit_message_text("board", town.group.id, board.message_id)
    assert town.peer.limits.most(60) == 1


async def test_channels_are_held_to_the_rate_of_groups(town: Town) -> None:
    channel = town.peer.world.channel("News", town.ada)
    for count in range(20):
        await town.bot.send_message(channel.id, str(count))
    assert await retry_after(town, channel.id) == 60


async def test_a_private_chat_takes_one_a_second_and_short_bursts(town: Town) -> None:
    for count in range(5):
        await town.bot.send_message(town.ada.id, str(count))
    assert await retry_after(town, town.ada.id) == 1
    for count in range(55):
        town.clock.advance(1)
        await town.bot.send_message(town.ada.id, str(count))
    assert await retry_after(town, town.ada.id) == 5


async def test_all_chats_together_take_30_messages_a_second(town: Town) -> None:
    groups = [town.peer.world.supergroup(f"G{count}", town.ada) for count in range(16)]
    for group in groups[:15]:
        await town.bot.send_message(group.id, "a")
        await town.bot.send_message(group.id, "b")
    assert await retry_after(town, groups[15].id) == 1
    town.clock.advance(0.999)
    assert await retry_after(town, groups[15].id) == 1
    town.clock.advance(0.001)
    await town.bot.send_message(groups[15].id, "c")


async def test_an_album_counts_as_many_as_it_holds(town: Town) -> None:
    album = [InputMediaPhoto(png(9, 10 + count)) for count in range(10)]
    await town.bot.send_media_group(town.group.id, album)
    await town.bot.send_media_group(town.group.id, album)
    assert await retry_after(town, town.group.id) == 60


async def test_answers_to_taps_and_questions_count_nothing(town: Town) -> None:
    for _ in range(50):
        await town.bot.get_chat_member(town.group.id, town.ada.id)
    assert town.peer.limits.most(60) == 0


async def test_rates_can_be_changed_and_switched_off(town: Town) -> None:
    town.peer.limits.group = (Rule(count=1, seconds=10),)
    await town.bot.send_message(town.group.id, "a")
    assert await retry_after(town, town.group.id) == 10
    town.peer.limits.on = False
    for _ in range(40):
        await town.bot.send_message(town.group.id, "b")


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


async def test_the_next_calls_of_a_method_to_a_chat_fail_as_ordered(town: Town) -> None:
    town.peer.faults.too_many(7, "sendMessage", chat=town.group, times=2)
    await town.bot.send_message(town.ada.id, "elsewhere")
    assert await retry_after(town, town.group.id) == 7
    assert await retry_after(town, town.group.id) == 7
    await town.bot.send_message(town.group.id, "again")
    assert town.group.last.text == "again"


@pytest.mark.parametrize("code", [500, 502])
async def test_a_server_error_is_a_network_error_and_nothing_is_done(town: Town, code: int) -> None:
    town.peer.faults.error(code, "sendMessage")
    with pytest.raises(NetworkError):
        await town.bot.send_message(town.ada.id, "hello")
    assert town.ada.chat.messages == []
    await town.bot.send_message(town.ada.id, "hello")


async def test_any_refusal_can_be_ordered(town: Town) -> None:
    town.peer.faults.error(403, "sendMessage", description="Forbidden: user is deactivated")
    with refused(Forbidden, "user is deactivated"):
        await town.bot.send_message(town.ada.id, "hello")
    town.peer.faults.error(401)
    with pytest.raises(InvalidToken):
        await town.bot.send_message(town.ada.id, "hello")


async def test_a_dropped_connection_does_nothing_and_a_lost_answer_has_done_it(town: Town) -> None:
    town.peer.faults.drop("sendMessage")
    with pytest.raises(NetworkError):
        await town.bot.send_message(town.ada.id, "dropped")
    town.peer.faults.lose("sendMessage")
    with pytest.raises(NetworkError):
        await town.bot.send_message(town.ada.id, "lost")
    assert [one.text for one in town.ada.chat.messages] == ["lost"]
    assert [(one.code, one.cut) for one in town.peer.called("sendMessage")] == [(0, True), (200, True)]


async def test_an_answer_comes_late_or_the_doing_waits(town: Town) -> None:
    late = town.peer.faults.late("sendMessage", chat=town.group)
    held = town.peer.faults.hold("sendMessage", chat=town.ada.chat)
    first = asyncio.create_task(town.bot.send_message(town.group.id, "late"))
    second = asyncio.create_task(town.bot.send_message(town.ada.id, "held"))
    await town.group.expect("late")
    await town.peer.until(lambda: len(town.peer.called("sendMessage")) == 2)
    assert not first.done()
    assert town.ada.chat.messages == []
    late.set()
    held.set()
    assert ((await first).text, (await second).text) == ("late", "held")


async def test_an_answer_that_never_comes_times_out(town: Town) -> None:
    gate = town.peer.faults.late("sendMessage")
    with pytest.raises(TimedOut):
        await town.bot.send_message(town.ada.id, "hello", read_timeout=0.05)
    gate.set()
    assert town.ada.chat.last.text == "hello"


async def test_updates_lost_with_the_connection_come_again_under_the_same_number(town: Town) -> None:
    await town.ada.send(town.ada.chat, "/odds")
    town.peer.faults.lose("getUpdates")
    with pytest.raises(NetworkError):
        await town.bot.get_updates(timeout=0)
    (update,) = await town.bot.get_updates(timeout=0)
    assert update.update_id == town.peer.world.update_queue.everything[0]["update_id"]


# tokens


@pytest.mark.parametrize("token", ["7000000001:wrong", "no-token", "123:abc"])
async def test_a_wrong_token_is_refused(town: Town, token: str) -> None:
    stranger = client(town.peer, token)
    with pytest.raises(InvalidToken):
        await stranger.get_me()
    await stranger.request.shutdown()
    assert len(town.peer.called("getMe")) == 1  # the town's own
