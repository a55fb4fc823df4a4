"""The guided way: a form asked question by question, the state being the line so far and nothing else.

A question's buttons carry the line with one more answer in it. A typed answer comes as a reply to a message of ours
whose link holds the key of the kept line; so both go on after a restart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.adapters.telegram_chat.keyboards import KeyboardButton, Keys, rows_of
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
    """A command with what has been answered by name; `asks` is the argument whose value is still to be typed, `over`
    the message (a ticket) that has had its day once it is."""

    command: str
    args: Mapping[str, str] = field(default_factory=dict)
    asks: str = ""
    over: int = 0

    def line(self) -> str:
        """As a line a person could have typed where its values allow that, else as JSON."""
        values = {name: _typed(value) for name, value in self.args.items()}
        if self.asks or any(value is None for value in values.values()):
            said = {"c": self.command, "a": dict(self.args), "f": self.asks, "m": self.over}
            return _JSON + json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        return " ".join([f"/{self.command}", *(f"{name}={value}" for name, value in values.items())])

    def answered(self, text: str) -> FormStep:
        return FormStep(command=self.command, args={**self.args, self.asks: text})


def step_of(line: str) -> FormStep | None:
    """A step kept as JSON; None for an ordinary line."""
    if not line.startswith(_JSON):
        return None
    try:
        said = json.loads(line[1:])
        args = {str(name): str(value) for name, value in said["a"].items()}
        return FormStep(command=str(said["c"]), args=args, asks=str(said["f"]), over=int(said["m"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A line that has run once already, whose answer could not be given: `person` who follows its link meets the same
    request and thereby what it did, done once; anybody else makes a request of her own."""

    line: str
    request: str
    person: str

    def kept(self) -> str:
        said = {"l": self.line, "r": self.request, "p": self.person}
        return _JSON + json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def again_of(line: str) -> Again | None:
    """None for a line kept otherwise."""
    if not line.startswith(_JSON):
        return None
    try:
        said = json.loads(line[1:])
        return Again(line=str(said["l"]), request=str(said["r"]), person=str(said["p"]))
    except (ValueError, KeyError, TypeError):
        return None


def _typed(value: str) -> str | None:
    """A value as it is typed in a line; None where quotes would not hold it."""
    if _PLAIN.fullmatch(value):
        return value
    quoted = f'"{value}"'
    return quoted if _PLAIN.fullmatch(quoted) and "\n" not in value else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as it is shown: by buttons, or (`typed`) by a message to reply to."""

    reply: Reply
    keys: Keys
    step: FormStep
    field: Field
    typed: bool


def ask(
    form: Form, reply: Reply, about: str | None, *, page: int = 0, typing: bool = False, trouble: Line = ()
) -> Asked | None:
    """The first question of a form that is still open; None for a form that asks nothing. `about` is the group the
    buttons speak of, `reply` what came with the form, `trouble` what was wrong with the last answer."""
    asked = _first(form)
    if asked is None:
        return None
    given = {one.name: one.value for one in form.fields if one.value and one is not asked}
    step = FormStep(command=form.command, args=given, asks=asked.name)
    choices = asked.choices or asked.suggestions
    if typing or not choices:
        said = words.type_it(form, asked, reply.head if reply.ok else (), trouble)
        return Asked(reply=said, keys=(), step=step, field=asked, typed=True)
    keys = [*_choices(step, choices, page, about), *_ways(form, step, asked, page, len(choices), about)]
    return Asked(reply=words.question(form, asked, reply), keys=tuple(keys), step=step, field=asked, typed=False)


def _first(form: Form) -> Field | None:
    """The first open field that must be said, else the first that must be said at all (a change), else the first."""
    needed = [one for one in form.fields if one.required]
    open_ = [one for one in needed if not one.value]
    return next(iter(open_ or needed or form.fields), None)


def _choices(step: FormStep, choices: tuple[tuple[str, str], ...], page: int, about: str | None) -> Keys:
    shown = choices[page * PAGE : (page + 1) * PAGE]
    keys = []
    for value, label in shown:
        line = FormStep(command=step.command, args={**step.args, step.asks: value}).line()
        keys.append(KeyboardButton(label=label, line=line, how="", about=about))
    return rows_of(keys)


def _ways(form: Form, step: FormStep, asked: Field, page: int, count: int, about: str | None) -> Keys:
    """Below the choices: other pages, typing, back, cancel."""
    here = FormStep(command=step.command, args=step.args).line()
    last = (count - 1) // PAGE
    turns = [
        KeyboardButton(label=label, line=here, how=str(other), about=about)
        for label, other in ((words.EARLIER, page - 1), (words.LATER, page + 1))
        if 0 <= other <= last
    ]
    ways = [KeyboardButton(label=words.TYPE, line=here, how="t", about=about)] if asked.suggestions else []
    before = _before(form, step)
    if before is not None:
        ways.append(KeyboardButton(label=words.BACK, line=before, how="", about=about))
    if not form.command.startswith(_TICKET):
        ways.append(KeyboardButton(label=words.CANCEL, line=here, how="x", about=about))
    return tuple(row for row in (tuple(turns), tuple(ways)) if row)


def _before(form: Form, step: FormStep) -> str | None:
    """The line without its last answer; None where nothing has been answered. A ticket's change leads back to a ticket
    with the same numbers."""
    if form.command.startswith(_TICKET):
        same = {one.name: one.value for one in form.fields if one.value}
        return FormStep(command=form.command, args=same).line()
    named = [one.name for one in form.fields if one.required and one.name in step.args]
    if named:
        args = {name: value for name, value in step.args.items() if name != named[-1]}
        return FormStep(command=step.command, args=args).line()
    said = split(form.command)
    bare = 2 if form.command.startswith(("admin ", "order ")) else 1
    if len(said) <= bare:
        return None
    pair = len(said) > bare + 1 and said[-2].text in _NAMED  # `slippage 5%` is one answer
    return f"/{form.command[: said[-2 if pair else -1].start].rstrip()}"


def key_in(url: str) -> str | None:
    """The key in a deep link of ours."""
    found = _LINK.search(url)
    return found[1] if found else None
