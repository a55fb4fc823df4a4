"""The simulator and the load run work: a small portion of each. No time is judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.simulation import load, sim


def test_a_seed_lives_the_same_life_twice(capsys: pytest.CaptureFixture[str]) -> None:
    assert sim.main(["3-4"]) == 0
    first = capsys.readouterr().out
    assert sim.main(["3-4"]) == 0
    assert capsys.readouterr().out == first
    assert first.count(" ok\n") == 2


@pytest.mark.parametrize("wrong", ["", "x", "5-4", "1-2-3", "-1"])
def test_what_is_no_seed_is_refused(wrong: str) -> None:
    with pytest.raises(SystemExit) as refused:
        sim.main(["--", wrong])
    assert refused.value.code == 2


def test_a_breach_is_named_by_its_seed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(seed: int, counts: object) -> int:
        raise AssertionError("a law")

    monkeypatch.setattr(sim, "one_market", breaks)
    assert sim.main(["7"]) == 1
    assert "broken: 7" in capsys.readouterr().out


def test_a_short_load_run_ends_verified_with_its_figures(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    assert load.main(["--minutes", "0.1", "--people", "4", "--json", str(file)]) == 0
    found = json.loads(file.read_text())
    assert found["verified"]
    assert found["orders"] > 0
    assert found["answers"].get("refused", 0) == 0
    for name in ("ticket_ms", "confirm_ms", "tick_ms"):
        assert set(found[name]) == {"p50", "p95", "p99", "max"}
