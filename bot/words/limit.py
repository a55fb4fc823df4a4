"""The ticket of an order with a limit: what trades at once, what waits at which price, what is set aside meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.chat.reply import Field, Line, Part, Style, line, quiet
from bot.text.numbers import Cut, limit_price, money, price, rate_of_price, tokens, typed_limit
from bot.words import fill as words_fill
from bot.words.shared import dotted, if_right, outcome, side_word
from engine.terms import MarketParams
from storage.records import OrderDraft

if TYPE_CHECKING:
    from bot.words.tickets import Offer


def headline(offer: Offer, limit: int) -> tuple[str | Part, ...]:
    draft, params = offer.draft, offer.params
    what = (outcome(params, draft.outcome, Style.BOLD), f" {side_word(draft.side)} at {limit_price(limit)}")
    waits = offer.quote.rests > 0
    if draft.buy:
        spend = f"at most {money(offer.most, Cut.UP)}" if waits else f"about {money(offer.total, Cut.UP)}"
        right = f"get {money(draft.size, Cut.DOWN)} {if_right(params, draft.outcome, draft.side)}."
        return ("Buy ", *what, f" or less: spend {spend}, {right}")
    if waits:
        return ("Sell ", *what, f" or more: get at least {money(offer.most, Cut.DOWN)} once all are sold.")
    return ("Sell ", *what, f" or more: get about {money(offer.total, Cut.DOWN)}.")


def lines(offer: Offer, limit: int, others: Line, warnings: Sequence[Line]) -> list[Line]:
    """In this order: at once, what waits, the sums, the other prices, auto-fill and matching."""
    rows = [line(_at_once(offer)), _waits(offer, limit), line(_sums(offer)), others, *warnings]
    if offer.quote.rests:
        rows += [_autofill(offer), _matching(offer.params)]
    return [row for row in rows if row]


def _at_once(offer: Offer) -> str:
    quote, draft = offer.quote, offer.draft
    now = price(rate_of_price(quote.price_before))
    if not quote.size:
        return f"Nothing trades at once: the price is {now} now."
    plain = quote.amount - quote.fee if draft.buy else quote.amount + quote.fee
    average = price(plain * 10**6 // quote.size)
    how_many = "all of it" if quote.size == draft.size else f"{tokens(quote.size)} of {tokens(draft.size)}"
    total = money(quote.amount, Cut.UP if draft.buy else Cut.DOWN)
    return (
        f"At once {how_many} for about {total}, {average} a token (the price is {now} now): "
        f"{words_fill.sources(quote.sizes, draft)}."
    )


def _waits(offer: Offer, limit: int) -> Line:
    quote, draft = offer.quote, offer.draft
    if not quote.rests:
        return ()
    waiting = f"{'The other ' if quote.size else ''}{tokens(quote.rests)} wait in the book at {limit_price(limit)}"
    if draft.buy:
        return line(f"{waiting}; {money(quote.escrow, Cut.UP)} is set aside until they fill or you cancel.")
    return line(f"{waiting} and are set aside until they sell or you cancel.")


def _sums(offer: Offer) -> str:
    quote = offer.quote
    worst = "at worst" if offer.draft.buy else "at least"
    return dotted(
        [
            f"fee {money(quote.fee)}" if quote.fee else "",
            f"gas {money(quote.gas)}" if quote.gas else "",
            f"{worst} {money(offer.most, Cut.UP if offer.draft.buy else Cut.DOWN)} for all of it, fees in",
        ]
    )


def _autofill(offer: Offer) -> Line:
    if offer.no_autofill:
        return line("This market has no auto-fill; the order waits without it.")
    if offer.draft.autofill:
        bought = "bring the price down" if offer.draft.buy else "lift the price"
        return line(
            f"Auto-fill is on: trades on other outcomes that {bought} to your limit may fill it too, at your limit, "
            "without a fee, part of the difference back."
        )
    if offer.params.af_enabled:
        return line(quiet("Auto-fill is off: only trades on this outcome fill it."))
    return ()


def _matching(params: MarketParams) -> Line:
    if params.cm_enabled:
        return ()
    return line(quiet("In this market orders meet only orders of the same token, never YES with NO."))


def change_fields(draft: OrderDraft, limit: int, params: MarketParams) -> tuple[Field, ...]:
    """What Change asks for beside the amount."""
    fields = [Field(name="limit", label="Limit", value=typed_limit(limit), hint="a price such as 55c", required=False)]
    if params.af_enabled:
        choices = (("yes", "yes"), ("no", "no"))
        value = "yes" if draft.autofill else "no"
        fields.append(
            Field(name="autofill", label="Auto-fill", kind="choice", choices=choices, value=value, required=False)
        )
    return tuple(fields)
