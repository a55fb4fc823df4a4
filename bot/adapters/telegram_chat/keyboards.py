"""Inline keyboards: what stands on a button, what it carries in 64 bytes, how buttons fall into rows.

What a button carries: `[@chat~][>how|]owner|line`. `@chat~` stands where a button in somebody's private chat speaks of
a group (its market, her rights there). `>|` marks a guided step, whose answer replaces the question; `>3|` asks the
same question again at its fourth page, `>t|` by typing; `>x|` ends it. The rest is `bot.buttons`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.adapters.telegram_chat.limits import clipped, units
from bot.adapters.telegram_chat.markup import shown
from bot.chat.buttons import Buttons
from bot.chat.reply import Action

MOST_BYTES = 64
MOST_ROWS = 30
_LABEL = 48
_WIDE = 30  # letters of labels that stand in one row on a phone
_IN_ROW = 3
_DATA = re.compile(r"(?:@(-[1-9]\d*(?::\d+)?)~)?(?:>([a-z]?|\d{1,3})\|)?((?:-|\d+)\|.+)", re.DOTALL | re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyboardButton:
    """A button: a line to run, or a link. `how` is None for an ordinary one; see the module for the others."""

    label: str
    line: str = ""
    person: int | None = None
    how: str | None = None
    url: str = ""
    about: str | None = None  # the group it speaks of, where that is not the chat it stands in


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What a pressed button carried, still packed: `data` is for `Buttons.unpack`."""

    about: str | None
    how: str | None
    data: str


Keys = tuple[tuple[KeyboardButton, ...], ...]


def keys_of(actions: Sequence[Action], about: str | None = None) -> Keys:
    """A reply's actions as rows. Tickets know their market; all else said of a group says so."""
    keys = [
        KeyboardButton(
            label=action.label,
            line=action.text,
            person=action.person,
            about=None if action.text.startswith("/ticket ") else about,
        )
        for action in actions
    ]
    return rows_of(keys)


def rows_of(keys: Sequence[KeyboardButton]) -> Keys:
    """Short labels share a row."""
    rows: list[list[KeyboardButton]] = []
    wide = _WIDE
    for key in keys:
        size = units(key.label) + 4
        if not rows or wide + size > _WIDE or len(rows[-1]) == _IN_ROW:
            rows.append([])
            wide = 0
        rows[-1].append(key)
        wide += size
    return tuple(tuple(row) for row in rows[:MOST_ROWS])


async def keyboard(keys: Keys, buttons: Buttons) -> InlineKeyboardMarkup | None:
    rows = [[await _button(key, buttons) for key in row] for row in keys]
    return InlineKeyboardMarkup(rows) if rows else None


async def _button(key: KeyboardButton, buttons: Buttons) -> InlineKeyboardButton:
    label = clipped(shown(key.label).strip() or "…", _LABEL)
    if key.url:
        return InlineKeyboardButton(label, url=key.url)
    lead = f"@{key.about}~" if key.about else ""
    lead += "" if key.how is None else f">{key.how}|"
    action = Action(label=key.label, text=key.line, person=key.person)
    data = await buttons.pack(action, MOST_BYTES - len(lead.encode()))
    return InlineKeyboardButton(label, callback_data=lead + data)


def carried(data: str) -> Carried | None:
    """None for what no button of ours carries."""
    found = _DATA.fullmatch(data)
    return Carried(about=found[1], how=found[2], data=found[3]) if found else None
