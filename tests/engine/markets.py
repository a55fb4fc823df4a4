"""Random legal markets and what people might do in them, for tests that attack the engine.

Everything draws from a `random.Random`: a seeded one in soaks, hypothesis's own where a failure should shrink.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from random import Random
from typing import Literal, cast

from engine.intents import Cancel, Join, Order
from engine.params import MarketParams, Round, build_params
from engine.state import MarketState, Side, price
from engine.units import MICRO, RATE

USERS = (1, 2, 3, 4)
SPAN = 1_000
"""Length of a market's timetable in ms."""


_BELOW = Context(prec=28, rounding=ROUND_FLOOR)
"""A quotient that is not above the true one, so that what is drawn at a bound stays within it."""


def rate(value: int) -> Decimal:
    """A rate as `build_params` reads it, exactly."""
    return Decimal(value) / RATE


def between(rng: Random, low: str, high: str) -> Decimal:
    """A fraction between two bounds with full precision, quite often one of the bounds."""
    a, b = int(Decimal(low) * RATE), int(Decimal(high) * RATE)
    return rate(rng.choice((a, b, rng.randint(a, b), rng.randint(a, b))))


def logarithmic(rng: Random, low: int, high: int) -> int:
    """An integer whose number of digits is even chance, bounds included."""
    digits = rng.randint(len(str(low)), len(str(high)))
    return min(high, max(low, rng.randint(10 ** (digits - 1), 10**digits)))


def some_odds(rng: Random, n: int, least: Decimal, most: Decimal) -> list[Decimal]:
    """Start prices in bounds whose sum is 1."""
    low, high = int(least * RATE) + 1, int(most * RATE)
    weights = [rng.choice((0, 1, rng.randint(0, 100), rng.randint(0, 10_000))) for _ in range(n)]
    whole = sum(weights) or 1
    odds = [min(high, low + (RATE - n * low) * weight // whole) for weight in weights]
    for i in range(n):
        odds[i] += max(low - odds[i], min(high - odds[i], RATE - sum(odds)))
    return [rate(o) for o in odds]


def some_rounds(rng: Random, n: int, least: int = 0) -> list[Round]:
    """A timetable inside SPAN: up to three rounds before the final, losers named or asked for."""
    times = sorted(rng.sample(range(10, SPAN), 8))
    order, rounds, left = rng.sample(range(n), n), [], n
    named = rng.random() < 0.5
    for i in range(rng.randint(least, 3)):
        count = rng.randint(1, max(1, left // 2))
        if left - count < 2:
            break
        losers: tuple[int, ...] | Literal["ask"] = tuple(order[:count]) if named else "ask"
        rounds.append(Round(freeze_at=times[2 * i], decide_at=times[2 * i + 1], count=count, losers=losers))
        order, left = order[count:], left - count
    winner: int | Literal["ask"] = rng.choice(order) if named else "ask"
    return [*rounds, Round(freeze_at=times[6], decide_at=times[7], count=left - 1, winner=winner)]


def some_values(rng: Random) -> dict[str, object]:
    """Legal values for every parameter that the sections without the book read."""
    n = rng.choice((2, 3, 3, 4, 5, 6, 8, 10, rng.randint(2, 25)))
    p_min = between(rng, "0.001", str(min(Decimal("0.1"), rate(RATE // (2 * n) - RATE // 1000))))
    p_max = between(rng, str(max(Decimal("0.9"), rate(RATE + RATE // 80 - RATE // n))), "0.999")
    set_cap = between(rng, "0.5", str(p_max - Decimal("0.02")))
    top_zeta = str(rate((RATE - 1) // (n - 1)))
    values: dict[str, object] = {
        "outcome_names": [f"outcome {i + 1}" for i in range(n)],
        "z": Decimal(rng.choice((10_000, 10_000, 250, logarithmic(rng, 1, 10**8)))) / rng.choice((1, 1, 1, 100)),
        "odds": some_odds(rng, n, max(2 * p_min, 1 - p_max + Decimal("0.01")), set_cap),
        "gamma": rng.choice((Decimal(0), Decimal("0.0001"), between(rng, "0", "0.001"))),
        "match_fee": rng.choice((Decimal("0.005"), between(rng, "0", "0.02"))),
        "tick_size": rng.choice((Decimal("0.01"), Decimal("0.01"), Decimal("0.001"), Decimal("0.05"), Decimal("0.1"))),
        "sigma": rng.choice((Decimal("0.5"), between(rng, "0", "1"))),
        "af_cap_frac": rng.choice((Decimal("0.1"), between(rng, "0", "0.2"))),
        "af_max_pools": rng.randint(1, 5),
        "af_max_surplus": rng.choice((Decimal("0.05"), between(rng, "0.000001", "1"))),
        "af_enabled": rng.random() < 0.8,
        "cm_enabled": rng.random() < 0.8,
        "eta": rng.choice((1, 2, 3, 8, Decimal("1.5"), between(rng, "1", "8"))),
        "fee": between(rng, "0", "0.05"),
        "gas_fee": rng.choice((0, 0, Decimal("0.01"), between(rng, "0", "10"))),
        "p_min": p_min,
        "p_max": p_max,
        "set_cap": set_cap,
        "renormalise": rng.choice(("keep", "clamp")),
        "vc_enabled": rng.random() < 0.2,
        "mr_enabled": True,
        "floor_enabled": rng.random() < 0.8,
        "band": rng.choice((None, None, between(rng, "0.02", "0.4"))),
        "interpolation": rng.choice(("continue", "reset")),
        "rounds": some_rounds(rng, n),
        "duration": SPAN,
        "dispute_window": rng.choice((0, 0, 0, 0, 1, rng.randint(2, 60))),
        "round_window": rng.choice((0, 0, 0, 1, rng.randint(2, 60), rng.randint(60, 300))),
    }
    for name, low, high in (("mu", "0.1", "10"), ("nu", "0.1", "10")):
        for end in ("start", "end"):
            values[f"{name}_{end}"] = rng.choice((Decimal(1), between(rng, low, high)))
    for end in ("start", "end"):
        values[f"kappa_{end}"] = rng.choice((None, Decimal(0), between(rng, "0", "100") / cast("Decimal", values["z"])))
        default = rate(2 * RATE // 10 // (n - 1))
        values[f"zeta_{end}"] = rng.choice((default, between(rng, "0", top_zeta)))
    if rng.random() < 0.15:
        values["start"], values["floor_enabled"] = "classic", False
        del values["odds"]
    if rng.random() < 0.3:
        values["floor_allowance"] = rng.choice((0, 1, Decimal("0.000001")))
    return values


def some_market(rng: Random) -> MarketParams:
    """Parameters of a market that may open, now and then with less depth than its stake would carry."""
    while True:
        values = some_values(rng)
        params = build_params(values)
        if isinstance(params, MarketParams) and rng.random() < 0.2:
            values["l0"] = Decimal(max(1, params.l0 * rng.randint(1, 100) // 100)) / MICRO
            params = build_params(values)
        if isinstance(params, MarketParams):
            return params


def some_join(rng: Random, name: str, at: int, user: int) -> Join:
    """Play money: mostly plenty, sometimes so little that orders fail."""
    return Join(
        id=name, accepted_ms=at, user=user, cash=rng.choice((10**9, 10**11, 10**14, logarithmic(rng, 1, 10**10)))
    )


def some_order(rng: Random, name: str, at: int, state: MarketState, params: MarketParams) -> Order:
    """A market order as people, fools and attackers send them; sells are mostly of what the user holds."""
    user = rng.choice(USERS)
    outcome = rng.choice(state.active) if state.active and rng.random() < 0.95 else rng.randrange(len(state.binaries))
    side = rng.choice((Side.YES, Side.NO))
    buy = rng.random() < 0.55
    size = logarithmic(rng, 1, rng.choice((10**6, 10**9, 10**10, 10**13)))
    account = state.accounts.get(user)
    if buy and state.active and rng.random() < 0.15:
        outcome, side = bargain(state, params)
        size = logarithmic(rng, 10**6, max(10**7, params.l0))
    if not buy and account is not None and rng.random() < 0.95:
        held = [(i, s, pair[s]) for i, pair in enumerate(account.tokens) for s in (0, 1) if pair[s] > 0]
        if held:
            outcome, s, tokens = rng.choice(held)
            side = (Side.YES, Side.NO)[s]
            size = rng.choice((tokens, tokens, max(1, tokens // 2), rng.randint(1, tokens), tokens + 1))
        else:
            buy = True
    return Order(
        id=name,
        accepted_ms=at,
        user=user,
        outcome=outcome,
        side=side,
        buy=buy,
        size=size,
        worst_price=rng.randint(0, RATE) if rng.random() < 0.1 else None,
        max_slippage=rng.choice((0, RATE // 100, RATE // 2, rng.randint(0, RATE))) if rng.random() < 0.2 else None,
        spend=some_budget(rng, size) if rng.random() < (0.15 if buy else 0.01) else None,
    )


def some_budget(rng: Random, size: int) -> int:
    """Money for so many tokens: about what they cost, anything, now and then nothing."""
    return rng.choice((size // 2, size * rng.randint(1, 100) // 100, logarithmic(rng, 1, 10**9), rng.randint(-1, 3)))


def some_intent(rng: Random, name: str, at: int, state: MarketState, params: MarketParams) -> Order | Cancel:
    """A market order, an order with a limit around the price or anywhere, or a cancel of one or all of a user's."""
    if state.resting and rng.random() < 0.12:
        target = rng.choice(sorted(state.resting))
        user = state.resting[target].user if rng.random() < 0.95 else rng.choice(USERS)
        return Cancel(id=name, accepted_ms=at, user=user, order=target if rng.random() < 0.9 else None)
    order = some_order(rng, name, at, state, params)
    if rng.random() < 0.4 or not state.binaries[order.outcome].active:
        return order
    ticks = RATE // params.tick_size
    now = int(price(state.binaries[order.outcome], order.side, params) * ticks)
    limit = rng.choice((now + rng.randint(-3, 4), now + rng.randint(-3, 4), rng.randint(1, ticks - 1)))
    return replace(
        order,
        limit=min(max(limit, 1), ticks - 1) * params.tick_size,
        size=order.size if not order.buy else logarithmic(rng, 1, rng.choice((10**6, 10**8, 10**9))),
        worst_price=None,
        max_slippage=None,
        autofill=rng.random() < 0.5,
    )


def some_changes(rng: Random, params: MarketParams) -> dict[str, object]:
    """Up to three legal changes of a running market's parameters."""
    choices: dict[str, object] = {
        "fee": between(rng, "0", "0.05"),
        "match_fee": between(rng, "0", "0.02"),
        "cm_enabled": rng.random() < 0.7,
        "af_enabled": rng.random() < 0.7,
        "sigma": between(rng, "0", "1"),
        "af_cap_frac": between(rng, "0", "0.2"),
        "af_max_pools": rng.randint(1, 5),
        "af_max_surplus": between(rng, "0.000001", "1"),
        "gas_fee": between(rng, "0", "2"),
        "kappa": _BELOW.divide(between(rng, "0", "100") * MICRO, Decimal(params.z)),
        "mu": between(rng, "0.1", "10"),
        "nu_end": between(rng, "0.1", "10"),
        "zeta": between(rng, "0", str(rate((RATE - 1) // (params.n_outcomes - 1)))),
        "band": rng.choice((None, between(rng, "0.02", "0.4"))),
        "eta": between(rng, "1", "8"),
        "interpolation": rng.choice(("reset", "continue")),
        "vc_enabled": rng.random() < 0.5,
        "renormalise": rng.choice(("keep", "clamp")),
    }
    return {name: choices[name] for name in rng.sample(sorted(choices), rng.randint(1, 3))}


def bargain(state: MarketState, params: MarketParams) -> tuple[int, Side]:
    """The token that is cheapest against the odds at the start: where the pot floor binds first."""
    whole = sum(params.odds[j] for j in state.active)
    offers = []
    for j in state.active:
        worth = Fraction(params.odds[j], whole)
        offers += [(price(state.binaries[j], Side.YES, params) - worth, j, Side.YES)]
        offers += [(price(state.binaries[j], Side.NO, params) - 1 + worth, j, Side.NO)]
    return min(offers)[1:]
