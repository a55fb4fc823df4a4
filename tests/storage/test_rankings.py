"""Who stands where: by gain over stake, holdings counted at what selling them would bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.intents import Order
from engine.orders import apply_orders
from engine.quote import Quote, quote
from engine.resting_book import Book
from engine.state import MarketState, Side, Status, open_market
from engine.terms import MarketParams
from engine.units import MICRO, RATE, RULES, whole_cents
from storage.rankings import Ranked, standings, worths
from storage.records import Market, Member
from tests.engine.builders import funded, order, params
from tests.storage.worlds import START

TERMS = params()


def market(status: Status = Status.RUNNING, terms: MarketParams = TERMS) -> Market:
    return Market(
        id=1, chat_id=1, title="Zoo", status=status, params=terms, draft={}, creator=1, created_ms=START,
        planned_start_ms=None, start_ms=START, tick=1, tick_ms=START, head="", halted=None, memo={}, next_step=None,
        intents=0, volume=0, trades=0, winners=(), ended_ms=None, rules=RULES,
        asks_now=(),
    )  # fmt: skip


def member(
    person: int, balance: int, *, stake: int = 1_000 * MICRO, trades: int = 1, coming: int = 0,
    tokens: tuple[tuple[int, int], ...] = (),
) -> Member:  # fmt: skip
    """Amounts in micro-dollars."""
    return Member(
        market=1, person=person, name=f"P{person}", joined_ms=person, funded=True, balance=balance, coming=coming,
        reserved=0, stake=stake, net_pnl=0, trade_count=trades, volume=0, fees=0, gas=0, tokens=tokens,
    )  # fmt: skip


def ranked(*members: Member, status: Status = Status.RUNNING) -> list[Ranked]:
    return standings(market(status), open_market(TERMS), members)


def of_state(state: MarketState) -> list[Ranked]:
    """The accounts of an engine state, ranked."""
    members = [
        replace(member(user, account.cash, trades=account.trades, tokens=account.tokens), escrow=account.escrow)
        for user, account in state.accounts.items()
    ]
    return standings(market(), state, members)


def alone(state: MarketState, outcome: int, side: Side, size: int) -> int:
    """What one sale of so many tokens gets with the house alone, in the engine's own path."""
    empty = replace(state, resting=Book(), status=Status.RUNNING)
    sale = quote(empty, TERMS, now_ms=0, user=None, outcome=outcome, side=side, buy=False, size=size)
    return sale.amount if isinstance(sale, Quote) else 0


def lived(seed: int, orders: int = 12) -> MarketState:
    """A few people have bought and sold."""
    rng, state = Random(seed), funded(TERMS, ann=1_000, bob=1_000, cy=1_000)
    for number in range(orders):
        who, verb = rng.choice(("ann", "bob", "cy")), rng.choice(("buys", "buys", "sells"))
        text = f"{who} {verb} {rng.randrange(1, 400)} {rng.choice(('yes', 'no'))} of {rng.randrange(1, 4)}"
        state = apply_orders(state, [order(text, id=f"o{number}")], TERMS, 0)[1]
    return state


# -- places


def test_equal_shares_share_a_rank_and_who_came_first_stands_first() -> None:
    rows = ranked(member(3, 1_100 * MICRO), member(1, 900 * MICRO), member(2, 2_200 * MICRO, stake=2_000 * MICRO))
    assert [(row.rank, row.person) for row in rows] == [(1, 2), (1, 3), (3, 1)]


def test_who_is_told_the_same_amount_has_the_same_place() -> None:
    rows = ranked(member(1, 1_000_009_999), member(2, 1_000_000_000), member(3, 999_999_999))
    assert [(row.rank, row.person) for row in rows] == [(1, 1), (1, 2), (3, 3)]


def test_who_has_not_traded_has_no_place_even_ahead_of_who_lost() -> None:
    rows = ranked(member(1, 1_000 * MICRO, trades=0), member(2, 900 * MICRO), member(3, 950 * MICRO))
    assert [(row.rank, row.person) for row in rows] == [(1, 3), (2, 2), (None, 1)]


def test_in_a_market_called_off_nobody_has_a_place() -> None:
    rows = ranked(member(1, 1_000 * MICRO), member(2, 1_000 * MICRO), status=Status.VOIDED)
    assert [row.rank for row in rows] == [None, None]


def test_money_on_its_way_is_no_gain() -> None:
    (row,) = ranked(member(1, 1_000 * MICRO, coming=50 * MICRO))
    assert (row.final, row.stake, row.gain) == (1_050 * MICRO, 1_050 * MICRO, 0)
    assert row.share == Fraction(0)


# -- what holdings are worth


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_worth_is_what_selling_all_of_it_alone_to_the_house_would_bring_in_whole_cents(seed: int) -> None:
    state = lived(seed)
    held = [account.tokens for account in state.accounts.values()]
    for tokens, values in zip(held, worths(state, TERMS, held, 0), strict=True):
        for outcome, (pair, value) in enumerate(zip(tokens, values, strict=True)):
            for at, side in enumerate((Side.YES, Side.NO)):
                brings = alone(state, outcome, side, pair[at]) if pair[at] else 0
                assert abs(value[at] - whole_cents(brings)) <= 10_000
                assert value[at] % 10_000 == 0


def test_worth_is_the_same_while_trading_is_frozen() -> None:
    state = lived(1)
    held = [account.tokens for account in state.accounts.values()]
    assert worths(replace(state, status=Status.FROZEN), TERMS, held, 0) == worths(state, TERMS, held, 0)


def test_a_price_times_a_number_of_tokens_is_never_called_worth() -> None:
    state = apply_orders(funded(TERMS, ann=1_000), [order("ann buys 400 yes of 1")], TERMS, 0)[1]
    binary = state.binaries[0]
    (ann,) = of_state(state)
    cash = state.accounts[1].cash
    assert ann.final < 1_000 * MICRO
    assert ann.final - cash < 400 * MICRO * binary.q_yes // (TERMS.l0 + max(0, binary.v))


def test_nobodys_bid_lifts_a_rank() -> None:
    state = lived(3)
    bid = Order(
        id="bid", accepted_ms=0, user=3, outcome=0, side=Side.YES, buy=True, size=500 * MICRO, limit=9 * RATE // 100
    )
    with_bid = apply_orders(state, [bid], TERMS, 0)[1]
    assert "bid" in with_bid.resting, "it waits"
    assert [(row.person, row.rank, row.final) for row in of_state(with_bid)] == [
        (row.person, row.rank, row.final) for row in of_state(state)
    ]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 300), st.integers(1, 3), st.sampled_from(("yes", "no")))
def test_buying_never_lifts_ones_own_result(seed: int, size: int, outcome: int, side: str) -> None:
    state = lived(seed)
    bought = apply_orders(state, [order(f"ann buys {size} {side} of {outcome}", id="mine")], TERMS, 0)[1]
    before, after = (next(row for row in of_state(then) if row.person == 1) for then in (state, bought))
    assert after.final <= before.final + 10_000 * 6, "a cent's rounding a holding"


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED])
def test_in_a_market_that_is_over_money_alone_counts(status: Status) -> None:
    rows = standings(market(status), None, [member(1, 1_200 * MICRO), member(2, 900 * MICRO)])
    assert [(row.rank, row.final) for row in rows] == [(1, 1_200 * MICRO), (2, 900 * MICRO)]


def test_before_the_start_nobody_holds_anything() -> None:
    lobby: Sequence[Member] = [member(1, 0, stake=0, coming=1_000 * MICRO, trades=0)]
    (row,) = standings(replace(market(Status.LOBBY), start_ms=None, tick_ms=None), open_market(TERMS), lobby)
    assert (row.rank, row.final, row.gain) == (None, 1_000 * MICRO, 0)
