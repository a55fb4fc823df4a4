"""What Telegram is told of us beforehand, once each time it changes: menus, the menu button, texts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.adapters.telegram_chat.errors import NO_CONNECTION_MS, NotServingError, is_unknown_method, translate
from bot.chat.platform import RetryLaterError
from storage.database import Database

log = logging.getLogger(__name__)

AGAIN_MS = 600_000  # the longest that what could not be told waits, but for a longer wait Telegram asks for


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


async def keep_told(facts: Sequence[Callable[[], Awaitable[object]]]) -> None:
    """Tell each fact beside all other work, for ever: nothing waits for it. What Telegram does not hear now (these
    requests have strict limits of their own) is told later, what it refuses is not told again by this process. Raises
    what ends the connection."""
    left, rounds = list(facts), 0
    while left:
        later: list[Callable[[], Awaitable[object]]] = []
        wait_ms = 0
        for tell in left:
            try:
                await tell()
            except (InvalidToken, NotServingError):
                raise
            except BadRequest as error:
                log.warning("Telegram does not take what it is told beforehand: %s", error)
            except TelegramError as error:
                why = translate(error, private=False)
                after_ms = why.after_ms if isinstance(why, RetryLaterError) else NO_CONNECTION_MS
                wait_ms = max(wait_ms, after_ms, min(AGAIN_MS, after_ms << rounds))
                log.info("what Telegram is told beforehand has to wait: %s", error)
                later.append(tell)
        left, rounds = later, min(rounds + 1, 10)
        await asyncio.sleep(wait_ms / 1000)
    await asyncio.Event().wait()
