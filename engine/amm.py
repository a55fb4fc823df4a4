"""The maker's prices: what a trade of a given size costs or brings, and the size a price allows.

All in integers, each formula evaluated exactly and rounded once (ENGINE 11.1). Symbols: d size in micro-tokens, q the
traded side's supply, l the pool's depth L in micro-dollars, g = phi * slope the part of a trade's money that deepens
its own pool (as the fraction g_n/g_d), a and b = 1 - a the weights of the old and the new price, kappa the convexity
per token squared, before D: what the same person already traded of this token in the same direction in this tick.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd, isqrt
from typing import NamedTuple

from engine.units import RATE, ceil_div, sqrt_up


class Weights(NamedTuple):
    """a = a_n/w_d, b = b_n/w_d; convexity is k_n/k_d micro-dollars per micro-token squared. All in lowest terms."""

    a_n: int
    b_n: int
    w_d: int
    k_n: int
    k_d: int


class Piece(NamedTuple):
    """A stretch of the depth curve with one slope: g = g_n/g_d until the depth reaches edge_n/edge_d (0/1: never)."""

    g_n: int
    g_d: int
    edge_n: int
    edge_d: int


Pieces = tuple[Piece, ...]
"""From the piece a trade starts in, in the order it walks them."""


def rate_weights(mu: int, nu: int, kappa: int, z: int) -> Weights:
    """a = mu/(mu + nu) of ENGINE section 3; kappa per whole token squared times z in dollars (ruling 1); all three are
    rates, z in micro-dollars."""
    by, k = gcd(mu, nu), gcd(kappa, RATE * z)
    return Weights(mu // by, nu // by, (mu + nu) // by, kappa // k, RATE * z // k)


def quad_buy(d: int, before: int, q: int, depth: int, g_n: int, g_d: int, w: Weights) -> int:
    """The quadratic price of a buy, rounded up (ENGINE section 3).

    With c = a d Q/L + kappa((D+d)^2 - D^2): g X^2 + (L - g c) X - (c L + b d (Q+d)) = 0, hence
    X = (g c - L + sqrt((L + g c)^2 + 4 g b d (Q+d)))/(2 g); here all times g_d * (w_d L k_d).
    """
    a_n, b_n, w_d, k_n, k_d = w
    lk = depth * k_d
    scale = w_d * lk
    gc = g_n * (a_n * d * q * k_d + k_n * d * (2 * before + d) * w_d * depth)
    gl = g_d * scale * depth
    square = (gl + gc) ** 2 + 4 * g_n * b_n * d * (q + d) * g_d * scale * lk
    return ceil_div(gc - gl + sqrt_up(square), 2 * g_n * scale)


def quad_sell(d: int, before: int, q: int, depth: int, g_n: int, g_d: int, w: Weights) -> int:
    """The quadratic proceeds of a sale, rounded down, at least 0 (ENGINE section 3).

    With c = b d Q/L - kappa((D+d)^2 - D^2): g X^2 - (L + g c) X + c L + a d (Q-d) = 0, the smaller root
    X = (L + g c - sqrt((L - g c)^2 - 4 g a d (Q-d)))/(2 g); real for d <= Q <= L.
    """
    a_n, b_n, w_d, k_n, k_d = w
    lk = depth * k_d
    scale = w_d * lk
    gc = g_n * (b_n * d * q * k_d - k_n * d * (2 * before + d) * w_d * depth)
    gl = g_d * scale * depth
    square = (gl - gc) ** 2 - 4 * g_n * a_n * d * (q - d) * g_d * scale * lk
    proceeds = (gl + gc - sqrt_up(square)) // (2 * g_n * scale)
    return max(proceeds, 0)


def convexity(d: int, before: int, w: Weights) -> int:
    """kappa((D+d)^2 - D^2), rounded up; micro-dollars."""
    return ceil_div(w.k_n * d * (2 * before + d), w.k_d)


def curve_buy(d: int, q: int, depth: int, pieces: Pieces) -> int:
    """The integral of the marginal price over a buy, rounded up (ENGINE section 3, curve).

    Inside a piece C = L^2 - g Q^2 is constant: (sqrt(L^2 + g((Q+d)^2 - Q^2)) - L)/g.
    """
    g_n, g_d, edge_n, edge_d = pieces[0]
    square = g_d * depth * depth + g_n * d * (2 * q + d)
    if edge_n and square * edge_d * edge_d > g_d * edge_n * edge_n:
        offset, base, g, square_here = _walk(d, q, depth, pieces, 1)
        return _root_up(offset - base / g, square_here / (g * g))
    return ceil_div(sqrt_up(g_d * square) - g_d * depth, g_n)


def curve_sell(d: int, q: int, depth: int, pieces: Pieces) -> int:
    """The integral of the marginal price over a sale, rounded down: (L - sqrt(L^2 - g(Q^2 - (Q-d)^2)))/g a piece."""
    g_n, g_d, edge_n, edge_d = pieces[0]
    square = g_d * depth * depth - g_n * d * (2 * q - d)
    if edge_n and square * edge_d * edge_d < g_d * edge_n * edge_n:
        offset, base, g, square_here = _walk(-d, q, depth, pieces, -1)
        return -_root_up(-offset - base / g, square_here / (g * g))
    return (g_d * depth - sqrt_up(g_d * square)) // g_n


def swap_cost(d: int, bought: int, sold: int, depth: int, piece: Piece) -> int | None:
    """What the curve asks for d tokens of one side against d of the other, rounded up; below 0 the pool gives.

    (sqrt(L^2 + g((Q_b+d)^2 - Q_b^2 + (Q_s-d)^2 - Q_s^2)) - L)/g in one piece (ENGINE section 6, swap); None where the
    root is of a negative number.
    """
    g_n, g_d = piece[:2]
    square = g_d * depth * depth + g_n * 2 * d * (bought - sold + d)
    if square < 0:
        return None
    return ceil_div(sqrt_up(g_d * square) - g_d * depth, g_n)


def _walk(change: int, q: int, depth: int, pieces: Pieces, sign: int) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """Walks to the piece in which supply q becomes q + change: (money so far, depth there, g there, final depth^2).

    At an edge L_e the supply squared is Q^2 + (L_e^2 - L^2)/g, rational, so one root is left at the end.
    """
    offset, base, square, target = Fraction(0), Fraction(depth), Fraction(q * q), (q + change) ** 2
    for piece in pieces:
        g = Fraction(piece.g_n, piece.g_d)
        final = base * base + g * (target - square)
        if not piece.edge_n or sign * (final - Fraction(piece.edge_n, piece.edge_d) ** 2) <= 0:
            return offset, base, g, final
        edge = Fraction(piece.edge_n, piece.edge_d)
        offset += sign * (edge - base) / g
        square += (edge * edge - base * base) / g
        base = edge
    raise AssertionError("the last piece has no edge")


def _root_up(rational: Fraction, square: Fraction) -> int:
    """sqrt(square) + rational, rounded up."""
    root = sqrt_up(rational.denominator**2 * square.numerator * square.denominator)
    return ceil_div(rational.numerator * square.denominator + root, rational.denominator * square.denominator)


def marginal_buy(t: int, q: int, depth: int, pieces: Pieces, unit: int = RATE) -> int:
    """Largest size after which the price is still at most t/unit < 1, on the curve; 0 when it is past that already.

    d = t sqrt(C/(1 - g t^2)) - Q in the first piece where that stays inside, rounded down (ENGINE section 9).
    """
    if q * unit >= t * depth:
        return 0
    above, below = _supply_squared_at(t, unit, q, depth, pieces, 1)
    return max(isqrt(above // below) - q, 0)


def marginal_sell(t: int, q: int, depth: int, pieces: Pieces, unit: int = RATE) -> int:
    """Largest size after which the price is still at least t/unit, on the curve; 0 when it is past that already.

    d = Q - t sqrt(C/(1 - g t^2)) in the first piece where that stays inside, rounded down (ENGINE section 9).
    """
    if q * unit <= t * depth:
        return 0
    above, below = _supply_squared_at(t, unit, q, depth, pieces, -1)
    return max(q - sqrt_up(ceil_div(above, below)), 0)


def _supply_squared_at(t: int, unit: int, q: int, depth: int, pieces: Pieces, sign: int) -> tuple[int, int]:
    """Q^2 where the price is t/unit, as a fraction: t^2 C/(1 - g t^2) in the first piece whose end lies beyond.

    L = l_n/l_d and Q^2 = s_n/s_d where a piece begins, C = L^2 - g Q^2, and Q^2 + (L_e^2 - L^2)/g where it ends.
    """
    t2, unit2 = t * t, unit * unit
    l_n, l_d, s_n, s_d = depth, 1, q * q, 1
    for g_n, g_d, edge_n, edge_d in pieces:
        if edge_n:
            end_n = s_n * g_n * (edge_d * l_d) ** 2 + s_d * g_d * ((edge_n * l_d) ** 2 - (l_n * edge_d) ** 2)
            end_d = s_d * g_n * (edge_d * l_d) ** 2
        if not edge_n or sign * (t2 * edge_n * edge_n * end_d - end_n * unit2 * edge_d * edge_d) <= 0:
            c = l_n * l_n * g_d * s_d - g_n * s_n * l_d * l_d
            return t2 * c, l_d * l_d * s_d * (g_d * unit2 - g_n * t2)
        l_n, l_d, s_n, s_d = edge_n, edge_d, end_n, end_d
    raise AssertionError("the last piece has no edge")
