"""Where a message of ours stands, as text: what storage keeps to find it again."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REF = re.compile(r"([1-9]\d{0,18})(p?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ref:
    """A message of ours: its number, and whether its text is the caption of a photo or file."""

    message: int
    caption: bool = False

    def __str__(self) -> str:
        return f"{self.message}{'p' if self.caption else ''}"

    @classmethod
    def of(cls, ref: str) -> Ref | None:
        match = _REF.fullmatch(ref)
        return cls(int(match[1]), bool(match[2])) if match else None
