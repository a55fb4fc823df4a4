"""The order in which the workers of one run take the tests."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from xdist.scheduler import WorkStealingScheduling

from tests.order import LONG, long_first
from tests.paths import ROOT


class Worker:
    """As the scheduler sees one."""

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.shutting_down = False
        self.given: list[int] = []

    def send_runtest_some(self, tests: list[int]) -> None:
        self.given += tests


def file(test: str) -> str:
    return test.split("::", maxsplit=1)[0]


@pytest.mark.parametrize("workers", [1, 2, 3, 4])
def test_each_worker_begins_with_its_share_of_the_long_files_and_all_tests_are_kept(
    pytestconfig: pytest.Config, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [f"tests/short/test_{number}.py" for number in range(200)]
    files[60:60] = LONG[:9]
    files += LONG[9:]
    collected = [f"{name}::test_{number}" for name in files for number in range(5)]
    ordered = long_first(collected, workers, file)
    assert sorted(ordered) == sorted(collected)

    monkeypatch.setattr("xdist.scheduler.worksteal.parse_tx_spec_config", lambda _: ["popen"] * workers)
    scheduler = WorkStealingScheduling(pytestconfig)
    nodes = [Worker(f"gw{number}") for number in range(workers)]
    for node in nodes:
        scheduler.add_node(cast("Any", node))
        scheduler.add_node_collection(cast("Any", node), ordered)
    scheduler.schedule()
    for number, node in enumerate(nodes):
        given = list(dict.fromkeys(file(ordered[at]) for at in node.given))
        share = LONG[number::workers]
        assert tuple(given[: len(share)]) == share
        assert not set(given[len(share) :]) & set(LONG)


def test_one_long_file_alone_keeps_its_order() -> None:
    collected = [f"{LONG[0]}::test_{number}" for number in range(7)]
    assert long_first(collected, 3, file) == collected


def test_every_long_file_is_there() -> None:
    assert [name for name in LONG if not (ROOT / name).is_file()] == []
