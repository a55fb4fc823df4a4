"""The parameters that move with time, at one moment (ENGINE sections 2 and 11.1, 11.16)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.state import MarketState
from engine.terms import MarketParams


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """mu, nu: weights of old and new price; kappa: convexity per token squared; zeta: share diverted. All rates."""

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


def stretch(params: MarketParams, state: MarketState, now_ms: int) -> tuple[int, int]:
    """(elapsed, span) in ms: over 0..duration, or with `reset` from the last decision to the next freeze."""
    if params.interpolation == "continue":
        return now_ms, params.duration
    since = state.last_decision_ms
    coming = min(state.next_round, len(params.rounds) - 1)
    return now_ms - since, params.rounds[coming].freeze_at - since


def rates_at(params: MarketParams, state: MarketState, now_ms: int) -> Rates:
    """mu, nu, kappa and zeta at `now_ms`, each floored; zeta is 0 when one outcome is left."""
    elapsed, span = stretch(params, state, now_ms)
    return Rates(
        mu=interpolate(params.mu_start, params.mu_end, elapsed, span),
        nu=interpolate(params.nu_start, params.nu_end, elapsed, span),
        kappa=interpolate(params.kappa_start, params.kappa_end, elapsed, span),
        zeta=interpolate(params.zeta_start, params.zeta_end, elapsed, span) if len(state.active) > 1 else 0,
    )
