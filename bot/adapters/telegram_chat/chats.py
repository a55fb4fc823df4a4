"""Where something is said: a chat, and in a forum its topic."""

from __future__ import annotations

import re
from dataclasses import dataclass

_EXT = re.compile(r"(-?[1-9]\d{0,18})(?::([1-9]\d{0,18}))?", re.ASCII)
_REF = re.compile(r"([1-9]\d{0,18})(p?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """`-1001234` or `-1001234:77`; the general topic of a forum is the chat itself. People count from 1 up."""

    chat: int
    topic: int | None = None

    @property
    def ext(self) -> str:
        return str(self.chat) if self.topic is None else f"{self.chat}:{self.topic}"

    @property
    def private(self) -> bool:
        return self.chat > 0

    @classmethod
    def of(cls, ext: str) -> Place | None:
        """None where it is no chat of Telegram (an anonymous admin's id, say)."""
        found = _EXT.fullmatch(ext)
        if found is None:
            return None
        return cls(int(found[1]), int(found[2]) if found[2] else None)


@dataclass(frozen=True, slots=True)
class Ref:
    """A message of ours: its number, and whether its text is the caption of a photo or file."""

    message: int
    caption: bool = False

    def __str__(self) -> str:
        return f"{self.message}{'p' if self.caption else ''}"

    @classmethod
    def of(cls, ref: str) -> Ref | None:
        found = _REF.fullmatch(ref)
        return cls(int(found[1]), bool(found[2])) if found else None
