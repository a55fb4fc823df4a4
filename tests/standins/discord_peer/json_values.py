"""What travels between the peer and the client: JSON objects, snowflakes and ISO times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]  # what comes over a wire has no type of its own: every reader checks what it takes
ReadOnlyJson = Mapping[str, Any]

EPOCH_MS = 1420070400000  # a snowflake counts milliseconds from here


def iso(ms: int) -> str:
    """UTC epoch milliseconds as Discord writes moments."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()


def snowflake(ms: int, serial: int = 0) -> int:
    """The id of something made at `ms`; `serial` (22 bits) tells apart what one millisecond made."""
    return (ms - EPOCH_MS) << 22 | (serial & 0x3FFFFF)


def is_snowflake(value: object) -> bool:
    return (isinstance(value, str) and value.isascii() and value.isdecimal()) or (
        isinstance(value, int) and not isinstance(value, bool) and value >= 0
    )
