"""What a test leaves open is found at its own end, not at that of whichever test runs when Python collects garbage.

A file, socket, database or loop that is dropped without being closed is a ResourceWarning, here an error, raised when
the garbage is collected. So it is collected after every test; what is there before the first test of a file is set
aside, imported modules above all, which keeps that cheap.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="module")
def _set_aside() -> None:
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    yield
    gc.collect()
