"""What a person does, as data: a typed line, a slash form, a button and a dialog all make an `Invocation`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ChatKind(StrEnum):
    """Where it was said. The room is one chat that everybody reads and in which private answers are possible."""

    GROUP = "group"
    PRIVATE = "private"
    ROOM = "room"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One thing said or pressed. Either `text`, a line such as `/buy germany yes 100` (buttons are lines too), or
    `command` with `args` by name, as a slash form or a dialog gives them (texts as typed; empty ones are left out).
    `command` may carry leading arguments too (`ticket change 17`).

    `request_id` is the platform's own id of it: the same id twice is the same request, answered the same, done once.
    `made_for` is whom the pressed button was made for (`Action.person`); nobody else may press it.
    `is_admin` is what the platform vouches for this person in this chat at this moment, asked for each press anew.
    `nameless`: the platform says that an admin speaks and not which (an anonymous admin, a channel's post): nobody
    knows what part she has in a market.
    """

    text: str = ""
    command: str = ""
    args: Mapping[str, str] = field(default_factory=dict)
    platform: str
    person_ext: str
    person_name: str
    chat_ext: str
    chat_kind: ChatKind
    chat_title: str = ""
    is_admin: bool = False
    nameless: bool = False
    made_for: int | None = None
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One row of a completion list. `line` is the whole line once it is accepted, `value` the argument alone (for forms
    that ask argument by argument), `label` what the row shows, `hint` what it means. A row with an empty `line` cannot
    be accepted: it explains the argument being typed (`label` is the argument's name)."""

    value: str = ""
    line: str = ""
    label: str
    hint: str = ""
