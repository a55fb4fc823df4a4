"""Somebody alone in a market who looks for a profit that is certain: random restarts, then hill climbing.

An attack is a sequence of orders and cancels by all the accounts the attacker has, so that they can trade with each
other, rest for each other, and set off each other's auto-fills. Every leg has a tick of its own, so that convexity
never adds up and each is swept; or it shares the tick of the one before it. What an attack is worth is the least, over
the winners, of what the tokens would pay, less what they cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from engine.events import Fill, OrderDone
from engine.intents import Cancel, Intent, Join, Order
from engine.orders import apply_orders
from engine.params import MarketParams
from engine.resolution import trigger_resolution, void_market
from engine.state import MarketState, Side, open_market, price
from engine.units import MICRO, RATE
from tests.engine import invariants

RING = (1, 2, 3)
"""The attacker's accounts; the first one is all that market orders alone need."""

PURSE = 10**9 * MICRO


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """Buy `size` micro-tokens, or sell `part` of what is held; with `away`, at a limit so many ticks from the price.

    `against` turns the leg against whoever waits first in the book: the same token, a pair of both, or a swap.
    """

    outcome: int
    side: Side
    size: int = 0
    part: float = 0.0
    who: int = RING[0]
    away: int | None = None
    against: bool = False
    autofill: bool = False
    cancel: bool = False
    together: bool = False


Attack = tuple[Leg, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`gain` is certain (micro-dollars, over winners), `turnover` all that was paid for buys, `kinds` of the fills."""

    attack: Attack
    state: MarketState
    gain: int
    turnover: int
    kinds: frozenset[str]

    @property
    def merit(self) -> float:
        """A gain is better the larger; a loss is compared with the turnover, lest doing nothing look best."""
        if self.turnover < MICRO:
            return -1.0
        return float(self.gain) if self.gain > 0 else self.gain / self.turnover


def fresh(params: MarketParams) -> MarketState:
    """A market that only the attacker has joined."""
    joins = [Join(id=f"{who}", accepted_ms=0, user=who, cash=PURSE) for who in RING]
    return apply_orders(open_market(params), joins, params, 0)[1]


def certain_gain(state: MarketState) -> int:
    """What the worst winner would leave the attacker with, counted from their start."""
    return min(invariants.payouts(state).values()) - state.pot


def carry_out(state: MarketState, params: MarketParams, attack: Attack) -> Result:
    """Plays an attack; legs that are refused are left out."""
    turnover, fills = 0, list[Fill]()
    waiting: list[Intent] = []
    for number, leg in enumerate(attack):
        intent = intent_of(state, params, leg, f"{number:04}")
        if intent is not None:
            waiting.append(intent)
        if waiting and not (number + 1 < len(attack) and attack[number + 1].together):
            done, state, events = apply_orders(state, waiting, params, 0)
            fills += done
            turnover += sum(event.amount for event in events if isinstance(event, OrderDone) and event.buy)
            waiting = []
    return Result(
        attack=attack,
        state=state,
        gain=certain_gain(state),
        turnover=turnover,
        kinds=frozenset(fill.kind for fill in fills),
    )


def intent_of(state: MarketState, params: MarketParams, leg: Leg, name: str) -> Intent | None:
    """A leg as things stand; None where there is nothing to do."""
    if leg.cancel:
        return Cancel(id=name, accepted_ms=0, user=leg.who)
    if not state.binaries[leg.outcome].active:
        return None
    order = Order(
        id=name,
        accepted_ms=0,
        user=leg.who,
        outcome=leg.outcome,
        side=leg.side,
        buy=leg.size > 0,
        size=leg.size,
        autofill=leg.autofill,
    )
    if leg.away is not None:
        at = int(price(state.binaries[leg.outcome], leg.side, params) * RATE) + leg.away * params.tick_size
        order = replace(order, limit=_on_a_tick(at, params))
    if leg.against:
        order = turned(state, params, order)
    if not order.buy:
        held = state.accounts[leg.who].tokens[order.outcome][order.side is Side.NO]
        free = held - state.resting.tied_of(leg.who, order.outcome, order.side)
        order = replace(order, size=int(free * (leg.part or 1.0)))
    return order if order.size > 0 else None


def turned(state: MarketState, params: MarketParams, order: Order) -> Order:
    """The order against the first of another account that waits; how is drawn from its size and outcome."""
    others = [resting for resting in state.resting.orders() if resting.user != order.user]
    if not others:
        return order
    other = others[order.size % len(others)]
    opposite = Side.NO if other.side is Side.YES else Side.YES
    rest = _on_a_tick(RATE - other.limit, params)
    side, buy, limit = (
        (other.side, not other.buy, other.limit),
        (opposite, other.buy, rest),
        (opposite, not other.buy, rest),
    )[(order.size + order.outcome) % 3]
    nudge = (order.size % 5 - 2) * params.tick_size
    size = min(order.size or other.rest, 10 * other.rest)
    return replace(order, outcome=other.outcome, side=side, buy=buy, limit=_on_a_tick(limit + nudge, params), size=size)


def _on_a_tick(limit: int, params: MarketParams) -> int:
    """The nearest legal limit below."""
    return max(params.tick_size, min(RATE - params.tick_size, limit - limit % params.tick_size))


def some_leg(rng: Random, state: MarketState, *, book: bool = False) -> Leg:
    outcome, side = rng.choice(state.active), rng.choice((Side.YES, Side.NO))
    if rng.random() < 0.3:
        leg = Leg(outcome=outcome, side=side, part=rng.choice((1.0, 0.5, rng.random())))
    else:
        leg = Leg(outcome=outcome, side=side, size=int(10 ** rng.uniform(3, 11)))
    if not book:
        return leg
    return replace(
        leg,
        who=rng.choice(RING),
        away=rng.choice((None, 0, 1, -1, -2, 2, rng.randint(-30, 30))),
        against=rng.random() < 0.4,
        autofill=rng.random() < 0.6,
        cancel=rng.random() < 0.05,
        together=rng.random() < 0.4,
    )


def some_attack(rng: Random, state: MarketState, *, book: bool = False) -> Attack:
    """Random legs; or the same for every outcome, the baskets that leak where prices do not add up."""
    if book and rng.random() < 0.8:
        return _ring(rng, state)
    if rng.random() < 0.4:
        size, side = int(10 ** rng.uniform(5, 10)), rng.choice((Side.YES, Side.NO))
        return tuple(Leg(outcome=j, side=side, size=size) for j in state.active)
    return tuple(some_leg(rng, state) for _ in range(rng.randint(1, 8)))


def _ring(rng: Random, state: MarketState) -> Attack:
    """Accounts that hold both sides of an outcome, then rest and cross each other, mostly there."""
    hot, stock = rng.choice(state.active), int(10 ** rng.uniform(6, 9.5))
    legs = [Leg(outcome=hot, side=side, size=stock, who=who) for who in RING[:2] for side in Side]
    for _ in range(rng.randint(2, 12)):
        leg = some_leg(rng, state, book=True)
        legs.append(replace(leg, outcome=hot) if rng.random() < 0.8 else leg)
    return tuple(legs if rng.random() < 0.7 else legs[4:])


def changed(rng: Random, attack: Attack, state: MarketState, *, book: bool = False) -> Attack:
    """A neighbour: a leg more, less, elsewhere, or another size; or all sizes at once."""
    legs, at = list(attack), rng.randrange(len(attack))
    how = rng.randrange(6)
    if how == 0:
        legs.insert(at, some_leg(rng, state, book=book))
    elif how == 1 and len(legs) > 1:
        del legs[at]
    elif how == 2:
        legs[at] = some_leg(rng, state, book=book)
    elif how == 3:
        legs = [_scaled(leg, 10 ** rng.uniform(-0.5, 0.5)) for leg in legs]
    elif how == 4:
        other = rng.randrange(len(legs))
        legs[at], legs[other] = legs[other], legs[at]
    else:
        legs[at] = _scaled(legs[at], 10 ** rng.uniform(-0.7, 0.7))
    return tuple(legs[:18])


def _scaled(leg: Leg, factor: float) -> Leg:
    return replace(leg, size=int(leg.size * factor), part=min(1.0, leg.part * factor))


def search(
    rng: Random, start: MarketState, params: MarketParams, tries: int, climb: int = 60, *, book: bool = False
) -> Iterator[Result]:
    """Every attack looked at, `tries` in all: a restart after every `climb` of them; with `book` in all its ways."""
    best: Result | None = None
    for number in range(tries):
        attack = some_attack(rng, start, book=book) if best is None else changed(rng, best.attack, start, book=book)
        result = carry_out(start, params, attack)
        yield result
        if best is None or result.merit >= best.merit:
            best = result
        if number % climb == climb - 1:
            best = None


def after_round(state: MarketState, params: MarketParams, loser: int) -> MarketState:
    """The market that goes on without `loser`."""
    return trigger_resolution(state, params, elim_outcomes=(loser,))[1]


def sure_through_rounds(
    rng: Random, state: MarketState, params: MarketParams, rounds: int, tries: int, *, book: bool = False
) -> int:
    """The most found that the attacker is sure of who trades, sees so many rounds, and trades again after each of them,
    whoever leaves: the least over the losers, looked at until one leaves nothing."""
    results = list(search(rng, state, params, tries, book=book))
    sure = max(certain_gain(state), *(result.gain for result in results))
    if not rounds or len(state.active) < 3:
        return sure
    plan = max(results, key=lambda result: result.merit).state
    least: int | None = None
    for loser in rng.sample(plan.active, len(plan.active)):
        later = sure_through_rounds(rng, after_round(plan, params, loser), params, rounds - 1, tries, book=book)
        least = later if least is None else min(least, later)
        if least <= 0:
            break
    return max(sure, least or 0)


def gains_of_the_ring(state: MarketState, params: MarketParams, winners: tuple[int, ...]) -> int:
    """What all accounts together gain where these win, or share; with nobody named, where the market is called off."""
    after = trigger_resolution(state, params, True, winners)[1] if winners else void_market(state)[0]
    return sum(account.cash + account.escrow for account in after.accounts.values()) - len(RING) * PURSE
