"""Numbers as people read them: `$51.14`, `50.6¢`, `97.84` tokens, `5%`, `2 min`. In: millionths, rates in 10^-12, ms.

Everything is integer arithmetic. Money is rounded here alone, and wherever it is shown it is whole cents: what
somebody gets, has or gains is rounded down, what they pay up (`Cut.UP`), and parts that are shown beside their sum
(`split`) add up to it. So one amount reads the same in a chat, in private, in a table and on a chart. What is exact is
typed (`typed_money`) or stands in a file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from datetime import UTC, datetime
from enum import Enum

from engine.units import TENTH, whole_cents, whole_tenths

MICRO = 10**6
CENT = MICRO // 100
RATE = 10**12
MINUS = "\N{MINUS SIGN}"


class Cut(Enum):
    """What happens to the digits that are not shown."""

    NEAREST = "nearest"
    UP = "up"
    DOWN = "down"


def _divide(value: int, by: int, cut: Cut) -> int:
    if cut is Cut.UP:
        return -(-value // by)
    if cut is Cut.DOWN:
        return value // by
    sign = -1 if value < 0 else 1
    return sign * ((2 * abs(value) + by) // (2 * by))


def _trimmed(micro: int) -> str:
    whole, rest = divmod(micro, MICRO)
    digits = f"{rest:06d}".rstrip("0")
    return f"{whole:,}.{digits}" if digits else f"{whole:,}"


def money(micro: int, cut: Cut = Cut.DOWN) -> str:
    """`$51.14`, `$1,240.00`, `−$3.20`: whole cents, what somebody gets or has; `Cut.UP` for what they pay."""
    cents = _divide(micro, CENT, cut)
    return f"{MINUS if cents < 0 else ''}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def shown_money(micro: int) -> int:
    """An amount, or tokens, as `money` and `tokens` show it, in millionths."""
    return whole_cents(micro)


def exact_money(micro: int) -> str:
    """A market's own terms, with all their digits: `$0.10` or `$0.0045` of gas, `$1,000.00`."""
    digits = f"{abs(micro) % MICRO:06d}".rstrip("0").ljust(2, "0")
    return f"{MINUS if micro < 0 else ''}${abs(micro) // MICRO:,}.{digits}"


def is_dust(micro: int) -> bool:
    """Less than a cent either way: no news."""
    return abs(micro) < CENT


def split(parts: Sequence[int], total: int | None = None, cut: Cut = Cut.DOWN) -> list[int]:
    """Parts in whole hundredths that add up to their sum (or to `total`, where that is shown beside them) in whole
    hundredths: each rounded down, what is missing given to those that lost most, the first of equals first. All in
    millionths."""
    whole = _divide(sum(parts) if total is None else total, CENT, cut)
    cents = [part // CENT for part in parts]
    by_loss = sorted(range(len(parts)), key=lambda at: (-(parts[at] % CENT), at))
    for at in by_loss[: max(0, whole - sum(cents))]:
        cents[at] += 1
    return [cent * CENT for cent in cents]


def round_money(micro: int, cut: Cut = Cut.NEAREST) -> str:
    """Whole dollars from $100 on (`$1,240`), else as `money`: for figures one glances at."""
    if abs(micro) < 100 * MICRO:
        return money(micro, cut) if not is_dust(micro) else "$0"
    dollars = _divide(micro, MICRO, cut)
    return f"{MINUS if dollars < 0 else ''}${abs(dollars):,}"


def signed_money(micro: int) -> str:
    """`+$12.00`, `−$3.20`, `$0.00`."""
    return f"+{money(micro)}" if micro >= CENT else money(micro)


def typed_money(micro: int) -> str:
    """As a person could type it: `$50`, `$12.5`."""
    return f"${typed_tokens(micro)}"


def price(micro: int, cut: Cut = Cut.NEAREST) -> str:
    """A price of a token in tenths of a cent: `50.6¢`; from ten dollars a token on, as money."""
    if abs(micro) >= 10 * MICRO:
        return money(micro, cut)
    tenths = _divide(micro, TENTH, cut)
    sign = MINUS if tenths < 0 else ""
    return f"{sign}{abs(tenths) // 10}.{abs(tenths) % 10}¢"


def shown_price(micro: int) -> int:
    """A price as `price` shows it, in millionths: two that read the same are the same."""
    return whole_tenths(micro) if micro >= 0 else -whole_tenths(-micro)


def price_change(micro: int) -> str:
    """`+0.4¢`, `−0.2¢`, `±0.0¢`."""
    shown = price(micro)
    if shown.lstrip(MINUS) == "0.0¢":
        return "±0.0¢"
    return f"+{shown}" if micro > 0 else shown


def limit_price(rate: int) -> str:
    """A limit (10^-12) with all its digits: `55¢`, `55.5¢`."""
    return f"{_cents(rate)}¢"


def typed_limit(rate: int) -> str:
    """As a person could type it: `55c`."""
    return f"{_cents(rate)}c"


def asked_price(micro: int) -> str:
    """A price somebody asked for, with no more digits than they typed: `50¢`, `50.5¢`."""
    return limit_price(micro * (RATE // MICRO))


def typed_price(micro: int) -> str:
    """The same as a person could type it: `50c`."""
    return typed_limit(micro * (RATE // MICRO))


def _cents(rate: int) -> str:
    whole, rest = divmod(rate, RATE // 100)
    digits = f"{rest:010d}".rstrip("0")
    return f"{whole}.{digits}" if digits else f"{whole}"


def rate_of_price(rate: int) -> int:
    """A rate per token (10^-12) as micro-dollars, halves up."""
    return _divide(rate, RATE // MICRO, Cut.NEAREST)


def tokens(micro: int, cut: Cut = Cut.DOWN) -> str:
    """`100`, `97.84`, `1,250.5`; less than a hundredth keeps its digits."""
    if abs(micro) < CENT:
        return _trimmed(micro) if micro >= 0 else f"{MINUS}{_trimmed(-micro)}"
    hundredths = _divide(micro, CENT, cut)
    sign = MINUS if hundredths < 0 else ""
    return sign + _trimmed(abs(hundredths) * CENT)


def other_tokens(size: int, part: int) -> int:
    """What is left of `size` beside `part`, so that the two as they are shown add up to it as it is shown."""
    other = size // CENT * CENT - part // CENT * CENT
    return other if 0 < part < size and other else size - part


def typed_tokens(micro: int) -> str:
    """All digits, no commas: exactly what a person would type to mean this many. Three decimals get a fourth, as
    `1.250` could be a thousand and a bit."""
    typed = _trimmed(micro).replace(",", "")
    return f"{typed}0" if len(typed.partition(".")[2]) == 3 else typed


def shown_share(part: int, of: int) -> int:
    """A share as it is shown, in millionths; 0 of nothing."""
    return _hundredths(part * RATE // of) * 100 if of > 0 else 0


def _hundredths(rate: int) -> int:
    """Of a percent."""
    return _divide(rate, RATE // 10_000, Cut.NEAREST)


def percent(rate: int) -> str:
    """`5%`, `0.5%`, `33.33%`."""
    hundredths = _hundredths(rate)
    sign = MINUS if hundredths < 0 else ""
    whole, rest = divmod(abs(hundredths), 100)
    digits = f"{rest:02d}".rstrip("0")
    return f"{sign}{whole:,}{'.' + digits if digits else ''}%"


def signed_percent(part: int, of: int) -> str:
    """`+12.5%` of a whole; `0%` of nothing."""
    if of <= 0:
        return "0%"
    shown = percent(part * RATE // of)
    return f"+{shown}" if part > 0 and shown != "0%" else shown


def gain(final: int, stake: int) -> tuple[str, str]:
    """What somebody has gained on what they were given, `+$540.20` and `+54.02%`: of the amounts as they are shown, so
    that whoever subtracts one from the other finds the same."""
    shown, given = whole_cents(final), whole_cents(stake)
    return signed_money(shown - given), signed_percent(shown - given, given)


def ordinal(number: int, *, tied: bool = False) -> str:
    """A place: `1st`, `2nd`, `11th`, `23rd`; `2nd=` where others have it too."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}{'=' if tied else ''}"


def places(keys: Sequence[Hashable]) -> list[str]:
    """The place of each of a list in order, best first: equal neighbours tie, `1st`, `2nd=`, `2nd=`, `4th`."""
    first: dict[Hashable, int] = {}
    for number, key in enumerate(keys, 1):
        first.setdefault(key, number)
    shared = Counter(keys)
    return [ordinal(first[key], tied=shared[key] > 1) for key in keys]


def span(ms: int) -> str:
    """`45 s`, `2 min`, `1 h 30 min`, `33 h`, `3 d 4 h`: the two largest units that matter, days from two on."""
    seconds = max(0, -(-ms // 1000))
    if seconds < 60:
        return f"{seconds} s"
    parts: list[str] = []
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    for unit, size in units if seconds >= 2 * 86_400 else units[1:]:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return " ".join(parts[:2])


def moment(at_ms: int) -> str:
    """`4 July 16:00 UTC`, and with the year where a reader could not guess it from a countdown."""
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{at.day} {at:%B %Y %H:%M} UTC"


def typed_moment(at_ms: int) -> str:
    """`2014-07-04 16:00`, as the schedule is typed and read back (UTC); seconds only where there are any."""
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{at:%Y-%m-%d %H:%M}" if at.second == 0 else f"{at:%Y-%m-%d %H:%M:%S}"


def typed_span(ms: int) -> str:
    """`1h30m`, `45s`, `0s`: a span as it is typed."""
    seconds = ms // 1000
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
