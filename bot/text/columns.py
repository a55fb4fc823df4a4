"""How wide a text is in a fount of fixed width: what tables, phones and charts line up by."""

from __future__ import annotations

import wcwidth


def width(text: str) -> int:
    """Columns the text takes: East Asian signs and emoji two, whatever they are joined of; marks and controls none."""
    return int(wcwidth.width(text, control_codes="ignore"))


def cut(text: str, most: int) -> str:
    """At most `most` columns, the last of them an ellipsis if something is missing."""
    if width(text) <= most:
        return text
    short = text
    while width(short) > most - 1:
        short = short[:-1]
    return short.rstrip() + "…"
