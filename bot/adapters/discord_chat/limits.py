"""What Discord refuses to take more of, and cutting to it. discord.py checks almost none of this.

Numbers from Discord's own documentation (August 2026). Lengths are counted in UTF-16 units, the stricter reading.
"""

from __future__ import annotations

COMPONENTS = 40  # of one message, those inside others too; a section with a button counts three
TEXT = 4_000  # of all text displays of one message together
ROW = 5  # buttons
LABEL = 80  # of a button
CUSTOM_ID = 100
OPTIONS = 25  # of a select menu, of an autocompletion
OPTION = 100  # label, value and description of an option or choice
PLACEHOLDER_INPUT = 100
MODAL_TITLE = 45
MODAL_ROWS = 5
MODAL_LABEL = 45
MODAL_DESCRIPTION = 100
INPUT = 4_000
FILES = 10
FILE_BYTES = 10 * 1024 * 1024
ALT = 1_024
GALLERY = 10
DESCRIPTION = 100  # of a command and of an option
THREAD_NAME = 100
STATUS = 128

ELLIPSIS = "…"


def size(text: str) -> int:
    """UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, most: int) -> str:
    """At most `most` units of the text, an ellipsis where something is missing."""
    if size(text) <= most:
        return text
    shortened = text[: most - 1]
    while size(shortened) > most - 1:
        shortened = shortened[:-1]
    return shortened.rstrip() + ELLIPSIS


def cut_or(text: str, most: int, otherwise: str) -> str:
    """The same where nothing may be empty."""
    return cut(text.strip() or otherwise, most)
