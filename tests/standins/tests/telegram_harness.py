"""What tests of the Telegram peer start with: a server on a manual clock, the real client, two people and a group."""

from __future__ import annotations

import re
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from tests.standins.telegram_peer import Chat, ManualClock, TelegramPeer, User


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerHarness:
    """Ada has started the bot, Ben has not; both are in the supergroup with the bot, Ada is its creator."""

    peer: TelegramPeer
    clock: ManualClock
    bot: Bot
    ada: User
    ben: User
    group: Chat


@asynccontextmanager
async def peer_harness() -> AsyncIterator[PeerHarness]:
    clock = ManualClock()
    async with TelegramPeer(clock=clock) as peer, client(peer) as bot:
        ada, ben = peer.world.user("Ada", username="ada_l"), peer.world.user("Ben")
        ada.chat.opened = True
        group = peer.world.supergroup("Traders", ada, ben)
        yield PeerHarness(peer=peer, clock=clock, bot=bot, ada=ada, ben=ben, group=group)


def client(peer: TelegramPeer, token: str | None = None) -> Bot:
    """The real client, not yet started."""
    return Bot(
        token or peer.token,
        base_url=peer.base_url,
        base_file_url=peer.file_url,
        request=HTTPXRequest(connection_pool_size=16),
        get_updates_request=HTTPXRequest(connection_pool_size=4),
    )


def refused(kind: type[TelegramError], *texts: str) -> pytest.RaisesExc[TelegramError]:
    """Expects the client's error with these words, whatever their case (the client changes the first letter)."""
    return pytest.raises(kind, match="(?i)" + ".*".join(re.escape(text) for text in texts))


def keyboard(*labels: str) -> InlineKeyboardMarkup:
    """One row of buttons that send their label in lower case."""
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=label.lower()) for label in labels]])


def png(width: int = 8, height: int = 8, weight: int = 0) -> bytes:
    """The start of a PNG of this size, `weight` bytes longer than needed: enough for who reads the header."""
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + bytes(5 + weight)
