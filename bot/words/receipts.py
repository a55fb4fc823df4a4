"""What became of an order: sent, filled, in the book, taken back, returned; and from whom its fills came, part by part.

The number that matters first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.chat.facts import Leg, OrderReceipt
from bot.chat.reply import Action, Line, Reply, Tone, code, line, quiet
from bot.text.names import clean
from bot.text.numbers import Cut, is_dust, limit_price, money, other_tokens, price, span, split, tokens
from bot.text.outcome_names import typed_outcome
from bot.words.shared import (
    BALANCE,
    ORDERS,
    POSITIONS,
    dotted,
    first_upper,
    listed,
    name_of,
    no,
    plural,
    say,
    side_word,
    token_name,
    try_again,
)
from engine.state import Side
from engine.terms import MarketParams
from storage.records import OrderDraft, OrderRow


def sources(sizes: Mapping[str, int], draft: OrderDraft) -> str:
    """`40 from the book, 60 from the house`: of a ticket, which knows no prices by part."""
    shown = zip(sizes, split(list(sizes.values())), strict=True)
    return ", ".join(f"{tokens(size)} {source(kind, draft, waited=False)}" for kind, size in shown if size)


def parts(legs: Sequence[Leg], draft: OrderDraft) -> str:
    """`40 from the book at 50.0¢, 60 from the house at 50.8¢`."""
    shown = zip(legs, split([leg.size for leg in legs]), strict=True)
    return ", ".join(
        f"{tokens(size)} {source(leg.kind, draft, waited=leg.waited)} at {price(leg.price)}"
        for leg, size in shown
        if size
    )


def source(kind: str, draft: OrderDraft, *, waited: bool) -> str:
    """Where tokens of one kind of fill came from, or went to."""
    way = "from" if draft.buy else "to"
    other = side_word(Side.NO if draft.side is Side.YES else Side.YES)
    if kind == "direct":
        return f"{way} another member" if waited else f"{way} the book"
    return {
        "mint": f"matched with a buyer of {other}",
        "merge": f"matched with a seller of {other}",
        "swap": f"swapped with a {'seller' if draft.buy else 'buyer'} of {other}",
        "autofill": "by auto-fill",
        "sweep": f"{way} the house as its price passed your limit",
    }.get(kind, f"{way} the house")


_MANY = 6  # lines, when several orders are told of together


def _what(done: OrderReceipt) -> str:
    return token_name(done.params, done.order.draft.outcome, done.order.draft.side)


# -- not run yet


def queued(params: MarketParams, order: OrderRow, most: int) -> Reply:
    """Confirmed and waiting for its tick; a second press says the same. `most` is the least of a sale."""
    draft = order.draft
    what = token_name(params, draft.outcome, draft.side)
    if draft.spend is not None:
        head = f"Sent. Buying {what} for at most {with_gas(draft.spend, params.gas_fee)}."
    else:
        verb, bound = ("Buying", "for at most") if draft.buy else ("Selling", "for at least")
        at = "" if draft.limit is None else f" at {limit_price(draft.limit)} or {'less' if draft.buy else 'more'},"
        money_ = money(most, Cut.UP if draft.buy else Cut.DOWN)
        head = f"Sent. {verb} {tokens(draft.size)} {what}{at} {bound} {money_}."
    wait = span(params.batch_interval_ms)
    then = "; this message becomes its receipt." if order.key is None else "."
    return say(
        head,
        blocks=(line(f"Order {order.number} runs with the next tick, within {wait}{then}"),),
        tone=Tone.WAIT,
        ticket=order.ticket,
    )


def taken_back(order: OrderRow, again: str) -> Reply:
    """An order its owner cancelled before it ran; `again`: the line that was typed."""
    rest = line(code(again), " asks anew.")
    head = "Not filled: you took this order back before it ran."
    return no(head, blocks=(rest,), actions=(try_again(again),), ticket=order.ticket)


def fee_and_gas(amount: int, fee: int, gas: int, *, buy: bool) -> tuple[str, ...]:
    """`fee $0.51` and `gas $0.01`, where there are any: the fee as a part of an amount paid, so that the price and the
    fee add up to it; what of a sale it takes."""
    shown = split([amount - fee, fee], cut=Cut.UP)[1] if buy else fee
    return (f"fee {money(shown, Cut.UP)}" if fee else "", f"gas {money(gas, Cut.UP)}" if gas else "")


def with_gas(amount: int, gas: int) -> str:
    """`$20.00 and $0.01 gas`: of a budget, which the gas stands beside."""
    return money(amount, Cut.UP) + (f" and {money(gas, Cut.UP)} gas" if gas else "")


def by_key(reply: Reply, key: int) -> Reply:
    """Any of these, of an order that a program sent."""
    return replace(reply, blocks=(*reply.blocks, line(quiet(f"A program sent it, by key {key}."))))


# -- run


def filled(done: OrderReceipt) -> Reply:
    """All of it, or all that could be."""
    order, draft = done.order, done.order.draft
    sold = "" if draft.buy else "sold "
    rows: list[Line] = [*_how(done), line(_receipt(done))]
    if draft.buy and order.remaining:
        rows.append(line(f"The price had risen: its ticket had {tokens(draft.size)} for as much."))
    elif order.remaining:
        rows.append(
            line(f"{tokens(left(order))} came back: the house had no room for them. Try again after others bought.")
        )
    rows.append(_holding(done))
    head = f"Filled: {sold}{tokens(order.done)} {_what(done)} for {_total(done)}."
    return say(head, blocks=rows, actions=_next(done), tone=Tone.GOOD, ticket=order.ticket)


def _total(done: OrderReceipt) -> str:
    """All that was paid or got; of a budget the gas stands beside it."""
    order = done.order
    if order.draft.spend is not None:
        return with_gas(done.total - order.gas, order.gas)
    return money(done.total, Cut.UP if order.draft.buy else Cut.DOWN)


def in_book(done: OrderReceipt, limit: int) -> Reply:
    """It waits, whole or in part."""
    order, draft = done.order, done.order.draft
    action = cancel_action(order, "Cancel the rest" if order.done else "Cancel", done.owner)
    if not order.done:
        verb = "buying" if draft.buy else "selling"
        head = f"In the book: {verb} {tokens(draft.size)} {_what(done)} at {limit_price(limit)} or "
        head += "less." if draft.buy else "more."
        gas = line(f"Gas {money(order.gas, Cut.UP)}.") if order.gas else ()
        rows = [line(_waits(done)), gas]
        return say(head, blocks=[row for row in rows if row], actions=(action,), tone=Tone.WAIT, ticket=order.ticket)
    sold = "" if draft.buy else "sold "
    head = f"Filled in part: {sold}{tokens(order.done)} of {tokens(draft.size)} {_what(done)} for {_total(done)}."
    rows = [
        line(f"Just now: {parts(done.latest, draft)}.") if done.latest and done.latest != done.legs else (),
        *_how(done),
        line(_receipt(done)),
        line(f"The other {_waits(done)}"),
        _holding(done),
    ]
    actions = (action, *_next(done))
    return say(head, blocks=[row for row in rows if row], actions=actions, tone=Tone.GOOD, ticket=order.ticket)


def left(order: OrderRow) -> int:
    """Tokens not traded yet, as they are shown beside those that are."""
    return other_tokens(order.draft.size, order.draft.size - order.remaining)


def _waits(done: OrderReceipt) -> str:
    order = done.order
    what = f"{tokens(left(order))} wait at {limit_price(order.draft.limit or 0)}"
    aside = f"{money(order.escrow, Cut.UP)} is set aside" if order.draft.buy else "they are set aside"
    extra = ", auto-fill on" if order.draft.autofill else ""
    place = "" if order.done else _place(done)  # what is held names it
    return f"{what}{extra}; {aside} until they fill or you cancel (order {order.number}{place})."


def given_back(done: OrderReceipt, why: str, again: str) -> Reply:
    """Cancelled by its owner, or returned by a round or the end (`why`, a sentence). `again`: the line that was
    typed."""
    order, draft = done.order, done.order.draft
    place = "" if order.done else _place(done)
    if draft.buy:
        back = f"{money(order.escrow, Cut.UP)} came back to you{place}."
    else:
        back = f"{tokens(left(order))} {_what(done)} are free again{place}."
    if not order.done:
        return Reply(
            head=line(f"Not filled: {why} {back}"),
            blocks=(line(code(again), " asks anew."),) if not order.reason else (),
            actions=(try_again(again),) if not order.reason else (BALANCE,),
            tone=Tone.COLD,
            ok=False,
            ticket=order.ticket,
        )
    sold = "" if draft.buy else "sold "
    rows = [
        line(f"{first_upper(why)} {back}"),
        *_how(done),
        line(_receipt(done)),
        _holding(done),
    ]
    head = f"Filled in part: {sold}{tokens(order.done)} of {tokens(draft.size)} {_what(done)} for {_total(done)}."
    return say(head, blocks=rows, actions=_next(done), tone=Tone.GOOD, ticket=order.ticket)


def given_back_together(params: MarketParams, title: str, rows: Sequence[tuple[OrderRow, str]]) -> Reply:
    """Several at once: how much came back in the market of that title, then each in a line."""
    money_back = sum(order.escrow for order, _ in rows)
    parts = [f"{money(money_back, Cut.UP)}"] if money_back else []
    sold: dict[str, int] = {}
    for order, _ in rows:
        if not order.draft.buy:
            what = token_name(params, order.draft.outcome, order.draft.side)
            sold[what] = sold.get(what, 0) + order.remaining
    parts += [f"{tokens(size)} {what}" for what, size in sold.items()]
    what = "returned" if any(order.reason for order, _ in rows) else "cancelled"
    lines = [line(first_upper(why) if order.reason else _asked_for(params, order)) for order, why in rows[:_MANY]]
    if len(rows) > _MANY:
        lines.append(line(f"And {len(rows) - _MANY} more; ", code("/orders"), " has them all."))
    none = "" if any(order.done for order, _ in rows) else "Not filled: "
    back = f"{listed(parts)} came back in {clean(title)}"
    if len(rows) == 1:
        head = f"Order {rows[0][0].number} is {what}: {back}."
    else:
        head = f"{none}{plural(len(rows), 'order')} are {what}. {back}."
    actions = (ORDERS, BALANCE)
    return Reply(head=line(head), blocks=tuple(lines), actions=actions, tone=Tone.COLD, ok=False)


def _asked_for(params: MarketParams, order: OrderRow) -> str:
    draft = order.draft
    at = "" if draft.limit is None else f" at {limit_price(draft.limit)}"
    what = f"{tokens(left(order))} {token_name(params, draft.outcome, draft.side)}"
    traded = f" {tokens(order.done)} of {tokens(draft.size)} had traded." if order.done else ""
    return f"Order {order.number}: {'buy' if draft.buy else 'sell'} {what}{at}.{traded}"


def why_cancelled(order: OrderRow) -> str:
    return f"order {order.number} is cancelled."


def why_outcome_out(params: MarketParams, order: OrderRow) -> str:
    return f"{name_of(params, order.draft.outcome)} is out, and order {order.number} is returned."


def why_over(order: OrderRow) -> str:
    return f"trading is over, and order {order.number} is returned."


def why_voided(order: OrderRow) -> str:
    return f"the market was called off, and order {order.number} is returned."


def _next(done: OrderReceipt) -> tuple[Action, ...]:
    """Sell them again, where they can be, and see them beside what else is held."""
    draft = done.order.draft
    if not done.held or not done.traded:
        return (POSITIONS,)
    name = typed_outcome(done.params.outcome_names, draft.outcome).lower()
    sell = Action(label="Sell all", text=f"/sell {name} {draft.side.value} all", person=done.owner)
    return (sell, POSITIONS)


def cancel_action(order: OrderRow, label: str, owner: int | None) -> Action:
    """Only its owner may press it, and it means this order whatever market the chat holds by then."""
    return Action(label=label, text=f"/order cancel {order.market} {order.number}", person=owner)


def _how(done: OrderReceipt) -> list[Line]:
    """By its parts, where there is more to say than that the house took it."""
    if [leg.kind for leg in done.legs] in ([], ["maker"]):
        return []
    return [line(f"{parts(done.legs, done.order.draft)}.")]


def _receipt(done: OrderReceipt) -> str:
    order = done.order
    plain = order.amount - order.fee if order.draft.buy else order.amount + order.fee
    average = plain * 10**6 // order.done if order.done else 0
    return dotted(
        [
            f"{price(average)} a token",
            *fee_and_gas(order.amount, order.fee, order.gas, buy=order.draft.buy),
            f"{money(order.rebate)} back from auto-fill" if not is_dust(order.rebate) else "",
        ]
    )


def _holding(done: OrderReceipt) -> Line:
    if not done.held:
        return line(f"You hold none of them{_place(done)} now.")
    worth = f"worth {money(done.worth)}, {money(done.held)} if right."
    return line(f"You now hold {tokens(done.held)}{_place(done)}; {worth}")


def _place(done: OrderReceipt) -> str:
    """Once in each receipt: it may be read away from its market."""
    return f" in {clean(done.title)}"
