"""A rate that Discord tells is used up to its end, and not past it."""

from __future__ import annotations

import asyncio
import time

import pytest
from discord import RateLimited

from bot.adapters.discord_chat.library_patches import RateLimitBucket


def bucket(*, remaining: int, window_s: float, patience_s: float) -> RateLimitBucket:
    """As after an answer whose headers say so."""
    made = RateLimitBucket(patience_s)
    made.limit, made.remaining = 5, remaining
    made.reset_after, made.expires = window_s, asyncio.get_running_loop().time() + window_s
    return made


async def test_a_window_longer_than_we_would_wait_is_used_while_it_has_room() -> None:
    one = bucket(remaining=2, window_s=60, patience_s=3)
    for _ in range(2):
        async with one:
            pass
    with pytest.raises(RateLimited) as told:
        await one.acquire()
    assert 59 < told.value.retry_after < 61


async def test_a_window_that_is_full_stays_full_until_its_end() -> None:
    one = bucket(remaining=1, window_s=60, patience_s=3)
    async with one:
        pass
    for _ in range(3):
        with pytest.raises(RateLimited):
            await one.acquire()
    assert one.remaining == 0


async def test_who_waits_in_line_is_told_too() -> None:
    one = RateLimitBucket(3)
    async with one:
        waiting = asyncio.ensure_future(one.acquire())
        await asyncio.sleep(0)
        one.limit, one.remaining, one.reset_after = 1, 0, 60.0  # the answer's headers
        one.expires = asyncio.get_running_loop().time() + 60
    with pytest.raises(RateLimited):
        await waiting


async def test_a_short_wait_is_waited() -> None:
    one = bucket(remaining=0, window_s=0.05, patience_s=3)
    began = time.monotonic()
    await one.acquire()
    assert time.monotonic() - began >= 0.04
