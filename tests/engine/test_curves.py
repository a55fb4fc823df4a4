"""What holdings are worth, many at once, is what each sale alone would bring, to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from engine.curves import floored_sales, worth
from engine.events import params_after
from engine.intents import Control, Intent, Order
from engine.orders import apply_orders
from engine.params import MarketParams
from engine.quote import Quote, quote
from engine.state import Book, MarketState, Side, Status, open_market
from engine.units import MICRO
from tests.deep import DEEP
from tests.engine.builders import funded, order, params, run_one
from tests.engine.markets import SPAN, USERS, logarithmic, some_intent, some_join, some_market

MARKETS = 400 if DEEP else 12
"""Random markets a block."""

CENT = MICRO // 100


def sold_alone(state: MarketState, p: MarketParams, outcome: int, side: Side, size: int, now_ms: int) -> int:
    """What the quote of a sale says that meets no order of the book, in a market that trades."""
    accounts = {user: replace(account, escrow=0) for user, account in state.accounts.items()}
    quiet = replace(state, status=Status.RUNNING, resting=Book(), accounts=accounts)
    asked = quote(quiet, p, now_ms=now_ms, user=None, outcome=outcome, side=side, buy=False, size=size)
    return asked.amount if isinstance(asked, Quote) else 0


def lives(rng: Random) -> Iterator[tuple[MarketState, MarketParams, int]]:
    """A random market at random moments of its life."""
    p = some_market(rng)
    state, now = open_market(p), 0
    joins: list[Intent] = [some_join(rng, f"j{user}", 0, user) for user in USERS]
    state = apply_orders(state, joins, p, 0)[1]
    for tick in range(6):
        now = min(SPAN - 1, now + rng.randint(0, SPAN // 4))
        intents = [some_intent(rng, f"{tick}-{i}", now, state, p) for i in range(rng.randint(1, 8))]
        _, state, events = apply_orders(state, intents, p, now)
        p = params_after(p, events)
        yield state, p, now


@pytest.mark.parametrize("block", range(4))
def test_worth_is_the_quote_of_the_sale_to_the_cent(block: int) -> None:
    """Of what people hold and of any size up to what the pool has, penalty, waterfall, floor and rounds in."""
    for seed in range(block * MARKETS, (block + 1) * MARKETS):
        rng = Random(seed)
        for state, p, now in lives(rng):
            if not state.active:
                continue
            n = len(state.binaries)
            held = np.zeros((len(state.accounts) + 2, n, 2), dtype=np.int64)
            for row, account in enumerate(state.accounts.values()):
                held[row] = account.tokens
            for row in range(len(state.accounts), len(held)):
                for j in state.active:
                    binary = state.binaries[j]
                    supplies = (binary.q_yes, binary.q_no)
                    held[row, j] = [rng.choice((q + 5, q - 1, q // 2, logarithmic(rng, 1, q))) for q in supplies]
            sums = worth(state, p, held, now)
            assert sums.shape == held.shape
            for row, j, s in np.argwhere(held):
                size = int(held[row, j, s])
                exact = sold_alone(state, p, int(j), (Side.YES, Side.NO)[s], size, now)
                if state.binaries[j].active:
                    got = int(sums[row, j, s])
                    assert abs(got - exact) < max(CENT, exact // 10**11), (seed, row, j, s, size, got, exact)
                else:
                    assert sums[row, j, s] == 0


def test_what_was_just_bought_is_worth_less_than_it_cost() -> None:
    """$200 of YES lifts its own price; what it would bring is what counts."""
    p = params()
    state = funded(p, ann=1000)
    ticket = quote(state, p, now_ms=0, user=1, outcome=0, side=Side.YES, buy=True, spend=200 * MICRO)
    assert isinstance(ticket, Quote)
    state = run_one(state, p, replace(order("ann buys 1 yes of 1"), size=ticket.size))[1]
    (value,) = worth(state, p, np.array([state.accounts[1].tokens]), 0)
    assert value[0, 0] < ticket.amount < ticket.size * ticket.price_after // 10**12
    assert (
        value.sum()
        == value[0, 0]
        == run_one(state, p, sale(ticket.size))[1].accounts[1].cash - (state.accounts[1].cash)
    )


def sale(size: int) -> Order:
    return replace(order("ann sells 1 yes of 1", id="s"), size=size)


def test_nobodys_bid_lifts_a_worth_and_a_freeze_does_not_move_it() -> None:
    p = params()
    state = run_one(funded(p, ann=1000, bob=1000), p, order("ann buys 300 yes of 1"))[1]
    held = np.array([account.tokens for account in state.accounts.values()])
    before = worth(state, p, held, 0)
    bid = replace(order("bob buys 100 yes of 1", id="b"), limit=3 * 10**11)
    assert (worth(run_one(state, p, bid)[1], p, held, 0) == before).all()
    assert (worth(replace(state, status=Status.FROZEN), p, held, 0) == before).all()


def test_floored_sales_are_those_of_which_a_quote_names_the_floor() -> None:
    """In random lives and after a round of a small market, of a small sale, to a tenth of a cent a token."""
    floored = 0
    for state, p, now in (
        moment for seed in range(2 * MARKETS) for moment in (*lives(Random(seed)), *_after_a_round())
    ):
        size = max(MICRO, p.l0 // 500)
        sales = floored_sales(state, p, now)
        quiet = replace(state, status=Status.RUNNING, resting=Book())
        for j, s in ((j, s) for j in state.active for s in (0, 1)):
            side = (Side.YES, Side.NO)[s]
            asked = quote(quiet, p, now_ms=now, user=None, outcome=j, side=side, buy=False, size=size)
            held = any(account.tokens[j][s] for account in state.accounts.values())
            if (j, side) in sales:
                assert held
                assert isinstance(asked, Quote)
                assert asked.floor * MICRO >= (MICRO // 1_000 - 20) * size
                assert sales[j, side] == pytest.approx(asked.amount * MICRO // size, abs=2 + 2 * MICRO**2 // size)
                floored += 1
            elif held and isinstance(asked, Quote) and asked.size == size:
                assert asked.floor * MICRO <= (MICRO // 1_000 + 20) * size
    assert floored >= 4 * MARKETS


def _after_a_round() -> list[tuple[MarketState, MarketParams, int]]:
    """Two of three bought for the same money, the third gone: the pot holds no more than what was paid in."""
    p = params()
    state = funded(p, ann=1_000, bob=1_000)
    for text in ("ann buys 400 yes of 1", "bob buys 400 yes of 2"):
        state = run_one(state, p, order(text, id=text[:3]))[1]
    out = Control(id="out", accepted_ms=10, kind="eliminate", outcomes=(2,))
    return [(run_one(state, p, out)[1], p, 20)]


def test_nothing_held_is_worth_nothing() -> None:
    p = params()
    state = funded(p, ann=1)
    assert worth(state, p, np.zeros((0, 3, 2), dtype=np.int64), 0).shape == (0, 3, 2)
    assert not worth(state, p, np.zeros((4, 3, 2), dtype=np.int64), 0).any()
    over = replace(state, binaries=tuple(replace(b, active=False) for b in state.binaries))
    assert not worth(over, p, np.ones((2, 3, 2), dtype=np.int64), 0).any()
