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


def modal_of(form: Form, custom_id: str) -> ui.Modal:
    """The dialog of a form. Discord shows five fields: what must be said comes first; the small print of the last field
    tells how the rest is given."""
    ordered = sorted(form.fields, key=lambda field: not field.required)
    shown, rest = ordered[: limits.MODAL_ROWS], ordered[limits.MODAL_ROWS :]
    dialog = ui.Modal(title=limits.cut_or(form.title, limits.MODAL_TITLE, words.choose()), custom_id=custom_id)
    for index, field in enumerate(shown):
        description = _description(field)
        if rest and index == len(shown) - 1:
            typing = words.not_asked(form.command.split(" ")[0], [other.name for other in rest])
            description = (
                typing
                if not description or limits.size(f"{description}. {typing}") > limits.MODAL_DESCRIPTION
                else f"{description}. {typing}"
            )
        label: ui.Label[ui.Modal] = ui.Label(
            text=limits.cut_or(field.label, limits.MODAL_LABEL, field.name),
            description=limits.cut(description, limits.MODAL_DESCRIPTION) or None,
            component=_component(field),
        )
        dialog.add_item(label)
    dialog.stop()  # what is submitted comes in by `Interactions.handle_modal`
    return dialog


def _description(field: Field) -> str:
    if not field.suggestions or field.kind != "text":
        return field.hint
    return field.hint or ", ".join(value for value, _ in field.suggestions[:5])


def _component(field: Field) -> ui.Item[ui.Modal]:
    custom_id = field.name[: limits.CUSTOM_ID]
    choices = _choices(field)
    if field.kind == "flag":
        return ui.Checkbox(custom_id=custom_id, default=field.value.casefold() in _ON)
    if choices and field.required and 2 <= len(choices) <= 4:
        radios = [
            discord.RadioGroupOption(label=label, value=value, default=value == field.value) for value, label in choices
        ]
        return ui.RadioGroup(custom_id=custom_id, options=radios, required=True)
    if choices:
        options = [
            discord.SelectOption(label=label, value=value, default=value == field.value) for value, label in choices
        ]
        return ui.Select(custom_id=custom_id, options=options, required=field.required, min_values=int(field.required))
    return ui.TextInput(
        style=discord.TextStyle.paragraph if field.kind == "paragraph" else discord.TextStyle.short,
        custom_id=custom_id,
        default=limits.cut(field.value, min(field.most, limits.INPUT)) or None,
        placeholder=limits.cut(", ".join(value for value, _ in field.suggestions[:5]), limits.PLACEHOLDER_INPUT)
        or None,
        required=field.required,
        max_length=min(field.most, limits.INPUT),
    )


def _choices(field: Field) -> list[tuple[str, str]]:
    """None where a menu cannot hold them: then they are typed."""
    if field.kind != "choice" or not 1 <= len(field.choices) <= limits.OPTIONS:
        return []
    if any(not value or limits.size(value) > limits.OPTION for value, _ in field.choices):
        return []
    return list({value: limits.cut_or(label, limits.OPTION, value) for value, label in field.choices}.items())


def modal_arguments(data: ComponentPayload) -> dict[str, str]:
    """The arguments of a submitted modal; what was left empty is left out."""
    arguments: dict[str, str] = {}
    for item in _inputs(data.get("components", ())):
        value = item.get("value")
        if isinstance(value, bool):
            text = "yes" if value else "no"
        elif item.get("values") is not None:
            text = ", ".join(str(part) for part in item["values"])
        else:
            text = str(value or "")
        if text.strip():
            arguments[str(item["custom_id"])] = text
    return arguments


def _inputs(components: Sequence[ComponentPayload]) -> Iterator[ComponentPayload]:
    """The fields, however deep they stand (in a label, or in a row as older clients send them)."""
    for item in components:
        if "custom_id" in item:
            yield item
        inner = item.get("component")
        yield from _inputs([*item.get("components", ()), *([inner] if inner else [])])
