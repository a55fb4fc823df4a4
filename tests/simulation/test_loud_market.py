"""However much a market announces, no platform's limit is passed, no money notice is lost, and boards stay fresh."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest

from tests.bot.harness import chat_harness
from tests.simulation.loud_market import LoudMarket, most_in

FRESH_MS = {"telegram": 30_000, "discord": 3_000}  # how late a board may be to show what was traded
APART_MS = {"telegram": 5_000, "discord": 2_000}


def check_limits(market: LoudMarket) -> None:
    """The limits of the platform, in every sliding window, edits included."""
    platform = market.platform
    if platform.name == "telegram":
        assert most_in(platform.moments(), 1_000) <= 30
        for group in market.groups:
            assert most_in(platform.moments(group), 60_000) <= 20
        for place in (*market.groups, *market.traders):
            assert most_in(platform.moments(place), 1_000) <= 1
    else:
        assert most_in(platform.moments(), 1_000) <= 50
        for place in (*market.groups, *market.traders):
            assert most_in(platform.moments(place), 5_000) <= 5
    for group in market.groups:
        edits = [at for at, _ in platform.boards(group)]
        assert all(later - sooner >= APART_MS[platform.name] for sooner, later in pairwise(edits))


@pytest.mark.parametrize("platform", ["telegram", "discord"])
async def test_twenty_groups_hear_of_busy_ticks_within_every_limit(tmp_path: Path, platform: str) -> None:
    async with chat_harness(tmp_path) as harness:
        market = LoudMarket(harness, platform)
        await market.open()
        await market.live(75 if platform == "telegram" else 15, random.Random(1))
        await market.drain(20 * 60_000)
        check_limits(market)
        assert set(market.deliveries().values()) == {1}
        assert market.stalest_ms() <= FRESH_MS[platform]
        for group in market.groups:
            shown = [volume for _, volume in market.platform.boards(group)]
            assert len(shown) == len(set(shown)), "never the same board twice"
            assert shown[-1] == market.changed[-1][1]


@pytest.mark.parametrize("platform", ["telegram", "discord"])
async def test_a_storm_of_429s_loses_nothing_and_repeats_nothing(tmp_path: Path, platform: str) -> None:
    async with chat_harness(tmp_path) as harness:
        market = LoudMarket(harness, platform, random.Random(2))
        await market.open()
        await market.live(30, random.Random(3))
        await market.drain(30 * 60_000)
        assert market.platform.refused > 30
        check_limits(market)
        assert set(market.deliveries().values()) == {1}


async def test_killed_announcers_lose_nothing_and_the_next_one_goes_on_within_the_limits(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        market = LoudMarket(harness, "telegram")
        await market.open()
        await market.live(30, random.Random(4), killed_every_ms=7_000)
        await market.drain(30 * 60_000)
        assert set(market.deliveries().values()) <= {1, 2}, "at least once, and seldom twice"
        assert most_in(market.platform.moments(), 1_000) <= 30
