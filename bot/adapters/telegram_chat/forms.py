"""A form asked question by question, the state being the line so far and nothing else.

A question's buttons carry the line with one more answer in it. A typed answer comes as a reply to a message of ours
whose link holds the key of the kept line; so both go on after a restart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.adapters.telegram_chat.keyboards import KeyboardButton, KeyboardRows, rows_of_buttons
from bot.chat.reply import Field, Form, Line, Reply
from bot.commands import COMMANDS
from bot.grammar.parser import split
from bot.words import telegram as words

PAGE = 10  # choices shown at once
_JSON = "?"
_TICKET = "ticket "
_PLAIN = re.compile(r'[^\s"“”„«»=]+|"[^"“”„«»]+"')
_NAMED = frozenset(param.name for command in COMMANDS for param in command.params if param.kind.named)
_LINK = re.compile(r"[?&]start=([0-9A-Za-z_-]{1,64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormStep:
    """A command with what has been answered by name; `asks` is the argument whose value is still to be typed,
    `replaces` the ref of the message (a ticket) that is done with once it has been."""

    command: str
    args: Mapping[str, str] = field(default_factory=dict)
    asks: str = ""
    replaces: str = ""

    def line(self) -> str:
        """As a line a person could have typed where its values allow that, else as JSON."""
        values = {name: _quoted(value) for name, value in self.args.items()}
        if self.asks or any(value is None for value in values.values()):
            state = {"c": self.command, "a": dict(self.args), "f": self.asks, "m": self.replaces}
            return _JSON + json.dumps(state, ensure_ascii=False, separators=(",", ":"))
        return " ".join([f"/{self.command}", *(f"{name}={value}" for name, value in values.items())])

    def answered(self, text: str) -> FormStep:
        return FormStep(command=self.command, args={**self.args, self.asks: text})


def read_step(line: str) -> FormStep | None:
    """A step kept as JSON; None for an ordinary line."""
    if not line.startswith(_JSON):
        return None
    try:
        state = json.loads(line[1:])
        args = {str(name): str(value) for name, value in state["a"].items()}
        return FormStep(command=str(state["c"]), args=args, asks=str(state["f"]), replaces=str(state["m"] or ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedRequest:
    """A line that has run once already, whose answer could not be given: `person` who follows its link meets the same
    request and thereby what it did, done once; anybody else makes a request of their own."""

    line: str
    request_id: str
    person: str

    def stored_line(self) -> str:
        state = {"l": self.line, "r": self.request_id, "p": self.person}
        return _JSON + json.dumps(state, ensure_ascii=False, separators=(",", ":"))


def read_repeated_request(line: str) -> RepeatedRequest | None:
    """None for a line kept otherwise."""
    if not line.startswith(_JSON):
        return None
    try:
        state = json.loads(line[1:])
        return RepeatedRequest(line=str(state["l"]), request_id=str(state["r"]), person=str(state["p"]))
    except (ValueError, KeyError, TypeError):
        return None


def _quoted(value: str) -> str | None:
    """A value as it is typed in a line; None where quotes would not hold it."""
    if _PLAIN.fullmatch(value):
        return value
    quoted = f'"{value}"'
    return quoted if _PLAIN.fullmatch(quoted) and "\n" not in value else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormQuestion:
    """A question as it is shown: by buttons, or (`typed`) by a message to reply to."""

    reply: Reply
    keyboard: KeyboardRows
    step: FormStep
    field: Field
    typed: bool


def question_of(
    form: Form, reply: Reply, group_ext: str | None, *, page: int = 0, typed: bool = False, error: Line = ()
) -> FormQuestion | None:
    """The first question of a form that is still open; None for a form that asks nothing. `group_ext` is the group the
    buttons speak of, `reply` what came with the form, `error` what was wrong with the last answer."""
    field = _open_field(form)
    if field is None:
        return None
    answered = {other.name: other.value for other in form.fields if other.value and other is not field}
    step = FormStep(command=form.command, args=answered, asks=field.name)
    choices = field.choices or field.suggestions
    if typed or not choices:
        question = words.type_it(form, field, reply.head if reply.ok else (), error)
        return FormQuestion(reply=question, keyboard=(), step=step, field=field, typed=True)
    keyboard = [
        *_choices(step, choices, page, group_ext),
        *_navigation(form, step, field, page, len(choices), group_ext),
    ]
    return FormQuestion(
        reply=words.question(form, field, reply), keyboard=tuple(keyboard), step=step, field=field, typed=False
    )


def _open_field(form: Form) -> Field | None:
    """The first open field that must be said, else the first that must be said at all (a change), else the first."""
    needed = [field for field in form.fields if field.required]
    open_ = [field for field in needed if not field.value]
    return next(iter(open_ or needed or form.fields), None)


def _choices(step: FormStep, choices: tuple[tuple[str, str], ...], page: int, group_ext: str | None) -> KeyboardRows:
    shown = choices[page * PAGE : (page + 1) * PAGE]
    keyboard = []
    for value, label in shown:
        line = FormStep(command=step.command, args={**step.args, step.asks: value}).line()
        keyboard.append(KeyboardButton(label=label, line=line, form_action="", group_ext=group_ext))
    return rows_of_buttons(keyboard)


def _navigation(form: Form, step: FormStep, field: Field, page: int, count: int, group_ext: str | None) -> KeyboardRows:
    """Below the choices: other pages, typing, back, cancel."""
    line = FormStep(command=step.command, args=step.args).line()
    last = (count - 1) // PAGE
    turns = [
        KeyboardButton(label=label, line=line, form_action=str(other), group_ext=group_ext)
        for label, other in ((words.EARLIER, page - 1), (words.LATER, page + 1))
        if 0 <= other <= last
    ]
    others = (
        [KeyboardButton(label=words.TYPE, line=line, form_action="t", group_ext=group_ext)] if field.suggestions else []
    )
    previous = _previous_line(form, step)
    if previous is not None:
        others.append(KeyboardButton(label=words.BACK, line=previous, form_action="", group_ext=group_ext))
    if not form.command.startswith(_TICKET):
        others.append(KeyboardButton(label=words.CANCEL, line=line, form_action="x", group_ext=group_ext))
    return tuple(row for row in (tuple(turns), tuple(others)) if row)


def _previous_line(form: Form, step: FormStep) -> str | None:
    """The line without its last answer; None where nothing has been answered. A ticket's change leads back to a ticket
    with the same numbers."""
    if form.command.startswith(_TICKET):
        same = {field.name: field.value for field in form.fields if field.value}
        return FormStep(command=form.command, args=same).line()
    answered = [field.name for field in form.fields if field.required and field.name in step.args]
    if answered:
        args = {name: value for name, value in step.args.items() if name != answered[-1]}
        return FormStep(command=step.command, args=args).line()
    words_typed = split(form.command)
    bare = 2 if form.command.startswith(("admin ", "order ")) else 1
    if len(words_typed) <= bare:
        return None
    is_named = len(words_typed) > bare + 1 and words_typed[-2].text in _NAMED  # `slippage 5%` is one answer
    return f"/{form.command[: words_typed[-2 if is_named else -1].start].rstrip()}"


def key_of_link(url: str) -> str | None:
    """The key in a deep link of ours."""
    match = _LINK.search(url)
    return match[1] if match else None
