"""A quote is the fill that would follow, and leaves no trace."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.amm import curve_buy
from engine.events import Reason
from engine.params import MarketParams
from engine.quote import Quote, Refused, quote
from engine.rates import rates_at, tariff
from engine.resolution import trigger_resolution
from engine.state import MarketState, Side, Status, fingerprint
from engine.units import MICRO, RATE
from tests.engine.builders import done, funded, order, params, run_one

P = params(n_outcomes=4, gas_fee="0.01")


def ask(state: MarketState, text: str = "ann buys 100 yes of 1", **more: int | None) -> Quote | Refused:
    placed = order(text)
    values: dict[str, int | None] = {"size": placed.size, **more}
    return quote(
        state,
        P,
        now_ms=0,
        user=placed.user if placed.user in state.accounts else None,
        outcome=placed.outcome,
        side=placed.side,
        buy=placed.buy,
        size=values.get("size"),
        spend=values.get("spend"),
        slippage=values.get("slippage"),
    )


def asked(state: MarketState, text: str = "ann buys 100 yes of 1", **more: int | None) -> Quote:
    ticket = ask(state, text, **more)
    assert isinstance(ticket, Quote), ticket
    return ticket


def held() -> MarketState:
    state = funded(P, ann=10_000, bob=10_000)
    return run_one(state, P, order("ann buys 300 yes of 1"))[1]


@settings(max_examples=60)
@given(
    size=st.integers(1, 10**10),
    outcome=st.integers(1, 4),
    side=st.sampled_from(["yes", "no"]),
    verb=st.sampled_from(["buys", "sells"]),
    slippage=st.none() | st.integers(0, RATE // 2),
)
def test_a_quote_is_the_fill_to_the_micro_dollar(
    size: int, outcome: int, side: str, verb: str, slippage: int | None
) -> None:
    state = held()
    text = f"ann {verb} {size / MICRO:.6f} {side} of {outcome}"
    before = fingerprint(state)
    ticket = ask(state, text, slippage=slippage)
    assert fingerprint(state) == before
    worst = ticket.worst_price if isinstance(ticket, Quote) else None
    placed = replace(order(text), max_slippage=slippage) if worst is None else replace(order(text), worst_price=worst)
    _, after, events = run_one(state, P, placed)
    end = done(events)
    if isinstance(ticket, Refused):
        assert (end.status, end.reason) == ("refused", ticket.reason)
        return
    assert (ticket.size, ticket.unsold, ticket.amount, ticket.fee) == (end.filled, end.unsold, end.amount, end.fee)
    moved = after.accounts[1].cash - state.accounts[1].cash
    assert moved == (-ticket.amount if verb == "buys" else ticket.amount) - ticket.gas


def test_the_ticket_of_the_design() -> None:
    """100 YES at 20 cents with 5 % slippage: worst = p(1 + slip)(1 + fee), compared all in, gas apart."""
    ticket = asked(funded(P, ann=100), slippage=RATE // 20)
    exact = ticket.price_before * 105 * 101
    assert ticket.worst_price == pytest.approx(exact // 10_000, abs=1)
    assert ticket.worst_price is not None
    assert ticket.worst_amount == ticket.worst_price * 100 * MICRO // RATE
    assert ticket.amount <= ticket.worst_amount
    assert (ticket.gas, ticket.payout_if_right) == (10_000, 100 * MICRO)
    assert ticket.price_before < ticket.average * 100 // 101 < ticket.price_after < ticket.worst_price


def test_it_shows_what_happens_to_every_outcome() -> None:
    ticket = asked(held())
    assert [move.outcome for move in ticket.moves] == [0, 1, 2, 3]
    assert ticket.moves[0].yes_after > ticket.moves[0].yes_before
    assert ticket.moves[0].no_after < ticket.moves[0].no_before
    for move in ticket.moves[1:]:
        assert move.yes_after < move.yes_before
        assert move.no_after < move.no_before


def test_a_stranger_gets_a_quote_and_no_account() -> None:
    state = funded(P)
    ticket = asked(state, "nobody buys 100 yes of 1")
    assert ticket == asked(funded(P, ann=1000))
    assert not state.accounts


def test_spending_an_amount_buys_the_largest_size_within_it() -> None:
    """All in and gas out; one micro-token more would not fit."""
    state = held()
    for spend in (1, 2, 50, 99, 10**6, 50 * MICRO, 500 * MICRO, 9_000 * MICRO):
        ticket = ask(state, size=None, spend=spend)
        if isinstance(ticket, Refused):
            assert ticket.reason is Reason.SPEND
            continue
        assert ticket.amount <= spend
        assert asked(state, size=ticket.size + 1).amount > spend


@pytest.mark.parametrize(
    ("spend", "reason"), [(0, Reason.SPEND), (-5, Reason.SPEND), (1, Reason.SPEND), (None, Reason.SIZE_ZERO)]
)
def test_spending_nothing_buys_nothing(spend: int | None, reason: Reason) -> None:
    ticket = ask(held(), size=None, spend=spend)
    assert isinstance(ticket, Refused)
    assert ticket.reason is reason


@pytest.mark.parametrize(
    ("text", "more", "reason"),
    [
        ("ann buys 100 yes of 5", {}, Reason.UNKNOWN_OUTCOME),
        ("ann buys 100 yes of 5", {"size": None, "spend": 5}, Reason.UNKNOWN_OUTCOME),
        ("ann sells 301 yes of 1", {}, Reason.NO_TOKENS),
        ("ann buys 100000 yes of 1", {}, Reason.NO_CASH),
        ("ann buys 3000 yes of 1", {"slippage": RATE // 100}, Reason.PAST_WORST_PRICE),
    ],
)
def test_what_would_be_refused_is_refused_by_the_same_name(
    text: str, more: dict[str, int | None], reason: Reason
) -> None:
    ticket = ask(held(), text, **more)
    assert isinstance(ticket, Refused)
    assert ticket.reason is reason


def test_a_frozen_market_quotes_nothing_not_even_when_the_freeze_is_only_due() -> None:
    state = held()
    for now, status in ((0, Status.FROZEN), (P.rounds[-1].freeze_at, Status.RUNNING)):
        ticket = quote(
            replace(state, status=status), P, now_ms=now, user=1, outcome=0, side=Side.YES, buy=True, size=MICRO
        )
        assert isinstance(ticket, Refused)
        assert ticket.reason is Reason.FROZEN


def test_the_largest_sensible_size_is_where_the_penalty_begins() -> None:
    state = funded(P, ann=10**8)
    most = asked(state).largest_sensible
    first = state.binaries[0]
    pieces = tariff(P, rates_at(P, state, 0), 4).buying(0)
    for size, raised in ((most - 10, False), (most + MICRO, True)):
        curve = curve_buy(size, first.q_yes, P.l0, pieces)
        assert (asked(state, size=size).parts["pool"] > curve) is raised


def after_a_round() -> tuple[MarketState, MarketParams]:
    """A market of three after its first round, where the pot is at its floor and holds down every sale."""
    p = params(floor_allowance=0, rounds=[
        {"freeze_at": 500, "decide_at": 500, "count": 1, "losers": "ask"},
        {"freeze_at": 900, "decide_at": 1000, "winner": "ask"},
    ])  # fmt: skip
    state = funded(p, ann=10_000, bob=10_000)
    for number, text in enumerate(("ann buys 1500 no of 2", "bob buys 1000 yes of 1")):
        state = run_one(state, p, order(text, id=str(number)))[1]
    return trigger_resolution(state, p, False, (1,))[1], p


def test_where_the_floor_binds_a_ticket_says_so_and_its_worst_price_counts_from_its_own_average() -> None:
    """Counted from the price every sale at 5 % would be refused; here it fills at what its ticket says."""
    state, p = after_a_round()
    for size in (100 * MICRO, 1_000 * MICRO):
        ticket = quote(state, p, now_ms=3, user=2, outcome=0, side=Side.YES, buy=False, size=size, slippage=RATE // 20)
        assert isinstance(ticket, Quote), ticket
        assert ticket.floor == ticket.parts["floor"] > 0
        assert ticket.amount < ticket.price_before * 95 * 99 // 10_000 * size // RATE, (
            "5 % below the price, less the fee"
        )
        before_fee = ticket.amount + ticket.fee
        assert ticket.base_price == before_fee * RATE // size
        assert ticket.worst_price == before_fee * 95 * 99 * RATE // (size * 10_000)
        placed = replace(order(f"bob sells {size // MICRO} yes of 1", at=3), worst_price=ticket.worst_price)
        end = done(run_one(state, p, placed)[2])
        assert (end.status, end.amount) == ("filled", ticket.amount)


def test_elsewhere_a_worst_price_counts_from_the_price() -> None:
    ticket = asked(held(), slippage=RATE // 20)
    assert (ticket.floor, ticket.base_price) == (0, ticket.price_before)
