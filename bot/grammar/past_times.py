"""The type of an argument for a moment that was: `21:03`, `fri 21:03 Europe/Berlin`, `5m ago`.

A time alone is the latest such moment up to now, where `bot.grammar.times` takes the next one to come. Read by the same
function, from a moment so long ago that what comes next is what was last.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from bot.chat.facts import Hint
from bot.chat.invocation import ParseContext
from bot.grammar.times import moment_ms, span_ms, zone_said
from bot.grammar.types import ArgumentType, Wrong
from bot.grammar.zones import is_abbreviation, zone_named
from bot.text.numbers import typed_moment
from bot.words import times as words

_HOUR = 3_600_000
_YEAR = re.compile(r"(?<![\d:+-])\d{4}(?![\d:])")
_LOOKS = tuple(hours * _HOUR for hours in (24, 25, 26, 7 * 24, 7 * 24 + 2, 366 * 24))  # a day may have 25 hours
_DAYS_AGO = {"today": 0, "tonight": 0, "yesterday": 1}


def past_moment_ms(text: str, now_ms: int) -> int | Wrong:
    """Epoch milliseconds, whole seconds, of the latest such moment that is not to come; a date of the last year."""
    typed = " ".join(text.split())
    flat = typed.casefold()
    if flat == "now":
        return now_ms // 1_000 * 1_000
    if flat.endswith(" ago"):
        span = span_ms(flat.removesuffix(" ago"))
        return Wrong(words.not_a_past_moment(text)) if span is None else (now_ms - span) // 1_000 * 1_000
    day = flat.split(" ", 1)[0]
    if day in _DAYS_AGO:
        return _on_day(text, typed[len(day) :].strip(" ,").removeprefix("at "), now_ms, _DAYS_AGO[day])
    if day == "tomorrow":
        return Wrong(words.still_to_come(text))
    if flat.startswith("in ") or span_ms(flat) is not None:
        return Wrong(words.not_a_past_moment(text))
    return _latest(text, typed, now_ms)


def zone_in_reason(reason: str, now_ms: int) -> str | None:
    """What is wrong where a zone that could not be read, `IST` of `21:03 IST the goal`, was left to the reason."""
    name = reason.split(" ", 1)[0].strip(",")
    if not is_abbreviation(name):
        return None
    read = past_moment_ms(f"00:00 {name}", now_ms)
    return read.sentence if isinstance(read, Wrong) else None


def _latest(text: str, typed: str, now_ms: int) -> int | Wrong:
    """The last moment of this kind up to now."""
    zone = typed.rpartition(" ")[2] if zone_said(typed) is not None else ""
    if zone.isalpha() and not is_abbreviation(zone):
        return Wrong(words.no_such_zone(zone))  # `21:03 Iran scored`: the first word of a reason, not Iran's time
    if any(int(year) > datetime.fromtimestamp(now_ms // 1_000, UTC).year + 1 for year in _YEAR.findall(typed)):
        return Wrong(words.still_to_come(text))
    found = [moment_ms(typed, now_ms - look) for look in _LOOKS]
    near = found[0]
    if isinstance(near, Wrong) and near.choices:
        return near
    moments = [at for at in found if not isinstance(at, Wrong)]
    if moments:
        return next((at for at in moments if at <= now_ms), Wrong(words.still_to_come(text)))
    return near if isinstance(near, Wrong) and zone else Wrong(words.not_a_past_moment(text))


def _on_day(text: str, time: str, now_ms: int, days_ago: int) -> int | Wrong:
    """A time of today or yesterday, as its own zone counts days."""
    zone = zone_named(zone_said(time))
    if zone is None or not time[:1].isdigit():
        return Wrong(words.not_a_past_moment(text))
    day = datetime.fromtimestamp(now_ms // 1_000, zone).date() - timedelta(days=days_ago)
    for look in (now_ms, now_ms - 24 * _HOUR):
        at = _latest(text, time, look)
        if isinstance(at, Wrong) or datetime.fromtimestamp(at // 1_000, zone).date() == day:
            return at
    return Wrong(words.still_to_come(text))


@dataclass(frozen=True, slots=True)
class PastMomentType(ArgumentType[int]):
    """Epoch milliseconds, not to come."""

    what: str = "moment"
    about: str = "when it was: 21:03, fri 21:03 Europe/Berlin (UTC if no zone is named), or 5m ago"
    named: bool = False

    shape = "21:03"
    words = 4

    def parse(self, text: str, context: ParseContext) -> int | Wrong:
        return past_moment_ms(text, context.now_ms)

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        recent = typed_moment((context.now_ms - 5 * 60_000) // 60_000 * 60_000)
        return [Hint(value) for value in ("1m ago", "5m ago", "15m ago", recent) if value.startswith(partial.strip())]


PastMomentArg = Annotated[int, PastMomentType()]
