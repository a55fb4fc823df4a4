"""Auto-fill: who is a candidate, every cap, and where each micro-dollar of the surplus goes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.events import Fill, OrderDone, PaidBack, Rebate
from engine.intents import Intent, Order
from engine.orders import apply_orders
from engine.params import MarketParams
from engine.resting_book import escrowed
from engine.state import MarketState, Side, price
from engine.units import MICRO, RATE, ceil_div
from tests.engine.builders import Outcome, check_all, funded, order, params, play

EVERYBODY = (
    "0 | ann joins with 1000 + bob joins with 5000 + cy joins with 1000 + dee joins with 5000"
    " | joined; joined; joined; joined\n"
)

BUYS = """
    1 | ann buys 100 yes of 2 at 0.33 auto yes + cy buys 50 no of 3 at 0.66 auto yes + cy buys 100 yes of 2 at 0.33 | rests 100; rests 50; rests 100
    2 | bob buys 2000 yes of 1 | rebate r01b 0.003911; paid back r02 0.003911; rebate r01 0.000794; paid back r02 0.000794; filled 930.692670: maker 2000, autofill r01b 13.4997, autofill r01 5.14114; sweep r01b 0.171677
"""  # noqa: E501  # a row an instruction

SALES = """
    1 | ann buys 100 yes of 2 + cy buys 50 no of 3 + bob buys 900 yes of 1 | filled 34.382720; filled 33.785382; filled 358.296891
    1 | ann sells 60 yes of 2 at 0.34 auto yes + cy sells 50 no of 3 at 0.67 auto yes | partly 30.6801 10.373921 rests 29.3199; rests 50
    2 | bob sells 900 yes of 1 | rebate r02 0.004871; paid back r03 0.004871; rebate r02b 0.001409; paid back r03 0.001409; filled 335.214802: maker 900, autofill r02 10.2149, autofill r02b 5.18367; sweep r02 2.9287; sweep r02b 3.89702
"""  # noqa: E501  # a row an instruction


@pytest.mark.parametrize("table", [BUYS, SALES])
def test_a_big_order_fills_those_in_other_outcomes_who_asked_for_it(table: str) -> None:
    """Most favourable limit first; who did not opt in waits for the sweep and finds nothing left of the price."""
    play(params(), EVERYBODY + table)


def tick(state: MarketState, p: MarketParams, *intents: Intent) -> Outcome:
    outcome = apply_orders(state, intents, p, max(intent.accepted_ms for intent in intents))
    check_all(state, outcome, p)
    return outcome


def bid(text: str, cents: int, id: str, *, auto: bool = True) -> Order:
    return replace(order(text, at=1, id=id), limit=cents * RATE // 100, autofill=auto)


def big(text: str = "bob buys 2000 yes of 1") -> Order:
    return order(text, at=2, id="big")


def run(p: MarketParams, *orders: Order, trigger: Order | None = None) -> tuple[MarketState, Outcome, list[Fill]]:
    """(state before the trigger, the tick of the trigger, its auto-fills)."""
    state = funded(p, ann=5_000, bob=9_000, cy=5_000, dee=5_000)
    state = tick(state, p, *orders)[1]
    outcome = tick(state, p, trigger or big())
    return state, outcome, [fill for fill in outcome[0] if fill.kind == "autofill"]


def diverted(outcome: Outcome) -> int:
    """What the trigger moved in each other pool, where zeta is 0.1."""
    (maker,) = [fill for fill in outcome[0] if fill.kind == "maker"]
    return maker.parts["pool"] // 10


def test_auto_fills_pay_their_limit_and_no_fee() -> None:
    """ceil(limit*rest before) - ceil(limit*rest after) out of escrow; the fee in it comes back to cash."""
    p = params()
    state, outcome, fills = run(p, bid("ann buys 100 yes of 2", 33, "a"))
    (fill,) = fills
    assert (fill.order, fill.resting, fill.buyer, fill.seller) == ("big", "a", 1, None)
    rest = 100 * MICRO - fill.size
    assert fill.amount == ceil_div(33 * 100 * MICRO, 100) - ceil_div(33 * rest, 100)
    assert (fill.buy_fee, fill.sell_fee) == (0, 0)
    limit, fee = 33 * RATE // 100, RATE // 100
    assert fill.released == escrowed(limit, fee, 100 * MICRO) - escrowed(limit, fee, rest)
    (rebate,) = [event for event in outcome[2] if isinstance(event, Rebate)]
    swept = sum(f.released - f.amount - f.buy_fee for f in outcome[0] if f.kind == "sweep")
    assert outcome[1].accounts[1].cash - state.accounts[1].cash == fill.released - fill.amount + rebate.amount + swept


def test_the_charge_is_at_most_a_share_of_what_was_diverted() -> None:
    """af_cap_frac of it, over all pools of an outcome together."""
    for frac in ("0.1", "0.2", "0.02"):
        p = params(af_cap_frac=frac, zeta="0.1")
        _, outcome, fills = run(p, bid("ann buys 300 yes of 2", 33, "a"), bid("cy buys 300 no of 2", 66, "b"))
        charged = sum(fill.amount for fill in fills)
        cap = diverted(outcome) * p.af_cap_frac // RATE
        assert charged <= cap + len(fills)
        assert charged >= cap - 2 or frac != "0.02"  # beyond that the price reaches the limit first


def test_no_more_pools_than_allowed() -> None:
    orders = [
        bid(f"{who} buys 9 {side} of {outcome}", 33 if side == "yes" else 66, f"{who}{side}{outcome}")
        for who in ("ann", "cy")
        for side in ("yes", "no")
        for outcome in (2, 3)
    ]
    for most in (1, 2, 3, 4, 5):
        p = params(af_max_pools=most, af_cap_frac="0.2")
        _, _, fills = run(p, *orders)
        pools = {(fill.outcome, fill.side) for fill in fills}
        assert len(pools) == min(most, 4)


def test_the_surplus_of_all_is_at_most_a_share_of_what_the_trigger_moved() -> None:
    """A stale limit far above the price would leave a large surplus: the cap cuts its size."""
    sizes = []
    for share in ("0.000001", "0.00001", "1"):
        p = params(af_max_surplus=share, af_cap_frac="0.2")
        state, outcome, fills = run(p, bid("ann buys 300 yes of 2", 33, "a"), trigger=big("bob buys 3000 yes of 1"))
        (maker,) = [fill for fill in outcome[0] if fill.kind == "maker"]
        assert surplus_of(state, outcome) <= maker.parts["pool"] * p.af_max_surplus // RATE
        sizes.append(sum(fill.size for fill in fills))
    assert sizes[0] < sizes[1] < sizes[2]


def surplus_of(before: MarketState, outcome: Outcome) -> int:
    """Rebates, pay-backs and profits of auto-fills."""
    given = sum(event.amount for event in outcome[2] if isinstance(event, Rebate | PaidBack))
    return given + outcome[1].profit["seigniorage"] - before.profit["seigniorage"]


@pytest.mark.parametrize("sigma", ["0", "0.5", "0.9", "1"])
def test_sigma_of_the_surplus_is_the_systems_and_pays_the_trigger_back_first(sigma: str) -> None:
    p = params(sigma=sigma, kappa="0", af_cap_frac="0.2", af_max_surplus="1")
    state, outcome, fills = run(p, bid("ann buys 90 yes of 2", 33, "a"), trigger=big("bob buys 3000 yes of 1"))
    surplus = surplus_of(state, outcome)
    assert fills
    assert surplus > 100
    rebates = sum(event.amount for event in outcome[2] if isinstance(event, Rebate))
    backs = sum(event.amount for event in outcome[2] if isinstance(event, PaidBack))
    assert rebates == (RATE - p.sigma) * surplus // RATE
    assert backs == 0  # there is no convexity, and no penalty below p_max
    assert outcome[1].profit["seigniorage"] == surplus - rebates


def test_the_trigger_gets_back_no_more_than_its_own_convexity_and_penalty() -> None:
    p = params(sigma=1, af_cap_frac="0.2", af_max_surplus="1", kappa="3.6645e-6")
    _, outcome, _ = run(p, bid("ann buys 90 yes of 2", 33, "a"), trigger=big("bob buys 3000 yes of 1"))
    (maker,) = [fill for fill in outcome[0] if fill.kind == "maker"]
    backs = [event for event in outcome[2] if isinstance(event, PaidBack)]
    assert maker.parts["convexity"] > 0 == maker.parts["penalty"]
    assert [event.amount for event in backs] == [maker.parts["convexity"]]
    assert outcome[1].profit["seigniorage"] > 0


def test_a_pool_is_filled_pro_rata_among_those_who_opted_in() -> None:
    """Left-overs to the oldest, rebates by size; one who did not opt in gets nothing of it."""
    p = params()
    _, outcome, fills = run(
        p,
        bid("ann buys 300 yes of 2", 33, "a"),
        bid("cy buys 100 yes of 2", 33, "b"),
        bid("dee buys 500 yes of 2", 33, "c", auto=False),
    )
    sizes = {fill.resting: fill.size for fill in fills}
    total = sum(sizes.values())
    assert set(sizes) == {"a", "b"}
    assert sizes["a"] == ceil_div(3 * total, 4)
    rebates = {event.order: event.amount for event in outcome[2] if isinstance(event, Rebate)}
    assert abs(rebates["a"] - 3 * rebates["b"]) <= 3


def test_auto_fills_trigger_no_auto_fills() -> None:
    """Only the trigger's own maker fill diverts to candidates: those that an auto-fill passes wait for the sweep."""
    p = params(af_cap_frac="0.2", af_max_pools=5)
    _, outcome, fills = run(p, *(bid(f"ann buys 90 yes of {j}", 33, f"{j}") for j in (2, 3)))
    assert {fill.order for fill in fills} == {"big"}
    assert all(fill.outcome != 0 for fill in fills)
    assert sum(isinstance(event, OrderDone) for event in outcome[2]) == 1


def test_orders_of_the_trigger_itself_take_part() -> None:
    _, _, fills = run(params(), bid("bob buys 100 yes of 2", 33, "mine"))
    assert [(fill.resting, fill.buyer) for fill in fills] == [("mine", 2)]


def test_a_buy_fills_buys_and_a_sale_fills_sales() -> None:
    p = params()
    state = funded(p, ann=5_000, bob=9_000)
    state = tick(state, p, order("ann buys 50 yes of 2"), order("bob buys 1500 yes of 1", id="h"))[1]
    state = tick(state, p, bid("ann sells 50 yes of 2", 34, "s"), bid("ann buys 50 yes of 2", 32, "b"))[1]
    assert set(state.resting) == {"s", "b"}
    fills = tick(state, p, big("bob sells 1500 yes of 1"))[0]
    assert {fill.resting for fill in fills if fill.kind == "autofill"} <= {"s"}
    fills = tick(state, p, big("bob buys 6000 yes of 1"))[0]
    assert {fill.resting for fill in fills if fill.kind == "autofill"} == {"b"}


def test_the_marginal_price_stays_within_the_limit() -> None:
    p = params(af_cap_frac="0.2")
    for cents, size in ((33, 2300), (32, 6000)):
        buy = big(f"bob buys {size} yes of 1")
        _, outcome, fills = run(p, bid("ann buys 3000 yes of 2", cents, "a"), trigger=buy)
        assert fills
        assert price(outcome[1].binaries[1], Side.YES, p) <= cents / 100


@pytest.mark.parametrize(
    ("values", "auto"),
    [({"af_enabled": False}, True), ({"af_cap_frac": 0}, True), ({"zeta": 0}, True), ({}, False)],
)
def test_without_it_nothing_fills_by_itself(values: dict[str, object], auto: bool) -> None:
    _, _, fills = run(params(**values), bid("ann buys 100 yes of 2", 33, "a", auto=auto))
    assert fills == []


def test_a_refused_trigger_takes_its_auto_fills_with_it() -> None:
    p = params()
    state = funded(p, ann=5_000, bob=9_000)
    state = tick(state, p, bid("ann buys 100 yes of 2", 33, "a"))[1]
    fills, after, events = tick(state, p, replace(big(), max_slippage=RATE // 10))
    assert fills == ()
    assert after == state
    assert [event.status for event in events if isinstance(event, OrderDone)] == ["refused"]


def test_what_comes_back_does_not_enter_the_worst_price() -> None:
    """The all-in amount is what the ticket promised; the pay-back comes beside it."""
    p = params(sigma=1)
    _, outcome, _ = run(p, bid("ann buys 100 yes of 2", 33, "a"))
    (done,) = [event for event in outcome[2] if isinstance(event, OrderDone)]
    exact = ceil_div(done.amount * RATE, done.filled)
    _, outcome, _ = run(p, bid("ann buys 100 yes of 2", 33, "a"), trigger=replace(big(), worst_price=exact))
    assert any(isinstance(event, PaidBack) for event in outcome[2])
    _, outcome, _ = run(p, bid("ann buys 100 yes of 2", 33, "a"), trigger=replace(big(), worst_price=exact - 1))
    assert not outcome[0]
