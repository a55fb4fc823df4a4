"""What holdings are worth, many at once, is what each sale alone would bring, to the cent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from engine.curves import worth
from engine.events import params_after
from engine.intents import Intent
from engine.orders import apply_orders
from engine.params import MarketParams
from engine.quote import Quote, quote
from engine.state import Book, MarketState, Side, Status, open_market
from engine.units import MICRO
from tests.engine.markets import SPAN, USERS, logarithmic, some_intent, some_join, some_market

DEEP = os.environ.get("OUTCRY_DEEP") == "1"
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
