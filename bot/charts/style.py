"""The canvas a chart is drawn on: colours of both themes, type sizes that can be read on a phone, text that fits.

A canvas is 1200 pixels wide and shown 360 wide on a phone, so a letter of 30 pixels is read there at 9. All positions
are in pixels from the left and the top.

Names as a chart can show them: no hidden characters, not too wide, and only glyphs that a font here has. What is
written from right to left stands apart (Unicode's isolates), so that the figure behind it stays behind it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Literal

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import AbstractPathEffect, withStroke
from matplotlib.text import Text

from bot.chat.chart_data import ThemeName
from bot.text import names, palette
from bot.text.columns import cut

COLUMNS = 20  # what fits beside a line on a phone; a wide character takes two
# in this order, those that are installed; the first comes with matplotlib
FAMILIES = (
    "DejaVu Sans",
    "Noto Sans",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans CJK KR",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Symbola",
)
ISOLATE, END_ISOLATE, LEFT_TO_RIGHT = "\u2068", "\u2069", "\u200e"  # of Unicode's bidirectional algorithm
RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})  # classes of letters
JOINERS = "\u200d\ufe0f"  # build one picture of several, which no font here does

FLAGS = frozenset(map(chr, range(0x1F1E6, 0x1F200)))  # letters that pair into flags, likewise


def find_fonts() -> None:
    """Bring matplotlib's list of fonts, which it keeps in a file for years, to what is installed now."""
    manager = font_manager.fontManager
    manager.ttflist = [entry for entry in manager.ttflist if Path(entry.fname).is_file()]
    listed = {Path(entry.fname).resolve() for entry in manager.ttflist}
    for path in font_manager.findSystemFonts():
        if Path(path).resolve() not in listed:
            try:
                manager.addfont(path)
            except (OSError, RuntimeError):  # a broken font is none
                continue


@cache
def families() -> tuple[str, ...]:
    """The installed ones of FAMILIES (naming one that is missing makes matplotlib complain at every text)."""
    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    return tuple(family for family in FAMILIES if family in installed)


@cache
def _glyphs() -> frozenset[int]:
    glyphs: set[int] = set()
    for family in families():
        path = font_manager.findfont(font_manager.FontProperties(family=family))
        glyphs.update(FT2Font(path).get_charmap())
    return frozenset(glyphs)


def can_show(text: str) -> bool:
    """Whether every character has a glyph in a font that is installed, and none needs its neighbours to join."""
    if any(char in JOINERS or char in FLAGS for char in text):
        return False
    return all(ord(char) in _glyphs() for char in text)


def isolated(text: str) -> str:
    """What has letters from right to left stands apart from the sentence around it; all else is as it was."""
    mixed = any(unicodedata.bidirectional(char) in RIGHT_TO_LEFT for char in text)
    return f"{ISOLATE}{text}{END_ISOLATE}" if mixed else text


def shown(name: str, number: int) -> str:
    """The name as the chart writes it, or `#number` where it cannot."""
    text = names.clean(name)
    return isolated(cut(text, COLUMNS)) if text and can_show(text) else f"#{number}"


def shown_title(text: str) -> str:
    """A market's title as far as it can be written; the line it stands in is shortened to the canvas."""
    title = names.clean(text)
    return isolated("".join(char for char in title if can_show(char)).strip() or "Outcry")


def shown_all(outcomes: Sequence[str]) -> tuple[str, ...]:
    """Names of outcomes, each with its number from 1 in reserve."""
    return tuple(shown(name, number) for number, name in enumerate(outcomes, 1))


DPI = 100
WIDTH, HEIGHT = 1200, 675
MARGIN = 36
TITLE, NOTE, LABEL, SMALL = 44, 27, 31, 27  # heights of type in pixels
TITLE_NAME = 460  # pixels a name may take in a title, so that two of them and what happened fit its two lines

find_fonts()
# Once per process: names are never mathematics, and lines end round.
mpl.rcParams.update(
    {
        "text.parse_math": False,
        "font.family": list(families()),
        "lines.solid_capstyle": "round",
        "lines.solid_joinstyle": "round",
        "lines.dash_capstyle": "round",
    }
)


DASHES: Mapping[palette.Mark, str | tuple[int, tuple[float, ...]]] = {  # of lines, in line widths
    "round": "-",
    "diamond": (0, (3.4, 1.9)),
    "triangle": (0, (0.1, 1.9)),
}
MARKERS: Mapping[palette.Mark, str] = {"round": "o", "diamond": "D", "triangle": "^"}
Weight = Literal["normal", "bold"]
HorizontalAlignment = Literal["left", "center", "right"]


def _readable(text: str) -> str:
    """A line of ours is read from the left, also where it begins with a name that is read from the right."""
    return f"{LEFT_TO_RIGHT}{text}" if ISOLATE in text else text


@dataclass(slots=True)
class Canvas:
    """One picture while it is drawn."""

    theme: ThemeName
    height: int = HEIGHT
    width: int = WIDTH
    figure: Figure = field(init=False)
    colours: palette.Theme = field(init=False)

    def __post_init__(self) -> None:
        self.colours = palette.theme(self.theme)
        self.figure = Figure(figsize=(self.width / DPI, self.height / DPI), dpi=DPI, facecolor=self.colours.panel)
        FigureCanvasAgg(self.figure)

    def colour(self, outcome: int) -> str:
        return palette.colour(outcome, self.colours)

    def measure(self, text: str, size: float, weight: Weight = "normal") -> float:
        """How wide the text will be, in pixels."""
        trial = self.figure.text(0, 0, _readable(text), fontsize=size * 72 / DPI, fontweight=weight)
        width = trial.get_window_extent().width
        trial.remove()
        return float(width)

    def text(
        self, x: float, y: float, text: str, *, size: float, colour: str, weight: Weight = "normal",
        align: HorizontalAlignment = "left", halo: bool = False,
    ) -> Text:  # fmt: skip
        """Text whose line is centred on `y`; a halo of ground lifts it off the lines it crosses."""
        effects: list[AbstractPathEffect] = [withStroke(linewidth=6, foreground=self.colours.panel)] if halo else []
        return self.figure.text(
            x / self.width, 1 - y / self.height, _readable(text),
            fontsize=size * 72 / DPI, color=colour, fontweight=weight, ha=align, va="center_baseline",
            path_effects=effects, zorder=10,
        )  # fmt: skip

    def draw_title(self, title: str, note: str) -> float:
        """Title in one line or two, the quiet line below it; returns where the next thing may begin."""
        max_width = self.width - 2 * MARGIN
        lines, size = self._fit_title(title, max_width)
        y = MARGIN + size * 0.45
        for text in lines:
            self.text(MARGIN, y, text, size=size, colour=self.colours.ink, weight="bold")
            y += size * 1.2
        y += -size * 1.2 + size * 0.6 + NOTE * 0.8
        self.text(MARGIN, y, self._fit_note(note, max_width), size=NOTE, colour=self.colours.quiet)
        return y + NOTE

    def _fit_note(self, note: str, max_width: float) -> str:
        """Where it is too wide the market's title, which comes first, is cut, never the figures behind it."""
        title, dot, figures = note.partition(" · ")
        free_width = max_width - self.measure(f"{dot}{figures}", NOTE)
        return self.shortened(f"{self.shortened(title, free_width, NOTE)}{dot}{figures}", max_width, NOTE)

    def _fit_title(self, title: str, max_width: float) -> tuple[list[str], float]:
        for size in range(TITLE, TITLE - 9, -2):
            if self.measure(title, size, "bold") <= max_width:
                return [title], size
        words, first = title.split(), ""
        size = TITLE - 6
        while words and self.measure(f"{first} {words[0]}", size, "bold") <= max_width:
            first = f"{first} {words.pop(0)}".strip()
        lines = [first, self.shortened(" ".join(words), max_width, size, "bold")]
        return [text for text in lines if text], size

    def shortened(self, text: str, max_width: float, size: float, weight: Weight = "normal") -> str:
        """The text, cut with an ellipsis where it is wider than `max_width`."""
        if self.measure(text, size, weight) <= max_width:
            return text
        end = END_ISOLATE if text.endswith(END_ISOLATE) else ""
        text = text.removesuffix(end)
        while text.removeprefix(ISOLATE) and self.measure(f"{text}…{end}", size, weight) > max_width:
            text = text[:-1]
        return f"{text.rstrip(' ·')}…{end}"

    def axes(self, left: float, top: float, right: float, bottom: float) -> Axes:
        """A plain plot between these edges: only horizontal grid lines, drawn behind everything."""
        axes = self.figure.add_axes((
            left / self.width, 1 - bottom / self.height, (right - left) / self.width, (bottom - top) / self.height,
        ))  # fmt: skip
        axes.set_facecolor("none")
        axes.set_axisbelow(True)
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.grid(axis="y", color=self.colours.line, linewidth=2)
        axes.tick_params(length=0, pad=10, labelsize=SMALL * 72 / DPI, labelcolor=self.colours.quiet)
        return axes

    def set_y_labels(self, axes: Axes, marks: Sequence[tuple[float, str]]) -> None:
        axes.set_yticks([value for value, _ in marks], [label for _, label in marks])

    def draw_line(self, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
        """A thin line that leads from one place on the canvas to another."""
        xs, ys = (
            (start[0] / self.width, end[0] / self.width),
            (1 - start[1] / self.height, 1 - end[1] / self.height),
        )
        self.figure.add_artist(Line2D(xs, ys, color=colour, linewidth=2, alpha=0.7))

    def bar(self, start: tuple[float, float], end: float, thickness: float, colour: str, *, hollow: bool) -> None:
        """A level bar from `start` to `end`, both sides of whose middle are `thick` together."""
        left, right = sorted((start[0], end))
        patch = Rectangle(
            (left / self.width, 1 - (start[1] + thickness / 2) / self.height), (right - left) / self.width,
            thickness / self.height, facecolor="none" if hollow else colour, edgecolor=colour, linewidth=2.5,
            transform=self.figure.transFigure,
        )  # fmt: skip
        self.figure.add_artist(patch)

    def mark(self, middle: tuple[float, float], size: float, colour: str, shape: palette.Mark) -> None:
        """An outcome's mark, `size` pixels wide."""
        xs, ys = (middle[0] / self.width,), (1 - middle[1] / self.height,)
        points = size * 72 / DPI
        self.figure.add_artist(Line2D(xs, ys, color=colour, marker=MARKERS[shape], markersize=points, linestyle="none"))

    def to_png(self) -> bytes:
        out = BytesIO()
        self.figure.savefig(out, format="png", dpi=DPI)
        return out.getvalue()
