"""The optional band: pairs move between pool and escrow so that YES + NO of an outcome stays near $1 (ENGINE 5)."""

from __future__ import annotations

from math import isqrt

from engine.units import RATE, sqrt_up
from engine.working_copy import BAND, Desk

TRIES = 30


def hold_band(desk: Desk, band: int) -> None:
    """Every active outcome in order: where p_yes + p_no has left 1 +/- band, moves pairs until it is back."""
    for j in desk.active:
        total, deep = desk.q[0][j] + desk.q[1][j], desk.l[j]
        if total * RATE > (RATE + band) * deep:
            move_pairs(desk, j, pairs_to(RATE + band, total, deep))
        elif total * RATE < (RATE - band) * deep:
            move_pairs(desk, j, pairs_to(RATE - band, total, deep))


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


def move_pairs(desk: Desk, outcome: int, d: int) -> None:
    """Moves d pairs from the pool to escrow (negative: back); the pool pays y = L - sqrt(L^2 - 2 S d + 2 d^2).

    y is rounded down and must reach d, the difference is profit; prices stay below p_max and L at 0.1*l0, else 4/5
    of d is tried, at most 30 times.
    """
    t = desk.tariff
    yes, no, deep = desk.q[0][outcome], desk.q[1][outcome], desk.l[outcome]
    most = 9 * min(yes, no) // 10
    d = max(-most, min(most, d))
    for _ in range(TRIES + 1):
        if not d:
            return
        paid = deep - sqrt_up(deep * deep - 2 * (yes + no) * d + 2 * d * d)
        mark = desk.mark()
        desk.move_pools({outcome: -paid}, 1)
        after = desk.l[outcome]
        if paid >= d and (max(yes, no) - d) * RATE <= t.p_max * after and after >= t.least_depth:
            desk.keep(*desk.q, desk.e, desk.money)
            desk.q[0][outcome] -= d
            desk.q[1][outcome] -= d
            desk.e[outcome] += d
            desk.money[BAND] += paid - d
            return
        desk.rollback(mark)
        d = 4 * d // 5 if d > 0 else -(4 * -d // 5)
