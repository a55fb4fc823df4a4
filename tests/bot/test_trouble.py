"""A disk that takes nothing: who sends something is told, what can be read is read, and then all goes on by itself."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.words import usage as words_usage
from scheduler.jobs import BACK_OFF_MS, FAILURES, Jobs
from scheduler.tick import run_tick
from storage import watch
from storage.trouble import Trouble, TroubleError
from storage.verify import Verified, verify
from tests.bot.adapters.room.harness import head, room_harness
from tests.bot.harness import chat_harness, running


@contextmanager
def no_disk() -> Iterator[None]:
    """No file of this process may be written to, at any place."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


READS = ("/board", "/help", "/positions", "/rules")


async def test_a_disk_that_takes_nothing_halts_no_market_loses_nothing_and_passes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "OVER_S", 0.0)
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.db.migrate()
        jobs = Jobs(harness.db, harness.clock)
        await harness.confirmed("ada", "/buy germany yes 100")
        ticket = await harness.say("bob", "/buy brazil yes 10")
        before, told_before = harness.rows(), len(harness.platform.sent)
        with no_disk():
            confirmed = await harness.press("bob", ticket, "Confirm")
            answers = [confirmed, await harness.say("bob", "/buy germany yes 5")]
            reads = [await harness.say("ada", line) for line in READS]
            for _ in range(2 * FAILURES):
                harness.clock.advance(BACK_OFF_MS)
                assert await jobs.tick(1) is None
        for reply in answers:
            said = plain_text.text(reply)
            assert "the disk of the server takes no writes" in said
            assert "Nothing was changed. Send it again in a minute" in said
        assert all(reply.ok for reply in reads), [plain_text.text(reply) for reply in reads]
        assert harness.rows() == before
        assert [record.getMessage().partition(" (")[0] for record in caplog.records] == [
            "the database cannot be used: its disk does not take what is written"
        ]
        again = await harness.press("bob", ticket, "Confirm")
        assert again.ok, plain_text.text(again)
        harness.clock.advance(BACK_OFF_MS)
        report = await jobs.tick(1)
        assert report is not None
        assert report.halted is None
        assert len(report.fills) == 2
        await harness.announcer.step()
        assert len(harness.platform.sent) > told_before
        assert isinstance((await verify(harness.db))[0], Verified)


async def test_what_cannot_be_written_down_is_tried_again_after_a_pause(tmp_path: Path) -> None:
    """What came of a message wakes the announcer at once, so that it is written down; but not again and again."""
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.confirmed("ada", "/buy germany yes 100")
        harness.clock.advance(2_000)
        await run_tick(harness.db, 1, harness.now)
        told = len(harness.platform.sent)
        announcing = asyncio.create_task(harness.announcer.run())
        await harness.platform.until(lambda: len(harness.platform.sent) > told)
        with no_disk():
            await asyncio.sleep(0.3)
            assert harness.db.watch.failures <= 2
        announcing.cancel()
        await asyncio.gather(announcing, return_exceptions=True)


async def test_in_the_room_answers_are_given_that_cannot_be_kept(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as here:
        await here.open_market()
        ada = await here.person("Ada")
        await here.tick()
        assert (await ada.say("/join"))[0] == 200
        before = await ada.messages()
        with no_disk():
            status, board = await ada.say("/board")
            assert (status, board["reply"]["ok"]) == (200, True)
            status, refused = await ada.say("/buy 1 yes 5")
            assert (status, head(refused)) == (200, "This cannot be done now: the disk of the server takes no writes.")
            status, talk = await ada.say("hello, everybody")
            assert status == 500
            assert talk["error"].startswith("This cannot be done now: the disk of the server takes no writes.")
        assert await ada.messages() == before
        status, kept = await ada.say("/board")
        assert (status, kept["id"] < board["id"]) == (200, True)


async def test_in_the_room_what_is_sent_again_is_looked_up_or_said_to_be_unknown(tmp_path: Path) -> None:
    async with room_harness(tmp_path) as here:
        await here.open_market()
        ada = await here.person("Ada")
        await here.tick()
        first = await ada.say("hello", "the-same-request")
        here.room._routes._handlers._answers.clear()  # another process answered it
        with no_disk():
            assert await ada.say("hello", "the-same-request", again=True) == first
            status, command = await ada.say("/buy 1 yes 5", again=True)
            assert (status, "is not known yet" in head(command), "Nothing" in str(command)) == (200, True, False)
            unknown = [await ada.say("hello, everybody", again=True)]
        away = (tmp_path / "town.db").rename(tmp_path / "away.db")
        here.room._routes._handlers._answers.clear()
        unknown.append(await ada.say("hello", "the-same-request", again=True))
        away.rename(tmp_path / "town.db")
        for status, refused in unknown:  # the page asks until somebody knows
            assert (status, "is not known yet" in refused["error"], "Nothing" in refused["error"]) == (503, True, False)
        assert await ada.say("hello", "the-same-request", again=True) == first


@pytest.mark.parametrize("trouble", Trouble)
def test_nobody_is_told_that_nothing_was_changed_where_nobody_knows_it(trouble: Trouble) -> None:
    known, unknown, is_retry, both = (
        plain_text.text(words_usage.database_trouble(TroubleError(trouble, unsettled=unsettled), is_retry=is_retry))
        for is_retry in (False, True)
        for unsettled in (False, True)
    )
    assert "Nothing was changed. Send it again in a minute" in known
    for text in (unknown, is_retry, both):
        assert "Nothing was changed" not in text
        assert "Look before you send it again" in text
