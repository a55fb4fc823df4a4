"""What Telegram refuses to take more of, and cutting to it.

Numbers from core.telegram.org/bots/api (#sendmessage, #messageentity). Lengths are UTF-16 units after entities are
parsed.
"""

from __future__ import annotations

TEXT = 4_096
CAPTION = 1_024
ENTITIES = 90  # of 100: what Telegram finds by itself (commands, cashtags) counts too


def size(text: str) -> int:
    """UTF-16 units, as Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split_at(text: str, most: int) -> tuple[str, str]:
    """At most `most` units, cut at a line's or word's end where there is one in the second half."""
    if size(text) <= most:
        return text, ""
    end = length = 0
    while length + size(text[end]) <= most:
        length += size(text[end])
        end += 1
    for gap in ("\n", " "):
        at = text.rfind(gap, 0, end + 1)
        if at > end // 2:
            return text[:at], text[at + 1 :]
    return text[:end], text[end:]


def cut(text: str, most: int) -> str:
    """At most `most` units, with an ellipsis where something was cut."""
    if size(text) <= most:
        return text
    return split_at(text, most - 1)[0].rstrip() + "…"
