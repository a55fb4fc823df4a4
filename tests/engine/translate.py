"""From the engine's types to the reference's, and the comparison of what both made of a market."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from engine.events import Event, OrderDone, Retuned
from engine.intents import Control, Intent, Join, Order
from engine.params import MarketParams
from engine.state import MarketState, Side, Status
from tests.engine.reference.market import NO, YES, Command, Done, Grant, Market, Step, Trade
from tests.engine.reference.rules import RATE, Rules, Span, Stage, ceil

SIDES = {Side.YES: YES, Side.NO: NO}


def share(value: int) -> Fraction:
    """A rate as a fraction."""
    return Fraction(value, RATE)


def rules_of(params: MarketParams) -> Rules:
    """The same market for the reference, the seeds worked out anew."""
    half = (Fraction(1, 2),) * params.n_outcomes
    starts = half if params.start == "classic" else tuple(share(o) for o in params.odds)

    def span(name: str) -> Span:
        return Span(start=share(getattr(params, f"{name}_start")), end=share(getattr(params, f"{name}_end")))

    return Rules(
        odds=tuple(share(o) for o in params.odds),
        seeds=tuple((ceil(params.l0 * p), ceil(params.l0 * (1 - p))) for p in starts),
        z=params.z,
        l0=params.l0,
        gamma=share(params.gamma),
        mu=span("mu"),
        nu=span("nu"),
        kappa=span("kappa"),
        zeta=span("zeta"),
        eta=share(params.eta),
        fee=share(params.fee),
        gas=params.gas_fee,
        p_min=share(params.p_min),
        p_max=share(params.p_max),
        set_cap=share(params.set_cap),
        clamp=params.renormalise == "clamp",
        vc_enabled=params.vc_enabled,
        floor_enabled=params.floor_enabled,
        floor_allowance=params.floor_allowance,
        band=None if params.band is None else share(params.band),
        reset=params.interpolation == "reset",
        duration=params.duration,
        rounds=tuple(
            Stage(freeze_at=r.freeze_at, decide_at=r.decide_at, count=r.count, losers=r.losers, winner=r.winner)
            for r in params.rounds
        ),
    )


def step_of(intent: Intent) -> Step:
    """An intent for the reference; cancels and retunes have no meaning there."""
    if isinstance(intent, Order):
        return Trade(
            id=intent.id,
            at=intent.accepted_ms,
            user=intent.user,
            outcome=intent.outcome,
            side=SIDES[intent.side],
            buy=intent.buy,
            size=intent.size,
            worst=None if intent.worst_price is None else share(intent.worst_price),
            slippage=None if intent.max_slippage is None else share(intent.max_slippage),
        )
    if isinstance(intent, Join):
        return Grant(id=intent.id, at=intent.accepted_ms, user=intent.user, cash=intent.cash)
    if isinstance(intent, Control) and intent.kind != "pause":
        return Command(id=intent.id, at=intent.accepted_ms, kind=intent.kind, outcomes=intent.outcomes)
    raise ValueError(intent)


def rules_after(rules: Rules, events: Iterable[Event]) -> Rules:
    """What the reference goes on with where the market was retuned."""
    for event in events:
        if isinstance(event, Retuned):
            rules = rules_of(event.params)
    return rules


def dones_of(events: Iterable[Event]) -> list[Done]:
    """How the engine says its orders ended."""
    return [
        Done(
            id=e.order,
            filled=e.status in ("filled", "partly"),
            size=e.filled,
            unsold=e.unsold,
            amount=e.amount,
            fee=e.fee,
            gas=e.gas,
        )
        for e in events
        if isinstance(e, OrderDone)
    ]


def picture(state: MarketState) -> dict[str, object]:
    """Every field of the engine's state that the reference has, under plain names."""
    found: dict[str, object] = {
        "status": state.status.value.lower(),
        "pot": state.pot,
    }
    for user, account in sorted(state.accounts.items()):
        tokens = {(i, side): size for i, pair in enumerate(account.tokens) for side, size in enumerate(pair) if size}
        found[f"user {user}"] = (account.cash, account.net, tokens)
    if state.status not in (Status.RESOLVED, Status.VOIDED):
        found |= {
            "stake": state.stake,
            "allowance": state.allowance,
            "profit": {name: n for name, n in state.profit.items() if n},
        }
        found |= {
            f"binary {i}": (b.v, (b.q_yes, b.q_no), (b.s_yes, b.s_no), b.e, b.active)
            for i, b in enumerate(state.binaries)
        }
    return found


def picture_of(market: Market) -> dict[str, object]:
    """The same of the reference."""
    found: dict[str, object] = {"status": market.status, "pot": market.pot}
    for user, person in sorted(market.people.items()):
        found[f"user {user}"] = (person.cash, person.net, {key: n for key, n in sorted(person.tokens.items()) if n})
    if market.status not in ("resolved", "voided"):
        found |= {
            "stake": market.stake,
            "allowance": market.allowance,
            "profit": {name: n for name, n in market.profit.items() if n},
        }
        found |= {f"binary {i}": (p.v, tuple(p.q), tuple(p.s), p.e, p.active) for i, p in enumerate(market.pools)}
    return found


def differences(state: MarketState, market: Market) -> dict[str, tuple[object, object]]:
    """What differs: name -> (engine, reference)."""
    ours, theirs = picture(state), picture_of(market)
    return {
        name: (ours.get(name), theirs.get(name)) for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)
    }
