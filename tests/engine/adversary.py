"""Somebody alone in a market who looks for a profit that is certain: random restarts, then hill climbing.

An attack is a sequence of market orders, each in a tick of its own, so that convexity never adds up. What it is worth
is the least, over the winners, of what its tokens would pay, less what it cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from engine.events import OrderDone
from engine.intents import Join, Order
from engine.orders import apply_orders
from engine.params import MarketParams
from engine.resolution import trigger_resolution
from engine.state import MarketState, Side, open_market
from engine.units import MICRO
from tests.engine import laws

ME = 1
PURSE = 10**9 * MICRO


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """Buy `size` micro-tokens, or sell `part` of what is held."""

    outcome: int
    side: Side
    size: int = 0
    part: float = 0.0


Attack = tuple[Leg, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`gain` is certain (micro-dollars, over winners), `turnover` all that was paid for buys."""

    attack: Attack
    state: MarketState
    gain: int
    turnover: int

    @property
    def merit(self) -> float:
        """A gain is better the larger; a loss is compared with the turnover, lest doing nothing look best."""
        if self.turnover < MICRO:
            return -1.0
        return float(self.gain) if self.gain > 0 else self.gain / self.turnover


def fresh(params: MarketParams) -> MarketState:
    """A market that only the attacker has joined."""
    return apply_orders(open_market(params), [Join(id="me", accepted_ms=0, user=ME, cash=PURSE)], params, 0)[1]


def certain_gain(state: MarketState) -> int:
    """What the worst winner would leave the attacker with, counted from her start."""
    return min(laws.payouts(state).values()) - state.pot


def carry_out(state: MarketState, params: MarketParams, attack: Attack) -> Result:
    """Plays an attack; legs that are refused are left out."""
    turnover = 0
    for number, leg in enumerate(attack):
        held = state.accounts[ME].tokens[leg.outcome][leg.side is Side.NO]
        size = leg.size or int(held * leg.part)
        if size <= 0 or not state.binaries[leg.outcome].active:
            continue
        order = Order(
            id=f"{number:04}",
            accepted_ms=0,
            user=ME,
            outcome=leg.outcome,
            side=leg.side,
            buy=leg.size > 0,
            size=size,
        )
        _, state, events = apply_orders(state, [order], params, 0)
        turnover += sum(event.amount for event in events if isinstance(event, OrderDone) and leg.size)
    return Result(attack=attack, state=state, gain=certain_gain(state), turnover=turnover)


def some_leg(rng: Random, state: MarketState) -> Leg:
    outcome, side = rng.choice(state.active), rng.choice((Side.YES, Side.NO))
    if rng.random() < 0.3:
        return Leg(outcome=outcome, side=side, part=rng.choice((1.0, 0.5, rng.random())))
    return Leg(outcome=outcome, side=side, size=int(10 ** rng.uniform(3, 11)))


def some_attack(rng: Random, state: MarketState) -> Attack:
    """Random legs; or the same for every outcome, the baskets that leak where prices do not add up."""
    if rng.random() < 0.4:
        size, side = int(10 ** rng.uniform(5, 10)), rng.choice((Side.YES, Side.NO))
        return tuple(Leg(outcome=j, side=side, size=size) for j in state.active)
    return tuple(some_leg(rng, state) for _ in range(rng.randint(1, 8)))


def changed(rng: Random, attack: Attack, state: MarketState) -> Attack:
    """A neighbour: a leg more, less, elsewhere, or another size; or all sizes at once."""
    legs, at = list(attack), rng.randrange(len(attack))
    how = rng.randrange(6)
    if how == 0:
        legs.insert(at, some_leg(rng, state))
    elif how == 1 and len(legs) > 1:
        del legs[at]
    elif how == 2:
        legs[at] = some_leg(rng, state)
    elif how == 3:
        legs = [_scaled(leg, 10 ** rng.uniform(-0.5, 0.5)) for leg in legs]
    elif how == 4:
        other = rng.randrange(len(legs))
        legs[at], legs[other] = legs[other], legs[at]
    else:
        legs[at] = _scaled(legs[at], 10 ** rng.uniform(-0.7, 0.7))
    return tuple(legs[:12])


def _scaled(leg: Leg, factor: float) -> Leg:
    return replace(leg, size=int(leg.size * factor), part=min(1.0, leg.part * factor))


def search(rng: Random, start: MarketState, params: MarketParams, tries: int, climb: int = 60) -> Iterator[Result]:
    """Every attack looked at, `tries` in all: a restart after every `climb` of them."""
    best: Result | None = None
    for number in range(tries):
        attack = some_attack(rng, start) if best is None else changed(rng, best.attack, start)
        result = carry_out(start, params, attack)
        yield result
        if best is None or result.merit >= best.merit:
            best = result
        if number % climb == climb - 1:
            best = None


def after_round(state: MarketState, params: MarketParams, loser: int) -> MarketState:
    """The market that goes on without `loser`."""
    return trigger_resolution(state, params, elim_outcomes=(loser,))[1]
