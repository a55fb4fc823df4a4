"""Who is ahead: a bar a person, by gain on what they were given."""

from __future__ import annotations

from bot.charts.style import HEIGHT, LABEL, MARGIN, Across, Canvas, heading, shown
from bot.chat.chart_data import LeaderboardData, RankedPerson, ThemeName
from bot.words import charts as words

ROWS = 10
ROW, LEAST_HEIGHT = 64, 180
GAP = 16


def draw(data: LeaderboardData, theme: ThemeName) -> bytes:
    """PNG of the ranking, best first."""
    sheet = Canvas(theme, height=min(HEIGHT, LEAST_HEIGHT + ROW * len(data.rows)))
    names = [shown(row.name, place) for place, row in enumerate(data.rows, 1)]
    below = sheet.head(words.leaderboard_title(data, names), words.leaderboard_note(data, heading(data.market)))
    rows = data.rows[:ROWS]
    if not rows:
        return sheet.png()
    height = min(float(ROW), (sheet.height - MARGIN - below) / len(rows))
    size = min(LABEL, height * 0.68)
    values = [words.gained(row.worth - row.stake, row.stake) for row in rows]
    aside = max(sheet.measure(name, size) for name in names[:ROWS]) + sheet.measure("10", size, "bold") + GAP
    wide = max(sheet.measure(value, size, "bold") for value in values)
    left, right = MARGIN + aside + GAP, sheet.width - MARGIN
    colours = sheet.colours
    zero, scale = _scale(rows, left, right, wide + GAP)
    sheet.stroke((zero, below + 4), (zero, below + height * len(rows) - 4), colours.quiet)
    for place, (row, name, value) in enumerate(zip(rows, names, values, strict=False), 1):
        middle = below + height * (place - 0.5)
        _row(sheet, place, name, size, middle)
        colour = colours.bad if _gain(row) < 0 else colours.loud if place == 1 else colours.accent
        _bar(sheet, (zero, middle), zero + _gain(row) * scale, height * 0.6, colour, (value, size))
    return sheet.png()


def _gain(row: RankedPerson) -> float:
    return (row.worth - row.stake) / row.stake if row.stake > 0 else 0.0


def _scale(rows: tuple[RankedPerson, ...], left: float, right: float, aside: float) -> tuple[float, float]:
    """Where nothing is won or lost, and how many pixels a gain of 100 % takes; a value fits beside each bar."""
    best, worst = max(0.0, *map(_gain, rows)), min(0.0, *map(_gain, rows))
    room = right - left - aside - (aside if worst < 0 else 0)
    scale = room / max(best - worst, 0.01)
    return left + (aside - worst * scale if worst < 0 else 0), scale


def _row(sheet: Canvas, place: int, name: str, size: float, middle: float) -> None:
    number, colours = MARGIN + sheet.measure("10", size, "bold"), sheet.colours
    sheet.text(number, middle, str(place), size=size, colour=colours.quiet, weight="bold", across="right")
    sheet.text(number + GAP, middle, name, size=size, colour=colours.ink, weight="bold" if place == 1 else "normal")


def _bar(
    sheet: Canvas, start: tuple[float, float], end: float, thick: float, colour: str, label: tuple[str, float]
) -> None:
    """To the right and full for a gain, to the left and hollow for a loss; `label` is a text and its size."""
    lost = end < start[0]
    sheet.bar(start, end, thick, colour, hollow=lost)
    across: Across = "right" if lost else "left"
    place = end + (-GAP if lost else GAP) * 0.7
    sheet.text(place, start[1], label[0], size=label[1], colour=sheet.colours.ink, weight="bold", across=across)
