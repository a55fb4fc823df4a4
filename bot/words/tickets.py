"""The ticket, one private message between a typed line and an order: what trades at once, what waits at which price.

The number that matters first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.chat.facts import Amount, Equivalent, PricedOrder, gain_if_right
from bot.chat.reply import Action, Column, Line, Part, Reply, Span, Style, Table, Tone, code, line, quiet
from bot.text.numbers import (
    RATE,
    Cut,
    limit_price,
    money,
    other_tokens,
    percent,
    price,
    price_change,
    rate_of_price,
    tokens,
)
from bot.words import glossary
from bot.words import receipts as words_receipts
from bot.words import refusals as words_refusals
from bot.words.shared import dotted, first_upper, if_right, outcome, say, side_word, token_name
from engine.terms import MarketParams
from storage.records import OrderRow, OrderStatus

_MOVES_SHOWN = 3


WIDE = RATE // 5


_SEEN = 500  # micro-dollars: a move of less rounds to 0.0¢


def ticket(
    priced: PricedOrder, number: int, person: int, *, quick: Sequence[Amount] = (), explained: bool = False
) -> Reply:
    """The one private message between a typed line and an order. What can only lose is not sold at the first button.
    `quick`: other amounts, each a press away; `explained`: with what its words mean, for who sees their first one."""
    confirm = Action(label="Confirm", text=f"/ticket confirm {number}", person=person, primary=True)
    actions = [
        Action(label="Change", text=f"/ticket change {number}", person=person, asks=True),
        Action(label="Cancel", text=f"/ticket cancel {number}", person=person),
    ]
    cheaper = _cheaper(priced)
    if cheaper is not None:
        label = f"{token_name(priced.params, cheaper.outcome, cheaper.side)} instead"
        actions.insert(0, Action(label=label, text=_equivalent_line(priced, cheaper), person=person))
    if priced.only_loses:
        actions.insert(0, replace(confirm, label="Confirm as asked", primary=False))
    else:
        actions.insert(0, confirm)
    if priced.winning is not None:
        text = f"/ticket change {number} {priced.winning.typed()}"
        label = _winning_label(priced, priced.winning)
        actions.insert(0, Action(label=label, text=text, person=person, primary=True))
    actions += _quick_actions(quick, number, person)
    blocks = _ticket_lines(priced)
    if explained:
        blocks += glossary.on_first_ticket(priced.quote.gas, limit=priced.draft.limit is not None)
    return say(*_headline(priced), blocks=blocks, actions=actions, tone=Tone.WAIT, ticket=number)


def _quick_actions(quick: Sequence[Amount], number: int, person: int) -> list[Action]:
    """In a row of their own; a press is a change of the ticket."""
    return [
        Action(
            label=first_upper(amount.typed()),
            text=f"/ticket change {number} {amount.typed()}",
            person=person,
            breaks=place == 0,
        )
        for place, amount in enumerate(quick)
    ]


def shown(priced: PricedOrder) -> tuple[Line, list[Line]]:
    """The same beside figures that others show: its sentence, and what to be careful about."""
    same = _same(priced, both=False) if priced.draft.limit is None else ()
    rows = [*_only_loses(priced), same, *warnings(priced)]
    if priced.quote.rests:
        rows += [_autofill(priced) if priced.no_autofill else (), _matching(priced.params)]
    return line(*_headline(priced)), [row for row in rows if row]


def instead(priced: PricedOrder) -> list[Action]:
    """What could be ordered in its place, as lines: what can win, the cheaper way to the same payout."""
    slippage = percent(priced.slippage) if priced.own_slippage else None
    actions = []
    if priced.winning is not None:
        again = words_refusals.order_line(
            priced.params, replace(priced.draft, spend=None), priced.winning.typed(), slippage
        )
        actions.append(Action(label=_winning_label(priced, priced.winning), text=again, primary=True))
    cheaper = _cheaper(priced)
    if cheaper is not None:
        label = f"{token_name(priced.params, cheaper.outcome, cheaper.side)} instead"
        actions.append(Action(label=label, text=_equivalent_line(priced, cheaper)))
    return actions


def _winning_label(priced: PricedOrder, winning: Amount) -> str:
    return f"{'Buy' if priced.draft.buy else 'Sell'} {words_refusals.shown_amount(winning)} instead"


def _cheaper(priced: PricedOrder) -> Equivalent | None:
    """The other way to the same payout, where it costs less all in."""
    same = priced.equivalent
    return same if same is not None and same.total < priced.total else None


def _equivalent_line(priced: PricedOrder, same: Equivalent) -> str:
    other = replace(priced.draft, outcome=same.outcome, side=same.side)
    slippage = percent(priced.slippage) if priced.own_slippage else None
    return words_refusals.order_line(priced.params, other, priced.asked.typed(), slippage)


def unasked(sent: Reply, priced: PricedOrder, order: OrderRow, person: int | None) -> Reply:
    """An order that went out without a ticket: what was sent, what it is about, and how to be asked again."""
    if order.status is not OrderStatus.PENDING:  # the same line once more: it is what it has become
        return sent
    about = line(*_headline(priced))
    how = line("Ordered without asking, as you have set it; ", code("/settings confirm on"), " brings tickets back.")
    back = Action(label=f"Cancel {order.number}", text=f"/order cancel {order.market} {order.number}", person=person)
    asking = Action(label="Ask me again", text="/settings confirm on", person=person)
    return replace(sent, blocks=(about, *sent.blocks, how), actions=(*sent.actions, back, asking))


def estimate(priced: PricedOrder, *, barred: bool = False) -> Reply:
    """The same without an order: `/quote`."""
    how = line("Nothing is ordered. To trade it: ", code(words_refusals.ticket_line(priced)))
    if barred:
        how = line("Nothing is ordered, and you cannot order it: an admin has barred you from buying.")
    return say(*_headline(priced), blocks=(*_ticket_lines(priced, both=True), _impact(priced), how))


def _impact(priced: PricedOrder) -> Table:
    """What the order would do to every price."""
    rows = tuple(
        (
            line(outcome(priced.params, move.outcome)),
            line(f"{price(move.yes_before)} → {price(move.yes_after)}"),
            line(f"{price(move.no_before)} → {price(move.no_after)}"),
        )
        for move in priced.quote.moves
    )
    columns = (Column(title="Outcome"), Column(title="YES", numeric=True), Column(title="NO", numeric=True))
    return Table(columns=columns, rows=rows)


def _headline(priced: PricedOrder) -> tuple[str | Part, ...]:
    draft, params = priced.draft, priced.params
    if draft.limit is not None:
        return headline(priced, draft.limit)
    what = outcome(params, draft.outcome, Style.BOLD)
    if not draft.buy:
        return ("Sell ", what, f" {side_word(draft.side)}: get about {money(priced.total, Cut.DOWN)}.")
    spend, about = money(priced.total, Cut.UP), ""
    if draft.spend is not None:
        spend, about = words_receipts.with_gas(priced.quote.amount, priced.quote.gas), "about "
    right = f"get {about}{money(priced.quote.payout_if_right, Cut.DOWN)} {if_right(params, draft.outcome, draft.side)}."
    return ("Buy ", what, f" {side_word(draft.side)}: spend about {spend}, {right}")


def _ticket_lines(priced: PricedOrder, *, both: bool = False) -> list[Line]:
    """`both`: with two outcomes left, the other way to the same payout also where it is not cheaper."""
    quote = priced.quote
    if priced.draft.limit is not None:
        return lines(priced, priced.draft.limit, others(priced), [*_only_loses(priced), *warnings(priced)])
    before, after = rate_of_price(quote.price_before), rate_of_price(quote.price_after)
    average = words_refusals.average_before_fee(quote, buy=priced.draft.buy)
    numbers = dotted(
        [
            f"{_counted(quote.size)} at {price(average)} on average (now {price(before)}, after {price(after)})",
            *words_receipts.fee_and_gas(quote.amount, quote.fee, quote.gas, buy=priced.draft.buy),
            _at_worst(priced),
        ]
    )
    rows = [*_only_loses(priced), line(numbers)]
    if len(quote.sizes) > 1:
        rows.append(line(first_upper(words_receipts.sources(quote.sizes, priced.draft)), "."))
    rows += [_same(priced, both=both), others(priced), *warnings(priced)]
    return [row for row in rows if row]


def _counted(size: int) -> str:
    return f"{tokens(size)} {'token' if tokens(size) == '1' else 'tokens'}"


def _only_loses(priced: PricedOrder) -> list[Line]:
    """That an order can only lose, in numbers, and what still can win."""
    if not priced.only_loses:
        return []
    quote, draft = priced.quote, priced.draft
    if not draft.buy:
        bring, gas = money(quote.amount, Cut.DOWN), money(quote.gas, Cut.UP)
        return [line(f"This sale can only lose: it brings {bring} and the gas is {gas}.")]
    size = quote.size + quote.rests
    costs = money(size - gain_if_right(quote, draft.limit), Cut.UP)
    pays = f"{money(size, Cut.DOWN)} {if_right(priced.params, draft.outcome, draft.side)}"
    rows = [line(f"This order can only lose: it costs {costs}, gas in, and pays {pays}.")]
    if priced.winning is None:
        return [*rows, line("No other size of it could win.")]
    best = first_upper(words_refusals.shown_amount(priced.winning))
    if priced.winning.spend is not None:
        larger = priced.winning.spend > quote.amount + quote.escrow
    else:
        larger = (priced.winning.tokens or 0) > size
    verb = "is" if priced.winning.spend is not None else "are"
    return [*rows, line(f"{best} {verb} the {'least' if larger else 'most'} that can win.")]


def _same(priced: PricedOrder, *, both: bool) -> Line:
    """With two outcomes left, YES of one is NO of the other, at a price of its own."""
    same = priced.equivalent if both else _cheaper(priced)
    if same is None:
        return ()
    other = token_name(priced.params, same.outcome, same.side)
    asked = token_name(priced.params, priced.draft.outcome, priced.draft.side)
    size, costs, than = tokens(priced.quote.size), money(same.total, Cut.UP), money(priced.total, Cut.UP)
    return line(
        f"With two left, {other} pays exactly when {asked} does: {size} {other} cost {costs}, {size} {asked} {than}, "
        "all in."
    )


def _at_worst(priced: PricedOrder) -> str:
    draft = priced.draft
    if not draft.buy:
        return f"at least {money(priced.most, Cut.DOWN)}, else nothing happens"
    if draft.spend is None:
        all_of_it = ", which is all you have" if priced.capped else ""
        return f"at worst {money(priced.most, Cut.UP)}{all_of_it}, else nothing happens"
    fewest = tokens(min(draft.size, priced.quote.amount * RATE // max(1, draft.worst_price or 0)))
    gas = " and the gas" if priced.quote.gas else ""
    return f"never more than {money(draft.spend, Cut.UP)}{gas}; at worst {fewest} tokens for it, else nothing happens"


def others(priced: PricedOrder) -> Line:
    """What the order does to the prices of the others, the largest first."""
    moved = [
        (move.yes_after - move.yes_before, move.outcome)
        for move in priced.quote.moves
        if move.outcome != priced.draft.outcome and abs(move.yes_after - move.yes_before) >= _SEEN
    ]
    if not moved:
        return ()
    moved.sort(key=lambda move: (-abs(move[0]), move[1]))
    parts: list[Part] = [Span("Others move: ")]
    for place, (change, number) in enumerate(moved[:_MOVES_SHOWN]):
        parts += [Span(", ") if place else Span(""), outcome(priced.params, number), Span(f" {price_change(change)}")]
    rest = len(moved) - _MOVES_SHOWN
    parts.append(Span(f" and {rest} more." if rest > 0 else "."))
    return tuple(part for part in parts if not isinstance(part, Span) or part.text)


def warnings(priced: PricedOrder) -> list[Line]:
    quote, rows = priced.quote, []
    if priced.stopped:
        rows.append(line("It stops there: a larger order could only lose."))
    if quote.unsold:
        kept = tokens(other_tokens(priced.draft.size, quote.size))
        rows.append(line(f"The house takes {tokens(quote.size)} of them now; {kept} stay with you."))
    if priced.slippage > WIDE:
        rows.append(line(f"An order of this size moves the price by itself: slippage {percent(priced.slippage)}."))
    if quote.largest_sensible and quote.size > quote.largest_sensible:
        most = tokens(quote.largest_sensible)
        rows.append(
            line(f"From {most} tokens on, each further one costs a penalty; {most} is the largest sensible size.")
        )
    rows.append(_floor(priced))
    return [row for row in rows if row]


def _floor(priced: PricedOrder) -> Line:
    """The pot floor by its name, where it binds."""
    floor, draft = priced.quote.floor, priced.draft
    if not floor:
        return ()
    counted = "" if draft.limit is not None else "; the worst price counts from this order's own average"
    if draft.buy:
        return line(
            f"{money(floor, Cut.UP)} of this is the pot floor, so that nobody can be sure of a profit{counted}."
        )
    return line(f"The pot floor keeps {money(floor, Cut.UP)} back, so that nobody can be sure of a profit{counted}.")


def headline(priced: PricedOrder, limit: int) -> tuple[str | Part, ...]:
    draft, params = priced.draft, priced.params
    what = (outcome(params, draft.outcome, Style.BOLD), f" {side_word(draft.side)} at {limit_price(limit)}")
    waits = priced.quote.rests > 0
    if draft.buy:
        spend = f"at most {_most(priced)}" if waits else f"about {money(priced.total, Cut.UP)}"
        right = f"get {money(draft.size, Cut.DOWN)} {if_right(params, draft.outcome, draft.side)}."
        return ("Buy ", *what, f" or less: spend {spend}, {right}")
    if waits:
        return ("Sell ", *what, f" or more: get at least {money(priced.most, Cut.DOWN)} once all are sold.")
    return ("Sell ", *what, f" or more: get about {money(priced.total, Cut.DOWN)}.")


def _most(priced: PricedOrder) -> str:
    """Dollars stay dollars: of an amount typed so, the gas stands beside."""
    if priced.asked.tokens is not None:
        return money(priced.most, Cut.UP)
    return words_receipts.with_gas(priced.most - priced.quote.gas, priced.quote.gas)


def lines(priced: PricedOrder, limit: int, others: Line, warnings: Sequence[Line]) -> list[Line]:
    """In this order: at once, what waits, the sums, the other prices, auto-fill and matching."""
    rows = [line(_at_once(priced)), _waits(priced, limit), line(_sums(priced)), others, *warnings]
    if priced.quote.rests:
        rows += [_autofill(priced), _matching(priced.params)]
    return [row for row in rows if row]


def _at_once(priced: PricedOrder) -> str:
    quote, draft = priced.quote, priced.draft
    now = price(rate_of_price(quote.price_before))
    if not quote.size:
        return f"Nothing trades at once: the price is {now} now."
    plain = quote.amount - quote.fee if draft.buy else quote.amount + quote.fee
    average = price(plain * 10**6 // quote.size)
    how_many = "all of it" if quote.size == draft.size else f"{tokens(quote.size)} of {tokens(draft.size)}"
    total = money(quote.amount, Cut.UP if draft.buy else Cut.DOWN)
    return (
        f"At once {how_many} for about {total}, {average} a token (the price is {now} now): "
        f"{words_receipts.sources(quote.sizes, draft)}."
    )


def _waits(priced: PricedOrder, limit: int) -> Line:
    quote, draft = priced.quote, priced.draft
    if not quote.rests:
        return ()
    rests = other_tokens(draft.size, quote.size) if quote.size else quote.rests
    waiting = f"{'The other ' if quote.size else ''}{tokens(rests)} wait in the book at {limit_price(limit)}"
    if draft.buy:
        return line(f"{waiting}; {money(quote.escrow, Cut.UP)} is set aside until they fill or you cancel.")
    return line(f"{waiting} and are set aside until they sell or you cancel.")


def _sums(priced: PricedOrder) -> str:
    quote = priced.quote
    worst = "at worst" if priced.draft.buy else "at least"
    said = dotted(
        [
            *words_receipts.fee_and_gas(quote.amount, quote.fee, quote.gas, buy=priced.draft.buy),
            f"{worst} {money(priced.most, Cut.UP if priced.draft.buy else Cut.DOWN)} for all of it, fees in",
        ]
    )
    return first_upper(said)


def _autofill(priced: PricedOrder) -> Line:
    if priced.no_autofill:
        return line("This market has no auto-fill; the order waits without it.")
    if priced.draft.autofill:
        bought = "bring the price down" if priced.draft.buy else "lift the price"
        return line(
            f"Auto-fill is on: trades on other outcomes that {bought} to your limit may fill it too, at your limit, "
            "without a fee, part of the difference back."
        )
    if priced.params.af_enabled:
        return line(quiet("Auto-fill is off: only trades on this outcome fill it."))
    return ()


def _matching(params: MarketParams) -> Line:
    if params.cm_enabled:
        return ()
    return line(quiet("In this market orders meet only orders of the same token, never YES with NO."))
