"""Text in sections, and how sections, lines between them and buttons beside them share one message's components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from discord import ui

from bot.adapters.discord_chat import limits, markup
from bot.adapters.discord_chat.components import Item, Taps

ROOM_FOR_CUTS = 200  # units of text kept free for saying what was cut
BESIDE = 3  # components of a section with a button: itself, its text, its button

MOST_BESIDE = 10  # buttons beside their text; of more there is a menu


@dataclass(slots=True)
class Section:
    """`tap` stands beside it; `apart`: a line is drawn above it."""

    lines: list[str] = field(default_factory=list)
    tap: str | None = None  # the id of its button
    apart: bool = True

    @property
    def text(self) -> str:
        return markup.join(self.lines).strip()


@dataclass(slots=True)
class Sections:
    """Text in sections, within the budget of one message."""

    clickable: Mapping[str, str] = field(default_factory=dict)  # ids of commands by `admin create`
    left: int = limits.TEXT - ROOM_FOR_CUTS
    sections: list[Section] = field(default_factory=lambda: [Section()])
    cut: bool = False

    def add(self, row: str) -> None:
        """A line; the first that does not fit is cut where it is plain text, and all that follow are dropped."""
        row = markup.clickable(row, self.clickable)
        need = limits.size(row) + 1
        if row.startswith(markup.CODE_ROW):
            need += 8  # the fences, at worst around this row alone
        if self.cut or need > self.left:
            self.cut = True
            return
        self.left -= need
        self.sections[-1].lines.append(row)

    def add_all(self, rows: Sequence[str]) -> None:
        for row in rows:
            self.add(row)

    def break_code_block(self) -> None:
        """What follows is no part of the code block before it."""
        if self.sections[-1].lines and self.sections[-1].lines[-1].startswith(markup.CODE_ROW):
            self.add("")

    def new_section(self, *, tap: str | None = None, apart: bool = True) -> None:
        if self.sections[-1].lines:
            self.sections.append(Section())
        self.sections[-1].tap, self.sections[-1].apart = tap, apart

    def shown(self) -> list[Section]:
        return [section for section in self.sections if section.text]


def place(sections: Sequence[Section], taps: Taps, room: int) -> list[Item]:
    """The items of these sections within `room` components: each with its button beside it where these are few enough
    and fit, with lines between sections where these fit too; else the buttons in one menu."""
    if any(section.tap for section in sections) and len(taps.buttons) <= MOST_BESIDE:
        for apart in (True, False):
            items = _items(sections, taps, apart=apart)
            if count(items) <= room:
                return items
    plain = [replace(section, tap=None) for section in sections]
    menu = taps.menu()
    items = _items(plain, taps, apart=True)
    if count(items) + count(menu) > room:
        items = _items(plain, taps, apart=False)
    return [*items, *menu]


def _items(sections: Sequence[Section], taps: Taps, *, apart: bool) -> list[Item]:
    """`apart`: with lines between those that want one; what has neither line nor button between it is one text."""
    items: list[Item] = []
    texts: list[str] = []
    for section in sections:
        ends = section.tap is not None or (apart and section.apart)
        if ends and texts:
            items.append(ui.TextDisplay("\n".join(texts)))
            texts = []
        if apart and section.apart and items:
            items.append(ui.Separator(visible=True))
        if section.tap is None:
            texts.append(section.text)
        else:
            items.append(ui.Section(ui.TextDisplay(section.text), accessory=taps.button(section.tap)))
    return [*items, *([ui.TextDisplay("\n".join(texts))] if texts else [])]


def count(items: Sequence[Item]) -> int:
    """Components, those inside others too."""
    total = 0
    for item in items:
        if isinstance(item, ui.Section):
            total += BESIDE
        elif isinstance(item, ui.ActionRow):
            total += 1 + len(item.children)
        else:
            total += 1
    return total
