"""Text from outside, made storable. Escaping for a chat, a page or a CSV cell is the business of those who print it."""

from __future__ import annotations

NAME_LENGTH = 200


def clean(text: str, limit: int = NAME_LENGTH) -> str:
    """Without NUL and lone surrogates, which PostgreSQL or UTF-8 cannot hold, and not longer than `limit`."""
    return text.encode("utf-8", "ignore").decode().replace("\0", "")[:limit]
