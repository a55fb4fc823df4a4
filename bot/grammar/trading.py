"""Types of arguments of an order: sides, amounts, slippage; and an order's arguments together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from bot.chat.facts import MOST_SLIPPAGE_ASKED, Amount, Hint
from bot.chat.invocation import ParseContext
from bot.grammar.book import AutofillArg, LimitArg
from bot.grammar.command import ArgumentGroup
from bot.grammar.outcomes import OutcomeArg
from bot.grammar.types import ArgumentType, Rate, Wrong, nearest, number, plain
from bot.text.numbers import MICRO, RATE
from bot.words import arguments as words
from engine.state import Side

MOST_TOKENS = 1_000_000_000 * MICRO  # a billion; far below what a column holds


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
        """What was typed comes first, with what it would be about, where it could be sent."""
        hints = _to_sell(context) if context.selling else _to_buy(context)
        so_far = self._typed_so_far(partial.strip(), context)
        known = {hint.value for hint in so_far}
        return [
            *so_far,
            *(hint for hint in hints if hint.value.startswith(partial.strip()) and hint.value not in known),
        ]

    def _typed_so_far(self, typed: str, context: ParseContext) -> list[Hint]:
        """`30` is a number of tokens, and would be money with a sign before it."""
        hints, at, have = [], context.price, context.spendable
        for text in (typed, f"${typed}"):
            amount = self.parse(text, context) if typed else None
            if not isinstance(amount, Amount) or amount.share is not None:
                continue
            if amount.spend is not None and (have is None or amount.spend <= have):
                hints.append(Hint(text, words.spend_hint(amount.spend, at)))
            elif amount.tokens is not None and amount.tokens <= _most_tokens(context, at):
                hints.append(Hint(text, words.tokens_hint(amount.tokens, at)))
        return hints


def _most_tokens(context: ParseContext, at: int | None) -> int:
    """What they can sell, or pay for at the price now; millionths."""
    if context.selling:
        free = _free(context)
        return MOST_TOKENS if free is None else free
    return MOST_TOKENS if context.spendable is None or not at else context.spendable * MICRO // at


def _free(context: ParseContext) -> int | None:
    """What they can sell of the token that has been named; None where none has."""
    outcome, side = context.values.get("outcome"), context.values.get("side")
    if not isinstance(outcome, int) or not isinstance(side, Side):
        return None
    return context.held[outcome].free(side) if outcome in context.held else 0


def _to_sell(context: ParseContext) -> list[Hint]:
    """Parts of what the speaker holds of the token named, and round numbers that are less."""
    free, at = _free(context), context.price
    shares = [
        Hint(word, words.sell_hint(word, None if free is None else free * part // RATE)) for word, part in _SHARES
    ]
    sizes = [size for size in (10, 100, 1_000) if free is None or size * MICRO < free][-2:]
    return [*shares, *(Hint(str(size), words.tokens_hint(size * MICRO, at)) for size in sizes)]


def _to_buy(context: ParseContext) -> list[Hint]:
    """What the speaker can pay for: tokens at the price now, dollars, parts of their balance."""
    have, at = context.spendable, context.price
    if have is not None and have <= 0:
        return []
    sizes = [size for size in (100, 10) if have is None or size * (MICRO if at is None else at) <= have][:1]
    spends = [size for size in (50, 20, 10, 5, 1) if have is None or size * MICRO <= have][:1]
    hints = [Hint(str(size), words.tokens_hint(size * MICRO, at)) for size in sizes]
    hints += [Hint(f"${size}", words.spend_hint(size * MICRO, at)) for size in spends]
    if have is None and context.outcomes:
        return hints
    return hints + [
        Hint(word, words.buy_hint(word, None if have is None else have * part // RATE))
        for word, part in reversed(_SHARES)
    ]


_SHARES = (("all", RATE), ("half", RATE // 2), ("25%", RATE // 4))


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
