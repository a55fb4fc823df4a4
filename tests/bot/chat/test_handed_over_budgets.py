"""What one process has sent is handed to the next: together they send no more than one may."""

from __future__ import annotations

import json
import random

import pytest

from bot.chat.rate_limits import LONGEST_WAIT_MS, MOST_LISTED, UNSEEN_MS, Budget, Urgency
from storage.records import Payload

GROUP, MINUTE_MS = "-100", 60_000


def written(budget: Budget, monotonic_ms: int) -> Payload:
    """As it comes out of a database."""
    state: Payload = json.loads(json.dumps(budget.to_json(monotonic_ms)))
    return state


def most_in_a_minute(moments: list[int]) -> int:
    return max((sum(at - MINUTE_MS < other <= at for other in moments) for at in moments), default=0)


def send_all(budget: Budget, chats: list[str], start_ms: int, end_ms: int, offset_ms: int) -> dict[str, list[int]]:
    """Send to each as often as the budget allows what is urgent; moments of everybody's clock, by chat."""
    sent: dict[str, list[int]] = {chat: [] for chat in chats}
    for now in range(start_ms, end_ms, 250):
        for chat in chats:
            if budget.wait(chat, now + offset_ms, Urgency.URGENT) == 0:
                budget.use(chat, now + offset_ms, Urgency.URGENT)
                sent[chat].append(now)
    return sent


def test_a_budget_that_has_nothing_to_tell_says_nothing() -> None:
    budget = Budget.of("telegram")
    assert budget.to_json(0) == {}
    budget.use(GROUP, 0)
    budget.refused("7", 500, 0)
    assert set(budget.to_json(0)) == {"overall", "chat", "group", "until"}
    assert budget.to_json(MINUTE_MS) == {}


@pytest.mark.parametrize("platform", ["telegram", "discord"])
def test_who_takes_over_after_an_orderly_end_waits_as_long_as_the_one_before_would_have(platform: str) -> None:
    first, second = Budget.of(platform), Budget.of(platform)
    sent = send_all(first, [GROUP, "-200", "7"], 0, 30_000, 0)
    first.refused("-300", 40_000, 30_000)
    first.refused("", 1_500, 30_000, overall=True)
    second.take_over(written(first, 30_000), 0, 1_000_000, unseen_ms=0)
    assert all(sent.values())
    for chat in (*sent, "-300"):
        for later in (0, 700, 5_000, 20_000, 35_000):
            earlier = first.wait(chat, 30_000 + later, Urgency.URGENT)
            assert (
                earlier <= second.wait(chat, 1_000_000 + later, Urgency.URGENT) <= earlier + 100
            )  # ages are told in tenths


def test_what_may_have_been_sent_after_the_last_word_counts_as_sent() -> None:
    first, second = Budget.of("telegram"), Budget.of("telegram")
    first.use(GROUP, 0)
    second.take_over(written(first, 1_000), 0, 0)
    assert second.wait(GROUP, 1_000) == 0
    for now in range(1_000, 21_000, 1_000):
        if second.wait(GROUP, now) == 0:
            second.use(GROUP, now)
    assert second.wait(GROUP, 19_000) > 0, "four that nobody has seen, one that was told, and its own"
    strangers = Budget.of("telegram")
    strangers.take_over({}, 0, 0)
    assert strangers.room(0) == 0, "it may have sent thirty a moment ago"


def test_after_a_long_silence_everything_is_free() -> None:
    first, second = Budget.of("telegram"), Budget.of("telegram")
    send_all(first, [GROUP], 0, 60_000, 0)
    first.refused("-300", 40_000, 60_000)
    second.take_over(written(first, 60_000), 2 * MINUTE_MS, 500_000)
    fresh = Budget.of("telegram")
    for chat in (GROUP, "-300", "7"):
        assert second.wait(chat, 500_000) == fresh.wait(chat, 500_000) == 0
    assert second.room(500_000) == fresh.room(500_000)


def test_a_crowd_of_groups_is_told_in_a_few_kilobytes_and_none_is_sent_too_much() -> None:
    groups = [f"-100{number:010}" for number in range(300)]
    first, second = Budget.of("telegram"), Budget.of("telegram")
    before = send_all(first, groups, 0, MINUTE_MS, 0)
    state = written(first, MINUTE_MS)
    assert len(json.dumps(state)) < 8_000
    second.take_over(state, 0, 0, unseen_ms=0)
    after = send_all(second, groups, MINUTE_MS, 2 * MINUTE_MS, -MINUTE_MS)
    assert sum(map(len, after.values())) > 500
    assert max(most_in_a_minute(before[group] + after[group]) for group in groups) <= 20


@pytest.mark.parametrize("seed", range(8))
def test_ten_sudden_ends_in_a_row_and_no_group_hears_more_than_twenty_in_a_minute(seed: int) -> None:
    """Each process dies up to `UNSEEN_MS` after its last word, and is followed at once by one that knows only that."""
    chance = random.Random(seed)
    groups = [f"-{number}" for number in range(1, MOST_LISTED + 20)]
    sent: dict[str, list[int]] = {group: [] for group in groups}
    state: Payload = {}
    told_ms = now = 0
    for _ in range(10):
        budget, offset_ms = Budget.of("telegram"), chance.randrange(10**9)
        budget.take_over(state, max(0, now - told_ms - 200), now + offset_ms)
        told_ms = now + chance.randrange(100, 25_000)
        for start_ms, end_ms in ((now, told_ms), (told_ms, told_ms + chance.randrange(1, UNSEEN_MS))):
            busy = chance.sample(groups, chance.choice((2, 30, len(groups))))
            for group, moments in send_all(budget, busy, start_ms, end_ms, offset_ms).items():
                sent[group] += moments
            if end_ms == told_ms:
                state = written(budget, told_ms + offset_ms)
            now = end_ms
    assert sum(map(len, sent.values())) > 40
    assert max(map(most_in_a_minute, sent.values())) <= 20
    assert most_in_a_second(sent) <= 30


def most_in_a_second(sent: dict[str, list[int]]) -> int:
    moments = sorted(at for of_group in sent.values() for at in of_group)
    return max(sum(at - 1_000 < other <= at for other in moments) for at in moments)


@pytest.mark.parametrize(
    "state",
    [
        {"group": 7, "until": []},
        {"group": {"used": [1], "rest": "many"}, "until": {"-1": "long"}},
        {"group": {"used": {"-1": "x", "-2": [None, "3"], "-3": []}}, "unknown": {"used": {}}},
    ],
)
def test_what_another_version_has_written_is_read_as_far_as_it_can_be(state: Payload) -> None:
    budget, blank = Budget.of("telegram"), Budget.of("telegram")
    budget.take_over(state, 0, 0)
    blank.take_over({}, 0, 0)
    for chat in ("-1", "-2", "-3", "7"):
        assert budget.wait(chat, 2_000) == blank.wait(chat, 2_000)
        budget.use(chat, 2_000)
    assert budget.to_json(2_000)


HOSTILE: tuple[Payload, ...] = (
    {"overall": {"used": {"": [-(10**15)] * 40}}},
    {"chat": {"used": {"-1": [-(10**15)]}}, "group": {"used": {"-1": [-(10**15)] * 40}, "rest": 10**15}},
    {"until": {"": 10**15, "-1": 10**15}},
)


@pytest.mark.parametrize("state", HOSTILE)
@pytest.mark.parametrize("platform", ["discord", "room", "telegram"])
def test_what_nobody_can_have_written_keeps_a_platform_for_an_hour_at_most(platform: str, state: Payload) -> None:
    budget = Budget.of(platform)
    budget.take_over(state, 0, 0)
    budget.to_json(0)
    assert budget.wait("-1", LONGEST_WAIT_MS) <= 0
