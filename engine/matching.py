"""Matches between orders: direct, mint, merge and swap (ENGINE section 6, rulings 5 and 6).

Makers get their limit; the improvement goes to the later order, swaps apart. Each function trades what the taker
can take of one pool, pro-rata, orders of the same user left out.
"""

from __future__ import annotations

from engine.amm import swap_cost
from engine.events import Fill, FillKind
from engine.impact import waterfall
from engine.open_book import Portion
from engine.resting_book import PoolKey, RestingOrder
from engine.search import largest
from engine.tick import Taker
from engine.units import MICRO, RATE, ceil_div, half_up
from engine.working_copy import FEE, HELD, MATCH, MATCH_FEE, POT, WorkingCopy, fill_buy, fill_sell, gets, pays


def direct(taker: Taker, limit: int) -> None:
    """A buy and a sale of one token at the resting order's limit; the later order alone pays a fee."""
    working, rate, fees, dust = taker.tick.working, taker.tick.params.fee, 0, 0
    portions = _take_from_pool(taker, (taker.outcome, taker.side, not taker.buy, limit))
    for _, order, rest, size in portions:
        fee = ceil_div(rate * limit * size, RATE * RATE)
        if taker.buy:
            price, got, released = ceil_div(limit * size, RATE), limit * size // RATE, 0
            taker.settle(size, price + fee, fee)
            fill_sell(working, order, size, got)
        else:
            price, _, released = pays(order, rest, size, 0)
            got = limit * size // RATE
            fee = min(fee, got)
            taker.settle(size, got - fee, fee)
            fill_buy(working, order, size, price, released)
        fees += fee
        dust += price - got
        taker.tick.fills.append(
            Fill(
                order=taker.order.id,
                kind="direct",
                outcome=taker.outcome,
                side=taker.order.side,
                buyer=taker.user if taker.buy else order.user,
                seller=order.user if taker.buy else taker.user,
                size=size,
                price=half_up(limit * MICRO, RATE),
                amount=price,
                buy_fee=fee if taker.buy else 0,
                sell_fee=0 if taker.buy else fee,
                kept=price - got,
                released=released,
                resting=order.id,
            )
        )
    working.totals[FEE] += fees
    working.totals[MATCH] += dust


def mint(taker: Taker, limit: int) -> None:
    """A buy of YES with a buy of NO: $1 a pair goes to escrow, what both pay above it is profit.

    The later order pays m = max(1, p_yes + p_no) a pair less what the earlier pays, at least a micro-dollar.
    """
    working, rate = taker.tick.working, taker.tick.params.match_fee
    top, deep = pair_price(working, taker.outcome)
    per_token = rate * (top * RATE - limit * deep)
    size = amount = fees = paid = 0
    legs = []
    for _, order, rest, part in _take_from_pool(taker, (taker.outcome, 1 - taker.side, True, limit)):
        theirs, their_fee, released = pays(order, rest, part, rate)
        fill_buy(working, order, part, theirs + their_fee, released)
        legs.append(_resting_leg(taker, "mint", order, part, theirs, their_fee, released))
        size += part
        amount += max(1, ceil_div(top * part, deep) - theirs)
        fees += ceil_div(per_token * part, RATE * RATE * deep)
        paid += theirs
    _close_pairs(taker, "mint", legs, size, amount, fees)
    working.totals[MATCH] += amount + paid - size


def merge(taker: Taker, limit: int) -> None:
    """A sale of YES with a sale of NO: $1 a pair leaves escrow; the later order gets it less the earlier's limit.

    The floor never binds: the mean payout falls by the whole dollar, the pot by no more.
    """
    working, rate = taker.tick.working, taker.tick.params.match_fee
    size = amount = fees = paid = 0
    legs = []
    for _, order, _, part in _take_from_pool(taker, (taker.outcome, 1 - taker.side, False, limit)):
        theirs, their_fee = gets(limit, part, rate)
        fill_sell(working, order, part, theirs - their_fee)
        legs.append(_resting_leg(taker, "merge", order, part, theirs, their_fee, 0))
        ours, fee = gets(RATE - limit, part, rate)
        size += part
        amount += ours
        fees += fee
        paid += theirs
    _close_pairs(taker, "merge", legs, size, amount, fees)
    working.totals[MATCH] += size - amount - paid


def _close_pairs(taker: Taker, kind: FillKind, legs: list[Fill], size: int, amount: int, fees: int) -> None:
    """The later order's one leg and then those of the resting ones; the pairs go into escrow or out of it."""
    working, pairs = taker.tick.working, size if taker.buy else -size
    taker.settle(size, amount + fees if taker.buy else amount - fees, fees)
    working.save(working.e)
    working.e[taker.outcome] += pairs
    working.totals[HELD] += pairs * working.weight
    working.totals[MATCH_FEE] += fees + sum([leg.buy_fee + leg.sell_fee for leg in legs])
    taker.tick.fills += [_taker_leg(taker, kind, size, amount, fees), *legs]


def pair_price(working: WorkingCopy, outcome: int) -> tuple[int, int]:
    """m = max(1, p_yes + p_no) as a fraction."""
    deep = working.l[outcome]
    return max(deep, working.q[0][outcome] + working.q[1][outcome]), deep


def _take_from_pool(taker: Taker, key: PoolKey) -> list[Portion]:
    """Takes off a pool what the order can take of it; who gives how much."""
    book = taker.tick.working.book
    indices = book.waiting(key, except_user=taker.user)
    size = min(taker.remaining, book.total(key, indices))
    portions = book.portions(key, indices, size)
    taker.met += len(indices)
    book.take(key, portions)
    taker.remaining -= size
    return portions


def _taker_leg(taker: Taker, kind: FillKind, size: int, amount: int, fee: int) -> Fill:
    """The leg of the taker."""
    return Fill(
        order=taker.order.id,
        kind=kind,
        outcome=taker.outcome,
        side=taker.order.side,
        buyer=taker.user if taker.buy else None,
        seller=None if taker.buy else taker.user,
        size=size,
        price=half_up(amount * MICRO, size),
        amount=amount,
        buy_fee=fee if taker.buy else 0,
        sell_fee=0 if taker.buy else fee,
    )


def _resting_leg(
    taker: Taker, kind: FillKind, order: RestingOrder, size: int, amount: int, fee: int, released: int
) -> Fill:
    """The leg of a resting order."""
    return Fill(
        order=taker.order.id,
        kind=kind,
        outcome=taker.outcome,
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


def swap(taker: Taker, limit: int) -> None:
    """A buy of one token with a sale of the other, both at their limits, the house between them on its own curve.

    The largest size that passes; one that is less than what both have, or nothing, is the order's last swap.
    """
    working = taker.tick.working
    key = (taker.outcome, 1 - taker.side, not taker.buy, limit)
    indices = working.book.waiting(key, except_user=taker.user)
    most = min(taker.remaining, working.book.total(key, indices))
    size = 0
    if _worth_trying(taker, limit):

        def passes(d: int) -> bool:
            mark, fills = working.mark(), len(taker.tick.fills)
            state = taker.amount, taker.fees, taker.filled
            done = _try_swap(taker, key, indices, d)
            working.rollback(mark)
            del taker.tick.fills[fills:]
            taker.amount, taker.fees, taker.filled = state
            return done

        size = largest(passes, most)
    if size:
        _try_swap(taker, key, indices, size)
        taker.remaining -= size
    taker.may_swap = size == most


def _worth_trying(taker: Taker, limit: int) -> bool:
    """Not when even the first token would cost the house more than both limits leave: the cost only rises."""
    working = taker.tick.working
    bought = taker.side if taker.buy else 1 - taker.side
    gap = working.q[bought][taker.outcome] - working.q[1 - bought][taker.outcome]
    return _spread(taker, limit) * working.l[taker.outcome] > gap * RATE


def _spread(taker: Taker, limit: int) -> int:
    """What the buyer's limit leaves above the seller's."""
    assert taker.limit is not None
    return taker.limit - limit if taker.buy else limit - taker.limit


def _try_swap(taker: Taker, key: PoolKey, indices: list[int], d: int) -> bool:
    """Carries out a swap of d tokens; False where it must not stand and has to be undone."""
    tick, working, outcome = taker.tick, taker.tick.working, taker.outcome
    bought = taker.side if taker.buy else 1 - taker.side
    cost = _move_swap(working, outcome, bought, d)
    if cost is None or _spread(taker, key[3]) * d < cost * RATE:
        return False
    rate, portions = tick.params.match_fee, working.book.portions(key, indices, d)
    working.book.take(key, portions)
    assert taker.limit is not None
    if taker.buy:
        ours, fee = ceil_div(taker.limit * d, RATE), ceil_div(taker.limit * rate * d, RATE * RATE)
    else:
        ours, fee = gets(taker.limit, d, rate)
    taker.settle(d, ours + fee if taker.buy else ours - fee, fee)
    tick.fills.append(_taker_leg(taker, "swap", d, ours, fee))
    working.totals[MATCH_FEE] += fee
    profit = (ours if taker.buy else -ours) - cost
    for _, order, rest, size in portions:
        if taker.buy:
            theirs, fee = gets(order.limit, size, rate)
            released = 0
            fill_sell(working, order, size, theirs - fee)
        else:
            theirs, fee, released = pays(order, rest, size, rate)
            fill_buy(working, order, size, theirs + fee, released)
        profit -= theirs if taker.buy else -theirs
        working.totals[MATCH_FEE] += fee
        tick.fills.append(_resting_leg(taker, "swap", order, size, theirs, fee, released))
    working.totals[MATCH] += profit
    return profit >= 0 and _holds_invariants(working, outcome)


def _move_swap(working: WorkingCopy, outcome: int, bought: int, d: int) -> int | None:
    """Moves the pools for a swap of d tokens and gives back x; None where the pools cannot give what it takes."""
    t, v = working.tariff, working.v[outcome]
    supply, other = working.q[bought], working.q[1 - bought]
    if other[outcome] <= d:
        return None
    rises = supply[outcome] + d >= other[outcome]
    piece = (t.buying(v) if rises else t.selling(v))[0]
    cost = swap_cost(d, supply[outcome], other[outcome], working.l[outcome], piece)
    if cost is None:
        return None
    working.save(supply, other, working.totals)
    supply[outcome] += d
    other[outcome] -= d
    working.totals[HELD] += d * (working.token_weight(outcome, bought) - working.token_weight(outcome, 1 - bought))
    if cost > 0:
        share = t.zeta * cost // RATE
        shares = dict.fromkeys(working.active, share)
        shares[outcome] = cost - t.others * share
        working.move_pools(shares, 1)
    elif cost < 0:
        given, shares = waterfall(working, outcome, 1 - bought, other[outcome], -cost)
        if given < -cost:
            return None
        working.move_pools(shares, -1)
    return cost


def _holds_invariants(working: WorkingCopy, outcome: int) -> bool:
    """(1) of section 8, L >= 0.1*l0 and the floor."""
    t, (yes, no), deep = working.tariff, working.q, working.l
    if deep[outcome] < t.least_depth:
        return False
    for j in working.active:
        if min(yes[j], no[j]) <= 0 or max(yes[j], no[j]) * RATE > t.p_max * deep[j]:
            return False
    return not working.params.floor_enabled or working.totals[POT] >= working.mean_payout() - working.state.allowance
