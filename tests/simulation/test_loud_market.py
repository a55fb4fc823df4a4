"""However loud a market is: no platform's limit is passed in any window, no money notice is lost, boards stay fresh."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest

from tests.bot.harness import town
from tests.simulation.loud_market import Loud, most_in

FRESH_MS = {"telegram": 25_000, "discord": 3_000}  # how late a board may be to show what was traded
APART_MS = {"telegram": 5_000, "discord": 2_000}


def hold(loud: Loud) -> None:
    """The limits of the platform, in every sliding window, edits included."""
    wire = loud.wire
    if wire.name == "telegram":
        assert most_in(wire.moments(), 1_000) <= 30
        for group in loud.groups:
            assert most_in(wire.moments(group), 60_000) <= 20
        for place in (*loud.groups, *loud.traders):
            assert most_in(wire.moments(place), 1_000) <= 1
    else:
        assert most_in(wire.moments(), 1_000) <= 50
        for place in (*loud.groups, *loud.traders):
            assert most_in(wire.moments(place), 5_000) <= 5
    for group in loud.groups:
        edits = [at for at, _ in wire.boards(group)]
        assert all(later - sooner >= APART_MS[wire.name] for sooner, later in pairwise(edits))


@pytest.mark.parametrize("platform", ["telegram", "discord"])
async def test_twenty_groups_hear_of_busy_ticks_within_every_limit(tmp_path: Path, platform: str) -> None:
    async with town(tmp_path) as play:
        loud = Loud(play, platform)
        await loud.open()
        await loud.live(75 if platform == "telegram" else 15, random.Random(1))
        await loud.drain(20 * 60_000)
        hold(loud)
        assert set(loud.told().values()) == {1}
        assert loud.stalest_ms() <= FRESH_MS[platform]
        for group in loud.groups:
            shown = [volume for _, volume in loud.wire.boards(group)]
            assert len(shown) == len(set(shown)), "never the same board twice"
            assert shown[-1] == loud.changed[-1][1]


@pytest.mark.parametrize("platform", ["telegram", "discord"])
async def test_a_storm_of_429s_loses_nothing_and_repeats_nothing(tmp_path: Path, platform: str) -> None:
    async with town(tmp_path) as play:
        loud = Loud(play, platform, random.Random(2))
        await loud.open()
        await loud.live(30, random.Random(3))
        await loud.drain(30 * 60_000)
        assert loud.wire.refused > 30
        hold(loud)
        assert set(loud.told().values()) == {1}


async def test_killed_announcers_lose_nothing_and_the_next_one_goes_on_within_the_limits(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        loud = Loud(play, "telegram")
        await loud.open()
        await loud.live(30, random.Random(4), killed_every_ms=7_000)
        await loud.drain(30 * 60_000)
        assert set(loud.told().values()) <= {1, 2}, "at least once, and seldom twice"
        assert most_in(loud.wire.moments(), 1_000) <= 30
