"""Timetables that surprise nobody: what people are told before, at and after each planned moment, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import plain_text
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


# five outcomes; round 1 takes two, round 2 one
OF_FIVE: tuple[Row, ...] = (
    (ADMIN, "/admin create Cup A, B, C, D, E", "Cup is drafted"),
    (ADMIN, "/admin schedule +30m for 10m out 2; +1h for 10m out 1; +2h for 5m winner ask", "Round 1"),
    (ADMIN, "press Confirm", "The timetable is set"),
    (ADMIN, "/admin open", "Cup is open to join"),
    (ADMIN, "/admin start", "would begin now"),
    (ADMIN, "press Confirm", "begins with the next tick"),
    ("tick", "2s", "Cup is open for trading"),
)

USED_IN_PART: tuple[Row, ...] = (
    *OF_FIVE,
    (
        ADMIN,
        "/admin eliminate a hurt",
        "Round 1 (3 July 2014 07:16 UTC, two were to go) then has one left to take.",
    ),
    (ADMIN, "press Confirm", "goes out with the next tick"),
    ("tick", "2s", "A is out", "Round 1 (3 July 2014 07:16 UTC, two were to go) now has one left to take."),
    (ADMIN, "/admin log", "eliminate: hurt", "round 1 takes one, not two"),
    (
        ADMIN,
        "/admin eliminate b, c",
        "Round 1 then has nobody left to take: it still freezes 3 July 2014 07:16 UTC and ends by itself.",
        "Round 2 then has nobody left to take: it still freezes 3 July 2014 07:46 UTC and ends by itself.",
    ),
    (ADMIN, "press Confirm", "go out with the next tick"),
    ("tick", "2s", "Round 1 now has nobody left to take", "Round 2 now has nobody left to take"),
    (ADMIN, "/admin log", "round 1 takes nobody, not one; round 2 takes nobody, not one"),
    ("ada", "/board", "Round 1, which has nobody left to put out, freezes in 2"),
    (ADMIN, "/admin monitor", "Round 1, which has nobody left to put out, freezes 3 July 2014 07:16 UTC"),
    (
        "sweep",
        "27m",
        "Round 1, which has nobody left to put out, freezes 3 July 2014 07:16 UTC",
        "It freezes all the same, and trading opens again 3 July 2014 07:26 UTC by itself. Orders sent before it",
    ),
    ("tick", "5m", "Trading is frozen for round 1, which has nobody left to put out"),
    ("ada", "/board", "Round 1, which has nobody left to put out, ends in"),
)

USED_BY_A_CLAIM: tuple[Row, ...] = (
    (ADMIN, "/admin create Cup A, B, C, D, E", "Cup is drafted"),
    (ADMIN, "/admin set round_window 5m", "round_window is now"),
    *OF_FIVE[1:],
    (ADMIN, "/admin eliminate a", "A would be declared out", "Round 1 (3 July 2014 07:16 UTC, two were to go) then"),
    (ADMIN, "press Confirm", "is declared out with the next tick", "then has one left to take"),
    ("tick", "2s", "A is declared out", "Round 1 (3 July 2014 07:16 UTC, two were to go) then has one left to take."),
    (ADMIN, "/admin schedule", "you name 1 who is out (2 were planned); 3 stay in"),
    (ADMIN, "/admin correct b, c", "instead of A", "Round 1 then has nobody left to take"),
    (ADMIN, "/admin log", "round 1 takes one, not two"),
    ("tick", "10m", "A is out", "Round 1 (3 July 2014 07:16 UTC, two were to go) now has one left to take."),
)

USED_BESIDE_A_ROUND: tuple[Row, ...] = (
    *OF_FIVE,
    (ADMIN, "/admin eliminate a, b", "A and B would be out"),
    (ADMIN, "press Confirm", "go out with the next tick", "Round 1 then has nobody left to take"),
    ("tick", "2s", "A and B are out"),
    ("tick", "31m", "frozen for round 1, which has nobody left to put out"),
    (ADMIN, "/admin eliminate c", "Round 2 then has nobody left to take"),
    (ADMIN, "press Confirm", "goes out with the next tick", "Round 2 then has nobody left to take"),
    ("tick", "2s", "C is out", "Round 2 now has nobody left to take"),
    (ADMIN, "/admin resolve c", "!", "C is out already", "Still in: D and E"),
    (ADMIN, "/admin schedule", "Round 1: over", "Round 2: freezes", "nobody is left to put out"),
)

USED_BY_APPROVAL: tuple[Row, ...] = (
    *OF_FIVE[:-3],
    (ADMIN, "/join", "Welcome"),
    *OF_FIVE[-3:],
    (ADMIN, "/buy a yes 1", "Buy A YES"),
    (ADMIN, "press Confirm", "Sent. Buying 1 A YES"),
    ("tick", "2s"),
    (ADMIN, "/admin eliminate b", "two were to go) then has one left to take", "so it is not yours alone"),
    (ADMIN, "press Confirm", "Proposed as number 1"),
    ("cho", "/admin approve 1", "Round 1 (3 July 2014 07:16 UTC, two were to go) then has one left to take."),
    ("cho", "press Confirm", "goes out with the next tick"),
    ("tick", "2s", "B is out", "now has one left to take"),
    (ADMIN, "/admin log", "round 1 takes one, not two"),
)


@pytest.mark.parametrize(
    "rows",
    [USED_IN_PART, USED_BY_A_CLAIM, USED_BESIDE_A_ROUND, USED_BY_APPROVAL],
    ids=["part", "claim", "beside", "approval"],
)
async def test_what_an_elimination_by_hand_leaves_to_the_rounds_to_come_is_said_before_and_after(
    tmp_path: Path, rows: tuple[Row, ...]
) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, rows, admins={ADMIN, "cho"})


LATE: tuple[Row, ...] = (
    ("tick", "30m", "Trading is frozen: round 1 is being decided"),
    ("sweep", "9m"),
    ("tick", "90s"),
    ("ada", "/board", "The decision on round 1 was due 3 July 2014 07:27 UTC: an admin is awaited."),
    ("sweep", "15s"),
    (
        "sweep",
        "1m",
        "The decision on round 1 was due 3 July 2014 07:27 UTC.",
        "An admin is awaited: trading stays closed until then.",
    ),
    ("sweep", "1m"),
    ("sweep", "1h"),
    (ADMIN, "/admin eliminate costa rica", "Costa Rica would be out"),
    (ADMIN, "press Confirm", "goes out with the next tick"),
    ("tick", "2s", "Costa Rica is out"),
)

LATE_AFTER_A_DELAY: tuple[Row, ...] = (
    ("tick", "30m", "Trading is frozen: round 1 is being decided"),
    (ADMIN, "/admin schedule delay 5m", "Round 1: freezes 3 July 2014 07:17 UTC, decided 3 July 2014 07:32 UTC"),
    (ADMIN, "press Confirm", "The timetable is set"),
    ("tick", "2s", "changed the timetable"),
    ("sweep", "12m"),
    ("tick", "3m"),
    ("sweep", "1m", "The decision on round 1 was due 3 July 2014 07:32 UTC."),
    ("sweep", "1m"),
)

LATE_WHILE_AWAY: tuple[Row, ...] = (
    ("sweep", "5h"),
    ("tick", "1s", "Trading is frozen: round 1 is being decided", "This was due 4 h"),
    ("sweep", "5s", "The decision on round 1 was due 3 July 2014 07:27 UTC."),
    ("sweep", "5s"),
    (ADMIN, "/admin eliminate costa rica", "Costa Rica would be out"),
    (ADMIN, "press Confirm", "goes out with the next tick"),
    ("tick", "2s", "Costa Rica is out", "Trading has closed: the final is being decided"),
    ("sweep", "5s", "The decision on the final was due", "An admin is awaited: nobody is paid until then."),
    ("ada", "/board", "The decision on the final was due"),
    ("sweep", "5s"),
)

IN_TIME: tuple[Row, ...] = (
    ("tick", "30m", "Trading is frozen: round 1 is being decided"),
    ("tick", "10m30s"),
    (ADMIN, "/admin eliminate costa rica", "Costa Rica would be out"),
    (ADMIN, "press Confirm", "goes out with the next tick"),
    ("tick", "2s", "Costa Rica is out"),
    ("sweep", "5m"),
)


@pytest.mark.parametrize("rows", [LATE, LATE_AFTER_A_DELAY, LATE_WHILE_AWAY, IN_TIME])
async def test_a_decision_that_is_late_is_told_once_and_stands_on_the_board(
    tmp_path: Path, rows: tuple[Row, ...]
) -> None:
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
    (
        ADMIN,
        "/admin schedule start now; +1h winner",
        "!",
        "A planned start lies ahead.",
        "`/admin start` begins at once",
    ),
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


BY_HAND: tuple[Row, ...] = (
    (ADMIN, "/admin create Cup A, B, C, D", "Cup is drafted"),
    (ADMIN, "/admin schedule", "Start: by hand", "Final: freezes 24 h after the start"),
    (
        ADMIN,
        "/admin schedule +1h for 5m out 1; 2014-07-04 18:00 to 19:00 out 1; +2d for 1h winner ask",
        "Round 1: freezes 1 h after the start, decided 1 h 5 min after the start",
        "Round 2: freezes 4 July 2014 18:00 UTC, decided 4 July 2014 19:00 UTC",
        "Final: freezes 2 d after the start",
    ),
    (ADMIN, "press Confirm", "The timetable is set"),
    ("tick", "3h"),
    (ADMIN, "/admin schedule", "Round 1: freezes 1 h after the start", "Round 2: freezes 4 July 2014 18:00 UTC"),
    (ADMIN, "/admin schedule round 1 +90m", "Round 1: freezes 1 h 30 min after the start, decided 1 h 35 min after"),
    (ADMIN, "/admin schedule delay 1h", "1: freezes 1 h after", "Round 2: freezes 4 July 2014 19:00 UTC"),
    (ADMIN, "press Confirm", "The timetable is set"),
    (ADMIN, "/admin open", "Cup is open to join"),
    (ADMIN, "/admin start", "First, round 1 freezes 1 h after the start, decided 1 h 5 min after the start"),
    (ADMIN, "/admin schedule start 2014-07-04 08:00; +1h for 5m out 1; +2h for 5m out 1; +3h winner ask", "Round 1"),
    (ADMIN, "press Confirm", "The timetable is set"),
    ("tick", "1s", "An admin changed the timetable", "Trading starts 4 July 2014 08:00 UTC (was by hand)"),
    (ADMIN, "/admin schedule delay 30m", "Start: 4 July 2014 08:30 UTC", "Round 1: freezes 4 July 2014 09:30 UTC"),
    (ADMIN, "press Confirm", "The timetable is set"),
    ("tick", "1s", "Trading starts 4 July 2014 08:30 UTC (was 4 July 2014 08:00 UTC)"),
)

# before the start, which is planned for 20:00
MOVED_BEFORE: tuple[Row, ...] = (
    (ADMIN, "/admin create Cup A, B, C", "Cup is drafted"),
    (ADMIN, "/admin schedule 21:00 for 10m out 1; 22:00 for 10m winner ask", "As you said it", "“21:00”"),
    (ADMIN, "press Confirm", "The timetable is set"),
    (ADMIN, "/admin open 21:30", "!", "Round 1 would freeze 3 July 2014 21:00 UTC, before the start 3 July 2014 21:30"),
    (ADMIN, "/admin open 20:00", "Cup is open to join"),
    ("tick", "1s", "the doors are open"),
    (
        ADMIN,
        "/admin schedule 19:30 for 10m out 1; 22:00 for 10m winner ask",
        "!",
        "Round 1 would freeze 3 July 2014 19:30 UTC, before the start 3 July 2014 20:00 UTC; give it a later time",
    ),
    (ADMIN, "/admin schedule final to 22:20", "“22:20” in UTC is 3 July", "Nothing has changed yet"),
    (ADMIN, "press Confirm", "The timetable is set"),
    ("tick", "1s", "The final is decided 3 July 2014 22:20 UTC (was 3 July 2014 22:10 UTC)", "20:00 UTC, as before"),
    (ADMIN, "/admin open 20:30", "The start is moved from 3 July 2014 20:00 UTC to 3 July 2014 20:30 UTC."),
    ("tick", "1s", "Trading starts 3 July 2014 20:30 UTC (was 3 July 2014 20:00 UTC)"),
    (ADMIN, "/admin open 20:30", "Nothing changed"),
    (ADMIN, "/admin schedule final 21:05", "!", "The final has to freeze after the round before"),
)


async def test_before_the_start_every_move_is_told_by_its_round_and_never_opens_the_doors_again(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, MOVED_BEFORE)
        posts = harness.platform.texts("post")
        assert sum("the doors are open" in post for post in posts) == 1
        previews = await harness.say(ADMIN, "/admin schedule final to 22:30", admin=True)
        assert "“21:00”" not in plain_text.text(previews), "only what was typed now"


CHANGES: tuple[Row, ...] = (
    (ADMIN, "/admin schedule round 1 06:30", "!", "“06:30” has passed"),
    (ADMIN, "/admin schedule delay", "!", "Say how much later"),
    (ADMIN, "/admin schedule delay -30m", "!", "only puts things later, never into the past"),
    (ADMIN, "/admin schedule delay soon", "!", "“soon” is not a span of time"),
    (ADMIN, "/admin schedule round 3 21:00", "!", "There is no round 3; the last of 2 is the final"),
    (ADMIN, "/admin schedule round 1", "!", "Say what changes of it"),
    (ADMIN, "/admin schedule round 1 out 2", "!", "Round 1 leaves 1 in"),
    (ADMIN, "/admin schedule round 1 08:00 to 08:15", "!", "has to freeze after the round before"),
)

DELAYED: tuple[Row, ...] = (
    (
        ADMIN,
        "/admin schedule",
        "One round alone: `/admin schedule final 2014-07-03 08:17:03 to 2014-07-03 08:22:03`",
        "All that is to come: `/admin schedule delay 30m`",
    ),
    (ADMIN, "/admin schedule delay 10m", "Round 1: freezes 3 July 2014 07:27 UTC, decided 3 July 2014 07:37 UTC"),
    ("ada", "press Confirm of boss", "!", "for this chat's admins"),
    (ADMIN, "press Confirm", "The timetable is set. It holds from the next tick on"),
    (
        "tick",
        "2s",
        "Boss changed the timetable: what is to come is 10 min later",
        "Round 1 freezes 3 July 2014 07:27 UTC (was 3 July 2014 07:17 UTC), decided 3 July 2014 07:37 UTC (was",
        "The final freezes",
    ),
    ("tick", "40m", "Trading is frozen: round 1 is being decided", "The result is due 3 July 2014 07:37 UTC"),
    (ADMIN, "/admin schedule delay 5m", "Round 1: freezes 3 July 2014 07:27 UTC, decided 3 July 2014 07:42 UTC"),
    (ADMIN, "press Confirm", "The timetable is set"),
    ("tick", "2s", "what is to come is 5 min later", "Round 1 is decided 3 July 2014 07:42 UTC (was 3 July 2014 07:37"),
    (ADMIN, "/admin schedule round 1 to 07:30", "!", "Round 1 has begun", "can still come later"),
    (
        ADMIN,
        "/admin schedule round 1 to 07:45",
        "Round 1: freezes 3 July 2014 07:27 UTC, decided 3 July 2014 07:45 UTC",
    ),
    (ADMIN, "press Confirm", "The timetable is set"),
    ("tick", "2s", "changed the timetable", "Round 1 is decided 3 July 2014 07:45 UTC"),
    ("tick", "20m"),
    (ADMIN, "/admin schedule", "The decision on round 1 was due 3 July 2014 07:45 UTC: an admin is awaited."),
    (ADMIN, "/admin monitor", "The decision on round 1 was due 3 July 2014 07:45 UTC: an admin is awaited."),
    (ADMIN, "/admin schedule round 1 to 07:46", "!", "Round 1 has begun"),
    (
        ADMIN,
        "/admin schedule delay 1h",
        "Round 1: freezes 3 July 2014 07:27 UTC, decided 3 July 2014 07:45 UTC",
        "09:02 UTC",
    ),
    (ADMIN, "/admin schedule final 10:00", "Final: freezes 3 July 2014 10:00 UTC, decided 3 July 2014 10:05 UTC"),
    (ADMIN, "/admin schedule final to 10:00 winner germany", "decided 3 July 2014 10:00 UTC; Germany wins"),
)


@pytest.mark.parametrize("rows", [CHANGES, DELAYED], ids=["changes", "delayed"])
async def test_one_round_is_changed_alone_and_all_that_is_to_come_delayed(
    tmp_path: Path, rows: tuple[Row, ...]
) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, SET_UP)
        await perform(harness, rows)


async def test_before_a_start_by_hand_what_counts_from_it_is_never_a_moment(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, BY_HAND)
