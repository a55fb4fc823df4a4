"""Who is ahead: a bar a person, by gain on what they were given."""

from __future__ import annotations

from bot.charts.style import HEIGHT, LABEL, MARGIN, Canvas, HorizontalAlignment, shown, shown_title
from bot.chat.chart_data import LeaderboardData, RankedPerson, ThemeName
from bot.words import charts as words

ROWS = 10
ROW, LEAST_HEIGHT = 64, 180
GAP = 16
NAME = 420  # pixels


def draw(data: LeaderboardData, theme: ThemeName) -> bytes:
    """PNG of the ranking, best first."""
    return paint(data, theme).to_png()


def paint(data: LeaderboardData, theme: ThemeName) -> Canvas:
    canvas = Canvas(theme, height=min(HEIGHT, LEAST_HEIGHT + ROW * len(data.rows)))
    names = [shown(row.name, number) for number, row in enumerate(data.rows, 1)]
    names = [canvas.shortened(name, NAME, LABEL, "bold") for name in names]
    below = canvas.draw_title(
        words.leaderboard_title(data, names), words.leaderboard_note(data, shown_title(data.market))
    )
    rows = data.rows[:ROWS]
    if not rows:
        return canvas
    height = min(float(ROW), (canvas.height - MARGIN - below) / len(rows))
    size = min(LABEL, height * 0.68)
    values = [words.gained(row.worth, row.stake) for row in rows]
    place_width = max(canvas.measure(row.place, size, "bold") for row in rows)
    aside = max(canvas.measure(name, size) for name in names[:ROWS]) + place_width + GAP
    wide = max(canvas.measure(value, size, "bold") for value in values)
    left, right = MARGIN + aside + GAP, canvas.width - MARGIN
    colours = canvas.colours
    zero, scale = _scale(rows, left, right, wide + GAP)
    canvas.draw_line((zero, below + 4), (zero, below + height * len(rows) - 4), colours.quiet)
    for number, (row, name, value) in enumerate(zip(rows, names, values, strict=False), 1):
        middle, first = below + height * (number - 0.5), row.place == rows[0].place
        _row(canvas, (row.place, place_width), name, size, middle, first=first)
        colour = colours.bad if _gain(row) < 0 else colours.loud if first and _gain(row) > 0 else colours.accent
        _bar(canvas, (zero, middle), zero + _gain(row) * scale, height * 0.6, colour, (value, size))
    return canvas


def _gain(row: RankedPerson) -> float:
    return (row.worth - row.stake) / row.stake if row.stake > 0 else 0.0


def _scale(rows: tuple[RankedPerson, ...], left: float, right: float, aside: float) -> tuple[float, float]:
    """Where nothing is won or lost, and how many pixels a gain of 100 % takes; a value fits beside each bar."""
    best, worst = max(0.0, *map(_gain, rows)), min(0.0, *map(_gain, rows))
    free_width = right - left - aside - (aside if worst < 0 else 0)
    scale = free_width / max(best - worst, 0.01)
    return left + (aside - worst * scale if worst < 0 else 0), scale


def _row(canvas: Canvas, place: tuple[str, float], name: str, size: float, middle: float, *, first: bool) -> None:
    """`place` is the text and how wide the widest is."""
    right, colours = MARGIN + place[1], canvas.colours
    canvas.text(right, middle, place[0], size=size, colour=colours.quiet, weight="bold", align="right")
    canvas.text(right + GAP, middle, name, size=size, colour=colours.ink, weight="bold" if first else "normal")


def _bar(
    canvas: Canvas, start: tuple[float, float], end: float, thickness: float, colour: str, label: tuple[str, float]
) -> None:
    """To the right and full for a gain, to the left and hollow for a loss; `label` is a text and its size."""
    lost = end < start[0]
    canvas.bar(start, end, thickness, colour, hollow=lost)
    align: HorizontalAlignment = "right" if lost else "left"
    place = end + (-GAP if lost else GAP) * 0.7
    canvas.text(place, start[1], label[0], size=label[1], colour=canvas.colours.ink, weight="bold", align=align)
