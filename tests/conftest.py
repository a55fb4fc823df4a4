"""What a test leaves open is found at its own end, not at that of whichever test runs when Python collects garbage.

A file, socket, database or loop that is dropped without being closed is a ResourceWarning, here an error, raised when
the garbage is collected. So it is collected after every test; what is there before the first test of a file is set
aside, imported modules above all, which keeps that cheap.

The tests' own files are kept in memory where there is room (`MEMORY`): databases make everything durable there too,
only that no disk has to be waited for. Where several workers share the tests, long files come first (`tests.order`).
"""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.order import long_first

MEMORY = Path("/dev/shm")
ENOUGH = 2**30  # bytes; what passed is removed at once


def pytest_configure() -> None:
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        items[:] = long_first(items, workers, lambda item: item.nodeid.split("::", maxsplit=1)[0])


@pytest.fixture(autouse=True, scope="module")
def _set_aside() -> None:
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    yield
    gc.collect()
