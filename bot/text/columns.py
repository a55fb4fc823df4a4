"""How wide a text is in a fount of fixed width: what tables, phones and charts line up by."""

from __future__ import annotations

import wcwidth


def width(text: str) -> int:
    """Columns the text takes: East Asian signs and emoji two, whatever they are joined of; marks and controls none."""
    return int(wcwidth.width(text, control_codes="ignore"))
