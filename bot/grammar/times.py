"""Types of arguments for spans and moments: `10m`, `1h30m`; `in 10m`, `18:00`, `fri 8pm`, `2026-12-01 18:00 UTC`.

A moment without a zone is UTC and is shown back as such before anything happens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from bot.chat.facts import Hint
from bot.chat.invocation import ParseContext
from bot.grammar.types import ArgumentType, Wrong
from bot.text.numbers import typed_moment
from bot.words import arguments as words

DAY_MS = 86_400_000
LONGEST_SPAN = 366 * DAY_MS
_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": DAY_MS, "w": 7 * DAY_MS}
_NAMES = {
    name: unit
    for unit, names in {"s": "sec second", "m": "min minute", "h": "hr hour", "d": "day", "w": "week"}.items()
    for one in names.split()
    for name in (one, f"{one}s")
}
_PIECE = re.compile(r"(\d{1,9})\s*([a-z]{1,7})\s*", re.ASCII)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MOMENT = re.compile(
    r"(?:(?:on\s+)?(?P<date>\d{4}-\d{1,2}-\d{1,2}|today|tonight|tomorrow|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?)"
    r"(?:\s*,)?(?:\s+at)?[\sT]+)?"
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2}))?)?\s*(?P<half>[ap]m\b)?"
    r"\s*(?P<zone>Z|[A-Za-z][A-Za-z_+\-/0-9]*|[+-]\d{2}:?\d{2})?",
    re.ASCII | re.IGNORECASE,
)


def span_ms(text: str) -> int | None:
    """`90s`, `10m`, `1h30m`, `2 days`: milliseconds, or None where it is no span of at most a year and a day."""
    rest, total = text.strip().casefold(), 0
    if not rest or len(rest) > 60:
        return None
    while rest:
        piece = _PIECE.match(rest)
        if piece is None:
            return None
        unit = _NAMES.get(piece[2], piece[2])
        if unit not in _UNITS:
            return None
        total += int(piece[1]) * _UNITS[unit]
        rest = rest[piece.end() :]
    return total if total <= LONGEST_SPAN else None


def zone_named(name: str | None) -> tzinfo | None:
    """UTC where none is named; None where there is no such zone. Capitals do not matter."""
    if name is None or name.casefold() in {"z", "utc", "gmt"}:
        return UTC
    try:
        if name[0] in "+-":
            return datetime.strptime(name.replace(":", ""), "%z").tzinfo
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError, ZoneInfoNotFoundError):
        known = _zones().get(name.casefold())
        return ZoneInfo(known) if known is not None else None


@cache
def _zones() -> Mapping[str, str]:
    """Every zone by its name without capitals."""
    return {name.casefold(): name for name in available_timezones()}


def zone_said(text: str) -> str | None:
    """The zone a moment names itself; None where it names none, or says how long from now."""
    match = _MOMENT.fullmatch(text.strip())
    return match["zone"] if match else None


def moment_ms(text: str, now_ms: int, zone: str | None = None) -> int | Wrong:
    """Epoch milliseconds of a moment; a time without a date is the next one to come, a weekday the next of its name.
    `zone` is what it is read in where it names none itself (UTC)."""
    typed = text.strip()
    if typed.casefold() == "now":
        return now_ms
    if typed.casefold().startswith("in "):
        ahead = span_ms(typed[3:])
        return now_ms + ahead if ahead is not None else Wrong(words.not_a_span(typed[3:]))
    match = _MOMENT.fullmatch(typed)
    if match is None or (match["minute"] is None and match["half"] is None):
        return Wrong(words.not_a_moment(text))
    where = match["zone"] or zone
    known = zone_named(where)
    if known is None:
        return Wrong(words.no_such_zone(where or ""))
    return _in_zone(match, known, now_ms, text)


def _in_zone(match: re.Match[str], zone: tzinfo, now_ms: int, text: str) -> int | Wrong:
    now = datetime.fromtimestamp(now_ms // 1000, zone)
    date = (match["date"] or "today").casefold().rstrip(".")
    hour = _hour(int(match["hour"]), match["half"])
    try:
        day = _day(date, now)
        if day is None or hour is None:
            return Wrong(words.not_a_moment(text))
        at = day.replace(hour=hour, minute=int(match["minute"] or 0), second=int(match["second"] or 0),
                         microsecond=0, fold=0)  # fmt: skip
        if at <= now and (match["date"] is None or date[0].isalpha()):
            at += timedelta(days={"today": 0, "tonight": 0}.get(date, 7) if match["date"] else 1)
        there_and_back = at.astimezone(UTC).astimezone(zone)
        if there_and_back.replace(tzinfo=None) != at.replace(tzinfo=None):
            return Wrong(words.skipped_by_clocks(text))
        return int(at.timestamp()) * 1000
    except (ValueError, OverflowError, OSError):
        return Wrong(words.not_a_moment(text))


def _hour(hour: int, half: str | None) -> int | None:
    """`8 pm` is 20, `12 am` is 0; None for `13 pm`."""
    if half is None:
        return hour
    return hour % 12 + (12 if half.casefold() == "pm" else 0) if 1 <= hour <= 12 else None


def _day(date: str, now: datetime) -> datetime | None:
    """The day a word or a date names; a weekday is the next one from today on."""
    if date in {"today", "tonight"}:
        return now
    if date == "tomorrow":
        return now + timedelta(days=1)
    if date[0].isalpha():
        weekday = next((number for number, name in enumerate(_DAYS) if len(date) >= 3 and name.startswith(date)), None)
        return None if weekday is None else now + timedelta(days=(weekday - now.weekday()) % 7)
    year, month, number = (int(part) for part in date.split("-"))
    return now.replace(year=year, month=month, day=number)


@dataclass(frozen=True, slots=True)
class SpanType(ArgumentType[int]):
    """Milliseconds."""

    what: str = "span"
    about: str = "a span of time, such as 30m, 2h or 1d"
    named: bool = False

    shape = "30m"
    words = 2

    def parse(self, text: str, context: ParseContext) -> int | Wrong:
        length = span_ms(text)
        return length if length else Wrong(words.not_a_span(text))

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        return [Hint(value) for value in ("10m", "1h", "6h", "1d", "1w") if value.startswith(partial.strip())]


@dataclass(frozen=True, slots=True)
class MomentType(ArgumentType[int]):
    """Epoch milliseconds."""

    what: str = "time"
    about: str = "a time: fri 20:00, 2026-12-01 18:00 Europe/Berlin (UTC if no zone is named), or in 10m"
    named: bool = False

    shape = "time"
    words = 4

    def parse(self, text: str, context: ParseContext) -> int | Wrong:
        return moment_ms(text, context.now_ms)

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        in_an_hour = typed_moment(context.now_ms + 3_600_000)
        return [
            Hint(value)
            for value in ("in 10m", "in 1h", "tomorrow 18:00", in_an_hour)
            if value.startswith(partial.strip())
        ]


SpanArg = Annotated[int, SpanType()]
MomentArg = Annotated[int, MomentType()]
