"""New prices after a round: targets that keep the sum, and the virtual supply that sets them (ENGINE section 7).

And the optional band: pairs move between pool and escrow so that YES + NO of an outcome stays near $1 (ENGINE 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from math import isqrt

from engine.state import Binary, depth
from engine.terms import MarketParams
from engine.units import RATE, floor_fraction, sqrt_up
from engine.working_copy import BAND, WorkingCopy

Prices = Mapping[int, tuple[Fraction, Fraction]]
"""(yes, no) of each outcome, exact."""


def targets(old: Prices, survivors: tuple[int, ...], params: MarketParams) -> dict[int, Fraction]:
    """The new YES price of each survivor: t_j = p_j S'/sum p, water-filled under set_cap, then at least p_min.

    S' is the sum of all old YES prices (`keep`), or that but at most max(1, the survivors' sum) (`clamp`).
    """
    total = sum((yes for yes, _ in old.values()), Fraction(0))
    kept = sum((old[j][0] for j in survivors), Fraction(0))
    if params.renormalise == "clamp":
        total = min(total, max(Fraction(1), kept))
    wanted = {j: old[j][0] * total / kept for j in survivors}
    filled = fill_up(wanted, total, Fraction(params.set_cap, RATE))
    least = Fraction(params.p_min, RATE)
    return {j: max(price, least) for j, price in filled.items()}


def fill_up(wanted: Mapping[int, Fraction], total: Fraction, cap: Fraction) -> dict[int, Fraction]:
    """`wanted` scaled to the total, none above the cap: those above become full, the rest share what is left."""
    total = min(total, len(wanted) * cap)
    full: set[int] = set()
    while True:
        rest = [j for j in wanted if j not in full]
        weight = sum((wanted[j] for j in rest), Fraction(0))
        left = total - cap * len(full)
        filled = {j: cap if j in full else wanted[j] * left / weight for j in wanted}
        above = [j for j in rest if filled[j] > cap]
        if not above:
            return filled
        full.update(above)


def set_prices(
    binary: Binary, old: tuple[Fraction, Fraction], target: Fraction, params: MarketParams, *, lift_only: bool
) -> Binary:
    """The pool with virtual supply that puts YES at its target and NO at clamp(old yes + old no - target).

    A virtual step is floor(t*L) - Q, added to supply and seed alike; `lift_only` cuts it at >= 0. Without the NO
    step NO is mispriced after every round.
    """
    deep = depth(binary.v, params.l0, params.gamma)
    opposite = max(Fraction(params.p_min, RATE), min(Fraction(params.set_cap, RATE), sum(old) - target))
    yes = floor_fraction(target * deep) - binary.q_yes
    no = floor_fraction(opposite * deep) - binary.q_no
    if lift_only:
        yes, no = max(yes, 0), max(no, 0)
    return replace(
        binary,
        q_yes=binary.q_yes + yes,
        s_yes=binary.s_yes + yes,
        q_no=binary.q_no + no,
        s_no=binary.s_no + no,
    )


MAX_TRIES = 30


def hold_band(working: WorkingCopy, band: int) -> None:
    """Every active outcome in order: where p_yes + p_no has left 1 +/- band, moves pairs until it is back."""
    for j in working.active:
        total, deep = working.q[0][j] + working.q[1][j], working.l[j]
        if total * RATE > (RATE + band) * deep:
            move_pairs(working, j, pairs_to(RATE + band, total, deep))
        elif total * RATE < (RATE - band) * deep:
            move_pairs(working, j, pairs_to(RATE - band, total, deep))


def pairs_to(edge: int, total: int, deep: int) -> int:
    """d = (S - sqrt(S^2 - 4(S^2 - B^2 L^2)/(4 - 2 B^2)))/2 towards 0; 0 without a real root (S > sqrt(2) L).

    The root's square is B^2 (2 L^2 - S^2)/(2 - B^2).
    """
    room = 2 * deep * deep - total * total
    if room < 0:
        return 0
    scale = 2 * RATE * RATE - edge * edge
    square = edge * edge * room * scale
    if square <= (total * scale) ** 2:
        return (total * scale - sqrt_up(square)) // (2 * scale)
    return -((isqrt(square) - total * scale) // (2 * scale))


def move_pairs(working: WorkingCopy, outcome: int, d: int) -> None:
    """Moves d pairs from the pool to escrow (negative: back); the pool pays y = L - sqrt(L^2 - 2 S d + 2 d^2).

    y is rounded down and must reach d, the difference is profit; prices stay below p_max and L at 0.1*l0, else 4/5
    of d is tried, at most 30 times.
    """
    t = working.tariff
    yes, no, deep = working.q[0][outcome], working.q[1][outcome], working.l[outcome]
    most = 9 * min(yes, no) // 10
    d = max(-most, min(most, d))
    for _ in range(MAX_TRIES + 1):
        if not d:
            return
        paid = deep - sqrt_up(deep * deep - 2 * (yes + no) * d + 2 * d * d)
        mark = working.mark()
        working.move_pools({outcome: -paid}, 1)
        after = working.l[outcome]
        if paid >= d and (max(yes, no) - d) * RATE <= t.p_max * after and after >= t.least_depth:
            working.save(*working.q, working.e, working.totals)
            working.q[0][outcome] -= d
            working.q[1][outcome] -= d
            working.e[outcome] += d
            working.totals[BAND] += paid - d
            return
        working.rollback(mark)
        d = 4 * d // 5 if d > 0 else -(4 * -d // 5)
