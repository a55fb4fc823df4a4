"""Fixtures that several files of this folder ask for by name."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.platform.chromium import chromium


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def chrome() -> AsyncIterator[Browser]:
    """One Chromium for all tests of a file, in their loop; windows are each test's own to close."""
    async with chromium() as browser:
        yield browser
