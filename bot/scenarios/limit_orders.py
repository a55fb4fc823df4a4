"""The strategies that leave limit orders in the book, and when they cancel them.

Nobody is told of anybody else's order: a YES bid meets a NO bid because two people hold opposite views and both name
whole cents near the price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from bot.scenarios.observation import (
    CENT,
    LEAST_SPEND,
    MICRO,
    NO,
    OUTSIDER,
    YES,
    SeenAccount,
    SeenBoard,
    SeenOrder,
    TradeIdea,
    bounded_spend,
    cent_above,
    cent_below,
    estimated_chances,
    fair_value,
    typed_name,
    whole_dollars,
)
from bot.scenarios.traders import Strategy, Trader

LEAST_SALE = 4 * MICRO  # tokens
FAR_AWAY = 5 * CENT  # an order so far from the price waits for nothing
MOST_OPEN_ORDERS = 4  # orders; whoever has more lets them wait
MOST_LEAN = 2 * CENT  # how far a dealer moves a quote towards their own estimate


def stale_orders(trader: Trader, board: SeenBoard, account: SeenAccount) -> tuple[SeenOrder, ...]:
    """Open orders to cancel: the price has left them behind, or what the trader knows has changed."""
    info = board.info
    if trader.strategy is Strategy.INFORMED:
        chances = estimated_chances(trader, board)
        if info.forecast_is_new or info.ticks_to_freeze < 3 or info.ticks_since_round == 0:
            return account.open_orders
        return tuple(
            order for order in account.open_orders if order.limit > fair_value(chances, order.outcome, order.side)
        )
    if trader.strategy is Strategy.DEALER and info.ticks_to_freeze < 3:
        return account.open_orders  # a dealer has no quotes out when a result comes
    far = 2 * trader.half_spread + CENT if trader.strategy is Strategy.DEALER else FAR_AWAY
    return tuple(
        order for order in account.open_orders if abs(board.price(order.outcome, order.side) - order.limit) > far
    )


def cancel_ideas(account: SeenAccount, stale: Sequence[SeenOrder]) -> tuple[TradeIdea, ...]:
    """The lines that cancel these orders."""
    if len(stale) > 1 and len(stale) == len(account.open_orders):
        return (TradeIdea(line="/cancel all"),)
    return tuple(TradeIdea(line=f"/cancel {order.number}") for order in stale)


def without_orders(account: SeenAccount, stale: Sequence[SeenOrder]) -> SeenAccount:
    return (
        replace(account, open_orders=tuple(order for order in account.open_orders if order not in stale))
        if stale
        else account
    )


def autofill(trader: Trader) -> str:
    return " autofill" if trader.autofill else ""


def dealer_orders(
    trader: Trader, board: SeenBoard, account: SeenAccount, names: Sequence[str], rng: Random
) -> tuple[TradeIdea, ...]:
    """Quotes on both sides of one outcome, half a spread from where the dealer sees the price: an offer of tokens they
    have, else a bid."""
    by_price = sorted(board.live, key=lambda each: (-board.yes[each], each))
    outcome = rng.choice((*by_price[:3], *board.live))
    chances = estimated_chances(trader, board)
    sides = [side for side in (YES, NO) if not account.has_open_order(outcome, side)]
    if board.info.ticks_to_freeze < 3:
        return _close_positions(board, account, names, rng)
    if len(account.open_orders) > MOST_OPEN_ORDERS:
        return ()
    spend = whole_dollars(bounded_spend(account.cash * trader.trade_share // 2_000))
    ideas: list[TradeIdea] = []
    for side in sides:
        price = board.price(outcome, side)
        lean = (fair_value(chances, outcome, side) - price) // 4
        seen = price + max(-MOST_LEAN, min(lean, MOST_LEAN))
        name = typed_name(names, outcome, rng)
        if account.tokens(outcome, side) > LEAST_SALE:
            limit = max(cent_above(price), cent_above(seen + trader.half_spread))
            ideas.append(TradeIdea(line=f"/sell {name} {side} half limit {limit}c"))
        elif account.cash > 4 * LEAST_SPEND:
            limit = min(cent_below(price), cent_below(seen - trader.half_spread))
            ideas.append(TradeIdea(line=f"/buy {name} {side} {spend} limit {limit}c{autofill(trader)}"))
    return tuple(ideas)


def _close_positions(
    board: SeenBoard, account: SeenAccount, names: Sequence[str], rng: Random
) -> tuple[TradeIdea, ...]:
    """Before a result a dealer sells what they hold, the largest positions first."""
    held = [(account.tokens(each, side), each, side) for each in board.live for side in (YES, NO)]
    most = [position for position in sorted(held, reverse=True) if position[0] > LEAST_SALE][:2]
    return tuple(TradeIdea(line=f"/sell {typed_name(names, outcome, rng)} {side} all") for _, outcome, side in most)


def value_orders(
    trader: Trader, board: SeenBoard, account: SeenAccount, names: Sequence[str], rng: Random
) -> TradeIdea | None:
    """A bid a few cents below a price that is cheap already; an offer above the price of a holding that is dear."""
    chances = estimated_chances(trader, board)
    expensive = [
        (board.price(outcome, side) - fair_value(chances, outcome, side), outcome, side)
        for outcome in board.live
        for side in (YES, NO)
        if account.tokens(outcome, side) > LEAST_SALE and not account.has_open_order(outcome, side)
    ]
    if expensive and (max(expensive)[0] > 0 or rng.randrange(3) == 0):
        _, outcome, side = max(expensive)
        limit = cent_above(board.price(outcome, side) + rng.randrange(2) * CENT)
        return TradeIdea(line=f"/sell {typed_name(names, outcome, rng)} {side} half limit {limit}c{autofill(trader)}")
    if len(account.open_orders) >= MOST_OPEN_ORDERS or account.cash < 4 * LEAST_SPEND:
        return None
    cheap = [
        (fair_value(chances, outcome, side) - board.price(outcome, side), outcome, side)
        for outcome in board.live
        for side in (YES, NO)
        if not account.has_open_order(outcome, side)
    ]
    if not cheap:
        return None
    edge, outcome, side = max(cheap)
    if edge < -CENT:
        return None
    limit = cent_below(board.price(outcome, side) - rng.randrange(3) * CENT)
    spend = whole_dollars(bounded_spend(account.cash * trader.trade_share // 1_000))
    return TradeIdea(line=f"/buy {typed_name(names, outcome, rng)} {side} {spend} limit {limit}c{autofill(trader)}")


def contrarian_orders(
    trader: Trader, board: SeenBoard, account: SeenAccount, names: Sequence[str], rng: Random
) -> tuple[TradeIdea, ...]:
    """A NO bid against what everybody buys or against an outsider; an offer of held NO at the next cent."""
    ideas: list[TradeIdea] = []
    held = [
        each for each in board.live if account.tokens(each, NO) > LEAST_SALE and not account.has_open_order(each, NO)
    ]
    if held:
        outcome = rng.choice(held)
        part = rng.choice(("half", "all"))
        line = f"/sell {typed_name(names, outcome, rng)} no {part} limit {cent_above(board.no[outcome])}c"
        ideas.append(TradeIdea(line=line + autofill(trader)))
    chances = estimated_chances(trader, board)
    candidates = [each for each in board.live if not account.has_open_order(each, NO) and each not in held]
    if not candidates or len(account.open_orders) >= MOST_OPEN_ORDERS or account.cash < 4 * LEAST_SPEND:
        return tuple(ideas)
    outcome = max(
        candidates, key=lambda each: (board.yes[each] - chances[each] + board.change(each, trader.lookback), -each)
    )
    outsiders = [each for each in candidates if 5 * CENT < board.yes[each] < OUTSIDER]
    if outsiders and rng.randrange(2):
        outcome = rng.choice(outsiders)
    price = board.no[outcome]
    limit = cent_above(price) if rng.randrange(2) else cent_below(price)
    spend = whole_dollars(bounded_spend(account.cash * trader.trade_share // 1_000))
    ideas.append(TradeIdea(line=f"/buy {typed_name(names, outcome, rng)} no {spend} limit {limit}c{autofill(trader)}"))
    return tuple(ideas)
