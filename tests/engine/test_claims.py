"""The dispute window: a winner is claimed, may be corrected or voided, and is paid when it has passed. And leaving."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from engine.events import Claimed, Corrected, Paid, Resolved, Retuned
from engine.intents import Control
from engine.orders import apply_orders
from engine.params import build_params, params_from_json, params_to_json
from engine.quote import Quote, quote
from engine.resolution import trigger_resolution
from engine.schedule import next_step
from engine.state import (
    Claim,
    MarketState,
    Side,
    Status,
    fingerprint,
    open_market,
    state_from_json,
    state_to_json,
)
from engine.units import MICRO
from tests.engine.builders import micro, params, play

ROUNDS = [
    {"freeze_at": 100, "decide_at": 200, "count": 1, "losers": "ask"},
    {"freeze_at": 500, "decide_at": 600, "winner": 1},
]
WINDOW = params(n_outcomes=4, rounds=ROUNDS, dispute_window=1_000, gas_fee="0.01")

TRADED = """
      0 | ann joins with 1000     | joined
      0 | bob joins with 1000     | joined
     10 | ann buys 100 yes of 1   | filled 26.073124
     11 | bob buys 50 yes of 2    | filled 12.827981
     12 | bob buys 40 no of 3     | filled 30.371259
     13 | ann buys 10 yes of 3 at 0.1 | rests 10
"""


def traded() -> MarketState:
    """Ann holds 100 YES of 1 and has an order in the book, Bob 50 YES of 2 and 40 NO of 3."""
    return play(WINDOW, TRADED)[0]


def test_a_claim_closes_the_market_pays_nothing_and_is_paid_when_its_window_has_passed() -> None:
    state, _ = play(
        WINDOW,
        """
        200 | -                       | frozen; asked for 1
        210 | admin eliminates 4      | eliminated 4; resumed
        600 | -                       | frozen; released r05 10; claimed 1: 140 to 2 at 1600
        601 | ann buys 1 yes of 1     | refused disputed
        602 | admin resumes           | refused disputed
        602 | admin freezes           | refused disputed
        602 | admin pauses            | refused disputed
        602 | admin eliminates 2      | refused disputed
        602 | admin resolves 2        | refused disputed
        603 | cy joins with 10        | refused disputed
        603 | ann joins with 10       | refused disputed
        603 | ann leaves              | refused disputed
        603 | ann cancels r05         | refused no_such_order
        604 | retune fee=0.02         | refused disputed
       1599 | -                       |
       1600 | admin corrects 2        | resolved 1; paid 1 100; paid 2 40; refused not_running
       1601 | admin voids             | refused not_running
        """,
        traded(),
    )
    assert (state.status, state.winners, state.claim) == (Status.CLOSED, (0,), None)
    assert next_step(state, WINDOW) is None


def test_a_correction_changes_who_is_paid_and_begins_the_window_anew() -> None:
    state, _ = play(
        WINDOW,
        """
        300 | admin resolves 1        | frozen; asked for 1; released r05 10; claimed 1: 140 to 2 at 1300
        900 | admin corrects          | refused wrong_count
        900 | admin corrects 2 2      | refused wrong_count
        900 | admin corrects 9        | refused unknown_outcome
        900 | admin corrects 1        | refused already
       1000 | admin corrects 2        | corrected 2: 90 to 1 at 2000
       1300 | -                       |
       1900 | admin corrects 3        | corrected 3: 0 to 0 at 2900
       1950 | admin corrects 2        | corrected 2: 90 to 1 at 2950
       2949 | -                       |
       9000 | -                       | resolved 2; paid 2 50; paid 2 40
        """,
        traded(),
    )
    assert (state.status, state.winners) == (Status.CLOSED, (1,))


def test_a_void_gives_back_what_was_given_while_a_claim_stands() -> None:
    state, _ = play(
        WINDOW,
        """
        50 | admin resolves 1         | released r05 10; claimed 1: 140 to 2 at 1050
        60 | admin voids              | voided, 1 +26.093124, 2 +43.219240
        """,
        traded(),
    )
    assert (state.status, state.claim, state.winners) == (Status.VOIDED, None, ())


def test_there_is_nothing_to_correct_without_a_claim() -> None:
    play(WINDOW, "10 | admin corrects 1 | refused not_disputed")
    play(params(), "10 | admin resolves 1 | resolved 1\n11 | admin corrects 2 | refused not_running")


def test_the_payout_is_the_final_itself() -> None:
    """Same door, same money: a window changes when and what the status is called, nothing else."""
    state = traded()
    resolve = Control(id="r", accepted_ms=50, kind="resolve", outcomes=(1,))
    _, claimed, events = apply_orders(state, [resolve], WINDOW, 50)
    assert claimed.claim == Claim(winners=(1,), until_ms=1_050, round=None)
    event = next(event for event in events if isinstance(event, Claimed))
    _, paid, events = apply_orders(claimed, [], WINDOW, 2_000)
    payouts, plain, _ = trigger_resolution(state, WINDOW, True, 1, at_ms=1_050)
    assert tuple(event for event in events if isinstance(event, Paid)) == payouts
    assert paid == replace(plain, status=Status.CLOSED)
    final = next(event for event in events if isinstance(event, Resolved))
    assert (final.paid, final.holders, final.prices_before) == (event.due, event.holders, event.prices_before)
    assert final.at_ms == 1_050
    assert sum(account.cash for account in claimed.accounts.values()) == sum(
        account.cash + account.escrow for account in state.accounts.values()
    )


def test_a_correction_that_was_accepted_in_time_counts_however_late_its_tick() -> None:
    _, claimed, _ = apply_orders(traded(), [Control(id="r", accepted_ms=50, kind="resolve", outcomes=(1,))], WINDOW, 50)
    late = [Control(id=str(at), accepted_ms=at, kind="correct", outcomes=(0,)) for at in (1_049, 1_050)]
    _, first, events = apply_orders(claimed, late[:1], WINDOW, 5_000)
    assert [type(event) for event in events][:2] == [Corrected, Resolved]
    assert first.winners == (0,)
    _, second, _ = apply_orders(claimed, late[1:], WINDOW, 5_000)
    assert second.winners == (1,)


def test_a_round_that_is_being_decided_is_over_with_the_claim() -> None:
    state, _ = play(
        params(n_outcomes=4, rounds=ROUNDS, dispute_window=50),
        """
        200 | -                       | frozen; asked for 1
        300 | admin resolves 3        | claimed 3: 0 to 0 at 350
        800 | -                       | resolved 3
        """,
    )
    assert state.next_round == 2


def test_a_window_can_be_set_until_somebody_has_won() -> None:
    play(
        params(rounds=[ROUNDS[1]]),
        """
         10 | retune dispute_window=5m  | retuned
         20 | admin resolves 2          | claimed 2: 0 to 0 at 300020
         21 | retune dispute_window=1ms | refused disputed
        """,
    )
    play(WINDOW, "10 | retune dispute_window=off | retuned\n20 | admin resolves 2 | resolved 2")


@pytest.mark.parametrize(
    ("typed", "ms"), [(0, 0), ("off", 0), ("none", 0), ("1h30m", 5_400_000), ("30d", 2_592_000_000), (1, 1)]
)
def test_a_window_is_written_like_other_spans(typed: object, ms: int) -> None:
    assert params(dispute_window=typed).dispute_window == ms


@pytest.mark.parametrize(("typed", "code"), [(-1, "out_of_bounds"), ("31d", "out_of_bounds"), ("x", "not_a_number")])
def test_a_window_has_bounds(typed: object, code: str) -> None:
    problems = build_params({"n_outcomes": 3, "dispute_window": typed})
    assert isinstance(problems, tuple)
    assert [(problem.field, problem.code) for problem in problems] == [("dispute_window", code)]


def test_nothing_can_be_quoted_while_a_claim_stands() -> None:
    state = play(WINDOW, "50 | admin resolves 1 | released r05 10; claimed 1: 140 to 2 at 1050", traded())[0]
    ticket = quote(
        state, WINDOW, now_ms=60, user=1, outcome=0, side=Side.YES, buy=True, size=MICRO, limit=None, autofill=False
    )
    assert not isinstance(ticket, Quote)
    assert fingerprint(state) != fingerprint(replace(state, claim=None))


def test_who_never_did_anything_can_leave_and_come_back() -> None:
    state, _ = play(
        WINDOW,
        """
         0 | ann joins with 1000      | joined
         0 | bob joins with 500       | joined
         1 | bob joins with 20        | joined
         2 | bob leaves               | left 2 520
         3 | bob leaves               | refused unknown_user
         3 | bob buys 1 yes of 1      | refused unknown_user
         4 | bob joins with 30        | joined
         5 | ann buys 1 yes of 1 at 0.1 | rests 1
         6 | ann leaves               | refused has_orders
         7 | ann cancels r07          | cancelled r07 1
         8 | ann leaves               | refused has_paid
         9 | ann buys 1 yes of 1      | filled 0.252584
        10 | ann sells 1 yes of 1     | filled 0.247560
        11 | ann leaves               | refused has_traded
        12 | cy joins with 1 + cy leaves | joined; left 3 1
        50 | admin freezes            | frozen
        51 | bob leaves               | left 2 30
        52 | admin voids              | voided, 1 +0.035024
        53 | ann leaves               | refused not_running
        """,
    )
    assert sorted(state.accounts) == [1]
    assert state.accounts[1].cash == micro("1000")


def test_an_open_market_has_no_claim() -> None:
    assert open_market(WINDOW).claim is None


def test_a_market_without_a_window_is_written_as_before_there_were_any() -> None:
    """Hence its fingerprint, and the heads that were posted, stay what they are."""
    plain = params()
    assert "dispute_window" not in params_to_json(plain)
    assert "claim" not in state_to_json(open_market(plain))
    changed = Retuned(id="r", fields=("fee",), params=plain).to_json()
    assert "dispute_window" not in cast("dict[str, object]", changed["params"])
    assert params_to_json(WINDOW)["dispute_window"] == 1_000
    assert params_from_json(params_to_json(WINDOW)) == WINDOW
    state = play(WINDOW, "50 | admin resolves 1 | claimed 1: 0 to 0 at 1050")[0]
    assert state_to_json(state)["claim"] == [[0], 1_050, None]
    assert state_from_json(state_to_json(state)) == state
