"""Long work of many people: one at a time, and nobody waits for all that another asked for before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from bot.market.background import Turns


class Work:
    """Pieces of work that wait for their turn; `done` in the order they had it."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.done: list[str] = []
        self.running = 0
        self.release = asyncio.Event()

    async def do(self, name: str) -> None:
        async with self.turns.turn(name.partition(" ")[0]):
            self.running += 1
            assert self.running == 1
            try:
                await self.release.wait()
            finally:
                self.running -= 1
            self.done.append(name)


@pytest.mark.parametrize(
    ("asked", "done"),
    [
        (["ada 1", "ada 2", "bob 1"], ["ada 1", "bob 1", "ada 2"]),
        (["ada 1", "ada 2", "ada 3", "bob 1", "bob 2"], ["ada 1", "bob 1", "ada 2", "bob 2", "ada 3"]),
        (["ada 1", "bob 1", "cleo 1", "ada 2"], ["ada 1", "bob 1", "cleo 1", "ada 2"]),
        (["ada 1", "ada 2", "ada 3"], ["ada 1", "ada 2", "ada 3"]),
    ],
)
async def test_the_next_turn_is_theirs_who_had_none_for_longest(asked: Sequence[str], done: Sequence[str]) -> None:
    work = Work()
    tasks = [asyncio.create_task(work.do(name)) for name in asked]
    await asyncio.sleep(0)
    work.release.set()
    await asyncio.gather(*tasks)
    assert work.done == done


@pytest.mark.parametrize("cancelled", [0, 1, 2])
async def test_who_gives_up_waiting_holds_up_nobody(cancelled: int) -> None:
    work = Work()
    tasks = [asyncio.create_task(work.do(f"{name} 1")) for name in ("ada", "bob", "cleo")]
    await asyncio.sleep(0)
    tasks[cancelled].cancel()
    work.release.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(5), work.turns.turn("dan"):
        assert len(work.done) == 2


async def test_a_turn_that_comes_in_the_moment_its_owner_gives_up_goes_to_the_next() -> None:
    turns = Turns()

    async def wait(name: str) -> str:
        async with turns.turn(name):
            return name

    async with turns.turn("ada"):
        first, second = asyncio.create_task(wait("bob")), asyncio.create_task(wait("cleo"))
        await asyncio.sleep(0)
    first.cancel()  # called, but not woken yet
    assert await second == "cleo"
    assert first.cancelled()
