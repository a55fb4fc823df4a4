"""From a `Form` to a modal, and from what Discord sends back to named arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import discord
from discord import ui

from bot.adapters.discord_chat import limits
from bot.chat.reply import Field, Form
from bot.words import discord as words

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
