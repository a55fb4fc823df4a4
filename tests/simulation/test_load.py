"""The load run works: a small portion of it. No time is judged."""

from __future__ import annotations

import json
from pathlib import Path

from tests.simulation import load, load_layers


def test_a_short_load_run_ends_verified_with_its_figures(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    asked = ("--minutes", "0.08", "--people", "4", "--markets", "2", "--mix", "0,4", "--json", str(file))
    assert load.main(asked) == 0
    [found] = json.loads(file.read_text())["runs"]["now"]
    assert found["verified"]
    assert found["streams"] == {"200": 4}
    assert found["errors_logged"] == 0
    trading, mix = found["steps"].values()
    assert trading["orders"] > 0
    for step in (trading, mix):
        assert step["untold"] == 0
        assert step["answers"].get("refused", 0) == 0
        assert set(step["ticket_ms"]) == {"p50", "p95", "p99", "max"}
    assert set(found["tick_ms"]) == {"p50", "p95", "p99", "max"}


def test_a_sample_belongs_to_the_innermost_frame_that_a_layer_owns() -> None:
    stacks = "\n".join(
        (
            "run (asyncio/base_events.py:1);Dispatcher.run (bot/dispatcher.py:9);sub (re.py:3) 6",
            "run (asyncio/base_events.py:1);Announcer.step (bot/notifications/announcer.py:9);x (json/encoder.py:1) 3",
            "greenlet_spawn (sqlalchemy/util/concurrency.py:1);visit_insert (sqlalchemy/sql/compiler.py:4) 1",
        )
    )
    layers, purposes, _ = load_layers.counted(stacks)
    assert layers == {"dispatch and parse": 6, "json": 3, "compiling statements": 1}
    assert purposes == {"dispatcher": 6, "telling": 3, "statements, in greenlets": 1}
