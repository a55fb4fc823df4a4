"""A budget is a cap: a buy for so many dollars never takes more, gas beside it (ENGINE section 3, budget)."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest

from engine.events import OrderDone, Reason
from engine.intents import Order, intent_to_json
from engine.orders import apply_orders
from engine.params import MarketParams
from engine.quote import Quote, quote
from engine.sizing import largest_within_budget, try_size
from engine.state import MarketState, Side, Status, open_market
from engine.tick import Taker, Tick
from engine.units import MICRO
from tests.deep import DEEP
from tests.engine.builders import done, funded, order, params, play, run_one
from tests.engine.crowd import arrivals, some_crowded_market, some_doing
from tests.engine.markets import SPAN, logarithmic, some_intent, some_join, some_market
from tests.engine.reference.book import largest_that_fits

MARKETS = 200 if DEEP else 8
"""Random markets a block."""

SPENDING = """
    0 | ann joins with 100                        | joined
    0 | bob joins with 1                          | joined
    1 | ann buys 10 yes of 1 spend 5              | filled 3.373860
    2 | ann buys 10 yes of 1 spend 2              | filled 2.000000
    3 | ann buys 10 yes of 1 spend 0.000001       | refused spend
    3 | ann buys 10 yes of 1 spend 0              | refused spend
    3 | ann buys 10 yes of 1 spend -1             | refused spend
    4 | ann sells 10 yes of 1 spend 5             | refused spend
    4 | ann buys 10 yes of 1 at 0.5 spend 5       | refused spend
    4 | ann sells 900 yes of 1 spend 5            | refused spend
    5 | ann buys 0 yes of 1 spend 5               | refused size_zero
    5 | ann buys 10 yes of 1 at 0.555 spend 5     | refused bad_limit
    5 | ann buys 10 yes of 9 spend 5              | refused unknown_outcome
    6 | ann buys 100 yes of 1 spend 20 worst 0.34 | refused past_worst_price
    6 | ann buys 100 yes of 1 spend 20 worst 0.36 | filled 20.000000
    7 | bob buys 100 yes of 1 spend 5             | refused no_cash
    7 | bob buys 100 yes of 1 spend 0.5           | filled 0.500000
    8 | bob buys 1 yes of 1 spend 0.5             | refused no_cash_for_gas
"""


def test_a_life_with_budgets() -> None:
    """Gas is beside the budget; cash and worst price are judged on the size that fits; nothing rests, and what was
    refused changed nothing but its gas."""
    state, _ = play(params(gas_fee="0.2"), SPENDING)
    assert not state.resting


def test_one_token_more_would_not_fit() -> None:
    p = params()
    state = funded(p, ann=1000, bob=1000)
    spending = replace(order("ann buys 1000 yes of 1"), spend=100 * MICRO)
    end = done(run_one(state, p, spending)[2])
    assert (end.status, end.size, end.amount <= 100 * MICRO) == ("filled", 1000 * MICRO, True)
    more = replace(spending, size=end.filled + 1, spend=None)
    assert done(run_one(state, p, more)[2]).amount > 100 * MICRO


def test_a_budget_counts_the_own_legs_alone() -> None:
    """Book, maker and fees are in it; what auto-fills pay back comes on top of what the budget bought."""
    p = params(fee="0.05", kappa="0.0001")
    table = """
        0 | ann joins with 10000                | joined
        0 | bob joins with 10000                | joined
        1 | bob buys 100 yes of 1               | filled 36.662737
        1 | bob sells 20 yes of 1 at 0.35       | rests 20
        1 | bob buys 500 yes of 2 at 0.33 auto on | rests 500
        1 | bob buys 30 no of 1 at 0.66         | rests 30
    """
    state, p = play(p, table)
    placed = replace(order("ann buys 10000 yes of 1", at=2), spend=50 * MICRO)
    fills, after, events = run_one(state, p, placed)
    end = done(events)
    paid_back = sum(getattr(event, "amount", 0) for event in events if type(event).__name__ == "PaidBack")
    assert {fill.kind for fill in fills if fill.order == "o"} >= {"direct", "mint", "maker"}
    assert 50 * MICRO - 2 <= end.amount <= 50 * MICRO
    assert state.accounts[1].cash - after.accounts[1].cash == end.amount - paid_back


def test_convexity_of_earlier_orders_counts_for_a_budget_too() -> None:
    p = params(kappa="0.001")
    state = funded(p, ann=10**5)
    spending = replace(order("ann buys 500 yes of 1", id="b"), spend=20 * MICRO)
    _, _, events = apply_orders(state, [order("ann buys 50 yes of 1", id="a"), spending], p, 0)
    after = [event for event in events if isinstance(event, OrderDone)][1]
    assert 20 * MICRO - 2 <= after.amount <= 20 * MICRO
    assert after.filled < done(run_one(state, p, spending)[2]).filled


def test_an_order_without_a_budget_says_nothing_of_one() -> None:
    plain = order("ann buys 1 yes of 1")
    assert "spend" not in intent_to_json(plain)
    assert json.loads(json.dumps(intent_to_json(replace(plain, spend=7))))["spend"] == 7


def some_states(rng: Random) -> list[tuple[MarketState, MarketParams, int]]:
    """A random market, crowded or not, at some moments of its life."""
    crowded = rng.random() < 0.5
    p = some_crowded_market(rng) if crowded else some_market(rng)
    joins = arrivals(rng, p) if crowded else [some_join(rng, f"j{user}", 0, user) for user in (1, 2, 3, 4)]
    state, now, states = apply_orders(open_market(p), joins, p, 0)[1], 0, []
    doing = some_doing if crowded else some_intent
    for tick in range(8):
        now = min(SPAN, now + rng.randint(0, SPAN // 8))
        state = apply_orders(state, [doing(rng, f"{tick}-{i}", now, state, p) for i in range(6)], p, now)[1]
        if state.status is Status.RUNNING:
            states.append((state, p, now))
    return states


@pytest.mark.parametrize("block", range(4))
def test_the_size_is_that_of_plain_halving(block: int) -> None:
    """ENGINE 11.2 to the micro-token, though most of its steps follow from prices already known."""
    for seed in range(block * MARKETS, (block + 1) * MARKETS):
        rng = Random(seed)
        for state, p, now in some_states(rng):
            tick, user = Tick(state, p, now), rng.choice(sorted(state.accounts))
            account = tick.working.account(user)
            assert account is not None
            outcome, side = rng.choice(state.active), rng.choice(tuple(Side))
            tried = Order(id="q", accepted_ms=now, user=user, outcome=outcome, side=side, buy=True, size=1)
            taker = Taker(tick, tried, account)
            high = logarithmic(rng, 1, rng.choice((10**6, 10**9, 10**11, 10**13)))
            cost = try_size(taker, high).amount
            spend = rng.choice((cost, cost - rng.randint(1, 5), cost * rng.randint(1, 999) // 1000, rng.randint(1, 60)))
            plain = largest_that_fits(high, lambda d: try_size(taker, d).amount <= spend) if spend > 0 else 0  # noqa: B023
            assert largest_within_budget(taker, spend, high) == plain, (seed, high, spend)


def test_a_ticket_for_dollars_alone_is_the_fill_that_follows() -> None:
    """Its size and budget, in an order that runs alone, give the ticket's own numbers."""
    p = params(gas_fee="0.1")
    state = run_one(funded(p, ann=1000), p, order("ann buys 300 yes of 1"))[1]
    for spend in (7, 10**6, 50 * MICRO, 400 * MICRO):
        ticket = quote(state, p, now_ms=0, user=1, outcome=0, side=Side.YES, buy=True, spend=spend)
        assert isinstance(ticket, Quote)
        assert (ticket.amount <= spend, ticket.spend) == (True, spend)
        placed = replace(order("ann buys 1 yes of 1", id="b"), size=ticket.size, spend=spend)
        end = done(run_one(state, p, placed)[2])
        assert (end.filled, end.amount) == (ticket.size, ticket.amount)
    capped = quote(state, p, now_ms=0, user=1, outcome=0, side=Side.YES, buy=True, size=10 * MICRO, spend=50 * MICRO)
    assert isinstance(capped, Quote)
    assert capped.size == 10 * MICRO


def test_dollars_at_a_limit_are_what_the_order_ties_up() -> None:
    p = params(fee="0.02")
    state = funded(p, ann=1000)
    ticket = quote(state, p, now_ms=0, user=1, outcome=0, side=Side.YES, buy=True, spend=50 * MICRO, limit=10**11)
    assert isinstance(ticket, Quote)
    assert (ticket.size, ticket.spend) == (0, None)
    held = [-(-size // 10) - (-size // 500) for size in (ticket.rests, ticket.rests + 1)]  # 10 cents and 2 % of them
    assert (held[0], held[1] > 50 * MICRO) == (ticket.escrow, True)


def test_a_refusal_of_a_budget_has_a_name() -> None:
    p = params()
    end = done(run_one(funded(p, ann=10), p, replace(order("ann sells 1 yes of 1"), spend=MICRO))[2])
    assert (end.reason, end.detail) == (Reason.SPEND, {"spend": MICRO})
