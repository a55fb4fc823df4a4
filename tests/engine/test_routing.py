"""Where an order trades: the better of maker and book at each step, limits kept, refused orders undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import Fill, Gas, OrderDone, Reason
from engine.intents import Cancel, Intent, Order
from engine.orders import apply_orders
from engine.params import MarketParams
from engine.quote import Quote, Refused, quote
from engine.resting_book import escrowed
from engine.state import MarketState, Side, fingerprint
from engine.units import MICRO, RATE
from tests.engine.builders import check_all, done, funded, micro, order, params, play

CENT = RATE // 100
EVERYBODY = "0 | ann joins with 1000 + bob joins with 1000 + cy joins with 1000 | joined; joined; joined\n"

MARKETABLE = """
    1 | bob buys 300 yes of 1                              | filled 107.379927
    2 | ann buys 100 yes of 1 at 0.3                       | rests 100
    2 | ann buys 200 yes of 1 at 0.38                      | partly 92.5828 35.118113 rests 107.417
    2 | ann cancels all                                    | cancelled r02 100; cancelled r03 107.417
    3 | bob sells 100 yes of 1 at 0.39                     | rests 100
    4 | cy buys 400 yes of 1                               | filled 160.660708: direct r05 100, maker 300
    5 | bob sells 200 yes of 1 at 0.4                      | partly 126.05 50.652967 rests 73.95
    6 | cy sells 100 yes of 1 at 0.39 worst 0.5            | refused past_worst_price
    6 | cy buys 5 yes of 1 at 0.41 worst 0.3               | refused past_worst_price
    7 | cy buys 400 yes of 1 slip 0.01                     | refused past_worst_price
    7 | cy buys 1900 yes of 1                              | refused no_cash
"""


def test_a_limit_order_takes_what_its_limit_allows_and_rests() -> None:
    play(params(), EVERYBODY + MARKETABLE)


def tick(state: MarketState, p: MarketParams, *intents: Intent) -> tuple[Sequence[Fill], MarketState, OrderDone]:
    """A tick of these; how its last order ended."""
    outcome = apply_orders(state, intents, p, max(intent.accepted_ms for intent in intents))
    check_all(state, outcome, p)
    return outcome[0], outcome[1], [event for event in outcome[2] if isinstance(event, OrderDone)][-1]


def crowded(rng: Random, p: MarketParams) -> MarketState:
    """A market with holdings and a random book around its prices."""
    state = funded(p, ann=50_000, bob=50_000, cy=50_000, dee=50_000)
    intents = [some(rng, p, f"h{n:02}", 1, buy=True, size=rng.randint(1, 300 * MICRO)) for n in range(12)]
    state = tick(state, p, *intents)[1]
    book = []
    for n in range(30):
        drawn = some(rng, p, f"b{n:02}", 2, buy=rng.random() < 0.5, size=rng.randint(1, 60 * MICRO))
        pool = state.binaries[drawn.outcome]
        at = (pool.q_yes if drawn.side is Side.YES else pool.q_no) * 100 // (pool.v + p.l0)
        limit = max(1, min(99, at + (rng.randint(-3, 0) if drawn.buy else rng.randint(1, 4))))
        book.append(replace(drawn, user=rng.randint(2, 4), limit=limit * CENT, autofill=rng.random() < 0.5))
    return tick(state, p, *book)[1]


def some(rng: Random, p: MarketParams, name: str, at: int, *, buy: bool, size: int) -> Order:
    return Order(
        id=name,
        accepted_ms=at,
        user=rng.randint(1, 4),
        outcome=rng.randrange(p.n_outcomes),
        side=rng.choice(list(Side)),
        buy=buy,
        size=size,
    )


def without_book(state: MarketState, p: MarketParams, keep: Sequence[str] = ()) -> MarketState:
    cancels = [
        Cancel(id=f"c{name}", accepted_ms=3, user=order.user, order=name)
        for name, order in state.resting.items()
        if name not in keep
    ]
    return apply_orders(state, cancels, p, 3)[1] if cancels else state


@settings(max_examples=120)
@given(seed=st.integers(0, 2**32), buy=st.booleans(), size=st.integers(1, 900 * MICRO))
def test_nobody_trades_worse_than_with_the_maker_alone(seed: int, buy: bool, size: int) -> None:
    """All in, up to the rounding of each fill; auto-fills off so that only the routing differs."""
    rng = Random(seed)
    p = params(af_enabled=False, fee=rng.choice(("0.01", "0", "0.05")), match_fee=rng.choice(("0.005", "0", "0.02")))
    state = crowded(rng, p)
    mine = replace(some(rng, p, "mine", 4, buy=buy, size=size), user=1)
    if not buy:
        held = state.accounts[1].tokens[mine.outcome][mine.side is Side.NO]
        if not held:
            return
        mine = replace(mine, size=min(size, held))
    fills, _, both = tick(state, p, mine)
    _, _, alone = tick(without_book(state, p), p, mine)
    if alone.status == "refused":
        return
    assert both.status != "refused"
    legs = sum(fill.order == "mine" for fill in fills)
    if buy:
        assert both.amount <= alone.amount + 2 * legs + 2
    elif both.filled == alone.filled:
        assert both.amount >= alone.amount - 2 * legs - 2


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), cents=st.integers(20, 33), size=st.integers(1, 100 * MICRO))
def test_nobody_trades_worse_than_with_the_book_alone(seed: int, cents: int, size: int) -> None:
    """A sale that one resting buy could take whole gets at least that limit after the fee."""
    rng = Random(seed)
    p = params(af_enabled=False)
    state = funded(p, ann=50_000, bob=50_000)
    state = tick(state, p, order("ann buys 100 yes of 1", id="h"))[1]
    bid = replace(order("bob buys 100 yes of 1", id="bid", at=1), limit=cents * CENT)
    sale = replace(order("ann sells 1 yes of 1", at=2), size=size)
    push = replace(order("bob buys 1 yes of 2", at=1, id="push"), size=rng.randint(1, 4_000 * MICRO))
    fills, _, sold = tick(state, p, bid, push, sale)
    assert sold.amount * RATE * 100 >= cents * (RATE - p.fee) * size - 3 * RATE * 100 * len(fills)


@settings(max_examples=80)
@given(seed=st.integers(0, 2**32), offset=st.integers(-4, 6), size=st.integers(1, 400 * MICRO), buy=st.booleans())
def test_no_fill_of_a_limit_order_is_past_its_limit(seed: int, offset: int, size: int, buy: bool) -> None:
    """Before fees, up to the micro-dollar that each fill rounds; what it costs and ties up was theirs before."""
    rng = Random(seed)
    p = params()
    state = crowded(rng, p)
    mine = replace(some(rng, p, "mine", 4, buy=buy, size=size), user=1)
    pool, no = state.binaries[mine.outcome], mine.side is Side.NO
    at = (pool.q_no if no else pool.q_yes) * 100 // (pool.v + p.l0)
    held = state.accounts[1].tokens[mine.outcome][no]
    mine = replace(mine, limit=max(1, min(99, at + (offset if buy else -offset))) * CENT)
    if not buy:
        if not held:
            return
        mine = replace(mine, size=min(size, held))
    fills, after, ended = tick(state, p, mine)
    assert mine.limit is not None
    for fill in fills:
        if fill.order != "mine" or (fill.resting is not None and fill.kind != "direct"):
            continue
        if fill.buyer == 1:
            assert fill.amount * RATE <= mine.limit * fill.size + 2 * RATE * len(fills)
        else:
            got = fill.amount - fill.kept
            assert got * RATE >= mine.limit * fill.size - 2 * RATE * len(fills)
    if buy and ended.status != "refused":
        fee = max(p.fee, p.match_fee)
        total = ended.amount + (escrowed(mine.limit, fee, ended.rests) if ended.rests else 0)
        assert total <= escrowed(mine.limit, fee, mine.size) + 3 * len(fills) + 3
    assert ended.filled + ended.rests == (mine.size if ended.status != "refused" else 0)
    assert after.accounts[1].cash >= 0


def test_the_maker_pieces_of_an_order_are_one_fill_priced_on_their_sum() -> None:
    """A book in between does not split them: direct and mint do not move the pool."""
    p = params()
    state = funded(p, ann=900, bob=900, cy=900)
    state = tick(state, p, order("bob buys 200 yes of 1"))[1]
    asks = [
        replace(order(f"bob sells 20 yes of 1 {n}"[:-2], id=f"a{n}", at=1), limit=(36 + n) * CENT) for n in range(3)
    ]
    state = tick(state, p, *asks)[1]
    fills, _, ended = tick(state, p, order("cy buys 500 yes of 1", at=2))
    assert [fill.kind for fill in fills if fill.order == "o"] == ["direct", "direct", "direct", "maker"]
    assert [fill.resting for fill in fills[:3]] == ["a0", "a1", "a2"]
    assert ended.filled == 500 * MICRO


def test_the_maker_is_taken_exactly_up_to_the_books_price() -> None:
    """The marginal closed form at the price that is as good after both fees; then the book although it costs more
    than the maker did before."""
    p = params(af_enabled=False)
    state = funded(p, bob=900, cy=900)
    state = tick(state, p, order("bob buys 200 yes of 1"))[1]
    state = tick(state, p, replace(order("bob sells 50 yes of 1", id="ask", at=1), limit=37 * CENT))[1]
    whole = quote(state, p, now_ms=2, user=3, outcome=0, side=Side.YES, buy=True, size=400 * MICRO)
    assert isinstance(whole, Quote)
    assert whole.sizes["direct"] == 50 * MICRO
    first, *_ = [
        ticket
        for size in range(1, 400)
        if isinstance(
            ticket := quote(state, p, now_ms=2, user=3, outcome=0, side=Side.YES, buy=True, size=size * MICRO), Quote
        )
        and "direct" in ticket.sizes
    ]
    assert abs(first.price_after - 37 * CENT) < RATE // 10**6
    assert first.sizes["maker"] + first.sizes["direct"] == first.size


REFUSALS = [
    # what, worst, reason
    ("cy buys 500 yes of 1", RATE * 36 // 100, Reason.PAST_WORST_PRICE),
    ("cy buys 5000 yes of 1", None, Reason.NO_CASH),
    ("bob sells 150 yes of 1", RATE // 2, Reason.PAST_WORST_PRICE),
]


@pytest.mark.parametrize(("what", "worst", "reason"), REFUSALS)
def test_a_refused_order_undoes_its_fills_in_the_book(what: str, worst: int | None, reason: Reason) -> None:
    """Everything but the gas is as it was: resting orders, escrow, tokens, pools."""
    p = params(gas_fee="0.25")
    state = funded(p, ann=900, bob=900, cy=900)
    state = tick(state, p, order("bob buys 300 yes of 1"))[1]
    book = (
        replace(order("bob sells 100 yes of 1", id="ask", at=1), limit=38 * CENT),
        replace(order("ann buys 100 no of 1", id="no", at=1), limit=64 * CENT),
        replace(order("ann buys 100 yes of 1", id="bid", at=1), limit=35 * CENT),
    )
    state = tick(state, p, *book)[1]
    mine = replace(order(what, at=2), worst_price=worst)
    fills, after, events = apply_orders(state, [mine], p, 2)
    assert fills == ()
    assert done(events).reason is reason
    assert [event.amount for event in events if isinstance(event, Gas)] == [p.gas_fee]
    user = mine.user
    account = replace(
        state.accounts[user], cash=state.accounts[user].cash - p.gas_fee, net=state.accounts[user].net + p.gas_fee
    )
    profit = {**state.profit, "gas": state.profit["gas"] + p.gas_fee}
    accounts = {**state.accounts, user: account}
    assert after == replace(state, accounts=accounts, profit=profit, pot=state.pot + p.gas_fee)


def test_a_market_buy_that_the_book_helps_fits_her_cash() -> None:
    """What counts is all it costs in the end, not what the maker alone would ask."""
    p = params()
    state = funded(p, ann=900, bob=900)
    state = tick(state, p, order("ann buys 300 no of 1"))[1]
    state = tick(state, p, replace(order("ann buys 1000 no of 1", id="no", at=1), limit=70 * CENT))[1]
    assert done(apply_orders(state, [order("bob buys 1000 yes of 1", at=2)], p, 2)[2]).status == "filled"


@settings(max_examples=120)
@given(
    seed=st.integers(0, 2**32),
    size=st.integers(1, 900 * MICRO),
    buy=st.booleans(),
    limited=st.booleans(),
    spend=st.booleans(),
)
def test_a_quote_with_a_book_is_the_fill_to_the_micro_dollar(
    seed: int, size: int, buy: bool, limited: bool, spend: bool
) -> None:
    """Amount, fee, size, what rests and what it ties up, what comes back: nothing differs, nothing is left behind."""
    rng = Random(seed)
    p = params(gas_fee="0.01")
    state = crowded(rng, p)
    mine = replace(some(rng, p, "mine", 4, buy=buy, size=size), user=1, autofill=rng.random() < 0.5)
    if limited:
        mine = replace(mine, limit=rng.randint(20, 80) * CENT)
    sealed = fingerprint(state)
    ticket = quote(
        state,
        p,
        now_ms=4,
        user=1,
        outcome=mine.outcome,
        side=mine.side,
        buy=buy,
        size=None if spend and buy else size,
        spend=size if spend and buy else None,
        limit=mine.limit,
        autofill=mine.autofill,
    )
    assert fingerprint(state) == sealed
    if isinstance(ticket, Quote):
        mine = replace(mine, size=ticket.size + ticket.unsold + ticket.rests)
    fills, after, ended = tick(state, p, mine)
    if isinstance(ticket, Refused):
        too_little = spend and ticket.reason in (Reason.SPEND, Reason.SIZE_ZERO)  # nothing is bought for that much
        assert ended.reason == ticket.reason or too_little
        return
    assert (ended.filled, ended.unsold, ended.rests) == (ticket.size, ticket.unsold, ticket.rests)
    assert (ended.amount, ended.fee, ended.gas) == (ticket.amount, ticket.fee, ticket.gas)
    sign = 1 if buy else -1
    surcharges = sum(ticket.parts.get(name, 0) for name in ("convexity", "penalty", "curve", "floor"))
    book = sum(ticket.parts.get(name, 0) for name in ("direct", "mint", "merge", "swap"))
    assert ticket.amount == ticket.parts.get("pool", 0) + book + sign * (surcharges + ticket.fee)
    assert ticket.escrow == after.accounts[1].escrow - state.accounts[1].escrow or any(
        fill.resting and 1 in (fill.buyer, fill.seller) for fill in fills
    )
    if spend and buy:
        assert ticket.amount + ticket.escrow <= size
    if limited and buy:
        assert ticket.worst_amount is not None
        assert ticket.amount <= ticket.worst_amount <= ticket.amount + ticket.escrow


def test_fifty_dollars_buy_the_most_that_book_and_maker_sell_for_it() -> None:
    """One micro-token more would cost more than the amount."""
    rng = Random(3)
    p = params()
    state = crowded(rng, p)
    for outcome in range(3):
        ticket = quote(state, p, now_ms=4, user=1, outcome=outcome, side=Side.YES, buy=True, spend=micro("50"))
        assert isinstance(ticket, Quote)
        more = quote(state, p, now_ms=4, user=1, outcome=outcome, side=Side.YES, buy=True, size=ticket.size + 1)
        assert isinstance(more, Quote)
        assert ticket.amount <= 50 * MICRO < more.amount
    waiting = quote(state, p, now_ms=4, user=1, outcome=0, side=Side.YES, buy=True, spend=micro("50"), limit=20 * CENT)
    assert isinstance(waiting, Quote)
    assert waiting.escrow <= 50 * MICRO < escrowed(20 * CENT, RATE // 100, waiting.rests + 1)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_any_permutation_of_the_list_gives_the_same_bytes(seed: int) -> None:
    """With every kind of order and cancel in one tick."""
    rng = Random(seed)
    p = params(band="0.1" if seed % 2 else None)
    state = crowded(rng, p)
    intents: list[Intent] = []
    for n in range(25):
        drawn = some(rng, p, f"m{n:02}", rng.randint(4, 8), buy=rng.random() < 0.6, size=rng.randint(1, 90 * MICRO))
        intents.append(replace(drawn, limit=rng.randint(20, 75) * CENT if rng.random() < 0.6 else None, autofill=True))
    intents += [Cancel(id=f"x{n}", accepted_ms=rng.randint(4, 8), user=n, order=None) for n in (2, 3)]
    first = apply_orders(state, intents, p, 8)
    check_all(state, first, p)
    rng.shuffle(intents)
    again = apply_orders(state, intents, p, 8)
    assert (again[0], again[2], fingerprint(again[1])) == (first[0], first[2], fingerprint(first[1]))
