"""The room as a Mini App, from Telegram's side: its buttons as python-telegram-bot sends them to a strict server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.chat.reply import Action, Reply, line
from tests.platform.telegram_harness import TelegramHarness, telegram_harness

ROOM = "https://outcry.example"
MENU = {"type": "web_app", "text": "Open the room", "web_app": {"url": f"{ROOM}/app/"}}
OFFER = Reply(head=line("Here it is."), actions=(Action(label="Open the room", app="m7"),))


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[TelegramHarness]:
    async with telegram_harness(tmp_path) as harness:
        yield harness


async def reachable(harness: TelegramHarness, url: str | None, *, main: bool = False) -> None:
    """The bot begins anew, with this address of the room; `main`: BotFather knows its Mini App."""
    harness.peer.world.main_web_app = main
    harness.access = replace(harness.access, public_url=url)
    await harness.restart()


def buttons(message: Any) -> list[dict[str, Any]]:  # Any: JSON as it was sent
    return [button for row in (message.markup or {}).get("inline_keyboard", []) for button in row]


async def test_the_menu_button_opens_the_room_while_it_has_an_address(harness: TelegramHarness) -> None:
    assert harness.peer.called("setChatMenuButton") == []  # what somebody else has set is left as it is
    await reachable(harness, ROOM)
    await harness.peer.until(lambda: harness.peer.menu_buttons.get(None) == MENU)
    await harness.told("telegram menu button", f"{ROOM}/app/")
    await reachable(harness, ROOM)
    assert len(harness.peer.called("setChatMenuButton")) == 1
    await reachable(harness, None)
    await harness.peer.until(lambda: harness.peer.menu_buttons.get(None) == {"type": "default"})
    await harness.told("telegram menu button", "")
    await reachable(harness, None)
    assert len(harness.peer.called("setChatMenuButton")) == 2


async def test_a_button_opens_it_in_private_and_a_link_does_in_a_group(harness: TelegramHarness) -> None:
    await reachable(harness, ROOM, main=True)
    platform = harness.telegram.platform
    await platform.tell(str(harness.ada.id), OFFER, edit_ref=None, chat_ext=None)
    opens = {"text": "Open the room", "web_app": {"url": f"{ROOM}/app/?tgWebAppStartParam=m7"}}
    assert buttons(harness.ada.chat.last) == [opens]
    await platform.post(str(harness.group.id), OFFER)
    leads = {"text": "Open the room", "url": "https://t.me/outcry_bot?startapp=m7"}
    assert buttons(harness.group.last) == [leads]


async def test_where_it_cannot_be_opened_there_is_no_button(harness: TelegramHarness) -> None:
    for url, in_private in ((ROOM, 1), (None, 0)):
        await reachable(harness, url)
        await harness.telegram.platform.tell(str(harness.ada.id), OFFER, edit_ref=None, chat_ext=None)
        assert len(buttons(harness.ada.chat.last)) == in_private
        await harness.telegram.platform.post(str(harness.group.id), OFFER)
        assert buttons(harness.group.last) == []
