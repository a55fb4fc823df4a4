"""Whatever a program sends below `/api/v1`, it is answered as the file says and nothing of ours breaks.

`python -m tests.bot.adapters.room.api.test_fuzz_api 200` asks as often of each address, with another seed each time.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from bot.adapters.room import limits
from bot.adapters.room.api.openapi import document
from storage.keys import Scope
from tests.bot.adapters.room.api.programs import program
from tests.bot.adapters.room.harness import room_harness

ENDLESS = "/stream"


def fuzz(url: str, headers: dict[str, str], examples: int, *, derandomize: bool) -> Counter[int]:
    """Ask each address so often; how often it was answered by which status. In a thread: the library waits for each
    answer."""
    with warnings.catch_warnings():  # some of what it brings warns when it is imported
        warnings.simplefilter("ignore")
        import schemathesis
        from schemathesis.checks import not_a_server_error
        from schemathesis.specs.openapi import checks
    held = [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]
    answered = Counter[int]()
    for result in schemathesis.openapi.from_dict(document()).get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]  # the test of the file says that all are
        if operation.path.endswith(ENDLESS):
            continue

        @settings(
            max_examples=examples,
            derandomize=derandomize,
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            if "market" in case.path_parameters:
                case.path_parameters["market"] %= 3  # else hardly ever one that is there
            if "outcome" in case.path_parameters:
                case.path_parameters["outcome"] %= 5
            answer = case.call(base_url=url, headers=headers)
            case.validate_response(answer, headers=headers, checks=held)
            answered[answer.status_code] += 1

        ask()
    return answered


async def run(folder: Path, examples: int, *, derandomize: bool) -> Counter[int]:
    """A market that runs, asked by a program that may trade, by one that runs it, and by nobody."""
    async with room_harness(folder) as harness:
        await harness.open_market()
        await harness.tick()
        answered = Counter[int]()
        async with program(harness) as trader, program(harness, Scope.RUN, who="boss") as runner:
            await harness.tick()
            for robot in (trader, runner, None):
                headers = {} if robot is None else {"Authorization": f"Bearer {robot.token}"}
                answered += await asyncio.to_thread(
                    fuzz, harness.url.rstrip("/"), headers, examples, derandomize=derandomize
                )
                await harness.tick()
        return answered


def unlimited(patch: pytest.MonkeyPatch) -> None:
    """Nobody is told to slow down."""
    patch.setattr(limits, "LIMITS", dict.fromkeys(limits.LIMITS, ()))


async def test_whatever_is_sent_is_answered_as_the_file_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    unlimited(monkeypatch)
    answered = await run(tmp_path, 2, derandomize=True)
    assert answered[200] > 0
    assert not [row for row in caplog.records if row.name.startswith("bot.") and row.levelno >= logging.ERROR]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as town, pytest.MonkeyPatch.context() as free:
        unlimited(free)
        print(asyncio.run(run(Path(town), int(sys.argv[1]), derandomize=False)))
