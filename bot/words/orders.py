"""One's orders: what waits and what is set aside for it, what has run, and taking back."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.reply import Action, Awaited, Column, Line, Reply, Table, Tone, code, line
from bot.text.numbers import Cut, limit_price, money, tokens
from bot.words.receipts import cancel_action, left
from bot.words.shared import ORDERS, listed, no, outcome, plural, program, say, side_word, token_name
from engine.terms import MarketParams
from storage.records import OrderRow, OrderStatus

BUTTONS = 8  # one a row, and one for all

_STATES = {
    OrderStatus.PENDING: "next tick",
    OrderStatus.RESTING: "in the book",
    OrderStatus.FILLED: "filled",
    OrderStatus.PARTLY: "partly filled",
    OrderStatus.REFUSED: "not filled",
    OrderStatus.CANCELLED: "cancelled",
    OrderStatus.CUT: "undone",
}


def orders(
    params: MarketParams, waiting: Sequence[OrderRow], recent: Sequence[OrderRow], owner: int | None, rest: Line
) -> Reply:
    """Those that wait first, newest first, with a button each; then those that have run. `rest` for who has none."""
    if not waiting and not recent:
        return say("You have sent no orders yet.", blocks=(rest,))
    blocks: list[Line | Table] = []
    if waiting:
        blocks.append(_waiting(params, waiting))
    if recent:
        blocks.append(_recent(params, recent))
    return say(_head(waiting), blocks=blocks, actions=_buttons(waiting, owner))


def _head(waiting: Sequence[OrderRow]) -> str:
    if not waiting:
        return "No order of yours waits."
    aside = sum(_aside(order) for order in waiting)
    set_aside = f", {money(aside, Cut.UP)} set aside" if aside else ""
    return f"{plural(len(waiting), 'order')} of yours {'waits' if len(waiting) == 1 else 'wait'}{set_aside}."


def _aside(order: OrderRow) -> int:
    return order.reserve if order.status is OrderStatus.PENDING else order.escrow


def _waiting(params: MarketParams, rows: Sequence[OrderRow]) -> Table:
    columns = (
        Column(title="Order", numeric=True),
        Column(title="What"),
        Column(title="Left", numeric=True),
        Column(title="State"),
        Column(title="Set aside", numeric=True),
    )
    return Table(columns=columns, rows=tuple(_wait_row(params, order) for order in rows))


def _wait_row(params: MarketParams, order: OrderRow) -> tuple[Line, ...]:
    waiting = tokens(left(order))
    if order.remaining != order.draft.size:
        waiting += f" of {tokens(order.draft.size)}"
    if order.draft.spend is not None:
        waiting = money(order.draft.spend, Cut.UP)
    aside = money(_aside(order), Cut.UP) if order.draft.buy else f"{tokens(left(order))} tokens"
    state = _STATES[order.status] + (", auto-fill" if order.draft.autofill else "")
    return (line(f"{order.number}"), _what(params, order), line(waiting), line(state), line(aside))


def _what(params: MarketParams, order: OrderRow) -> Line:
    draft = order.draft
    at = "" if draft.limit is None else f" at {limit_price(draft.limit)}"
    by_key = order.key is not None
    verb, side = "Buy " if draft.buy else "Sell ", f" {side_word(draft.side)}{at}"
    return line(verb, outcome(params, draft.outcome), side, *program(by_key=by_key))


def _recent(params: MarketParams, rows: Sequence[OrderRow]) -> Table:
    columns = (
        Column(title="Order", numeric=True),
        Column(title="What"),
        Column(title="Tokens", numeric=True),
        Column(title="State"),
        Column(title="With gas" if params.gas_fee else "Money", numeric=True),
    )
    return Table(columns=columns, rows=tuple(_recent_row(params, order) for order in rows))


def _recent_row(params: MarketParams, order: OrderRow) -> tuple[Line, ...]:
    how_many = tokens(order.draft.size)
    if 0 < order.done < order.draft.size and order.draft.spend is None:
        how_many = f"{tokens(order.done)} of {how_many}"
    total = order.amount + order.gas - order.rebate if order.draft.buy else order.amount - order.gas + order.rebate
    state = "returned" if order.status is OrderStatus.CANCELLED and order.reason else _STATES[order.status]
    return (
        line(f"{order.number}"),
        _what(params, order),
        line(how_many),
        line(state),
        line(money(total, Cut.UP if order.draft.buy else Cut.DOWN) if order.done else "–"),
    )


def _buttons(waiting: Sequence[OrderRow], owner: int | None) -> tuple[Action, ...]:
    rows = [cancel_action(order, f"Cancel {order.number}", owner) for order in waiting[:BUTTONS]]
    if len(waiting) > 1:
        first = waiting[0]
        rows.append(Action(label="Cancel all", text=f"/order cancel {first.market} all", person=owner))
    return tuple(rows)


def hint(params: MarketParams, order: OrderRow) -> str:
    """`buy Germany YES, filled`: an order beside its number."""
    draft = order.draft
    verb = "buy" if draft.buy else "sell"
    return f"{verb} {token_name(params, draft.outcome, draft.side)}, {_STATES[order.status]}"


# -- taking back


def not_yours(number: int) -> Reply:
    return no(f"You have no order {number}.", blocks=(line(code("/orders"), " lists yours."),), code="not_found")


def nothing_waits() -> Reply:
    return no(
        "No order of yours waits, so there is nothing to cancel.",
        blocks=(line(code("/orders"), " has all."),),
        code="nothing_waits",
    )


def gone(order: OrderRow) -> Reply:
    """A stale button, or a number that has done its work."""
    ended = {
        OrderStatus.FILLED: "is filled already",
        OrderStatus.PARTLY: "has run already",
        OrderStatus.REFUSED: "was not filled and does not wait",
        OrderStatus.CUT: "is undone: the market went back to a moment before it",
    }.get(order.status, "is cancelled already" if not order.reason else "was returned already")
    return no(f"Order {order.number} {ended}.", blocks=(line(code("/orders"), " shows what waits."),), code="not_open")


def taken_back(params: MarketParams, rows: Sequence[OrderRow]) -> Reply:
    """Orders no tick has run yet: gone at once."""
    what = listed([_named(params, order) for order in rows])
    return say(
        f"Cancelled before it ran: {what}." if len(rows) == 1 else f"Cancelled before they ran: {what}.",
        blocks=(line("Nothing was ordered or charged; what was set aside is yours again."),),
    )


def asked(
    params: MarketParams, resting: Sequence[OrderRow], withdrawn: Sequence[OrderRow], *, every: bool = False
) -> Reply:
    """Orders in the book leave it with the next tick; a notice then says what came back, of `every` order in the place
    of this."""
    blocks = []
    if withdrawn:
        blocks.append(line(f"Cancelled before they ran: {listed([_named(params, order) for order in withdrawn])}."))
    back = sum(order.escrow for order in resting)
    if back:
        blocks.append(line(f"Then {money(back, Cut.UP)} comes back to you, less what may fill until then."))
    what = listed([_named(params, order) for order in resting[:3]])
    more = f" and {len(resting) - 3} more" if len(resting) > 3 else ""
    awaits = Awaited(market=resting[0].market, slot="given_back") if every else None
    return say(f"Asked to cancel {what}{more}; with the next tick.", blocks=blocks, tone=Tone.WAIT, awaits=awaits)


def nothing_left(number: int) -> Reply:
    """The engine's answer: what was to be cancelled had gone by then."""
    return no(
        f"Order {number} had left the book before it could be cancelled.",
        blocks=(line(code("/orders"), " shows what became of it."),),
        actions=(ORDERS,),
    )


def _named(params: MarketParams, order: OrderRow) -> str:
    return f"order {order.number} ({tokens(left(order))} {token_name(params, order.draft.outcome, order.draft.side)})"
