"""What went wrong between us and Telegram, as the port has it: wait, or out of reach and why.

Telegram tells most refusals apart by their English sentence alone; those known are listed here.
"""

from __future__ import annotations

from datetime import timedelta

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.chat.platform import RetryLaterError, Unreachable, UnreachableError


class NotServingError(NetworkError):
    """This process does not serve Telegram, or no longer for certain: nothing was sent."""


LOST_CONNECTION_MS = 2_000
NO_CONNECTION_MS = 10_000

_MESSAGE_SENTENCES = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "there is no text in the",
    "there is no caption in the",
    "message_too_long",
    "message is too long",
    "caption is too long",
)
_CHAT_SENTENCES = (
    "chat not found",
    "peer_id_invalid",
    "chat_id_invalid",
    "thread not found",
    "topic_deleted",
    "deactivated",
    "channel_private",
    "have no access",
)
_FORBIDDEN_SENTENCES = (
    "not enough rights",
    "no rights",
    "need administrator rights",
    "chat_write_forbidden",
    "topic_closed",
    "chat_restricted",
    "chat_send_",
    "administrator rights",
)


def is_unchanged(error: TelegramError) -> bool:
    """An edit to what stands there already."""
    return isinstance(error, BadRequest) and "not modified" in error.message.lower()


def is_message_gone(error: TelegramError) -> bool:
    """Somebody has deleted the message that was to get a reaction."""
    sentences = ("message to react not found", "message_id_invalid")
    return isinstance(error, BadRequest) and any(part in error.message.lower() for part in sentences)


def is_markup_error(error: TelegramError) -> bool:
    """A server that knows fewer tags than we use."""
    return isinstance(error, BadRequest) and "can't parse entities" in error.message.lower()


def is_unknown_button(error: TelegramError) -> bool:
    """A server that takes a button for a text alone, as it does not know what the button does."""
    return isinstance(error, BadRequest) and "text buttons are unallowed" in error.message.lower()


def is_unknown_method(error: TelegramError) -> bool:
    """A 404 is a method this server does not know: a token that is not taken (any more) is a 401, and one that never
    was fails at the first request. The library takes them for the same."""
    if isinstance(error, EndPointNotFound):
        return True
    return isinstance(error, InvalidToken) and "unauthorized" not in error.message.lower()


def translate(error: TelegramError, *, private: bool) -> RetryLaterError | UnreachableError:
    """The port's error for one of the library's."""
    if isinstance(error, RetryAfter):
        return RetryLaterError(retry_ms(error))
    if isinstance(error, Forbidden):
        return UnreachableError(Unreachable.PERSON if private else Unreachable.CHAT, error.message)
    if isinstance(error, ChatMigrated):
        return RetryLaterError(LOST_CONNECTION_MS)
    if is_unknown_method(error):
        return UnreachableError(Unreachable.MESSAGE, error.message)
    if isinstance(error, NotServingError):
        return RetryLaterError(LOST_CONNECTION_MS, overall=True)
    if isinstance(error, InvalidToken | Conflict):
        return RetryLaterError(NO_CONNECTION_MS, overall=True)
    if isinstance(error, BadRequest):
        return _translate_bad_request(error, private=private)
    if isinstance(error, NetworkError):
        return RetryLaterError(LOST_CONNECTION_MS)
    return RetryLaterError(NO_CONNECTION_MS)


def retry_ms(error: RetryAfter) -> int:
    """How long Telegram is to be left alone."""
    wait = error.retry_after
    return int((wait if isinstance(wait, timedelta) else timedelta(seconds=wait)) / timedelta(milliseconds=1))


def _translate_bad_request(error: BadRequest, *, private: bool) -> UnreachableError:
    sentence = error.message.lower()
    if any(part in sentence for part in _MESSAGE_SENTENCES):
        return UnreachableError(Unreachable.MESSAGE, error.message)
    if any(part in sentence for part in _CHAT_SENTENCES):
        return UnreachableError(Unreachable.PERSON if private else Unreachable.CHAT, error.message)
    if any(part in sentence for part in _FORBIDDEN_SENTENCES):
        return UnreachableError(Unreachable.FORBIDDEN, error.message)
    return UnreachableError(Unreachable.MESSAGE, error.message)
