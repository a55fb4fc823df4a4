"""Same input, same bytes: order of the list, reused ids, JSON, replay, and the ledger's rule."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import permutations
from random import Random
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import ControlRefused, Event, Fill, OrderDone, Reason, params_after
from engine.intents import Cancel, Control, Intent, Join, Leave, Order, Retune, intent_to_json
from engine.orders import apply_orders
from engine.params import MarketParams, Round, params_from_json, params_to_json
from engine.state import Book, MarketState, Side, fingerprint, open_market, state_from_json, state_to_json
from engine.units import MICRO, RATE
from tests.engine.balance_changes import cash_changes
from tests.engine.builders import check_all, funded, order, params

P = params(
    n_outcomes=4,
    gas_fee="0.01",
    band="0.05",
    rounds=[
        {"freeze_at": 200, "decide_at": 250, "losers": [4]},
        {"freeze_at": 600, "decide_at": 700, "winner": 1},
    ],
)

KINDS: dict[str, type[Intent]] = {
    "order": Order,
    "cancel": Cancel,
    "join": Join,
    "leave": Leave,
    "control": Control,
    "retune": Retune,
}


def intent_from_json(data: Mapping[str, object]) -> Intent:
    """The inverse of `intent_to_json`."""
    rest = {name: value for name, value in data.items() if name != "type"}
    if "side" in rest:
        rest["side"] = Side(cast("str", rest["side"]))
    if "outcomes" in rest:
        rest["outcomes"] = tuple(cast("list[int]", rest["outcomes"]))
    kind = KINDS[cast("str", data["type"])]
    return kind(**rest)  # type: ignore[arg-type]  # the shape is what intent_to_json wrote


def life(seed: int) -> list[Intent]:
    """Two hundred intents of every kind over the whole market, some of them with the same id or time."""
    rng = Random(seed)
    intents: list[Intent] = [Join(id=f"j{user}", accepted_ms=0, user=user, cash=500 * MICRO) for user in (1, 2, 3)]
    for _ in range(200):
        at, name = rng.randint(1, 750), f"o{rng.randint(0, 190)}"
        if rng.random() < 0.05:
            kind = rng.choice(["freeze", "resume", "pause", "resume"])
            intents.append(Control(id=name, accepted_ms=at, kind=kind))  # type: ignore[arg-type]  # of the four
        elif rng.random() < 0.05:
            values = {"fee": rng.choice(["0", "0.02"]), "kappa": rng.choice(["0", "1e-4"])}
            intents.append(Retune(id=name, accepted_ms=at, values=values))
        else:
            intents.append(
                Order(
                    id=name,
                    accepted_ms=at,
                    user=rng.randint(1, 4),
                    outcome=rng.randrange(4),
                    side=rng.choice(list(Side)),
                    buy=rng.random() < 0.6,
                    size=rng.randint(1, 50 * MICRO),
                    max_slippage=rng.choice([None, RATE // 20]),
                )
            )
    return intents


Run = tuple[list[Fill], MarketState, list[Event], MarketParams]


def run(intents: list[Intent], ticks: int) -> Run:
    """The whole life in so many ticks."""
    state, p, fills, events = open_market(P), P, list[Fill](), list[Event]()
    for tick in range(1, ticks + 1):
        until, since = 750 * tick // ticks, 750 * (tick - 1) // ticks
        now = [i for i in intents if since < i.accepted_ms <= until or (tick == 1 and i.accepted_ms == 0)]
        outcome = apply_orders(state, now, p, until)
        check_all(state, outcome, p)
        fills += outcome[0]
        state = outcome[1]
        events += outcome[2]
        p = params_after(p, outcome[2])
    return fills, state, events, p


def bytes_of(run: Run) -> str:
    fills, state, events, p = run
    everything = [[fill.to_json() for fill in fills], state_to_json(state), [event.to_json() for event in events]]
    return json.dumps([everything, params_to_json(p)])


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), ticks=st.integers(1, 9))
def test_any_permutation_of_the_list_gives_the_same_bytes(seed: int, ticks: int) -> None:
    intents = life(seed)
    wanted = bytes_of(run(intents, ticks))
    Random(seed + 1).shuffle(intents)
    assert bytes_of(run(intents, ticks)) == wanted


def test_intents_that_share_time_and_id_run_the_same_way_in_any_order() -> None:
    state = funded(P, ann=100)
    orders = [order(f"ann buys {size} yes of 1", id="same") for size in (3, 1, 2)]
    results = {bytes_of((*_lists(apply_orders(state, shuffled, P, 1)), P)) for shuffled in permutations(orders)}
    assert len(results) == 1


def _lists(
    outcome: tuple[tuple[Fill, ...], MarketState, tuple[Event, ...]],
) -> tuple[list[Fill], MarketState, list[Event]]:
    return list(outcome[0]), outcome[1], list(outcome[2])


def test_a_reused_id_is_refused_without_gas_and_changes_nothing() -> None:
    state = funded(P, ann=100)
    first = order("ann buys 1 yes of 1", id="a", at=1)
    for again in (
        replace(first, accepted_ms=2),
        Join(id="a", accepted_ms=2, user=1, cash=5),
        Control(id="a", accepted_ms=2, kind="void"),
        Cancel(id="a", accepted_ms=2, user=1),
        Retune(id="a", accepted_ms=2, values={"fee": 0}),
    ):
        _, alone, _ = apply_orders(state, [first], P, 5)
        _, both, events = apply_orders(state, [first, again], P, 5)
        assert both == alone
        last = events[-1]
        assert isinstance(last, OrderDone | ControlRefused)
        assert last.reason is Reason.DUPLICATE_ID


def test_a_market_replays_from_its_json() -> None:
    """Every tick's slice of the timeline, its state and parameters as JSON, gives the same state again."""
    state, p = open_market(P), P
    intents = sorted(life(3), key=lambda intent: intent.accepted_ms)
    for now in range(0, 800, 50):
        due = [intent for intent in intents if now - 50 < intent.accepted_ms <= now]
        written = json.dumps([state_to_json(state), params_to_json(p), [intent_to_json(i) for i in due]])
        fills, after, events = apply_orders(state, due, p, now)
        again, params_again, intents_again = json.loads(written)
        replayed = apply_orders(
            state_from_json(again),
            [intent_from_json(data) for data in intents_again],
            params_from_json(params_again),
            now,
        )
        assert replayed == (fills, after, events)
        assert fingerprint(replayed[1]) == fingerprint(after)
        state, p = after, params_after(p, events)


def test_every_intent_survives_json() -> None:
    rounds = [Round(freeze_at=1, decide_at=2, count=1, losers=(2,)), Round(freeze_at=3, decide_at=4, count=2, winner=0)]
    every: list[Intent] = [
        order("ann buys 1 yes of 1", worst=5),
        Cancel(id="c", accepted_ms=1, user=1),
        Join(id="j", accepted_ms=1, user=1, cash=5),
        Control(id="x", accepted_ms=1, kind="eliminate", outcomes=(1, 2)),
    ]
    for intent in every:
        assert intent_from_json(json.loads(json.dumps(intent_to_json(intent)))) == intent
    change = Retune(id="r", accepted_ms=1, values={"rounds": rounds, "fee": 0.01})
    back = intent_from_json(json.loads(json.dumps(intent_to_json(change))))
    state = open_market(P)
    assert apply_orders(state, [back], P, 1) == apply_orders(state, [change], P, 1)


def test_the_given_state_is_left_untouched() -> None:
    state = run(life(5), 3)[1]
    before = fingerprint(state)
    apply_orders(state, life(6), P, 10**6)
    assert fingerprint(state) == before


def test_every_change_of_cash_is_in_exactly_one_fill_or_event() -> None:
    """What the ledger is derived from: the sum over the whole life is each person's cash."""
    fills, state, events, _ = run(life(7), 8)
    assert cash_changes(fills, events) == {user: a.cash for user, a in sorted(state.accounts.items()) if a.cash}


def test_the_fingerprint_does_not_depend_on_the_order_of_accounts() -> None:
    state = run(life(8), 2)[1]
    shuffled = replace(state, accounts=dict(reversed(state.accounts.items())))
    assert fingerprint(shuffled) == fingerprint(state) == fingerprint(state_from_json(state_to_json(state)))
    assert fingerprint(replace(state, pot=state.pot + 1)) != fingerprint(state)


def test_every_record_is_plain_json() -> None:
    fills, _, events, _ = run(life(9), 4)
    for record in (*fills, *events):
        data = cast("Mapping[str, object]", json.loads(json.dumps(record.to_json())))
        assert data["type"] == type(record).__name__


def test_a_fingerprint_is_that_of_the_whole_state_however_its_accounts_came_to_be() -> None:
    """What an account was written as before is kept with it: an account that changed must not keep it."""
    joins = [Join(id=f"j{user}", accepted_ms=0, user=user, cash=100 * MICRO) for user in range(12)]
    state = apply_orders(open_market(P), joins, P, 0)[1]
    for user in (3, 11, 3):
        buy = Order(id=f"o{user}", accepted_ms=1, user=user, outcome=1, side=Side.NO, buy=True, size=MICRO)
        fingerprint(state)
        state = apply_orders(state, [buy], P, 1)[1]
        assert fingerprint(state) == fingerprint(state_from_json(state_to_json(state)))
        bare = {**state_to_json(replace(state, resting=Book())), "resting": state.resting.digest()}
        assert fingerprint(state) == fingerprint(bare)
