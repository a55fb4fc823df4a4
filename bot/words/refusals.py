"""Why an order did not trade, or cannot be made. What to do next comes last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.chat.facts import FailedOrder
from bot.chat.reply import Action, Line, Reply, Stamp, Tone, code, line
from bot.text.names import quoted
from bot.text.numbers import Cut, limit_price, money, percent, price, rate_of_price, tokens, typed_limit, typed_tokens
from bot.words.shared import listed, name_of, no, say, token_name
from engine.events import Reason
from engine.state import Side
from engine.terms import MarketParams
from storage.records import OrderDraft

# -- not filled


def not_filled(failed: FailedOrder, ticket_id: int | None) -> Reply:
    """Why, what it cost, what to do next."""
    rows: list[Line] = []
    if failed.gas:
        rows.append(line(f"Gas {money(failed.gas)}; nothing else changed."))
    rows.append(_again(failed))
    why = refusal(failed.reason, failed.detail, failed.params, failed.draft)
    return no(f"Not filled: {why}", blocks=rows, ticket=ticket_id)


def _again(failed: FailedOrder, typed: str | None = None) -> Line:
    draft = failed.draft
    if failed.reason == Reason.NO_CASH:
        have = failed.detail.get("have", 0)
        if have > 10_000:
            return line(code(order_line(failed.params, draft, "all")), " spends what you have.")
        return line(code("/sell"), " something first, or look at ", code("/positions"))
    if failed.reason in {Reason.OUTCOME_OUT, Reason.NOT_RUNNING, Reason.DISPUTED}:
        return line(code("/board"), " shows where the market stands.")
    if failed.reason in {Reason.FROZEN, Reason.PAUSED}:
        return line("Nothing was charged. ", code(order_line(failed.params, draft, typed)), " when trading resumes.")
    if failed.reason == Reason.NO_TOKENS:
        return line(code("/positions"), " shows what you hold.")
    return line(code(order_line(failed.params, draft, typed, "10%")), " tries again.")


def order_line(params: MarketParams, draft: OrderDraft, amount: str | None = None, slippage: str | None = None) -> str:
    """The line that would make this order."""
    name = quoted(name_of(params, draft.outcome))
    how_many = amount or typed_tokens(draft.size)
    if draft.limit is not None:
        tail = f" limit {typed_limit(draft.limit)}{' autofill' if draft.autofill else ''}"
    else:
        tail = f" slippage {slippage}" if slippage else ""
    return f"/{'buy' if draft.buy else 'sell'} {name.lower()} {draft.side.value} {how_many}{tail}"


def refusal(reason: str | None, detail: Mapping[str, int], params: MarketParams, draft: OrderDraft) -> str:
    """The engine's reason as one sentence with its numbers. It ends with a full stop."""
    what = token_name(params, draft.outcome, draft.side)
    name = name_of(params, draft.outcome)
    have, need = detail.get("have", 0), detail.get("need", 0)
    sentences: Mapping[str, str] = {
        Reason.FROZEN: "trading was frozen before your order's turn.",
        Reason.PAUSED: "trading was paused before your order's turn.",
        Reason.NOT_RUNNING: "the market is not open for trading.",
        Reason.DISPUTED: "a winner had been named before your order's turn.",
        Reason.DUPLICATE_ID: "this order had been handed in before.",
        Reason.UNKNOWN_USER: "you have no account in this market; /join gives you one.",
        Reason.UNKNOWN_OUTCOME: "there is no such outcome in this market.",
        Reason.OUTCOME_OUT: f"{name} is out and no longer traded.",
        Reason.SIZE_ZERO: "that amount is too little for a single token's millionth.",
        Reason.NO_CASH_FOR_GAS: f"an order takes {money(need, Cut.UP)} of gas and you have {money(have, Cut.DOWN)}.",
        Reason.NO_CASH: f"it would have cost {money(need, Cut.UP)} and you have {money(have, Cut.DOWN)}.",
        Reason.NO_TOKENS: f"you hold {tokens(have)} {what}, not {tokens(need or draft.size)}.",
        Reason.POOL_EMPTY: f"the house has no room to take {what} back right now.",
        Reason.PAST_WORST_PRICE: _past(detail, draft),
        Reason.SPEND: "that amount is too little for a single token's millionth.",
        Reason.BAD_LIMIT: "that limit is not a possible price.",
        Reason.TOO_LATE: "it came after trading had closed.",
    }
    return sentences.get(reason or "", "the market could not take this order.")


def _past(detail: Mapping[str, int], draft: OrderDraft) -> str:
    worst, average = rate_of_price(detail.get("worst", 0)), rate_of_price(detail.get("average", 0))
    if draft.buy:
        return f"the price ran past your limit of {price(worst)} (it would have been {price(average, Cut.UP)})."
    return (
        f"the price fell below your limit of {price(worst, Cut.DOWN)} (it would have been {price(average, Cut.DOWN)})."
    )


# -- refused before there is a ticket


def no_ticket(
    reason: str | None, detail: Mapping[str, int], params: MarketParams, draft: OrderDraft, typed: str
) -> Reply:
    """The quote says the engine would refuse it; nothing is charged for asking."""
    why = refusal(reason, detail, params, draft)
    why = why[0].upper() + why[1:]
    failed = FailedOrder(params=params, draft=draft, reason=reason, detail=detail, gas=0)
    return no(why.replace("would have cost", "would cost"), blocks=(_again(failed, typed),))


def slippage_too_small(
    params: MarketParams, draft: OrderDraft, typed: str, slip: int, wide: int, detail: Mapping[str, int]
) -> Reply:
    """The order alone moves the price further than its owner allows."""
    worst, average = rate_of_price(detail.get("worst", 0)), rate_of_price(detail.get("average", 0))
    bound, verb = ("at most", "cost") if draft.buy else ("at least", "bring")
    again = order_line(params, draft, typed, percent(wide))
    return Reply(
        head=line(
            f"With slippage {percent(slip)} a token may {verb} {bound} {price(worst)}; this many would {verb} "
            f"{price(average)} each."
        ),
        blocks=(line(code(again), " allows for that, or ask for fewer."),),
        actions=(Action(label=f"Allow {percent(wide)}", text=again),),
        tone=Tone.BAD,
        ok=False,
    )


def too_poor(params: MarketParams, draft: OrderDraft, need: int, have: int, reserved: int, escrow: int = 0) -> Reply:
    aside = f", {money(reserved)} more is set aside for orders on their way" if reserved else ""
    aside += f", {money(escrow)} for orders in the book" if escrow else ""
    rest = (
        line(code(order_line(params, draft, "all")), " spends what you have.")
        if have > 10_000
        else line(code("/positions"))
    )
    what = token_name(params, draft.outcome, draft.side)
    what = f"{tokens(draft.size)} {what}" if draft.size else f"So much {what}"
    what += f" at {limit_price(draft.limit)}, the largest fee in," if draft.limit is not None else ""
    return no(f"{what} would cost {money(need, Cut.UP)} and you have {money(have, Cut.DOWN)}{aside}.", blocks=(rest,))


def limit_and_slippage(params: MarketParams, draft: OrderDraft, typed: str) -> Reply:
    again = order_line(params, draft, typed)
    return Reply(
        head=line("An order with a limit needs no slippage: it never trades past its limit."),
        blocks=(line(code(again), " leaves it out."),),
        actions=(Action(label="Without slippage", text=again),),
        tone=Tone.BAD,
        ok=False,
    )


def autofill_needs_limit(params: MarketParams, draft: OrderDraft, typed: str) -> Reply:
    """`draft` has a limit near the price now, for the example."""
    return no(
        "Auto-fill is for orders that wait in the book, and this one has no limit to wait at.",
        blocks=(line("Such as ", code(order_line(params, draft, typed))),),
    )


def no_balance() -> Reply:
    return no("Your balance is used up.", blocks=(line(code("/positions"), " shows what you could sell."),))


def holds_none(params: MarketParams, number: int, side: Side, others: Sequence[str]) -> Reply:
    rest = line(f"You hold {listed(others)}.") if others else line(code("/buy"), " comes first.")
    return no(f"You hold no {token_name(params, number, side)}.", blocks=(rest,))


def all_for_sale(params: MarketParams, number: int, side: Side, held: int) -> Reply:
    return no(
        f"All your {tokens(held)} {token_name(params, number, side)} are for sale in the book already.",
        blocks=(line(code("/orders"), " shows them; what is cancelled there can be sold anew."),),
    )


def holds_fewer(params: MarketParams, number: int, side: Side, held: int, asked: int, tied: int = 0) -> Reply:
    name = quoted(name_of(params, number)).lower()
    aside = f", {tokens(tied)} of them for sale in the book already" if tied else ""
    return no(
        f"You hold {tokens(held)} {token_name(params, number, side)}{aside}, not {tokens(asked)}.",
        blocks=(line(code(f"/sell {name} {side.value} all"), " sells them all."),),
    )


# -- presses that change nothing


def not_your_ticket() -> Reply:
    return no("That ticket is not yours.", blocks=(line(code("/buy"), " makes one of your own."),))


def cancelled(ticket_id: int, params: MarketParams, draft: OrderDraft) -> Reply:
    again = order_line(params, draft)
    return say("Cancelled: nothing was ordered.", blocks=(line(code(again), " asks anew."),), ticket=ticket_id)


def already_cancelled(ticket_id: int, params: MarketParams, draft: OrderDraft) -> Reply:
    return no(
        "This ticket was cancelled; nothing was ordered.",
        blocks=(line(code(order_line(params, draft)), " makes a new one."),),
        ticket=ticket_id,
    )


def already_changed(ticket_id: int) -> Reply:
    return no("This ticket was changed; the newer one counts.", ticket=ticket_id)


def too_late_to_cancel(number: int, ticket_id: int) -> Reply:
    return no(
        f"Too late: this ticket was confirmed as order {number}.",
        blocks=(line(code("/orders"), " shows what became of it."),),
        ticket=ticket_id,
    )


def cannot_trade(why: str, step: str = "", at_ms: int | None = None) -> Reply:
    """Why there can be no order right now, and what comes next."""
    sentences = {
        "lobby": "Trading has not started yet.",
        "frozen": "Trading is frozen by an admin.",
        "round": "Trading is frozen while a round is decided.",
        "asked": "Trading is frozen until an admin names the round's result.",
        "paused": "Trading is paused by an admin.",
        "disputed": "A winner is named; trading is over.",
        "over": "This market is over; it is no longer traded.",
        "halted": "Trading is halted while an admin looks into a problem; your money is safe.",
    }
    rest: list[Line] = []
    if at_ms is not None:
        rest.append(line(f"{step} ", Stamp(at_ms, countdown=True), "."))
    if why == "over":
        rest.append(line(code("/leaderboard"), " shows how it ended."))
    elif why == "disputed":
        rest.append(line("Nothing was ordered or charged. ", code("/positions"), " shows what you hold."))
    else:
        rest.append(line("Nothing was ordered or charged. ", code("/board"), " shows the prices."))
    return no(sentences[why], blocks=rest)


def no_cash_at_confirm(needed: int, available: int) -> Reply:
    return no(
        f"This order may cost {money(needed, Cut.UP)} and you have {money(available, Cut.DOWN)} free.",
        blocks=(line("Nothing was ordered; change the amount or sell something first."),),
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
    )


def share_of_nothing() -> Reply:
    return no("A share of what? Say tokens or dollars here.", blocks=(line(code("/join")),))


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
