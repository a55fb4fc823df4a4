"""What a form asks where a line lacked something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.chat.reply import Form, Reply, Tone, code, line
from bot.words.shared import listed

if TYPE_CHECKING:
    from bot.chat.facts import Hint
    from bot.grammar.command import Command

_SUBMIT = {"buy": "Show the ticket", "sell": "Show the ticket", "quote": "Show the price"}


def title(command: Command) -> str:
    """`Buy`, `Grant`."""
    name = command.name.removeprefix("admin ").replace("_", " ")
    return name[:1].upper() + name[1:]


def question(command: Command, form: Form, template: str | None) -> Reply:
    """Where there is no dialog, or it was closed: what is still to be said, and how it goes in one line."""
    wanted = [field for field in form.fields if field.required]
    names = ["what" if field.name == "what" else f"the {field.label.lower()}" for field in wanted]
    begun = template is not None and f"/{form.command}" != f"/{command.name}"
    rows = [line(f"{field.label}: {field.hint}") for field in wanted if field.hint]
    shown = line("So far: ", code(template)) if template and begun else line("In one line: ", code(command.usage))
    return Reply(
        head=line(f"{title(command)}: please say {listed(names)}."),
        blocks=(*rows, shown),
        form=form,
        tone=Tone.WAIT,
        ok=False,
    )


def submit(name: str) -> str:
    return _SUBMIT.get(name, "Go on")


def label(name: str) -> str:
    """`outcome` as a question's title."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def choice(hint: Hint) -> str:
    """`Germany: YES 50.1¢ · NO 50.3¢`."""
    value = hint.value.strip('"')
    return f"{value}: {hint.about}" if hint.about else value
