"""The Telegram peer holds what Telegram asks of Mini Apps' buttons against the real client."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MenuButtonCommands, MenuButtonWebApp, WebAppInfo
from telegram.error import BadRequest

from tests.standins.tests.telegram_harness import PeerHarness, peer_harness, refused

APP = "https://outcry.example/app/"


@pytest.fixture
async def harness() -> AsyncIterator[PeerHarness]:
    async with peer_harness() as harness:
        yield harness


def opening(url: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton("Open", web_app=WebAppInfo(url))]])


async def test_a_button_opens_a_mini_app_over_https_in_a_private_chat_alone(harness: PeerHarness) -> None:
    sent = await harness.bot.send_message(harness.ada.id, "x", reply_markup=opening(APP))
    assert harness.ada.chat.last.labels == ["Open"]
    for url in ("http://outcry.example/app/", "https://localhost/app/", "ftp://outcry.example", ""):
        with refused(BadRequest, "inline keyboard button Web App URL"):
            await harness.bot.send_message(harness.ada.id, "x", reply_markup=opening(url))
    group = harness.peer.world.supergroup("Traders", harness.ada)
    with refused(BadRequest, "BUTTON_TYPE_INVALID"):
        await harness.bot.send_message(group.id, "x", reply_markup=opening(APP))
    await harness.bot.edit_message_text("y", harness.ada.id, sent.message_id, reply_markup=opening(f"{APP}?a=1"))
    plain = await harness.bot.send_message(group.id, "x")
    with refused(BadRequest, "BUTTON_TYPE_INVALID"):
        await harness.bot.edit_message_text("y", group.id, plain.message_id, reply_markup=opening(APP))


async def test_a_menu_button_has_a_text_and_an_https_address_and_is_of_private_chats(harness: PeerHarness) -> None:
    bot, button = harness.bot, MenuButtonWebApp("Open", WebAppInfo(APP))
    assert await bot.get_chat_menu_button() == MenuButtonCommands()
    await bot.set_chat_menu_button(menu_button=button)
    assert await bot.get_chat_menu_button() == button
    await bot.set_chat_menu_button(harness.ada.id, MenuButtonCommands())
    assert await bot.get_chat_menu_button(harness.ada.id) == MenuButtonCommands()
    for wrong, sentence in (
        (MenuButtonWebApp(" ", WebAppInfo(APP)), "text must be non-empty"),
        (MenuButtonWebApp("Open", WebAppInfo("http://outcry.example/")), "Only HTTPS links are allowed"),
        (MenuButtonWebApp("Open", WebAppInfo("https://localhost/")), "Wrong HTTP URL"),
    ):
        with refused(BadRequest, sentence):
            await bot.set_chat_menu_button(menu_button=wrong)
    group = harness.peer.world.supergroup("Traders", harness.ada)
    with refused(BadRequest, "chat not found"):
        await bot.set_chat_menu_button(group.id, button)
    assert await bot.get_chat_menu_button() == button


async def test_a_bot_has_a_main_mini_app_where_botfather_was_told_so(harness: PeerHarness) -> None:
    assert (await harness.bot.get_me()).has_main_web_app is False
    harness.peer.world.main_web_app = True
    assert (await harness.bot.get_me()).has_main_web_app is True
