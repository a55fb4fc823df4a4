"""Auto-fill: what a maker fill moves in the other outcomes lets resting orders fill there (ENGINE section 6, 11.12).

A buy lowers every other price, so opted-in buys at or above the new price may fill; a sale raises them, so opted-in
sales may. They trade at their limit; what that is above the curve (for sales: below it) is the surplus.
"""

from __future__ import annotations

from engine.amm import Pieces, curve_buy, curve_sell, marginal_buy, marginal_sell
from engine.events import Fill, PaidBack, Rebate
from engine.impact import PricedFill, waterfall
from engine.open_book import Portion
from engine.resting_book import PoolKey
from engine.search import largest
from engine.state import depth
from engine.tick import Taker
from engine.units import MICRO, RATE, half_up
from engine.working_copy import FLOOR, HELD, POT, SEIGNIORAGE, WorkingCopy, fill_buy, fill_sell, pays


class Trigger:
    """One maker fill and what its auto-fills may still take.

    caps: by outcome, what its pools may still be charged, times RATE; surplus: what all may still leave, times RATE;
    owed: convexity and penalty of the fill not yet paid back; tried: pools already looked at.
    """

    __slots__ = ("buy", "caps", "owed", "surplus", "taker", "tried")

    def __init__(self, taker: Taker, fill: PricedFill) -> None:
        params = taker.tick.params
        self.taker = taker
        self.buy = taker.buy
        self.caps = {j: params.af_cap_frac * share for j, share in fill.shares.items()}
        self.surplus = params.af_max_surplus * fill.pool
        self.owed = fill.convexity + fill.penalty
        self.tried: set[PoolKey] = set()


def auto_fill(taker: Taker, fill: PricedFill) -> None:
    """Every auto-fill that a maker fill triggers, best first, prices read again after each."""
    params = taker.tick.params
    if not params.af_enabled:
        return
    if _best_pool(taker, None) is None:  # mostly
        return
    trigger, filled = Trigger(taker, fill), 0
    while filled < params.af_max_pools and (key := _best_pool(taker, trigger)):
        trigger.tried.add(key)
        filled += _fill_pool(trigger, key)


def _best_pool(taker: Taker, trigger: Trigger | None) -> PoolKey | None:
    """The pool of another outcome whose limit is most favourable against its price now; ties to the lower outcome, YES
    before NO. None when no limit is at its price or better. With a trigger: not tried, and its caps leave a token."""
    working, own, buy = taker.tick.working, taker.outcome, taker.buy
    depths, supplies, head = working.l, working.q, -1 if buy else 0
    best: PoolKey | None = None
    most, scale = 0, 1
    for book_side, levels in working.book.opted[buy].items():
        j, side, _ = book_side
        if j == own or not levels:
            continue
        deep, price = depths[j], supplies[side][j] * RATE
        gap = levels[head] * deep - price
        if gap < 0 if buy else gap > 0:
            continue
        for limit in reversed(levels) if buy else levels:
            gap = limit * deep - price if buy else price - limit * deep
            if gap < 0:
                break
            if trigger and (trigger.caps[j] < limit or (*book_side, limit) in trigger.tried):
                continue
            ahead = gap * scale - most * deep
            if best is None or ahead > 0 or (ahead == 0 and book_side < best[:3]):
                best, most, scale = (*book_side, limit), gap, deep
            break
    return best


def _fill_pool(trigger: Trigger, key: PoolKey) -> bool:
    """Fills what the caps let of one pool's opted-in orders; whether that was anything."""
    working, (outcome, side, buy, limit) = trigger.taker.tick.working, key
    most = trigger.caps[outcome] // limit
    indices = working.book.waiting(key, opted=True)
    t, q, deep, v = working.tariff, working.q[side][outcome], working.l[outcome], working.v[outcome]
    if buy:
        pieces = t.buying(v)
        most = min(most, working.book.total(key, indices), marginal_buy(min(limit, t.p_max), q, deep, pieces))
    else:
        pieces = t.selling(v)
        most = min(most, working.book.total(key, indices), marginal_sell(max(limit, t.p_min), q, deep, pieces))

    def fits(d: int) -> bool:
        return _fits(trigger, key, indices, d, pieces)

    d = largest(fits, most)
    if d:
        _execute(trigger, key, working.book.portions(key, indices, d), d, pieces)
    return d > 0


def _fits(trigger: Trigger, key: PoolKey, indices: list[int], d: int, pieces: Pieces) -> bool:
    """Whether the surplus of d tokens is within its cap, the price within the limit, and the floor kept."""
    working, (outcome, side, buy, limit) = trigger.taker.tick.working, key
    t, q, deep, v = working.tariff, working.q[side][outcome], working.l[outcome], working.v[outcome]
    if buy:
        pool = curve_buy(d, q, deep, pieces)
        own, supply, surplus = pool - t.others * (t.zeta * pool // RATE), q + d, limit * d - pool * RATE
        inside = supply * RATE <= min(limit, t.p_max) * depth(v + own, t.l0, t.gamma)
    else:
        pool = curve_sell(d, q, deep, pieces)
        given, shares = waterfall(working, outcome, side, q - d, pool)
        supply, surplus = q - d, pool * RATE - limit * d
        after = depth(v - shares[outcome], t.l0, t.gamma)
        inside = given == pool and supply * RATE >= max(limit, t.p_min) * after
    if not inside or not 0 <= surplus <= trigger.surplus:
        return False
    money = _amount(working.book.portions(key, indices, d), limit, buy=buy)
    if (money < pool) if buy else (money > pool):
        return False
    if not working.params.floor_enabled:
        return True
    weight = d * working.token_weight(outcome, side)
    pot = working.totals[POT] + (money if buy else -money)
    return pot >= working.mean_payout(weight if buy else -weight) - working.state.allowance


def _amount(portions: list[Portion], limit: int, *, buy: bool) -> int:
    """What the portions pay or get together."""
    if buy:
        return sum([pays(order, rest, size, 0)[0] for _, order, rest, size in portions])
    return sum([limit * portion.size // RATE for portion in portions])


def _execute(trigger: Trigger, key: PoolKey, portions: list[Portion], d: int, pieces: Pieces) -> None:
    working, (outcome, side, buy, limit) = trigger.taker.tick.working, key
    q, deep = working.q[side][outcome], working.l[outcome]
    if buy:
        pool = curve_buy(d, q, deep, pieces)
        share = working.tariff.zeta * pool // RATE
        shares = dict.fromkeys(working.active, share)
        shares[outcome] = pool - working.tariff.others * share
    else:
        pool, shares = waterfall(working, outcome, side, q - d, curve_sell(d, q, deep, pieces))
    working.move_pools(shares, 1 if buy else -1)
    working.save(working.q[side], working.totals)
    working.q[side][outcome] += d if buy else -d
    working.totals[HELD] += (d if buy else -d) * working.token_weight(outcome, side)
    working.book.take(key, portions)
    trigger.caps[outcome] -= limit * d
    trigger.surplus -= limit * d - pool * RATE if buy else pool * RATE - limit * d
    money = sum([_settle_portion(trigger, key, portion) for portion in portions])
    surplus = money - pool if buy else pool - money
    _share_surplus(trigger, portions, d, surplus)


def _settle_portion(trigger: Trigger, key: PoolKey, portion: Portion) -> int:
    """One resting order trades its portion at its limit, without a fee; gives back the amount."""
    tick, (_, _, buy, limit) = trigger.taker.tick, key
    _, order, rest, size = portion
    if buy:
        amount, _, released = pays(order, rest, size, 0)
        fill_buy(tick.working, order, size, amount, released)
    else:
        amount, released = limit * size // RATE, 0
        fill_sell(tick.working, order, size, amount)
    tick.fills.append(
        Fill(
            order=trigger.taker.order.id,
            kind="autofill",
            outcome=order.outcome,
            side=order.side,
            buyer=order.user if buy else None,
            seller=None if buy else order.user,
            size=size,
            price=half_up(limit * MICRO, RATE),
            amount=amount,
            released=released,
            resting=order.id,
        )
    )
    return amount


def _share_surplus(trigger: Trigger, portions: list[Portion], d: int, surplus: int) -> None:
    """1 - sigma of a surplus goes to the filled, pro-rata; sigma of it first pays back the trigger's own convexity and
    penalty, what remains is profit. Both keep to the floor, rebates first."""
    tick, taker = trigger.taker.tick, trigger.taker
    working, sigma, left = tick.working, tick.params.sigma, surplus
    working.save(working.totals)
    for _, order, _, size in portions:
        share = (RATE - sigma) * surplus * size // (RATE * d)
        given = _grant(working, order.user, share)
        working.totals[FLOOR] += share - given
        left -= share
        if given:
            tick.events.append(Rebate(order=order.id, trigger=taker.order.id, user=order.user, amount=given))
    back = _grant(working, taker.user, min(trigger.owed, sigma * surplus // RATE))
    if back:
        trigger.owed -= back
        tick.events.append(PaidBack(order=taker.order.id, user=taker.user, amount=back))
    working.totals[SEIGNIORAGE] += left - back


def _grant(working: WorkingCopy, user: int, amount: int) -> int:
    """Pays a user out of the surplus as much of an amount as the floor lets."""
    if amount and working.params.floor_enabled:
        amount = max(0, min(amount, working.totals[POT] - working.mean_payout() + working.state.allowance))
    account = working.account(user)
    if amount and account is not None:
        working.credit(account, amount)
    return amount
