"""The soak runs: a small portion of it, so that the long one is known to work."""

from __future__ import annotations

import pytest

from tests.simulation.soak import main


def test_a_short_soak_finds_no_breach(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--ops", "3000", "--seed", "5"]) == 0
    assert "ops=" in capsys.readouterr().out
