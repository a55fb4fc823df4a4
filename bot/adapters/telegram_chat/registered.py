"""What Telegram is told of us beforehand, once each time it changes: menus, the menu button, texts."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from telegram.error import InvalidToken

from bot.adapters.telegram_chat.errors import is_unknown_method
from storage.database import Database

log = logging.getLogger(__name__)


async def register(db: Database, fact: str, value: str, tell: Callable[[], Awaitable[object]]) -> bool:
    """`tell` Telegram where `value` is not what it was told last, which the database keeps under `fact` (with the bot's
    id in it, since a token may change); whether it was told. A value that is long comes as its fingerprint, and "" is
    what Telegram has before it was told anything. A server that does not know the method goes without, and is asked
    again the next time this process begins to serve."""
    async with db.reading() as uow:
        if (await uow.key_values.get(fact) or "") == value:
            return False
    try:
        await tell()
    except InvalidToken as error:
        if not is_unknown_method(error):
            raise
        log.warning("this server does not know how to be told the %s; everything else works without", fact)
        return False
    async with db.writing() as uow:
        await uow.key_values.put(fact, value)
        await uow.commit()
    return True
