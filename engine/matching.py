"""Matches between orders: direct, mint, merge and swap (ENGINE section 6, rulings 5 and 6).

Makers get their limit; the improvement goes to the later order, swaps apart. Each function trades what the order at
its turn can take of one pool, pro-rata, its own orders left out.
"""

from __future__ import annotations

from engine.amm import swap_cost
from engine.events import Fill, FillKind
from engine.impact import waterfall
from engine.open_book import Portion
from engine.resting_book import PoolKey, RestingOrder
from engine.search import largest
from engine.tick import Turn
from engine.units import MICRO, RATE, ceil_div, half_up
from engine.working_copy import FEE, HELD, MATCH, MATCH_FEE, POT, WorkingCopy, fill_buy, fill_sell, gets, pays


def direct(turn: Turn, limit: int) -> None:
    """A buy and a sale of one token at the resting order's limit; the later order alone pays a fee."""
    desk, rate, fees, dust = turn.tick.desk, turn.tick.params.fee, 0, 0
    portions = _draw(turn, (turn.outcome, turn.side, not turn.buy, limit))
    for _, order, rest, size in portions:
        fee = ceil_div(rate * limit * size, RATE * RATE)
        if turn.buy:
            price, got, released = ceil_div(limit * size, RATE), limit * size // RATE, 0
            turn.settle(size, price + fee, fee)
            fill_sell(desk, order, size, got)
        else:
            price, _, released = pays(order, rest, size, 0)
            got = limit * size // RATE
            fee = min(fee, got)
            turn.settle(size, got - fee, fee)
            fill_buy(desk, order, size, price, released)
        fees += fee
        dust += price - got
        turn.tick.fills.append(
            Fill(
                order=turn.order.id,
                kind="direct",
                outcome=turn.outcome,
                side=turn.order.side,
                buyer=turn.user if turn.buy else order.user,
                seller=order.user if turn.buy else turn.user,
                size=size,
                price=half_up(limit * MICRO, RATE),
                amount=price,
                buy_fee=fee if turn.buy else 0,
                sell_fee=0 if turn.buy else fee,
                kept=price - got,
                released=released,
                resting=order.id,
            )
        )
    desk.money[FEE] += fees
    desk.money[MATCH] += dust


def mint(turn: Turn, limit: int) -> None:
    """A buy of YES with a buy of NO: $1 a pair goes to escrow, what both pay above it is profit.

    The later order pays m = max(1, p_yes + p_no) a pair less what the earlier pays, at least a micro-dollar.
    """
    desk, rate = turn.tick.desk, turn.tick.params.match_fee
    top, deep = pair_price(desk, turn.outcome)
    per_token = rate * (top * RATE - limit * deep)
    size = amount = fees = paid = 0
    legs = []
    for _, order, rest, part in _draw(turn, (turn.outcome, 1 - turn.side, True, limit)):
        theirs, their_fee, released = pays(order, rest, part, rate)
        fill_buy(desk, order, part, theirs + their_fee, released)
        legs.append(_leg(turn, "mint", order, part, theirs, their_fee, released))
        size += part
        amount += max(1, ceil_div(top * part, deep) - theirs)
        fees += ceil_div(per_token * part, RATE * RATE * deep)
        paid += theirs
    _close_pairs(turn, "mint", legs, size, amount, fees)
    desk.money[MATCH] += amount + paid - size


def merge(turn: Turn, limit: int) -> None:
    """A sale of YES with a sale of NO: $1 a pair leaves escrow; the later order gets it less the earlier's limit.

    The floor never binds: the mean payout falls by the whole dollar, the pot by no more.
    """
    desk, rate = turn.tick.desk, turn.tick.params.match_fee
    size = amount = fees = paid = 0
    legs = []
    for _, order, _, part in _draw(turn, (turn.outcome, 1 - turn.side, False, limit)):
        theirs, their_fee = gets(limit, part, rate)
        fill_sell(desk, order, part, theirs - their_fee)
        legs.append(_leg(turn, "merge", order, part, theirs, their_fee, 0))
        ours, fee = gets(RATE - limit, part, rate)
        size += part
        amount += ours
        fees += fee
        paid += theirs
    _close_pairs(turn, "merge", legs, size, amount, fees)
    desk.money[MATCH] += size - amount - paid


def _close_pairs(turn: Turn, kind: FillKind, legs: list[Fill], size: int, amount: int, fees: int) -> None:
    """The later order's one leg and then those of the resting ones; the pairs go into escrow or out of it."""
    desk, pairs = turn.tick.desk, size if turn.buy else -size
    turn.settle(size, amount + fees if turn.buy else amount - fees, fees)
    desk.keep(desk.e)
    desk.e[turn.outcome] += pairs
    desk.money[HELD] += pairs * desk.weight
    desk.money[MATCH_FEE] += fees + sum([leg.buy_fee + leg.sell_fee for leg in legs])
    turn.tick.fills += [_own_leg(turn, kind, size, amount, fees), *legs]


def pair_price(desk: WorkingCopy, outcome: int) -> tuple[int, int]:
    """m = max(1, p_yes + p_no) as a fraction."""
    deep = desk.l[outcome]
    return max(deep, desk.q[0][outcome] + desk.q[1][outcome]), deep


def _draw(turn: Turn, key: PoolKey) -> list[Portion]:
    """Takes off a pool what the order can take of it; who gives how much."""
    book = turn.tick.desk.book
    places = book.waiting(key, but=turn.user)
    size = min(turn.left, book.total(key, places))
    portions = book.portions(key, places, size)
    book.take(key, portions)
    turn.left -= size
    return portions


def _own_leg(turn: Turn, kind: FillKind, size: int, amount: int, fee: int) -> Fill:
    """The leg of the order whose turn it is."""
    return Fill(
        order=turn.order.id,
        kind=kind,
        outcome=turn.outcome,
        side=turn.order.side,
        buyer=turn.user if turn.buy else None,
        seller=None if turn.buy else turn.user,
        size=size,
        price=half_up(amount * MICRO, size),
        amount=amount,
        buy_fee=fee if turn.buy else 0,
        sell_fee=0 if turn.buy else fee,
    )


def _leg(turn: Turn, kind: FillKind, order: RestingOrder, size: int, amount: int, fee: int, released: int) -> Fill:
    """The leg of a resting order."""
    return Fill(
        order=turn.order.id,
        kind=kind,
        outcome=turn.outcome,
        side=order.side,
        buyer=order.user if order.buy else None,
        seller=None if order.buy else order.user,
        size=size,
        price=half_up(amount * MICRO, size),
        amount=amount,
        buy_fee=fee if order.buy else 0,
        sell_fee=0 if order.buy else fee,
        released=released,
        resting=order.id,
    )


def swap(turn: Turn, limit: int) -> None:
    """A buy of one token with a sale of the other, both at their limits, the house between them on its own curve.

    The largest size that passes; one that is less than what both have, or nothing, is the order's last swap.
    """
    desk = turn.tick.desk
    key = (turn.outcome, 1 - turn.side, not turn.buy, limit)
    places = desk.book.waiting(key, but=turn.user)
    most = min(turn.left, desk.book.total(key, places))
    size = 0
    if _worth_trying(turn, limit):

        def passes(d: int) -> bool:
            mark, fills = desk.mark(), len(turn.tick.fills)
            state = turn.money, turn.fees, turn.filled
            done = _try_swap(turn, key, places, d)
            desk.rollback(mark)
            del turn.tick.fills[fills:]
            turn.money, turn.fees, turn.filled = state
            return done

        size = largest(passes, most)
    if size:
        _try_swap(turn, key, places, size)
        turn.left -= size
    turn.swaps = size == most


def _worth_trying(turn: Turn, limit: int) -> bool:
    """Not when even the first token would cost the house more than both limits leave: the cost only rises."""
    desk = turn.tick.desk
    bought = turn.side if turn.buy else 1 - turn.side
    gap = desk.q[bought][turn.outcome] - desk.q[1 - bought][turn.outcome]
    return _spread(turn, limit) * desk.l[turn.outcome] > gap * RATE


def _spread(turn: Turn, limit: int) -> int:
    """What the buyer's limit leaves above the seller's."""
    assert turn.limit is not None
    return turn.limit - limit if turn.buy else limit - turn.limit


def _try_swap(turn: Turn, key: PoolKey, places: list[int], d: int) -> bool:
    """Carries out a swap of d tokens; False where it must not stand and has to be undone."""
    tick, desk, outcome = turn.tick, turn.tick.desk, turn.outcome
    bought = turn.side if turn.buy else 1 - turn.side
    cost = _move_swap(desk, outcome, bought, d)
    if cost is None or _spread(turn, key[3]) * d < cost * RATE:
        return False
    rate, portions = tick.params.match_fee, desk.book.portions(key, places, d)
    desk.book.take(key, portions)
    assert turn.limit is not None
    if turn.buy:
        ours, fee = ceil_div(turn.limit * d, RATE), ceil_div(turn.limit * rate * d, RATE * RATE)
    else:
        ours, fee = gets(turn.limit, d, rate)
    turn.settle(d, ours + fee if turn.buy else ours - fee, fee)
    tick.fills.append(_own_leg(turn, "swap", d, ours, fee))
    desk.money[MATCH_FEE] += fee
    profit = (ours if turn.buy else -ours) - cost
    for _, order, rest, size in portions:
        if turn.buy:
            theirs, fee = gets(order.limit, size, rate)
            released = 0
            fill_sell(desk, order, size, theirs - fee)
        else:
            theirs, fee, released = pays(order, rest, size, rate)
            fill_buy(desk, order, size, theirs + fee, released)
        profit -= theirs if turn.buy else -theirs
        desk.money[MATCH_FEE] += fee
        tick.fills.append(_leg(turn, "swap", order, size, theirs, fee, released))
    desk.money[MATCH] += profit
    return profit >= 0 and _sound(desk, outcome)


def _move_swap(desk: WorkingCopy, outcome: int, bought: int, d: int) -> int | None:
    """Moves the pools for a swap of d tokens and gives back x; None where the pools cannot give what it takes."""
    t, v = desk.tariff, desk.v[outcome]
    supply, other = desk.q[bought], desk.q[1 - bought]
    if other[outcome] <= d:
        return None
    rises = supply[outcome] + d >= other[outcome]
    piece = (t.buying(v) if rises else t.selling(v))[0]
    cost = swap_cost(d, supply[outcome], other[outcome], desk.l[outcome], piece)
    if cost is None:
        return None
    desk.keep(supply, other, desk.money)
    supply[outcome] += d
    other[outcome] -= d
    desk.money[HELD] += d * (desk.token_weight(outcome, bought) - desk.token_weight(outcome, 1 - bought))
    if cost > 0:
        share = t.zeta * cost // RATE
        shares = dict.fromkeys(desk.active, share)
        shares[outcome] = cost - t.others * share
        desk.move_pools(shares, 1)
    elif cost < 0:
        given, shares = waterfall(desk, outcome, 1 - bought, other[outcome], -cost)
        if given < -cost:
            return None
        desk.move_pools(shares, -1)
    return cost


def _sound(desk: WorkingCopy, outcome: int) -> bool:
    """(1) of section 8, L >= 0.1*l0 and the floor."""
    t, (yes, no), deep = desk.tariff, desk.q, desk.l
    if deep[outcome] < t.least_depth:
        return False
    for j in desk.active:
        if min(yes[j], no[j]) <= 0 or max(yes[j], no[j]) * RATE > t.p_max * deep[j]:
            return False
    return not desk.params.floor_enabled or desk.money[POT] >= desk.mean_payout() - desk.state.allowance
