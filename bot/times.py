"""Kinds for spans and moments: `10m`, `1h30m`; `2014-07-03 09:40`, `in 10m`, `18:00`, `2026-12-01 18:00 Europe/Berlin`.

A moment without a zone is UTC and is shown back as such before anything happens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.money import typed_moment
from bot.params import Hint, Kind, Wrong
from bot.scene import Scene
from bot.words import input as words

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
_MOMENT = re.compile(
    r"(?:(?P<date>\d{4}-\d{1,2}-\d{1,2}|today|tomorrow)[\sT]+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?"
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
    """UTC where none is named; None where there is no such zone."""
    if name is None or name.casefold() in {"z", "utc", "gmt"}:
        return UTC
    try:
        if name[0] in "+-":
            return datetime.strptime(name.replace(":", ""), "%z").tzinfo
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError, ZoneInfoNotFoundError):
        return None


def moment_ms(text: str, now_ms: int) -> int | Wrong:
    """Epoch milliseconds of a moment; a time without a date is the next one to come."""
    said = text.strip()
    if said.casefold() == "now":
        return now_ms
    if said.casefold().startswith("in "):
        ahead = span_ms(said[3:])
        return now_ms + ahead if ahead is not None else Wrong(words.not_a_span(said[3:]))
    found = _MOMENT.fullmatch(said)
    if found is None:
        return Wrong(words.not_a_moment(text))
    zone = zone_named(found["zone"])
    if zone is None:
        return Wrong(words.no_such_zone(found["zone"]))
    return _in_zone(found, zone, now_ms, text)


def _in_zone(found: re.Match[str], zone: tzinfo, now_ms: int, text: str) -> int | Wrong:
    now = datetime.fromtimestamp(now_ms // 1000, zone)
    date = (found["date"] or "today").casefold()
    try:
        if date in {"today", "tomorrow"}:
            day = now + timedelta(days=1) if date == "tomorrow" else now
        else:
            year, month, number = (int(part) for part in date.split("-"))
            day = now.replace(year=year, month=month, day=number)
        at = day.replace(hour=int(found["hour"]), minute=int(found["minute"]), second=int(found["second"] or 0),
                         microsecond=0, fold=0)  # fmt: skip
        if found["date"] is None and at <= now:
            at += timedelta(days=1)
        there_and_back = at.astimezone(UTC).astimezone(zone)
        if there_and_back.replace(tzinfo=None) != at.replace(tzinfo=None):
            return Wrong(words.skipped_by_clocks(text))
        return int(at.timestamp()) * 1000
    except (ValueError, OverflowError, OSError):
        return Wrong(words.not_a_moment(text))


@dataclass(frozen=True, slots=True)
class Span(Kind[int]):
    """Milliseconds."""

    what: str = "span"
    about: str = "a span of time, such as 30m, 2h or 1d"
    named: bool = False

    shape = "30m"
    words = 2

    def parse(self, text: str, scene: Scene) -> int | Wrong:
        found = span_ms(text)
        return found if found else Wrong(words.not_a_span(text))

    def suggest(self, partial: str, scene: Scene) -> Sequence[Hint]:
        return [Hint(one) for one in ("10m", "1h", "6h", "1d", "1w") if one.startswith(partial.strip())]


@dataclass(frozen=True, slots=True)
class Moment(Kind[int]):
    """Epoch milliseconds."""

    what: str = "time"
    about: str = "a time: 2026-12-01 18:00, with a zone such as Europe/Berlin or in UTC, or in 10m"
    named: bool = False

    shape = "time"
    words = 4

    def parse(self, text: str, scene: Scene) -> int | Wrong:
        return moment_ms(text, scene.now_ms)

    def suggest(self, partial: str, scene: Scene) -> Sequence[Hint]:
        in_an_hour = typed_moment(scene.now_ms + 3_600_000)
        return [Hint(one) for one in ("in 10m", "in 1h", in_an_hour) if one.startswith(partial.strip())]


SpanArg = Annotated[int, Span()]
MomentArg = Annotated[int, Moment()]
