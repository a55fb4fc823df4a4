"""Anybody's event can be played: its file alone and the seed say how, and what the file names happens."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from bot.market.event_file import EventFile, read
from bot.scenarios.own_event import TICKS, own_event
from bot.scenarios.scenario import MICRO, Scenario

NOW = 1_800_000_000_000
HEAD = 'title = "Cup"\noutcomes = ["Ada", "Bo", "Cleo", "Dan", "Eve"]\nodds = [5, 4, 3, 2, 1]\n'
ROUNDS = """[[rounds]]
freeze_at = "1h"
decide_at = "1h10m"
losers = "ask"
count = 2
[[rounds]]
decide_at = "3h"
losers = ["Ada"]
[[rounds]]
freeze_at = "5h"
decide_at = "6h"
winner = "ask"
"""
MOMENTS = """[[rounds]]
freeze_at = 2035-06-01T20:00:00Z
decide_at = 2035-06-01T22:00:00Z
losers = "ask"
count = 3
[[rounds]]
decide_at = 2035-06-02T20:00:00Z
winner = "Bo"
"""
EVENTS = {
    "two outcomes": 'title = "Coin"\noutcomes = ["Heads", "Tails"]\n',
    "twenty-five": f'title = "Song"\noutcomes = {[f"Song {letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXY"]}\n',
    "no rounds": HEAD,
    "several out, one by name, no freeze": HEAD + ROUNDS,
    "claim windows": HEAD + 'dispute_window = "3d"\nround_window = "12h"\n' + ROUNDS,
    "moments without a start": HEAD + MOMENTS,
    "a start": HEAD + 'start_at = "2035-05-01 18:00 Europe/Berlin"\n' + ROUNDS,
}


def scenario(text: str, seed: int = 1, now_ms: int = NOW) -> Scenario:
    event = read(text, now_ms)
    assert isinstance(event, EventFile), event
    played = own_event(event, seed)
    assert isinstance(played, Scenario), played
    return played


@pytest.mark.parametrize("text", EVENTS.values(), ids=EVENTS)
def test_equal_files_and_seeds_are_equal_plays_whenever_they_are_read(text: str) -> None:
    assert scenario(text) == scenario(text, now_ms=NOW + 12_345_678)


@pytest.mark.parametrize("text", EVENTS.values(), ids=EVENTS)
def test_everybody_but_the_winner_goes_once_in_rounds_that_follow_each_other(text: str) -> None:
    for seed in range(1, 6):
        played = scenario(text, seed)
        gone = [outcome for step in played.steps for outcome in step.out]
        assert sorted([*gone, played.winner]) == [*range(len(played.names))]
        assert all(step.freeze_ms < step.until_ms for step in played.steps if step.asked)
        assert all(before.until_ms < after.freeze_ms for before, after in pairwise(played.steps))
        assert played.moments[-1] >= played.steps[-1].until_ms
        assert len(played.moments) < 2 * TICKS


@pytest.mark.parametrize("text", EVENTS.values(), ids=EVENTS)
def test_forecasts_are_chances_of_those_still_in(text: str) -> None:
    played = scenario(text)
    for forecast in played.forecasts:
        out = {each for step in played.steps if step.until_ms < forecast.at_ms for each in step.out}
        assert {number for number, chance in enumerate(forecast.chances) if not chance} == out
        assert MICRO - len(forecast.chances) <= sum(forecast.chances) <= MICRO


def test_what_the_file_names_happens() -> None:
    named = scenario(HEAD + ROUNDS)
    assert named.steps[1].out == (0,)
    assert [len(step.out) for step in named.steps] == [2, 1, 1]
    assert [step.asked for step in named.steps] == [True, False, True]
    assert {scenario(HEAD + MOMENTS, seed).winner for seed in range(1, 9)} == {1}


def test_the_odds_are_the_chances_to_win() -> None:
    event = read(HEAD, NOW)
    assert isinstance(event, EventFile)
    plays = [own_event(event, seed) for seed in range(300)]
    wins = Counter(played.winner for played in plays if isinstance(played, Scenario))
    assert [abs(wins[each] - 300 * odds // 15) <= 30 for each, odds in enumerate((5, 4, 3, 2, 1))] == [True] * 5


def test_moments_that_contradict_spans_are_told() -> None:
    event = read(HEAD + MOMENTS.replace('2035-06-02T20:00:00Z\nwinner = "Bo"', '"1h"\nwinner = "Bo"'), NOW)
    assert not isinstance(event, EventFile) or not isinstance(own_event(event, 1), Scenario)
