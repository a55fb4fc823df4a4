"""A line that lacks arguments becomes a form for them: `/buy` alone leads on, typed, tapped or pressed on the board."""

from __future__ import annotations

from dataclasses import replace

from bot.chat.reply import Field, Form
from bot.confirm import CONFIRM
from bot.grammar.command import Command, Param
from bot.grammar.parser import Parsed
from bot.scene import Scene
from bot.words import forms as words


def form_of(command: Command, parsed: Parsed, scene: Scene) -> Form | None:
    """Fields for what the line does not say yet, what must be said first; None where the line has other faults."""
    if not parsed.only_lacks:
        return None
    open_ = [one for one in command.params if one.name not in parsed.said and one.kind is not CONFIRM]
    scene = replace(scene, said=parsed.known)
    fields = [_field(one, scene) for one in sorted(open_, key=lambda one: not one.required)]
    said = (parsed.so_far or f"/{command.name}").removeprefix("/")
    return Form(title=words.title(command), command=said, fields=tuple(fields), submit=words.submit(command.name))


def _field(param: Param, scene: Scene) -> Field:
    hints = param.kind.suggest("", scene)
    label = words.label(param.name)
    if param.kind.flag:
        return Field(name=param.name, label=label, kind="flag", required=False, hint=param.about)
    rows = tuple((hint.value, words.choice(hint)) for hint in hints)
    if param.kind.closed and rows:
        return Field(name=param.name, label=label, kind="choice", choices=rows, required=param.required)
    return Field(name=param.name, label=label, required=param.required, hint=param.about, suggestions=rows)
