"""A cut: the market is, to the byte, what it would be had the orders accepted after a moment never come."""

from __future__ import annotations

import os
from dataclasses import replace
from random import Random

import pytest

from engine.events import Claimed, Cut, OrderDone, Reason
from engine.intents import Cancel, Control, Intent, Join, Leave, Order, Retune
from engine.orders import apply_orders
from engine.state import Side, Status, fingerprint
from engine.units import MICRO
from tests.engine.builders import params
from tests.engine.crowd import PEOPLE, arrivals, some_crowded_market, some_doing
from tests.engine.history import History, refusals
from tests.engine.invariants import OVER
from tests.engine.markets import SPAN, some_changes, some_intent, some_market
from tests.engine.twin import answer

LIVES = int(os.environ.get("OUTCRY_CUTS", "20"))
"""Random lives; a thousand take a quarter of an hour."""

FINAL = [{"freeze_at": 500, "decide_at": 600, "winner": "ask"}]


def buy(id: str, at: int, user: int, tokens: int, *, outcome: int = 0, limit: int | None = None) -> Order:
    size, rate = tokens * MICRO, None if limit is None else limit * 10**10
    return Order(id=id, accepted_ms=at, user=user, outcome=outcome, side=Side.YES, buy=True, size=size, limit=rate)


def cut_at(moment_ms: int, at: int, id: str = "zzz") -> Control:
    return Control(id=id, accepted_ms=at, kind="cut", moment_ms=moment_ms)


def control(kind: str, at: int, *outcomes: int) -> Control:
    return Control(id=f"zz-{kind}-{at}", accepted_ms=at, kind=kind, outcomes=outcomes)  # type: ignore[arg-type]


def traded(**values: object) -> History:
    """Ann (1) bought and has an order in the book before 100, Bob (2) bought, met her order and was refused after."""
    life = History(params(rounds=FINAL, gas_fee="0.01", **values))
    life.tick(0, [Join(id=f"j{user}", accepted_ms=0, user=user, cash=1_000 * MICRO) for user in (1, 2, 3)])
    life.tick(50, [buy("a1", 50, 1, 100), buy("a2", 51, 1, 60, limit=20)])
    life.tick(90, [buy("b0", 90, 2, 5, outcome=1)])
    life.tick(150, [buy("b1", 120, 2, 200, outcome=1), buy("b2", 130, 2, 10**6)])
    life.tick(200, [buy("b3", 160, 2, 30, limit=25), Leave(id="l3", accepted_ms=170, user=3)])
    return life


def test_the_market_is_what_it_would_be_and_everybody_concerned_is_listed() -> None:
    life = traded()
    before = life.state
    life.tick(210, [control("pause", 210)])
    (event,) = (e for e in life.tick(220, [cut_at(100, 220)]) if isinstance(e, Cut))
    assert life.state.status is Status.PAUSED
    assert fingerprint(life.state) == fingerprint(life.without())
    assert event.left_out == ("b1", "b2", "b3")
    assert {user for user, _, _ in event.accounts} == {2}
    cash = before.accounts[2].cash
    assert event.accounts == ((2, life.state.accounts[2].cash - cash, -before.accounts[2].escrow),)
    assert event.tokens == ((2, 1, -200 * MICRO, 0),)
    assert event.profit["gas"] == -30_000
    assert event.book == (("b3", 2, 30 * MICRO, 0),)
    assert event.until_ms is None


def test_who_was_refused_a_leave_does_not_leave_in_the_replay() -> None:
    life = History(params(rounds=FINAL))
    life.tick(0, [Join(id=f"j{user}", accepted_ms=0, user=user, cash=1_000 * MICRO) for user in (1, 2)])
    life.tick(50, [buy("b", 50, 2, 5)])
    assert refusals(life.tick(60, [Leave(id="l", accepted_ms=60, user=2)])) == [Reason.HAS_TRADED]
    life.tick(70, [control("pause", 70), cut_at(10, 70)])
    assert sorted(life.state.accounts) == [1, 2]
    assert life.state.accounts[2].trades == 0


def test_orders_of_the_very_tick_of_the_cut_are_refused() -> None:
    life = traded()
    late: list[Intent] = [buy("c1", 205, 1, 10), control("pause", 210), cut_at(100, 220), buy("c2", 230, 1, 10)]
    events = life.tick(240, late)
    reasons = {e.order: e.reason for e in events if isinstance(e, OrderDone)}
    assert reasons == {"c1": Reason.CUT, "c2": Reason.PAUSED}
    assert fingerprint(life.state) == fingerprint(life.without())


def test_a_cancel_of_an_order_that_never_was_is_harmless() -> None:
    life = traded()
    life.tick(205, [Cancel(id="x", accepted_ms=205, user=2, order="b3")])
    life.tick(210, [control("pause", 210)])
    life.tick(220, [Cancel(id="y", accepted_ms=215, user=1), cut_at(100, 220)])
    assert fingerprint(life.state) == fingerprint(life.without())
    assert not life.state.resting


@pytest.mark.parametrize(
    ("moment", "at", "reason"),
    [
        (221, 220, Reason.AHEAD),
        (-1, 220, Reason.DECIDED),
        (220, 220, None),
        (0, 220, None),
        (None, 220, Reason.BAD_VALUES),
    ],
)
def test_the_moment_is_no_later_than_the_cut_and_no_earlier_than_the_start(
    moment: int | None, at: int, reason: Reason | None
) -> None:
    life = traded()
    life.tick(210, [control("pause", 210)])
    ask = Control(id="c", accepted_ms=at, kind="cut", moment_ms=moment)
    assert refusals(life.tick(at, [ask])) == ([] if reason is None else [reason])


def test_a_running_market_is_not_cut_nor_one_that_is_over() -> None:
    life = traded()
    assert refusals(life.tick(220, [cut_at(100, 220)])) == [Reason.NOT_FROZEN]
    life.tick(230, [control("resolve", 230, 0)])
    assert refusals(life.tick(240, [cut_at(100, 240)])) == [Reason.NOT_RUNNING]


def test_no_cut_reaches_behind_a_round_that_was_paid() -> None:
    """A claim that stands is no decision."""
    life = traded(round_window=40)
    life.tick(210, [control("eliminate", 210, 2)])
    life.tick(250, [])
    life.tick(260, [control("pause", 260)])
    assert refusals(life.tick(270, [cut_at(250, 270)])) == [Reason.DECIDED]
    assert refusals(life.tick(271, [cut_at(251, 271)])) == []
    standing = traded(round_window=40)
    standing.tick(210, [control("eliminate", 210, 2)])
    assert refusals(standing.tick(220, [cut_at(60, 220)])) == []
    assert standing.state.claim is not None
    assert standing.state.claim.until_ms == 260
    assert fingerprint(standing.state) == fingerprint(standing.without())


def test_a_claimed_winner_stays_claimed_and_the_window_begins_anew() -> None:
    life = traded(dispute_window=100)
    (claimed,) = (e for e in life.tick(300, [control("resolve", 300, 1)]) if isinstance(e, Claimed))
    (event,) = (e for e in life.tick(350, [cut_at(100, 350)]) if isinstance(e, Cut))
    assert (claimed.until_ms, event.until_ms) == (400, 450)
    assert life.state.status is Status.DISPUTED
    life.tick(449, [])
    assert life.state.status is Status.DISPUTED
    life.tick(450, [])
    assert (life.state.status, life.state.winners) == (Status.CLOSED, (1,))
    assert fingerprint(life.state) == fingerprint(life.without())


def test_a_second_cut_goes_on_from_the_first_whose_orders_stay_out() -> None:
    life = traded()
    life.tick(210, [control("pause", 210), cut_at(140, 215)])
    life.tick(220, [control("resume", 220)])
    life.tick(230, [buy("d1", 225, 1, 50), buy("d2", 228, 2, 20)])
    life.tick(240, [control("freeze", 240)])
    (event,) = (e for e in life.tick(250, [cut_at(226, 250)]) if isinstance(e, Cut))
    assert event.left_out == ("d2",)
    assert fingerprint(life.state) == fingerprint(life.without())
    (event,) = (e for e in life.tick(260, [cut_at(100, 260)]) if isinstance(e, Cut))
    assert event.left_out == ("b1", "b2", "d1")
    assert fingerprint(life.state) == fingerprint(life.without())


def test_one_cut_a_tick_and_none_that_was_not_worked_out_for_this_market() -> None:
    life = traded()
    life.tick(210, [control("pause", 210)])
    two = [cut_at(100, 220, "c1"), cut_at(60, 221, "c2")]
    branch = life.branch(100)
    state, terms = life.state, life.params
    assert refusals(life.tick(230, two)) == [Reason.STALE]
    assert refusals(apply_orders(state, [cut_at(100, 220)], terms, 230)[2]) == [Reason.STALE]
    other = replace(branch, present="0" * 64)
    _, after, events = apply_orders(state, [cut_at(100, 220)], terms, 230, branch=other)
    assert (refusals(events), after) == ([Reason.REPLAY_DIFFERS], state)


def some_deed(rng: Random, life: History, name: str, at: int) -> Intent:
    """What anybody may do beside trading, sensible or not."""
    kind = rng.choice(("freeze", "pause", "resume", "eliminate", "void", "join", "leave", "cancel", "retune", "resume"))
    if kind == "join":
        return Join(id=name, accepted_ms=at, user=rng.choice((*PEOPLE, 9)), cash=rng.randint(0, 10**9))
    if kind == "leave":
        return Leave(id=name, accepted_ms=at, user=rng.choice((*PEOPLE, 9)))
    if kind == "cancel":
        return Cancel(id=name, accepted_ms=at, user=rng.choice(PEOPLE))
    if kind == "retune":
        return Retune(id=name, accepted_ms=at, values=some_changes(rng, life.params))
    active = life.state.active
    outcomes = tuple(rng.sample(active, min(len(active), rng.randint(1, 2)))) if kind == "eliminate" else ()
    if kind == "void" and rng.random() < 0.8:
        kind = "freeze"
    return Control(id=name, accepted_ms=at, kind=kind, outcomes=outcomes)  # type: ignore[arg-type]  # of the tuple


def some_cut(rng: Random, life: History, name: str, now: int) -> Control:
    """Mostly to a moment that is allowed."""
    last = life.state.last_decision_ms if life.state.out else -1
    moment = rng.randint(min(last + 1, now), now) if rng.random() < 0.95 else rng.randint(-2, now + 2)
    return Control(id=name, accepted_ms=now, kind="cut", moment_ms=moment)


@pytest.mark.parametrize("seed", range(LIVES))
def test_a_cut_equals_a_market_that_never_got_the_orders(seed: int) -> None:
    rng, cuts = Random(seed), 0
    crowded = rng.random() < 0.7
    terms = some_crowded_market(rng) if crowded else some_market(rng)
    final, round_ = (rng.choice((0, rng.randint(1, 200))) for _ in range(2))
    terms = replace(terms, dispute_window=final, round_window=round_)
    life, doing = History(terms), some_doing if crowded else some_intent
    life.tick(0, arrivals(rng, life.params))
    for number in range(14):
        before, now = life.now, life.now + rng.choice((0, 1, rng.randint(1, 40), SPAN // 14, SPAN // 7))
        intents: list[Intent] = [
            doing(rng, f"{rng.randrange(1000):03}-{number}-{i}", rng.randint(before, now), life.state, life.params)
            for i in range(rng.randint(0, 6))
        ]
        intents += answer(rng, life.state, life.params, f"admin-{number}", rng.randint(before, now))
        if rng.random() < 0.5:
            intents.append(some_deed(rng, life, f"deed-{number}", rng.randint(before, now)))
        if life.state.status in (Status.FROZEN, Status.PAUSED, Status.DISPUTED) and rng.random() < 0.6:
            intents.append(some_cut(rng, life, f"zz-{number}", now))
        cuts += any(isinstance(event, Cut) for event in life.tick(now, intents))
        assert fingerprint(life.state) == fingerprint(life.without()) or not cuts
        if life.state.status in OVER:
            break
    assert fingerprint(life.state) == fingerprint(life.without())
