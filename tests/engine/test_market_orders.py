"""Orders at market: what they cost, every named refusal, and that a refused one changes nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.events import Gas, Reason
from engine.orders import apply_orders
from engine.risk import house_cash
from engine.state import Side, Status, price_micro
from engine.units import MICRO, RATE, ceil_div
from tests.engine.builders import done, funded, micro, order, params, play, run_one

WHOLE_LIFE = """
    0 | bob buys 1 yes of 1                    | refused unknown_user
    0 | ann joins with 100                     | joined
    0 | bob joins with 0                       | joined
    5 | ann buys 100 yes of 1                  | filled 34.382720
    6 | ann buys 100 yes of 1 worst 0.34       | refused past_worst_price
    6 | ann buys 100 yes of 1 slip 0.01        | refused past_worst_price
    6 | ann buys 100 yes of 1 slip 0.05        | filled 35.596351
    7 | ann buys 100 yes of 1                  | refused no_cash
    7 | bob buys 1 yes of 1                    | refused no_cash_for_gas
    8 | ann buys 1 yes of 4                    | refused unknown_outcome
    8 | ann buys 1 yes of 0                    | refused unknown_outcome
    8 | ann buys 0 yes of 1                    | refused size_zero
    8 | ann sells 1 no of 1                    | refused no_tokens
    8 | ann sells 200.000001 yes of 1          | refused no_tokens
    8 | ann sells 200 yes of 1 worst 0.35      | refused past_worst_price
    8 | ann sells 200 yes of 1 slip 0.01       | refused past_worst_price
    8 | ann sells 200 yes of 1 slip 0.05       | filled 68.001911
    9 | ann buys 0.000001 yes of 1             | filled 0.000002
    9 | ann sells 0.000001 yes of 1            | filled 0.000000
"""


def test_a_life_at_market() -> None:
    """Every refusal leaves the state as it was, gas apart; `play` asserts it row by row."""
    state, _ = play(params(gas_fee="0.01"), WHOLE_LIFE)
    assert state.profit["gas"] == 15 * 10_000
    assert state.accounts[1].tokens == ((0, 0),) * 3


def test_gas_is_paid_for_a_refusal_and_shown_apart() -> None:
    p = params(gas_fee="0.01")
    _, state, events = run_one(funded(p, ann=100), p, order("ann sells 1 yes of 1"))
    assert events[0] == Gas(user=1, amount=10_000, order="o")
    assert (done(events).reason, done(events).gas) == (Reason.NO_TOKENS, 10_000)
    assert (state.accounts[1].cash, state.accounts[1].net, state.pot) == (99_990_000, 10_000, 10_000)


def test_the_numbers_of_a_refusal_say_what_was_missing() -> None:
    p = params()
    state = funded(p, ann=10)
    _, _, events = run_one(state, p, order("ann buys 100 yes of 1"))
    assert done(events).detail == {"need": 34_382_720, "have": 10_000_000}
    _, _, events = run_one(state, p, order("ann buys 10 yes of 1", worst=RATE // 3))
    detail = done(events).detail
    assert detail["worst"] == RATE // 3 < detail["average"]
    assert detail["amount"] == pytest.approx(detail["average"] * 10 * MICRO / RATE, abs=1)
    _, _, events = run_one(state, p, order("ann buys 10 yes of 1"))
    assert detail["before_fee"] == ceil_div((done(events).amount - done(events).fee) * RATE, 10 * MICRO)


def test_a_worst_price_is_all_in_and_inclusive() -> None:
    """Fee and floor are in it, gas is not: at exactly the average it fills, a hair below it does not."""
    p = params(gas_fee=1)
    state = funded(p, ann=100)
    fair = -(-34_382_720 * RATE // (100 * MICRO))
    for worst, status in ((fair, "filled"), (fair - 1, "refused")):
        assert done(run_one(state, p, order("ann buys 100 yes of 1", worst=worst))[2]).status == status
    held = run_one(state, p, order("ann buys 100 yes of 1"))[1]
    got = done(run_one(held, p, order("ann sells 100 yes of 1"))[2]).amount
    exact = got * RATE // (100 * MICRO)
    for worst, status in ((exact, "filled"), (exact + 1, "refused")):
        assert done(run_one(held, p, order("ann sells 100 yes of 1", worst=worst))[2]).status == status


def test_a_slippage_counts_from_the_price_at_the_orders_turn() -> None:
    """Two orders in one tick: the second may cost more than the first, its own slippage counts anew."""
    p = params()
    state = funded(p, ann=1000, bob=1000)
    orders = [order("ann buys 500 yes of 1", id="a"), order("bob buys 100 yes of 1", id="b", slip=RATE // 25)]
    _, after, events = apply_orders(state, orders, p, 0)
    assert [event.status for event in events if hasattr(event, "status")] == ["filled", "filled"]
    assert after.accounts[2].tokens[0] == (100 * MICRO, 0)


def test_where_every_micro_dollar_of_a_buy_goes() -> None:
    p = params()
    state = funded(p, ann=1000)
    (fill,), after, _ = run_one(state, p, order("ann buys 100 yes of 1"))
    assert fill.amount == sum(fill.parts.values())
    assert fill.amount + fill.buy_fee == state.accounts[1].cash - after.accounts[1].cash == after.pot
    assert sum(b.v for b in after.binaries) == fill.parts["pool"]
    assert (after.profit["fee"], after.profit["convexity"]) == (fill.buy_fee, fill.parts["convexity"])
    assert fill.parts["convexity"] == pytest.approx(micro("0.1"), rel=0.1)
    assert house_cash(after) == p.z + after.pot


def test_a_buy_deepens_each_other_pool_by_the_diverted_share_and_its_own_by_the_rest() -> None:
    """And only once: the sum over all pools is what was paid in, no more (the classic double diversion)."""
    p = params(n_outcomes=4)
    (fill,), after, _ = run_one(funded(p, ann=1000), p, order("ann buys 100 no of 2"))
    share = p.zeta_start * fill.parts["pool"] // RATE
    assert [b.v for b in after.binaries] == [share, fill.parts["pool"] - 3 * share, share, share]


def test_nothing_is_free() -> None:
    """Dust costs at least a micro-dollar, ten thousand times over."""
    p = params(fee=0, kappa=0)
    state = funded(p, ann=1)
    dust = [order("ann buys 0.000001 yes of 1", id=f"o{i:05}") for i in range(1000)]
    _, after, _ = apply_orders(state, dust, p, 0)
    paid = state.accounts[1].cash - after.accounts[1].cash
    assert paid >= 1000
    _, back, _ = run_one(after, p, order("ann sells 0.001 yes of 1", at=1))
    assert back.accounts[1].cash < state.accounts[1].cash - 500


def test_buying_and_selling_in_turns_only_loses() -> None:
    p = params(n_outcomes=5, mu=10, nu="0.1", kappa=0, fee=0)
    state = funded(p, ann=1000)
    start = state.accounts[1].cash
    for i in range(20):
        state = run_one(state, p, order("ann buys 300 yes of 1", at=2 * i))[1]
        state = run_one(state, p, order("ann sells 300 yes of 1", at=2 * i + 1))[1]
        assert state.accounts[1].cash <= start
        start = state.accounts[1].cash


def test_an_oversized_buy_has_a_price_and_stays_within_p_max() -> None:
    p = params(start="fair", starting_balance=1)
    state = funded(p, ann=10**9)
    (fill,), after, _ = run_one(state, p, order("ann buys 30000 yes of 1"))
    assert fill.parts["penalty"] >= 0
    assert price_micro(after, p, 0, Side.YES) <= 990_000
    (fill,), after, _ = run_one(state, p, order("ann buys 1000000 yes of 1"))
    assert fill.amount >= 1_000_000 * MICRO
    assert price_micro(after, p, 0, Side.YES) == 990_000


def test_a_penalty_never_inflates_the_pools() -> None:
    """The surcharge is profit: the pools get the raised x and not what the buyer paid."""
    p = params(eta=8)
    (fill,), after, _ = run_one(funded(p, ann=10**9), p, order("ann buys 200000 yes of 1"))
    assert fill.parts["penalty"] > 0 or fill.parts["pool"] == fill.amount
    assert sum(b.v for b in after.binaries) == fill.parts["pool"] <= fill.amount
    assert after.binaries[0].q_yes * RATE <= p.p_max * (after.binaries[0].v + p.l0)


def test_a_sale_past_p_min_keeps_what_its_good_part_is_worth() -> None:
    """Selling more never brings less than the part that stays at or above p_min would bring alone."""
    p = params(n_outcomes=3, p_min="0.1", kappa=0, floor_enabled=False, odds="0.34 0.33 0.33")
    state = funded(p, ann=10**6)
    state = run_one(state, p, order("ann buys 4000 yes of 1"))[1]
    got = []
    for size in (1000, 2000, 3000, 3500, 3999, 4000):
        _, after, events = run_one(state, p, order(f"ann sells {size} yes of 1", at=1))
        got.append(done(events).amount)
        assert house_cash(after) == p.z + after.pot
    assert got == sorted(got)


def test_a_sale_never_takes_the_last_micro_token_of_a_pool() -> None:
    """After minting people can hold more than the pool: the rest comes back unsold."""
    p = params(z=20_000, l0=5_000)
    state = funded(p, ann=100)
    binaries = (replace(state.binaries[0], q_yes=5, s_yes=5 - 20 * MICRO), *state.binaries[1:])
    held = replace(state.accounts[1], tokens=((20 * MICRO, 0), (0, 0), (0, 0)))
    state = replace(state, binaries=binaries, accounts={1: held})
    fills, after, events = apply_orders(state, [order("ann sells 20 yes of 1")], replace(p, floor_enabled=False), 0)
    assert (fills[0].size, done(events).status, done(events).unsold) == (4, "partly", 20 * MICRO - 4)
    assert after.binaries[0].q_yes == 1
    _, _, events = apply_orders(after, [order("ann sells 19 yes of 1")], replace(p, floor_enabled=False), 0)
    assert done(events).reason is Reason.POOL_EMPTY


def test_convexity_counts_a_persons_sizes_in_the_tick_and_no_longer() -> None:
    p = params(kappa="0.001", fee=0)
    state = funded(p, ann=10**5, bob=10**5)
    split = [order("ann buys 50 yes of 1", id=str(i)) for i in range(2)]
    fills, _, _ = apply_orders(state, split, p, 0)
    assert [fill.parts["convexity"] for fill in fills][1] > 2 * fills[0].parts["convexity"]
    shared = [order("ann buys 50 yes of 1", id="0"), order("bob buys 50 yes of 1", id="1")]
    fills, _, _ = apply_orders(state, shared, p, 0)
    assert fills[1].parts["convexity"] == pytest.approx(fills[0].parts["convexity"], rel=0.01)
    state = run_one(state, p, order("ann buys 50 yes of 1"))[1]
    fills, _, _ = run_one(state, p, order("ann buys 50 yes of 1", at=1))
    assert fills[0].parts["convexity"] == pytest.approx(2_500_000, rel=0.01)


def test_a_refused_order_does_not_count_for_convexity() -> None:
    p = params(kappa="0.001")
    state = funded(p, ann=10**5)
    twice = [order("ann buys 50 yes of 1", id="0", worst=1), order("ann buys 50 yes of 1", id="1")]
    assert apply_orders(state, twice, p, 0)[0] == apply_orders(state, twice[1:], p, 0)[0]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (Status.FROZEN, Reason.FROZEN),
        (Status.PAUSED, Reason.PAUSED),
        (Status.RESOLVED, Reason.NOT_RUNNING),
        (Status.VOIDED, Reason.NOT_RUNNING),
        (Status.LOBBY, Reason.NOT_RUNNING),
    ],
)
def test_a_closed_market_refuses_without_gas(status: Status, reason: Reason) -> None:
    p = params(gas_fee=1)
    state = replace(funded(p, ann=100), status=status)
    fills, after, events = apply_orders(state, [order("ann buys 1 yes of 1")], p, 0)
    assert (fills, after) == ((), state)
    assert (done(events).reason, done(events).gas) == (reason, 0)
