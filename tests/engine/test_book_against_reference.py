"""The books of the engine and the reference agree fill by fill, to the micro-dollar, on every field of the state."""

from __future__ import annotations

from random import Random

import pytest

from tests.deep import DEEP
from tests.engine.crowd import arrivals, some_crowded_market, some_doing
from tests.engine.markets import some_intent, some_market
from tests.engine.test_against_reference import PHASED, RICH, Scene, market
from tests.engine.twin import Twin, play, wander

LIVES = 500 if DEEP else 8
"""Random lives per block; a block a test, so that a failure names its seed range."""

FOUR = f"{RICH} + 3 gets 100000000 + 4 gets 100000000"
STOCK = " + ".join(
    f"{who} buys {size} {side} of 0" for who, size in ((1, 40), (2, 40), (3, 30)) for side in ("yes", "no")
)
"""Everybody has something of both sides of outcome 0 to offer; both then stand at 0.58, or 0.51 in a deep market."""
SMALL: dict[str, object] = {"z": 1000, "odds": "0.5 0.25 0.25", "kappa": 0}
DEAR: dict[str, object] = {**SMALL, "fee": "0.05", "match_fee": "0.01"}
"""A maker so dear that the book is better than it is over a wide range."""
DEEP_POOL: dict[str, object] = {**DEAR, "z": 10_000}
CHEAP: dict[str, object] = {**SMALL, "fee": 0, "match_fee": 0, "tick_size": "0.001"}
FILLING: dict[str, object] = {**SMALL, "af_cap_frac": "0.2", "kappa": "0.0001", "tick_size": "0.001"}
BOUND: dict[str, object] = {
    **CHEAP,
    **{"rounds": PHASED, "floor_allowance": 0, "af_cap_frac": "0.2", "af_max_surplus": 1},
}
"""After the round the pot is at its floor to the micro-dollar."""
OWED = [
    FOUR,
    "1 buys 200 no of 1 + 2 buys 100 no of 0",
    "out 1",
    "kappa 0.0001",
]

SIDE_BY_SIDE: dict[str, object] = {
    **FILLING,
    **{"outcome_names": "A, B, C, D", "odds": "0.4 0.2 0.2 0.2", "zeta": "0.15"},
    **{"kappa": "0.0000001", "mu": "0.1", "nu": 10},
}
WAITS = "1 buys 30 yes of 1 limit 0.199 opt"
OTHERS_WAIT = "2 buys 30 yes of 2 limit 0.198 opt + 2 buys 30 yes of 3 limit 0.197 opt"

SCENES = [
    Scene(
        "a limit order takes its part from the maker and rests",
        {},
        [FOUR, "1 buys 5000 yes of 0 limit 0.4", "2 buys 1 yes of 0", "1 sells all yes of 0 limit 0.3", "1 cancels"],
        ("rests", "given back"),
    ),
    Scene(
        "convexity limits the maker's part before the price does",
        {"kappa": "0.001"},
        [FOUR, "1 buys 500 yes of 0 limit 0.4 + 1 buys 500 yes of 0 limit 0.4", "1 sells all yes of 0 limit 0.3"],
        ("charge limits the maker's part",),
    ),
    Scene(
        "the better price first, then shares with the left-over to the oldest",
        DEAR,
        [
            FOUR,
            STOCK,
            "1 sells 10.000001 yes of 0 limit 0.6 + 2 sells 20.000003 yes of 0 limit 0.6",
            "3 sells 7 yes of 0 limit 0.59",
            "4 buys 40 yes of 0",
            "4 buys 0.000002 yes of 0",
            "4 buys 90 yes of 0 limit 0.61",
        ],
        ("direct", "several share", "direct after the maker"),
    ),
    Scene(
        "resting buyers pay what is left of their escrow, to the last part",
        DEAR,
        [
            FOUR,
            STOCK,
            "1 buys 3.000001 yes of 0 limit 0.57 + 4 buys 7.000003 yes of 0 limit 0.57",
            *["2 sells 2.333333 yes of 0 limit 0.56", "3 sells 0.000001 yes of 0"] * 4,
            "2 sells 20 yes of 0",
        ],
        ("direct", "several share"),
    ),
    Scene(
        "nobody trades with themself",
        DEAR,
        [
            FOUR,
            STOCK,
            "1 sells 10 yes of 0 limit 0.6 + 2 sells 10 yes of 0 limit 0.6",
            "1 buys 60 yes of 0 limit 0.7",
            "1 buys 10 no of 0 limit 0.55",
            "1 buys 30 yes of 0",
        ],
        ("direct",),
    ),
    Scene(
        "a pair is minted between two buyers, the improvement is the later one's",
        DEAR,
        [
            FOUR,
            STOCK,
            "1 buys 30 yes of 0 limit 0.55 + 2 buys 10.1 yes of 0 limit 0.55",
            "3 buys 25 no of 0 limit 0.62",
            "4 buys 40 no of 0",
        ],
        ("mint", "mint after the maker", "several share"),
    ),
    Scene(
        "a pair is merged between two sellers",
        DEEP_POOL,
        [
            FOUR,
            STOCK,
            "1 sells 30 no of 0 limit 0.51 + 2 sells 11.1 no of 0 limit 0.51",
            "3 sells 25 yes of 0 limit 0.45",
            "1 sells 20 yes of 0",
        ],
        ("merge", "sweep"),
    ),
    Scene(
        "a buy and a sale of the two sides are swapped through the house",
        DEEP_POOL,
        [
            FOUR,
            STOCK,
            "1 sells 30 no of 0 limit 0.51 + 2 sells 11.1 no of 0 limit 0.51",
            "3 buys 25 yes of 0 limit 0.52",
            "4 buys 100 yes of 0 limit 0.52",
        ],
        ("swap", "swap takes"),
    ),
    Scene(
        "a swap that is cut short is the order's last",
        DEAR,
        [
            FOUR,
            STOCK,
            "1 buys 30 yes of 0 limit 0.58 + 2 buys 10 yes of 0 limit 0.58",
            "3 sells 25 no of 0 limit 0.56",
            "4 buys 10 yes of 0 + 1 sells 30 no of 0 limit 0.53",
        ],
        ("swap cut short", "no swap"),
    ),
    Scene(
        "a swap against the dearer side takes money out of the pools",
        DEEP_POOL,
        [
            FOUR,
            STOCK,
            "4 buys 200 no of 0",
            "1 buys 30 yes of 0 limit 0.49 + 2 sells 30 yes of 0 limit 0.51",
            "3 sells 25 no of 0 limit 0.51",
            "3 buys 25 no of 0 limit 0.55",
        ],
        ("swap gives",),
    ),
    Scene(
        "only direct trades where crossing is off",
        {**DEAR, "cm_enabled": False},
        [
            FOUR,
            STOCK,
            "1 buys 30 yes of 0 limit 0.55 + 2 sells 30 yes of 0 limit 0.6",
            "3 buys 25 no of 0 limit 0.62 + 4 buys 40 yes of 0",
        ],
        ("direct",),
    ),
    Scene(
        "at equal prices people come before pairs",
        {**SMALL, "fee": "0.02", "match_fee": "0.02"},
        [
            FOUR,
            "1 buys 20 yes of 1 + 3 buys 20 no of 1 + 2 buys 400 yes of 0",
            "1 sells 10 yes of 1 limit 0.27 + 2 buys 10 no of 1 limit 0.73",
            "4 buys 14 yes of 1",
        ],
        ("direct", "direct after the maker"),
    ),
    Scene(
        "a counterpart's rounding may cost more than the escrow",
        {**DEAR, "match_fee": 0},
        [
            f"{RICH} + 3 gets 100000 + 4 gets 0.630002",
            STOCK,
            "1 buys 100 yes of 0 limit 0.6",
            "1 cancels",
            " + ".join(f"{who} sells 0.33333{who} yes of 0 limit 0.6" for who in (1, 2, 3)),
            "4 buys 1.000002 yes of 0 limit 0.6",
            "4 buys 1.000001 yes of 0 limit 0.6",
            "4 buys 0.000001 yes of 0 limit 0.6",
            "4 buys 0.999999 yes of 0 limit 0.6",
        ],
        ("direct",),
    ),
    Scene(
        "at p_max and above only the charge limits a buy",
        {**DEAR, "tick_size": "0.001", "p_max": "0.95", "set_cap": "0.9"},
        [
            FOUR,
            STOCK,
            "3 sells 20 yes of 0 limit 0.97 + 2 sells 20 yes of 0 limit 0.95",
            "4 buys 900 yes of 0 limit 0.96",
            "4 buys 2000 yes of 0 limit 0.98",
            "4 buys 500 yes of 0",
        ],
        ("raised", "direct after the maker"),
    ),
    Scene(
        "a worst price counts the book, and a buy past it undoes its matches",
        {**DEAR, "gas_fee": "0.01"},
        [
            FOUR,
            STOCK,
            "1 sells 20 yes of 0 limit 0.6 + 2 buys 20 no of 0 limit 0.56",
            *(f"4 buys 60 yes of 0 worst 0.6{i}" for i in (3, 4, 5, 6)),
            *(f"3 sells 20 yes of 0 worst 0.5{i}" for i in (7, 6, 5, 4)),
        ],
        ("direct after the maker",),
    ),
    Scene(
        "money short of the whole buy undoes its matches",
        DEAR,
        [
            f"{RICH} + 3 gets 1000 + 4 gets 20",
            STOCK,
            "1 sells 20 yes of 0 limit 0.6",
            "4 buys 60 yes of 0",
            "4 buys 30 yes of 0",
        ],
        ("direct after the maker",),
    ),
    Scene(
        "what is offered cannot be sold twice",
        {**DEAR, "gas_fee": "0.01"},
        [
            FOUR,
            STOCK,
            "1 sells 30 yes of 0 limit 0.7",
            "1 sells 11 yes of 0 limit 0.7",
            "1 sells 11 yes of 0",
            "1 sells 10 yes of 0",
            "1 cancels",
            "1 sells 30 yes of 0",
        ],
    ),
    Scene(
        "an order id is not used twice while it rests",
        {**DEAR, "gas_fee": "0.01"},
        [FOUR, "1 buys 30 yes of 0 limit 0.2", "2 cancels", "1 cancels 09-0", "1 cancels 01-0", "1 cancels 01-0"],
        ("given back",),
    ),
    Scene(
        "a purchase fills who opted in beside it",
        {**FILLING, "zeta": "0.4"},
        [
            FOUR,
            "1 buys 40 yes of 0 + 1 buys 40 no of 0 + 2 buys 40 yes of 1 + 2 buys 40 no of 2",
            "1 buys 30 yes of 1 limit 0.24 opt + 2 buys 10.000001 yes of 1 limit 0.24 opt",
            "3 buys 5 yes of 1 limit 0.24",
            "2 buys 20 no of 2 limit 0.7 opt + 4 buys 3 no of 2 limit 0.699 opt + 4 buys 9 yes of 2 limit 0.1 opt",
            "4 buys 250 yes of 0",
            "4 buys 250 yes of 0 limit 0.9 opt",
        ],
        ("auto-fill", "rebate", "back", "auto-fill cut to a cap"),
    ),
    Scene(
        "a sale fills who opted in beside it",
        FILLING,
        [
            FOUR,
            "1 buys 40 yes of 0 + 2 buys 40 yes of 1 + 2 buys 40 no of 1 + 3 buys 30 yes of 2 + 3 buys 30 no of 2",
            "4 buys 150 yes of 0",
            "2 sells 30 yes of 1 limit 0.26 opt + 2 sells 10 no of 1 limit 0.76 opt + 3 sells 5 no of 2 limit 0.75",
            "4 sells all yes of 0",
        ],
        ("auto-fill", "rebate", "back", "sweep"),
    ),
    Scene(
        "the surplus of all auto-fills has one cap",
        {**SIDE_BY_SIDE, "af_max_surplus": "0.0002"},
        [FOUR, f"{WAITS} + {OTHERS_WAIT}", "4 buys 300 yes of 0"],
        ("auto-fill", "auto-fill cut to a cap"),
    ),
    Scene(
        "auto-fills together pay back no more than the trigger paid on top",
        {**SIDE_BY_SIDE, "af_max_surplus": 1},
        [FOUR, f"{WAITS} + {OTHERS_WAIT}", "4 buys 300 yes of 0"],
        ("auto-fill", "back"),
    ),
    Scene(
        "a pool of which nothing fits does not count",
        {**SIDE_BY_SIDE, "af_max_pools": 1},
        [FOUR, f"3 buys 0.000001 yes of 1 limit 0.199 opt + {OTHERS_WAIT}", "4 buys 300 yes of 0"],
        ("auto-fill", "auto-fill of nothing"),
    ),
    *(
        Scene(
            f"the floor keeps what it must of a {kept}",
            BOUND,
            [
                *OWED,
                f"zeta 0.49 + sigma {sigma}",
                "3 buys 10 yes of 2",
                "3 buys 10 yes of 2",
                "4 buys 2 yes of 2 limit 0.341 + 4 buys 9 yes of 2 limit 0.34 opt",
                "4 buys 5 yes of 2 limit 0.332 opt",
                "1 buys 110 yes of 0",
                "1 buys 100 yes of 0",
            ],
            ("auto-fill", f"floor on a {kept}"),
        )
        for kept, sigma in (("back", "0.5"), ("rebate", "0"))
    ),
    Scene(
        "the floor takes part in a limit",
        BOUND,
        [
            *OWED,
            "1 buys 50 yes of 0 limit 0.66",
            "1 buys 50 yes of 0 limit 0.667",
            "2 sells 40 no of 0 limit 0.44",
            "2 sells 40 no of 0 limit 0.3",
        ],
        ("charge limits the maker's part",),
    ),
    Scene(
        "a round gives orders back, moves prices, and sweeps what they have passed",
        {**DEAR, "rounds": PHASED},
        [
            FOUR,
            STOCK,
            "1 buys 40 yes of 1 + 1 buys 40 no of 1 + 2 buys 40 yes of 2 + 2 buys 40 no of 2",
            "4 buys 30 yes of 1 limit 0.2 + 4 buys 30 yes of 2 limit 0.2 + 2 sells 10 yes of 2 limit 0.3 opt",
            "1 sells 30 yes of 0 limit 0.7 + 1 sells 30 no of 0 limit 0.6 + 4 buys 9 no of 2 limit 0.7",
            "out 1 + 3 buys 9 yes of 0 + 3 buys 90 no of 0",
            "won 0",
        ],
        ("sweep", "given back"),
    ),
    Scene(
        "cancels work while trading stands still, and it is swept when it resumes",
        DEAR,
        [
            FOUR,
            STOCK,
            "1 sells 30 yes of 0 limit 0.59 + 2 buys 10 yes of 0 limit 0.57 + 2 buys 10 no of 0 limit 0.57",
            "freeze + 3 buys 5 yes of 0",
            "1 cancels 02-0 + 3 cancels 02-1",
            "resume + 3 buys 100 yes of 0 + 3 sells 9 no of 0 limit 0.5",
            "void",
        ],
        ("given back", "mint"),
    ),
    Scene(
        "an order is swept once a tick, the most favourable first",
        {**DEAR, "zeta": "0.3"},
        [
            FOUR,
            STOCK,
            "1 buys 8 no of 1 limit 0.73 + 2 buys 8 yes of 1 limit 0.24 + 3 buys 100000 yes of 2 limit 0.24",
            "4 buys 90 yes of 0",
            "4 sells all yes of 0",
            "4 buys 1 yes of 0",
        ],
        ("sweep",),
    ),
    Scene(
        "the fee of a part is never more than the escrow frees for it",
        {**DEAR, "match_fee": "0.02"},
        [FOUR, STOCK, "1 buys 0.000442 yes of 0 limit 0.57", "4 buys 0.00002 no of 0", "4 buys 0.000422 no of 0"],
        ("mint", "fee above what its escrow frees"),
    ),
    Scene(
        "a resting buy is never asked for more than its escrow when the fees rise",
        {**SMALL, "fee": "0.005", "match_fee": "0.001"},
        [
            FOUR,
            STOCK,
            "1 buys 30 yes of 0 limit 0.58",
            "fee 0.05",
            "match_fee 0.02",
            "3 buys 10.000001 no of 0 limit 0.65",
            "2 sells 20 yes of 0",
            "fee 0",
        ],
        ("mint",),
    ),
]


@pytest.mark.parametrize("scene", SCENES, ids=[scene.rule.replace(" ", "-") for scene in SCENES])
def test_directed_books_agree(scene: Scene) -> None:
    twin = Twin(market(**scene.values))
    play(twin, scene.ticks)
    missed = [corner for corner in scene.corners if not twin.market.seen[corner]]
    assert not missed, dict(twin.market.seen)


def test_no_swap_takes_more_than_the_pools_can_give() -> None:
    """Every pool all but drained: what the house would have to pay for a swap cuts it short."""
    twin = Twin(market(**{**DEEP_POOL, "match_fee": 0}))
    play(twin, [FOUR, "1 buys 40 no of 0 + 2 buys 40 no of 0"])
    level = twin.params.l0 // 10 + 20_000
    for j, (yes, no) in enumerate(((505, 800), (300, 300), (300, 300))):
        twin.bend(j, level - twin.params.l0, (level * yes // 1_000, level * no // 1_000))
    play(twin, ["1 sells 20 no of 0 limit 0.8", "3 buys 20 yes of 0 limit 0.51"], now=10)
    assert twin.market.seen["swap cut short"]
    assert twin.market.seen["all short of room"]


@pytest.mark.parametrize("block", range(6))
def test_random_books_agree(block: int) -> None:
    """Any legal market, orders anywhere; and crowded ones, where people meet."""
    for seed in range(block * LIVES, (block + 1) * LIVES):
        rng = Random(seed)
        crowded = rng.random() < 0.7
        twin = Twin(some_crowded_market(rng) if crowded else some_market(rng))
        try:
            if crowded:
                wander(rng, twin, rng.choice((6, 12, 25)), some_doing, arrivals(rng, twin.params))
            else:
                wander(rng, twin, rng.choice((6, 12, 25)), some_intent)
        except AssertionError as parted:
            parted.add_note(f"seed {seed}, {twin.params}")
            raise
