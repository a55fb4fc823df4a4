"""The window of a round: its losers are claimed, may be corrected, cut or voided, and are paid when it has passed."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from engine.events import Claimed, Eliminated, Retuned
from engine.intents import Control
from engine.orders import apply_orders
from engine.params import build_params, params_from_json, params_to_json
from engine.resolution import trigger_resolution
from engine.schedule import ScheduleStep, next_step
from engine.state import Claim, MarketState, Status, state_from_json, state_to_json
from engine.sweep import sweep
from engine.tick import Tick
from tests.engine.builders import params, play

ROUNDS = [
    {"freeze_at": 100, "decide_at": 200, "count": 1, "losers": "ask"},
    {"freeze_at": 1_000, "decide_at": 1_100, "count": 1, "losers": "ask"},
    {"freeze_at": 2_000, "decide_at": 2_100, "winner": "ask"},
]
WINDOW = params(n_outcomes=5, rounds=ROUNDS, round_window=500)

TRADED = """
      0 | ann joins with 1000     | joined
      0 | bob joins with 1000     | joined
     10 | ann buys 100 yes of 1   | filled 21.086624
     12 | bob buys 40 no of 5     | filled 32.393878
     13 | ann buys 10 yes of 4 at 0.1 | rests 10
     14 | ann buys 10 yes of 5 at 0.1 | rests 10
"""


def traded() -> MarketState:
    """Ann holds 100 YES of 1 and has orders on 4 and 5 in the book, Bob 40 NO of 5."""
    return play(WINDOW, TRADED)[0]


def test_a_round_is_claimed_stands_frozen_and_is_paid_when_its_window_has_passed() -> None:
    state, _ = play(
        WINDOW,
        """
        200 | -                         | frozen; asked for 1
        250 | admin eliminates 5        | claimed out 5: 40 to 1 at 750
        251 | ann buys 1 yes of 1       | refused frozen
        252 | ann cancels r04           | cancelled r04 10
        253 | admin resumes             | refused claimed
        253 | admin freezes             | refused claimed
        253 | admin pauses              | refused claimed
        253 | admin eliminates 4        | refused claimed
        253 | admin resolves 4          | refused claimed
        254 | bob leaves                | refused claimed
        254 | cy joins with 10          | joined
        255 | retune fee=0.02           | retuned
        749 | -                         |
        750 | -                         | released r05 10; eliminated 5; paid 2 40; resumed
        751 | ann buys 1 yes of 1       | filled 0.273436
        """,
        traded(),
    )
    assert (state.status, state.claim, state.next_round, state.last_decision_ms) == (Status.RUNNING, None, 1, 750)


def test_a_correction_takes_the_same_number_and_begins_the_window_anew() -> None:
    state, _ = play(
        WINDOW,
        """
        250 | admin eliminates 5        | frozen; asked for 1; claimed out 5: 40 to 1 at 750
        300 | admin corrects            | refused wrong_count
        300 | admin corrects 4 3        | refused wrong_count
        300 | admin corrects 9          | refused unknown_outcome
        300 | admin corrects 5          | refused already
        700 | admin corrects 4          | corrected out 4: 0 to 0 at 1200
        750 | -                         |
        800 | retune round_window=10ms  | retuned
        810 | -                         |
        820 | admin corrects 3          | corrected out 3: 0 to 0 at 830
        829 | -                         |
        830 | -                         | eliminated 3; resumed
        """,
        traded(),
    )
    assert state.out == (2,)


def test_by_hand_the_market_is_frozen_for_the_window_and_takes_its_former_status_again() -> None:
    table = """
         50 | admin {before}           | {word}
         60 | admin eliminates 5 4     | claimed out 5 4: 40 to 1 at 560
         61 | admin resumes            | refused claimed
         62 | admin corrects 1 2 3 4   | refused too_few_left
         63 | admin corrects 2         | corrected out 2: 0 to 0 at 563
         99 | retune round_window=off  | retuned
        563 | -                        | {paid}
    """
    for before, word, status, after in (
        ("pauses", "paused", Status.PAUSED, "eliminated 2"),
        ("freezes", "frozen", Status.FROZEN, "eliminated 2"),
        ("resumes", "refused not_frozen", Status.RUNNING, "eliminated 2; resumed"),
    ):
        final_alone = replace(WINDOW, rounds=WINDOW.rounds[2:])
        state, _ = play(final_alone, table.format(before=before, word=word, paid=after), traded())
        assert (state.status, state.out, state.claim) == (status, (1,), None), before


def test_a_freeze_that_has_passed_by_then_follows_at_once_and_the_sweep_comes_between() -> None:
    """The second round freezes at 1000; the first is paid at 1400."""
    state, _ = play(
        WINDOW,
        """
        900 | admin eliminates 5        | frozen; asked for 1; claimed out 5: 40 to 1 at 1400
       1399 | -                         |
       1500 | -                         | released r05 10; eliminated 5; paid 2 40; resumed; frozen; asked for 1
       1500 | ann buys 1 yes of 1       | refused frozen
       1600 | admin eliminates 4        | claimed out 4: 0 to 0 at 2100
       2600 | -                         | released r04 10; eliminated 4; resumed; frozen; asked for 1
        """,
        traded(),
    )
    assert (state.out, state.frozen_for, state.last_decision_ms) == ((4, 3), 2, 2_100)


def test_a_named_round_is_claimed_when_it_was_planned_and_never_before_the_last_one_is_paid() -> None:
    named = [
        {"freeze_at": 100, "decide_at": 200, "losers": [5]},
        {"freeze_at": 300, "decide_at": 400, "losers": [4]},
        {"freeze_at": 5_000, "decide_at": 5_100, "winner": "ask"},
    ]
    play(
        params(n_outcomes=5, rounds=named, round_window=500),
        """
         250 | -                         | frozen; claimed out 5: 0 to 0 at 700
         700 | -                         | eliminated 5; resumed; frozen; claimed out 4: 0 to 0 at 1200
        1200 | -                         | eliminated 4; resumed
        """,
    )


def test_the_payout_is_the_round_itself() -> None:
    """Same door, same money: a window changes when, and nothing else."""
    state = traded()
    _, claimed, events = apply_orders(
        state, [Control(id="e", accepted_ms=50, kind="eliminate", outcomes=(4,))], WINDOW, 50
    )
    assert claimed == replace(
        state, status=Status.FROZEN, claim=Claim(winners=(), until_ms=550, round=None, losers=(4,))
    )
    event = next(event for event in events if isinstance(event, Claimed))
    late = replace(WINDOW, rounds=WINDOW.rounds[2:])
    fills, paid, events = apply_orders(claimed, [], late, 550)
    _, plain, _ = trigger_resolution(state, late, elim_outcomes=(4,), at_ms=550)
    swept = Tick(plain, late, 550)
    sweep(swept)
    assert (paid, list(fills)) == (swept.seal(), swept.fills)
    out = next(event for event in events if isinstance(event, Eliminated))
    assert (out.paid, out.holders_no, out.prices_before) == (event.due, event.holders, event.prices_before)
    assert (out.at_ms, out.round) == (550, None)


def test_a_void_ends_a_claimed_round_too() -> None:
    state, _ = play(WINDOW, "60 | admin eliminates 5 | claimed out 5: 0 to 0 at 560\n70 | admin voids | voided")
    assert (state.status, state.claim) == (Status.VOIDED, None)


def test_what_is_next_is_the_payment() -> None:
    state = play(WINDOW, "60 | admin eliminates 5 | claimed out 5: 0 to 0 at 560")[0]
    assert next_step(state, WINDOW) == ScheduleStep(560, None, "pay")
    state = play(WINDOW, "200 | admin eliminates 5 | frozen; asked for 1; claimed out 5: 0 to 0 at 700")[0]
    assert next_step(state, WINDOW) == ScheduleStep(700, 0, "pay")
    assert not state.asked


@pytest.mark.parametrize(("typed", "ms"), [(0, 0), ("off", 0), ("5m", 300_000), ("1d", 86_400_000)])
def test_a_window_is_written_like_other_spans(typed: object, ms: int) -> None:
    assert params(round_window=typed).round_window == ms


@pytest.mark.parametrize("typed", [-1, "25h"])
def test_a_window_has_bounds(typed: object) -> None:
    problems = build_params({"n_outcomes": 3, "round_window": typed})
    assert isinstance(problems, tuple)
    assert [(problem.field, problem.code) for problem in problems] == [("round_window", "out_of_bounds")]


def test_markets_and_events_without_a_claimed_round_are_written_as_before_there_were_any() -> None:
    plain = params()
    assert "round_window" not in params_to_json(plain)
    changed = Retuned(id="r", fields=("fee",), params=plain).to_json()
    assert "round_window" not in cast("dict[str, object]", changed["params"])
    assert params_from_json(params_to_json(WINDOW)) == WINDOW
    state = play(WINDOW, "60 | admin eliminates 5 | claimed out 5: 0 to 0 at 560")[0]
    assert state_to_json(state)["claim"] == [[], 560, None, [4]]
    assert state_from_json(state_to_json(state)) == state
    final = Claimed(round=1, at_ms=2, winners=(0,), until_ms=3, due=4, holders=5, prices_before=())
    assert list(final.to_json()) == [
        "type", "round", "at_ms", "winners", "until_ms", "due", "holders", "prices_before",
    ]  # fmt: skip
