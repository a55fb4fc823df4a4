"""Random operations without end: `python -m tests.simulation.soak --ops 1000000 --seed 1`.

Most markets live through the real doors with every law checked after every tick and a replay at the end; some run
in the reference as well; some are searched by the adversary. Prints a line now and then; a breach names the seed of its
market and ends with exit code 1.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from random import Random

from engine.state import fingerprint
from tests.engine.adversary import fresh, search
from tests.engine.life import Life
from tests.engine.markets import some_market
from tests.engine.twin import Twin, wander

EVERY = 5.0
"""Seconds between two lines."""


def one_market(seed: int, counts: Counter[str]) -> int:
    """Lives one market; returns how many operations it took. The seed alone decides all of it."""
    rng = Random(seed)
    params = some_market(rng)
    kind = rng.choice(("life", "life", "life", "life", "life", "twin", "adversary"))
    counts[kind] += 1
    if kind == "adversary" and params.floor_enabled:
        attacks = list(search(rng, fresh(params), params, 200, climb=100))
        assert max(result.gain for result in attacks) <= 0, "a sure profit"
        return sum(len(result.attack) for result in attacks)
    if kind == "twin":
        twin = Twin(params)
        wander(rng, twin, rng.choice((6, 12, 25)))
        return sum(len(intents) for _, intents in twin.told)
    life = Life(params)
    life.wander(rng, rng.choice((10, 30, 100)), crowd=rng.choice((1, 1, 5, 20)))
    assert life.replayed() == fingerprint(life.state), "the replay ends elsewhere"
    counts["rounds"] += params.n_outcomes - len(life.state.active)
    return sum(len(intents) for _, intents in life.told)


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
