"""Time zones as people name them: `Europe/Berlin`, `Berlin`, `UTC+2`, `+05:30`, `PST`.

An abbreviation that means one thing is understood while the clocks of its place really show it; one that means several
is asked back with the places it could mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

_OFFSET = re.compile(r"(?:utc|gmt)?\s*(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?", re.ASCII)
_UTC = frozenset({"z", "utc", "gmt", "uct", "zulu"})
_WIDEST = timedelta(hours=14)

_ZONES_OF_PLACES = {
    "America/Anchorage": "akst akdt",
    "America/Denver": "mst mdt",
    "America/Halifax": "adt",
    "America/Los_Angeles": "pst pdt",
    "America/New_York": "est edt",
    "Africa/Johannesburg": "sast",
    "Africa/Lagos": "wat",
    "Africa/Maputo": "cat",
    "Africa/Nairobi": "eat",
    "Asia/Hong_Kong": "hkt",
    "Asia/Karachi": "pkt",
    "Asia/Seoul": "kst",
    "Asia/Tokyo": "jst",
    "Australia/Adelaide": "acst acdt",
    "Australia/Perth": "awst",
    "Australia/Sydney": "aest aedt",
    "Europe/Athens": "eet eest",
    "Europe/Berlin": "cet cest",
    "Europe/Lisbon": "wet west",
    "Europe/Moscow": "msk",
    "Pacific/Auckland": "nzst nzdt",
    "Pacific/Honolulu": "hst",
}
SEASONAL: Mapping[str, str] = {short: place for place, shorts in _ZONES_OF_PLACES.items() for short in shorts.split()}
"""Abbreviations that mean one thing, and where the clocks show them, be it half the year."""

_ALL_YEAR = {
    "et": "America/New_York",
    "ct": "America/Chicago",
    "mt": "America/Denver",
    "pt": "America/Los_Angeles",
}

SEVERAL: Mapping[str, tuple[str, ...]] = {
    "amt": ("America/Manaus", "Asia/Yerevan"),
    "ast": ("America/Halifax", "Asia/Riyadh"),
    "bst": ("Europe/London", "Asia/Dhaka"),
    "cdt": ("America/Chicago", "America/Havana"),
    "cst": ("America/Chicago", "Asia/Shanghai", "America/Havana"),
    "ect": ("America/Guayaquil", "America/Puerto_Rico"),
    "gst": ("Asia/Dubai", "Atlantic/South_Georgia"),
    "ist": ("Asia/Kolkata", "Asia/Jerusalem", "Europe/Dublin"),
    "sst": ("Asia/Singapore", "Pacific/Pago_Pago"),
}
"""Abbreviations that mean several things, and where."""


def is_abbreviation(name: str) -> bool:
    """Whether it is written as short names of zones are and is one, be it of several: UTC, z, PST, IST; not Iran, and
    not `cat`, which is a word as well."""
    if name.casefold() in _UTC:
        return True
    return name.isupper() and name.casefold() in {*SEASONAL, *_ALL_YEAR, *SEVERAL}


def zone_named(name: str | None) -> tzinfo | None:
    """UTC where none is named; None where there is no such zone, or several. Capitals do not matter."""
    typed = (name or "utc").strip().casefold()
    if typed in _UTC:
        return UTC
    if offset := _OFFSET.fullmatch(typed):
        return _ahead_of_utc(offset)
    if typed in SEVERAL:
        return None
    known = SEASONAL.get(typed) or _ALL_YEAR.get(typed) or _zones().get(typed)
    try:
        return None if known is None else ZoneInfo(known)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None


def zone_shown(name: str | None) -> str:
    """A zone as it is written: `Europe/Berlin`, `UTC+2`, `PST`."""
    typed = (name or "utc").strip().casefold()
    zone = zone_named(typed)
    if isinstance(zone, ZoneInfo) and typed not in SEASONAL:
        return zone.key
    return typed.upper() if zone is None or typed in SEASONAL else offset_of(datetime(2026, 1, 1, tzinfo=zone))


def _ahead_of_utc(offset: re.Match[str]) -> tzinfo | None:
    ahead = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"] or 0))
    if ahead > _WIDEST or int(offset["minutes"] or 0) > 59:
        return None
    return timezone(-ahead if offset["sign"] == "-" else ahead)


def out_of_season(name: str | None, at: datetime) -> str | None:
    """What the clocks of its place show at that moment instead of this abbreviation; None where they do show it."""
    if name is None or name.casefold() not in SEASONAL:
        return None
    shown = at.tzname() or ""
    return None if shown.casefold() == name.casefold() else shown


_WINTER, _SUMMER = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)


def offset_meant(name: str) -> str:
    """`UTC-8` for PST, whatever the season."""
    place = ZoneInfo(SEASONAL[name.casefold()])
    days = (day.astimezone(place) for day in (_WINTER, _SUMMER))
    return offset_of(next(day for day in days if (day.tzname() or "").casefold() == name.casefold()))


def offset_of(at: datetime) -> str:
    """How far the clocks are ahead of UTC at that moment: `UTC+2`, `UTC-3:30`, `UTC`."""
    minutes = int((at.utcoffset() or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    if not minutes:
        return "UTC"
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"


@cache
def _zones() -> Mapping[str, str]:
    """Every zone by its name and by its city where only one has that, without capitals."""
    every = sorted(available_timezones())
    cities: dict[str, set[str]] = {}
    for name in every:
        if "/" in name and not name.startswith(("Etc/", "SystemV/", "US/", "posix/", "right/")):
            cities.setdefault(name.rpartition("/")[2].casefold(), set()).add(name)
    alone = {city: next(iter(names)) for city, names in cities.items() if len(names) == 1}
    return {**alone, **{name.casefold(): name for name in every}}
