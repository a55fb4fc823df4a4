"""The parameters that move with time, at one moment (ENGINE sections 2 and 11.1, 11.16).

And the tariff: all that prices depend on at one moment beside the pools, reduced once for the hot path.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

from engine.amm import Piece, Pieces, Weights, rate_weights
from engine.state import MarketState
from engine.terms import MarketParams
from engine.units import RATE, ceil_div


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """mu, nu: weights of old and new price; kappa: convexity per token squared, times z; zeta: share diverted. All
    rates."""

    mu: int
    nu: int
    kappa: int
    zeta: int


def interpolate(start: int, end: int, elapsed: int, span: int) -> int:
    """start + (end - start) * elapsed/span, floored, clamped at both ends; a span of 0 is over."""
    if elapsed >= span:
        return end
    if elapsed <= 0:
        return start
    return (start * (span - elapsed) + end * elapsed) // span


def elapsed_and_span(params: MarketParams, state: MarketState, now_ms: int) -> tuple[int, int]:
    """(elapsed, span) in ms: over 0..duration, or with `reset` from the last decision to the next freeze."""
    if params.interpolation == "continue":
        return now_ms, params.duration
    since = state.last_decision_ms
    next_round = min(state.next_round, len(params.rounds) - 1)
    return now_ms - since, params.rounds[next_round].freeze_at - since


def rates_at(params: MarketParams, state: MarketState, now_ms: int) -> Rates:
    """mu, nu, kappa and zeta at `now_ms`, each floored; zeta is 0 when one outcome is left."""
    elapsed, span = elapsed_and_span(params, state, now_ms)
    return Rates(
        mu=interpolate(params.mu_start, params.mu_end, elapsed, span),
        nu=interpolate(params.nu_start, params.nu_end, elapsed, span),
        kappa=interpolate(params.kappa_start, params.kappa_end, elapsed, span),
        zeta=interpolate(params.zeta_start, params.zeta_end, elapsed, span) if len(state.active) > 1 else 0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """Rates of one moment for n active outcomes, reduced once so that the formulas work on small integers.

    others: n - 1; least_depth: where L must stay when a pool gives, 0.1*l0 rounded up. The subsidy ends at
    V = l0/gamma, compared as v*gamma with l0*RATE.
    """

    weights: Weights
    buy_pieces: tuple[Pieces, Pieces, Pieces]
    sell_pieces: tuple[Pieces, Pieces, Pieces]
    zeta: int
    others: int
    l0: int
    gamma: int
    fee: int
    eta: int
    p_min: int
    p_max: int
    least_depth: int

    def buying(self, v: int) -> Pieces:
        """The pieces a buy walks from V: at V = 0 and V = l0/gamma the one it enters (ENGINE 11.3)."""
        if not self.gamma or v < 0:
            return self.buy_pieces[0]
        return self.buy_pieces[1] if v * self.gamma < self.l0 * RATE else self.buy_pieces[2]

    def selling(self, v: int) -> Pieces:
        """The pieces a sale walks from V."""
        if not self.gamma or v <= 0:
            return self.sell_pieces[0]
        return self.sell_pieces[1] if v * self.gamma <= self.l0 * RATE else self.sell_pieces[2]


def tariff(params: MarketParams, rates: Rates, n: int) -> Tariff:
    """phi = 1 - (n-1) zeta; g = phi * slope with slope 1, 1 - gamma, 1 over the pieces (ENGINE section 1)."""
    phi, inner = (RATE - (n - 1) * rates.zeta) * RATE, RATE - params.gamma
    inner *= phi // RATE
    top = (params.l0 * RATE, params.gamma) if params.gamma else (0, 1)
    ends = _piece(phi, (0, 1))
    up = (_piece(phi, (params.l0, 1)), _piece(inner, top), ends) if params.gamma else (ends,)
    down = (ends, _piece(inner, (params.l0, 1)), _piece(phi, top)) if params.gamma else (ends,)
    return Tariff(
        weights=rate_weights(rates.mu, rates.nu, rates.kappa, params.z),
        buy_pieces=(up, up[1:], up[2:]),
        sell_pieces=(down[:1], down[1::-1], down[2::-1]),
        zeta=rates.zeta,
        others=n - 1,
        l0=params.l0,
        gamma=params.gamma,
        fee=params.fee,
        eta=params.eta,
        p_min=params.p_min,
        p_max=params.p_max,
        least_depth=ceil_div(params.l0, 10),
    )


def _piece(g: int, edge: tuple[int, int]) -> Piece:
    """g over RATE^2 and the edge, both in lowest terms."""
    by, end = gcd(g, RATE * RATE), gcd(*edge)
    return Piece(g // by, RATE * RATE // by, edge[0] // end, edge[1] // end)
