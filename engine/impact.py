"""One fill with the maker: what it costs, what the pools get or give, what is surcharge; and carrying it out.

Pricing changes nothing; `apply_maker_fill` moves the pools and the profits of a working copy, never a user's
account. ENGINE section 3 (charge, penalty, diversion, waterfall, one maker fill) and section 4 (the floor).
"""

from __future__ import annotations

from typing import NamedTuple

from engine.amm import convexity, curve_buy, curve_sell, marginal_sell, quad_buy, quad_sell
from engine.risk import InvariantBroken
from engine.state import depth
from engine.units import RATE, ceil_div, times_power
from engine.working_copy import CONVEXITY, CURVE, FEE, FLOOR, HELD, PENALTY, POT, WorkingCopy


class PricedFill(NamedTuple):
    """A maker fill that was priced, not taken.

    size: tokens; pool: x, what all pools together get or give; shares: what each outcome's pool gets (buy) or gives
    (sell), by outcome; fee; total: all the user pays or gets (fee and floor in, gas out); convexity, penalty, curve,
    floor: where the difference between pool and total goes, beside the fee; supply/depth: the traded price after.
    """

    size: int
    pool: int
    shares: dict[int, int]
    fee: int
    total: int
    convexity: int
    penalty: int
    curve: int
    floor: int
    supply: int
    depth: int


class Bought(NamedTuple):
    """A buy as far as its total: `usual` is that without the floor."""

    pool: int
    charge: int
    surcharge: int
    fee: int
    usual: int
    total: int
    supply: int
    depth: int


def price_buy(working: WorkingCopy, outcome: int, side: int, d: int, before: int) -> PricedFill:
    """A buy of d > 0 tokens from the maker; `before` is D, what the buyer bought of this token earlier this tick."""
    t = working.tariff
    pool, charge, surcharge, fee, usual, total, supply, after = price_bought(working, outcome, side, d, before)
    conv, penalty, curve = _split(charge - pool, convexity(d, before, t.weights), surcharge)
    share = t.zeta * pool // RATE
    shares = dict.fromkeys(working.active, share)
    shares[outcome] = pool - t.others * share
    return PricedFill(d, pool, shares, fee, total, conv, penalty, curve, total - usual, supply, after)


def price_bought(working: WorkingCopy, outcome: int, side: int, d: int, before: int) -> Bought:
    """A buy of d > 0 tokens as far as its total; `before` as in `price_buy`."""
    t = working.tariff
    q, v = working.q[side][outcome], working.v[outcome]
    pieces = t.buying(v)
    first = pieces[0]
    pool = curve_buy(d, q, working.l[outcome], pieces)
    charge = max(pool, quad_buy(d, before, q, working.l[outcome], first.g_n, first.g_d, t.weights))
    supply, surcharge = q + d, 0
    after = depth(v + pool - t.others * (t.zeta * pool // RATE), t.l0, t.gamma)
    if supply * RATE > t.p_max * after:
        raised = raise_pool(working, outcome, supply, pool)
        penalised = max(times_power(charge, supply * RATE, t.p_max * after, t.eta, up=True), raised)
        surcharge, charge, pool = penalised - charge, penalised, raised
        after = depth(v + pool - t.others * (t.zeta * pool // RATE), t.l0, t.gamma)
    fee = ceil_div(t.fee * d * supply, RATE * after)
    usual = total = charge + fee
    if working.params.floor_enabled:
        extra = d * working.token_weight(outcome, side)
        total = max(usual, working.mean_payout(extra) - working.state.allowance - working.totals[POT])
    return Bought(pool, charge, surcharge, fee, usual, total, supply, after)


def raise_pool(working: WorkingCopy, outcome: int, supply: int, pool: int) -> int:
    """Least x above `pool` with supply <= p_max * L(V + x - (n-1) floor(zeta x)) (ENGINE section 3, penalty).

    With k = floor(zeta x) the own part is x - (n-1) k. While k stays, it grows with x, up to
    ceil((k+1)/zeta) - 1 - (n-1) k, which never falls as k grows because zeta (n-1) < 1: so the least k that reaches
    far enough is found by bisection, and x follows.
    """
    t = working.tariff
    own = _least_v(ceil_div(supply * RATE, t.p_max), t.l0, t.gamma) - working.v[outcome]
    if not t.zeta:
        return own

    def reaches(k: int) -> bool:
        return ceil_div((k + 1) * RATE, t.zeta) - 1 - t.others * k >= own

    low = high = t.zeta * pool // RATE
    while not reaches(high):
        low, high = high + 1, 2 * high + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle + 1, high)
    return own + t.others * low


def _least_v(wanted: int, l0: int, gamma: int) -> int:
    """Least V with L(V) >= wanted."""
    if wanted <= l0:
        return wanted - l0
    v = min((wanted - l0) * RATE // (RATE - gamma), wanted)
    while depth(v, l0, gamma) < wanted:
        v += 1
    while depth(v - 1, l0, gamma) >= wanted:
        v -= 1
    return v


def price_sell(working: WorkingCopy, outcome: int, side: int, d: int, before: int) -> PricedFill:
    """A sale of d > 0 tokens to the maker; what exceeds Q - 1 is not part of it (`Priced.size`)."""
    t = working.tariff
    q, v, deep = working.q[side][outcome], working.v[outcome], working.l[outcome]
    d = min(d, q - 1)
    pieces = t.selling(v)
    asked, pay = _proceeds(working, outcome, side, d, before)
    pool, shares = waterfall(working, outcome, side, q - d, asked)
    pay = min(pay, pool)
    unpenalised, supply = pay, q - d
    after = depth(v - shares[outcome], t.l0, t.gamma)
    if supply * RATE < t.p_min * after:
        pay = times_power(pay, supply * RATE, t.p_min * after, t.eta, up=False)
        alone = min(d, marginal_sell(t.p_min, q, deep, pieces))
        if alone:
            part, least = _proceeds(working, outcome, side, alone, before)
            pay = max(pay, min(least, waterfall(working, outcome, side, q - alone, part)[0]))
    conv, penalty, curve = _split(pool - pay, convexity(d, before, t.weights), unpenalised - pay)
    fee = min(ceil_div(t.fee * d * supply, RATE * after), pay)
    usual = total = pay - fee
    if working.params.floor_enabled:
        extra = -d * working.token_weight(outcome, side)
        total = max(0, min(usual, working.totals[POT] - working.mean_payout(extra) + working.state.allowance))
    return PricedFill(d, pool, shares, fee, total, conv, penalty, curve, usual - total, supply, after)


def _proceeds(working: WorkingCopy, outcome: int, side: int, d: int, before: int) -> tuple[int, int]:
    """(curve, the lesser of curve and quadratic) of a sale, before waterfall and penalty."""
    t = working.tariff
    q, deep = working.q[side][outcome], working.l[outcome]
    pieces = t.selling(working.v[outcome])
    curve = curve_sell(d, q, deep, pieces)
    return curve, min(curve, quad_sell(d, before, q, deep, pieces[0].g_n, pieces[0].g_d, t.weights))


def waterfall(working: WorkingCopy, outcome: int, side: int, supply: int, pool: int) -> tuple[int, dict[int, int]]:
    """What the pools give for a sale that leaves `supply` of the sold side: (their sum, by outcome).

    floor(zeta x) from each other pool up to its room, the rest from the own, what is missing from the others in
    proportion to the room still left, the remainder in outcome order (ENGINE section 3 and 11.11).
    """
    t = working.tariff
    share = t.zeta * pool // RATE
    q_yes, q_no = working.q
    shares: dict[int, int] = {}
    depths, p_max = working.l, t.p_max
    for j in working.active:
        if j != outcome:
            yes, no, after = q_yes[j], q_no[j], depths[j] - share
            highest = yes if yes > no else no
            roomy = after >= t.least_depth and after * p_max >= highest * RATE
            shares[j] = share if roomy or not share else min(share, _room(working, j, highest))
    given = sum(shares.values())
    own = min(pool - given, _room(working, outcome, max(supply, working.q[1 - side][outcome])))
    missing = pool - given - own
    if missing:
        left = {j: _room(working, j, max(q_yes[j], q_no[j])) - shares[j] for j in shares}
        given += _share_out(missing, left, shares)
    shares[outcome] = own
    return given + own, shares


def _room(working: WorkingCopy, outcome: int, highest: int) -> int:
    """room = L - max(Q)/p_max, and L stays at 0.1*l0 at least; never negative."""
    t = working.tariff
    need = -(-highest * RATE // t.p_max)
    room = working.l[outcome] - (need if need > t.least_depth else t.least_depth)
    return room if room > 0 else 0


def _share_out(missing: int, left: dict[int, int], shares: dict[int, int]) -> int:
    """Adds to `shares` what is missing, in proportion to the room `left`; returns how much could be added."""
    total = sum(left.values())
    missing = min(missing, total)
    if not missing:
        return 0
    added = {j: missing * room // total for j, room in left.items()}
    rest = missing - sum(added.values())
    for j, room in left.items():
        more = min(rest, room - added[j])
        rest -= more
        shares[j] += added[j] + more
    return missing


def _split(over: int, term: int, surcharge: int) -> tuple[int, int, int]:
    """(convexity, penalty, curve) of what a charge differs from the pools' amount (ENGINE 11.8)."""
    conv = min(over, term)
    penalty = min(over - conv, max(surcharge, 0))
    return conv, penalty, over - conv - penalty


def apply_maker_fill(working: WorkingCopy, outcome: int, side: int, fill: PricedFill, *, buy: bool) -> None:
    """Pools, supply, profits and the floor's mean payout move; the user's account and the pot are `settle`d apart."""
    working.move_pools(fill.shares, 1 if buy else -1)
    supplies, totals = working.q[side], working.totals
    working.save(supplies, totals)
    supplies[outcome] = fill.supply
    weight = fill.size * working.token_weight(outcome, side)
    totals[HELD] += weight if buy else -weight
    totals[FEE] += fill.fee
    totals[CONVEXITY] += fill.convexity
    totals[PENALTY] += fill.penalty
    totals[CURVE] += fill.curve
    totals[FLOOR] += fill.floor
    p_max, depths, (q_yes, q_no) = working.tariff.p_max, working.l, working.q
    for j in (outcome,) if buy else working.active:  # a buy only deepens the others
        yes, no = q_yes[j], q_no[j]
        if yes <= 0 or no <= 0 or (yes if yes > no else no) * RATE > p_max * depths[j]:
            raise InvariantBroken("supply", f"outcome {j}: {yes}, {no} of {depths[j]}")
