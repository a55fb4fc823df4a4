"""From the engine's types to the reference's, and the comparison of what both made of a market."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from engine.events import Event, Fill, OrderDone, PaidBack, Rebate, Retuned
from engine.intents import Cancel, Control, Intent, Join, Order, Retune
from engine.params import MarketParams
from engine.state import MarketState, Side, Status
from tests.engine.reference.book import Gift, Leg
from tests.engine.reference.market import NO, YES, Change, Command, Done, Grant, Market, Step, Trade, Withdraw
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
        match_fee=share(params.match_fee),
        gas=params.gas_fee,
        crossing=params.cm_enabled,
        autofill=params.af_enabled,
        sigma=share(params.sigma),
        autofill_share=share(params.af_cap_frac),
        autofill_pools=params.af_max_pools,
        autofill_surplus=share(params.af_max_surplus),
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
        window=params.dispute_window,
        round_window=params.round_window,
        rounds=tuple(
            Stage(freeze_at=r.freeze_at, decide_at=r.decide_at, count=r.count, losers=r.losers, winner=r.winner)
            for r in params.rounds
        ),
    )


def steps_of(intents: Iterable[Intent], events: Iterable[Event]) -> list[Step]:
    """The intents of a tick for the reference; what a retune comes to is the engine's word."""
    changes = {event.id: rules_of(event.params) for event in events if isinstance(event, Retuned)}
    steps: list[Step] = []
    for intent in intents:
        if not isinstance(intent, Retune):
            steps.append(step_of(intent))
        elif intent.id in changes:
            steps.append(Change(id=intent.id, at=intent.accepted_ms, rules=changes[intent.id]))
    return steps


def step_of(intent: Intent) -> Step:
    """An intent for the reference."""
    if isinstance(intent, Order):
        return Trade(
            id=intent.id,
            at=intent.accepted_ms,
            user=intent.user,
            outcome=intent.outcome,
            side=SIDES[intent.side],
            buy=intent.buy,
            size=intent.size,
            limit=None if intent.limit is None else share(intent.limit),
            autofill=intent.autofill,
            worst=None if intent.worst_price is None else share(intent.worst_price),
            slippage=None if intent.max_slippage is None else share(intent.max_slippage),
            spend=intent.spend,
        )
    if isinstance(intent, Cancel):
        return Withdraw(id=intent.id, at=intent.accepted_ms, user=intent.user, order=intent.order)
    if isinstance(intent, Join):
        return Grant(id=intent.id, at=intent.accepted_ms, user=intent.user, cash=intent.cash)
    if isinstance(intent, Control) and intent.kind != "pause":
        moment = intent.moment_ms or 0
        return Command(id=intent.id, at=intent.accepted_ms, kind=intent.kind, outcomes=intent.outcomes, moment=moment)
    raise ValueError(intent)


def dones_of(events: Iterable[Event]) -> list[Done]:
    """How the engine says its orders ended."""
    return [
        Done(
            id=e.order,
            accepted=e.status != "refused",
            size=e.filled,
            unsold=e.unsold,
            rests=e.rests,
            amount=e.amount,
            fee=e.fee,
            gas=e.gas,
        )
        for e in events
        if isinstance(e, OrderDone)
    ]


def summed(legs: Iterable[Leg]) -> Counter[Leg]:
    """An order's own legs of a mint, merge or swap as one, however many stand on the other side."""
    merged: dict[tuple[object, ...], Leg] = {}
    for leg in legs:
        key = (leg.order, leg.resting, leg.kind, leg.side, leg.buyer, leg.seller)
        same = merged.get(key)
        merged[key] = (
            leg
            if same is None
            else replace(
                leg,
                size=leg.size + same.size,
                paid=leg.paid + same.paid,
                got=leg.got + same.got,
                buy_fee=leg.buy_fee + same.buy_fee,
                sell_fee=leg.sell_fee + same.sell_fee,
            )
        )
    return Counter(merged.values())


def legs_of(fills: Iterable[Fill]) -> Counter[Leg]:
    """The engine's fills, what everybody paid and got all in."""
    return summed(
        Leg(
            order=f.order,
            resting=f.resting,
            kind=f.kind,
            outcome=f.outcome,
            side=SIDES[f.side],
            buyer=f.buyer,
            seller=f.seller,
            size=f.size,
            paid=0 if f.buyer is None else f.amount + f.buy_fee,
            got=0 if f.seller is None else f.amount - f.kept - f.sell_fee,
            buy_fee=f.buy_fee,
            sell_fee=f.sell_fee,
        )
        for f in fills
    )


def gifts_of(events: Iterable[Event]) -> Counter[Gift]:
    """Rebates and pay-backs."""
    gifts = Counter[Gift]()
    for e in events:
        if isinstance(e, Rebate):
            gifts[Gift(kind="rebate", trigger=e.trigger, order=e.order, user=e.user, amount=e.amount)] += 1
        if isinstance(e, PaidBack):
            gifts[Gift(kind="back", trigger=e.order, order=e.order, user=e.user, amount=e.amount)] += 1
    return gifts


def picture(state: MarketState) -> dict[str, object]:
    """Every field of the engine's state that the reference has, under plain names."""
    values: dict[str, object] = {
        "status": state.status.value.lower(),
        "pot": state.pot,
        "claim": state.claim and (state.claim.winners or state.claim.losers, state.claim.until_ms),
        "claim of": state.claim and ("the final" if state.claim.winners else "a round"),
    }
    for user, account in sorted(state.accounts.items()):
        tokens = {(i, side): size for i, pair in enumerate(account.tokens) for side, size in enumerate(pair) if size}
        values[f"user {user}"] = (account.cash, account.escrow, account.net, tokens)
    for order in state.resting.orders():
        values[f"order {order.id}"] = (order.user, order.rest, order.escrow, share(order.fee), order.autofill)
    if state.status not in (Status.RESOLVED, Status.CLOSED):
        values |= {
            "stake": state.stake,
            "allowance": state.allowance,
            "profit": {name: n for name, n in state.profit.items() if n},
        }
        values |= {
            f"binary {i}": (b.v, (b.q_yes, b.q_no), (b.s_yes, b.s_no), b.e, b.active)
            for i, b in enumerate(state.binaries)
        }
    return values


def picture_of(market: Market) -> dict[str, object]:
    """The same of the reference."""
    values: dict[str, object] = {"status": market.status, "pot": market.pot}
    standing = market.standing
    values["claim"] = standing and (standing.named, standing.paid_at)
    values["claim of"] = standing and ("the final" if standing.final else "a round")
    for user, person in sorted(market.people.items()):
        tokens = {key: n for key, n in sorted(person.tokens.items()) if n}
        values[f"user {user}"] = (person.cash, market.escrow(user), person.net, tokens)
    for order in market.resting.values():
        values[f"order {order.id}"] = (order.user, order.rest, order.escrow(order.rest), order.fee, order.autofill)
    if market.status not in ("resolved", "closed"):
        values |= {
            "stake": market.stake,
            "allowance": market.allowance,
            "profit": {name: n for name, n in market.profit.items() if n},
        }
        values |= {f"binary {i}": (p.v, tuple(p.q), tuple(p.s), p.e, p.active) for i, p in enumerate(market.pools)}
    return values


def differences(state: MarketState, market: Market) -> dict[str, tuple[object, object]]:
    """What differs: name -> (engine, reference)."""
    ours, theirs = picture(state), picture_of(market)
    return {
        name: (ours.get(name), theirs.get(name)) for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)
    }
