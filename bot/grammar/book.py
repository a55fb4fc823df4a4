"""Types of arguments that speak of the book: limits, a flag, the orders one has in it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from bot.chat.facts import Hint
from bot.chat.invocation import ParseContext
from bot.grammar.types import ArgumentType, Wrong, number
from bot.text.numbers import MICRO, RATE, typed_limit
from bot.words import arguments as words

_STEPS = (0, 1, 2, 5, 10)  # cents by which a suggested limit is better than the price now


@dataclass(frozen=True, slots=True)
class LimitType(ArgumentType[int]):
    """A price a token in 10^-12, on the market's price ticks and between $0 and $1: `0.55`, `55c`, `55¢`."""

    named: bool = True

    shape = "55c"
    about = "trade at this price or better and wait in the book for it, such as 0.55 or 55c"

    def parse(self, text: str, context: ParseContext) -> int | Wrong:
        typed = unicodedata.normalize("NFKC", text).strip().casefold()
        digits = typed.removeprefix("$")
        cents = digits.endswith(("c", "¢"))
        value = number(digits.rstrip("c¢").strip()) if not digits.endswith(("k", "m")) else None
        if value is None:
            return Wrong(words.not_a_limit(text))
        if not cents and digits == typed and 1 <= value < 100:  # a bare 55 is 55 cents, hardly $55
            meant = f"{value.normalize():f}c"
            if not isinstance(self.parse(meant, context), Wrong):
                return Wrong(words.limit_above_a_dollar(text, meant), meant)
        rate, tick = value * RATE / (100 if cents else 1), context.tick
        if not tick <= rate <= RATE - tick:
            return Wrong(words.limit_out_of_bounds(text, tick, RATE - tick))
        low = int(rate) // tick * tick
        if rate == low:
            return low
        high = min(low + tick, RATE - tick)
        careful = high if context.selling else low
        return Wrong(words.limit_off_ticks(text, tick, low, high), typed_limit(careful))

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        """What was typed comes first, then the price now and better ones; each with what it would do."""
        typed, now = partial.strip(), context.price
        own = [typed] if typed else []
        near = [] if now is None else [typed_limit(limit) for limit in _near(now, context)]
        hints = []
        for text in dict.fromkeys([*own, *(text for text in near if text.startswith(typed))]):
            limit = self.parse(text, context)
            if isinstance(limit, int):
                hints.append(Hint(text, words.limit_hint(limit, now, context)))
        return hints


def _near(now: int, context: ParseContext) -> list[int]:
    """Limits on the market's ticks: the first that trades at this price (micro-dollars), and better ones."""
    rate, tick = now * (RATE // MICRO), context.tick
    better = 1 if context.selling else -1
    first = rate // tick * tick if context.selling else -(-rate // tick) * tick
    step = max(tick, RATE // 100 // tick * tick)
    return [limit for count in _STEPS if tick <= (limit := first + better * count * step) <= RATE - tick]


@dataclass(frozen=True, slots=True)
class Flag(ArgumentType[bool]):
    """On or off; its name alone is on."""

    about: str = ""
    named: bool = True
    flag: bool = True

    shape = "yes|no"

    def parse(self, text: str, context: ParseContext) -> bool | Wrong:
        typed = text.strip().casefold()
        if typed in {"yes", "y", "on", "true", "1"}:
            return True
        if typed in {"no", "n", "off", "false", "0"}:
            return False
        return Wrong(words.not_a_flag(text))

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        return [Hint(value) for value in ("yes", "no") if value.startswith(partial.strip().casefold())]


@dataclass(frozen=True, slots=True)
class OrderNumber:
    """An order by its number; None: all of them."""

    number: int | None = None


@dataclass(frozen=True, slots=True)
class OrderNumberType(ArgumentType[OrderNumber]):
    """One of the speaker's orders by its number, or all."""

    shape = "id|all"
    about = "the order's number as /orders shows it, or all"

    def parse(self, text: str, context: ParseContext) -> OrderNumber | Wrong:
        typed = text.strip().casefold().removeprefix("#")
        if typed in {"all", "everything"}:
            return OrderNumber()
        if typed.isascii() and typed.isdigit() and len(typed) <= 12 and int(typed):
            return OrderNumber(int(typed))
        return Wrong(words.not_an_order(text, [order.number for order in context.waiting]))

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        rows = [Hint(str(order.number), words.waiting_hint(order, context)) for order in reversed(context.waiting)]
        rows.append(Hint("all", words.all_orders_hint(len(context.waiting))))
        return [row for row in rows if row.value.startswith(partial.strip().removeprefix("#").casefold())]


LimitArg = Annotated[int, LimitType()]


AutofillArg = Annotated[
    bool, Flag(about="let trades on other outcomes fill what waits, too; if left out, as in your settings")
]


OrderArg = Annotated[OrderNumber, OrderNumberType()]
