"""Types of arguments for spans and moments: `10m`, `1h30m`; `in 10m`, `18:00`, `fri 8 p.m.`, `31 Oct 2027 noon`.

A moment without a zone is UTC and is shown back as such before anything happens. What can be read in two ways is asked
back with both: an hour that comes twice as the clocks are put back, a midnight of a day, an abbreviation of two zones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Annotated

from bot.chat.facts import Hint
from bot.chat.invocation import ParseContext
from bot.grammar.types import ArgumentType, Wrong, plain
from bot.grammar.zones import SEVERAL, offset_meant, offset_of, out_of_season, zone_named, zone_shown
from bot.text.numbers import typed_moment
from bot.words import times as words

DAY_MS = 86_400_000
LONGEST_SPAN = 366 * DAY_MS
FARTHEST = 3_653 * DAY_MS
"""Ten years: nothing lies farther ahead. Later ones pass what chats and clocks can show."""

_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": DAY_MS, "w": 7 * DAY_MS}
_NAMES = {
    name: unit
    for unit, names in {"s": "sec second", "m": "min minute", "h": "hr hour", "d": "day", "w": "week"}.items()
    for one in names.split()
    for name in (one, f"{one}s")
}
_PIECE = re.compile(r"(\d{1,9})\s*([a-z]{1,7})\s*", re.ASCII)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_NTH = r"\d{1,2}(?:st|nd|rd|th)?"
_DATES = (
    r"\d{4}-\d{1,2}-\d{1,2}",
    r"\d{1,2}\.\d{1,2}\.(?:\d{4})?",
    rf"{_NTH}\.?\s+(?:of\s+)?{_MONTH},?(?:\s+\d{{4}})?",
    rf"{_MONTH}\s+{_NTH}(?:,?\s+\d{{4}})?",
    r"today|tonight|tomorrow",
    r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?",
)
_MOMENT = re.compile(
    rf"(?:(?:on\s+)?(?P<date>{'|'.join(_DATES)})(?:\s*,)?(?:\s+at)?(?:\s+|(?<=\d)t))?"
    r"(?:(?:12\s*)?(?P<word>noon|midday|midnight)"
    r"|(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2}))?)?\s*(?P<half>[ap](?:\.\s?)?m\b\.?)?)"
    r"\s*(?P<zone>(?:utc|gmt)?\s?[+-]\d{1,2}(?::?\d{2})?|[a-z][a-z_+\-/0-9]*)?",
    re.ASCII,
)
_SLASHES = re.compile(r"(?:on\s+)?\d{1,4}/\d{1,2}(?:/\d{2,4})?\b.*")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def span_ms(text: str) -> int | None:
    """`90s`, `10m`, `1h30m`, `2 days`: milliseconds, or None where it is no span of at most a year and a day."""
    total = _sum_ms(text)
    return total if total is not None and total <= LONGEST_SPAN else None


def _sum_ms(text: str) -> int | None:
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
    return total


def zone_said(text: str) -> str | None:
    """The zone a moment names itself, as it is written; None where it names none, or says how long from now."""
    match = _MOMENT.fullmatch(_flat(text))
    return zone_shown(match["zone"]) if match and match["zone"] else None


def names_no_day(text: str) -> bool:
    """Whether a text is a time of day alone: `22:05`, `8 pm`, `noon`."""
    match = _MOMENT.fullmatch(_flat(text))
    return match is not None and match["date"] is None


def _flat(text: str) -> str:
    """As the pattern has it: one spelling of signs, single spaces, no capitals."""
    return " ".join(plain(text).replace("\u2212", "-").replace("\u2013", "-").split())


def moment_ms(text: str, now_ms: int, zone: str | None = None, day_of_ms: int | None = None) -> int | Wrong:
    """Epoch milliseconds of a moment; a time without a date is the next one to come, a weekday the next of its name.
    `zone` is what it is read in where it names none itself (UTC); where it names no date it is on the day of the moment
    `day_of_ms`, if that is given. One of a given day may have passed; none is more than `FARTHEST` ahead."""
    flat = _flat(text)
    if flat == "now":
        return now_ms
    if flat.startswith("in "):
        ahead = span_ms(flat[3:])
        return now_ms + ahead if ahead is not None else not_a_span(text.strip()[3:])
    match = _MOMENT.fullmatch(flat)
    if match is None or not (match["minute"] or match["half"] or match["word"]):
        example = _example(now_ms)
        slashes = _SLASHES.fullmatch(flat) is not None
        if flat.startswith("yesterday") or flat.endswith(" ago"):
            return Wrong(words.was_before(text))
        if span_ms(flat.removeprefix("+")) is not None:
            return Wrong(words.span_for_a_moment(text, flat.removeprefix("+")), f"in {flat.removeprefix('+')}")
        return Wrong(words.slashes(text, example) if slashes else words.not_a_moment(text, example), whole=slashes)
    at = _in_zone(text, flat, match, now_ms, zone, day_of_ms)
    return replace(at, whole=True) if isinstance(at, Wrong) else at


def _in_zone(
    text: str, flat: str, match: re.Match[str], now_ms: int, zone: str | None, day_of_ms: int | None
) -> int | Wrong:
    where = match["zone"] or zone
    if where is not None and where.casefold() in SEVERAL:
        before = flat[: match.start("zone")].strip() if match["zone"] else flat
        places = SEVERAL[where.casefold()]
        return Wrong(words.several_zones(where, places), choices=tuple(f"{before} {place}" for place in places))
    known = zone_named(where)
    if known is None:
        as_typed = text.strip()[-len(where or "") :]
        return Wrong(words.no_such_zone(as_typed if as_typed.casefold() == where else where or ""))
    try:
        return _Spoken(text, match, known, where, now_ms, day_of_ms).moment()
    except (ValueError, OverflowError):
        return Wrong(words.not_a_moment(text, _example(now_ms)))


def _example(now_ms: int) -> str:
    """A time to come as it is typed: six o'clock tomorrow."""
    return typed_moment((now_ms // DAY_MS + 1) * DAY_MS + 18 * 3_600_000)


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A moment taken apart: the text as it was typed, the zone it is read in and by what name."""

    text: str
    match: re.Match[str]
    zone: tzinfo
    zone_name: str | None
    now_ms: int
    day_of_ms: int | None

    def moment(self) -> int | Wrong:
        """Epoch milliseconds. Raises ValueError where there is no such day or hour."""
        now = datetime.fromtimestamp(self.now_ms // 1000, self.zone)
        days = _days(self.match["date"], now.date())
        if self.match["date"] is None and self.day_of_ms is not None:
            days = [datetime.fromtimestamp(self.day_of_ms // 1000, self.zone).date()]
        if days[0].year < _EPOCH.year:
            return Wrong(words.long_passed(self.text))
        if days[0].year > now.year + 11:
            return Wrong(words.too_far(self.text, self.now_ms + FARTHEST))
        if self.match["word"] == "midnight" and self.match["date"] not in (None, "today", "tonight"):
            return self._midnight(days[0])
        for day in days:
            at = self._on(day)
            readings = [at.replace(fold=0), at.replace(fold=1)]
            first, second = (self._ms(reading) for reading in readings)
            if max(first, second) > self.now_ms:
                return self._ahead(readings, first, second)
        return self._checked(readings[-1])

    def _ahead(self, readings: Sequence[datetime], first: int, second: int) -> int | Wrong:
        """What the clocks make of a time to come: the same by both `readings`, or there twice, or not at all."""
        if first > second:  # put forward over it
            around = sorted(datetime.fromtimestamp(ms // 1000, self.zone) for ms in (first, second))
            typed = tuple(f"{_clock(at)} {zone_shown(self.zone_name)}" for at in around)
            return Wrong(words.skipped_by_clocks(self.text), choices=typed)
        if first != second and first > self.now_ms:
            offsets = [offset_of(at) for at in readings]
            typed = tuple(f"{_clock(at)} {offset}" for at, offset in zip(readings, offsets, strict=True))
            return Wrong(words.twice(self.text, *offsets), choices=typed)
        return self._checked(readings[-1])

    def _checked(self, at: datetime) -> int | Wrong:
        """Within reach, and as its abbreviation says."""
        ms = self._ms(at)
        if ms > self.now_ms + FARTHEST:
            return Wrong(words.too_far(self.text, self.now_ms + FARTHEST))
        shown, name = out_of_season(self.zone_name, at), self.zone_name or ""
        if shown is None:
            return ms
        offset = offset_meant(name)
        typed = (f"{_clock(at)} {shown}", f"{_clock(at)} {offset}")
        return Wrong(words.out_of_season(name, shown, offset), choices=typed)

    def _midnight(self, day: date) -> int | Wrong:
        """The beginning of the day or its end, where only one of them is to come."""
        begins = datetime.combine(day, time(), self.zone)
        ends = begins + timedelta(days=1)
        if self._ms(begins) <= self.now_ms:
            return self._checked(ends)
        zone = f" {zone_shown(self.match['zone'])}" if self.match["zone"] else ""
        both = tuple(f"{day:%Y-%m-%d} {clock}{zone}" for clock in ("00:00", "24:00"))
        return Wrong(words.two_midnights(self.text), choices=both)

    def _on(self, day: date) -> datetime:
        """Its time on that day; 24:00 and midnight are the day's end."""
        word, half = self.match["word"], self.match["half"]
        hour = {"noon": 12, "midday": 12, "midnight": 24}[word] if word else int(self.match["hour"])
        minute, second = int(self.match["minute"] or 0), int(self.match["second"] or 0)
        if half:
            if not 1 <= hour <= 12:
                raise ValueError(f"there is no {hour} {half}")
            hour = hour % 12 + (12 if half[0] == "p" else 0)
        if hour == 24 and not (minute or second):
            return datetime.combine(day, time(), self.zone) + timedelta(days=1)
        return datetime.combine(day, time(hour, minute, second), self.zone)

    @staticmethod
    def _ms(at: datetime) -> int:
        return int((at - _EPOCH).total_seconds()) * 1000


def _clock(at: datetime) -> str:
    """Its date and time as they are typed, without a zone."""
    return f"{at:%Y-%m-%d %H:%M:%S}".removesuffix(":00")


def _days(said: str | None, today: date) -> list[date]:
    """The days a word or a date can mean, the nearest first. Raises ValueError where there is none."""
    if said is None:
        return [today, today + timedelta(days=1)]
    word = said.rstrip(".,")
    if word in {"today", "tonight"}:
        return [today]
    if word == "tomorrow":
        return [today + timedelta(days=1)]
    for number, name in enumerate(_DAYS):
        if name.startswith(word):
            near = today + timedelta(days=(number - today.weekday()) % 7)
            return [near, near + timedelta(days=7)]
    if word.count("-") == 2:
        year, month, day = map(int, word.split("-"))
        return [date(year, month, day)]
    return _by_month(word, today)


def _by_month(said: str, today: date) -> list[date]:
    """`31 oct 2027`, `october 31st`, `31.10.2027`, `31.10.`: this year and the years to come where none is named."""
    pieces = re.findall(r"\d+|[a-z]+", said)
    numbers = [int(piece) for piece in pieces if piece.isdecimal()]
    names = [piece for piece in pieces if piece.isalpha() and piece not in {"of", "st", "nd", "rd", "th"}]
    if not numbers:
        raise ValueError(f"{said} is no day")
    if names:
        month = next((number for number, name in enumerate(_MONTHS, 1) if name.startswith(names[0])), 0)
        day, year = numbers[0], numbers[1:]
    else:
        day, month, year = numbers[0], numbers[1], numbers[2:]
    if year:
        return [date(year[0], month, day)]
    every = [today.year + ahead for ahead in range(9)]  # the 29th of February comes within eight years
    return [date(year, month, day) for year in every if (month, day) != (2, 29) or _leaps(year)]


def _leaps(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def not_a_span(text: str) -> Wrong:
    """Why a text is no span of time."""
    return Wrong(words.span_too_long(text) if _sum_ms(text) is not None else words.not_a_span(text))


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
        return length if length else not_a_span(text)

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        return [Hint(value) for value in ("10m", "1h", "6h", "1d", "1w") if value.startswith(partial.strip())]


@dataclass(frozen=True, slots=True)
class MomentType(ArgumentType[int]):
    """Epoch milliseconds of a moment that has not passed."""

    what: str = "time"
    about: str = "a time: fri 20:00, tomorrow 18:00 Europe/Berlin (UTC if no zone is named), or in 10m"
    named: bool = False

    shape = "time"
    words = 9

    def parse(self, text: str, context: ParseContext) -> int | Wrong:
        at = moment_ms(text, context.now_ms)
        if isinstance(at, int) and at < context.now_ms:
            return Wrong(words.has_passed(text, at, context.now_ms))
        return at

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        in_an_hour = typed_moment(context.now_ms + 3_600_000)
        return [
            Hint(value)
            for value in ("in 10m", "in 1h", "tomorrow 18:00", in_an_hour)
            if value.startswith(partial.strip())
        ]


SpanArg = Annotated[int, SpanType()]
MomentArg = Annotated[int, MomentType()]
