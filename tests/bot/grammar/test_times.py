"""Moments and spans as people type them."""

from __future__ import annotations

import pytest

from bot.grammar.times import moment_ms, span_ms
from bot.grammar.types import Wrong

NOW = 1_404_370_000_000  # 3 July 2014 06:46:40 UTC
MINUTE = 60_000
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
        ("2014-03-30 02:30 Europe/Berlin", "clocks are put forward"),
        ("0000-01-01 00:00", "is not a time"),
    ],
)
def test_what_is_no_moment_says_how_to_say_one(typed: str, words: str) -> None:
    found = moment_ms(typed, NOW)
    assert isinstance(found, Wrong)
    assert words in found.sentence


def test_a_moment_that_names_no_zone_is_read_in_the_one_it_is_given() -> None:
    assert moment_ms("20:00", NOW, "Europe/Berlin") == EVENING
    assert moment_ms("18:00 UTC", NOW, "Europe/Berlin") == EVENING
