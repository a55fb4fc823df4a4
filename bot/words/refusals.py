"""Why an order did not trade, or cannot be made. What to do next comes last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.chat.facts import Amount, FailedOrder, PricedOrder, SizeOffer
from bot.chat.reply import Action, Line, Reply, Stamp, Tone, code, line
from bot.text.names import clean
from bot.text.numbers import (
    CENT,
    MICRO,
    RATE,
    Cut,
    limit_price,
    money,
    percent,
    price,
    rate_of_price,
    tokens,
    typed_limit,
    typed_money,
    typed_tokens,
)
from bot.text.outcome_names import typed_outcome
from bot.words.shared import BOARD, ORDERS, POSITIONS, listed, name_of, no, say, token_name, try_again
from engine.events import Reason
from engine.quote import Quote
from engine.state import Side
from engine.terms import MarketParams
from storage.records import BARRED, HALTED, OrderDraft

# -- not filled


def not_filled(failed: FailedOrder, ticket_id: int | None) -> Reply:
    """Why, what it cost and where, what to do next."""
    place = f" in {clean(failed.title)}" if failed.title else ""
    charged = f"Gas {money(failed.gas, Cut.UP)}; nothing else changed" if failed.gas else "Nothing was charged"
    (step, does), why = _mended_by(failed), refusal(failed)
    return no(
        f"Not filled: {why}",
        blocks=(line(f"{charged}{place}."), line(code(step.text), does)),
        actions=(step,),
        ticket=ticket_id,
        code=failed.reason or "refused",
    )


def _mended_by(failed: FailedOrder) -> tuple[Action, str]:
    """What mends it, as a button whose line can be sent as it stands, and what that does."""
    params, draft, reason, again = failed.params, failed.draft, failed.reason, try_again(_retry(failed))
    if reason in {Reason.FROZEN, Reason.PAUSED}:
        return again, " when trading resumes."
    if reason in {Reason.NO_CASH, Reason.NO_CASH_FOR_GAS} and not _can_spend(failed):
        return POSITIONS, " shows what you could sell."
    if reason == Reason.NO_CASH:
        return Action(label="Spend what you have", text=order_line(params, draft, "all")), " spends what you have."
    if reason == Reason.NO_TOKENS and failed.detail.get("have", 0) > 0:
        return Action(label="Sell all", text=order_line(params, draft, "all")), " sells what you hold."
    if reason == Reason.NO_TOKENS:
        return POSITIONS, " shows what you hold."
    if reason == Reason.UNKNOWN_USER:
        return Action(label="Join", text="/join"), " gives you an account."
    if reason in {Reason.SIZE_ZERO, Reason.SPEND}:
        return Action(label="One token", text=order_line(params, draft, "1")), " is one token."
    if reason == Reason.POOL_EMPTY:
        return again, " tries again, once others have bought."
    if reason == BARRED:
        return POSITIONS, " shows what you hold and can sell."
    if reason in _AT_THE_PRICE_NOW:
        return again, " asks anew, at the price now."
    return BOARD, " shows where the market stands."


_AT_THE_PRICE_NOW = {Reason.PAST_WORST_PRICE, Reason.DUPLICATE_ID, Reason.NO_CASH_FOR_GAS, HALTED}


def _can_spend(failed: FailedOrder) -> bool:
    """Whether there is more than a cent beside the gas of this order and of one more."""
    free = failed.detail.get("have", 0) if failed.free is None else failed.free
    return free - 2 * failed.params.gas_fee >= CENT


def _retry(failed: FailedOrder) -> str:
    """The line that was typed, with the slippage its owner chose; what they no longer have is not asked for again."""
    draft, asked = failed.draft, failed.asked
    slippage = percent(failed.slippage) if failed.own_slippage and failed.slippage is not None else None
    spend = asked.spend if asked is not None else draft.spend
    too_much = spend is not None and failed.free is not None and spend + failed.params.gas_fee > failed.free
    amount = "all" if too_much else asked.typed() if asked is not None else None
    return order_line(failed.params, draft, amount, slippage)


def order_line(params: MarketParams, draft: OrderDraft, amount: str | None = None, slippage: str | None = None) -> str:
    """The line that would make this order."""
    name = typed_outcome(params.outcome_names, draft.outcome)
    how_many = amount or (typed_tokens(draft.size) if draft.spend is None else typed_money(draft.spend))
    if draft.limit is not None:
        tail = f" limit {typed_limit(draft.limit)}{' autofill' if draft.autofill else ''}"
    else:
        tail = f" slippage {slippage}" if slippage else ""
    return f"/{'buy' if draft.buy else 'sell'} {name.lower()} {draft.side.value} {how_many}{tail}"


def refusal(failed: FailedOrder) -> str:
    """The engine's reason as one sentence with its numbers. It ends with a full stop."""
    params, draft, detail = failed.params, failed.draft, failed.detail
    what = token_name(params, draft.outcome, draft.side)
    name = name_of(params, draft.outcome)
    have, need = detail.get("have", 0), detail.get("need", 0)
    sentences: Mapping[str, str] = {
        Reason.FROZEN: "trading was frozen before your order's turn.",
        Reason.PAUSED: "trading was paused before your order's turn.",
        Reason.NOT_RUNNING: "the market is not open for trading.",
        Reason.DISPUTED: "a winner had been named before your order's turn.",
        Reason.DUPLICATE_ID: "this order had been handed in before.",
        Reason.UNKNOWN_USER: "you have no account in this market.",
        Reason.UNKNOWN_OUTCOME: "there is no such outcome in this market.",
        Reason.OUTCOME_OUT: f"{name} is out and no longer traded.",
        Reason.SIZE_ZERO: "that amount is less than a millionth of a token.",
        Reason.SPEND: f"{money(detail.get('spend', 0))} is too little for a millionth of a token.",
        Reason.NO_CASH_FOR_GAS: f"an order takes {money(need, Cut.UP)} of gas and you have {money(have, Cut.DOWN)}.",
        Reason.NO_CASH: f"it would have cost {money(need, Cut.UP)} and you have {money(have, Cut.DOWN)}.",
        Reason.NO_TOKENS: f"you hold {tokens(have)} {what}, not {tokens(need or draft.size)}.",
        Reason.POOL_EMPTY: f"the house has no room to take {what} back right now.",
        Reason.PAST_WORST_PRICE: _past(failed),
        Reason.BAD_LIMIT: "that limit is not a possible price.",
        Reason.TOO_LATE: "it came after trading had closed.",
        Reason.CUT: "the market was cut back to a moment before your order.",
        BARRED: "an admin has barred you from this market.",
        HALTED: "the market was halted before your order's turn.",
    }
    return sentences.get(failed.reason or "", "the market could not take this order.")


def _past(failed: FailedOrder) -> str:
    """The average before the fee that it would have been, what its ticket allowed, the board's price then and now."""
    draft, detail = failed.draft, failed.detail
    fee = failed.params.fee if draft.buy else -failed.params.fee
    worst = detail.get("worst", 0) * RATE // (RATE + fee)
    average = detail.get("before_fee", detail.get("average", 0))
    what = token_name(failed.params, draft.outcome, draft.side)
    if draft.buy:
        past = f"{what} would have cost {_shown(average, Cut.UP)} a token on average before the fee, more than the "
        past += _shown(worst, Cut.DOWN)
    else:
        past = (
            f"{what} would have brought {_shown(average, Cut.DOWN)} a token on average before the fee, less than the "
        )
        past += _shown(worst, Cut.UP)
    allowed = f"{past} its ticket allowed."
    if failed.price_then is None or failed.price_now is None:
        return allowed
    then, now = price(failed.price_then), price(failed.price_now)
    return f"{allowed} The board said {then} when you asked and says {now} now."


def _shown(rate: int, cut: Cut) -> str:
    return price(rate_of_price(rate), cut)


# -- refused before there is a ticket


def no_ticket(
    reason: str | None, detail: Mapping[str, int], params: MarketParams, draft: OrderDraft, asked: Amount
) -> Reply:
    """The quote says the engine would refuse it; nothing is charged for asking."""
    failed = FailedOrder(params=params, draft=draft, reason=reason, detail=detail, gas=0, asked=asked)
    why = refusal(failed).replace("would have cost", "would cost").replace("would have brought", "would bring")
    return _unasked(failed, why[0].upper() + why[1:])


def _unasked(failed: FailedOrder, head: str) -> Reply:
    """Refused before there is a ticket, with what mends it."""
    step, does = _mended_by(failed)
    return no(head, blocks=(line(code(step.text), does),), actions=(step,), code=failed.reason or "refused")


def slippage_too_small(params: MarketParams, draft: OrderDraft, asked: Amount, free: Quote, offer: SizeOffer) -> Reply:
    """The order alone moves the price further than its owner allows, or than is chosen for anybody: what does fit, and
    the line that asks for more. `free`: the order without a worst price."""
    buy, own = draft.buy, offer.chosen_for == "owner"
    now, average = rate_of_price(free.price_before), average_before_fee(free, buy=buy)
    verb, cut = ("cost", Cut.UP) if buy else ("bring", Cut.DOWN)
    head = (
        f"{_so_much(params, draft, asked)} would {verb} {price(average, cut)} a token on average before the fee; the "
    )
    head += f"price is {price(now)} now."
    rows: list[Line] = [line(_allowed(offer, now, buy=buy))]
    actions: list[Action] = []
    if offer.fits is not None:
        fitting = order_line(
            params, replace(draft, spend=None), offer.fits.typed(), percent(offer.allowed) if own else None
        )
        rows.append(line(code(fitting), " is the most that fits."))
        label = f"{'Buy' if buy else 'Sell'} {shown_amount(offer.fits)}"
        actions.append(Action(label=label, text=fitting, primary=True))
    if offer.needed is not None:
        wider = order_line(params, draft, asked.typed(), percent(offer.needed))
        rows.append(line(code(wider), " allows for all of it."))
        actions.append(Action(label=f"Allow {percent(offer.needed)}", text=wider))
    if not actions:
        rows.append(line("Ask for another amount; ", code("/board"), " has the prices."))
    return Reply(head=line(head), blocks=tuple(rows), actions=tuple(actions), tone=Tone.BAD, ok=False, code="slippage")


def _allowed(offer: SizeOffer, now: int, *, buy: bool) -> str:
    slip = offer.allowed
    bound = price(now * (RATE + slip) // RATE, Cut.DOWN) if buy else price(now * max(0, RATE - slip) // RATE, Cut.UP)
    limit = f"{'at most' if buy else 'at least'} {bound}"
    if offer.chosen_for == "owner":
        return f"Slippage {percent(slip)} allows {limit}."
    if buy and now * (RATE + slip) >= MICRO * RATE:
        return f"No more than {percent(slip)} of slippage is chosen for anybody, and never the $1 that a token pays."
    if offer.chosen_for == "unasked":
        return f"Without a ticket no more than {percent(slip)} of slippage is chosen for you, which allows {limit}."
    return f"No more than {percent(slip)} of slippage is chosen for anybody, which allows {limit}."


def average_before_fee(quote: Quote, *, buy: bool) -> int:
    """Of what trades at once, micro-dollars a token; 0 where nothing does."""
    plain = quote.amount - quote.fee if buy else quote.amount + quote.fee
    return plain * MICRO // quote.size if quote.size else 0


def shown_amount(amount: Amount) -> str:
    """An amount as a button or a sentence shows it: `$812.30`, `81.2 tokens`."""
    if amount.spend is not None:
        return money(amount.spend)
    return f"{tokens(amount.tokens)} tokens" if amount.tokens is not None else amount.typed()


def _so_much(params: MarketParams, draft: OrderDraft, asked: Amount) -> str:
    """`$500.00 of Germany YES`, `100 Germany YES`."""
    what = token_name(params, draft.outcome, draft.side)
    if draft.spend is not None or asked.spend is not None:
        return f"{money(draft.spend or asked.spend or 0)} of {what}"
    size = asked.tokens if asked.tokens is not None else draft.size
    return f"{tokens(size)} {what}" if size else f"So much {what}"


def too_poor(
    params: MarketParams, draft: OrderDraft, asked: Amount, need: int, have: int, reserved: int, escrow: int = 0
) -> Reply:
    aside = f", {money(reserved, Cut.UP)} more is set aside for orders on their way" if reserved else ""
    aside += f", {money(escrow, Cut.UP)} for orders in the book" if escrow else ""
    failed = FailedOrder(params=params, draft=draft, reason=Reason.NO_CASH, detail={}, gas=0, asked=asked, free=have)
    what, extras = _so_much(params, draft, asked), []
    if draft.limit is not None:
        what = f"{tokens(draft.size)} {token_name(params, draft.outcome, draft.side)}" if draft.size else what
        what += f" at {limit_price(draft.limit)}"
        extras.append("the largest fee")
    if params.gas_fee:
        extras.append(f"{money(params.gas_fee, Cut.UP)} of gas")
    all_in = f", {listed(extras)} in," if extras else ""
    head = f"{what}{all_in} would cost {money(need, Cut.UP)} and you have {money(have, Cut.DOWN)}{aside}."
    return _unasked(failed, head)


def limit_and_slippage(params: MarketParams, draft: OrderDraft, typed: str) -> Reply:
    again = order_line(params, draft, typed)
    return Reply(
        head=line("An order with a limit needs no slippage: it never trades past its limit."),
        blocks=(line(code(again), " leaves it out."),),
        actions=(Action(label="Without slippage", text=again),),
        tone=Tone.BAD,
        ok=False,
        code="limit_and_slippage",
    )


def autofill_needs_limit(params: MarketParams, draft: OrderDraft, typed: str) -> Reply:
    """`draft` has a limit near the price now, for the example."""
    return no(
        "Auto-fill is for orders that wait in the book, and this one has no limit to wait at.",
        blocks=(line("Such as ", code(order_line(params, draft, typed))),),
        code="autofill_needs_limit",
    )


def no_balance(have: int, gas: int) -> Reply:
    """Nothing to spend: `all` leaves the gas of one later order."""
    if have and gas:
        why = f"You have {money(have, Cut.DOWN)}; an order takes {money(gas, Cut.UP)} of gas, and so does the next one."
    else:
        why = "Your balance is used up."
    rest = line(code(POSITIONS.text), " shows what you could sell.")
    return no(why, blocks=(rest,), actions=(POSITIONS,), code=Reason.NO_CASH)


def holds_none(params: MarketParams, number: int, side: Side, others: Sequence[str]) -> Reply:
    first = f"/buy {typed_outcome(params.outcome_names, number).lower()} {side.value} 10"
    rest = line(f"You hold {listed(others)}.") if others else line(code(first), " would buy some.")
    step = POSITIONS if others else Action(label="Buy 10", text=first)
    head = f"You hold no {token_name(params, number, side)}."
    return no(head, blocks=(rest,), actions=(step,), code=Reason.NO_TOKENS)


def all_for_sale(params: MarketParams, number: int, side: Side, held: int) -> Reply:
    return no(
        f"All your {tokens(held)} {token_name(params, number, side)} are for sale in the book already.",
        blocks=(line(code("/orders"), " shows them; what is cancelled there can be sold anew."),),
        actions=(ORDERS,),
        code=Reason.NO_TOKENS,
    )


def holds_fewer(params: MarketParams, number: int, side: Side, held: int, asked: int, tied: int = 0) -> Reply:
    everything = f"/sell {typed_outcome(params.outcome_names, number).lower()} {side.value} all"
    aside = f", {tokens(tied)} of them for sale in the book already" if tied else ""
    return no(
        f"You hold {tokens(held)} {token_name(params, number, side)}{aside}, not {tokens(asked)}.",
        blocks=(line(code(everything), " sells them all."),),
        actions=(Action(label="Sell all", text=everything),),
        code=Reason.NO_TOKENS,
    )


# -- presses that change nothing


def not_your_ticket() -> Reply:
    return no("That ticket is not yours.", blocks=(line(code("/help buy"), " says how to make one."),))


def cancelled(ticket_id: int, again: str) -> Reply:
    """`again`: the line that was typed."""
    rest = line(code(again), " asks anew.")
    return say("Cancelled: nothing was ordered.", blocks=(rest,), actions=(try_again(again),), ticket=ticket_id)


def already_cancelled(ticket_id: int, again: str) -> Reply:
    return no(
        "This ticket was cancelled; nothing was ordered.",
        blocks=(line(code(again), " makes a new one."),),
        actions=(try_again(again),),
        ticket=ticket_id,
    )


def already_changed(ticket_id: int, again: str) -> Reply:
    return no(
        "This ticket was changed; the newer one counts.",
        blocks=(line(code(again), " makes one with the old numbers."),),
        actions=(try_again(again),),
        ticket=ticket_id,
    )


def too_late_to_cancel(number: int, ticket_id: int) -> Reply:
    return no(
        f"Too late: this ticket was confirmed as order {number}.",
        blocks=(line(code("/orders"), " shows what became of it."),),
        actions=(ORDERS,),
        ticket=ticket_id,
    )


CLOSED: Mapping[str, str] = {
    "lobby": "not_running",
    "frozen": "frozen",
    "round": "frozen",
    "asked": "frozen",
    "claimed": "frozen",
    "paused": "paused",
    "disputed": "disputed",
    "over": "over",
    "halted": "halted",
}
"""What programs call why there can be no order."""


def cannot_trade(why: str, step: str = "", at_ms: int | None = None) -> Reply:
    """Why there can be no order right now, and what comes next."""
    sentences = {
        "lobby": "Trading has not started yet.",
        "frozen": "Trading is frozen by an admin.",
        "round": "Trading is frozen while a round is decided.",
        "asked": "Trading is frozen until an admin names the round's result.",
        "claimed": "Who is out is named; trading is frozen until it is paid.",
        "paused": "Trading is paused by an admin.",
        "disputed": "A winner is named; trading is over.",
        "over": "This market is over; it is no longer traded.",
        "halted": "Trading is halted while an admin looks into a problem; your money is safe.",
    }
    rest: list[Line] = []
    if at_ms is not None:
        rest.append(line(f"{step} ", Stamp(at_ms, countdown=True), "."))
    looks = {"over": Action(label="Leaderboard", text="/leaderboard"), "disputed": POSITIONS}.get(why, BOARD)
    shows = {"over": " shows how it ended.", "disputed": " shows what you hold."}.get(why, " shows the prices.")
    rest.append(line("" if why == "over" else "Nothing was ordered or charged. ", code(looks.text), shows))
    return no(sentences[why], blocks=rest, actions=(looks,), code=CLOSED[why])


def ticket_line(priced: PricedOrder) -> str:
    """The line that was typed: its amount, and its slippage where its owner chose one."""
    slippage = percent(priced.slippage) if priced.own_slippage else None
    return order_line(priced.params, priced.draft, priced.asked.typed(), slippage)


def no_cash_at_confirm(needed: int, available: int) -> Reply:
    return no(
        f"This order may cost {money(needed, Cut.UP)} and you have {money(available, Cut.DOWN)} free.",
        blocks=(line("Nothing was ordered; change the amount or sell something first."),),
        actions=(POSITIONS,),
        code=Reason.NO_CASH,
    )


def sold_already(params: MarketParams, draft: OrderDraft, free: int, waiting: int) -> Reply:
    """Another sale on its way to the tick has taken the tokens."""
    what = token_name(params, draft.outcome, draft.side)
    left = f"{tokens(free)} of your {what} are left to sell" if free else f"none of your {what} are left to sell"
    again = order_line(params, draft, typed_tokens(free)) if free else "/orders"
    return no(
        f"You are selling {tokens(waiting)} {what} already, with the next tick; {left}.",
        blocks=(
            line("Nothing was ordered or charged. ", code(again), " sells them." if free else " shows what waits."),
        ),
        actions=(Action(label="Sell what is left", text=again) if free else ORDERS,),
        code=Reason.NO_TOKENS,
    )


def share_of_nothing() -> Reply:
    join = Action(label="Join", text="/join")
    rest = line(code(join.text))
    return no("A share of what? Say tokens or dollars here.", blocks=(rest,), actions=(join,), code="not_member")


def holdings(params: MarketParams, held: Sequence[tuple[int, int]]) -> list[str]:
    """`40 Germany YES`, in the market's order."""
    rows = []
    for number, (yes, no_) in enumerate(held):
        rows += [
            f"{tokens(size)} {token_name(params, number, side)}"
            for size, side in ((yes, Side.YES), (no_, Side.NO))
            if size
        ]
    return rows
