"""Resting orders: pro-rata and price first, escrow to the micro-dollar, cancels, and what gives them back."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import Cancelled, Reason, Released
from engine.intents import Cancel, Order
from engine.open_book import pro_rata
from engine.orders import apply_orders
from engine.params import MarketParams
from engine.resolution import trigger_resolution, void_market
from engine.resting_book import Book, RestingOrder, changes, escrowed
from engine.risk import InvariantBroken, check
from engine.state import MarketState, Side, Status, state_from_json, state_to_json
from engine.units import MICRO, RATE, ceil_div
from engine.working_copy import gets, pays
from tests.engine.builders import check_all, done, funded, order, params, play, run_one

EVERYBODY = "0 | ann joins with 1000 + bob joins with 1000 + cy joins with 1000 | joined; joined; joined\n"

LIFE = """
    1 | ann buys 100 yes of 1 at 0.305              | refused bad_limit
    1 | ann buys 100 yes of 1 at 1                  | refused bad_limit
    1 | ann buys 100 yes of 1 at 0                  | refused bad_limit
    1 | ann buys 100 yes of 1 at 0.3                | rests 100
    1 | ann buys 4000 yes of 1 at 0.3               | refused no_cash
    1 | ann sells 1 yes of 1 at 0.5                 | refused no_tokens
    2 | bob buys 50 yes of 1                        | filled 17.012788
    2 | bob sells 30 yes of 1 at 0.4                | rests 30
    2 | bob sells 20 yes of 1 at 0.41               | rests 20
    2 | bob sells 0.000001 yes of 1 at 0.41         | refused no_tokens
    2 | bob sells 1 yes of 1                        | refused no_tokens
    3 | bob cancels r04                             | refused no_such_order
    3 | bob cancels nothing                         | refused no_such_order
    3 | ann cancels r04                             | cancelled r04 100
    3 | ann cancels r04                             | refused no_such_order
    4 | bob cancels r09                             | cancelled r09 20
    4 | bob sells 1 yes of 1                        | filled 0.335927
    5 | admin freezes                               | frozen
    5 | ann buys 1 yes of 1 at 0.3                  | refused frozen
    5 | bob cancels all                             | cancelled r08 30
    5 | bob cancels all                             | refused no_such_order
    6 | admin resumes                               | resumed
    6 | bob sells 49 yes of 1 at 0.4                | rests 49
    7 | admin pauses                                | paused
    7 | bob cancels all                             | cancelled r23 49
"""


def test_orders_rest_and_are_taken_back_at_any_time() -> None:
    """Limits stand on price ticks, escrow must be there, tokens are offered once; cancels work while frozen."""
    state, _ = play(params(gas_fee="0.01"), EVERYBODY + LIFE)
    assert not state.resting
    assert state.accounts[1].escrow == state.accounts[2].escrow == 0


def tiny(user: int, name: str, size: int, **more: int | bool | Side | None) -> Order:
    base = Order(id=name, accepted_ms=0, user=user, outcome=0, side=Side.YES, buy=True, size=size, limit=3 * RATE // 10)
    return replace(base, **more)  # type: ignore[arg-type]  # fields of Order


PRO_RATA = [
    # rests, fill, shares
    ([10, 10, 10], 30, [10, 10, 10]),
    ([10, 10, 10], 10, [4, 3, 3]),
    ([10, 10, 10], 11, [4, 4, 3]),
    ([1, 1, 1], 1, [1, 0, 0]),
    ([100, 1, 1], 51, [51, 0, 0]),
    ([100, 1, 1], 52, [51, 1, 0]),
    ([5, 3, 2], 7, [4, 2, 1]),
    ([7], 3, [3]),
]


@pytest.mark.parametrize(("rests", "fill", "shares"), PRO_RATA)
def test_left_over_micro_tokens_go_to_the_oldest(rests: list[int], fill: int, shares: list[int]) -> None:
    assert pro_rata(rests, fill) == shares


@given(rests=st.lists(st.integers(1, 10**12), min_size=1, max_size=30), part=st.fractions(0, 1))
def test_pro_rata_is_exact(rests: list[int], part: object) -> None:
    """Shares sum to the fill; each is the exact share rounded down, or up where it got a left-over."""
    fill = max(1, int(sum(rests) * part))  # type: ignore[operator]  # a Fraction
    shares, total = pro_rata(rests, fill), sum(rests)
    assert sum(shares) == fill
    for rest, share in zip(rests, shares, strict=True):
        assert fill * rest // total <= share <= min(rest, fill * rest // total + 1)
    extra = [share - fill * rest // total for rest, share in zip(rests, shares, strict=True)]
    assert extra == sorted(extra, reverse=True) or fill == total


def test_a_pool_fills_pro_rata_and_skips_the_takers_own_order() -> None:
    """Of 7 micro-tokens for 5, 3 and 2 the own order of 90 takes no part and is not counted."""
    p = params()
    state = funded(p, ann=100, bob=100, cy=100, dee=5000)
    state = run_one(state, p, order("dee buys 1 yes of 1"))[1]
    names = ((1, "a", 5), (4, "b", 90), (2, "c", 3), (3, "d", 2))
    rest = [tiny(user, name, size, limit=33 * RATE // 100) for user, name, size in names]
    lift = order("dee buys 2000 yes of 2", at=1, id="lift")  # diverts enough to bring outcome 1 below 0.33
    sale = Order(id="s", accepted_ms=2, user=4, outcome=0, side=Side.YES, buy=False, size=7)
    outcome = apply_orders(state, [*rest, lift, sale], p, 2)
    check_all(state, outcome, p)
    shares = [(fill.resting, fill.kind, fill.size) for fill in outcome[0] if fill.order == "s"]
    assert shares == [("a", "direct", 4), ("c", "direct", 2), ("d", "direct", 1)]


def test_the_oldest_is_by_time_then_id_whenever_it_came() -> None:
    p = params()
    state = funded(p, ann=100, bob=100, cy=100)
    first = tiny(1, "b", 3, accepted_ms=5), tiny(2, "c", 3, accepted_ms=5)
    state = apply_orders(state, first, p, 5)[1]
    state = apply_orders(state, [tiny(3, "z", 3, accepted_ms=4), tiny(3, "a", 3, accepted_ms=5)], p, 6)[1]
    (pool,) = state.resting.pools.values()
    assert [o.id for o in pool] == ["z", "a", "b", "c"]


def test_an_id_is_free_again_once_its_order_is_gone() -> None:
    p = params(gas_fee="0.5")
    state = funded(p, ann=100)
    state = run_one(state, p, tiny(1, "x", MICRO))[1]
    fills, same, events = run_one(state, p, tiny(1, "x", 2 * MICRO))
    assert (fills, done(events).reason, same) == ((), Reason.DUPLICATE_ID, state)  # and no gas
    after = apply_orders(
        state,
        [Cancel(id="c", accepted_ms=1, user=1, order="x"), tiny(1, "x", 2 * MICRO, accepted_ms=2)],
        p,
        2,
    )
    check_all(state, after, p)
    assert [o.rest for o in after[1].resting.values()] == [2 * MICRO]


@given(
    limit=st.integers(1, 99),
    size=st.integers(1, 10**9),
    cuts=st.lists(st.integers(1, 10**9), max_size=8),
    rates=st.tuples(st.integers(0, RATE // 20), st.integers(0, RATE // 50)),
)
def test_parts_of_a_resting_buy_sum_to_its_escrow(
    limit: int, size: int, cuts: list[int], rates: tuple[int, int]
) -> None:
    """Amounts sum to ceil(limit*size), fees to theirs, and a part never takes more than it frees."""
    fee, match = max(rates), rates[1]
    resting = RestingOrder(
        id="a", user=1, outcome=0, side=Side.YES, buy=True, limit=limit * RATE // 100, size=size, rest=size,
        accepted_ms=0, fee=fee,
    )  # fmt: skip
    rest, amounts, fees, freed = size, 0, 0, 0
    for cut in [*cuts, size]:
        part = min(cut, rest)
        if not part:
            continue
        amount, charged, released = pays(resting, rest, part, match)
        assert 0 <= charged <= released - amount
        assert amount >= gets(resting.limit, part, 0)[0]  # a direct sale is covered
        rest, amounts, fees, freed = rest - part, amounts + amount, fees + charged, freed + released
    assert amounts == ceil_div(resting.limit * size, RATE)
    assert freed == escrowed(resting.limit, fee, size) == resting.escrow
    assert fees <= ceil_div(resting.limit * match * size, RATE * RATE)
    if match == fee:
        assert freed == amounts + fees


def book_of(p: MarketParams) -> MarketState:
    """Everybody holds some and has buys and sales on all outcomes."""
    state = funded(p, ann=1000, bob=1000, cy=1000)
    rng = Random(5)
    intents = []
    for user in (1, 2, 3):
        for j in range(p.n_outcomes):
            for side in Side:
                name = f"{user}{j}{side}"
                mine = Order(id=name, accepted_ms=0, user=user, outcome=j, side=side, buy=True, size=20 * MICRO)
                limit = (20 if side is Side.YES else 50) * RATE // 100
                bid = replace(mine, id=f"{name}b", accepted_ms=1, size=rng.randint(1, 10**8), limit=limit)
                ask = replace(
                    mine, id=f"{name}s", accepted_ms=1, buy=False, size=rng.randint(1, 10**7), limit=90 * RATE // 100
                )
                intents += [mine, bid, ask]
    outcome = apply_orders(state, intents, p, 1)
    check_all(state, outcome, p)
    assert len(outcome[1].resting) == 36
    return outcome[1]


def test_a_round_gives_back_the_orders_of_who_is_out_and_no_others() -> None:
    p = params()
    state = book_of(p)
    outcome = trigger_resolution(state, p, elim_outcomes=(1,))
    payouts, after, events = outcome
    check_all(state, ((), after, (*events, *payouts)), p)
    assert {event.outcome for event in events if isinstance(event, Released)} == {1}
    assert {o.outcome for o in after.resting.values()} == {0, 2}
    assert len(after.resting) == 24


@pytest.mark.parametrize("void", [False, True])
def test_the_final_and_a_void_give_back_every_order(void: bool) -> None:
    p = params()
    state = book_of(p)
    payouts, after, events = ((), *void_market(state)) if void else trigger_resolution(state, p, True, 0)
    check_all(state, ((), after, (*events, *payouts)), p)
    assert not after.resting
    assert all(account.escrow == 0 for account in after.accounts.values())
    assert sum(isinstance(event, Released) for event in events) == 36


def test_net_stakes_leave_escrow_out() -> None:
    """What a void returns is what they paid in trades; their escrow comes back beside it (ENGINE section 7)."""
    p = params()
    state = run_one(funded(p, ann=100), p, tiny(1, "a", 100 * MICRO))[1]
    assert (state.accounts[1].net, state.accounts[1].escrow) == (0, 30_300_000)
    assert void_market(state)[0].accounts[1].cash == 100 * MICRO


def test_a_cancel_returns_cash_and_escrow_as_they_were() -> None:
    p = params()
    state = funded(p, ann=100)
    rested = run_one(state, p, tiny(1, "a", 12_345_679))[1]
    assert rested.accounts[1].cash == 100 * MICRO - escrowed(3 * RATE // 10, RATE // 100, 12_345_679)
    _, after, events = run_one(rested, p, Cancel(id="c", accepted_ms=3, user=1))
    assert after == state
    (event,) = events
    assert isinstance(event, Cancelled)
    assert event.escrow == rested.accounts[1].escrow


def test_price_goes_before_age() -> None:
    """A later order at a better limit is filled first."""
    p = params()
    state = funded(p, ann=100, bob=100, cy=100)
    early, late = (
        tiny(1, "early", 9 * MICRO, limit=32 * RATE // 100),
        tiny(2, "late", 9 * MICRO, limit=33 * RATE // 100),
    )
    state = apply_orders(state, [early, replace(late, accepted_ms=1)], p, 1)[1]
    fills = run_one(state, p, replace(order("cy buys 12 no of 1", at=2), limit=68 * RATE // 100))[0]
    assert [fill.resting for fill in fills if fill.resting] == ["late"]


def test_the_state_with_a_book_goes_to_json_and_back() -> None:
    p = params()
    state = book_of(p)
    again = state_from_json(state_to_json(state))
    assert again == state
    assert again.resting.levels == state.resting.levels
    assert list(again.resting) == list(state.resting)


Row = tuple[int, bool, bool, int, int, bool]
ORDERS = st.lists(
    st.tuples(st.integers(0, 2), st.booleans(), st.booleans(), st.integers(1, 4), st.integers(1, 9), st.booleans()),
    max_size=25,
)


@given(rows=ORDERS, drops=st.sets(st.integers(0, 24)), news=ORDERS)
def test_a_book_that_was_changed_is_the_book_of_its_orders(
    rows: list[tuple[int, bool, bool, int, int, bool]],
    drops: set[int],
    news: list[tuple[int, bool, bool, int, int, bool]],
) -> None:
    """Indexes kept up pool by pool agree with those built anew; `changes` tells the two books apart."""
    before = Book(_resting(n, row) for n, row in enumerate(rows))
    first = before.digest()
    kept = [_resting(n, row) for n, row in enumerate(rows) if n not in drops]
    kept = [o.with_rest(o.rest + 1) if n % 3 == 0 else o for n, o in enumerate(kept)]
    want = Book([*kept, *(_resting(100 + n, row) for n, row in enumerate(news))])
    keys = before.pools.keys() | want.pools.keys()
    got = before.replaced(
        {key: want.pools.get(key, ()) for key in keys if before.pools.get(key) != want.pools.get(key)}
    )
    for name in ("pools", "levels", "opted", "of_user"):
        assert getattr(got, name) == getattr(want, name), name
    assert len(got) == len(want)
    assert got.digest() == want.digest()
    assert (want.digest() == first) is (want == before)
    assert all(got.owner.get(name) == want.owner.get(name) for name in {*before, *want})
    for user in range(3):
        for side in Side:
            assert got.tied_of(user, 0, side) == want.tied_of(user, 0, side)
        assert got.of(user) == want.of(user)
    changed, gone = changes(before, got)
    ids = {o.id: o for o in before.values() if o.id not in gone} | {o.id: o for o in changed}
    assert Book(ids.values()) == want
    assert set(gone) == set(before) - set(want)


def _resting(n: int, row: Row) -> RestingOrder:
    user, no, buy, tick, rest, autofill = row
    return RestingOrder(
        id=f"{n:03}", user=user, outcome=0, side=Side.NO if no else Side.YES, buy=buy, limit=tick * RATE // 10,
        size=10, rest=rest, accepted_ms=n % 4, fee=RATE // 100, autofill=autofill,
    )  # fmt: skip


def test_depth_adds_up_each_price_tick_best_first() -> None:
    book = Book(_resting(n, (n % 2, False, n < 4, 1 + n % 3, 5, False)) for n in range(8))
    assert book.sizes(0, Side.YES, buy=True) == ((3 * RATE // 10, 5), (2 * RATE // 10, 5), (RATE // 10, 10))
    assert [limit for limit, _ in book.sizes(0, Side.YES, buy=False)] == [RATE // 10, 2 * RATE // 10, 3 * RATE // 10]


TAMPERED = {
    "escrow": lambda s: replace(s, accounts={**s.accounts, 1: replace(s.accounts[1], escrow=s.accounts[1].escrow + 1)}),
    "pool": lambda s: replace(
        s, resting=Book([replace(o, limit=o.limit + 1) if o.id == "10yesb" else o for o in s.resting.values()])
    ),
    "tied": lambda s: replace(
        s, resting=Book([replace(o, rest=10**12) if o.id == "10yess" else o for o in s.resting.values()])
    ),
    "resting order": lambda s: replace(
        s, resting=Book([replace(o, rest=0) if o.id == "10yess" else o for o in s.resting.values()])
    ),
}


@pytest.mark.parametrize("rule", TAMPERED)
def test_a_book_that_cannot_be_paid_is_found(rule: str) -> None:
    p = params()
    state = book_of(p)
    check(state, p)
    with pytest.raises(InvariantBroken) as broken:
        check(TAMPERED[rule](state), p)
    assert broken.value.rule == rule


def test_a_tick_shares_every_pool_it_does_not_touch() -> None:
    """What rests elsewhere is neither opened nor copied."""
    p = params()
    state = book_of(p)
    after = run_one(state, p, tiny(1, "new", MICRO, accepted_ms=2, limit=RATE // 10))[1]
    (fresh,) = after.resting.pools.keys() - state.resting.pools.keys()
    assert fresh == (0, 0, True, RATE // 10)
    assert all(after.resting.pools[key] is pool for key, pool in state.resting.pools.items())
    assert run_one(state, p, Cancel(id="c", accepted_ms=3, user=1, order="nothing"))[1].resting is state.resting


def test_a_book_waits_while_the_market_is_closed() -> None:
    p = params()
    state = replace(book_of(p), status=Status.PAUSED)
    fills, after, events = apply_orders(state, [order("ann buys 5 yes of 1")], p, 9)
    assert (fills, after, done(events).reason) == ((), state, Reason.PAUSED)
