"""Matches between orders: direct, mint, merge and swap (ENGINE section 6, rulings 5 and 6).

Makers get their limit; the improvement goes to the later order, swaps apart. Each function trades what the order at
its turn can take of one pool, pro-rata, its own orders left out.
"""

from __future__ import annotations

from engine.amm import swap_cost
from engine.book import Portion
from engine.desk import FEE, HELD, MATCH, MATCH_FEE, POT, Desk
from engine.events import Fill, FillKind
from engine.impact import waterfall
from engine.inverse import largest
from engine.resting import PoolKey, RestingOrder
from engine.settle import fill_buy, fill_sell, gets, pays
from engine.state import Side
from engine.turn import Turn
from engine.units import MICRO, RATE, ceil_div, half_up


def direct(turn: Turn, limit: int) -> None:
    """A buy and a sale of one token at the resting order's limit; the later order alone pays a fee."""
    desk, rate = turn.tick.desk, turn.tick.params.fee
    for _, order, rest, size in _draw(turn, (turn.outcome, turn.side, not turn.buy, limit)):
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
        desk.money[FEE] += fee
        desk.money[MATCH] += price - got
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


def mint(turn: Turn, limit: int) -> None:
    """A buy of YES with a buy of NO: $1 a pair goes to escrow, what both pay above it is profit.

    The later order pays m = max(1, p_yes + p_no) a pair less what the earlier pays, at least a micro-dollar.
    """
    desk, rate = turn.tick.desk, turn.tick.params.match_fee
    top, deep = pair_price(desk, turn.outcome)
    for _, order, rest, size in _draw(turn, (turn.outcome, 1 - turn.side, True, limit)):
        theirs, their_fee, released = pays(order, rest, size, rate)
        ours = max(1, ceil_div(top * size, deep) - theirs)
        fee = ceil_div(rate * (top * RATE - limit * deep) * size, RATE * RATE * deep)
        turn.settle(size, ours + fee, fee)
        fill_buy(desk, order, size, theirs + their_fee, released)
        _move_pairs(desk, turn.outcome, size)
        desk.money[MATCH] += ours + theirs - size
        desk.money[MATCH_FEE] += fee + their_fee
        _legs(turn, "mint", order, size, (ours, fee), (theirs, their_fee), released)


def merge(turn: Turn, limit: int) -> None:
    """A sale of YES with a sale of NO: $1 a pair leaves escrow; the later order gets it less the earlier's limit.

    The floor never binds: the mean payout falls by the whole dollar, the pot by no more.
    """
    desk, rate = turn.tick.desk, turn.tick.params.match_fee
    for _, order, _, size in _draw(turn, (turn.outcome, 1 - turn.side, False, limit)):
        theirs, their_fee = gets(limit, size, rate)
        ours, fee = gets(RATE - limit, size, rate)
        turn.settle(size, ours - fee, fee)
        fill_sell(desk, order, size, theirs - their_fee)
        _move_pairs(desk, turn.outcome, -size)
        desk.money[MATCH] += size - ours - theirs
        desk.money[MATCH_FEE] += fee + their_fee
        _legs(turn, "merge", order, size, (ours, fee), (theirs, their_fee), 0)


def pair_price(desk: Desk, outcome: int) -> tuple[int, int]:
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


def _move_pairs(desk: Desk, outcome: int, pairs: int) -> None:
    """Pairs into escrow (negative: out of it); the mean payout moves by $1 each."""
    desk.keep(desk.e, desk.money)
    desk.e[outcome] += pairs
    desk.money[HELD] += pairs * desk.weight


def _legs(
    turn: Turn,
    kind: FillKind,
    order: RestingOrder,
    size: int,
    ours: tuple[int, int],
    theirs: tuple[int, int],
    released: int,
) -> None:
    """The later order's leg, then the resting one's; each (amount, fee)."""
    turn.tick.fills.append(
        _leg(turn, kind, turn.order.side, turn.user, size, *ours, buy=turn.buy, released=0, resting=None)
    )
    turn.tick.fills.append(
        _leg(turn, kind, order.side, order.user, size, *theirs, buy=order.buy, released=released, resting=order.id)
    )


def _leg(
    turn: Turn,
    kind: FillKind,
    side: Side,
    user: int,
    size: int,
    amount: int,
    fee: int,
    *,
    buy: bool,
    released: int,
    resting: str | None,
) -> Fill:
    return Fill(
        order=turn.order.id,
        kind=kind,
        outcome=turn.outcome,
        side=side,
        buyer=user if buy else None,
        seller=None if buy else user,
        size=size,
        price=half_up(amount * MICRO, size),
        amount=amount,
        buy_fee=fee if buy else 0,
        sell_fee=0 if buy else fee,
        released=released,
        resting=resting,
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
    side = turn.order.side
    tick.fills.append(_leg(turn, "swap", side, turn.user, d, ours, fee, buy=turn.buy, released=0, resting=None))
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
        tick.fills.append(
            _leg(
                turn, "swap", order.side, order.user, size, theirs, fee,
                buy=order.buy, released=released, resting=order.id,
            )
        )  # fmt: skip
    desk.money[MATCH] += profit
    return profit >= 0 and _sound(desk, outcome)


def _move_swap(desk: Desk, outcome: int, bought: int, d: int) -> int | None:
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


def _sound(desk: Desk, outcome: int) -> bool:
    """(1) of section 8, L >= 0.1*l0 and the floor."""
    t, (yes, no), deep = desk.tariff, desk.q, desk.l
    if deep[outcome] < t.least_depth:
        return False
    for j in desk.active:
        if min(yes[j], no[j]) <= 0 or max(yes[j], no[j]) * RATE > t.p_max * deep[j]:
            return False
    return not desk.params.floor_enabled or desk.money[POT] >= desk.mean_payout() - desk.state.allowance
