"""What was traded over time, a bar a stretch, in it every outcome in its colour, the most traded at the bottom."""

from __future__ import annotations

from matplotlib.axes import Axes

from bot.charts.layout import Box, bins, round_step, spread_apart, time_marks
from bot.charts.style import MARGIN, SMALL, Canvas, shown, shown_title
from bot.chat.chart_data import ThemeName, VolumeData
from bot.words import charts as words

BARS = 48
LABEL_ROOM = 300


def draw(data: VolumeData, theme: ThemeName) -> bytes:
    """PNG of the money traded."""
    canvas = Canvas(theme)
    names = [shown(name, number + 1) for number, name in enumerate(data.names)]
    below = canvas.draw_title(words.volume_title(data, names), words.volume_note(data, shown_title(data.market)))
    order = sorted(range(len(names)), key=lambda at: (-data.totals[at], at))
    traded = [number for number in order if data.totals[number]]
    texts = {number: _label(canvas, names[number], data.totals[number]) for number in traded}
    widest = max((canvas.measure(text, SMALL, "bold") for text in texts.values()), default=0)
    edges = Box(MARGIN + 118, below + 26, canvas.width - MARGIN - widest - 40, canvas.height - 62)
    axes = canvas.axes(edges.left, edges.top, edges.right, edges.bottom)
    _bars(canvas, axes, data, traded)
    if not traded:
        middle = (edges.top + edges.bottom) / 2
        canvas.text(edges.left + 20, middle, words.NOTHING_YET, size=SMALL, colour=canvas.colours.quiet)
    step = (edges.bottom - edges.top) / max(1, len(traded))
    wanted = [edges.bottom - step * (place + 0.5) for place in range(len(traded))]
    for number, place in zip(traded, spread_apart(wanted, SMALL * 1.3, edges.top, edges.bottom), strict=True):
        canvas.bar((edges.right + 20, place), edges.right + 30, SMALL, canvas.colour(number), hollow=False)
        canvas.text(edges.right + 40, place, texts[number], size=SMALL, colour=canvas.colour(number), weight="bold")
    return canvas.to_png()


def _label(canvas: Canvas, name: str, total: int) -> str:
    """A long name is cut, never the money."""
    free_width = LABEL_ROOM - canvas.measure(words.volume_label("", total), SMALL, "bold")
    return words.volume_label(canvas.shortened(name, free_width, SMALL, "bold"), total)


def _bars(canvas: Canvas, axes: Axes, data: VolumeData, traded: list[int]) -> None:
    """One on the other; a thin line of ground keeps neighbours apart for whom their colours do not."""
    first, last = (data.times[0], data.times[-1]) if data.times else (0, 1)
    last = max(last, first + 1)
    base: list[int] = []
    for number in traded:
        middles, sums, width = bins(data.times, data.volume[number], BARS)
        base = base or [0] * len(sums)
        axes.bar(middles, sums, width=width * 0.8, bottom=base, color=canvas.colour(number),
                 edgecolor=canvas.colours.panel, linewidth=1.5)  # fmt: skip
        base = [low + amount for low, amount in zip(base, sums, strict=True)]
    top = max([*base, 1_000_000]) * 1.08
    axes.set_xlim(first, last)
    axes.set_ylim(0, top)
    step = max(1, int(round_step(top, 5)))
    canvas.set_y_labels(axes, [(at, words.scale_dollars(at)) for at in range(0, int(top) + 1, step)])
    marks = time_marks(first, last)
    axes.set_xticks([at for at, _ in marks], [text for _, text in marks])
