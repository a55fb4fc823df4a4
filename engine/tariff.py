"""What prices depend on at one moment beside the pools: the parameters of that time, ready for the hot path."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

from engine.amm import Piece, Pieces, Weights, rate_weights
from engine.rates import Rates
from engine.terms import MarketParams
from engine.units import RATE, ceil_div


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
        weights=rate_weights(rates.mu, rates.nu, rates.kappa),
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
