"""The simulation finds nothing in six seeds, gives the same for the same seed, and finds each bug that is put in."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

import pytest

from tests.paths import ROOT
from tests.simulation import sim
from tests.simulation.deterministic.plants import PLANTS
from tests.simulation.deterministic.run import Verdict, run_seed


@cache
def verdict_of(seed: int) -> Verdict:
    """Of the program as it is."""
    return run_seed(seed)


@pytest.mark.parametrize("seed", range(1, 7))
def test_a_seed_breaks_no_rule(seed: int) -> None:
    verdict = verdict_of(seed)
    assert verdict.broken == "", f"{verdict.broken}; alone: make sim SEED={seed}"


def test_equal_seeds_give_equal_digests_whatever_python_hashes_by() -> None:
    """In this process and in another; a seed beside it is another life."""
    here, other = verdict_of(4), verdict_of(6)
    there = subprocess.run(
        [sys.executable, "-m", "tests.simulation.sim", "4", "--jobs", "1"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert there == here.line() + "\n"
    assert here.digest != other.digest


@pytest.mark.parametrize("name", sorted(PLANTS))
def test_planted_bugs(name: str) -> None:
    """By a seed that is known to find it."""
    seeds = PLANTS[name].seeds
    assert any(sim.verdict_of(seed, name).broken for seed in seeds), (
        f"none of {seeds} finds it any more: .venv/bin/python -m tests.simulation.sim --plant {name} 1-200 "
        "says which seed does now, for deterministic/plants.py"
    )


@pytest.mark.parametrize("wrong", ["", "x", "5-4", "1-2-3", "-1"])
def test_what_is_no_seed_is_refused(wrong: str) -> None:
    with pytest.raises(SystemExit) as refused:
        sim.main(["--", wrong])
    assert refused.value.code == 2


def test_a_broken_rule_is_named_with_its_seed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sim, "run_seed", lambda seed: Verdict(seed=seed, digest="0" * 64, broken="a rule"))
    assert sim.main(["7", "--jobs", "1"]) == 1
    shown = capsys.readouterr().out
    assert "seed 7 BROKEN" in shown
    assert "a rule\n  alone: make sim SEED=7" in shown
