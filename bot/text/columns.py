"""How wide a text is in a fount of fixed width: what tables, phones and charts line up by; and where it may be cut."""

from __future__ import annotations

import wcwidth

LONGEST_SIGN = 40  # code points of one sign people see: families and flags of regions have about a dozen


def width(text: str) -> int:
    """Columns the text takes: East Asian signs and emoji two, whatever they are joined of; marks and controls none."""
    return int(wcwidth.width(text, control_codes="ignore"))


def cut(text: str, most: int) -> str:
    """At most `most` columns, the last of them an ellipsis if something is missing."""
    if width(text) <= most:
        return text
    short, columns = "", 0
    for sign in wcwidth.iter_graphemes(text):
        columns += width(sign)
        if columns > most - 1:
            break
        short += sign
    return short.rstrip() + "…"


def beginning(text: str, most: int) -> str:
    """As much of it as `most` characters hold, no sign of several parts (a flag, a family, a letter with its accents)
    cut in two, unless the first alone is longer."""
    size = 0
    for sign in wcwidth.iter_graphemes(text[: most + LONGEST_SIGN]):
        if size + len(sign) > most:
            break
        size += len(sign)
    return text[: size or most]
