"""The wall's clock is set while notices wait: nobody hears of anything an hour late, and nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.chat.platform import RetryLaterError
from bot.chat.rate_limits import PERSON
from bot.notifications.announcer import Announcer
from tests.bot.harness import RecordingPlatform, chat_harness, running
from tests.bot.notifications.test_announcer_trouble import HOUR, POST, add, backlog, paid, strict

JUMPS = {
    "none": (),
    "back an hour": (-HOUR,),
    "forward half an hour": (HOUR // 2,),
    "forward and back": (HOUR // 2, -HOUR // 2),
    "back and forward": (-HOUR, HOUR),
}
MOST_MS = 10_000  # a retry after five seconds, and what a chat may be sent in a minute


@pytest.mark.parametrize("trouble", [None, RetryLaterError(5_000), RetryLaterError(5_000, overall=True), OSError()])
@pytest.mark.parametrize("jumps", JUMPS.values(), ids=JUMPS)
async def test_what_waits_is_told_within_its_wait_wherever_the_clock_is_set(
    tmp_path: Path, jumps: Sequence[int], trouble: Exception | None
) -> None:
    """One message a second is allowed; the first is refused in one way or another, then the clock is set."""
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        chat = RecordingPlatform("telegram")
        harness.announcer = Announcer(harness.db, harness.clock, {"telegram": chat, "room": harness.platform})
        async with harness.db.writing() as uow:
            home = await uow.chats.open("telegram", "-100", "group", "Home", harness.now)
            await uow.markets.lock(1)
            await uow.chats.connect(1, home.id)
            await uow.commit()
        chat.broken = [trouble] if trouble is not None else []
        await add(harness, POST, POST)
        await harness.announcer.step()
        for by_ms in jumps:
            harness.clock.jump(by_ms)
            await harness.announcer.step()
        for _ in range(MOST_MS // 500):
            harness.clock.advance(500)
            await harness.announcer.step()
        assert len(chat.texts("post", "-100")) == 2
        assert await backlog(harness) == 0


@pytest.mark.parametrize("by_ms", [-HOUR, HOUR], ids=["back an hour", "forward an hour"])
async def test_what_is_on_its_way_is_not_sent_again_because_the_clock_was_set(tmp_path: Path, by_ms: int) -> None:
    async with chat_harness(tmp_path) as harness:
        chat = strict(harness)
        await running(harness)
        chat.gate["room"] = asyncio.Event()
        task = asyncio.create_task(harness.announcer.run())
        try:
            await add(harness, POST)
            await chat.until(lambda: chat.waiting == 1)
            harness.clock.jump(by_ms)
            for times in (1, 2):
                await add(harness, paid(2, 1))
                await chat.until(lambda: len(chat.texts("tell", "ada")) >= times)  # noqa: B023
                assert chat.waiting == 1, "nobody else was handed it"
        finally:
            chat.gate["room"].set()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert sum("paused" in text for text in chat.texts("post")) == 1


@pytest.mark.parametrize("by_ms", [-HOUR, HOUR, 0], ids=["back an hour", "forward an hour", "not at all"])
async def test_who_is_asked_to_wait_waits_so_long_wherever_the_clock_is_set(tmp_path: Path, by_ms: int) -> None:
    burst = PERSON[0]
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        harness.now += 60_000
        harness.line_ms = 0
        for _ in range(burst.count):
            assert (await harness.say("ada", "/balance")).ok
        harness.clock.jump(by_ms)
        assert not (await harness.say("ada", "/balance")).ok, "a clock that is set gives nobody more"
        harness.clock.advance(burst.window_ms)
        assert (await harness.say("ada", "/balance")).ok
