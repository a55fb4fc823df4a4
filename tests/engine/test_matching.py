"""Direct, mint, merge and swap: who pays what to whom, to the micro-dollar."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.amm import swap_cost
from engine.events import Fill, OrderDone
from engine.intents import Intent, Order
from engine.orders import apply_orders
from engine.params import MarketParams
from engine.rates import rates_at, tariff
from engine.resting_book import escrowed
from engine.state import MarketState, Side, depth
from engine.units import MICRO, RATE, ceil_div
from tests.engine.builders import Outcome, check_all, done, funded, order, params

FEE, MATCH = RATE // 100, RATE // 200
CENT = RATE // 100


def limited(text: str, cents: int, *, at: int = 0, id: str = "o") -> Order:
    return replace(order(text, at=at, id=id), limit=cents * CENT)


def waiting(text: str, cents: int, *, at: int = 0) -> Order:
    return limited(text, cents, at=at, id="rest")


def tick(state: MarketState, p: MarketParams, *intents: Intent) -> Outcome:
    outcome = apply_orders(state, intents, p, max((intent.accepted_ms for intent in intents), default=0))
    check_all(state, outcome, p)
    return outcome


def moved(before: MarketState, after: MarketState, user: int) -> int:
    return after.accounts[user].cash - before.accounts[user].cash


def gained(before: MarketState, after: MarketState) -> dict[str, int]:
    """Profit by source that is not 0."""
    return {name: n for name, amount in after.profit.items() if (n := amount - before.profit[name])}


P = params()


def stocked(p: MarketParams = P, **more: int) -> MarketState:
    """Bob and cy hold 300 of YES 1 and NO 1 each."""
    state = funded(p, ann=5_000, bob=5_000, cy=5_000, **more)
    texts = ("bob buys 300 yes of 1", "cy buys 300 no of 1", "cy buys 300 yes of 1", "bob buys 300 no of 1")
    return tick(state, p, *(order(text, id=f"s{n}") for n, text in enumerate(texts)))[1]


def test_direct_the_buyer_comes_later() -> None:
    """The buyer pays ceil(t*d) and the fee on it, the seller gets floor(t*d) and pays nothing, the dust is match."""
    state = tick(stocked(), P, waiting("bob sells 33.333333 yes of 1", 45))[1]
    fills, after, events = tick(state, P, order("ann buys 900 yes of 1", at=1))
    (fill,) = [fill for fill in fills if fill.kind == "direct"]
    assert (fill.buyer, fill.seller, fill.size) == (1, 2, 33_333_333)
    assert (fill.amount, fill.kept) == (15_000_000, 1)  # 14,999,999.85
    assert fill.buy_fee == ceil_div(FEE * 45 * CENT * 33_333_333, RATE * RATE)
    assert (fill.sell_fee, fill.resting, fill.released) == (0, "rest", 0)
    assert moved(state, after, 2) == 14_999_999
    assert after.accounts[2].tokens[0][0] == 300 * MICRO - 33_333_333
    assert gained(state, after)["match"] == 1
    assert done(events).amount == -moved(state, after, 1)


def test_direct_the_seller_comes_later() -> None:
    """The resting buy pays from its escrow, the fee in it comes back; the sale's fee is taken out of floor(t*d)."""
    state = tick(stocked(), P, waiting("ann buys 33.333333 yes of 1", 38))[1]
    assert state.accounts[1].escrow == escrowed(38 * CENT, FEE, 33_333_333)
    fills, after, _ = tick(state, P, order("bob sells 300 yes of 1", at=1))
    (fill,) = [fill for fill in fills if fill.kind == "direct"]
    assert (fill.amount, fill.kept, fill.buy_fee) == (12_666_667, 1, 0)
    assert fill.sell_fee == ceil_div(FEE * 38 * CENT * 33_333_333, RATE * RATE)
    assert fill.released == state.accounts[1].escrow
    assert moved(state, after, 1) == fill.released - 12_666_667
    assert after.accounts[1].escrow == 0


def test_mint_the_later_order_pays_what_the_earlier_leaves() -> None:
    """Two buyers make a pair: $1 to escrow, each pays match_fee of price*size, the later gets the improvement."""
    p = params(fee="0.05")
    state = tick(funded(p, ann=500, bob=500), p, waiting("bob buys 90 no of 1", 66))[1]
    before = state.binaries[0]
    fills, after, _ = tick(state, p, limited("ann buys 90 yes of 1", 40, at=1))
    own, theirs = (fill for fill in fills if fill.kind == "mint")
    assert (own.buyer, own.side, own.seller, own.resting) == (1, Side.YES, None, None)
    assert (theirs.buyer, theirs.side, theirs.seller, theirs.resting) == (2, Side.NO, None, "rest")
    assert theirs.amount == ceil_div(66 * own.size, 100)
    assert (
        own.amount == own.size - theirs.amount + 1
    )  # 34 cents, not the limit of 40; seeds round up: YES + NO is a hair over $1
    assert 0 <= own.buy_fee - ceil_div(MATCH * 34 * own.size, 100 * RATE) <= 1
    assert theirs.buy_fee == ceil_div(MATCH * 66 * own.size, 100 * RATE)
    assert after.binaries[0].e == own.size
    assert gained(state, after)["match_fee"] == own.buy_fee + theirs.buy_fee
    if own.size == 90 * MICRO:  # the maker is dearer with 5 % fee: pools did not move
        assert replace(after.binaries[0], e=0) == before


def test_mint_asks_for_what_yes_and_no_cost_together() -> None:
    """Where YES + NO stand above $1 both limits must reach that; the later pays it, the excess is profit match."""
    state = stocked()
    pool = state.binaries[0]
    top = Fraction(pool.q_yes + pool.q_no, depth(pool.v, P.l0, P.gamma))
    assert top > Fraction(101, 100)
    short = limited("ann buys 10 yes of 1", 35, at=1)
    rest = waiting("bob buys 100 no of 1", 69)  # 35 + 69 is more than $1, less than both cost
    fills, after, _ = tick(state, P, rest, short)
    assert [fill for fill in fills if fill.kind == "mint"] == []
    fills, after, _ = tick(state, P, rest, order("ann buys 300 yes of 1", at=1))
    legs = [fill for fill in fills if fill.kind == "mint"]
    assert legs
    own, theirs = legs
    wanted = own.size * top
    assert own.amount + theirs.amount == -(-wanted.numerator // wanted.denominator)
    assert gained(state, after)["match"] == own.amount + theirs.amount - own.size


def test_merge_the_later_order_gets_what_the_earlier_leaves() -> None:
    p = params(fee="0.05")
    state = funded(p, bob=500, cy=500)
    state = tick(state, p, order("bob buys 90 no of 1", id="a"), order("cy buys 90 yes of 1", id="b"))[1]
    state = tick(state, p, waiting("bob sells 90 no of 1", 68))[1]
    fills, after, _ = tick(state, p, limited("cy sells 90 yes of 1", 20, at=1))
    own, theirs = (fill for fill in fills if fill.kind == "merge")
    assert (own.seller, own.buyer, theirs.seller, theirs.resting) == (3, None, 2, "rest")
    assert own.amount == 32 * own.size // 100
    assert theirs.amount == 68 * own.size // 100
    assert own.sell_fee == ceil_div(MATCH * 32 * own.size, 100 * RATE)
    assert theirs.sell_fee == ceil_div(MATCH * 68 * own.size, 100 * RATE)
    assert after.binaries[0].e == -own.size
    assert moved(state, after, 2) == theirs.amount - theirs.sell_fee


SWAPPING = {"fee": "0.05", "match_fee": "0.01"}
"""A dear maker: at 35 cents a buyer is better off with a swap as soon as the maker asks 34."""


def before_a_swap(**more: object) -> tuple[MarketParams, MarketState]:
    p = params(**{**SWAPPING, **more})
    state = funded(p, ann=5_000, bob=5_000, cy=5_000)
    state = tick(state, p, order("bob buys 100 no of 1", id="a"), order("cy buys 100 no of 1", id="b"))[1]
    return p, tick(state, p, waiting("bob sells 60 no of 1", 69, at=1))[1]


def test_swap_both_trade_at_their_own_limits_and_the_house_keeps_the_rest() -> None:
    """The pool moves by the curve's x; what the limits leave above it is profit match."""
    p, state = before_a_swap()
    fills, after, _ = tick(state, p, limited("ann buys 80 yes of 1", 35, at=2))
    assert [fill.kind for fill in fills] == ["maker", "swap", "swap"]  # up to what the swap costs, then the swap
    maker, own, theirs = fills
    assert (own.buyer, own.seller, own.side) == (1, None, Side.YES)
    assert (theirs.buyer, theirs.seller, theirs.side, theirs.resting) == (None, 2, Side.NO, "rest")
    d = own.size
    assert own.amount == ceil_div(35 * d, 100)
    assert theirs.amount == 69 * d // 100
    assert own.buy_fee == ceil_div(35 * d, 100 * 100)
    assert theirs.sell_fee == ceil_div(69 * d, 100 * 100)
    assert after.accounts[1].tokens[0][0] == maker.size + d == 80 * MICRO
    match = gained(state, after)["match"]
    pools = sum(b.v for b in after.binaries) - sum(b.v for b in state.binaries)
    assert pools == maker.parts["pool"] + own.amount - theirs.amount - match
    assert match > 0


def test_a_swap_cut_short_is_the_orders_last_and_the_maker_has_the_rest() -> None:
    p, state = before_a_swap()
    fills, _, events = tick(state, p, limited("ann buys 80 yes of 1", 34, at=2))
    assert [fill.kind for fill in fills] == ["swap", "swap", "maker"]
    assert fills[0].size < 60 * MICRO
    assert done(events).status == "filled"


def test_a_swap_is_never_below_the_houses_own_curve() -> None:
    """d is the largest for which the limits cover the curve: one token more would not be covered."""
    p, state = before_a_swap()
    outcome = tick(state, p, limited("ann buys 500 yes of 1", 34, at=2))
    legs = [fill for fill in outcome[0] if fill.kind == "swap"]
    assert legs
    d = legs[0].size
    maker = [fill for fill in outcome[0][: outcome[0].index(legs[0])] if fill.kind == "maker"]
    pool = state.binaries[0]
    t = tariff(p, rates_at(p, state, 2), 3)
    v, q_yes = pool.v, pool.q_yes
    for fill in maker:
        share = t.zeta * fill.parts["pool"] // RATE
        v, q_yes = v + fill.parts["pool"] - 2 * share, q_yes + fill.size
    deep = depth(v, p.l0, p.gamma)
    for size, covered in ((d, True), (d + 1, d == 60 * MICRO)):
        x = swap_cost(size, q_yes, pool.q_no, deep, t.selling(v)[0])
        assert x is not None
        assert ((34 - 69) * CENT * size >= x * RATE) is covered


@pytest.mark.parametrize(
    ("yes", "no", "swaps"),
    [
        (34, 69, True),
        (35, 69, True),
        (36, 69, False),  # the maker is better for the buyer
        (99, 69, False),
        (34, 99, False),  # a seller of NO who asks for far too much
        (1, 99, False),
        (32, 69, False),  # the house would pay more than its curve
        (30, 69, False),  # not complementary
    ],
)
def test_a_ring_cannot_price_a_swap(yes: int, no: int, swaps: bool) -> None:
    """Two friends choose both limits; whatever they choose, together they never get more than the curve gives."""
    p = params(**SWAPPING)
    state = funded(p, ann=5_000, bob=5_000)
    state = tick(state, p, order("bob buys 200 no of 1"))[1]
    rest, buy = limited("bob sells 60 no of 1", no, at=1, id="r"), limited("ann buys 80 yes of 1", yes, at=2, id="b")
    fills, after, _ = tick(state, p, rest, buy)
    assert any(fill.kind == "swap" for fill in fills) is swaps
    assert gained(state, after).get("match", 0) >= 0


def test_a_sale_may_swap_with_a_resting_buy() -> None:
    """The mirror: the resting buy pays from its escrow, ceil(limit*rest before) - ceil(limit*rest after)."""
    p = params(**SWAPPING)
    state = funded(p, ann=5_000, bob=5_000)
    state = tick(state, p, order("bob buys 200 no of 1"))[1]
    state = tick(state, p, waiting("ann buys 150 yes of 1", 33, at=1))[1]
    rest = state.resting["rest"].rest
    fills, after, _ = tick(state, p, limited("bob sells 100 no of 1", 67, at=2))
    legs = [fill for fill in fills if fill.kind == "swap"]
    assert legs
    own, theirs = legs
    assert (own.seller, own.side, theirs.buyer, theirs.side) == (2, Side.NO, 1, Side.YES)
    assert own.amount == 67 * own.size // 100
    assert theirs.amount == ceil_div(33 * rest, 100) - ceil_div(33 * (rest - own.size), 100)
    assert theirs.released == escrowed(33 * CENT, p.fee, rest) - escrowed(33 * CENT, p.fee, rest - own.size)
    assert gained(state, after).get("match", 0) >= 0


def test_without_cross_matching_orders_of_yes_and_no_pass_each_other() -> None:
    for on, wanted in ((True, "mint"), (False, "maker")):
        p = params(cm_enabled=on, fee="0.05")
        state = tick(funded(p, ann=100, bob=100), p, waiting("bob buys 40 no of 1", 66))[1]
        fills, _, _ = tick(state, p, limited("ann buys 10 yes of 1", 40, at=1))
        assert {fill.kind for fill in fills} == {wanted}


def test_nobody_trades_with_herself() -> None:
    """Their own sale at a better price is passed over; so are their buys that would mint and sales that would merge."""
    p = params()
    state = funded(p, ann=2000)
    texts = ("ann buys 100 yes of 1", "ann buys 100 no of 1")
    state = tick(state, p, *(order(text, id=f"h{n}") for n, text in enumerate(texts)))[1]
    resting = (
        limited("ann sells 50 yes of 1", 35, at=1, id="a"),
        limited("ann sells 50 no of 1", 69, at=1, id="b"),
        limited("ann buys 40 yes of 1", 31, at=1, id="c"),
        limited("ann buys 40 no of 1", 64, at=1, id="d"),
    )
    state = tick(state, p, *resting)[1]
    assert len(state.resting) == 4
    for n, text in enumerate(("buys 300 yes", "buys 300 no", "sells 40 yes", "sells 40 no")):
        fills, state, _ = tick(state, p, order(f"ann {text} of 1", at=2 + n))
        assert {fill.kind for fill in fills} <= {"maker", "sweep"}
        assert all(None in (fill.buyer, fill.seller) for fill in fills)


@settings(max_examples=40)
@given(
    sizes=st.lists(st.integers(1, 10**7), min_size=1, max_size=5),
    cents=st.integers(1, 30),
    size=st.integers(1, 4 * 10**7),
)
def test_dust_never_leaves_the_house(sizes: list[int], cents: int, size: int) -> None:
    """Many tiny counterparts of one sale: every match keeps what rounding leaves, no profit falls."""
    p = params(fee=0, match_fee=0)
    state = funded(p, ann=5_000, bob=5_000, cy=5_000, dee=5_000)
    state = tick(state, p, order("dee buys 100 yes of 1", id="s"))[1]
    buys = [
        Order(
            id=f"{n}", accepted_ms=1, user=1 + n % 3, outcome=0, side=Side.YES, buy=True, size=each, limit=cents * CENT
        )
        for n, each in enumerate(sizes)
    ]
    sale = Order(id="z", accepted_ms=2, user=4, outcome=0, side=Side.YES, buy=False, size=size, limit=cents * CENT)
    fills, after, events = tick(state, p, *buys, sale)
    assert all(after.profit[name] >= amount for name, amount in state.profit.items())
    got = sum(fill.amount - fill.kept for fill in fills if fill.order == "z")
    assert next(event.amount for event in events if isinstance(event, OrderDone) and event.order == "z") == got
    assert all(isinstance(fill, Fill) and fill.kept >= 0 for fill in fills)
