"""Kinds of values that speak of a market: outcomes, sides, amounts. Like those of `bot.grammar.types` in all else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from bot.chat.facts import Amount, Hint
from bot.chat.invocation import ParseContext
from bot.grammar.book import AutofillArg, LimitArg
from bot.grammar.command import ArgumentGroup
from bot.grammar.types import ArgumentType, Rate, Wrong, nearest, number, plain
from bot.text.names import LONGEST_NAME, folded, quoted
from bot.text.numbers import MICRO, RATE
from bot.words import usage as words
from engine.state import Side

LONGEST = 3 * LONGEST_NAME  # no name is so long, quotes and all: what is, need not be compared with any
MOST_TOKENS = 1_000_000_000 * MICRO  # a billion; far below what a column holds


@dataclass(frozen=True, slots=True)
class OutcomeType(ArgumentType[int]):
    """One outcome, counted from 0: typed as its number (from 1), its name or the unambiguous beginning of it."""

    active_only: bool = True

    shape = "outcome"
    about = "which one: its number, its name or the beginning of it"
    words = 12
    of_market = True
    closed = True

    def parse(self, text: str, scene: ParseContext) -> int | Wrong:
        if not scene.outcomes:
            return Wrong(words.no_market_no_outcomes())
        if len(text) > LONGEST:
            return Wrong(words.unknown_outcome(text, None, scene.outcomes))
        found = _matches(text, scene)
        if self.active_only and len(found) > 1:
            found = [one for one in found if scene.is_active(one)] or found
        if len(found) > 1:
            names = [scene.outcomes[one] for one in found]
            return Wrong(words.ambiguous_outcome(text, names))
        if not found:
            near = nearest(text, [name for i, name in enumerate(scene.outcomes) if self._fits(i, scene)])
            return Wrong(words.unknown_outcome(text, near, scene.outcomes), quoted(near) if near else None)
        if not self._fits(found[0], scene):
            still_in = [name for i, name in enumerate(scene.outcomes) if scene.is_active(i)]
            return Wrong(words.outcome_is_out(scene.outcomes[found[0]], still_in))
        return found[0]

    def _fits(self, outcome: int, scene: ParseContext) -> bool:
        return scene.is_active(outcome) or not self.active_only

    def suggest(self, partial: str, scene: ParseContext) -> Sequence[Hint]:
        start = folded(partial) if partial.strip() else ""
        fitting = [i for i in range(len(scene.outcomes)) if self._fits(i, scene)]
        if scene.selling:
            fitting.sort(key=lambda i: -_worth(i, scene))
        shown = [i for i in fitting if start in folded(scene.outcomes[i]) or partial.strip() == str(i + 1)]
        shown.sort(key=lambda i: not folded(scene.outcomes[i]).startswith(start))
        return [Hint(quoted(scene.outcomes[i]), words.outcome_hint(i, scene)) for i in shown]


def _worth(outcome: int, scene: ParseContext) -> int:
    """Of what she holds of it; 0 where that is nothing."""
    held = scene.held.get(outcome)
    if held is None:
        return 0
    yes, no = scene.prices[outcome] if outcome < len(scene.prices) else (0, 0)
    return max(1, held.yes * yes + held.no * no)


def _matches(text: str, scene: ParseContext) -> list[int]:
    """Exact name first, then number, then beginnings of the name, then beginnings of a word in it."""
    wanted = folded(text)
    names = [folded(name) for name in scene.outcomes]
    exact = [i for i, name in enumerate(names) if name == wanted]
    if exact or not wanted:
        return exact
    place = text.strip().removeprefix("#")
    if place.isascii() and place.isdigit() and len(place) < 4:
        return [int(place) - 1] if 1 <= int(place) <= len(names) else []
    starting = [i for i, name in enumerate(names) if name.startswith(wanted)]
    if starting:
        return starting
    return [i for i, name in enumerate(scene.outcomes) if any(folded(w).startswith(wanted) for w in name.split()[1:])]


@dataclass(frozen=True, slots=True)
class OutcomesType(ArgumentType[tuple[int, ...]]):
    """Several outcomes of this market, in the order typed, separated by commas or `and`."""

    shape = "outcome, outcome"
    about = "one or several, separated by commas"
    words = 40
    of_market = True

    def parse(self, text: str, scene: ParseContext) -> tuple[int, ...] | Wrong:
        found: list[int] = []
        for part in re.split(r",|\band\b", text):
            if not part.strip():
                continue
            one = OutcomeType().parse(part.strip().strip('"'), scene)
            if isinstance(one, Wrong):
                return Wrong(one.sentence)
            if one in found:
                return Wrong(words.named_twice(scene.outcomes[one]))
            found.append(one)
        return tuple(found) if found else Wrong(words.no_outcome_named())

    def suggest(self, partial: str, scene: ParseContext) -> Sequence[Hint]:
        before, comma, last = partial.rpartition(",")
        return [
            Hint(f"{before}{comma}{' ' if comma else ''}{hint.value}", hint.about)
            for hint in OutcomeType().suggest(last, scene)
        ]


@dataclass(frozen=True, slots=True)
class YesNo(ArgumentType[Side]):
    """A side of an outcome."""

    shape = "yes|no"
    about = "yes pays $1 a token if it wins, no if it does not"
    closed = True

    def parse(self, text: str, scene: ParseContext) -> Side | Wrong:
        said = text.strip().casefold()
        if said in {"yes", "y"}:
            return Side.YES
        if said in {"no", "n"}:
            return Side.NO
        near = nearest(said, ["yes", "no"])
        return Wrong(words.not_a_side(text), near)

    def suggest(self, partial: str, scene: ParseContext) -> Sequence[Hint]:
        both = (Hint("yes", words.yes_hint()), Hint("no", words.no_hint()))
        fitting = [one for one in both if not scene.selling or Side(one.value) in _sellable(scene)]
        return [one for one in fitting if one.value.startswith(partial.strip().casefold())]


def _sellable(scene: ParseContext) -> set[Side]:
    """Sides she holds, of the outcome named or of any; both where she holds none."""
    outcome = scene.said.get("outcome")
    held = [one for number, one in scene.held.items() if outcome in (None, number)]
    return {side for side in Side if any(one.of(side) for one in held)} or set(Side)


_UNITS = {
    **dict.fromkeys(("token", "tokens", "shares"), ""),
    **dict.fromkeys(("$", "usd", "dollar", "dollars", "bucks"), "$"),
}
_UNIT = re.compile(r"(\$)?([^a-z$]+[km]?)(\$|[a-z]+)?")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?: \d{3})+(\.\d+)?", re.ASCII)
_UNCLEAR = re.compile(r"[1-9]\d{0,2}\.\d{3}", re.ASCII)
_COMMA = re.compile(r"\d[\d.]*,\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class AmountKind(ArgumentType[Amount]):
    """`1,000` and `1 000` are a thousand. `1.000` is a thousand to half of the world and one to the other: it is asked
    back, as is `1,5`."""

    shape = "amount"
    about = "100 tokens, $50 of spending, all, half or 25%"
    words = 3

    def parse(self, text: str, scene: ParseContext) -> Amount | Wrong:
        said = " ".join(plain(text).split())
        if said in {"all", "max", "everything"}:
            return Amount(share=RATE)
        if said == "half":
            return Amount(share=RATE // 2)
        if said.endswith("%"):
            return self._share(text, said)
        found = _UNIT.fullmatch(said)
        unit = _UNITS.get(found[3] or "") if found else None
        if found is None or (found[3] and unit is None) or (found[1] and found[3]):
            return Wrong(words.not_an_amount(text, selling=scene.selling))
        digits = re.sub(" (?=[km]$)", "", found[2].strip())
        return self._sized(text, digits, scene, dollars=bool(found[1]) or unit == "$")

    def _sized(self, text: str, digits: str, scene: ParseContext, *, dollars: bool) -> Amount | Wrong:
        if _UNCLEAR.fullmatch(digits):
            sign = "$" if dollars else ""
            one, many = f"{sign}{digits.rstrip('0').rstrip('.')}", f"{sign}{digits.replace('.', '')}"
            return Wrong(words.unclear_amount(text, one, many))
        value = number(digits.replace(" ", "") if _THOUSANDS.fullmatch(digits) else digits)
        if value is None and _COMMA.fullmatch(digits):
            return Wrong(words.comma_in_amount(text))
        if value is None:
            return Wrong(words.not_an_amount(text, selling=scene.selling))
        size = int(value * MICRO)
        if size <= 0:
            return Wrong(words.amount_not_positive(text))
        if size > MOST_TOKENS:
            return Wrong(words.amount_too_big(text, MOST_TOKENS))
        if dollars and scene.selling:
            return Wrong(words.selling_takes_tokens())
        return Amount(spend=size) if dollars else Amount(tokens=size)

    def _share(self, text: str, said: str) -> Amount | Wrong:
        part = number(said[:-1])
        if part is None or not 0 < part <= 100:
            return Wrong(words.share_out_of_bounds(text), "100%" if part is not None and part > 100 else None)
        return (
            Amount(share=int(part * RATE / 100)) if int(part * RATE / 100) else Wrong(words.share_out_of_bounds(text))
        )

    def suggest(self, partial: str, scene: ParseContext) -> Sequence[Hint]:
        found = _to_sell(scene) if scene.selling else _to_buy(scene)
        return [one for one in found if one.value.startswith(partial.strip())]


def _to_sell(scene: ParseContext) -> list[Hint]:
    """Parts of what she holds of the token named, and round numbers that are less."""
    outcome, side = scene.said.get("outcome"), scene.said.get("side")
    free: int | None = None
    if isinstance(outcome, int) and isinstance(side, Side):
        free = scene.held[outcome].free(side) if outcome in scene.held else 0
    shares = [
        Hint(word, words.sell_hint(word, None if free is None else free * part // RATE)) for word, part in _SHARES
    ]
    sizes = [one for one in (10, 100, 1_000) if free is None or one * MICRO < free][-2:]
    return [*shares, *(Hint(str(one), words.tokens_hint()) for one in sizes)]


def _to_buy(scene: ParseContext) -> list[Hint]:
    """What she can pay for: tokens at the price now, dollars, parts of her balance."""
    outcome, side, have = scene.said.get("outcome"), scene.said.get("side"), scene.spendable
    if have is not None and have <= 0:
        return []
    price = None
    if isinstance(outcome, int) and isinstance(side, Side) and outcome < len(scene.prices):
        price = scene.prices[outcome][side is Side.NO]
    sizes = [one for one in (100, 10) if have is None or one * (MICRO if price is None else price) <= have][:1]
    spends = [one for one in (50, 20, 10, 5, 1) if have is None or one * MICRO <= have][:1]
    found = [Hint(str(one), words.cost_hint(None if price is None else one * price)) for one in sizes]
    found += [Hint(f"${one}", words.spend_hint()) for one in spends]
    if have is None and scene.outcomes:
        return found
    return found + [
        Hint(word, words.buy_hint(word, None if have is None else have * part // RATE))
        for word, part in reversed(_SHARES)
    ]


_SHARES = (("all", RATE), ("half", RATE // 2), ("25%", RATE // 4))


OutcomeArg = Annotated[int, OutcomeType()]


AnyOutcomeArg = Annotated[int, OutcomeType(active_only=False)]


OutcomesArg = Annotated[tuple[int, ...], OutcomesType()]


SideArg = Annotated[Side, YesNo()]


AmountArg = Annotated[Amount, AmountKind()]


SlippageArg = Annotated[
    int, Rate("slippage", high=10 * RATE, about="how far the price may run before nothing happens, such as 5%")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderArgs(ArgumentGroup):
    """What an order is asked for with: the same for buying, selling and quoting."""

    outcome: OutcomeArg
    side: SideArg
    amount: AmountArg
    limit: LimitArg | None = None
    slippage: SlippageArg | None = None
    autofill: AutofillArg | None = None
