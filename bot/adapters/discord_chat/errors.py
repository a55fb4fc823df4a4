"""What went wrong between us and Discord, as the port has it: wait, or out of reach and why."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord

from bot.adapters.discord_chat import library_patches
from bot.chat.platform import RetryLaterError, Unreachable, UnreachableError

log = logging.getLogger(__name__)

TIMEOUT_S = 25.0  # for one sending, the library's own repetitions included
BREAKDOWN_MS = 5_000
EDITED_OFTEN_MS = 60_000

UNKNOWN_CHANNEL, UNKNOWN_GUILD, UNKNOWN_MESSAGE, UNKNOWN_USER, UNKNOWN_WEBHOOK = 10003, 10004, 10008, 10013, 10015
ANSWERED_ALREADY, EXPIRED_TOKEN = 40060, 50027
MISSING_ACCESS, NOT_OURS, NO_DIRECT_MESSAGES, MISSING_PERMISSIONS, ARCHIVED = 50001, 50005, 50007, 50013, 50083
NO_COMMON_SERVER, DIRECT_TOO_FAST, EDITED_TOO_OFTEN = 50278, 40003, 30046

_REASONS = {
    UNKNOWN_CHANNEL: Unreachable.CHAT,
    UNKNOWN_GUILD: Unreachable.CHAT,
    UNKNOWN_MESSAGE: Unreachable.MESSAGE,
    UNKNOWN_WEBHOOK: Unreachable.MESSAGE,
    EXPIRED_TOKEN: Unreachable.MESSAGE,
    NOT_OURS: Unreachable.MESSAGE,
    UNKNOWN_USER: Unreachable.PERSON,
    NO_DIRECT_MESSAGES: Unreachable.PERSON,
    NO_COMMON_SERVER: Unreachable.PERSON,
    MISSING_ACCESS: Unreachable.FORBIDDEN,
    MISSING_PERMISSIONS: Unreachable.FORBIDDEN,
}
_DETAILS = {MISSING_ACCESS: "View Channel"}


@asynccontextmanager
async def translating_errors(timeout_s: float = TIMEOUT_S) -> AsyncIterator[None]:
    """Whatever happens inside comes out as one of the port's two errors."""
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except (RetryLaterError, UnreachableError):
        raise
    except Exception as error:
        raise translate(error) from error


def translate(error: Exception) -> RetryLaterError | UnreachableError:
    """The port's error for one of the library's; everything nobody has heard of is worth another try."""
    wait = library_patches.global_rate_limit.wait_ms()
    if wait > 0 and (isinstance(error, discord.RateLimited | TimeoutError) or getattr(error, "status", 0) == 429):
        return RetryLaterError(wait, overall=True)
    if isinstance(error, discord.RateLimited):
        return RetryLaterError(int(error.retry_after * 1000) + 1)
    if isinstance(error, discord.HTTPException):
        return _translate_response(error)
    if not isinstance(error, OSError | TimeoutError):
        log.warning("Discord could not be spoken to: %r", error)
    return RetryLaterError(BREAKDOWN_MS)


def _translate_response(error: discord.HTTPException) -> RetryLaterError | UnreachableError:
    reason = _REASONS.get(error.code)
    if reason is not None:
        return UnreachableError(reason, _DETAILS.get(error.code, ""))
    if error.code in {EDITED_TOO_OFTEN, DIRECT_TOO_FAST}:
        return RetryLaterError(EDITED_OFTEN_MS)
    if error.status == 429 or error.status >= 500:
        return RetryLaterError(BREAKDOWN_MS)
    if error.status == 401:
        return RetryLaterError(EDITED_OFTEN_MS, overall=True)
    if error.status == 403:
        return UnreachableError(Unreachable.FORBIDDEN)
    if error.status == 404:
        return UnreachableError(Unreachable.MESSAGE)
    log.error("Discord refused a message: %s", error)  # a limit we do not know: saying it again would not help
    return UnreachableError(Unreachable.MESSAGE, "refused")
