"""Timetables that surprise nobody: what people are told before, at and after each planned moment, row by row."""

from __future__ import annotations

from pathlib import Path

from tests.bot.harness import ADMIN, chat_harness
from tests.scenarios.rows import SET_UP, Row, perform

USED_UP: tuple[Row, ...] = (
    (ADMIN, "/admin eliminate costa rica", "Costa Rica would be out"),
    (ADMIN, "press Confirm", "goes out with the next tick"),
    ("tick", "2s", "Costa Rica is out"),
    (
        "tick",
        "30m",
        "Trading is frozen for round 1, which has nobody left to put out",
        "Trading opens again 3 July 2014",
    ),
    ("ada", "/buy germany yes 1", "!", "frozen"),
    (ADMIN, "/admin pause", "!", "a round is being decided"),
    (ADMIN, "/admin eliminate germany", "!", "at least two must stay in"),
    ("tick", "10m", "Round 1 is over: nobody was left to put out", "Trading is open again"),
    ("ada", "/buy germany yes 1", "Buy Germany YES"),
)


async def test_a_round_that_was_used_up_by_hand_freezes_all_the_same_and_ends_by_itself(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, SET_UP)
        await perform(harness, USED_UP)


async def test_such_a_round_ends_sooner_by_a_resume(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        *USED_UP[:5],
        (ADMIN, "/admin resume", "goes on with the next tick"),
        ("tick", "2s", "Round 1 is over: nobody was left to put out", "Trading is open again"),
        ("ada", "/buy germany yes 1", "Buy Germany YES"),
    )
    async with chat_harness(tmp_path) as harness:
        await perform(harness, SET_UP)
        await perform(harness, rows)


TYPED: tuple[Row, ...] = (
    (ADMIN, "/admin create Cup A, B, C", "Cup is drafted"),
    (ADMIN, "/admin open 2015-03-29 02:30 Europe/Berlin", "!", "does not exist there", "/admin open 2015-03-29 03:30"),
    (ADMIN, "/admin open 26 Oct 2014 02:30 Europe/Berlin", "!", "comes twice", "2014-10-26 02:30 UTC+2"),
    (ADMIN, "/admin open 2500-01-01 10:00", "!", "too far away: a time lies within ten years"),
    (ADMIN, "/admin open 9999-12-31 23:59", "!", "too far away"),
    (ADMIN, "/admin open 20:00 IST", "!", "IST means different times", "/admin open 20:00 Asia/Kolkata"),
    (ADMIN, "/admin open 10:00 PST", "!", "show PDT, not PST", "/admin open 2014-07-03 10:00 UTC-8"),
    (ADMIN, "/admin open 20:00 UTC+25", "!", "no time zone “UTC+25”"),
    (ADMIN, "/admin open 7/4/2014 18:00", "!", "can be read either way"),
    (ADMIN, "/admin open today 06:00", "!", "“today 06:00” has passed: it was 3 July 2014 06:00 UTC, 46 min"),
    (ADMIN, "/admin schedule start 06:00 BST; +1h winner", "!", "BST means", "start 06:00 Europe/London; +1h winner"),
    (ADMIN, "/admin schedule 2014-07-03 06:00 to 07:00 winner", "!", "“2014-07-03 06:00” has passed"),
    (ADMIN, "/admin schedule start now; +1h winner", "!", "“now” will have passed by then", "/admin start"),
    (ADMIN, "/admin schedule +1h to noon winner", "!", "“noon” after a time counted from the start is not clear"),
    (ADMIN, "/admin schedule 2014-10-26 02:30 Europe/Berlin for 1h winner", "!", "comes twice"),
    (ADMIN, "press UTC+1", "Nothing has changed yet", "freezes 26 October 2014 01:30 UTC"),
    (ADMIN, "press Confirm", "The timetable is set"),
    (ADMIN, "/admin open 10:00 PST", "!", "show PDT"),
    (ADMIN, "press UTC-8", "Trading starts by itself 3 July 2014 18:00 UTC"),
)


async def test_a_time_is_read_or_refused_by_name_and_what_is_offered_can_be_sent(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, TYPED)
