"""The whole program in a seeded world: `make sim SEED=17`, or `make sim SEEDS=1-1000` on all cores.

A line a seed; one that breaks a rule says which, and how to run it alone: alone it prints all that happened in it.
With `--plant NAME` (of `deterministic/plants.py`) the program has a bug, and seeds are run until one finds it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from functools import partial

from tests.simulation.deterministic.plants import PLANTS
from tests.simulation.deterministic.run import Verdict, run_seed

EVERY = 50  # seeds between two lines of progress


def verdict_of(seed: int, plant: str | None = None) -> Verdict:
    with PLANTS[plant].applied() if plant else nullcontext():
        return run_seed(seed)


def verdicts(seeds: Sequence[int], plant: str | None = None, jobs: int | None = None) -> Iterator[Verdict]:
    """In the order of the seeds."""
    jobs = min(len(seeds), jobs or os.cpu_count() or 1)
    work = partial(verdict_of, plant=plant)
    if jobs == 1:
        yield from map(work, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(work, seeds)


def report(seeds: Sequence[int], jobs: int | None = None) -> int:
    """0, or 1 where any of them breaks a rule."""
    totals: Counter[str] = Counter()
    broken: list[int] = []
    for done, verdict in enumerate(verdicts(seeds, jobs=jobs), 1):
        totals.update(verdict.counts)
        if verdict.broken:
            broken.append(verdict.seed)
        print(verdict.line(), flush=True)
        if verdict.broken:
            if len(seeds) == 1:
                print("\n".join(verdict.journal))
            print(f"  {verdict.broken}\n  alone: make sim SEED={verdict.seed}", flush=True)
        if len(seeds) > EVERY and done % EVERY == 0:
            print(f"{done} of {len(seeds)} seeds, {len(broken)} broken", flush=True)
    if len(seeds) > 1:
        figures = ", ".join(f"{count} {name}" for name, count in sorted(totals.items()))
        print(f"{len(seeds)} seeds: {figures}; broken: {', '.join(map(str, broken)) or 'none'}")
    return 1 if broken else 0


def search(seeds: Sequence[int], plant: str, jobs: int | None = None) -> int:
    """0 where a seed finds the bug, and says which."""
    print(f"planted: {PLANTS[plant].about}", flush=True)
    for verdict in verdicts(seeds, plant, jobs):
        if verdict.broken:
            print(f"found by seed {verdict.seed}: {verdict.broken}")
            return 0
    print(f"not found by {len(seeds)} seeds")
    return 1


def seeds_of(text: str) -> range:
    """`7` or `1-200`."""
    first, _, last = text.partition("-")
    if not (first.isascii() and first.isdigit() and (not last or (last.isascii() and last.isdigit()))):
        raise argparse.ArgumentTypeError(f"{text} is no seed, nor two with a dash between")
    found = range(int(first), int(last or first) + 1)
    if not found:
        raise argparse.ArgumentTypeError(f"{text} holds no seed")
    return found


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.sim", description=__doc__)
    parser.add_argument("seeds", type=seeds_of, nargs="?", default=range(1, 201), help="7, or 1-200")
    parser.add_argument("--plant", choices=sorted(PLANTS))
    parser.add_argument("--jobs", type=int, help="processes side by side; as many as there are cores if left out")
    asked = parser.parse_args(argv)
    return search(asked.seeds, asked.plant, asked.jobs) if asked.plant else report(asked.seeds, asked.jobs)


if __name__ == "__main__":
    sys.exit(main())
