"""Several real `outcry run` on one PostgreSQL, under load, killed, frozen, cut off and restarted by a seed.

`python -m tests.simulation.cluster --processes 3 --kills 200 --freezes 100` (or `make cluster`): people trade in
several markets, at any process, and ask another one where they get no answer. At the end everything settles, and what
was promised is held against what the database says: see `Findings`. `--takeover 10` tells instead how long a market
waits for another process, and `--rolling COMMIT` whether an upgrade from there under load, and the way back, lose
anything.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.paths import ROOT
from tests.simulation import cluster_rolling, cluster_takeover, load
from tests.simulation.cluster_findings import Findings, came_to_rest, found, watched
from tests.simulation.cluster_people import Seen, gathered
from tests.simulation.cluster_rows import keep_commit_times
from tests.simulation.cluster_trouble import AWAY_S, CUT, FREEZE, KILL, STOP, trouble
from tests.simulation.load_crowd import TOKEN
from tests.storage.databases import MISSING
from tests.storage.postgres import Server, find_server

TOGETHER_S = 60.0  # for so long old and new serve side by side


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    processes: int = 2
    kills: int = 10
    freezes: int = 5
    cuts: int = 5
    stops: int = 5
    rooms: int = 3
    people: int = 12
    seconds: float = 0.0
    away_s: tuple[float, float] = AWAY_S
    seed: int = 1


async def run(server: Server, folder: Path, asked: Asked) -> Findings:
    """Trade while processes come and go, come to rest, and look."""
    seen = Seen()
    async with watched(server, folder, asked.processes, asked.rooms) as (cluster, rows):
        people = await gathered(cluster, asked.people, asked.seed, seen, TOKEN)
        counts = {KILL: asked.kills, FREEZE: asked.freezes, CUT: asked.cuts, STOP: asked.stops}
        doing = asyncio.create_task(trouble(cluster, counts, asked.seed, seconds=asked.seconds, away_s=asked.away_s))
        await asyncio.gather(*(person.trade(lambda: not doing.done()) for person in people), doing)
        await came_to_rest(cluster, rows, people)
        return await found(cluster, rows, people, seen)


def told(findings: Findings) -> str:
    """A line a figure, then what must not be."""
    lines = [f"{name:12}{_text(value)}" for name, value in asdict(findings).items() if name not in ("failures", "late")]
    lines += [f"LATE  {line}" for line in findings.late]
    lines += [f"FAIL  {line}" for line in findings.failures]
    return "\n".join([*lines, f"{len(findings.failures)} failures, {len(findings.late)} orders late"])


def _text(value: object) -> str:
    return ", ".join(f"{name} {inner}" for name, inner in value.items()) if isinstance(value, dict) else str(value)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.cluster", description=__doc__)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--freezes", type=int, default=5)
    parser.add_argument("--cuts", type=int, default=5, help="off from PostgreSQL, without a word")
    parser.add_argument("--stops", type=int, default=5, help="by SIGTERM")
    parser.add_argument("--rooms", type=int, default=3)
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--minutes", type=float, default=0.0, help="at least; 0: as fast as the others allow")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write what was found there as well")
    parser.add_argument("--folder", type=Path, help="keep the processes' logs there")
    parser.add_argument("--takeover", type=int, metavar="TRIES", help="how long a market waits for another process")
    parser.add_argument("--rolling", metavar="COMMIT", help="replace processes of that commit by this code, and back")
    given = parser.parse_args(argv)
    programs = find_server()
    if programs is None:
        raise SystemExit(MISSING)
    server = Server(programs)
    try:
        asyncio.run(keep_commit_times(server))
        with tempfile.TemporaryDirectory(prefix="outcry-cluster-") as name:
            folder = given.folder or Path(name)
            if given.takeover:
                asyncio.run(cluster_takeover.run(server, folder, given.takeover, given.processes))
                return 0
            findings = _rolled(server, folder, given) if given.rolling else _survived(server, folder, given)
    finally:
        server.stop()
    print(told(findings))
    if given.json:
        given.json.write_text(json.dumps(asdict(findings), indent=2) + "\n")
    return int(bool(findings.failures or findings.late))


def _survived(server: Server, folder: Path, given: argparse.Namespace) -> Findings:
    asked = Asked(
        processes=given.processes, kills=given.kills, freezes=given.freezes, cuts=given.cuts, stops=given.stops,
        rooms=given.rooms, people=given.people, seconds=given.minutes * 60, seed=given.seed,
    )  # fmt: skip
    return asyncio.run(run(server, folder, asked))


def _rolled(server: Server, folder: Path, given: argparse.Namespace) -> Findings:
    seconds = given.minutes * 60 or TOGETHER_S
    with load.checked_out(given.rolling) as trees:
        old = next(tree for tree in trees.values() if tree != ROOT)
        findings, refused = asyncio.run(cluster_rolling.run(server, folder, old, given.people, seconds, given.seed))
    for sentence in refused:
        print(f"no way back: {sentence}")
    return findings


if __name__ == "__main__":
    sys.exit(main())
