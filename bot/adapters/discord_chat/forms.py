"""From a `Form` to a modal, and from what Discord sends back to named arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.adapters.discord_chat import limits
from bot.chat.reply import Field, Form
from bot.commands import COMMANDS
from bot.grammar.lookup import find
from bot.grammar.parser import typed_line
from bot.words import discord as words

ComponentPayload = Mapping[str, Any]  # Any: JSON as Discord sends it


MOST_RADIOS = 4  # of more there is a menu
_COMMANDS = {command.name: command for command in COMMANDS}
_ON = {"yes", "on", "true", "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialog:
    """What of a form fits a dialog: its fields, the names of those left out, and the line that its answer completes."""

    title: str
    line: str
    fields: tuple[Field, ...]
    left_out: tuple[str, ...] = ()


def dialog_of(form: Form) -> Dialog:
    """Discord shows five fields: what must be said comes first. What has been said stands there to be changed; where
    these are too many, what the command is about, its first argument, stands in the title."""
    command, _ = find(f"/{form.command}", _COMMANDS)
    if command is None or not form.said:
        fields = sorted(form.fields, key=lambda field: not field.required)
        return _dialog(form.title, f"/{form.command}", fields[: limits.MODAL_ROWS], fields[limits.MODAL_ROWS :])
    names = [param.name for param in command.params]
    fields = sorted((*form.fields, *form.said), key=lambda field: (not field.required, names.index(field.name)))
    about = [field for field in form.said if field.name == names[0] and len(fields) > limits.MODAL_ROWS]
    fields = [field for field in fields if field not in about]
    shown, rest = fields[: limits.MODAL_ROWS], fields[limits.MODAL_ROWS :]
    line = typed_line(command, {field.name: field.value for field in form.said if field not in shown})
    title = " ".join([form.title, *(field.value.strip('"') for field in about)])
    return _dialog(title, line, shown, [field for field in rest if field not in form.said])


def _dialog(title: str, line: str, shown: Sequence[Field], left_out: Sequence[Field]) -> Dialog:
    return Dialog(title=title, line=line, fields=tuple(shown), left_out=tuple(field.name for field in left_out))


def modal_of(dialog: Dialog, custom_id: str) -> ui.Modal:
    """The small print of the last field tells how what is left out is given."""
    name = dialog.line.removeprefix("/").split(" ")[0]
    modal = ui.Modal(title=limits.cut_or(dialog.title, limits.MODAL_TITLE, words.choose()), custom_id=custom_id)
    for index, field in enumerate(dialog.fields):
        explained = words.explained(name, field.name, dialog.left_out)
        description = explained or _description(field)
        if dialog.left_out and index == len(dialog.fields) - 1 and not explained:
            typing = words.not_asked(name, dialog.left_out)
            both = f"{description}. {typing}"
            description = both if description and limits.size(both) <= limits.MODAL_DESCRIPTION else typing
        label: ui.Label[ui.Modal] = ui.Label(
            text=limits.cut_or(field.label, limits.MODAL_LABEL, field.name),
            description=limits.cut(description, limits.MODAL_DESCRIPTION) or None,
            component=_component(field),
        )
        modal.add_item(label)
    modal.stop()  # what is submitted comes in by `Interactions.handle_modal`
    return modal


def _description(field: Field) -> str:
    if not field.suggestions or field.kind != "text":
        return field.hint
    return field.hint or ", ".join(value for value, _ in field.suggestions[:5])


def _component(field: Field) -> ui.Item[ui.Modal]:
    custom_id = field.name[: limits.CUSTOM_ID]
    choices = _choices(field)
    if field.kind == "flag":
        return ui.Checkbox(custom_id=custom_id, default=(field.value or field.preset).casefold() in _ON)
    if choices and field.required and 2 <= len(choices) <= MOST_RADIOS:
        radios = [
            discord.RadioGroupOption(label=label, value=value, default=value == field.value) for value, label in choices
        ]
        return ui.RadioGroup(custom_id=custom_id, options=radios, required=True)
    if choices:
        chosen = choices[0][0] if field.required and len(choices) == 1 else field.value
        options = [discord.SelectOption(label=label, value=value, default=value == chosen) for value, label in choices]
        return ui.Select(custom_id=custom_id, options=options, required=field.required, min_values=int(field.required))
    return ui.TextInput(
        style=discord.TextStyle.paragraph if field.kind == "paragraph" else discord.TextStyle.short,
        custom_id=custom_id,
        default=limits.cut(field.value or field.preset, min(field.most, limits.INPUT)) or None,
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
