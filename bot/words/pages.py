"""What stands under a page of a long list."""

from __future__ import annotations

from bot.chat.reply import Action
from bot.paging import Page


def turning(line: str, page: Page[object], person: int | None) -> tuple[Action, ...]:
    """Buttons to the pages before and after; `line` is the command without its page."""
    found = []
    if page.number > 1:
        found.append(Action(label="Back", text=f"{line} page={page.number - 1}", person=person))
    if page.number < page.pages:
        found.append(Action(label="More", text=f"{line} page={page.number + 1}", person=person))
    return tuple(found)


def place(page: Page[object]) -> str:
    """` Page 2 of 3.`, nothing where there is one."""
    return f" Page {page.number} of {page.pages}." if page.pages > 1 else ""
