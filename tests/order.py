"""Which tests run first, so that no worker is left with a long one when the others have ended.

With `--dist worksteal` each worker gets a contiguous part of what was collected, begins at its head, and whoever has
nothing left takes over from another's tail. So the long files stand at the heads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

LONG = (  # the longest first; each takes from a quarter of a minute to two
    "tests/platform/test_run_everywhere.py",
    "tests/bot/scenarios/test_rehearsal.py",
    "tests/platform/test_event_everywhere.py",
    "tests/simulation/test_crash.py",
    "tests/bot/cli/test_demo.py",
    "tests/platform/test_browser_journey.py",
    "tests/engine/test_adversary.py",
    "tests/bot/test_app.py",
    "tests/bot/adapters/discord_chat/test_render.py",
    "tests/platform/test_browser_ceremony.py",
    "tests/simulation/test_contention.py",
    "tests/engine/test_properties.py",
    "tests/platform/test_browser_run.py",
    "tests/simulation/test_cluster.py",
    "tests/bot/adapters/telegram_chat/test_render.py",
    "tests/platform/test_browser_event.py",
    "tests/bot/test_fuzz.py",
    "tests/simulation/test_load.py",
    "tests/platform/test_browser_watch.py",
    "tests/platform/test_browser_chart.py",
    "tests/simulation/test_loud_market.py",
)

Test = TypeVar("Test")


def long_first(tests: list[Test], workers: int, file: Callable[[Test], str]) -> list[Test]:
    """The same tests, the long files dealt out to the heads of the workers' parts, each file whole."""
    place = {name: at for at, name in enumerate(LONG)}
    long = sorted((test for test in tests if file(test) in place), key=lambda test: place[file(test)])
    rest = [test for test in tests if file(test) not in place]
    dealt = list(dict.fromkeys(file(test) for test in long))
    ordered: list[Test] = []
    for worker in range(workers):
        size = (len(tests) - len(ordered)) // (workers - worker)  # as xdist cuts
        mine = set(dealt[worker::workers])
        head = [test for test in long if file(test) in mine]
        more = max(0, size - len(head))
        ordered += head + rest[:more]
        rest = rest[more:]
    return ordered + rest
