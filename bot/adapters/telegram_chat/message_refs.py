"""Where a message of ours stands, as text: what storage keeps to find it again.

`123`, or `123p` where its text is a caption: its chat is known from where the text is kept. A message in a group that
one member sees is found by more, and wherever its text is kept: `e:group:member:number:when it last answered`,
and `:124` where the private chat has it too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_REF = re.compile(r"([1-9]\d{0,18})(p?)", re.ASCII)
_EPHEMERAL = re.compile(
    r"e:(-[1-9]\d{0,18}):([1-9]\d{0,18}):([1-9]\d{0,18}):(\d{1,15})(?::([1-9]\d{0,18}p?))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Ref:
    """A message of ours: its number, and whether its text is the caption of a photo or file."""

    message: int
    caption: bool = False

    def __str__(self) -> str:
        return f"{self.message}{'p' if self.caption else ''}"

    @property
    def key(self) -> str:
        """What tells it from the others of its chat."""
        return str(self.message)

    @classmethod
    def of(cls, ref: str) -> Ref | None:
        match = _REF.fullmatch(ref)
        return cls(int(match[1]), bool(match[2])) if match else None


@dataclass(frozen=True, slots=True, kw_only=True)
class EphemeralRef:
    """A message in the group `chat` that the member `person` alone sees; at `at_ms` it last answered them. `copy` is
    the ref of the message in their private chat that says the same."""

    chat: int
    person: int
    message: int
    at_ms: int = field(compare=False)
    copy: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"e:{self.chat}:{self.person}:{self.message}:{self.at_ms}{':' if self.copy else ''}{self.copy}"

    @property
    def key(self) -> str:
        return f"e:{self.person}:{self.message}"

    @classmethod
    def of(cls, ref: str) -> EphemeralRef | None:
        match = _EPHEMERAL.fullmatch(ref)
        if match is None:
            return None
        chat, person, message, at_ms = (int(match[number]) for number in range(1, 5))
        return cls(chat=chat, person=person, message=message, at_ms=at_ms, copy=match[5] or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedMessage:
    """A message of ours that an answer replaces, unless it has changed since `version`."""

    ref: str
    version: int


def parse_ref(ref: str) -> Ref | EphemeralRef | None:
    """None for what is no ref of this platform."""
    return EphemeralRef.of(ref) or Ref.of(ref)
