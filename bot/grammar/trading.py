"""Types of arguments that speak of a market: outcomes, sides, amounts; and the arguments of an order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, cast

from bot.chat.facts import MOST_SLIPPAGE_ASKED, Amount, Hint
from bot.chat.invocation import ParseContext
from bot.grammar.book import AutofillArg, LimitArg
from bot.grammar.command import ArgumentGroup
from bot.grammar.types import ArgumentType, Rate, Wrong, nearest, number, plain
from bot.text.names import LONGEST_NAME, folded, quoted_name
from bot.text.numbers import MICRO, RATE
from bot.text.outcome_names import NUMBERED, misread_by_number, outcome_key, split_names, typed_outcome
from bot.words import arguments as words
from engine.state import Side

LONGEST = 3 * LONGEST_NAME  # no name is so long, quotes and all: what is, need not be compared with any
MOST_TOKENS = 1_000_000_000 * MICRO  # a billion; far below what a column holds


@dataclass(frozen=True, slots=True)
class OutcomeType(ArgumentType[int]):
    """One outcome, counted from 0: typed as its name, its number (from 1) or the unambiguous beginning of
    its name. A number that a name could mean as well is no number; `#2` always is."""

    active_only: bool = True

    shape = "outcome"
    about = "which one: its name, the beginning of it, or its number such as #2"
    words = 12
    of_market = True
    closed = True

    def parse(self, text: str, context: ParseContext) -> int | Wrong:
        names = context.outcomes
        if not names:
            return Wrong(words.no_market_no_outcomes())
        if len(text) > LONGEST:
            return Wrong(words.unknown_outcome(text, None, names, plain=not misread_by_number(names)))
        matching = _matches(_unquoted(text), names)
        if self.active_only and len(matching) > 1:
            matching = [outcome for outcome in matching if context.is_active(outcome)] or matching
        if len(matching) > 1:
            return Wrong(words.ambiguous_outcome(text, [typed_outcome(names, outcome) for outcome in matching]))
        if not matching:
            return self._unknown(text, context)
        if not self._fits(matching[0], context):
            still_in = [name for i, name in enumerate(names) if context.is_active(i)]
            return Wrong(words.outcome_is_out(names[matching[0]], still_in))
        return matching[0]

    def _unknown(self, text: str, context: ParseContext) -> Wrong:
        """The nearest name, but not where a number was meant."""
        names = context.outcomes
        near = None
        if not _unquoted(text).removeprefix("#").isdecimal():
            keys = {outcome_key(name): i for i, name in enumerate(names) if self._fits(i, context)}
            near = next(iter(get_close_matches(outcome_key(text), list(keys), n=1, cutoff=0.6)), None)
        typed = typed_outcome(names, keys[near]) if near is not None else None
        return Wrong(words.unknown_outcome(text, typed, names, plain=not misread_by_number(names)), typed)

    def _fits(self, outcome: int, context: ParseContext) -> bool:
        return context.is_active(outcome) or not self.active_only

    def typed(self, text: str) -> str:
        return quoted_name(text)

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        typed, names = _unquoted(partial), context.outcomes
        start = folded(typed) if typed else ""
        fitting = [i for i in range(len(names)) if self._fits(i, context)]
        if context.selling:
            fitting.sort(key=lambda i: -_worth(i, context))
        shown = [i for i in fitting if start in folded(names[i]) or i == _numbered(typed, names)]
        shown.sort(key=lambda i: not folded(names[i]).startswith(start))
        return [Hint(typed_outcome(names, i), words.outcome_hint(i, context)) for i in shown]


def _worth(outcome: int, context: ParseContext) -> int:
    """Of what the speaker holds of it; 0 where that is nothing."""
    held = context.held.get(outcome)
    if held is None:
        return 0
    yes, no = context.prices[outcome] if outcome < len(context.prices) else (0, 0)
    return max(1, held.yes * yes + held.no * no)


def _unquoted(text: str) -> str:
    """Whole or half quotes taken off."""
    return text.strip().strip('"“”„«»').strip()


def named(text: str, names: Sequence[str]) -> int | None:
    """The outcome, from 0, of exactly this name; case, accents and most punctuation do not count."""
    key = outcome_key(_unquoted(text))
    return next((i for i, name in enumerate(names) if _unquoted(text) and outcome_key(name) == key), None)


def _matches(typed: str, names: Sequence[str]) -> list[int]:
    """`#2` is the number; else exact name first, then number, then beginnings of the name, then of a word in it."""
    number, exact = _numbered(typed, names), named(typed, names)
    if not typed or NUMBERED.fullmatch(typed):
        return [] if number is None else [number]
    if exact is not None or number is not None:
        return [exact if exact is not None else cast("int", number)]
    key, wanted = outcome_key(typed), folded(typed)
    starting = [i for i, name in enumerate(names) if outcome_key(name).startswith(key)]
    starting = starting or [i for i, name in enumerate(names) if folded(name).startswith(wanted)]
    return starting or [
        i for i, name in enumerate(names) if any(folded(w).startswith(wanted) for w in name.split()[1:])
    ]


def _numbered(typed: str, names: Sequence[str]) -> int | None:
    """The outcome, from 0, that a number means; None where there is none, or where a name could be meant."""
    digits = typed.removeprefix("#").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 4 and 1 <= int(digits) <= len(names)):
        return None
    return None if digits == typed and misread_by_number(names) else int(digits) - 1


@dataclass(frozen=True, slots=True)
class OutcomesType(ArgumentType[tuple[int, ...]]):
    """Several outcomes of this market, in the order typed, separated by commas or `and`. What could be one outcome of
    that name or several is asked back; in quotes or by number it is clear."""

    active_only: bool = True

    shape = "outcome, outcome"
    about = "one or several, separated by commas"
    words = 40
    of_market = True
    keeps_quotes = True
    joints = (",", "and")

    def parse(self, text: str, context: ParseContext) -> tuple[int, ...] | Wrong:
        found = self._read(text, context)
        wrong = next((outcome for outcome in found if isinstance(outcome, Wrong)), None)
        if wrong is not None:
            return Wrong(wrong.sentence)
        outcomes = tuple(outcome for outcome in found if isinstance(outcome, int))
        for place, outcome in enumerate(outcomes):
            if outcome in outcomes[:place]:
                return Wrong(words.named_twice(context.outcomes[outcome]))
        return outcomes or Wrong(words.no_outcome_named())

    def _read(self, text: str, context: ParseContext) -> list[int | Wrong]:
        """What stands between commas; an `and` divides it too."""
        parts = split_names(text)
        bare = len(parts) > 1 and not any(quotes for _, quotes in parts)
        whole = named(text, context.outcomes) if bare else None
        if whole is not None:
            return self._one_or_several(text, whole, [part for part, _ in parts], context)
        return [outcome for part, quotes in parts for outcome in self._part(part, quotes, context)]

    def _part(self, part: str, quotes: bool, context: ParseContext) -> list[int | Wrong]:
        whole = self._outcome(part, context)
        if quotes:
            inner = split_names(part)
            return [self._outcome(name, context) for name, _ in inner] if isinstance(whole, Wrong) else [whole]
        several = [name for name in re.split(r"\band\b", part, flags=re.IGNORECASE) if name.strip()]
        if isinstance(whole, Wrong):
            return [self._outcome(name, context) for name in several] if len(several) > 1 else [whole]
        return self._one_or_several(part, whole, several, context)

    def _one_or_several(
        self, text: str, whole: int, several: Sequence[str], context: ParseContext
    ) -> list[int | Wrong]:
        each = [self._outcome(name, context) for name in several]
        numbers = [f"#{outcome + 1}" for outcome in each if isinstance(outcome, int)]
        if whole in each or len(numbers) < len(each):
            return [self._outcome(f"#{whole + 1}", context)]
        return [Wrong(words.one_or_several(text, f"#{whole + 1}", ", ".join(numbers)))]

    def _outcome(self, part: str, context: ParseContext) -> int | Wrong:
        return OutcomeType(active_only=self.active_only).parse(part, context)

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        before, comma, last = partial.rpartition(",")
        return [
            Hint(f"{before}{comma}{' ' if comma else ''}{hint.value}", hint.about)
            for hint in OutcomeType(active_only=self.active_only).suggest(last, context)
        ]


@dataclass(frozen=True, slots=True)
class YesNo(ArgumentType[Side]):
    """A side of an outcome."""

    shape = "yes|no"
    about = "yes pays $1 a token if it wins, no if it does not"
    closed = True

    def parse(self, text: str, context: ParseContext) -> Side | Wrong:
        typed = text.strip().casefold()
        if typed in {"yes", "y"}:
            return Side.YES
        if typed in {"no", "n"}:
            return Side.NO
        near = nearest(typed, ["yes", "no"])
        return Wrong(words.not_a_side(text), near)

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        both = (Hint("yes", words.yes_hint()), Hint("no", words.no_hint()))
        fitting = [hint for hint in both if not context.selling or Side(hint.value) in _sellable(context)]
        return [hint for hint in fitting if hint.value.startswith(partial.strip().casefold())]


def _sellable(context: ParseContext) -> set[Side]:
    """Sides the speaker holds, of the outcome named or of any; both where they hold none."""
    outcome = context.values.get("outcome")
    held = [tokens for number, tokens in context.held.items() if outcome in (None, number)]
    return {side for side in Side if any(tokens.of(side) for tokens in held)} or set(Side)


_UNITS = {
    **dict.fromkeys(("token", "tokens", "shares"), ""),
    **dict.fromkeys(("$", "usd", "dollar", "dollars", "bucks"), "$"),
}
_UNIT = re.compile(r"(\$)?([^a-z$]+[km]?)(\$|[a-z]+)?")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?: \d{3})+(\.\d+)?", re.ASCII)
_UNCLEAR = re.compile(r"[1-9]\d{0,2}\.\d{3}", re.ASCII)
_COMMA = re.compile(r"\d[\d.]*,\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class AmountType(ArgumentType[Amount]):
    """`1,000` and `1 000` are a thousand. `1.000` is a thousand to half of the world and one to the other: it is asked
    back, as is `1,5`."""

    shape = "amount"
    about = "100 tokens, $50 of spending, all, half or 25%"
    words = 3

    def parse(self, text: str, context: ParseContext) -> Amount | Wrong:
        typed = " ".join(plain(text).split())
        if typed in {"all", "max", "everything"}:
            return Amount(share=RATE)
        if typed == "half":
            return Amount(share=RATE // 2)
        if typed.endswith("%"):
            return self._share(text, typed)
        match = _UNIT.fullmatch(typed)
        unit = _UNITS.get(match[3] or "") if match else None
        if match is None or (match[3] and unit is None) or (match[1] and match[3]):
            return Wrong(words.not_an_amount(text, selling=context.selling))
        digits = re.sub(" (?=[km]$)", "", match[2].strip())
        return self._sized(text, digits, context, dollars=bool(match[1]) or unit == "$")

    def _sized(self, text: str, digits: str, context: ParseContext, *, dollars: bool) -> Amount | Wrong:
        if _UNCLEAR.fullmatch(digits):
            sign = "$" if dollars else ""
            small, large = f"{sign}{digits.rstrip('0').rstrip('.')}", f"{sign}{digits.replace('.', '')}"
            return Wrong(words.unclear_amount(text, small, large))
        value = number(digits.replace(" ", "") if _THOUSANDS.fullmatch(digits) else digits)
        if value is None and _COMMA.fullmatch(digits):
            return Wrong(words.comma_in_amount(text))
        if value is None:
            return Wrong(words.not_an_amount(text, selling=context.selling))
        size = int(value * MICRO)
        if size <= 0:
            return Wrong(words.amount_not_positive(text))
        if size > MOST_TOKENS:
            return Wrong(words.amount_too_big(text, MOST_TOKENS))
        if dollars and context.selling:
            return Wrong(words.selling_takes_tokens())
        return Amount(spend=size) if dollars else Amount(tokens=size)

    def _share(self, text: str, typed: str) -> Amount | Wrong:
        part = number(typed[:-1])
        if part is None or not 0 < part <= 100:
            return Wrong(words.share_out_of_bounds(text), "100%" if part is not None and part > 100 else None)
        return (
            Amount(share=int(part * RATE / 100)) if int(part * RATE / 100) else Wrong(words.share_out_of_bounds(text))
        )

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        hints = _to_sell(context) if context.selling else _to_buy(context)
        return [hint for hint in hints if hint.value.startswith(partial.strip())]


def _to_sell(context: ParseContext) -> list[Hint]:
    """Parts of what the speaker holds of the token named, and round numbers that are less."""
    outcome, side = context.values.get("outcome"), context.values.get("side")
    free: int | None = None
    if isinstance(outcome, int) and isinstance(side, Side):
        free = context.held[outcome].free(side) if outcome in context.held else 0
    shares = [
        Hint(word, words.sell_hint(word, None if free is None else free * part // RATE)) for word, part in _SHARES
    ]
    sizes = [size for size in (10, 100, 1_000) if free is None or size * MICRO < free][-2:]
    return [*shares, *(Hint(str(size), words.tokens_hint()) for size in sizes)]


def _to_buy(context: ParseContext) -> list[Hint]:
    """What the speaker can pay for: tokens at the price now, dollars, parts of their balance."""
    outcome, side, have = context.values.get("outcome"), context.values.get("side"), context.spendable
    if have is not None and have <= 0:
        return []
    price = None
    if isinstance(outcome, int) and isinstance(side, Side) and outcome < len(context.prices):
        price = context.prices[outcome][side is Side.NO]
    sizes = [size for size in (100, 10) if have is None or size * (MICRO if price is None else price) <= have][:1]
    spends = [size for size in (50, 20, 10, 5, 1) if have is None or size * MICRO <= have][:1]
    hints = [Hint(str(size), words.cost_hint(None if price is None else size * price)) for size in sizes]
    hints += [Hint(f"${size}", words.spend_hint()) for size in spends]
    if have is None and context.outcomes:
        return hints
    return hints + [
        Hint(word, words.buy_hint(word, None if have is None else have * part // RATE))
        for word, part in reversed(_SHARES)
    ]


_SHARES = (("all", RATE), ("half", RATE // 2), ("25%", RATE // 4))


OutcomeArg = Annotated[int, OutcomeType()]


AnyOutcomeArg = Annotated[int, OutcomeType(active_only=False)]


OutcomesArg = Annotated[tuple[int, ...], OutcomesType()]
WinnersArg = Annotated[tuple[int, ...], OutcomesType(active_only=False)]


SideArg = Annotated[Side, YesNo()]


AmountArg = Annotated[Amount, AmountType()]


SlippageArg = Annotated[
    int,
    Rate("slippage", high=MOST_SLIPPAGE_ASKED, about="how far the price may run before nothing happens, such as 5%"),
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
