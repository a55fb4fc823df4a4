"""What could come next in an unfinished line, and what each argument means.

A line that lacks arguments becomes a form for them: `/buy` alone leads on, typed, tapped or pressed on the board.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.chat.invocation import ParseContext, Suggestion
from bot.chat.reply import Field, Form
from bot.grammar import parser
from bot.grammar.command import Command, Param
from bot.grammar.parser import Parsed
from bot.grammar.types import CONFIRM, Paragraphs
from bot.words import forms as words

MOST = 25  # values: every outcome there can be, and as many as Discord shows


def suggestions(text: str, commands: Sequence[Command], context: ParseContext) -> list[Suggestion]:
    """Rows for the line `text`, the cursor at its end: first what the argument being typed means, then values."""
    line = text.lstrip()
    command, rest = _command_of(line, commands)
    if command is None:
        return _names(line, commands)
    head = line[: len(line) - len(rest)]
    rows = _arguments(command, head, rest, context)
    explained = sum(not row.line for row in rows)
    return rows[: explained + MOST]


def _command_of(line: str, commands: Sequence[Command]) -> tuple[Command | None, str]:
    """The command whose name is complete (a space follows it), and the rest of the line."""
    for command in sorted(commands, key=lambda command: -len(command.name)):
        for name in {command.name, command.name.replace(" ", "_")}:
            if line.casefold().startswith(f"/{name} "):
                return command, line[len(name) + 2 :].lstrip()
    return None, ""


def _names(line: str, commands: Sequence[Command]) -> list[Suggestion]:
    start = line.casefold().lstrip("/").replace("_", " ")
    return [
        Suggestion(value=f"/{command.name}", line=f"/{command.name} ", label=f"/{command.name}", hint=command.summary)
        for command in commands
        if command.name.startswith(start)
    ][: MOST * 3]


def _arguments(command: Command, head: str, rest: str, context: ParseContext) -> list[Suggestion]:
    words = parser.split(rest)
    finished = not rest or rest[-1].isspace()
    complete = len(words) if finished else len(words) - 1
    rows: list[Suggestion] = []
    for cut in range(complete + 1):
        known_text = rest[: words[cut].start] if cut < len(words) else rest
        partial = "" if cut >= len(words) else rest[words[cut].start :]
        if cut < complete and partial and len(words) - cut > 6:
            continue
        known = parser.known_words(command, known_text, context)
        param, named = _next(command, known, known_text)
        if param is None or (cut < complete and (param.kind.words == 1 or partial.endswith(" "))):
            continue
        here = replace(context, values=known)
        values = _values(param, head + known_text, partial.strip().lstrip('"“'), here, named=named)
        others = [] if named or not param.kind.named else _other_names(command, param, known)
        for other in others:
            values += _values(other, head + known_text, partial.strip(), here, named=False)
        if cut == complete or values:
            rows = [*(Suggestion(label=argument.name, hint=_about(argument)) for argument in (param, *others)), *values]
            if values:
                break
    return rows


def _next(command: Command, known: dict[str, object], text: str) -> tuple[Param | None, bool]:
    """The argument the cursor stands in, and whether its name has been typed already."""
    last = text.rsplit(maxsplit=1)[-1].casefold() if text.split() else ""
    by_name = command.param(last)
    if by_name is not None and by_name.name not in known and by_name.kind.named:
        return by_name, True
    return next((param for param in command.params if param.name not in known), None), False


def _other_names(command: Command, first: Param, known: dict[str, object]) -> list[Param]:
    """What could be named instead: such arguments come in any order."""
    return [param for param in command.params if param.kind.named and param.name not in known and param is not first]


def _values(param: Param, before: str, partial: str, context: ParseContext, *, named: bool) -> list[Suggestion]:
    lead = f"{param.name} " if param.kind.named and not named else ""
    if lead and partial:
        if not param.name.startswith(partial.casefold()):
            return []
        partial = ""
    joint = "" if not before or before[-1].isspace() else " "
    hints = param.kind.suggest(partial, context)
    if lead and not partial and not hints:
        return [Suggestion(value=param.name, line=f"{before}{joint}{lead}", label=param.name, hint=param.about)]
    return [
        Suggestion(
            value=hint.value, line=f"{before}{joint}{lead}{hint.value} ", label=f"{lead}{hint.value}", hint=hint.about
        )
        for hint in hints
    ]


def _about(param: Param) -> str:
    return param.about if param.required else f"{param.about} (optional)"


def form_of(command: Command, parsed: Parsed, context: ParseContext) -> Form | None:
    """Fields for what the line does not say yet, what must be said first; None where the line has other faults."""
    if not parsed.only_lacks:
        return None
    asked = [param for param in command.params if param.kind is not CONFIRM]
    asked.sort(key=lambda param: not param.required)
    context = replace(context, values=parsed.known)
    fields = [_field(param, context) for param in asked if param.name not in parsed.given]
    said = [_said(param, parsed, context) for param in asked if param.name in parsed.given]
    line = (parsed.so_far or f"/{command.name}").removeprefix("/")
    return Form(
        title=words.title(command.name),
        command=line,
        fields=tuple(fields),
        submit=command.submit,
        said=tuple(said) if command.may_ask else (),
    )


def _said(param: Param, parsed: Parsed, context: ParseContext) -> Field:
    """A field with what was said, which is one of its choices where it has some."""
    field = _field(param, context)
    known = parsed.known.get(param.name)
    same = (value for value, _ in field.choices if param.kind.parse(value, context) == known)
    return replace(field, value=next(same, parsed.said[param.name]))


def _field(param: Param, context: ParseContext) -> Field:
    hints = param.kind.suggest("", context)
    label = words.label(param.name)
    if param.kind.flag:
        preset = context.presets.get(param.name, "")
        return Field(name=param.name, label=label, kind="flag", required=False, hint=param.about, preset=preset)
    rows = tuple((hint.value, words.choice(hint.value, hint.about)) for hint in hints)
    if param.kind.closed and rows:
        return Field(name=param.name, label=label, kind="choice", choices=rows, required=param.required)
    return Field(
        name=param.name,
        label=label,
        required=param.required,
        hint=param.about,
        suggestions=rows,
        kind="paragraph" if isinstance(param.kind, Paragraphs) else "text",
        several="," in param.kind.joints,
        most=param.kind.most,
        preset=context.presets.get(param.name, ""),
    )
