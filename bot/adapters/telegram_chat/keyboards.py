"""Inline keyboards: what stands on a button, what it carries in 64 bytes, how buttons fall into rows.

What a button carries: `[@chat~][!|>form_action|]owner|line`. `@chat~` stands where a button in somebody's private
chat speaks of a group (its market, their rights there), `!` where the answer takes the message's place. `>|` marks a
step of a form, whose answer replaces the question; `>3|` asks the same question again at its fourth page, `>t|` by
typing; `>x|` ends it. The rest is `bot.chat.buttons`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import KeyboardButtonStyle

from bot.adapters.telegram_chat.app_buttons import AppButtons
from bot.adapters.telegram_chat.limits import cut, size
from bot.adapters.telegram_chat.markup import shown
from bot.chat.buttons import Buttons, takes_place
from bot.chat.reply import Action

DATA_BYTES = 64
COPIED = 256  # signs a button can copy: core.telegram.org/bots/api#copytextbutton
DISABLED = "disabled"  # https://core.telegram.org/bots/api#inlinekeyboardbutton
ROWS = 30
_LABEL = 48
_ROW_LETTERS = 30  # letters of labels that stand in one row on a phone
_ROW = 4
_DATA = re.compile(r"(?:@(-[1-9]\d*(?::\d+)?)~)?(?:(!)|>([a-z]?|\d{1,3})\|)?((?:-|\d+)\|.+)", re.DOTALL | re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyboardButton:
    """A button: a line to run, a link, the Mini App, a group to pick, a text to copy, or nothing. `form_action` is None
    for an ordinary one; see the module for the others."""

    label: str
    line: str = ""
    person: int | None = None
    form_action: str | None = None
    url: str = ""
    app: str | None = None  # opens the Mini App about this
    adds_bot: bool = False
    copy: str | None = None
    disabled: bool = False
    style: KeyboardButtonStyle | None = None  # a colour, since Bot API 9.4; what a server does not know it leaves out
    group_ext: str | None = None  # the group it speaks of, where that is not the chat it stands in
    takes_place: bool = False  # of an ordinary one: see `bot.chat.buttons`
    breaks: bool = False  # a row begins with it


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackData:
    """What a pressed button carried, still packed: `data` is for `Buttons.unpack`."""

    group_ext: str | None
    form_action: str | None
    data: str
    takes_place: bool = False


KeyboardRows = tuple[tuple[KeyboardButton, ...], ...]


def rows_of_actions(actions: Sequence[Action], group_ext: str | None = None) -> KeyboardRows:
    """A reply's actions as rows. Tickets know their market; all else said of a group says so."""
    keyboard_buttons = [
        KeyboardButton(
            label=action.label,
            line=action.text,
            person=action.person,
            url=action.url or "",
            app=action.app,
            adds_bot=action.adds_bot,
            copy=action.copy,
            disabled=action.disabled,
            style=_style(action),
            breaks=action.breaks,
            takes_place=takes_place(action),
            group_ext=None if action.text.startswith("/ticket ") else group_ext,
        )
        for action in actions
    ]
    return rows_of_buttons(keyboard_buttons)


def _style(action: Action) -> KeyboardButtonStyle | None:
    if action.danger:
        return KeyboardButtonStyle.DANGER
    return KeyboardButtonStyle.PRIMARY if action.primary else None


def rows_of_buttons(keyboard_buttons: Sequence[KeyboardButton]) -> KeyboardRows:
    """Short labels share a row."""
    rows: list[list[KeyboardButton]] = []
    used = _ROW_LETTERS
    for button in keyboard_buttons:
        letters = size(button.label) + 4
        if not rows or button.breaks or used + letters > _ROW_LETTERS or len(rows[-1]) == _ROW:
            rows.append([])
            used = 0
        rows[-1].append(button)
        used += letters
    return tuple(tuple(row) for row in rows[:ROWS])


async def inline_keyboard(
    keyboard_buttons: KeyboardRows, buttons: Buttons, apps: AppButtons, *, private: bool
) -> InlineKeyboardMarkup | None:
    """What cannot do what it says is left out: a Mini App's button where it cannot be opened, a text too long to be
    copied. `private`: in a chat with one person."""
    rows: list[list[InlineKeyboardButton]] = []
    for row in keyboard_buttons:
        made = [await _button(button, buttons, apps, private=private) for button in row]
        rows.append([button for button in made if button is not None])
    rows = [row for row in rows if row]
    return InlineKeyboardMarkup(rows) if rows else None


async def _button(
    button: KeyboardButton, buttons: Buttons, apps: AppButtons, *, private: bool
) -> InlineKeyboardButton | None:
    label = cut(shown(button.label).strip() or "…", _LABEL)
    if button.disabled:
        return InlineKeyboardButton(label, api_kwargs={DISABLED: {}})
    if button.copy is not None:
        copied = button.copy if 1 <= size(button.copy) <= COPIED else None
        return InlineKeyboardButton(label, copy_text=CopyTextButton(copied), style=button.style) if copied else None
    if button.app is not None:
        return apps.button(label, button.app, private=private)
    url = apps.group_link() if button.adds_bot else button.url
    if url or button.adds_bot:
        return InlineKeyboardButton(label, url=url, style=button.style) if url else None
    prefix = f"@{button.group_ext}~" if button.group_ext else ""
    if button.form_action is not None:
        prefix += f">{button.form_action}|"
    elif button.takes_place:
        prefix += "!"
    action = Action(label=button.label, text=button.line, person=button.person)
    data = await buttons.pack(action, DATA_BYTES - len(prefix.encode()))
    return InlineKeyboardButton(label, callback_data=prefix + data, style=button.style)


def without_disabled(keyboard: InlineKeyboardMarkup) -> InlineKeyboardMarkup | None:
    """For a server that would refuse them: a button that does nothing came with Bot API 10.3."""
    rows = [[button for button in row if DISABLED not in button.api_kwargs] for row in keyboard.inline_keyboard]
    rows = [row for row in rows if row]
    return InlineKeyboardMarkup(rows) if rows else None


def parse_callback_data(data: str) -> CallbackData | None:
    """None for what no button of ours carries."""
    match = _DATA.fullmatch(data)
    if match is None:
        return None
    return CallbackData(group_ext=match[1], takes_place=match[2] is not None, form_action=match[3], data=match[4])
