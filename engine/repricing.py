"""New prices after a round: targets that keep the sum, and the virtual supply that sets them (ENGINE section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from engine.state import Binary, depth
from engine.terms import MarketParams
from engine.units import RATE, floor_fraction

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
