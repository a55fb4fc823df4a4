"""One random life a seed, to the end, with every law checked: `make sim SEED=7`, or `make sim SEEDS=1-200`.

The seed alone decides all of it (see `tests.simulation.soak.one_market`): what breaks in one run breaks in the next.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections import Counter

from tests.simulation.soak import one_market


def live(seeds: range) -> int:
    """A line a seed; 0, or 1 where any of them breaks a law (the others are lived all the same)."""
    broken: list[int] = []
    for seed in seeds:
        counts: Counter[str] = Counter()
        try:
            operations = one_market(seed, counts)
        except Exception:
            traceback.print_exc()
            broken.append(seed)
            print(f"seed={seed} BREACH", flush=True)
            continue
        kind = next(iter(counts))
        print(
            f"seed={seed} kind={kind.replace(' ', '-')} operations={operations} rounds={counts['rounds']} ok",
            flush=True,
        )
    if broken:
        print(f"broken: {', '.join(str(seed) for seed in broken)}", flush=True)
    return 1 if broken else 0


def seeds_of(text: str) -> range:
    """`7` or `1-200`."""
    first, _, last = text.partition("-")
    if not (first.isascii() and first.isdigit() and (not last or (last.isascii() and last.isdigit()))):
        raise argparse.ArgumentTypeError(f"{text} is no seed, nor two with a dash between")
    found = range(int(first), int(last or first) + 1)
    if not found:
        raise argparse.ArgumentTypeError(f"{text} holds no seed")
    return found


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.sim", description=__doc__)
    parser.add_argument("seeds", type=seeds_of, help="one seed, or the first and the last with a dash between")
    return live(parser.parse_args(argv).seeds)


if __name__ == "__main__":
    sys.exit(main())
