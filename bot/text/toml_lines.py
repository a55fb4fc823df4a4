"""Where things stand in a TOML file, and what is wrong there. `tomllib` forgets lines; people want to be told them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_TABLE = re.compile(r"\s*\[(?P<many>\[)?\s*(?P<name>[^\[\]]+?)\s*\]")
_KEY = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|([A-Za-z0-9_-]+))\s*=""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """What is wrong, and in which line of the file (from 1; None: in none)."""

    line: int | None
    sentence: str


def lines_of(text: str) -> dict[str, int]:
    """The line (from 1) of each key: `fee`, `rounds.2` (the second `[[rounds]]`), `rounds.2.freeze_at`.

    A plain scan: inside a text over several lines it may take a line for a key, and then names that line.
    """
    lines: dict[str, int] = {}
    table, counts = "", dict[str, int]()
    for number, line in enumerate(text.splitlines(), 1):
        heading = _TABLE.match(line)
        key = _KEY.match(line)
        if key is not None:
            name = key[1] or key[2] or key[3]
            lines.setdefault(f"{table}.{name}" if table else name, number)
        elif heading is not None:
            table = heading["name"]
            lines.setdefault(table, number)
            if heading["many"]:
                counts[table] = counts.get(table, 0) + 1
                table = f"{table}.{counts[table]}"
                lines[table] = number
    return lines


class Mistakes:
    """Gathers what is wrong with one file."""

    def __init__(self, lines: Mapping[str, int]) -> None:
        self._lines = lines
        self._found: list[Mistake] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, place: str, sentence: str) -> None:
        """At a key, or where it has no line of its own, at what it belongs to: a round's head for what it lacks."""
        while place and place not in self._lines:
            place = place.rpartition(".")[0]
        self._found.append(Mistake(line=self._lines.get(place), sentence=sentence))

    def told(self) -> tuple[Mistake, ...]:
        """Each once, by line; those of no line first."""
        return tuple(sorted(dict.fromkeys(self._found), key=lambda mistake: mistake.line or 0))
