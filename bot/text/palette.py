"""The colours of everything we draw: the room's pages take them as CSS variables, the charts as they are.

Ten outcome colours, the same outcome in the same hue on dark and on light. They were searched for by hue family so that
any two differ by at least 0.078 (Euclidean, OKLab) as seen with full colour vision and without red, green or blue
cones (matrices of Machado, Oliveira and Fernandes 2009, severity 1). The first four are the farthest apart, then the
first six, then eight. Contrast (WCAG 2) against ground and panel, lowest first: dark 4.6 (blue), light 3.0 (sky).
So on light they are for chips, lines, dots and large text; running text stays in `ink` with a chip beside it.

From the eleventh outcome on the ten colours come again with another mark (`mark`): round, diamond, triangle; a line
drawn in them is whole, dashed, dotted. No colour carries meaning alone: outcomes have names and numbers, YES and NO are
words with a shape (filled, hollow).
`tests/bot/text/test_palette.py` holds the figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mark = Literal["round", "diamond", "triangle"]
MARKS: tuple[Mark, ...] = ("round", "diamond", "triangle")

#          blue       orange     green      pink       yellow     sky        red        violet     brown      pale/slate
DARK10 = ("#5e78fe", "#fe8603", "#93d6a1", "#cb8eb8", "#ffd917", "#4fecff", "#ff496c", "#ab94ff", "#a77e01", "#f6f3dc")
LIGHT10 = ("#0222cd", "#bb4e11", "#13826d", "#f236b1", "#b08903", "#0d97d7", "#8f1a06", "#924efa", "#3d1800", "#3e3b53")


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """`ground` the page, `panel` what lies on it, `line` hairlines and grids, `ink` text, `quiet` lesser text.

    `ink` has a contrast of at least 12 and `quiet` of at least 5 on every surface, `accent` (links, focus, the main
    button) of at least 4.5; the edges of messages (`good`, `bad`, `wait`, `cold`, `loud`) at least 3.
    """

    name: str
    ground: str
    panel: str
    raised: str
    line: str
    ink: str
    quiet: str
    accent: str
    on_accent: str
    good: str
    bad: str
    wait: str
    cold: str
    loud: str
    outcomes: tuple[str, ...]


DARK = Theme(
    name="dark",
    ground="#0e1116",
    panel="#171b22",
    raised="#20262f",
    line="#2c343f",
    ink="#eceff3",
    quiet="#9ba7b5",
    accent="#8fa8ff",
    on_accent="#0b1020",
    good="#58c9a3",
    bad="#ff7a70",
    wait="#8fa8ff",
    cold="#7cc7f2",
    loud="#ffc857",
    outcomes=DARK10,
)

LIGHT = Theme(
    name="light",
    ground="#f5f6f8",
    panel="#ffffff",
    raised="#eaedf1",
    line="#d5dae1",
    ink="#14181f",
    quiet="#56606d",
    accent="#2f49c9",
    on_accent="#ffffff",
    good="#107a5b",
    bad="#b3261e",
    wait="#2f49c9",
    cold="#1d6f9e",
    loud="#946200",
    outcomes=LIGHT10,
)


def theme(name: str) -> Theme:
    """The light theme by its name; dark for every other word."""
    return LIGHT if name == LIGHT.name else DARK


def colour(outcome: int, of: Theme = DARK) -> str:
    """The colour of an outcome (counted from 0) as `#rrggbb`; the ten come again with another `mark`."""
    return of.outcomes[outcome % len(of.outcomes)]


def mark(outcome: int) -> Mark:
    """What tells apart outcomes (counted from 0) of one colour, up to thirty."""
    return MARKS[outcome // len(DARK10) % len(MARKS)]
