"""What a form asks where a line lacked something."""

from __future__ import annotations

from bot.chat.reply import Action, Form, Reply, Tone, code, line
from bot.words.shared import listed


def title(command: str) -> str:
    """`Buy`, `Grant`."""
    name = command.removeprefix("admin ").replace("_", " ")
    return name[:1].upper() + name[1:]


def question(command: str, example: str, form: Form, template: str | None) -> Reply:
    """Where there is no dialog, or it was closed: what is still to be said, and how it goes in one line."""
    wanted = [field for field in form.fields if field.required]
    names = ["what" if field.name == "what" else f"the {field.label.lower()}" for field in wanted]
    begun = template is not None and form.command != command
    rows = [line(f"{field.label}: {field.hint}") for field in wanted if field.hint]
    shown = line("So far: ", code(template)) if template and begun else line("In one line: ", code(example))
    return Reply(
        head=line(f"{title(command)}: please say {listed(names)}."),
        blocks=(*rows, shown),
        form=form,
        examples=True,
        tone=Tone.WAIT,
        ok=False,
    )


def again(so_far: str) -> Action:
    """Below what was wrong in a dialog: asks for that, the rest filled in."""
    return Action(label="Fill it in again", text=so_far, primary=True, asks=True)


def label(name: str) -> str:
    """`outcome` as a question's title."""
    words = "auto-fill" if name == "autofill" else name.replace("_", " ")
    return words[:1].upper() + words[1:]


def choice(value: str, about: str) -> str:
    """`Germany: YES 50.1¢ · NO 50.3¢`."""
    name = value.strip('"')
    return f"{name}: {about}" if about else name
