"""A moment that was, as people type it: the latest of its kind, never one to come."""

from __future__ import annotations

import pytest

from bot.grammar.past_times import past_moment_ms, zone_in_reason
from bot.grammar.types import Wrong

NOW = 1_404_370_000_500  # Thursday 3 July 2014 06:46:40.5 UTC
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MIDNIGHT = 1_404_345_600_000  # of that day


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("now", 1_404_370_000_000),
        ("5m ago", 1_404_370_000_000 - 5 * MINUTE),
        ("1 hour 5 min ago", 1_404_370_000_000 - 65 * MINUTE),
        ("06:46", MIDNIGHT + 6 * HOUR + 46 * MINUTE),
        ("06:46:40", MIDNIGHT + 6 * HOUR + 46 * MINUTE + 40_000),
        ("06:47", MIDNIGHT + 6 * HOUR + 47 * MINUTE - DAY),
        ("21:03", MIDNIGHT + 21 * HOUR + 3 * MINUTE - DAY),
        ("9:03 pm", MIDNIGHT + 21 * HOUR + 3 * MINUTE - DAY),
        ("21:03 UTC", MIDNIGHT + 21 * HOUR + 3 * MINUTE - DAY),
        ("08:03 Europe/Berlin", MIDNIGHT + 6 * HOUR + 3 * MINUTE),
        ("21:03 EDT", MIDNIGHT + 25 * HOUR + 3 * MINUTE - DAY),
        ("21:03 ET", MIDNIGHT + 25 * HOUR + 3 * MINUTE - DAY),
        ("today 06:00", MIDNIGHT + 6 * HOUR),
        ("yesterday 06:00", MIDNIGHT + 6 * HOUR - DAY),
        ("yesterday 21:03", MIDNIGHT + 21 * HOUR + 3 * MINUTE - DAY),
        ("thu 06:00", MIDNIGHT + 6 * HOUR),
        ("thu 07:00", MIDNIGHT + 7 * HOUR - 7 * DAY),
        ("fri 21:03", MIDNIGHT + 21 * HOUR + 3 * MINUTE - 6 * DAY),
        ("2014-07-01 21:03", MIDNIGHT + 21 * HOUR + 3 * MINUTE - 2 * DAY),
        ("2014-07-01 21:03:15 +02:00", MIDNIGHT + 19 * HOUR + 3 * MINUTE + 15_000 - 2 * DAY),
    ],
)
def test_a_moment_is_the_latest_of_its_kind_that_was(typed: str, at: int) -> None:
    assert past_moment_ms(typed, NOW) == at


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("today 21:03", "still to come"),
        ("2014-07-03 21:03", "still to come"),
        ("tomorrow 06:00", "still to come"),
        ("2500-01-01 00:00", "still to come"),
        ("in 5m", "not a moment that was"),
        ("5m", "not a moment that was"),
        ("tea ago", "not a moment that was"),
        ("the goal", "not a moment that was"),
        ("25:03", "not a moment that was"),
        ("21:03 Iran", "no time zone"),
        ("21:03 cat", "no time zone"),
        ("21:03 IST", "different times in different places"),
        ("21:03 EST", "say EDT, or UTC-5"),
        ("21:03 Nowhere/City", "no time zone"),
    ],
)
def test_what_is_to_come_or_no_moment_is_refused_by_name(typed: str, sentence: str) -> None:
    found = past_moment_ms(typed, NOW)
    assert isinstance(found, Wrong)
    assert sentence in found.sentence


def test_a_day_of_25_hours_has_the_latest_of_its_kind_too() -> None:
    night = 1_414_283_400_000 + 20 * HOUR  # Sunday 26 October 2014 20:30 UTC, 21:30 in Berlin
    assert past_moment_ms("21:45 Europe/Berlin", night) == night + 15 * MINUTE - 25 * HOUR


def test_an_hour_that_came_twice_is_asked_back_and_never_taken_for_one_of_days_ago() -> None:
    morning = 1_414_314_000_000  # Sunday 26 October 2014 09:00 UTC; the clocks were put back at 03:00 in Berlin
    found = past_moment_ms("02:30 Europe/Berlin", morning)
    assert isinstance(found, Wrong)
    assert found.choices == ("2014-10-26 02:30 UTC+2", "2014-10-26 02:30 UTC+1")
    assert [past_moment_ms(choice, morning) for choice in found.choices] == [1_414_283_400_000, 1_414_287_000_000]


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("IST the goal", "IST means different times in different places; say Asia/Kolkata"),
        ("PST, known", "say PDT, or UTC-8"),
        ("Iran scored", None),
        ("cat got out", None),
        ("UTC", None),
        ("", None),
    ],
)
def test_a_zone_that_cannot_be_read_is_not_taken_for_the_start_of_a_reason(reason: str, sentence: str | None) -> None:
    told = zone_in_reason(reason, NOW)
    assert told is None if sentence is None else sentence in (told or "")
