"""Moments and spans as people type them."""

from __future__ import annotations

import pytest

from bot.chat.invocation import ParseContext
from bot.grammar.times import MomentType, moment_ms, span_ms
from bot.grammar.types import Wrong

NOW = 1_404_370_000_000  # 3 July 2014 06:46:40 UTC
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 86_400_000
EVENING = 1_404_324_000_000 + DAY  # 3 July 2014 18:00 UTC


@pytest.mark.parametrize(
    ("typed", "ms"),
    [
        ("90s", 90_000),
        ("10m", 10 * MINUTE),
        ("1h30m", 90 * MINUTE),
        ("2 days", 2 * DAY),
        ("1 hour 5 minutes", 65 * MINUTE),
        ("0s", 0),
        ("366d", 366 * DAY),
    ],
)
def test_spans_take_units(typed: str, ms: int) -> None:
    assert span_ms(typed) == ms


@pytest.mark.parametrize("typed", ["", "10", "m", "10x", "-5m", "1h-5m", "367d", "9" * 70 + "s", "1.5h"])
def test_what_is_no_span_is_none(typed: str) -> None:
    assert span_ms(typed) is None


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("now", NOW),
        ("in 10m", NOW + 10 * MINUTE),
        ("2014-07-03 09:40", 1_404_380_400_000),
        ("2014-07-03T09:40", 1_404_380_400_000),
        ("2014-07-03 09:40 UTC", 1_404_380_400_000),
        ("2014-07-03 09:40Z", 1_404_380_400_000),
        ("2014-07-03 11:40 Europe/Berlin", 1_404_380_400_000),
        ("2014-07-03 11:40 +02:00", 1_404_380_400_000),
        ("18:00", EVENING),
        ("06:00", EVENING + 12 * 60 * MINUTE),
        ("tomorrow 18:00", EVENING + DAY),
        ("today 06:00", EVENING - 12 * 60 * MINUTE),
        ("tonight 6pm", EVENING),
        ("6 pm", EVENING),
        ("6:00am", EVENING + 12 * 60 * MINUTE),
        ("12am UTC", EVENING + 6 * 60 * MINUTE),
        ("fri 18:00", EVENING + DAY),
        ("on Friday at 6pm", EVENING + DAY),
        ("Thursday, 20:00 europe/berlin", EVENING),
        ("thu 06:00", EVENING - 12 * 60 * MINUTE + 7 * DAY),
        ("wed 18:00", EVENING + 6 * DAY),
        ("noon", EVENING - 6 * HOUR),
        ("tomorrow 12 noon", EVENING + 18 * HOUR),
        ("midnight", EVENING + 6 * HOUR),
        ("tonight midnight", EVENING + 6 * HOUR),
        ("thu midnight", EVENING + 6 * HOUR),
        ("24:00", EVENING + 6 * HOUR),
        ("2014-07-03 24:00", EVENING + 6 * HOUR),
        ("6 p.m.", EVENING),
        ("6:00 P.M.", EVENING),
        ("6 p. m. UTC", EVENING),
        ("12:30 AM", EVENING + 6 * HOUR + 30 * MINUTE),
        ("20:00 UTC+2", EVENING),
        ("20:00 utc +02:00", EVENING),
        ("23:30 UTC+05:30", EVENING),
        ("15:00 GMT-3", EVENING),
        ("15:00 UTC\u22123", EVENING),
        ("20:00 +2", EVENING),
        ("11:00 PDT", EVENING),
        ("2 pm EDT", EVENING),
        ("2 pm ET", EVENING),
        ("20:00 CEST", EVENING),
        ("20:00 Berlin", EVENING),
        ("3 July 18:00", EVENING),
        ("July 3rd, 2014 at 6 pm", EVENING),
        ("3.7.2014 18:00", EVENING),
        ("2 July 18:00", EVENING + 364 * DAY),
        ("29 Feb 18:00", 1_456_768_800_000),
        ("\u0661\u0668:\u0660\u0660", EVENING),
    ],
)
def test_moments_have_a_zone_or_are_utc(typed: str, at: int) -> None:
    assert moment_ms(typed, NOW) == at


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("soon", "is not a time"),
        ("2014-02-30 10:00", "is not a time"),
        ("25:00", "is not a time"),
        ("2014-07-03", "is not a time"),
        ("2014-07-03 09:40 Mars/Base", "no time zone"),
        ("2014-07-03 09:40 ../etc", "is not a time"),
        ("in a while", "not a span"),
        ("18", "is not a time"),
        ("13pm", "is not a time"),
        ("frog 18:00", "is not a time"),
        ("friend 18:00", "is not a time"),
        ("2015-03-29 02:30 Europe/Berlin", "clocks are put forward"),
        ("0000-01-01 00:00", "is not a time"),
        ("24:30", "is not a time"),
        ("20:00 pm", "is not a time"),
        ("30 Feb 18:00", "is not a time"),
        ("20:00 UTC+15", "no time zone “UTC+15”"),
        ("20:00-21:00", "no time zone"),
        ("7/4/2014 18:00", "can be read either way"),
        ("in 400d", "longer than a year"),
        ("2500-01-01 10:00", "too far away: a time lies within ten years, before 3 July 2024"),
        ("9999-12-31 24:00", "too far away"),
        ("9999-12-31 23:59 UTC-12", "too far away"),
        ("9999-12-31 midnight", "too far away"),
        ("0001-01-01 00:00 UTC+14", "has long passed"),
    ],
)
def test_what_is_no_moment_says_how_to_say_one(typed: str, words: str) -> None:
    found = moment_ms(typed, NOW)
    assert isinstance(found, Wrong)
    assert words in found.sentence


@pytest.mark.parametrize(
    ("typed", "words", "choices"),
    [
        (
            "26 Oct 2014 02:30 Europe/Berlin",
            "comes twice, as the clocks are put back: say UTC+2 for the first, UTC+1 for the second",
            {"2014-10-26 02:30 UTC+2": 1_414_283_400_000, "2014-10-26 02:30 UTC+1": 1_414_287_000_000},
        ),
        (
            "2015-03-29 02:30 europe/berlin",
            "does not exist there",
            {"2015-03-29 01:30 Europe/Berlin": 1_427_589_000_000, "2015-03-29 03:30 Europe/Berlin": 1_427_592_600_000},
        ),
        ("18:00 IST", "IST means different times", {"18:00 Asia/Kolkata": EVENING - 5 * HOUR - 30 * MINUTE,
                                                    "18:00 Asia/Jerusalem": EVENING - 3 * HOUR,
                                                    "18:00 Europe/Dublin": EVENING - HOUR}),
        ("18:00 bst", "BST means", {"18:00 Europe/London": EVENING - HOUR, "18:00 Asia/Dhaka": EVENING - 6 * HOUR}),
        ("10:00 PST", "show PDT, not PST", {"2014-07-03 10:00 PDT": EVENING - HOUR, "2014-07-03 10:00 UTC-8": EVENING}),
        ("fri midnight", "the beginning or the end", {"2014-07-04 00:00": EVENING + 6 * HOUR,
                                                      "2014-07-04 24:00": EVENING + 30 * HOUR}),
    ],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_is_asked_back_with_each(typed: str, words: str, choices: dict[str, int]) -> None:
    asked = moment_ms(typed, NOW)
    assert isinstance(asked, Wrong)
    assert words in asked.sentence
    assert {choice: moment_ms(choice, NOW) for choice in asked.choices} == choices


TWICE = 1_414_283_400_000  # 02:30 in Berlin on 26 October 2014 comes first; an hour later again


@pytest.mark.parametrize(
    ("now", "at"),
    [
        (TWICE - 1_000, None),
        (TWICE, TWICE + HOUR),
        (TWICE + HOUR - 1_000, TWICE + HOUR),
        (TWICE + HOUR, TWICE + 25 * HOUR),
    ],
)
def test_of_an_hour_that_comes_twice_the_one_to_come_is_taken_where_the_other_has_passed(
    now: int, at: int | None
) -> None:
    read = moment_ms("02:30 Europe/Berlin", now)
    assert read == at if at is not None else isinstance(read, Wrong)


def test_the_zone_of_an_abbreviation_is_the_one_its_place_keeps() -> None:
    assert [moment_ms("10:00 PST", NOW + 180 * DAY), moment_ms("11:00 PST", NOW + 180 * DAY)] == [
        EVENING + 180 * DAY,
        EVENING + 180 * DAY + HOUR,
    ]


def test_a_time_without_a_date_is_on_the_day_it_is_read_for() -> None:
    assert moment_ms("18:00", NOW, day_of_ms=EVENING + 9 * DAY) == EVENING + 9 * DAY
    assert moment_ms("01:00 Asia/Tokyo", NOW, day_of_ms=EVENING) == EVENING - 2 * HOUR
    assert moment_ms("sat 18:00", NOW, day_of_ms=EVENING) == EVENING + 2 * DAY


def test_an_argument_takes_no_moment_that_has_passed() -> None:
    context = ParseContext(now_ms=NOW)
    refused = MomentType().parse("today 05:46", context)
    assert refused == Wrong("“today 05:46” has passed: it was 3 July 2014 05:46 UTC, 1 h ago. Choose a time to come.")
    assert MomentType().parse("today 18:00", context) == EVENING


def test_a_moment_that_names_no_zone_is_read_in_the_one_it_is_given() -> None:
    assert moment_ms("20:00", NOW, "Europe/Berlin") == EVENING
    assert moment_ms("18:00 UTC", NOW, "Europe/Berlin") == EVENING
