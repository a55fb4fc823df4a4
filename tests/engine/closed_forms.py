"""The closed forms of ENGINE section 9, and prices from fractions: what the searches of the engine must agree with.

The closed forms are real numbers, taken in Decimal at 50 digits; whoever needs a size finishes in whole numbers.
Symbols as in `engine.amm`; t is a price limit, a plain ratio. None stands for "however large".
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction

from engine.amm import Pieces, Weights, curve_buy, curve_sell, quad_buy, quad_sell
from engine.units import MICRO, POWERS, RATE


def weights(mu: Fraction, nu: Fraction, kappa: Fraction) -> Weights:
    """a = mu/(mu + nu) of ENGINE section 3; kappa per whole token squared."""
    a = mu / (mu + nu)
    k = kappa / MICRO
    return Weights(a.numerator, a.denominator - a.numerator, a.denominator, k.numerator, k.denominator)


def quadratic_buy(
    d: int,
    *,
    q: int,
    l: int,  # noqa: E741  # the name ENGINE uses
    share: Fraction,
    mu: Fraction,
    nu: Fraction,
    kappa: Fraction,
) -> int:
    """X = d(a p + b p') + kappa d^2 with p' = (q + d)/(l + share X), rounded up; micro-dollars (ENGINE section 3).

    No penalty, and nothing bought before in this tick (D = 0). share, mu, nu, kappa as fractions, kappa per whole
    token squared.
    """
    return quad_buy(d, 0, q, l, share.numerator, share.denominator, weights(mu, nu, kappa))


def quadratic_sell(
    d: int,
    *,
    q: int,
    l: int,  # noqa: E741  # the name ENGINE uses
    share: Fraction,
    mu: Fraction,
    nu: Fraction,
    kappa: Fraction,
) -> int:
    """X = d(a p' + b p) - kappa d^2 with p' = (q - d)/(l - share X), the smaller root, rounded down, at least 0.

    d <= q <= l. Otherwise as `quadratic_buy` (ENGINE section 3).
    """
    return quad_sell(d, 0, q, l, share.numerator, share.denominator, weights(mu, nu, kappa))


def largest_near(fits: Callable[[int], bool], guess: int, high: int) -> int:
    """Largest d on [0, high] that fits, for what stops fitting once; a search outwards from a good guess."""
    guess = min(max(guess, 0), high)
    step = 1
    if guess == 0 or fits(guess):
        while guess < high and fits(min(guess + step, high)):
            guess, step = min(guess + step, high), 2 * step
        low, high = guess, min(guess + step, high + 1)
    else:
        while guess - step > 0 and not fits(guess - step):
            guess, step = guess - step, 2 * step
        low, high = max(guess - step, 0), guess
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def largest_average(
    t: int, before: int, q: int, depth: int, pieces: Pieces, w: Weights, high: int, *, buy: bool
) -> int:
    """Largest d on [0, high] whose charge is at most (for a sale at least) t*d, t a rate; no penalty, fee or floor."""
    g_n, g_d = pieces[0][:2]

    def fits(d: int) -> bool:
        if buy:
            return max(curve_buy(d, q, depth, pieces), quad_buy(d, before, q, depth, g_n, g_d, w)) * RATE <= t * d
        return min(curve_sell(d, q, depth, pieces), quad_sell(d, before, q, depth, g_n, g_d, w)) * RATE >= t * d

    with localcontext(POWERS):
        limit = Decimal(t) / RATE
        forms = (
            curve_average(limit, q, depth, pieces, buy=buy),
            quadratic_average(limit, before, q, depth, Decimal(g_n) / g_d, w, buy=buy),
        )
    return largest_near(fits, int(min((form for form in forms if form is not None), default=Decimal(high))), high)


def curve_average(t: Decimal, q: int, depth: int, pieces: Pieces, *, buy: bool) -> Decimal | None:
    """The d whose cost on the curve averages t, piece by piece; 0 when t is on the wrong side of the price.

    After d0 tokens cost X0: (g - B^2) d^2 + 2(gQ - AB) d + L^2 - A^2 = 0 with A = L + g(t d0 - X0), B = g t; at the
    start that is d = 2(tL - Q)/(1 - g t^2), for a sale 2(Q - tL)/(1 - g t^2), at most Q.
    """
    sign = 1 if buy else -1
    if sign * (t * depth - q) <= 0:
        return Decimal(0)
    base, supply, tokens, money = Decimal(depth), Decimal(q), Decimal(0), Decimal(0)
    for g_n, g_d, edge_n, edge_d in pieces:
        g = Decimal(g_n) / g_d
        edge = Decimal(edge_n) / edge_d
        reached = supply * supply + (edge * edge - base * base) / g
        end = reached.sqrt() if edge_n and reached > 0 else None
        a, b = base + g * (t * tokens - money), g * t
        square, line, rest = g - b * b, 2 * (g * supply - a * b), base * base - a * a
        size = None
        if square > 0:
            root = max(line * line - 4 * square * rest, Decimal(0)).sqrt()
            size = (-line + sign * root) / (2 * square)
        if end is None or (size is not None and sign * (supply + size - end) <= 0):
            if size is None:
                return None
            return tokens + size if buy else min(-(tokens + size), Decimal(q))
        tokens, money, base, supply = tokens + end - supply, money + (edge - base) / g, edge, end
    raise AssertionError("the last piece has no edge")


def quadratic_average(
    t: Decimal, before: int, q: int, depth: int, g: Decimal, w: Weights, *, buy: bool
) -> Decimal | None:
    """The d whose quadratic cost (or proceeds) averages t: A d^2 + B d + C0 = 0, see ENGINE section 9."""
    a, b, k = Decimal(w.a_n) / w.w_d, Decimal(w.b_n) / w.w_d, Decimal(w.k_n) / w.k_d
    p = Decimal(q) / depth
    if buy:
        c = t - a * p - 2 * k * before
        return _first_root(-k * g * t, c * g * t - k * depth - b, c * depth - b * q)
    c = t - b * p + 2 * k * before
    return _first_root(k * g * t, c * g * t - k * depth - a, a * q - c * depth)


def quadratic_marginal(t: Decimal, q: int, depth: int, g: Decimal, w: Weights, *, buy: bool) -> Decimal | None:
    """The d after which the quadratic's own p' is t, nothing traded before (D = 0)."""
    a, b, k = Decimal(w.a_n) / w.w_d, Decimal(w.b_n) / w.w_d, Decimal(w.k_n) / w.k_d
    p = Decimal(q) / depth
    if buy:
        return _first_root(g * k * t, g * t * (a * p + b * t) - 1, depth * t - q)
    return _first_root(-g * k * t, g * t * (a * t + b * p) - 1, q - depth * t)


def _first_root(square: Decimal, line: Decimal, start: Decimal) -> Decimal | None:
    """Where square d^2 + line d + start comes down to 0 from above; 0 if it starts below, None if it never does."""
    if start <= 0:
        return Decimal(0)
    if square == 0:
        return -start / line if line < 0 else None
    inside = line * line - 4 * square * start
    if inside < 0 or (square > 0 and line >= 0):
        return None
    return (-line - inside.sqrt()) / (2 * square)
