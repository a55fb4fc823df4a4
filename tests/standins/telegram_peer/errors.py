"""What the peer refuses, worded as the Bot API words it."""

from __future__ import annotations

from typing import Any

# JSON as it stands on the wire: nobody knows more about it than the method that reads it
Json = dict[str, Any]


class RefusedError(Exception):
    """An answer with `ok: false`; `parameters` is ResponseParameters (retry_after, migrate_to_chat_id)."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.description = description
        self.parameters = parameters


def bad(text: str, **parameters: int) -> RefusedError:
    return RefusedError(400, f"Bad Request: {text}", **parameters)


def forbidden(text: str) -> RefusedError:
    return RefusedError(403, f"Forbidden: {text}")


def too_many(retry_after: int) -> RefusedError:
    return RefusedError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


def cant_parse(text: str) -> RefusedError:
    return bad(f"can't parse entities: {text}")


NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)
STALE_QUERY = "query is too old and response timeout expired or query ID is invalid"
