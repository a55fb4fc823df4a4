"""A rehearsal is the real thing on a clock moved by hand: it ends, balances, keeps to the limits, can be repeated."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat import plain_text, rehearsal_result
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.rate_limits import ALLOWANCES
from bot.chat.rehearsal_result import RehearsalResult
from bot.chat.reply import Awaited
from bot.cli.rehearse import rehearse_file
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.market.background import Report
from bot.market.background import outcry as outcry_process
from bot.market.background_rehearsal import BackgroundRehearsal, Terms
from bot.scenarios.recorders import busiest
from bot.scenarios.rehearsal import rehearse
from bot.scenarios.rehearsal_plan import MOST_BUSY_TICKS, PlannedTick, plan_ticks
from bot.words import terminal as words
from engine.params import build_params, params_to_json
from engine.terms import MarketParams
from tests.bot.harness import ADMIN, CREATE, HANG_S, START, ChatHarness, chat_harness, running

MINUTE = 60_000
R = TypeVar("R", bound=BackgroundRehearsal)


def terms(**values: object) -> MarketParams:
    params = build_params({"n_outcomes": 4, "batch_interval_ms": 15_000, **values})
    assert isinstance(params, MarketParams), params
    return params


def planned(*rounds: tuple[int, int]) -> MarketParams:
    """(freeze, decide) in minutes; the last one is the final; every result is asked for."""
    return terms(
        mr_enabled="on",
        rounds=[
            {"freeze_at": freeze * MINUTE, "decide_at": decide * MINUTE, "count": 1, "losers": "ask"}
            if (freeze, decide) != rounds[-1]
            else {"freeze_at": freeze * MINUTE, "decide_at": decide * MINUTE, "winner": "ask"}
            for freeze, decide in rounds
        ],
    )


async def played(within: Path, params: MarketParams, *, seed: int = 1, people: int = 4) -> RehearsalResult:
    result = await rehearse(Path(mkdtemp(dir=within)), "Cup", params, people=people, seed=seed)
    return replace(result, tick_us=0, slowest_tick_us=0)  # what the machine had to do with it


async def test_a_rehearsal_ends_balanced_and_equal_seeds_play_the_same(tmp_path: Path) -> None:
    params = planned((2, 3), (600, 601))
    first = await played(tmp_path, params)
    assert first.in_order
    assert first.winner is not None
    assert first.orders > 5
    assert first.fills >= first.orders - first.refused
    assert 0 < first.worst_risk <= params.z
    assert first == await played(tmp_path, params)


async def test_the_chats_get_no_more_than_their_platforms_allow(tmp_path: Path) -> None:
    result = await played(tmp_path, planned((2, 3), (4, 5)), people=10)
    sent = {busy.platform: busy.messages for busy in result.busiest}
    assert set(sent) == {"discord", "telegram"}
    for platform, messages in sent.items():
        allowance = ALLOWANCES[platform]
        for limit in (*allowance.chat, *allowance.group):
            assert messages <= limit.count * max(1, MINUTE // limit.window_ms)
    assert all(messages > 3 for messages in sent.values())


@given(
    st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 120)), min_size=1, max_size=6),
    st.sampled_from([1_000, 2_000, 15_000, 600_000]),
)
def test_planned_ticks_are_in_order_and_meet_every_freeze_and_decision(
    steps: list[tuple[int, int]], batch_ms: int
) -> None:
    at, rounds = 0, []
    for wait, length in steps:
        freeze = at + (wait + 1) * MINUTE
        at = freeze + length * MINUTE
        rounds.append((freeze, at))
    base = planned((3, 4), (6, 7))
    params = replace(
        base,
        batch_interval_ms=batch_ms,
        rounds=tuple(replace(base.rounds[0], freeze_at=freeze, decide_at=decide) for freeze, decide in rounds),
    )
    plan = plan_ticks(params)
    times = [tick.at_ms for tick in plan]
    assert times == sorted(set(times))
    assert {at for pair in rounds for at in pair} <= set(times)
    busy = [tick for tick in plan if tick.busy]
    assert len(busy) <= (3 * len(rounds) + 2) * (MOST_BUSY_TICKS + 2)
    assert PlannedTick(at_ms=times[0], busy=True) == plan[0] or batch_ms > MINUTE


@given(st.lists(st.integers(0, 300), max_size=40), st.integers(1, 100))
def test_the_busiest_window_is_what_counting_every_window_finds(moments_: list[int], window: int) -> None:
    every = [sum(start < at <= start + window for at in moments_) for start in range(-101, 301)]
    assert busiest(moments_, window) == max(every)


def test_a_result_survives_the_way_between_processes() -> None:
    assert rehearsal_result.from_json(rehearsal_result.to_json(RESULT)) == RESULT


RESULT = RehearsalResult(
    title="Cup",
    people=1,
    rounds=1,
    ticks=1,
    orders=1,
    fills=1,
    refused=0,
    winner="Germany",
    stake=10_000_000_000,
    worst_risk=1_240_000_000,
    worst_after_ms=61_000,
    house_result=-312_500_000,
    ledger_sum=0,
    tick_us=9_800,
    slowest_tick_us=36_000,
    longest_wait_ms=0,
    busiest=(rehearsal_result.Busiest(platform="telegram", messages=18, private=1),),
    halted=None,
)


def test_what_is_said_of_it() -> None:
    text = plain_text.text(words.result(RESULT, ["Sums."]))
    for sentence in (
        "Rehearsed: the house risked at most $1,240 of its $10,000, and every check passed.",
        "1 trader, 1 round: 1 order, 1 fill, 0 refused, in 1 tick.",
        "Germany won this time, and the house gave $312.50 to the traders.",
        "Telegram: at most 18 messages a minute in the chat, of 20 it allows, and 1 to one person.",
        "No notice had to wait.",
        "A tick took 9.8 ms as a rule and 36 ms at most.",
        "Careful: Sums.",
    ):
        assert sentence in text, text
    broken = words.result(replace(RESULT, ledger_sum=5), [])
    assert not broken.ok
    assert "the books do not balance" in plain_text.text(broken)
    assert "a check failed (worst_case)" in plain_text.text(words.result(replace(RESULT, halted="worst_case"), []))


@asynccontextmanager
async def rehearsed_by(harness: ChatHarness, rehearser: R) -> AsyncIterator[R]:
    """`/admin rehearse` is answered by this one, which is closed whatever happens."""
    harness.dispatcher = Dispatcher(harness.db, harness.clock, COMMANDS, rehearser=rehearser)
    try:
        yield rehearser
    finally:
        await rehearser.close()


async def test_an_admin_rehearses_a_draft_and_nothing_changes(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        rehearser = BackgroundRehearsal(harness.db, harness.clock, patience_s=3_600)
        async with rehearsed_by(harness, rehearser):
            assert (await harness.say(ADMIN, CREATE + " tick 30s")).ok
            assert not (await harness.say("ada", "/admin rehearse")).ok
            assert (await harness.say(ADMIN, "/board")).ok
            before = harness.rows()
            reply = await harness.say(ADMIN, "/admin rehearse")
            assert reply.ok, plain_text.text(reply)
            assert "every check passed" in plain_text.text(reply)
            assert harness.rows() == before


class Held(BackgroundRehearsal):
    """Rehearsals that end when they are let go, with this result or this error."""

    def __init__(self, harness: ChatHarness, outcome: RehearsalResult | Exception, patience_s: float = 0.0) -> None:
        super().__init__(harness.db, harness.clock, patience_s=patience_s)
        self.outcome = outcome
        self.free = asyncio.Event()
        self.begun = 0

    async def _in_a_process(self, terms: Terms, report: Report) -> RehearsalResult:
        self.begun += 1
        report(0.4)
        await self.free.wait()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


async def told(harness: ChatHarness, who: str, words_: str) -> tuple[str, str]:
    """How and where somebody was told this; the announcer is asked until it has come."""
    async with asyncio.timeout(HANG_S):
        while True:
            await harness.announcer.step()
            for how, where, ref, reply in harness.platform.sent:
                if (how, where) == ("tell", who) and words_ in plain_text.text(reply):
                    return ref, plain_text.text(reply)
            await asyncio.sleep(0)


async def test_one_that_takes_long_answers_by_itself_in_its_place(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness, rehearsed_by(harness, Held(harness, RESULT)) as rehearser:
        await harness.say(ADMIN, CREATE)
        for _ in range(2):  # asked twice, it is one rehearsal and one answer
            reply = await harness.say(ADMIN, "/admin rehearse")
            assert "under way" in plain_text.text(reply)
            assert "comes here by itself" in plain_text.text(reply)
        assert reply.awaits == Awaited(market=1, slot="rehearsed")
        asked = Invocation(platform="room", person_ext=ADMIN, person_name="Boss", chat_ext="room",
                           chat_kind=ChatKind.ROOM, request_id="placed")  # fmt: skip
        await harness.dispatcher.placed(reply, asked, "message 7")
        rehearser.free.set()
        where, text = await told(harness, ADMIN, "Rehearsed: the house risked at most")
        assert where == "message 7"
        assert "Careful" in text or "Nothing has changed here" in text
        again = await harness.say(ADMIN, "/admin rehearse")
        assert "Rehearsed: the house risked" in plain_text.text(again)
        assert rehearser.begun == 1
        assert sum(how == "tell" for how, *_ in harness.platform.sent) == 1


@pytest.mark.parametrize("error", [RuntimeError("outcry rehearse was killed by signal 9: "), TimeoutError()])
async def test_one_that_fails_is_told_with_a_sentence_and_the_log_has_the_trace(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    async with chat_harness(tmp_path) as harness, rehearsed_by(harness, Held(harness, error)) as rehearser:
        await harness.say(ADMIN, CREATE)
        assert "under way" in plain_text.text(await harness.say(ADMIN, "/admin rehearse"))
        rehearser.free.set()
        _, text = await told(harness, ADMIN, "The rehearsal failed")
        assert "signal" not in text
        assert str(error) in caplog.text
        assert "Traceback" in caplog.text
        rehearser.outcome = RESULT
        again = plain_text.text(await harness.say(ADMIN, "/admin rehearse"))
        assert "Rehearsed: the house risked at most" in again or "under way" in again
        assert rehearser.begun == 2


async def test_a_person_begins_so_many_and_no_more_for_a_while(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness, rehearsed_by(harness, Held(harness, RESULT, 3_600)) as rehearser:
        rehearser.free.set()
        await harness.say(ADMIN, CREATE)
        for fee in ("1%", "2%", "3%"):
            await harness.say(ADMIN, f"/admin set fee {fee}")
            assert (await harness.say(ADMIN, "/admin rehearse")).ok
        assert (await harness.say(ADMIN, "/admin rehearse")).ok  # the last result, which nothing has changed
        await harness.say(ADMIN, "/admin set fee 4%")
        assert "the next one can begin in" in plain_text.text(await harness.say(ADMIN, "/admin rehearse"))
        assert rehearser.begun == 3
        harness.now += 600_000
        assert (await harness.say(ADMIN, "/admin rehearse")).ok


async def test_a_timetable_in_dates_is_the_same_draft_a_minute_later(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness, rehearsed_by(harness, Held(harness, RESULT, 3_600)) as rehearser:
        rehearser.free.set()
        await harness.say(ADMIN, CREATE)
        shown = await harness.say(ADMIN, "/admin schedule 2014-07-03 12:00 for 10m out 1; 2014-07-03 18:00 winner ask")
        await harness.press(ADMIN, shown, "Confirm")
        for _ in range(2):
            assert (await harness.say(ADMIN, "/admin rehearse")).ok
            harness.now += 60_000
        assert rehearser.begun == 1


@pytest.mark.parametrize("tick_ms", [100, 60_000, 600_000])
def test_a_market_of_any_tick_is_played_in_some_hundred(tick_ms: int) -> None:
    params = replace(planned((30, 40), (60, 65)), batch_interval_ms=tick_ms)
    plan = plan_ticks(params)
    assert 10 < len(plan) < 400
    assert plan[-1].at_ms >= params.rounds[-1].decide_at
    two, final = params.rounds
    dozens = [replace(two, freeze_at=half * 30 * MINUTE, decide_at=(half * 30 + 5) * MINUTE) for half in range(1, 24)]
    last = replace(final, freeze_at=24 * 30 * MINUTE, decide_at=(24 * 30 + 5) * MINUTE)
    many = replace(params, rounds=(*dozens, last))
    assert sum(tick.busy for tick in plan_ticks(many)) < 500


async def test_progress_of_a_process_is_reported_and_a_killed_one_is_an_error(tmp_path: Path) -> None:
    shares: list[float] = []
    file = tmp_path / "cup.toml"
    file.write_text(EVENT, encoding="utf-8")
    params = replace(terms(), batch_interval_ms=600_000)
    told_terms = {"title": "Cup", "params": params_to_json(params), "people": 2}
    (tmp_path / "terms.json").write_text(json.dumps(told_terms), encoding="utf-8")
    arguments = ("rehearse", "--json", "--tell-progress", "--terms", str(tmp_path / "terms.json"))
    out = await outcry_process(*arguments, report=shares.append)
    assert rehearsal_result.from_json(out).in_order
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    with pytest.raises(RuntimeError, match="ended with 2"):
        await outcry_process("rehearse", report=shares.append)


async def test_a_market_that_runs_is_not_rehearsed(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        reply = await harness.say(ADMIN, "/admin rehearse")
        assert not reply.ok
        assert "before it starts" in plain_text.text(reply)


def outcry(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", "rehearse", *arguments], capture_output=True, text=True, check=False
    )


EVENT = """
title = "Cup"
outcomes = ["A", "B", "C"]
tick = "30s"
[[rounds]]
decide_at = "5m"
winner = "ask"
"""


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "event.toml"
    file.write_text(EVENT, encoding="utf-8")
    done = outcry(str(file), "--traders", "4")
    assert done.returncode == 0, done.stderr
    assert "Rehearsed: the house risked at most" in done.stdout
    assert rehearse_file(file, START, traders=2, seed=1, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["ledger_sum"] == 0


@pytest.mark.parametrize("text", ["title = 5", "not toml", ""])
def test_a_file_that_cannot_be_used_is_told_by_line(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "event.toml"
    file.write_text(text, encoding="utf-8")
    assert rehearse_file(file, START, traders=4, seed=1, as_json=False) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "event.toml" in err
