"""Whole events on Telegram: the real bot, the real python-telegram-bot client, the peer in Telegram's place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.platform.telegram_town import Town, a_town


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(tmp_path) as town:
        yield town
        assert town.peer.complaints == []


async def test_a_member_buys_in_private_and_the_fill_replaces_her_ticket(town: Town) -> None:
    await town.running()
    await town.say(town.ben, "/buy germany yes $50")
    ticket = await town.ben.chat.expect("spend about")
    assert ticket.labels == ["Confirm", "Change", "Cancel"]
    await town.press(town.ben, ticket, "Confirm")
    await town.tick()
    filled = await town.ben.chat.expect("Filled")
    assert filled is ticket
    assert town.peer.refused() == []
