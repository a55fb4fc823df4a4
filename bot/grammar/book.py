"""Kinds of values that speak of the book: limits, a flag, the orders one has in it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from bot.chat.facts import Hint
from bot.chat.invocation import ParseContext
from bot.grammar.types import ArgumentType, Wrong, number
from bot.text.numbers import RATE, typed_limit
from bot.words import usage as words


@dataclass(frozen=True, slots=True)
class LimitKind(ArgumentType[int]):
    """A price a token in 10^-12, on the market's price ticks and between $0 and $1: `0.55`, `55c`, `55¢`."""

    named: bool = True

    shape = "55c"
    about = "trade at this price or better and wait in the book for it, such as 0.55 or 55c"

    def parse(self, text: str, scene: ParseContext) -> int | Wrong:
        typed = unicodedata.normalize("NFKC", text).strip().casefold()
        said = typed.removeprefix("$")
        cents = said.endswith(("c", "¢"))
        value = number(said.rstrip("c¢").strip()) if not said.endswith(("k", "m")) else None
        if value is None:
            return Wrong(words.not_a_limit(text))
        if not cents and said == typed and 1 <= value < 100:  # a bare 55 is 55 cents, hardly $55
            meant = f"{value.normalize():f}c"
            if not isinstance(self.parse(meant, scene), Wrong):
                return Wrong(words.limit_above_a_dollar(text, meant), meant)
        rate, tick = value * RATE / (100 if cents else 1), scene.tick
        if not tick <= rate <= RATE - tick:
            return Wrong(words.limit_out_of_bounds(text, tick, RATE - tick))
        low = int(rate) // tick * tick
        if rate == low:
            return low
        high = min(low + tick, RATE - tick)
        careful = high if scene.selling else low
        return Wrong(words.limit_off_ticks(text, tick, low, high), typed_limit(careful))


@dataclass(frozen=True, slots=True)
class Flag(ArgumentType[bool]):
    """On or off; its name alone is on."""

    about: str = ""
    named: bool = True
    flag: bool = True

    shape = "yes|no"

    def parse(self, text: str, scene: ParseContext) -> bool | Wrong:
        said = text.strip().casefold()
        if said in {"yes", "y", "on", "true", "1"}:
            return True
        if said in {"no", "n", "off", "false", "0"}:
            return False
        return Wrong(words.not_a_flag(text))

    def suggest(self, partial: str, scene: ParseContext) -> Sequence[Hint]:
        return [Hint(one) for one in ("yes", "no") if one.startswith(partial.strip().casefold())]


@dataclass(frozen=True, slots=True)
class Which:
    """An order by its number; None: all of them."""

    number: int | None = None


@dataclass(frozen=True, slots=True)
class OrderKind(ArgumentType[Which]):
    """One of the speaker's orders by its number, or all."""

    shape = "id|all"
    about = "the order's number as /orders shows it, or all"

    def parse(self, text: str, scene: ParseContext) -> Which | Wrong:
        said = text.strip().casefold().removeprefix("#")
        if said in {"all", "everything"}:
            return Which()
        if said.isascii() and said.isdigit() and len(said) <= 12 and int(said):
            return Which(int(said))
        return Wrong(words.not_an_order(text, [one.number for one in scene.waiting]))

    def suggest(self, partial: str, scene: ParseContext) -> Sequence[Hint]:
        rows = [Hint(str(one.number), words.waiting_hint(one, scene)) for one in reversed(scene.waiting)]
        rows.append(Hint("all", words.all_orders_hint(len(scene.waiting))))
        return [row for row in rows if row.value.startswith(partial.strip().removeprefix("#").casefold())]


LimitArg = Annotated[int, LimitKind()]


AutofillArg = Annotated[
    bool, Flag(about="let trades on other outcomes fill what waits, too; if left out, as in your settings")
]


OrderArg = Annotated[Which, OrderKind()]
