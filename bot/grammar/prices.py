"""The type of a price to be told of: `50c`, `0.5`, `no 40c`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from bot.chat.facts import AskedPrice, Hint
from bot.chat.invocation import ParseContext
from bot.grammar.types import ArgumentType, Wrong, number, plain
from bot.text.numbers import typed_price
from bot.words import alerts as words
from engine.state import Side
from engine.units import CENT, MICRO, TENTH, whole_tenths

LOWEST, HIGHEST = TENTH, MICRO - TENTH
_SIDE = re.compile(r"(yes|no)\b\s*(?:at\s+)?(.*)")
_CENTS = re.compile(r"\s*(?:c|ct|¢|cents?)$")
_STEP = 5 * CENT  # of what is suggested
_OFF = frozenset({"off", "none", "cancel", "never"})


@dataclass(frozen=True, slots=True)
class PriceType(ArgumentType[AskedPrice]):
    """A price as prices are shown, in tenths of a cent: `50c`, `50¢`, `50.5c`, `0.505`; a bare `50` is cents. Of YES,
    unless `no` stands before it. `off` is none at all."""

    shape = "price"
    about = "the price of YES to be told of, such as 50c; no 40c for that of NO; off for none any more"
    words = 3

    def parse(self, text: str, context: ParseContext) -> AskedPrice | Wrong:
        typed = plain(text)
        if typed in _OFF:
            return AskedPrice(Side.YES, None)
        named = _SIDE.fullmatch(typed)
        side, rest = (Side(named[1]), named[2]) if named else (Side.YES, typed)
        lead = "no " if side is Side.NO else ""
        value = _micro(rest)
        if value is None:
            return Wrong(words.not_a_price(text))
        if not LOWEST <= value <= HIGHEST:
            return Wrong(words.price_out_of_bounds(text, LOWEST, HIGHEST))
        near = whole_tenths(int(value))
        if value != near:
            return Wrong(words.price_off_tenths(text, near), f"{lead}{typed_price(near)}")
        return AskedPrice(side, near)

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        outcome, typed = context.values.get("outcome"), plain(partial)
        if not isinstance(outcome, int) or outcome >= len(context.prices):
            return []
        side = Side.NO if typed.startswith("n") else Side.YES
        now = whole_tenths(context.prices[outcome][side is Side.NO])
        lead = "no " if side is Side.NO else ""
        hints = [Hint(f"{lead}{typed_price(at)}", words.price_hint(at, now)) for at in round_prices(now)]
        return [hint for hint in hints if hint.value.startswith(typed)]


def _micro(typed: str) -> Decimal | None:
    """Micro-dollars; None where it is no price."""
    cents = _CENTS.search(typed)
    digits = typed[: cents.start()] if cents else typed
    value = None if digits.endswith(("k", "m")) else number(digits.removeprefix("$").strip())
    if value is None:
        return None
    in_cents = cents is not None or (not digits.startswith("$") and value >= 1)  # a bare 50 is cents, hardly $50
    return value * (CENT if in_cents else MICRO)


def round_prices(now: int) -> list[int]:
    """What may be asked for at this price, nearest first on either side: whole fives of cents."""
    above = list(range((now // _STEP + 1) * _STEP, HIGHEST, _STEP))
    below = list(range(min(now - 1, HIGHEST) // _STEP * _STEP, 0, -_STEP))
    return [*above[:4], *below[:3]]


PriceArg = Annotated[AskedPrice, PriceType()]
