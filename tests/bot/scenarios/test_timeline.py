"""Days pass in minutes, a freeze is never over before it was noticed, and the clock shows each moment exactly."""

from __future__ import annotations

import pytest

from bot.cli import demo_play
from bot.scenarios.timeline import STEP_S, EventClock, Timeline, joined
from bot.scenarios.worldcup import world_cup

CUP = world_cup()
END = CUP.steps[-1].decide_ms
FREEZES = [(step.freeze_ms, step.decide_ms) for step in CUP.steps]


@pytest.mark.parametrize("minutes", [0.1, 3, 60])
def test_every_freeze_lasts_three_seconds_at_least_and_a_thirtieth_of_the_play_at_most(minutes: float) -> None:
    line = Timeline(CUP.start_ms, END, minutes * 60, FREEZES, 3.0)
    for freeze, decide in FREEZES:
        assert 2.999 <= line.wall_s(decide) - line.wall_s(freeze) <= max(3.0, minutes * 2) + 0.001
    assert minutes * 60 - 0.001 <= line.wall_s(END) <= minutes * 60 + 3.0 * len(FREEZES)


def test_a_tick_takes_half_a_second_of_three_minutes() -> None:
    line = Timeline(CUP.start_ms, END, 180, FREEZES, 3.0)
    assert line.wall_s(CUP.start_ms + CUP.tick_ms) == pytest.approx(0.5, rel=0.05)
    assert line.speed(CUP.start_ms) == pytest.approx(CUP.tick_ms / 500, rel=0.05)


@pytest.mark.parametrize(("minutes", "at_most_s"), [(0.1, 3.6), (1, 11), (3, 30.1), (10, 60), (60, 170)])
def test_the_first_round_is_decided_soon_after_the_room_opens(minutes: float, at_most_s: float) -> None:
    line = demo_play.timeline(CUP, minutes * 60)
    freeze, decide = (line.wall_s(at) for at in FREEZES[0])
    assert 0.5 <= freeze < decide <= at_most_s
    assert minutes * 60 - 0.001 <= line.wall_s(END) <= minutes * 60 + 3.0 * len(FREEZES)


def test_spans_that_touch_are_one_and_empty_ones_are_none() -> None:
    assert joined([(5, 9), (0, 2), (2, 4), (8, 8), (7, 12)]) == [(0, 4), (5, 12)]
    empty = Timeline(0, 10_000, 1, [(3_000, 3_000)], 3.0)
    assert empty.wall_s(10_000) == pytest.approx(1)


def test_event_time_and_wall_time_are_inverse() -> None:
    line = Timeline(CUP.start_ms, END, 180, FREEZES, 3.0)
    for tick in range(CUP.ticks + 1):
        moment = CUP.start_ms + tick * CUP.tick_ms
        assert abs(line.event_ms(line.wall_s(moment)) - moment) <= 60
        assert line.wall_s(moment) >= line.wall_s(moment - 1)


async def test_the_clock_moves_in_steps_and_ends_exactly() -> None:
    shown: list[int] = []
    wall = [100.0]

    async def sleep(seconds: float) -> None:
        wall[0] += seconds

    clock = EventClock(shown.append, Timeline(0, 10_000, 0.5, [], 3.0), lambda: wall[0], sleep)
    await clock.reach(1)
    assert (shown.pop(), wall[0]) == (1, 100.0)  # before it begins, nothing waits
    clock.begin()
    await clock.reach(5_000)
    assert shown[-1] == 5_000
    assert shown == sorted(shown)
    assert len(shown) >= 0.25 / STEP_S
    assert wall[0] == pytest.approx(100.25)


async def test_without_a_timeline_there_is_no_waiting() -> None:
    shown: list[int] = []
    await EventClock(shown.append, None).reach(10**15)
    assert shown == [10**15]
