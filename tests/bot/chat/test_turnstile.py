"""One begins in so many turns of the loop, in order of arrival."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from bot.chat.turnstile import TURNS, Turnstile


class Turns:
    """Counts the turns of the loop."""

    def __init__(self) -> None:
        self.number = 0
        self._count()

    def _count(self) -> None:
        self.number += 1
        asyncio.get_running_loop().call_soon(self._count)


async def test_a_crowd_passes_one_by_one_in_order_of_arrival_with_turns_of_the_loop_between() -> None:
    turnstile, turns = Turnstile(), Turns()
    passed: list[tuple[int, int]] = []

    async def go(number: int) -> None:
        await turnstile.passed()
        passed.append((number, turns.number))

    await asyncio.gather(*(go(number) for number in range(50)))
    assert [number for number, _ in passed] == list(range(50))
    moments = [turn for _, turn in passed]
    assert min(later - earlier for earlier, later in pairwise(moments)) >= TURNS


async def test_who_comes_alone_does_not_wait() -> None:
    turnstile, turns = Turnstile(), Turns()
    for _ in range(3):
        before = turns.number
        await turnstile.passed()
        assert turns.number == before
        for _ in range(2 * TURNS):
            await asyncio.sleep(0)


async def test_who_was_cancelled_holds_up_nobody() -> None:
    turnstile = Turnstile()
    waiting = [asyncio.create_task(turnstile.passed()) for _ in range(4)]
    await asyncio.sleep(0)
    waiting[2].cancel()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(end) for end in ended] == [type(None), type(None), asyncio.CancelledError, type(None)]
