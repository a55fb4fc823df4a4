"""Buttons and menus: what their ids carry, so that a press means the same after a restart.

An id is one letter and what `bot.chat.buttons` packs: whom it was made for and its line. The letter says what pressing
it does to the message it stands in (`ComponentKind`), which must be known before the line has run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import discord
from discord import ui

from bot.adapters.discord_chat import limits
from bot.chat.buttons import Buttons, takes_place
from bot.chat.reply import Action, BoardRow
from bot.text.numbers import price
from bot.words import discord as words

ROWS_OF_BUTTONS = 2
_NO_PRESS = "-"  # how the ids of buttons begin that cannot be pressed
TAPS = "m/taps"  # the id of the menu of a board's taps

Item = ui.Item[ui.LayoutView]


class ComponentKind(StrEnum):
    """`DECIDES`: what it leads to takes this message's place (Confirm, Cancel, the buttons of a ticket). Of those that
    ask, the answer to the press is a form, and the answer to the form is placed the same way."""

    PLAIN = "b"
    DECIDES = "d"
    ASKS = "a"
    ASKS_AND_DECIDES = "c"
    MENU = "m"  # the id of a menu; its options carry ids of buttons

    @property
    def asks(self) -> bool:
        return self in {ComponentKind.ASKS, ComponentKind.ASKS_AND_DECIDES}

    @property
    def decides(self) -> bool:
        return self in {ComponentKind.DECIDES, ComponentKind.ASKS_AND_DECIDES}

    @classmethod
    def of(cls, *, asks: bool, decides: bool) -> ComponentKind:
        if asks:
            return cls.ASKS_AND_DECIDES if decides else cls.ASKS
        return cls.DECIDES if decides else cls.PLAIN


async def custom_id_of(action: Action, buttons: Buttons, kind: ComponentKind) -> str:
    """An id of at most 100 characters."""
    return kind.value + await buttons.pack(action, limits.CUSTOM_ID - 1)


def parse_custom_id(custom_id: str) -> tuple[ComponentKind, str] | None:
    """What kind of press an id stands for, and what `Buttons.unpack` reads; None for an id that is not ours."""
    try:
        return ComponentKind(custom_id[:1]), custom_id[1:]
    except ValueError:
        return None


@dataclass(slots=True, kw_only=True)
class ComponentIds:
    """The actions of one message with their ids, no id twice; `links` lead elsewhere and have none."""

    actions: list[tuple[str, Action]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)  # label and address
    left_out: int = 0

    @classmethod
    async def of(cls, actions: Sequence[Action], buttons: Buttons, *, decides: bool) -> ComponentIds:
        actions_by_id: dict[str, Action] = {}
        most = limits.OPTIONS
        pressed = [action for action in actions if action.url is None]
        links = [(action.label, action.url) for action in actions if action.url is not None][: limits.ROW]
        for action in pressed[:most]:
            kind = ComponentKind.of(asks=action.asks, decides=decides or takes_place(action))
            custom_id = (
                await custom_id_of(action, buttons, kind) if not action.disabled else f"{_NO_PRESS}{len(actions_by_id)}"
            )
            actions_by_id.setdefault(custom_id, action)
        return cls(actions=list(actions_by_id.items()), links=links, left_out=max(0, len(pressed) - most))

    def rows(self) -> list[ui.ActionRow[ui.LayoutView]]:
        rows = [self._menu()] if len(self.actions) > limits.ROW * ROWS_OF_BUTTONS else self._rows_of_buttons()
        if self.links:
            row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
            for label, url in self.links:
                row.add_item(ui.Button(label=limits.cut(label, limits.LABEL), url=url))
            rows.append(row)
        return rows

    def _rows_of_buttons(self) -> list[ui.ActionRow[ui.LayoutView]]:
        rows: list[ui.ActionRow[ui.LayoutView]] = []
        breaks = self._fits_with_breaks()
        for custom_id, action in self.actions:
            if not rows or len(rows[-1].children) == limits.ROW or (action.breaks and breaks):
                rows.append(ui.ActionRow())
            rows[-1].add_item(_button(custom_id, action))
        return rows

    def _fits_with_breaks(self) -> bool:
        """Whether the rows are no more than they are, with new ones begun where an action asks for it."""
        rows = used = 0
        for _, action in self.actions:
            if not rows or action.breaks or used == limits.ROW:
                rows, used = rows + 1, 0
            used += 1
        return rows <= ROWS_OF_BUTTONS

    def _menu(self) -> ui.ActionRow[ui.LayoutView]:
        """Many to choose from: a menu, whose answer is the id of the button it stands for. None of its options can be
        shown and not be chosen."""
        options = [
            discord.SelectOption(label=limits.cut_or(action.label, limits.OPTION, action.text), value=custom_id)
            for custom_id, action in self.actions
            if not action.disabled
        ]
        row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
        row.add_item(ui.Select(custom_id=ComponentKind.MENU.value, placeholder=words.choose(), options=options))
        return row


@dataclass(slots=True, kw_only=True)
class Taps:
    """The taps of a message's boards by their ids: each beside its row, or all in one menu."""

    buttons: dict[str, BoardRow] = field(default_factory=dict)
    ids: dict[BoardRow, str] = field(default_factory=dict)

    @classmethod
    async def of(cls, rows: Sequence[BoardRow], buttons: Buttons) -> Taps:
        taps = cls()
        for row in rows:
            if row.tap is not None and row.active:
                custom_id = await custom_id_of(row.tap, buttons, ComponentKind.of(asks=row.tap.asks, decides=False))
                if taps.buttons.setdefault(custom_id, row) is row:
                    taps.ids[row] = custom_id
        return taps

    def take(self, row: BoardRow) -> str | None:
        """The id of its button, once: no id stands twice in a message."""
        return self.ids.pop(row, None)

    def button(self, custom_id: str) -> ui.Button[ui.LayoutView]:
        tap = self.buttons[custom_id].tap
        if tap is None:
            raise LookupError(custom_id)
        return _button(custom_id, tap)

    def menu(self) -> list[Item]:
        """One to choose from; those a menu has no room for are typed."""
        options = [
            discord.SelectOption(label=limits.cut_or(tapped(row), limits.OPTION, "…"), value=custom_id)
            for custom_id, row in self.buttons.items()
        ][: limits.OPTIONS]
        if not options:
            return []
        row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
        row.add_item(ui.Select(custom_id=TAPS, placeholder=words.choose_outcome(), options=options))
        return [row]


def tapped(row: BoardRow) -> str:
    """`Germany: YES 50.1¢ · NO 50.3¢`."""
    return f"{row.name}: YES {price(row.yes)} · NO {price(row.no)}"


def _button(custom_id: str, action: Action) -> ui.Button[ui.LayoutView]:
    style = discord.ButtonStyle.secondary
    if action.danger:
        style = discord.ButtonStyle.danger
    elif action.primary:
        style = discord.ButtonStyle.primary
    label = limits.cut_or(action.label, limits.LABEL, action.text or "…")
    return ui.Button(custom_id=custom_id, label=label, style=style, disabled=action.disabled)
