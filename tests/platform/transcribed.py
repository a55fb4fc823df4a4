"""A played event as a page one reads: who did what, and what then stood where, for whom, with which buttons.

After every step the whole of what a stand-in shows is compared with what it showed before; what is new, changed or gone
is written down, place by place. What is another in each run (heads of the chain, codes) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent / "transcripts"
_VARIES = (
    (re.compile(r"(-# )?`?outcry/[\w-]{20,}/\d+`?\s+\W*\d+`?\s+\W*\S+\s+\W*— outcry/\S+ \S+"), r"\1(a signed head)"),
    (re.compile(r"</([a-z ]+):\d+>"), r"`/\1`"),
    (re.compile(r"\b[0-9A-HJ-NP-Z]{4}-[0-9A-HJ-NP-Z]{4}\b"), "CODE-CODE"),
    (re.compile(r"\b\d+(\.\d+)? ms\b"), "some ms"),
)
"""What is another in each run, and what stands for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message as it stands: `place` says where and for whom, `rows` are its buttons' labels row by row."""

    place: str
    text: str
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()  # pinned, a picture, a file, without a sound


Look = Callable[[], Mapping[int, Shown]]


@dataclass(slots=True)
class Transcript:
    """`look` is all there is to see now, by a number of each message that only grows."""

    title: str
    look: Look
    lines: list[str] = field(default_factory=list)
    seen: dict[int, Shown] = field(default_factory=dict)

    def part(self, title: str) -> None:
        self.lines += ["", f"## {title}"]

    def step(self, who: str, what: str, *, hint: str = "") -> None:
        """Somebody did this, and all that came of it stands there now. `hint`: what only their telephone showed."""
        self.lines += ["", f"**{who}** {what}"]
        if hint:
            self.lines += ["", f"> *({_settled(hint)})*"]
        self._write_down()

    def passes(self, what: str) -> None:
        """Time passes."""
        self.lines += ["", f"*{what}*"]
        self._write_down()

    def _write_down(self) -> None:
        now = dict(self.look())
        for number in sorted(now.keys() | self.seen.keys()):
            before, after = self.seen.get(number), now.get(number)
            if before == after:
                continue
            if after is None:
                assert before is not None
                self.lines += ["", f"{before.place}, gone: {_first(before.text)}"]
                continue
            how = "" if before is None else ", changed"
            notes = f" ({', '.join(after.notes)})" if after.notes else ""
            self.lines += ["", f"{after.place}{how}{notes}:", ""]
            if before is not None and before.text == after.text:
                self.lines += [f"> {_first(after.text)} …"]
            else:
                self.lines += [f"> {row}".rstrip() for row in _settled(after.text).splitlines()]
            if after.rows:
                self.lines += [">", *(f"> `{'` `'.join(row)}`" for row in after.rows)]
            elif before is not None and before.rows:
                self.lines += [">", "> *(no buttons any more)*"]
        self.seen = now

    def page(self) -> str:
        """The page, as it is kept."""
        return "\n".join([f"# {self.title}", *self.lines]).rstrip() + "\n"


def _first(text: str) -> str:
    return _settled(text).splitlines()[0] if text.strip() else "(nothing)"


def _settled(text: str) -> str:
    for varies, instead in _VARIES:
        text = varies.sub(instead, text)
    return text
