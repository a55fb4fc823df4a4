"""The engine and a second one, written from the rules alone, agree to the micro-dollar and on every field."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import NamedTuple

import pytest

from engine.intents import Control, ControlKind, Intent
from engine.params import MarketParams, build_params
from engine.risk import OVER
from engine.state import Status
from engine.units import MICRO
from tests.deep import DEEP
from tests.engine.crowd import arrivals, some_crowded_market, some_doing
from tests.engine.markets import some_market
from tests.engine.reference.market import YES
from tests.engine.reference.pool import curve_buy, least
from tests.engine.twin import Twin, answer, play, wander

LIVES = 2_000 if DEEP else 6
"""Random lives per block; a block a test, so that a failure names its seed range."""


def market(**values: object) -> MarketParams:
    """A market of three with one final; legal or the test is wrong."""
    given = {"outcome_names": "A, B, C", "rounds": [{"freeze_at": 900, "decide_at": 1000, "winner": "ask"}], **values}
    built = build_params(given)
    assert isinstance(built, MarketParams), built
    return built


class Scene(NamedTuple):
    """A directed market: the rule it proves, values beside the defaults, ticks, corners the reference must touch."""

    rule: str
    values: dict[str, object]
    ticks: list[str]
    corners: tuple[str, ...] = ()


RICH = "1 gets 100000000000 + 2 gets 100000000000"
PUMPED = ["1 buys 9 yes of 0", "2 buys 200 yes of 0", "1 sells all yes of 0", "2 sells all yes of 0"]
PHASED = [
    {"freeze_at": 100, "decide_at": 100, "count": 1, "losers": "ask"},
    {"freeze_at": 900, "decide_at": 1000, "winner": "ask"},
]
USED_UP = [
    {"freeze_at": 103, "decide_at": 105, "count": 1, "losers": "ask"},
    {"freeze_at": 900, "decide_at": 1000, "winner": "ask"},
]
SCENES = [
    Scene("a micro-token costs a micro-dollar", {}, [RICH, "1 buys 0.000001 yes of 0", "1 sells all yes of 0"]),
    Scene(
        "convexity counts the sizes of the tick",
        {},
        [RICH, "1 buys 9 yes of 0 + 1 buys 9 yes of 0 + 2 buys 9 yes of 0"],
    ),
    Scene(
        "buys and sells count apart",
        {},
        [RICH, "1 buys 90 no of 1 + 1 sells 20 no of 1 + 1 buys 5 no of 1 + 1 sells 10 no of 1"],
    ),
    Scene("sizes start anew each tick", {}, [RICH, *["1 buys 50 yes of 2"] * 3]),
    Scene("a buy past p_max raises the pool", {}, [RICH, "1 buys 100000 yes of 0", "2 buys 1 yes of 0"], ("raised",)),
    Scene("a whole exponent is exact", {"eta": 8}, [RICH, "1 buys 30000 no of 1"], ("raised",)),
    Scene("other exponents have 50 digits", {"eta": "1.37"}, [RICH, "1 buys 30000 no of 1"], ("raised",)),
    Scene(
        "the raise is the least even where diversion leaps",
        {"zeta": "0.4999999"},
        [RICH, "1 buys 8000 yes of 0", "1 buys 0.000007 yes of 0", "1 buys 0.00001 yes of 0"],
        ("raised",),
    ),
    Scene(
        "a sell below p_min is worth at least its part above",
        {"p_min": "0.1", "odds": "0.2 0.4 0.4", "fee": 0},
        [RICH, "1 buys 4000 yes of 0", "2 buys 20000 no of 0", "1 sells 3900 yes of 0", "1 sells all yes of 0"],
        ("below p_min",),
    ),
    Scene(
        "buys beyond l0/gamma and sells back",
        {"gamma": "0.001", "z": 100},
        [RICH, "1 buys 1000000 yes of 0", "2 buys 500000 no of 0", "1 sells all yes of 0", "2 sells all no of 0"],
        ("other piece",),
    ),
    Scene(
        "what the pool cannot give comes from the others",
        {},
        [RICH, "1 buys 20000 yes of 0", "2 buys 90000 no of 0", "1 sells all yes of 0", "2 sells all no of 0"],
        ("own short of room",),
    ),
    Scene(
        "the floor after a round that paid",
        {"rounds": PHASED, "floor_allowance": 0},
        [
            RICH,
            "1 buys 2000 no of 1 + 2 buys 1000 no of 0",
            "out 1",
            "1 buys 100 yes of 0",
            "1 sells all yes of 0",
            "2 sells all no of 0",
            "1 buys 700 no of 2",
            "won 0",
        ],
        ("floor on a buy", "floor on a sell"),
    ),
    Scene("worst price holds", {}, [RICH, *(f"1 buys 100 yes of 0 worst 0.3{i}" for i in range(3, 9))]),
    Scene(
        "a budget buys the largest size within it, refusals keep the gas",
        {"gas_fee": "0.01", "kappa": "0.0001"},
        [
            RICH,
            "1 buys 100 yes of 0 spend 20 + 1 buys 100 yes of 0 spend 20",
            "2 buys 900 yes of 0 spend 300 worst 0.4 + 2 buys 900 yes of 0 spend 300 worst 0.5",
            "1 buys 100000000 yes of 1 spend 4000",
            "1 sells 5 yes of 0 spend 3 + 1 buys 5 yes of 0 limit 0.3 spend 3 + 1 buys 5 yes of 0 spend 0.000001",
            "3 gets 1",
            "3 buys 9 yes of 0 spend 2 + 3 buys 9 yes of 0 spend 0.5",
        ],
    ),
    Scene(
        "the floor counts in a budget",
        {"rounds": PHASED, "floor_allowance": 0},
        [RICH, "1 buys 2000 no of 1 + 2 buys 1000 no of 0", "out 1", "1 buys 100 yes of 0 spend 20"],
        ("floor on a buy",),
    ),
    Scene("slippage holds", {}, [RICH, *(f"1 buys 100 no of 0 slip 0.0{i}" for i in range(6))]),
    Scene("no cash, no order, gas kept", {"gas_fee": 1}, ["1 gets 3", "1 buys 10 yes of 0", "1 buys 2 yes of 0"]),
    Scene(
        "no tokens, no sale",
        {"gas_fee": "0.01"},
        [RICH, "1 buys 5 yes of 0", "1 sells 6 yes of 0", "1 sells 1 no of 0"],
    ),
    Scene(
        "gas is for every submission",
        {"gas_fee": "0.5", "rounds": PHASED},
        [
            RICH,
            "1 buys 0 yes of 0",
            "1 sells 5 no of 2",
            "1 buys 1 yes of 7",
            "out 1",
            "1 buys 1 yes of 1",
            "9 buys 1 no of 0",
        ],
    ),
    Scene(
        "the band takes pairs out", {"band": "0.02", "fee": 0}, [RICH, "1 buys 4000 yes of 0", "2 buys 5000 no of 0"]
    ),
    Scene(
        "the band gives pairs back",
        {"band": "0.05"},
        [RICH, "1 buys 3000 yes of 0", "2 buys 3000 no of 0", "2 sells all no of 0", "1 sells all yes of 0"],
    ),
    Scene(
        "a round pays NO and goes on",
        {"rounds": PHASED},
        [RICH, "1 buys 700 no of 1", "2 buys 900 yes of 0", "out 1", "1 buys 10 yes of 2", "2 sells all yes of 0"],
    ),
    Scene(
        "a round that an elimination by hand used up freezes and ends by itself",
        {"rounds": USED_UP, "interpolation": "reset"},
        [RICH, "1 buys 700 no of 1", "out 1", *["1 buys 10 yes of 2 + 2 buys 9 no of 0"] * 7, "won 0"],
    ),
    Scene(
        "a round that has nobody left to put out ends sooner by a resume",
        {"rounds": USED_UP},
        [RICH, "out 1", *["1 buys 10 yes of 2"] * 3, "resume", *["1 buys 10 yes of 2"] * 2, "won 0"],
    ),
    Scene(
        "clamped rounds", {"rounds": PHASED, "renormalise": "clamp"}, [RICH, "1 buys 3000 yes of 0", "out 2", "won 0"]
    ),
    Scene(
        "only positive virtual steps with vc_enabled",
        {"rounds": PHASED, "vc_enabled": True},
        [RICH, "1 buys 3000 yes of 0", "2 buys 2000 no of 2", "out 2", "1 sells all yes of 0", "won 0"],
    ),
    Scene(
        "a void is as if the market had never been",
        {},
        [RICH, "1 buys 500 yes of 0 + 2 buys 80 no of 0", "1 sells 9 yes of 0", "void"],
    ),
    Scene(
        "a void takes back what somebody gained and gives it to who lost it",
        {"fee": 0, "kappa": 0, "gas_fee": 1, "rounds": PHASED},
        [RICH, "1 buys 9 yes of 0", "2 buys 2000 no of 1", "1 buys 4 no of 2 limit 0.1", "out 1", "void"],
        ("void takes back",),
    ),
    Scene(
        "two share",
        {},
        [RICH, "1 buys 500.000001 yes of 0", "2 buys 80.000001 no of 0", "1 buys 7.000001 no of 2", "won 0 1"],
        ("dead heat",),
    ),
    Scene(
        "all share, by correction",
        {"dispute_window": 5},
        [
            RICH,
            "1 buys 50 yes of 0 + 1 buys 9.000002 no of 1",
            "2 buys 8 no of 2",
            "won 2",
            "rather 2 1 0",
            *["1 gets 5"] * 9,
        ],
        ("dead heat", "corrected"),
    ),
    Scene(
        "two outcomes: the final alone, and a dead heat gives half",
        {"outcome_names": "A, B", "gas_fee": 1},
        [RICH, "1 buys 500 yes of 0", "2 buys 300 no of 1", "1 sells 20 yes of 0", "2 buys 90 yes of 1", "won 1 0"],
        ("dead heat",),
    ),
    Scene(
        "a winner is claimed, corrected, and paid when the window has passed",
        {"dispute_window": 5},
        [
            RICH,
            "1 buys 500 yes of 0 + 2 buys 80 no of 0",
            "1 buys 9 yes of 0 limit 0.2",
            "won 0",
            "1 buys 1 yes of 0",
            "rather 2",
            *["1 gets 5"] * 3,
            "rather 1",
            *["1 gets 5"] * 9,
        ],
        ("corrected",),
    ),
    Scene(
        "a round is claimed, corrected, and paid when its window has passed",
        {"round_window": 5, "rounds": PHASED},
        [
            RICH,
            "1 buys 500 yes of 0 + 2 buys 80 no of 0 + 2 buys 70 no of 1",
            "1 buys 9 yes of 0 limit 0.2 + 1 buys 9 yes of 2 limit 0.2 + 2 buys 20 no of 2 limit 0.5",
            "out 0",
            "1 buys 1 yes of 0 + 1 cancels 02-1 + 3 gets 100",
            "rather 0",
            "rather 2 1",
            "rather 1",
            "won 2",
            *["1 gets 5 + fee 0.02"] * 4,
            "2 buys 5 yes of 2",
        ],
        ("claimed round", "corrected round"),
    ),
    Scene(
        "a round by hand is claimed, and the freeze that has passed by then follows at once",
        {"round_window": 8, "rounds": USED_UP, "outcome_names": "A, B, C, D"},
        [
            RICH,
            "1 buys 500 yes of 0 + 2 buys 80 no of 0 + 2 buys 70 no of 1",
            "1 buys 9 yes of 0 limit 0.2 + 1 buys 9 yes of 2 limit 0.2",
            "out 3",
            *["1 gets 5 + 2 buys 2 yes of 1"] * 10,
            "freeze",
            "resume",
            "1 sells 50 yes of 0",
        ],
        ("claimed round",),
    ),
    Scene(
        "a claimed round is voided",
        {"round_window": 5},
        [RICH, "1 buys 500 yes of 0 + 2 buys 80 no of 0", "out 1", "rather 2", "void", *["1 gets 5"] * 9],
        ("corrected round",),
    ),
    Scene(
        "a claim is voided",
        {"dispute_window": 5},
        [RICH, "1 buys 500 yes of 0 + 2 buys 80 no of 0", "won 0", "rather 2", "void", "rather 1", *["1 gets 5"] * 9],
        ("corrected",),
    ),
    Scene(
        "the classic start",
        {"start": "classic", "floor_enabled": False},
        [RICH, *[f"1 buys 2000 no of {i}" for i in (0, 1, 2)], "1 buys 500 yes of 0", "won 0"],
    ),
]


@pytest.mark.parametrize("scene", SCENES, ids=[scene.rule.replace(" ", "-") for scene in SCENES])
def test_directed_markets_agree(scene: Scene) -> None:
    twin = Twin(market(**scene.values))
    play(twin, scene.ticks)
    missed = [corner for corner in scene.corners if not twin.market.seen[corner]]
    assert not missed, dict(twin.market.seen)


def test_no_pool_gives_below_a_tenth_of_its_depth() -> None:
    """One pool all but drained: sales elsewhere and there take from it no more than that."""
    twin = Twin(market(zeta="0.3"))
    play(twin, [RICH, "1 buys 3000 yes of 1 + 2 buys 2000 no of 2"])
    l0 = twin.params.l0
    twin.bend(0, -87 * l0 // 100, (l0 // 50, l0 // 40))
    play(twin, ["1 buys 40 no of 0", "1 sells all yes of 1 + 2 sells all no of 2", "1 sells all no of 0"], now=10)
    assert twin.market.seen["others short of room"]
    assert twin.market.level(0) == -(-l0 // 10)


CORNERED: dict[str, object] = {"z": 100, "gamma": "0.001", "zeta": 0, "kappa": 0, "fee": 0}


def test_a_sale_at_the_lower_corner_enters_the_piece_below() -> None:
    """V = 0: the slope is 1, not 1 - gamma; old price weighs little, so the quadratic decides."""
    twin = Twin(market(**CORNERED, mu=10, nu="0.1"))
    play(twin, [RICH, "1 buys 20 yes of 0"])
    held = twin.state.binaries[0]
    twin.bend(0, 0, (held.q_yes, held.q_no))
    play(twin, ["1 sells 15 yes of 0"], now=10)
    assert twin.market.pools[0].v < 0


@pytest.mark.parametrize("then", ["1 buys 9000 yes of 0", "1 sells 9000 yes of 0"])
@pytest.mark.parametrize("weights", [{"mu": 10, "nu": "0.1"}, {"mu": "0.1", "nu": 10}], ids=["old", "new"])
def test_a_trade_at_the_upper_corner_enters_the_piece_on_its_side(then: str, weights: dict[str, object]) -> None:
    """V = l0/gamma to the micro-dollar, where the subsidy has just ended."""
    twin = Twin(market(**CORNERED, **weights))
    play(twin, [RICH, "1 buys 40000 yes of 0", "2 buys 40000 no of 0", "1 buys 20000 yes of 0"])
    top = twin.params.l0 * 1_000
    short = top - twin.market.pools[0].v
    size = least(lambda d: curve_buy(twin.market.path(0, YES), d) >= short)
    play(twin, [f"1 buys {size // MICRO}.{size % MICRO:06} yes of 0"], now=10)
    assert twin.state.binaries[0].v == top
    play(twin, [then], now=20)


@pytest.mark.parametrize("block", range(10))
def test_random_markets_agree(block: int) -> None:
    for seed in range(block * LIVES, (block + 1) * LIVES):
        rng = Random(seed)
        twin = Twin(some_market(rng))
        try:
            wander(rng, twin, rng.choice((6, 12, 25)))
        except AssertionError as parted:
            parted.add_note(f"seed {seed}, {twin.params}")
            raise


@pytest.mark.parametrize("seed", range(200 if DEEP else 3))
def test_random_cuts_agree(seed: int) -> None:
    """Rounds, claims, corrections, freezes by hand, and cuts upon cuts."""
    rng = Random(seed)
    terms = some_crowded_market(rng)
    terms = replace(terms, dispute_window=rng.choice((0, 150)), round_window=rng.choice((0, rng.randint(1, 200))))
    twin = Twin(terms)
    twin.tick(0, arrivals(rng, terms))
    for number in range(8):
        before, now = twin.now, twin.now + rng.choice((1, rng.randint(1, 40), 110, 150))
        intents: list[Intent] = [
            some_doing(rng, f"{rng.randrange(1000):03}-{number}-{i}", rng.randint(before, now), twin.state, twin.params)
            for i in range(rng.randint(0, 3))
        ]
        intents += answer(rng, twin.state, twin.params, f"admin-{number}", rng.randint(before, now))
        still = twin.state.status in (Status.FROZEN, Status.DISPUTED)
        by_hand = twin.state.frozen_for is None and twin.state.claim is None
        if by_hand and rng.random() < 0.5:
            kind: ControlKind = "resume" if still else "freeze"
            intents.append(Control(id=f"hand-{number}", accepted_ms=now, kind=kind))
        if still and twin.market.seen["cut"] < 2 and rng.random() < 0.7:
            last = twin.state.last_decision_ms + 1 if twin.state.out else 0
            moment = rng.randint(min(last, now), now)
            intents.append(Control(id=f"a-{number}", accepted_ms=now, kind="cut", moment_ms=moment))
        twin.tick(now, intents)
        if twin.state.status in OVER:
            break
    assert twin.market.seen["cut"] or seed
