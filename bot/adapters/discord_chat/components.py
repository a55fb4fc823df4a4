"""Buttons and menus: what their ids carry, so that a press means the same after a restart.

An id is one letter and what `bot.buttons` packs: whom it was made for and its line. The letter says what pressing it
does to the message it stands in (`ComponentKind`), which must be known before the line has run.

From a `Form` to a modal, and from what Discord sends back to named arguments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import discord
from discord import ui

from bot.adapters.discord_chat import limits
from bot.chat.buttons import Buttons
from bot.chat.reply import Action, Field, Form
from bot.words import discord as words

ROWS_OF_BUTTONS = 2


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


async def packed(action: Action, buttons: Buttons, kind: ComponentKind) -> str:
    """An id of at most 100 characters."""
    return kind.value + await buttons.pack(action, limits.CUSTOM_ID - 1)


def read(custom_id: str) -> tuple[ComponentKind, str] | None:
    """What kind of press an id stands for, and what `Buttons.unpack` reads; None for an id that is not ours."""
    try:
        return ComponentKind(custom_id[:1]), custom_id[1:]
    except ValueError:
        return None


@dataclass(slots=True, kw_only=True)
class ComponentIds:
    """The actions of one message with their ids, no id twice."""

    actions: list[tuple[str, Action]] = field(default_factory=list)
    left_out: int = 0

    @classmethod
    async def of(cls, actions: Sequence[Action], buttons: Buttons, *, decides: bool) -> ComponentIds:
        found: dict[str, Action] = {}
        most = limits.OPTIONS
        for action in actions[:most]:
            replaces = decides or action.label.startswith(("Confirm", "Cancel"))
            ident = await packed(action, buttons, ComponentKind.of(asks=action.asks, decides=replaces))
            found.setdefault(ident, action)
        return cls(actions=list(found.items()), left_out=max(0, len(actions) - most))

    def rows(self) -> list[ui.ActionRow[ui.LayoutView]]:
        if len(self.actions) > limits.ROW * ROWS_OF_BUTTONS:
            return [self._menu()]
        rows = []
        for start in range(0, len(self.actions), limits.ROW):
            row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
            for ident, action in self.actions[start : start + limits.ROW]:
                row.add_item(_button(ident, action))
            rows.append(row)
        return rows

    def _menu(self) -> ui.ActionRow[ui.LayoutView]:
        """Many to choose from: a menu, whose answer is the id of the button it stands for."""
        options = [
            discord.SelectOption(label=limits.filled(action.label, limits.OPTION, action.text), value=ident)
            for ident, action in self.actions
        ]
        row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
        row.add_item(ui.Select(custom_id=ComponentKind.MENU.value, placeholder=words.choose(), options=options))
        return row


def _button(ident: str, action: Action) -> ui.Button[ui.LayoutView]:
    style = discord.ButtonStyle.secondary
    if action.danger:
        style = discord.ButtonStyle.danger
    elif action.primary:
        style = discord.ButtonStyle.primary
    return ui.Button(custom_id=ident, label=limits.filled(action.label, limits.LABEL, action.text), style=style)


ComponentPayload = Mapping[str, Any]  # Any: JSON as Discord sends it
_ON = {"yes", "on", "true", "1"}


def modal(form: Form, custom_id: str) -> ui.Modal:
    """The dialog of a form. Discord shows five fields: what must be said comes first; the small print of the last field
    tells how the rest is given."""
    ordered = sorted(form.fields, key=lambda one: not one.required)
    shown, rest = ordered[: limits.MODAL_ROWS], ordered[limits.MODAL_ROWS :]
    made = ui.Modal(title=limits.filled(form.title, limits.MODAL_TITLE, words.choose()), custom_id=custom_id)
    for place, one in enumerate(shown):
        about = _about(one)
        if rest and place == len(shown) - 1:
            said = words.not_asked(form.command.split(" ")[0], [other.name for other in rest])
            about = (
                said if not about or limits.size(f"{about}. {said}") > limits.MODAL_DESCRIPTION else f"{about}. {said}"
            )
        label: ui.Label[ui.Modal] = ui.Label(
            text=limits.filled(one.label, limits.MODAL_LABEL, one.name),
            description=limits.cut(about, limits.MODAL_DESCRIPTION) or None,
            component=_component(one),
        )
        made.add_item(label)
    made.stop()  # answers come in by another door (desk)
    return made


def _about(one: Field) -> str:
    if not one.suggestions or one.kind != "text":
        return one.hint
    return one.hint or ", ".join(value for value, _ in one.suggestions[:5])


def _component(one: Field) -> ui.Item[ui.Modal]:
    ident = one.name[: limits.CUSTOM_ID]
    choices = _choices(one)
    if one.kind == "flag":
        return ui.Checkbox(custom_id=ident, default=one.value.casefold() in _ON)
    if choices and one.required and 2 <= len(choices) <= 4:
        radios = [
            discord.RadioGroupOption(label=label, value=value, default=value == one.value) for value, label in choices
        ]
        return ui.RadioGroup(custom_id=ident, options=radios, required=True)
    if choices:
        options = [
            discord.SelectOption(label=label, value=value, default=value == one.value) for value, label in choices
        ]
        return ui.Select(custom_id=ident, options=options, required=one.required, min_values=int(one.required))
    return ui.TextInput(
        custom_id=ident,
        default=limits.cut(one.value, limits.INPUT) or None,
        placeholder=limits.cut(", ".join(value for value, _ in one.suggestions[:5]), limits.PLACEHOLDER_INPUT) or None,
        required=one.required,
        max_length=limits.INPUT // 2,
    )


def _choices(one: Field) -> list[tuple[str, str]]:
    """None where a menu cannot hold them: then they are typed."""
    if one.kind != "choice" or not 1 <= len(one.choices) <= limits.OPTIONS:
        return []
    if any(not value or limits.size(value) > limits.OPTION for value, _ in one.choices):
        return []
    return list({value: limits.filled(label, limits.OPTION, value) for value, label in one.choices}.items())


def answers(data: ComponentPayload) -> dict[str, str]:
    """The arguments of a submitted modal; what was left empty is left out."""
    found: dict[str, str] = {}
    for one in _inputs(data.get("components", ())):
        value = one.get("value")
        if isinstance(value, bool):
            said = "yes" if value else "no"
        elif one.get("values") is not None:
            said = ", ".join(str(part) for part in one["values"])
        else:
            said = str(value or "")
        if said.strip():
            found[str(one["custom_id"])] = said
    return found


def _inputs(components: Sequence[ComponentPayload]) -> Iterator[ComponentPayload]:
    """The fields, however deep they stand (in a label, or in a row as older clients send them)."""
    for one in components:
        if "custom_id" in one:
            yield one
        inner = one.get("component")
        yield from _inputs([*one.get("components", ()), *([inner] if inner else [])])
