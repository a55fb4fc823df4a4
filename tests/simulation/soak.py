"""Random operations without end: `make soak OPS=1000000`, or `python -m tests.simulation.soak --ops 1000000 --seed 1`.

Most markets live through the real doors with every law checked after every tick and a replay at the end: scattered
orders in any legal market, or a crowd that meets in the book. Some run in the reference as well; some are searched by
the adversary, alone or with a ring of accounts. Prints a line now and then; a breach names the seed of its market and
ends with exit code 1.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from random import Random

from engine.params import MarketParams
from engine.state import fingerprint
from tests.engine.adversary import fresh, search
from tests.engine.crowd import arrivals, some_crowded_market, some_doing
from tests.engine.life import Life
from tests.engine.markets import some_intent, some_market
from tests.engine.twin import Twin, wander

EVERY = 5.0
"""Seconds between two lines."""


KINDS = ("life", "life", "life", "crowd", "crowd", "crowd", "twin", "crowded twin", "adversary", "ring")


def one_market(seed: int, counts: Counter[str]) -> int:
    """Lives one market; returns how many operations it took. The seed alone decides all of it."""
    rng = Random(seed)
    kind = rng.choice(KINDS)
    crowded = kind.startswith("crowd")
    params = some_crowded_market(rng) if crowded else some_market(rng)
    counts[kind] += 1
    if kind in ("adversary", "ring"):
        return _attacked(rng, params, book=kind == "ring")
    arrive = arrivals(rng, params) if crowded else []
    if kind.endswith("twin"):
        twin = Twin(params)
        wander(rng, twin, rng.choice((6, 12, 25)), some_doing if crowded else some_intent, arrive)
        return sum(len(intents) for _, intents in twin.history)
    life = Life(params, some_doing if crowded else some_intent)
    life.wander(rng, rng.choice((10, 30, 100)), rng.choice((1, 1, 5, 20)), arrive)
    assert life.replayed() == fingerprint(life.state), "the replay ends elsewhere"
    counts["rounds"] += params.n_outcomes - len(life.state.active)
    return sum(len(intents) for _, intents in life.history)


def _attacked(rng: Random, params: MarketParams, *, book: bool) -> int:
    """A search for a sure profit; where there is no floor there may be one, and it is played for the laws alone."""
    attacks = list(search(rng, fresh(params), params, 200, climb=100, book=book))
    assert not params.floor_enabled or max(result.gain for result in attacks) <= 0, "a sure profit"
    return sum(len(result.attack) for result in attacks)


def soak(ops: int, seed: int) -> int:
    """Lives markets until `ops` operations are done; 0, or 1 at the first breach."""
    counts: Counter[str] = Counter()
    done, number, began = 0, 0, time.monotonic()
    shown = began
    while done < ops:
        here = seed * 1_000_003 + number
        try:
            done += one_market(here, counts)
        except Exception:
            traceback.print_exc()
            print(f"BREACH in the market of seed {here}: one_market({here}, Counter())", flush=True)
            return 1
        number += 1
        if time.monotonic() - shown > EVERY or done >= ops:
            shown = time.monotonic()
            print(f"ops={done} markets={number} {dict(sorted(counts.items()))} {shown - began:.0f}s", flush=True)
    return 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.soak", description="Random operations.")
    parser.add_argument("--ops", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    return soak(given.ops, given.seed)


if __name__ == "__main__":
    sys.exit(main())
