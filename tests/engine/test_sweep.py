"""The sweep: resting orders the maker's price has passed trade with the maker, once a tick, in a fixed order."""

from __future__ import annotations

from dataclasses import replace

from engine.events import Fill, OrderDone
from engine.intents import Control, Intent, Order
from engine.orders import apply_orders
from engine.params import MarketParams
from engine.resting_book import escrowed
from engine.state import MarketState, Side, Status, price
from engine.units import MICRO, RATE
from tests.engine.builders import Outcome, check_all, funded, order, params

CENT = RATE // 100
FOUR = [
    {"freeze_at": 100, "decide_at": 200, "count": 1, "losers": "ask"},
    {"freeze_at": 900, "decide_at": 1000, "winner": "ask"},
]


def tick(state: MarketState, p: MarketParams, *intents: Intent, now: int | None = None) -> Outcome:
    outcome = apply_orders(state, intents, p, max(i.accepted_ms for i in intents) if now is None else now)
    check_all(state, outcome, p)
    return outcome


def swept(outcome: Outcome) -> list[Fill]:
    return [fill for fill in outcome[0] if fill.kind == "sweep"]


def waiting(text: str, cents: int, id: str, *, at: int = 1, auto: bool = False) -> Order:
    return replace(order(text, at=at, id=id), limit=cents * CENT, autofill=auto)


def rich(p: MarketParams) -> MarketState:
    return funded(p, ann=9_000, bob=9_000, cy=9_000, dee=9_000)


def test_a_passed_order_trades_as_an_ordinary_limit_fill() -> None:
    """Opted in or not: charge, fee and escrow as on arrival; what its limit does not allow goes on resting."""
    p = params(af_enabled=False)
    state = tick(rich(p), p, waiting("ann buys 500 yes of 2", 33, "a"))[1]
    outcome = tick(state, p, order("bob buys 2000 yes of 1", at=2))
    (fill,) = swept(outcome)
    assert (fill.order, fill.resting, fill.buyer, fill.seller) == ("a", "a", 1, None)
    after, rest = outcome[1], 500 * MICRO - fill.size
    assert after.resting["a"].rest == rest > 0
    assert price(after.binaries[1], Side.YES, p) <= 0.33
    assert fill.amount * 100 <= 33 * fill.size
    assert fill.released == escrowed(33 * CENT, p.fee, 500 * MICRO) - escrowed(33 * CENT, p.fee, rest)
    assert fill.amount + fill.buy_fee <= fill.released
    assert fill.parts["pool"] + fill.parts["convexity"] + fill.parts["curve"] == fill.amount
    assert after.accounts[1].tokens[1][0] == fill.size
    assert not [event for event in outcome[2] if isinstance(event, OrderDone) and event.user == 1]


def test_a_limit_at_the_price_is_not_passed() -> None:
    """Strictly better only: nothing trades in a tick that leaves the price at the limit."""
    p = params(n_outcomes=4, af_enabled=False, zeta="0.1")
    state = tick(rich(p), p, waiting("ann buys 5 yes of 1", 24, "a"))[1]
    assert price(state.binaries[0], Side.YES, p) >= 0.25
    pushed = tick(state, p, order("bob buys 6000 yes of 2", at=2))
    assert swept(pushed)
    again = tick(pushed[1], p, now=3)
    assert swept(again) == []
    assert again[1] == pushed[1]


def test_most_favourable_first_then_outcome_then_yes_then_age() -> None:
    p = params(n_outcomes=4, af_enabled=False, zeta="0.1")
    orders = [
        waiting("ann buys 1 yes of 3", 24, "third"),
        waiting("ann buys 1 yes of 2", 24, "second", at=2),
        waiting("cy buys 1 yes of 2", 24, "first"),
        waiting("cy buys 1 no of 2", 74, "dearest"),
    ]
    state = tick(rich(p), p, *orders)[1]
    outcome = tick(state, p, order("bob buys 6000 yes of 1", at=3))
    # the first of outcome 2 lifts its price a little, so the one of outcome 3 is then more favourable than the second
    assert [fill.order for fill in swept(outcome)] == ["dearest", "first", "third", "second"]


def test_each_order_is_swept_once_a_tick() -> None:
    """Convexity cuts its part short; the rest has to wait for the next tick although its limit is still passed."""
    p = params(af_enabled=False, kappa="0.001")
    state = tick(rich(p), p, waiting("cy buys 50 no of 2", 66, "big"))[1]
    outcome = tick(state, p, order("bob buys 2000 yes of 1", at=2))
    assert [fill.order for fill in swept(outcome)] == ["big"]
    assert price(outcome[1].binaries[1], Side.NO, p) < 0.66
    again = tick(outcome[1], p, now=3)
    assert [fill.order for fill in swept(again)] == ["big"]


def test_a_sweep_triggers_no_auto_fills() -> None:
    p = params(af_cap_frac="0.0001")
    state = tick(rich(p), p, *(waiting(f"ann buys 900 yes of {j}", 33, f"{j}", auto=True) for j in (2, 3)))[1]
    outcome = tick(state, p, order("bob buys 2000 yes of 1", at=2))
    assert swept(outcome)
    assert all(fill.order == "o" for fill in outcome[0] if fill.kind == "autofill")


def before_a_round() -> tuple[MarketParams, MarketState]:
    """Outcome 2: a buy of NO at 71, far below its price of 75; the round will bring NO down to 67."""
    p = params(n_outcomes=4, rounds=FOUR, fee=0)
    orders = (waiting("ann buys 400 no of 2", 71, "a"), waiting("cy buys 2 no of 3", 71, "b"))
    state = tick(rich(p), p, *orders)[1]
    state = tick(state, p, now=100)[1]
    return p, tick(state, p, now=200)[1]


def test_after_a_round_the_sweep_comes_before_the_waiting_orders_and_again_at_the_end() -> None:
    """Those the new prices have passed go first; each order at most once in the tick, whatever follows."""
    p, state = before_a_round()
    assert state.status is Status.FROZEN
    out = Control(id="out", accepted_ms=210, kind="eliminate", outcomes=(3,))
    late = order("dee buys 5 no of 2", at=211, id="late")
    outcome = tick(state, p, out, late, waiting("dee buys 9 no of 3", 60, "c", at=211), now=212)
    assert [(fill.order, fill.kind) for fill in outcome[0]] == [("a", "sweep"), ("b", "sweep"), ("late", "maker")]
    assert price(outcome[1].binaries[1], Side.NO, p) >= price(state.binaries[1], Side.NO, p) * 9 / 10


def test_nothing_is_swept_while_trading_is_closed() -> None:
    p, state = before_a_round()
    outcome = tick(state, p, Control(id="f", accepted_ms=205, kind="pause"), now=206)
    assert outcome[0] == ()
    paused = replace(state, status=Status.PAUSED, frozen_for=None, asked=False, next_round=1)
    assert tick(paused, p, now=207)[0] == ()


def test_when_trading_resumes_passed_orders_go_before_what_comes_next() -> None:
    p = params(af_enabled=False, kappa="0.001")
    state = tick(rich(p), p, waiting("cy buys 50 no of 2", 66, "big"))[1]
    state = tick(state, p, order("bob buys 2000 yes of 1", at=2))[1]
    assert price(state.binaries[1], Side.NO, p) < 0.66  # more of it could be swept in the next tick
    state = replace(state, status=Status.PAUSED)
    back = Control(id="r", accepted_ms=5, kind="resume")
    outcome = tick(state, p, back, order("dee buys 1 yes of 1", at=6))
    assert [(fill.order, fill.kind) for fill in outcome[0]] == [("big", "sweep"), ("o", "maker")]


def test_the_band_holds_after_every_sweep_fill() -> None:
    p = params(n_outcomes=4, band="0.05", af_enabled=False, zeta="0.1")
    state = tick(rich(p), p, waiting("ann buys 400 yes of 2", 24, "a"), waiting("cy buys 400 yes of 3", 24, "b"))[1]
    outcome = tick(state, p, order("bob buys 6000 yes of 1", at=2))
    assert len(swept(outcome)) == 2
    for binary in outcome[1].binaries[1:3]:
        assert abs(price(binary, Side.YES, p) + price(binary, Side.NO, p) - 1) <= 0.0500001
