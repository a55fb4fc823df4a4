"""What is wrong with the value of one argument, and what a value that is suggested means. Each ends in what to do."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.invocation import ParseContext, WaitingOrder
from bot.text.names import clean
from bot.text.numbers import (
    MICRO,
    Cut,
    exact_money,
    limit_price,
    money,
    percent,
    price,
    rate_of_price,
    tokens,
    typed_limit,
)
from bot.words.shared import listed

NO_BOUND = 10**9  # nothing that is counted here comes to so many
SHOWN = 40  # signs of what was typed


def echo(text: str) -> str:
    """What somebody typed, quoted back: cleaned and cut."""
    return f"“{clean(text, SHOWN)}”"


def no_market_no_outcomes() -> str:
    return "There is no market in this chat yet, so there is nothing to name."


def ambiguous_outcome(text: str, names: Sequence[str]) -> str:
    return f"{echo(text)} could be {listed(names, 'or')}; please type a little more."


def one_or_several(text: str, whole: str, several: str) -> str:
    return f"{echo(text)} can be read in two ways; say {whole} for the one of that name, or {several} for them all."


def outcome_like_a_number(name: str) -> str:
    return f"{echo(name)} cannot be a name: a # and a number always mean the outcome of that number."


def sign_in_name(name: str) -> str:
    return f"{echo(name)} has a semicolon or a quote in it, which the chat could not tell from its own."


def unknown_outcome(text: str, near: str | None, names: Sequence[str], *, plain: bool) -> str:
    """`plain`: whether a number without # is understood."""
    if near:
        return f"There is no outcome {echo(text)} here; the nearest is {near}."
    numbered = listed([f"{'' if plain else '#'}{place} {name}" for place, name in enumerate(names, 1)])
    if plain:
        return f"There is no outcome {echo(text)} here; there are {numbered}."
    return (
        f"There is no outcome {echo(text)} here. Some names look like numbers, so a number is typed with #; "
        f"there are {numbered}."
    )


def outcome_is_out(name: str, still_in: Sequence[str]) -> str:
    return f"{name} is out and no longer traded; still in: {listed(still_in) or 'nobody'}."


def named_twice(name: str) -> str:
    return f"{name} is named twice; once is enough."


def outcome_name_taken(name: str) -> str:
    return f"{echo(name)} reads like one of the outcomes before it; every outcome needs a name of its own."


def no_outcome_named() -> str:
    return "Please name at least one outcome, several with commas between."


def outcome_hint(outcome: int, context: ParseContext) -> str:
    parts = []
    if outcome < len(context.prices) and context.is_active(outcome):
        yes, no = context.prices[outcome]
        parts.append(f"YES {price(yes)} · NO {price(no)}")
    if not context.is_active(outcome):
        parts.append("out")
    held = context.held.get(outcome)
    if held is not None:
        both = [f"{tokens(n)} {side}" for n, side in ((held.yes, "YES"), (held.no, "NO")) if n]
        parts.append(f"you hold {listed(both)}")
    return " · ".join(parts)


def not_a_side(text: str) -> str:
    return f"{echo(text)} is not a side; say yes if you think it wins, no if you think it does not."


def yes_hint() -> str:
    return "pays $1 a token if it wins"


def no_hint() -> str:
    return "pays $1 a token if it does not win"


def not_an_amount(text: str, *, selling: bool) -> str:
    ways = "40 tokens, all, half or 25%" if selling else "100 tokens, $50 of spending, all, half or 25%"
    return f"{echo(text)} is not an amount; say {ways}."


def amount_not_positive(text: str) -> str:
    return f"{echo(text)} is too little; the smallest amount is 0.000001."


def amount_too_big(text: str, most: int) -> str:
    return f"{echo(text)} is more than anybody can trade; the most is {tokens(most)}."


def share_out_of_bounds(text: str) -> str:
    return f"{echo(text)} is not a share; say something between 1% and 100%."


def selling_takes_tokens() -> str:
    return "Selling goes by tokens, not dollars; say 40, half, 25% or all."


def unclear_amount(text: str, small: str, large: str) -> str:
    return f"{echo(text)} can be read in two ways; say {small} or {large}."


def comma_in_amount(text: str) -> str:
    return f"{echo(text)} has a comma where I expect a point; say it as 1.5, or 1,000 for a thousand."


def sell_hint(word: str, size: int | None) -> str:
    """`size` micro-tokens is what the word comes to, where it is known."""
    what = {"all": "everything you hold", "half": "half of what you hold", "25%": "a quarter of it"}[word]
    return what if size is None else f"{what}: {tokens(size)}"


def tokens_hint(size: int, at: int | None) -> str:
    """Of so many tokens (millionths), about what they cost or bring at the price now, where it is known."""
    return "tokens" if at is None else f"tokens, about {money(size * at // MICRO)} at {price(at)}"


def spend_hint(spend: int, at: int | None) -> str:
    """Of so much money, about what it buys at the price now, where it is known."""
    if not at:
        return "spend this much, fees in"
    return f"about {tokens(spend * MICRO // at, Cut.NEAREST)} tokens at {price(at)}"


def buy_hint(word: str, spend: int | None) -> str:
    what = {"all": "your whole balance", "half": "half of your balance", "25%": "a quarter of your balance"}[word]
    return what if spend is None else f"{what}: {money(spend)}"


def not_a_rate(what: str, text: str) -> str:
    return f"{echo(text)} will not do: the {what} is a share; say it as 5% or 0.05."


def rate_out_of_bounds(what: str, text: str, low: int, high: int, instead: str | None) -> str:
    hint = f"; did you mean {instead}?" if instead else "."
    return f"{echo(text)} is not a possible {what}: between {percent(low)} and {percent(high)}{hint}"


def not_a_limit(text: str) -> str:
    return f"{echo(text)} is not a price for the limit; say it as 0.55 or 55c."


def limit_above_a_dollar(text: str, instead: str) -> str:
    return f"{echo(text)} would be dollars, and no token pays more than $1; did you mean {instead}?"


def limit_out_of_bounds(text: str, low: int, high: int) -> str:
    return f"{echo(text)} is not a possible limit: between {typed_limit(low)} and {typed_limit(high)}."


def limit_off_ticks(text: str, tick: int, low: int, high: int) -> str:
    return (
        f"{echo(text)} is not on this market's price steps of {limit_price(tick)}; the nearest are "
        f"{typed_limit(low)} and {typed_limit(high)}."
    )


def not_a_flag(text: str) -> str:
    return f"{echo(text)} is neither yes nor no."


def not_an_order(text: str, numbers: Sequence[int]) -> str:
    if not numbers:
        return f"{echo(text)} is not an order's number; /orders lists yours."
    return f"{echo(text)} is not an order's number; in the book you have {listed([str(n) for n in numbers[:8]])}."


def limit_hint(limit: int, now: int | None, context: ParseContext) -> str:
    """What an order at this limit (10^-12) does at the price now (micro-dollars), where that is known."""
    if now is None:
        return "this price or better"
    at = rate_of_price(limit)
    trades = at <= now if context.selling else at >= now
    if trades:
        return f"trades at once from {price(now)}, never {'below' if context.selling else 'above'} {limit_price(limit)}"
    return f"waits until the price {'rises' if context.selling else 'falls'} there from {price(now)}"


def waiting_hint(order: WaitingOrder, context: ParseContext) -> str:
    verb, name = "buy" if order.buy else "sell", context.outcomes[order.outcome]
    return f"{verb} {tokens(order.rest)} {name} {order.side.value.upper()} at {limit_price(order.limit)}"


def all_orders_hint(count: int) -> str:
    return f"all {count} in the book" if count > 1 else "everything that waits"


def not_money(what: str, text: str) -> str:
    return f"{echo(text)} is not a sum of money for the {what}; say it as $50 or 2k."


def money_out_of_bounds(what: str, text: str, low: int, high: int) -> str:
    return f"{echo(text)} is not a possible {what}: between {exact_money(low)} and {exact_money(high)}."


def empty_text(what: str) -> str:
    return f"The {what} has no letters in it; please type one."


def text_too_long(what: str, size: int, most: int) -> str:
    return f"The {what} has {size} characters; please stay within {most}."


def too_many_lines(what: str, rows: int, most: int) -> str:
    return f"The {what} has {rows} lines; please stay within {most}."


def not_a_choice(what: str, text: str, choices: Sequence[str], instead: str | None) -> str:
    if instead:
        return f"{echo(text)} is not a known {what}; the nearest is {instead}."
    if len(choices) > 12:
        return f"{echo(text)} is not a known {what}; there are {', '.join(choices[:12])} and others."
    return f"{echo(text)} is not a known {what}; there are {listed(choices)}."


def not_whole(what: str, text: str, low: int, high: int) -> str:
    """`high` is shown where it is a bound that somebody could meet."""
    bounds = f"from {low:,} to {high:,}" if high < NO_BOUND else f"of {low:,} or more"
    return f"{echo(text)} will not do: the {what} is a whole number {bounds}."


def not_enough_names(count: int, low: int, high: int) -> str:
    return f"A market has {low} to {high} outcomes with commas between, not {count}."


def no_name_before_comma() -> str:
    return "A comma stands where the first outcome should: put the title in quotes, then all names with commas between."


def title_without_commas() -> str:
    return "A title has no commas; the outcomes after it have."


# -- what a platform has under numbers of its own


def not_a_role(text: str) -> str:
    return f"“{clean(text, 40)}” is not a role; mention it as @role, give its number, or say none."


def everyone_is_no_role() -> str:
    return "@everyone cannot be it: everybody would be an admin, or be called. Pick another role, or say none."
