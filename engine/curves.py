"""What holdings would bring, for thousands of people at once with numpy (PRODUCT, "What a figure means": worth).

The formulas are those of `engine.impact.price_sell`, in float64 over micro-dollars and micro-tokens: the exact sale is
met to the cent. Nothing here is money that changes hands; `engine.quote` is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from engine.rates import Tariff, rates_at, tariff
from engine.state import MarketState, Side
from engine.terms import MarketParams
from engine.units import MICRO, RATE
from engine.working_copy import POT, WorkingCopy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.amm import Pieces

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_LEAST_KEPT = 1_000  # micro-dollars of a token: a tenth of a cent, as prices are shown
_SMALL = 500
_PIECES = 3  # of the depth curve at most


def worth(state: MarketState, params: MarketParams, holdings: Integers, now_ms: int) -> Integers:
    """Micro-dollars that each holding would bring: all of it sold now, alone, to the house, after fee, floor and
    waterfall, gas apart, as if trading were open.

    `holdings`: micro-tokens, people x outcomes x 2 (YES, NO); the answer has the same shape. What the pool cannot take
    and outcomes that are out bring nothing. No order of the book is looked at, so nobody's bid lifts a worth.
    """
    held = np.asarray(holdings, dtype=np.int64)
    answer = np.zeros(held.shape, dtype=np.int64)
    active = state.active
    if not active or not held.size:
        return answer
    rows, columns, sides = np.nonzero(held[:, active, :] > 0)
    outcomes = np.asarray(active)[columns]
    sales = _Sales.of(WorkingCopy(state, params, _tariff(state, params, now_ms)), columns, sides)
    answer[rows, outcomes, sides] = sales.proceeds(held[rows, outcomes, sides].astype(np.float64)).astype(np.int64)
    return answer


def floored_sales(state: MarketState, params: MarketParams, now_ms: int) -> dict[tuple[int, Side], int]:
    """Micro-dollars a token that a small sale would bring, by (outcome, side), where the pot floor keeps part of it and
    somebody holds such tokens. Small: a part of the depth at which the price hardly moves."""
    if not params.floor_enabled:
        return {}
    size = max(MICRO, params.l0 // _SMALL)
    one_each = np.full((1, params.n_outcomes, 2), size, dtype=np.int64)
    brings = worth(state, params, one_each, now_ms)[0].tolist()
    usual = worth(state, replace(params, floor_enabled=False), one_each, now_ms)[0].tolist()
    return {
        (j, side): brings[j][s] * MICRO // size
        for j in state.active
        for s, side in enumerate((Side.YES, Side.NO))
        if (usual[j][s] - brings[j][s]) * MICRO > _LEAST_KEPT * size
        and any(account.tokens[j][s] for account in state.accounts.values())
    }


def _tariff(state: MarketState, params: MarketParams, now_ms: int) -> Tariff:
    return tariff(params, rates_at(params, state, now_ms), len(state.active))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sales:
    """One entry a sale: what of its pool and token its price depends on, and of the market what all share.

    column: which of the active outcomes, whose depths and dearest supplies are `depths` and `dearest`; other: supply of
    the other side; g, edge: by piece, the depth where it ends or nan; spare: what the pot has above the floor, and
    weight: what a token sold adds to that, None where there is no floor.
    """

    tariff: Tariff
    column: Integers
    supply: Floats
    other: Floats
    v: Floats
    depth: Floats
    g: Floats
    edge: Floats
    depths: Floats
    dearest: Floats
    spare: float | None
    weight: Floats

    @classmethod
    def of(cls, working: WorkingCopy, column: Integers, side: Integers) -> _Sales:
        """The sale of a token of one side of one of the active outcomes each."""
        active = list(working.active)
        supplies = np.array([[working.q[s][j] for j in active] for s in (0, 1)], dtype=np.float64)
        v = np.array([working.v[j] for j in active], dtype=np.float64)
        depths = np.array([working.l[j] for j in active], dtype=np.float64)
        pieces = np.array([_padded(working.tariff.selling(working.v[j])) for j in active])
        weights = [[working.token_weight(j, s) / working.weight for j in active] for s in (0, 1)]
        floor = working.totals[POT] + working.params.gas_fee + working.state.allowance - working.mean_payout()
        return cls(
            tariff=working.tariff,
            column=column,
            supply=supplies[side, column],
            other=supplies[1 - side, column],
            v=v[column],
            depth=depths[column],
            g=pieces[column, :, 0].T,
            edge=pieces[column, :, 1].T,
            depths=depths,
            dearest=supplies.max(axis=0),
            spare=float(floor) if working.params.floor_enabled else None,
            weight=np.array(weights)[side, column],
        )

    def proceeds(self, size: Floats) -> Floats:
        """What each sale brings, whole micro-dollars: `engine.impact.price_sell` step by step."""
        t = self.tariff
        d = np.minimum(size, self.supply - 1)
        pay, own = self._before_penalty(d)
        left = self.supply - d
        after = self._depth(self.v - own)
        low = t.p_min / RATE
        cheap = left < low * after
        if cheap.any():
            alone = np.minimum(d, self._down_to(low))
            whole = np.floor(pay * (left / (low * after)) ** (t.eta / RATE))
            pay = np.where(cheap, np.maximum(whole, self._before_penalty(alone)[0]), pay)
        pay -= np.minimum(np.ceil(t.fee / RATE * d * left / after), pay)
        if self.spare is not None:
            pay = np.minimum(pay, np.floor(self.spare + d * self.weight))
        return np.where(d > 0, np.maximum(pay, 0.0), 0.0)

    def _before_penalty(self, d: Floats) -> tuple[Floats, Floats]:
        """(the lesser of curve and quadratic that the pools can give, what the own pool gives)."""
        curve = self._curve(d)
        given, own = self._waterfall(d, curve)
        return np.minimum(np.minimum(curve, self._quadratic(d)), given), own

    def _curve(self, d: Floats) -> Floats:
        """The integral of the marginal price: L^2 - g Q^2 stays within a piece."""
        money, base, square = np.zeros_like(d), self.depth, self.supply**2
        target, inside = (self.supply - d) ** 2, np.zeros_like(d, dtype=bool)
        for g, edge in zip(self.g, self.edge, strict=True):
            final = base**2 - g * (square - target)
            ends = ~inside & (np.isnan(edge) | (final >= edge**2))
            fall = g * (square - target) / (base + np.sqrt(np.maximum(final, 0.0)))
            money = np.where(ends, money + fall / g, money)
            inside |= ends
            if inside.all():
                break
            money = np.where(inside, money, money + (base - edge) / g)
            square = np.where(inside, square, square - (base**2 - edge**2) / g)
            base = np.where(inside, base, edge)
        return np.floor(money)

    def _quadratic(self, d: Floats) -> Floats:
        """The smaller root of X = d (a p' + b p) - kappa d^2, p' = (Q-d)/(L - gX), with nothing sold before."""
        w, g = self.tariff.weights, self.g[0]
        old = w.b_n / w.w_d * d * self.supply / self.depth - w.k_n / w.k_d * d * d
        new = w.a_n / w.w_d * d * (self.supply - d)
        root = np.sqrt(np.maximum((self.depth - g * old) ** 2 - 4 * g * new, 0.0))
        positive = np.maximum(old * self.depth + new, 0.0)
        return np.asarray(np.floor(2 * positive / (self.depth + g * old + root)))

    def _waterfall(self, d: Floats, asked: Floats) -> tuple[Floats, Floats]:
        """(what the pools give together, what the own gives): shares of the others up to their room, the rest from the
        own up to its room, what is missing from the room that is left."""
        t = self.tariff
        least = float(t.least_depth)
        share = np.floor(t.zeta / RATE * asked)
        rooms = np.maximum(self.depths - np.maximum(np.ceil(self.dearest / (t.p_max / RATE)), least), 0.0)
        given = np.zeros_like(asked)
        for number, room in enumerate(rooms):
            given += np.where(self.column == number, 0.0, np.minimum(share, room))
        highest = np.ceil(np.maximum(self.supply - d, self.other) / (t.p_max / RATE))
        own = np.minimum(asked - given, np.maximum(self.depth - np.maximum(highest, least), 0.0))
        left = rooms.sum() - rooms[self.column] - given
        return given + own + np.minimum(asked - given - own, left), own

    def _down_to(self, low: float) -> Floats:
        """The size after which the price on the curve is `low`; 0 where it is below that already."""
        base, square = self.depth, self.supply**2
        reached, inside = np.zeros_like(base), np.zeros_like(base, dtype=bool)
        for g, edge in zip(self.g, self.edge, strict=True):
            end = square - (base**2 - edge**2) / g
            ends = ~inside & (np.isnan(edge) | ((low * edge) ** 2 >= end))
            here = low * np.sqrt(np.maximum((base**2 - g * square) / (1 - g * low**2), 0.0))
            reached = np.where(ends, here, reached)
            inside |= ends
            if inside.all():
                break
            square, base = np.where(inside, square, end), np.where(inside, base, edge)
        return np.maximum(self.supply - np.ceil(reached), 0.0)

    def _depth(self, v: Floats) -> Floats:
        """L = V + subsidy, as `engine.state.depth`."""
        t = self.tariff
        subsidy = np.where(v > 0, np.floor(t.l0 - t.gamma / RATE * v), t.l0)
        return np.asarray(v + np.maximum(subsidy, 0.0))


def _padded(pieces: Pieces) -> list[tuple[float, float]]:
    """(g, depth where it ends or nan) of three pieces, the last repeated."""
    rows = [(piece.g_n / piece.g_d, piece.edge_n / piece.edge_d if piece.edge_n else np.nan) for piece in pieces]
    return rows + [rows[-1]] * (_PIECES - len(rows))
