"""What is wrong with a time somebody typed, and what to type instead."""

from __future__ import annotations

from collections.abc import Sequence

from bot.text.numbers import moment, span
from bot.words.arguments import echo
from bot.words.shared import listed


def not_a_span(text: str) -> str:
    return f"{echo(text)} is not a span of time; say it as 30m, 2h or 1d."


def span_too_long(text: str) -> str:
    return f"{echo(text)} is longer than a year, and a span of time is a year at most."


def not_a_moment(text: str, example: str) -> str:
    return f"{echo(text)} is not a time; say it as {example} (UTC), with a zone like Europe/Berlin, or in 10m."


def not_a_past_moment(text: str) -> str:
    return f"{echo(text)} is not a moment that was; say it as 21:03 (UTC), 21:03 Europe/Berlin, fri 21:03 or 5m ago."


def still_to_come(text: str) -> str:
    return f"{echo(text)} is still to come; say a moment that was, such as 5m ago."


def slashes(text: str, example: str) -> str:
    return f"In {echo(text)} the day and the month can be read either way; say the date as in {example}."


def no_such_zone(name: str) -> str:
    return f"There is no time zone {echo(name)}; say it as UTC, Europe/Berlin or UTC+2."


def several_zones(name: str, places: Sequence[str]) -> str:
    return f"{name.upper()} means different times in different places; say {listed(places, 'or')}."


def out_of_season(name: str, shown: str, offset: str) -> str:
    known = name.upper()
    return f"On that day the clocks there show {shown}, not {known}; say {shown}, or {offset} if you mean just that."


def twice(text: str, first: str, second: str) -> str:
    return f"{echo(text)} comes twice, as the clocks are put back: say {first} for the first, {second} for the second."


def skipped_by_clocks(text: str) -> str:
    return f"{echo(text)} does not exist there: the clocks are put forward over it; please choose another minute."


def two_midnights(text: str) -> str:
    return f"{echo(text)} can be the beginning or the end of that day; say 00:00 or 24:00."


def has_passed(text: str, at_ms: int, now_ms: int) -> str:
    """`text` as it was typed."""
    ago = now_ms - at_ms
    if at_ms < 0:
        return long_passed(text)
    if ago <= 0:
        return f"{echo(text)} will have passed by then; choose a later time."
    return f"{echo(text)} has passed: it was {moment(at_ms)}, {span(ago)} ago. Choose a time to come."


def long_passed(text: str) -> str:
    return f"{echo(text)} has long passed. Choose a time to come."


def was_before(text: str) -> str:
    return f"{echo(text)} has passed. Choose a time to come."


def span_for_a_moment(text: str, span_: str) -> str:
    return f"{echo(text)} is a span of time; say in {span_} for a moment that far ahead."


def too_far(text: str, last_ms: int) -> str:
    return f"{echo(text)} is too far away: a time lies within ten years, before {moment(last_ms)}."
