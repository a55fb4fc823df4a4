"""Reading one value a person wrote into the engine's integers; a value that cannot be read is a `Problem`.

Accepted: int, float, Decimal, Fraction and text; in text a leading $, thousands separators and a trailing % or c
(cents) are understood; durations are ms, or text such as "90m", "1h30m", "10s", "2d".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_FLOOR, Context, Decimal, InvalidOperation
from fractions import Fraction
from typing import Literal

from engine.terms import FEWEST_OUTCOMES, MOST_OUTCOMES, Problem, Round
from engine.units import MICRO, RATE, floor_fraction

TRUE_WORDS = frozenset({"on", "yes", "true", "1"})
FALSE_WORDS = frozenset({"off", "no", "false", "0", "none"})
_SPAN = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|d|h|m|s))+")
_SPAN_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|d|h|m|s)")
_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_LONGEST = 60
"""Longest text taken for a number; a longer one is no number and only costs time."""


class Unreadable(Exception):  # noqa: N818  # control flow inside this module and params, never seen outside
    """Carries the code and detail of the Problem to be."""

    def __init__(self, code: str, **detail: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def read_number(value: object) -> Fraction:
    """An exact number: 0.05, "5%", "$1,000", "55c"."""
    if isinstance(value, bool):
        raise Unreadable("not_a_number", value=str(value))
    if isinstance(value, int | Fraction):
        return Fraction(value)
    text = str(value).strip().lower().replace(",", "").replace("_", "").removeprefix("$")
    scale = Fraction(1)
    if text.endswith(("%", "c", "¢")):
        text, scale = text[:-1], Fraction(1, 100)
    try:
        number = Decimal(text) if len(text) <= _LONGEST else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or abs(number.adjusted()) > _LONGEST:
        raise Unreadable("not_a_number", value=str(value)[:_LONGEST])
    return Fraction(number) * scale


def read_rate(value: object) -> int:
    """A share, weight or price as a rate, floored."""
    return floor_fraction(read_number(value) * RATE)


def read_per_z(value: object, z: int, most: int) -> int:
    """What people write per token squared, times z in dollars, as a rate, floored (ENGINE ruling 1); z in
    micro-dollars. 0 to `most`/z."""
    number = read_number(value) * z / MICRO
    if not 0 <= number <= most:
        high = Context(prec=6, rounding=ROUND_FLOOR).divide(Decimal(most * MICRO), Decimal(z))
        raise Unreadable("out_of_bounds", value=str(value)[:_LONGEST], low="0", high=plain(high))
    return floor_fraction(number * RATE)


def plain(number: Decimal) -> str:
    """Without an exponent and without trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def read_money(value: object) -> int:
    """Dollars as micro-dollars, floored."""
    return floor_fraction(read_number(value) * MICRO)


def read_whole(value: object) -> int:
    """A whole number."""
    number = read_number(value)
    if number.denominator != 1:
        raise Unreadable("not_whole", value=str(value))
    return number.numerator


def read_span(value: object) -> int:
    """A time in ms: a whole number of ms, or text with units."""
    text = str(value).strip().lower().replace(" ", "")
    if len(text) <= _LONGEST and _SPAN.fullmatch(text):
        return floor_fraction(sum((Fraction(n) * _MS[unit] for n, unit in _SPAN_PART.findall(text)), Fraction(0)))
    return read_whole(value)


def read_window(value: object) -> int:
    """A time in ms, or off: 0."""
    return 0 if value is False or str(value).strip().lower() in FALSE_WORDS else read_span(value)


def read_flag(value: object) -> bool:
    """on or off."""
    word = str(value).strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise Unreadable("not_on_or_off", value=word[:_LONGEST])


def read_band(value: object) -> int | None:
    """A rate, or off."""
    if value is None or value is False or str(value).strip().lower() in FALSE_WORDS:
        return None
    return read_rate(value)


def read_choice(*choices: str) -> Callable[[object], str]:
    """One of the given words."""

    def read(value: object) -> str:
        word = str(value).strip().lower()
        if word not in choices:
            raise Unreadable("not_a_choice", value=word[:_LONGEST], choices=", ".join(choices))
        return word

    return read


def check_count(count: int) -> None:
    """As many outcomes as a market may have."""
    if not FEWEST_OUTCOMES <= count <= MOST_OUTCOMES:
        raise Unreadable("outcome_count", found=count, low=FEWEST_OUTCOMES, high=MOST_OUTCOMES)


def read_names(value: object) -> tuple[str, ...]:
    """Outcome names: a list, or text with commas. Stripped; empty or repeated ones are refused."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, Sequence):
        raise Unreadable("not_a_list", value=str(value)[:_LONGEST])
    names = tuple(str(part).strip() for part in parts)
    check_count(len(names))
    for i, name in enumerate(names):
        if not name:
            raise Unreadable("name_empty", number=i + 1)
        if name.casefold() in (other.casefold() for other in names[:i]):
            raise Unreadable("name_twice", name=name)
    return names


def read_odds(value: object) -> tuple[Fraction, ...]:
    """Start prices of YES, exact: a list, or text with commas or spaces."""
    parts = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(parts, Sequence):
        raise Unreadable("not_a_list", value=str(value)[:_LONGEST])
    return tuple(read_number(part) for part in parts)


def read_rounds(value: object, names: tuple[str, ...]) -> tuple[Round, ...]:
    """A schedule: a list of `Round` (0-based, ms, taken as it is) or of mappings as people write them.

    In a mapping, times are spans, outcomes are names or numbers from 1, `losers` and `winner` may be "ask"; `count`
    may be left out where the losers are named. An entry with `winner` is the final. "lowest_price" is refused: whoever
    holds NO would push a price down and be paid for it (ENGINE section 7).
    """
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise Unreadable("not_a_list", value=str(value)[:_LONGEST])
    left, rounds = len(names), []
    for number, entry in enumerate(value, 1):
        losers = entry.losers if isinstance(entry, Round) else entry.get("losers") if isinstance(entry, Mapping) else ()
        if _is_by_price(losers):
            raise Unreadable("price_decides", round=number)
        step = entry if isinstance(entry, Round) else _read_round(entry, number, names)
        if step.is_final:
            step = Round(freeze_at=step.freeze_at, decide_at=step.decide_at, count=max(left - 1, 0), winner=step.winner)
        left -= step.count
        rounds.append(step)
    return tuple(rounds)


def _read_round(entry: object, number: int, names: tuple[str, ...]) -> Round:
    if not isinstance(entry, Mapping):
        raise Unreadable("round_unreadable", round=number)
    unknown = [str(key) for key in entry if key not in {"freeze_at", "decide_at", "count", "losers", "winner"}]
    if unknown or "decide_at" not in entry:
        raise Unreadable("round_unreadable", round=number, field=unknown[0] if unknown else "decide_at")
    decide_at = read_span(entry["decide_at"])
    freeze_at = read_span(entry.get("freeze_at", decide_at))
    if entry.get("winner") is not None:
        winner = entry["winner"]
        outcome: int | Literal["ask"] = "ask" if winner == "ask" else find_outcome(winner, names)
        return Round(freeze_at=freeze_at, decide_at=decide_at, count=0, winner=outcome)
    losers = entry.get("losers", "ask")
    if losers == "ask":
        return Round(freeze_at=freeze_at, decide_at=decide_at, count=read_whole(entry.get("count", 1)), losers="ask")
    parts = losers.split(",") if isinstance(losers, str) else losers if isinstance(losers, Sequence) else [losers]
    named = tuple(find_outcome(part, names) for part in parts)
    return Round(
        freeze_at=freeze_at, decide_at=decide_at, count=read_whole(entry.get("count", len(named))), losers=named
    )


def _is_by_price(losers: object) -> bool:
    """Whether a round would be decided by prices, however that is spelt."""
    words = losers if isinstance(losers, Sequence) and not isinstance(losers, str) else (losers,)
    return any(re.sub(r"[\s_-]+", "_", str(word).strip().casefold()) == "lowest_price" for word in words)


def find_outcome(value: object, names: tuple[str, ...]) -> int:
    """0-based outcome from its name (any case) or its number from 1; an int is always a number."""
    word = str(value).strip()
    for i, name in enumerate(names):
        if not isinstance(value, int) and word.casefold() == name.casefold():
            return i
    if word.isdecimal() and len(word) < 4 and 1 <= int(word) <= len(names):
        return int(word) - 1
    raise Unreadable("no_such_outcome", value=word[:_LONGEST])


def problem(field: str, error: Unreadable) -> Problem:
    """The refusal an unreadable value becomes."""
    return Problem(field=field, code=error.code, detail=error.detail)
