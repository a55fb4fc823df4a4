"""How synthetic traders decide: pure functions of the board, their account and a random generator of their own.

The answer is one `TradeIdea` or a few: lines to type, and the worst price at which they still press Confirm once they
have read the ticket. Those who trade at the price are here; those who leave orders in the book in `limit_orders`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from bot.scenarios import limit_orders
from bot.scenarios.observation import (
    CENT,
    LEAST_SPEND,
    MICRO,
    NO,
    OUTSIDER,
    YES,
    PublicInfo,
    SeenAccount,
    SeenBoard,
    TradeIdea,
    bounded_spend,
    cent_above,
    cent_below,
    estimated_chances,
    fair_value,
    typed_name,
    whole_dollars,
    with_slippage,
)
from bot.scenarios.traders import Strategy, Trader

FEE = 10_000  # what a trade costs beside its impact, about a cent a token
NERVOUS_TICKS = 6  # ticks before a freeze in which fans sell outsiders
FAN_LIMIT = 800_000  # the most a fan pays for a token, micro-dollars


def acts_now(trader: Trader, info: PublicInfo, rng: Random) -> bool:
    """Whether the trader does anything this tick: more often after a new forecast or a round and before a freeze."""
    pace = trader.activity
    if info.ticks_since_round < 4:
        pace *= 3
    if info.ticks_to_freeze < 3:
        pace *= 2
    if info.forecast_is_new and trader.strategy is Strategy.INFORMED:
        pace *= 4
    return rng.randrange(1_000) < pace


def decide(
    trader: Trader, board: SeenBoard, account: SeenAccount, names: Sequence[str], rng: Random
) -> tuple[TradeIdea, ...]:
    """What the trader wants to do, if anything: first cancel stale orders, then trade."""
    if not board.live:
        return ()
    cancelled = limit_orders.stale_orders(trader, board, account)
    kept = limit_orders.without_orders(account, cancelled)
    return (*limit_orders.cancel_ideas(account, cancelled), *_trades(trader, board, kept, names, rng))


def _trades(
    trader: Trader, board: SeenBoard, account: SeenAccount, names: Sequence[str], rng: Random
) -> tuple[TradeIdea, ...]:
    match trader.strategy:
        case Strategy.DEALER:
            return limit_orders.dealer_orders(trader, board, account, names, rng)
        case Strategy.VALUE:
            idea = limit_orders.value_orders(trader, board, account, names, rng)
        case Strategy.CONTRARIAN:
            return limit_orders.contrarian_orders(trader, board, account, names, rng)
        case Strategy.INFORMED:
            idea = _informed(trader, board, account, names, rng)
        case Strategy.MOMENTUM:
            idea = _momentum(trader, board, account, names, rng)
        case Strategy.FAN:
            idea = _fan(trader, board, account, names, rng)
    return () if idea is None else (idea,)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opportunity:
    edge: int  # per token, before fee and impact
    outcome: int
    side: str
    buy: bool
    value: int
    price: int


def _opportunities(board: SeenBoard, account: SeenAccount, chances: Sequence[int]) -> Iterator[_Opportunity]:
    """Every trade that looks good at the board's prices."""
    for outcome in board.live:
        for side in (YES, NO):
            price, value = board.price(outcome, side), fair_value(chances, outcome, side)
            if value > price:
                yield _Opportunity(edge=value - price, outcome=outcome, side=side, buy=True, value=value, price=price)
            elif account.tokens(outcome, side) > MICRO:
                yield _Opportunity(edge=price - value, outcome=outcome, side=side, buy=False, value=value, price=price)


def _informed(
    trader: Trader, board: SeenBoard, account: SeenAccount, names: Sequence[str], rng: Random
) -> TradeIdea | None:
    """The best trade whose edge pays fee and margin; the size by Kelly's rule, cut to a third and to the usual share of
    cash. Those who use limits name one at which fee and margin are still paid."""
    chances = estimated_chances(trader, board)
    good = [option for option in _opportunities(board, account, chances) if option.edge > trader.required_edge + FEE]
    good = [option for option in good if not option.buy or account.cash > 2 * LEAST_SPEND]
    if not good:
        return None
    best = max(
        good, key=lambda option: (option.edge * MICRO // max(option.price, 50_000), -option.outcome, option.side)
    )
    name = typed_name(names, best.outcome, rng)
    if not best.buy:
        line = f"/sell {name} {best.side} {rng.choice(('half', 'half', 'all'))}"
        return TradeIdea(line=line, worst_price=best.value + trader.required_edge // 2)
    kelly = account.cash * best.edge // max(1, MICRO - best.price) // 3
    spend = bounded_spend(min(kelly, account.cash * trader.trade_share // 1_000))
    start = f"/buy {name} {best.side}"
    if trader.uses_limits and not account.has_open_order(best.outcome, best.side):
        most = cent_below(best.value - trader.required_edge // 2 - FEE)
        if most * CENT > best.price:
            return TradeIdea(line=f"{start} {whole_dollars(spend)} limit {most}c")
    return TradeIdea(
        line=with_slippage(f"{start} {whole_dollars(spend)}", trader),
        worst_price=best.value - trader.required_edge // 2,
        smaller_line=with_slippage(f"{start} {whole_dollars(bounded_spend(spend // 3))}", trader),
    )


def _momentum(
    trader: Trader, board: SeenBoard, account: SeenAccount, names: Sequence[str], rng: Random
) -> TradeIdea | None:
    """Out of what falls or has stalled, into what rises; when nothing moves, now and then into whoever leads."""
    moves = {outcome: board.change(outcome, trader.lookback) for outcome in board.live}
    owned = [outcome for outcome in board.live if account.tokens(outcome, YES) > MICRO]
    weakest = min(owned, key=lambda each: (moves[each], each), default=None)
    if weakest is not None and moves[weakest] < -trader.required_edge // 3:
        return TradeIdea(line=f"/sell {typed_name(names, weakest, rng)} yes {rng.choice(('half', 'half', 'all'))}")
    if weakest is not None and moves[weakest] < trader.required_edge // 4 and rng.randrange(2):
        return TradeIdea(line=f"/sell {typed_name(names, weakest, rng)} yes half")  # it has stalled: take the profit
    if account.cash < 2 * LEAST_SPEND:
        return _raise_cash(trader, account, board, names, rng)
    spend = bounded_spend(account.cash * trader.trade_share // 1_000)
    rising = max(moves, key=lambda each: (moves[each], -each))
    falling = min(moves, key=lambda each: (moves[each], each))
    if moves[falling] < -trader.required_edge and rng.randrange(3) == 0:
        return TradeIdea(
            line=with_slippage(f"/buy {typed_name(names, falling, rng)} no {whole_dollars(spend)}", trader)
        )
    if moves[rising] > trader.required_edge // 2:
        start = f"/buy {typed_name(names, rising, rng)} yes {whole_dollars(spend)}"
        if trader.uses_limits and not account.has_open_order(rising, YES):
            return TradeIdea(
                line=f"{start} limit {cent_above(board.yes[rising] + CENT)}c{limit_orders.autofill(trader)}"
            )
        return TradeIdea(line=with_slippage(start, trader))
    if rng.randrange(2):
        best = sorted(board.live, key=lambda each: (-board.yes[each], each))
        pick = rng.choice(best[: max(2, len(best) // 2)])
        return TradeIdea(line=f"/buy {typed_name(names, pick, rng)} yes {whole_dollars(bounded_spend(spend // 2))}")
    return None


def _fan(trader: Trader, board: SeenBoard, account: SeenAccount, names: Sequence[str], rng: Random) -> TradeIdea | None:
    """The favourite most of the time, a random outcome now and then; sometimes a typing error or far too much."""
    favourite = trader.favourite if board.yes[trader.favourite] else rng.choice(board.live)
    random_outcome = rng.choice(board.live)
    spend = whole_dollars(bounded_spend(account.cash * trader.trade_share // 1_000))
    roll = rng.randrange(100)
    nervous = [each for each in board.live if board.yes[each] < OUTSIDER and account.tokens(each, YES) > MICRO]
    if nervous and board.info.ticks_to_freeze < NERVOUS_TICKS and roll >= 30:
        return TradeIdea(line=f"/sell {typed_name(names, rng.choice(nervous), rng)} yes {rng.choice(('half', 'all'))}")
    if roll < 4:
        return TradeIdea(line=f"/buy {names[favourite].lower()[:-1]}x yes {spend}")  # a typing error
    if roll < 7:
        return TradeIdea(line=f"/buy {typed_name(names, favourite, rng)} yes {whole_dollars(account.cash * 3)}")
    if roll < 12:
        return TradeIdea(line=f"/quote {typed_name(names, favourite, rng)} yes {spend}")
    if roll < 40 or account.cash < 2 * LEAST_SPEND:
        return _raise_cash(trader, account, board, names, rng)
    if roll < 62:
        return _buy_favourite(trader, favourite, board, account, names, spend, rng)
    if roll < 86:
        random_outcome = rng.choice([each for each in board.live if board.yes[each] < OUTSIDER] or [random_outcome])
        start = f"/buy {typed_name(names, random_outcome, rng)} yes"
        return TradeIdea(
            line=f"{start} {rng.choice((10, 20, 30, 50))}",
            worst_price=FAN_LIMIT,
            smaller_line=f"{start} 10 slippage 20%",
        )
    return TradeIdea(
        line=with_slippage(f"/buy {typed_name(names, random_outcome, rng)} no {spend}", trader), worst_price=990_000
    )


def _buy_favourite(
    trader: Trader, outcome: int, board: SeenBoard, account: SeenAccount, names: Sequence[str], spend: str, rng: Random
) -> TradeIdea | None:
    """Buy the favourite; those who use limits pay no more than the next whole cent."""
    start = f"/buy {typed_name(names, outcome, rng)} yes {spend}"
    if trader.uses_limits and not account.has_open_order(outcome, YES):
        limit = min(cent_above(board.yes[outcome]), FAN_LIMIT // CENT)
        return TradeIdea(line=f"{start} limit {limit}c{limit_orders.autofill(trader)}")
    return TradeIdea(line=with_slippage(start, trader), worst_price=FAN_LIMIT)


def _raise_cash(
    trader: Trader, account: SeenAccount, board: SeenBoard, names: Sequence[str], rng: Random
) -> TradeIdea | None:
    """Sell half of something, or nothing where there is nothing. Those who use limits ask for the next whole cent."""
    owned = [(outcome, side) for outcome in board.live for side in (YES, NO) if account.tokens(outcome, side) > MICRO]
    if not owned:
        return None
    outcome, side = rng.choice(owned)
    line = f"/sell {typed_name(names, outcome, rng)} {side} {rng.choice(('half', 'all'))}"
    if trader.uses_limits and not account.has_open_order(outcome, side):
        return TradeIdea(line=f"{line} limit {cent_above(board.price(outcome, side))}c")
    return TradeIdea(line=line)
