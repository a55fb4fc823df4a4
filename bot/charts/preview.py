"""A market at a glance, for the preview of its link. Chats show it about 400 pixels wide, so nothing in it is small."""

from __future__ import annotations

from bot.charts.style import Canvas, shown_all, shown_title
from bot.chat.chart_data import PreviewData, ThemeName
from bot.text import palette
from bot.words import charts as words

HEIGHT = 630
EDGE = 56
TITLE, NAME, PRICE, NOTE = 46, 52, 66, 36
MOST = 4  # outcomes
TOP, STEP = 176, 100
LARGEST, SMALLEST = 128, 60  # the winner's name


def draw(data: PreviewData, theme: ThemeName) -> bytes:
    """PNG of 1200 by 630 pixels."""
    return paint(data, theme).to_png()


def paint(data: PreviewData, theme: ThemeName) -> Canvas:
    canvas = Canvas(theme, height=HEIGHT)
    _head(canvas, data)
    if data.winners:
        _winner(canvas, data)
    else:
        _rows(canvas, data)
    rest = data.yes[MOST:]
    more = words.preview_more(len(rest), rest[0][1]) if rest else ""
    canvas.text(canvas.width - EDGE, HEIGHT - 46, more, size=NOTE, colour=canvas.colours.quiet, align="right")
    free = canvas.width - 2 * EDGE - canvas.measure(more, NOTE) - 40
    note = canvas.shortened(words.preview_note(data), free, NOTE)
    canvas.text(EDGE, HEIGHT - 46, note, size=NOTE, colour=canvas.colours.quiet)
    return canvas


def _head(canvas: Canvas, data: PreviewData) -> None:
    colours = canvas.colours
    brand = canvas.measure(words.BRAND, NOTE, "bold")
    canvas.text(canvas.width - EDGE, 72, words.BRAND, size=NOTE, colour=colours.accent, weight="bold", align="right")
    title = canvas.shortened(shown_title(data.market), canvas.width - 2 * EDGE - brand - 40, TITLE, "bold")
    canvas.text(EDGE, 72, title, size=TITLE, colour=colours.ink, weight="bold")


def _rows(canvas: Canvas, data: PreviewData) -> None:
    """Who is ahead, each with a bar that is as long as YES is of a dollar."""
    names, shown = shown_all(data.names), data.yes[:MOST]
    for place, (outcome, yes) in enumerate(shown):
        _row(canvas, TOP + place * STEP, outcome, names[outcome], yes)
    if not shown:
        note = canvas.shortened(words.preview_note(data), canvas.width - 2 * EDGE, SMALLEST, "bold")
        canvas.text(EDGE, HEIGHT / 2, note, size=SMALLEST, colour=canvas.colours.ink, weight="bold")


def _row(canvas: Canvas, middle: float, outcome: int, name: str, yes: int) -> None:
    colours, colour = canvas.colours, canvas.colour(outcome)
    right, price = canvas.width - EDGE, words.cents(yes)
    canvas.mark((EDGE + 18, middle), 34, colour, palette.mark(outcome))
    canvas.text(right, middle, price, size=PRICE, colour=colours.ink, weight="bold", align="right")
    room = right - canvas.measure(price, PRICE, "bold") - 40 - (EDGE + 58)
    canvas.text(EDGE + 58, middle, canvas.shortened(name, room, NAME), size=NAME, colour=colours.ink)
    below = middle + 42
    canvas.bar((EDGE, below), right, 10, colours.raised, hollow=False)
    canvas.bar((EDGE, below), EDGE + (right - EDGE) * min(1.0, yes / 1_000_000), 10, colour, hollow=False)


def _winner(canvas: Canvas, data: PreviewData) -> None:
    """As large as it fits; of a long name the end is cut, never what happened."""
    width, names = canvas.width - 2 * EDGE, list(shown_all(data.names))
    for place, winner in enumerate(data.winners[:4]):
        canvas.bar((0, 8 + 16 * place), canvas.width, 16, canvas.colour(winner), hollow=False)
    text = words.preview_winner(data, names)
    sizes = range(LARGEST, SMALLEST, -4)
    size = next((size for size in sizes if canvas.measure(text, size, "bold") <= width), SMALLEST)
    longest = float(width)
    while canvas.measure(text, size, "bold") > width and longest > size:
        longest *= 0.8
        text = words.preview_winner(data, [canvas.shortened(name, longest, size, "bold") for name in names])
    text = canvas.shortened(text, width, size, "bold")
    canvas.text(EDGE, HEIGHT / 2, text, size=size, colour=canvas.colours.ink, weight="bold")
