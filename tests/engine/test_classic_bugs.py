"""The classic bugs of such a market, where a book makes them possible again; each test is named after one.

Elsewhere: the wrong root (`test_amm`), a penalty that inflates and double diversion of a plain buy
(`test_market_orders`), a swap priced by a ring (`test_crossing`), odds that break the bound and a stake of nothing
(`test_params`), interpolation (`test_course`).
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from engine.events import Fill, OrderDone, Paid, Released
from engine.intents import Cancel, Control, Intent, Order
from engine.orders import apply_orders
from engine.params import MarketParams
from engine.state import MarketState
from engine.units import MICRO, RATE
from tests.engine import invariants
from tests.engine.builders import Outcome, check_all, funded, order, params
from tests.engine.reference.pool import Depth, Path, curve_buy

CENT = RATE // 100
FREE: dict[str, object] = {"fee": 0, "match_fee": 0, "kappa": 0}


def tick(state: MarketState, p: MarketParams, *intents: Intent) -> Outcome:
    outcome = apply_orders(state, intents, p, max(intent.accepted_ms for intent in intents))
    check_all(state, outcome, p)
    invariants.check_exposure(outcome[1], p)
    invariants.check_tokens(outcome[1])
    invariants.check_profit(state, outcome[1])
    return outcome


def limited(text: str, cents: int, *, id: str, at: int = 0, autofill: bool = False) -> Order:
    return replace(order(text, at=at, id=id), limit=cents * CENT, autofill=autofill)


def minted(p: MarketParams, pairs: int) -> MarketState:
    """Ann has so many YES and bob as many NO of outcome 1, out of escrow: far more than the pool ever held."""
    state = funded(p, ann=100_000, bob=100_000, cy=100_000)
    buys = (limited(f"ann buys {pairs} yes of 1", 20, id="y"), limited(f"bob buys {pairs} no of 1", 90, id="n", at=1))
    fills, state, _ = tick(state, p, *buys)
    assert {fill.kind for fill in fills} >= {"mint"}
    return tick(state, p, Cancel(id="c", accepted_ms=2, user=1), Cancel(id="d", accepted_ms=2, user=2))[1]


def test_more_can_be_sold_than_the_pool_holds_after_minting() -> None:
    """What is beyond the pool comes back unsold; money, prices and exposure hold."""
    p = params(z=100, **FREE)
    state = minted(p, 5_000)
    held = state.accounts[1].tokens[0][0]
    pool = state.binaries[0]
    assert held > 10 * pool.q_yes
    whole = replace(order("ann sells 1 yes of 1", at=3), size=held)
    fills, after, events = tick(state, p, whole)
    (done,) = (event for event in events if isinstance(event, OrderDone))
    assert sum(fill.size for fill in fills) == done.filled <= pool.q_yes - 1
    assert done.unsold == held - done.filled > 0
    assert after.accounts[1].tokens[0][0] == done.unsold
    assert 10 * invariants.level(after.binaries[0], p) >= p.l0


def test_minted_pairs_leave_prices_alone() -> None:
    """In the pool they would lift YES and NO towards 1 together, the worst pump of the original design."""
    p = params(z=100, **FREE)
    state = funded(p, ann=100_000, bob=100_000)
    after = minted(p, 5_000)
    assert after.binaries[0].e > 4_000 * MICRO
    for before, now in zip(state.binaries, after.binaries, strict=True):
        for old, new in ((before.q_yes, now.q_yes), (before.q_no, now.q_no)):
            was, is_now = old / invariants.level(before, p), new / invariants.level(now, p)
            assert abs(is_now - was) < 0.25  # ann's and bob's own maker parts, which end at their limits


def test_no_pool_goes_below_a_tenth_of_its_depth_however_much_is_sold() -> None:
    """Sales in every outcome drain one another's pools; none gets empty, none negative."""
    p = params(z=100, zeta="0.4", **FREE)
    state = minted(p, 5_000)
    intents = [replace(order(f"{who} buys 60 {side} of {j}", at=3), id=f"{who}{side}{j}") for who, side, j in BUYS]
    state = tick(state, p, *intents)[1]
    for n in range(12):
        who, user = (("ann", 1), ("bob", 2), ("cy", 3))[n % 3]
        for j in range(3):
            for side, size in zip(("yes", "no"), state.accounts[user].tokens[j], strict=True):
                if size:
                    sale = replace(order(f"{who} sells 1 {side} of {j + 1}", at=4 + n), size=size, id=f"{n}{j}{side}")
                    state = tick(state, p, sale)[1]
    for binary in state.binaries:
        assert 10 * invariants.level(binary, p) >= p.l0
        assert min(binary.q_yes, binary.q_no) > 0


BUYS = [("cy", "yes", 1), ("cy", "no", 2), ("ann", "yes", 2), ("bob", "no", 3), ("cy", "yes", 3)]


@pytest.mark.parametrize("text", ["buys 1 yes of 1", "buys 1 no of 3"])
def test_an_oversized_limit_order_is_escrowed_or_refused_and_never_stretches_a_price(text: str) -> None:
    p = params(z=100)
    state = funded(p, ann=10**9)
    for exponent in (10, 14, 30):
        huge = replace(limited(f"ann {text}", 99, id="huge"), size=10**exponent)
        _, after, events = tick(state, p, huge)
        (done,) = (event for event in events if isinstance(event, OrderDone))
        assert done.status in ("filled", "partly") if exponent < 15 else done.status == "refused"
        assert done.filled + done.rests == (huge.size if done.status != "refused" else 0)
        if done.status == "refused":
            assert after == state


def test_dust_is_never_free_in_the_book_either() -> None:
    """A micro-token at a time, from people, as pairs and from the maker: purchases cost, sales give nothing."""
    p = params(**FREE)
    state = minted(p, 5_000)
    asks = limited("ann sells 1 yes of 1", 1, id="ask", at=3)
    bids = limited("ann buys 1 yes of 2", 30, id="bid", at=3)
    state = tick(state, p, replace(asks, limit=60 * CENT), bids)[1]
    for n, text in enumerate(("cy buys 0.000001 yes of 1", "cy buys 0.000001 no of 2", "cy buys 0.000001 yes of 3")):
        for limit in (None, 99 * CENT):
            bought = replace(order(text, at=4 + n, id=f"b{n}{limit}"), limit=limit)
            before = state.accounts[3].cash
            state = tick(state, p, bought)[1]
            assert state.accounts[3].cash < before
    for n, text in enumerate(("cy sells 0.000001 yes of 1", "cy sells 0.000001 no of 2", "cy sells 0.000001 yes of 3")):
        before = state.accounts[3].cash
        state = tick(state, p, order(text, at=9 + n, id=f"s{n}"))[1]
        assert state.accounts[3].cash == before


def test_what_a_trigger_and_its_auto_fills_pay_is_diverted_once_each() -> None:
    """Every pool got exactly its share of every fill, so the sum of all changes is what came in."""
    p = params(zeta="0.3", af_cap_frac="0.2", af_max_surplus=1, **FREE)
    state = funded(p, ann=100_000, bob=100_000, cy=100_000)
    waiting = [limited(f"bob buys 400 yes of {j}", 33, id=f"r{j}", autofill=True) for j in (2, 3)]
    state = tick(state, p, *waiting)[1]
    fills, after, _ = tick(state, p, order("ann buys 2000 yes of 1", at=1))
    assert [fill.kind for fill in fills].count("autofill") >= 1
    pools = [[binary.v, binary.q_yes] for binary in state.binaries]
    depth, zeta = Depth(l0=p.l0, gamma=Fraction(p.gamma, RATE)), Fraction(p.zeta_start, RATE)
    for fill in fills:
        v, q = pools[fill.outcome]
        x = curve_buy(Path(depth=depth, v=v, q=q, phi=1 - 2 * zeta), fill.size)
        assert fill.parts.get("pool", x) == x
        share = x * p.zeta_start // RATE
        pools[fill.outcome][1] += fill.size
        for j in range(3):
            pools[j][0] += x - 2 * share if j == fill.outcome else share
    assert [[binary.v, binary.q_yes] for binary in after.binaries] == pools


def test_an_elimination_gives_back_and_pays_once() -> None:
    """Named twice in one tick, with orders resting on it: one payout, one return, one stake."""
    p = params(mr_enabled=True, rounds=ROUNDS)
    state = funded(p, ann=1_000, bob=1_000)
    state = tick(
        state,
        p,
        order("ann buys 100 no of 2", id="a"),
        order("bob buys 50 yes of 2", id="b"),
        limited("bob sells 50 yes of 2", 90, id="s", at=1),
        limited("ann buys 100 yes of 2", 5, id="r", at=1),
    )[1]
    twice = [Control(id=f"e{n}", accepted_ms=100, kind="eliminate", outcomes=(1,)) for n in range(2)]
    _, after, events = tick(state, p, *twice)
    assert sum(event.amount for event in events if isinstance(event, Paid)) == 100 * MICRO
    assert sorted(event.order for event in events if isinstance(event, Released)) == ["r", "s"]
    assert after.accounts[1].cash == state.accounts[1].cash + state.accounts[1].escrow + 100 * MICRO
    assert after.accounts[1].escrow == 0
    assert after.active == (0, 2)


ROUNDS = [
    {"freeze_at": 100, "decide_at": 100, "count": 1, "losers": "ask"},
    {"freeze_at": 900, "decide_at": 1000, "winner": "ask"},
]


def test_a_pool_whose_subsidy_is_used_up_trades_on() -> None:
    """Beyond l0/gamma the depth is the collateral alone; nothing divides by it, nothing is given away."""
    p = params(z=1, gamma="0.001", **FREE)
    state = funded(p, ann=10**6, bob=10**6)
    for n in range(4):
        both = (order("ann buys 2000 yes of 1", at=n, id="y"), order("bob buys 2000 no of 1", at=n, id="n"))
        state = tick(state, p, *both)[1]
    assert state.binaries[0].v == invariants.level(state.binaries[0], p)
    fills: list[Fill] = []
    for n, text in enumerate(("ann sells 8000 yes of 1", "bob sells 8000 no of 1")):
        new_fills, state, _ = tick(state, p, order(text, at=5 + n))
        fills += new_fills
    assert sum(fill.size for fill in fills) > 0
    assert invariants.house_cash(state) >= p.z
