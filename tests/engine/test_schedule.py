"""Rounds by schedule and by hand, freezes, the final, void, joins and live changes: one timeline."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.events import ControlRefused, Eliminated, Event, Frozen, OrderDone, Reason, Resolved, Resumed, RoundAsked
from engine.intents import Cancel, Control, Join, Retune
from engine.orders import apply_orders
from engine.params import MarketParams, rates_at
from engine.schedule import rounds_ahead, used_up
from engine.state import MarketState, Status, open_market
from engine.units import MICRO, RATE
from tests.engine.builders import check_all, done, funded, order, params, play, run_one

NAMED = params(
    n_outcomes=5,
    rounds=[
        {"freeze_at": 100, "decide_at": 200, "losers": [5, 4]},
        {"freeze_at": 300, "decide_at": 400, "losers": [2]},
        {"freeze_at": 500, "decide_at": 600, "winner": 1},
    ],
)
ASKED = params(
    n_outcomes=5,
    rounds=[
        {"freeze_at": 100, "decide_at": 200, "count": 2, "losers": "ask"},
        {"freeze_at": 300, "decide_at": 400, "count": 1, "losers": "ask"},
        {"freeze_at": 500, "decide_at": 600, "winner": "ask"},
    ],
)


def test_a_named_schedule_runs_by_itself() -> None:
    state, _ = play(
        NAMED,
        """
          0 | ann joins with 1000     | joined
          1 | bob joins with 1000     | joined
         10 | ann buys 100 no of 4    | filled 81.290132
         11 | bob buys 50 yes of 4    | filled 10.216936
         12 | bob buys 50 yes of 1    | filled 10.314719
        100 | bob buys 50 yes of 1    | frozen; refused frozen
        199 | bob buys 50 yes of 1    | refused frozen
        200 | bob buys 50 yes of 1    | eliminated 5 4; paid 1 100; resumed; filled 17.665823
        201 | bob sells 50 yes of 4   | refused outcome_out
        299 | -                       |
        400 | -                       | frozen; eliminated 2; resumed
        450 | ann buys 10 no of 3     | filled 5.095308
        600 | ann buys 10 no of 3     | frozen; resolved 1; paid 2 100; paid 1 10; refused not_running
        700 | admin voids             | refused not_running
        """,
    )
    assert (state.status, state.winners, state.out) == (Status.RESOLVED, (0,), (4, 3, 1))
    assert all(account.tokens == ((0, 0),) * 5 for account in state.accounts.values())


def test_a_round_that_asks_waits_for_exactly_its_count() -> None:
    state, _ = play(
        ASKED,
        """
        100 | -                       | frozen
        150 | admin resumes           | refused round_open
        150 | admin pauses            | refused round_open
        150 | admin freezes           | refused round_open
        200 | -                       | asked for 2
        201 | -                       |
        210 | admin eliminates 1      | refused wrong_count
        210 | admin eliminates 1 2 3  | refused wrong_count
        210 | admin eliminates 1 1    | refused wrong_count
        210 | admin eliminates 1 6    | refused unknown_outcome
        220 | admin eliminates 2 1    | eliminated 2 1; resumed
        230 | admin resumes           | refused not_frozen
        300 | -                       | frozen
        400 | -                       | asked for 1
        410 | admin eliminates 3      | eliminated 3; resumed
        500 | -                       | frozen
        550 | admin eliminates 4      | refused final_needs_winner
        600 | -                       | asked for 1
        610 | admin resolves 1        | refused outcome_out
        610 | admin resolves          | refused wrong_count
        610 | admin resolves 4 4      | refused wrong_count
        620 | admin resolves 5        | resolved 5
        630 | admin resolves 5        | refused not_running
        """,
    )
    assert (state.winners, state.next_round, state.frozen_for) == ((4,), 3, None)


def test_an_elimination_named_before_its_time_consumes_the_round() -> None:
    """Between freeze and decision an admin may say it first; it counts once."""
    state, _ = play(
        NAMED,
        """
        100 | -                       | frozen
        150 | admin eliminates 1 2    | eliminated 1 2; resumed
        200 | -                       |
        300 | -                       | frozen
        400 | -                       | roundskipped; resumed
        500 | -                       | frozen
        600 | -                       | asked for 1
        601 | admin resolves 4        | resolved 4
        """,
    )
    assert state.out == (0, 1)


def test_rounds_shrink_by_what_went_by_hand_and_the_final_takes_the_rest() -> None:
    play(
        ASKED,
        """
         50 | admin eliminates 3      | eliminated 3
        100 | -                       | frozen
        200 | -                       | asked for 1
        210 | admin eliminates 4 5    | refused wrong_count
        210 | admin eliminates 4      | eliminated 4; resumed
        220 | admin eliminates 1 2    | refused too_few_left
        220 | admin eliminates 1      | eliminated 1
        300 | -                       | frozen
        500 | -                       | roundskipped; resumed; frozen
        """,
    )


def test_a_round_with_nobody_left_freezes_all_the_same_and_ends_by_itself() -> None:
    """What it was planned for may be going on; nobody trades through it."""
    play(
        NAMED,
        """
          0 | ann joins with 1000     | joined
         50 | admin eliminates 5 4    | eliminated 5 4
        100 | ann buys 1 yes of 1     | frozen; refused frozen
        120 | admin pauses            | refused round_open
        199 | ann buys 1 yes of 1     | refused frozen
        200 | -                       | roundskipped; resumed
        201 | ann buys 1 yes of 1     | filled 0.336742
        300 | -                       | frozen
        400 | -                       | eliminated 2; resumed
        """,
    )


def test_a_round_with_nobody_left_ends_sooner_by_a_resume_or_by_who_goes_after_all() -> None:
    state, _ = play(
        ASKED,
        """
         50 | admin eliminates 4 5    | eliminated 4 5
        100 | -                       | frozen
        150 | admin resumes           | roundskipped; resumed
        200 | -                       |
        300 | -                       | frozen
        400 | -                       | asked for 1
        410 | admin resumes           | refused round_open
        420 | admin eliminates 3      | eliminated 3; resumed
        500 | -                       | frozen
        510 | admin resumes           | refused round_open
        """,
    )
    assert state.next_round == 2
    state, _ = play(
        ASKED,
        """
         50 | admin eliminates 4 5    | eliminated 4 5
        100 | -                       | frozen
        150 | admin eliminates 1 2    | refused too_few_left
        160 | admin eliminates 3      | eliminated 3; resumed
        200 | -                       |
        300 | -                       | frozen
        400 | -                       | roundskipped; resumed
        """,
    )
    assert state.out == (3, 4, 2)


def test_a_round_with_nobody_left_gives_back_the_status_it_found() -> None:
    play(
        NAMED,
        """
         50 | admin eliminates 5 4    | eliminated 5 4
         60 | admin pauses            | paused
        100 | -                       | frozen
        200 | -                       | roundskipped
        250 | admin resumes           | resumed
        """,
    )


@pytest.mark.parametrize(
    ("p", "out", "number", "ahead"),
    [
        (NAMED, (), 0, [(0, 2, 3), (1, 1, 2)]),
        (NAMED, (4,), 0, [(0, 1, 3), (1, 1, 2)]),
        (NAMED, (4, 3), 0, [(0, 0, 3), (1, 1, 2)]),
        (NAMED, (0, 2), 0, [(0, 1, 2), (1, 0, 2)]),
        (ASKED, (0,), 0, [(0, 1, 3), (1, 1, 2)]),
        (ASKED, (0, 1), 0, [(0, 0, 3), (1, 1, 2)]),
        (ASKED, (0, 1, 2), 0, [(0, 0, 2), (1, 0, 2)]),
        (ASKED, (0, 1), 1, [(1, 1, 2)]),
        (ASKED, (0, 1, 2), 2, []),
    ],
)
def test_what_is_left_to_each_round_follows_from_who_is_still_in(
    p: MarketParams, out: tuple[int, ...], number: int, ahead: list[tuple[int, int, int]]
) -> None:
    active = [outcome for outcome in range(5) if outcome not in out]
    assert [tuple(round_) for round_ in rounds_ahead(active, p, number)] == ahead


@pytest.mark.parametrize(
    ("p", "active", "gone", "used"),
    [
        (ASKED, (0, 1, 2, 3, 4), (0,), [(0, 2, 1)]),
        (ASKED, (0, 1, 2, 3, 4), (0, 1), [(0, 2, 0)]),
        (ASKED, (0, 1, 2, 3, 4), (0, 1, 2), [(0, 2, 0), (1, 1, 0)]),
        (ASKED, (2, 3, 4), (), []),
        (NAMED, (0, 1, 2, 3, 4), (4, 3), [(0, 2, 0)]),
    ],
)
def test_what_goes_by_hand_is_taken_off_the_rounds_to_come(
    p: MarketParams, active: tuple[int, ...], gone: tuple[int, ...], used: list[tuple[int, int, int]]
) -> None:
    assert [tuple(round_) for round_ in used_up(active, gone, p, 0)] == used


def test_who_goes_in_a_round_beside_its_own_is_taken_off_those_after_it() -> None:
    assert [tuple(round_) for round_ in used_up((0, 1, 2, 3, 4), (0, 1), ASKED, 0, 0)] == []
    assert [tuple(round_) for round_ in used_up((2, 3, 4), (3,), ASKED, 0, 0)] == [(1, 1, 0)]


def test_a_named_loser_who_is_out_already_is_skipped() -> None:
    play(
        NAMED,
        """
         50 | admin eliminates 4      | eliminated 4
        200 | -                       | frozen; eliminated 5; resumed
        400 | -                       | frozen; eliminated 2; resumed
        """,
    )


def test_several_overdue_steps_are_applied_once_and_in_order() -> None:
    _, state, events = apply_orders(open_market(NAMED), [], NAMED, 10_000)
    kinds = [type(event) for event in events]
    assert kinds == [Frozen, Eliminated, Resumed, Frozen, Eliminated, Resumed, Frozen, Resolved]
    assert [event.at_ms for event in events if isinstance(event, Frozen | Eliminated)] == [100, 200, 300, 400, 500]
    assert apply_orders(state, [], NAMED, 20_000) == ((), state, ())


def test_orders_around_a_round_fall_where_they_were_accepted_even_in_one_tick() -> None:
    """Before the freeze: the old market. Inside: refused without gas. From the decision on: the new market."""
    p = replace(NAMED, gas_fee=MICRO)
    state = funded(p, ann=1000)
    orders = [order("ann buys 10 yes of 1", at=at, id=str(at)) for at in (99, 100, 199, 200)]
    outcome = apply_orders(state, orders, p, 250)
    check_all(state, outcome, p)
    endings = [(event.status, event.reason, event.gas) for event in outcome[2] if isinstance(event, OrderDone)]
    assert endings == [
        ("filled", None, MICRO),
        ("refused", Reason.FROZEN, 0),
        ("refused", Reason.FROZEN, 0),
        ("filled", None, MICRO),
    ]


def test_an_intent_from_after_the_tick_counts_as_of_the_tick() -> None:
    """A clock that stepped back must not run the schedule ahead."""
    state = funded(NAMED, ann=1000)
    _, after, events = apply_orders(state, [order("ann buys 10 yes of 1", at=5_000)], NAMED, 50)
    assert done(events).status == "filled"
    assert after.status is Status.RUNNING


def test_by_hand_a_market_is_frozen_paused_and_resumed() -> None:
    play(
        params(gas_fee=1),
        """
        0 | ann joins with 100        | joined
        1 | admin freezes             | frozen
        1 | ann buys 1 yes of 1       | refused frozen
        2 | admin freezes             | refused already
        3 | admin pauses              | paused
        3 | ann buys 1 yes of 1       | refused paused
        4 | admin pauses              | refused already
        5 | admin eliminates 1        | eliminated 1
        6 | ann buys 1 yes of 2       | refused paused
        7 | admin resumes             | resumed
        8 | ann buys 1 yes of 2       | filled 0.505056
        9 | admin eliminates 2        | refused too_few_left
        """,
    )


def test_a_round_gives_back_the_status_it_found() -> None:
    """Paused by hand before the freeze, paused by hand after the decision."""
    play(
        NAMED,
        """
         50 | admin pauses            | paused
        100 | -                       | frozen
        200 | -                       | eliminated 5 4
        250 | admin pauses            | refused already
        251 | admin resumes           | resumed
        """,
    )


def test_a_market_can_be_resolved_at_any_time() -> None:
    state, _ = play(
        NAMED,
        """
         0 | ann joins with 1000      | joined
         5 | ann buys 100 yes of 3    | filled 21.086601
        10 | admin resolves 3         | resolved 3; paid 1 100
        """,
    )
    assert state.accounts[1].cash == 1_100 * MICRO - 21_086_601


def test_a_void_takes_a_gain_back_and_returns_a_loss() -> None:
    """Ann lost by trading and gets it all back; Bob was paid by a round and gives it back, gas and all."""
    state, _ = play(
        replace(NAMED, gas_fee=MICRO // 2),
        """
          0 | ann joins with 1000     | joined
          0 | bob joins with 500      | joined
          5 | ann buys 100 yes of 3   | filled 21.086601
          6 | ann sells 50 yes of 3   | filled 10.449987
          7 | bob buys 100 no of 5    | filled 81.284089
        200 | -                       | frozen; eliminated 5 4; paid 2 100; resumed
        210 | admin voids             | voided, 1 +11.636614, 2 -18.215911
        220 | ann buys 1 yes of 1     | refused not_running
        230 | cy joins with 5         | refused not_running
        """,
    )
    assert state.status is Status.VOIDED
    assert state.accounts[1].cash == 1000 * MICRO
    assert state.accounts[2].cash == 500 * MICRO


def test_joins_and_grants_leave_the_pot_alone() -> None:
    state, _ = play(
        NAMED,
        """
          0 | ann joins with 100      | joined
          1 | ann joins with 50       | joined
        500 | -                       | frozen; eliminated 5 4; resumed; frozen; eliminated 2; resumed; frozen
        501 | ann joins with 1        | joined
        501 | bob joins with 1        | refused too_late
        """,
    )
    assert (state.accounts[1].cash, state.accounts[1].net, state.pot) == (151 * MICRO, 0, 0)
    assert 2 not in state.accounts


def test_only_the_first_join_opens_an_account() -> None:
    joins = [Join(id=str(i), accepted_ms=i, user=1, cash=i) for i in range(3)]
    _, state, events = apply_orders(open_market(NAMED), joins, NAMED, 10)
    assert [event.to_json()["first"] for event in events] == [True, False, False]
    assert state.accounts[1].cash == 3
    _, after, events = run_one(state, NAMED, Join(id="x", accepted_ms=11, user=1, cash=-1))
    assert (after, [event.to_json()["reason"] for event in events]) == (state, ["bad_values"])


def test_a_live_change_holds_from_its_turn_on() -> None:
    state, p = play(
        params(),
        """
        0 | ann joins with 1000       | joined
        1 | ann buys 100 yes of 1     | filled 34.382720
        2 | retune gas_fee=1 fee=0    | retuned
        3 | ann buys 100 yes of 2     | filled 34.022011
        4 | retune fee=0.5 kappa=0    | refused bad_values
        5 | retune l0=5               | refused bad_values
        """,
    )
    assert (p.gas_fee, p.fee) == (MICRO, 0)
    assert state.profit["gas"] == MICRO


def test_a_live_change_says_what_is_wrong_with_it() -> None:
    p = params()
    _, _, events = run_one(open_market(p), p, Retune(id="r", accepted_ms=1, values={"fee": 1, "z": 5}))
    (event,) = events
    assert isinstance(event, ControlRefused)
    assert [(problem.field, problem.code) for problem in event.problems] == [("z", "fixed"), ("fee", "out_of_bounds")]


def test_a_cancel_of_nothing_says_so() -> None:
    p = params()
    assert _reasons(run_one(open_market(p), p, Cancel(id="c", accepted_ms=0, user=1))[2]) == [Reason.NO_SUCH_ORDER]


def test_the_ask_is_told_once() -> None:
    state, count = open_market(ASKED), 0
    for now in range(150, 300, 10):
        _, state, events = apply_orders(state, [], ASKED, now)
        count += sum(isinstance(event, RoundAsked) for event in events)
    assert count == 1


@pytest.mark.parametrize("interpolation", ["continue", "reset"])
@pytest.mark.parametrize(
    ("now", "continuing", "resetting"),
    [
        (-5, 1000, 1000),
        (0, 1000, 1000),
        (50, 950, 750),
        (100, 900, 500),
        (101, 899, 500),
        (200, 800, 500),
    ],
)
def test_interpolation_at_the_start_half_way_at_the_end_and_beyond(
    interpolation: str, now: int, continuing: int, resetting: int
) -> None:
    p = params(
        n_outcomes=4,
        interpolation=interpolation,
        duration=500,
        kappa_start="0.0000000000001",
        kappa_end="0.00000000000005",
        zeta=0,
        rounds=[
            {"freeze_at": 100, "decide_at": 200, "losers": [1]},
            {"freeze_at": 300, "decide_at": 500, "winner": 2},
        ],
    )
    wanted = continuing if interpolation == "continue" else resetting
    assert rates_at(p, open_market(p), now).kappa == wanted
    after = apply_orders(open_market(p), [], p, 200)[1]
    assert rates_at(p, after, 250).kappa == 750
    assert rates_at(p, after, 10**9).kappa == 500


def test_interpolation_is_floored_and_zeta_ends_with_the_last_outcome() -> None:
    p = params(zeta_start="0.1", zeta_end="0.2", duration=3)
    state = open_market(p)
    assert rates_at(p, state, 1).zeta == RATE // 10 + RATE // 30
    binaries = (state.binaries[0], *(replace(b, active=False) for b in state.binaries[1:]))
    assert rates_at(p, replace(state, binaries=binaries), 1).zeta == 0


def _reasons(events: tuple[Event, ...]) -> list[Reason]:
    return [event.reason for event in events if isinstance(event, ControlRefused)]


def _control(state: MarketState, p: MarketParams, kind: str, *outcomes: int) -> list[Reason]:
    control = Control(id="c", accepted_ms=0, kind=kind, outcomes=outcomes)  # type: ignore[arg-type]  # spelt by a test
    return _reasons(run_one(state, p, control)[2])


def test_a_control_that_names_nobody_or_a_stranger_is_refused() -> None:
    state = open_market(NAMED)
    assert _control(state, NAMED, "eliminate") == [Reason.WRONG_COUNT]
    assert _control(state, NAMED, "eliminate", -1) == [Reason.UNKNOWN_OUTCOME]
    assert _control(state, NAMED, "resolve", 9) == [Reason.UNKNOWN_OUTCOME]
