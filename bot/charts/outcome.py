"""One outcome: YES as a line, NO as a broken one, what was traded as bars below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from matplotlib.axes import Axes

from bot.charts.layout import Box, bins, spread_apart, time_marks
from bot.charts.style import LABEL, MARGIN, SMALL, TITLE, TITLE_NAME, Canvas, shown, shown_title
from bot.chat.chart_data import OutcomeData, ThemeName
from bot.words import charts as words

DOLLAR = 1_000_000
BARS = 60


def draw(data: OutcomeData, theme: ThemeName) -> bytes:
    """PNG of one outcome's prices and volume."""
    return paint(data, theme).to_png()


def paint(data: OutcomeData, theme: ThemeName) -> Canvas:
    canvas, data = Canvas(theme), _until_the_end(data)
    below = canvas.draw_title(
        words.outcome_title(data, canvas.shortened(shown(data.name, data.outcome + 1), 2 * TITLE_NAME, TITLE, "bold")),
        words.outcome_note(data, shown_title(data.market)),
    )
    ends = [(side, series) for side, series in ((words.YES, data.yes), (words.NO, data.no))]
    labels = [(side, _last(series)) for side, series in ends]
    texts = [words.side_price(side, end[1]) for side, end in labels if end]
    right = canvas.width - MARGIN - max((canvas.measure(text, LABEL, "bold") for text in texts), default=0) - 34
    upper = Box(MARGIN + 76, below + 26, right, canvas.height - 186)
    lower = Box(upper.left, upper.bottom + 22, right, canvas.height - 62)
    axes = canvas.axes(upper.left, upper.top, upper.right, upper.bottom)
    _prices(canvas, axes, data)
    _label(canvas, axes, data, upper)
    bars = canvas.axes(lower.left, lower.top, lower.right, lower.bottom)
    volume_bars(canvas, bars, data.times, data.volume, canvas.colour(data.outcome), lower)
    return canvas


def _until_the_end(data: OutcomeData) -> OutcomeData:
    """Without what came after the outcome was out."""
    end = _last(data.yes)
    if data.exit is None or end is None:
        return data
    stop = end[0] + 1
    return replace(
        data, times=data.times[:stop], yes=data.yes[:stop], no=data.no[:stop], volume=data.volume[:stop],
        frozen=tuple(span for span in data.frozen if span[0] < data.times[end[0]]),
    )  # fmt: skip


def _last(series: Sequence[int | None]) -> tuple[int, int] | None:
    """Index and value of the last price there was."""
    return next(((at, price) for at, price in reversed(list(enumerate(series))) if price is not None), None)


def _prices(canvas: Canvas, axes: Axes, data: OutcomeData) -> None:
    first, last = (data.times[0], data.times[-1]) if data.times else (0, 1)
    prices = [price for series in (data.yes, data.no) for price in series if price is not None]
    low, high = min(prices, default=0), max(prices, default=DOLLAR)
    axes.set_xlim(first, max(last, first + 1))
    bottom, top = max(0, (low - 30_000) // 100_000 * 100_000), min(1_200_000, -(-(high + 30_000) // 100_000) * 100_000)
    axes.set_ylim(bottom, top)
    step = 250_000 if top - bottom > 600_000 else 100_000 if top - bottom > 200_000 else 50_000
    canvas.set_y_labels(
        axes, [(at, words.cents(at) if at < DOLLAR else "$1") for at in range(-(-bottom // step) * step, top + 1, step)]
    )
    axes.set_xticks([])
    for begin, end in data.frozen:
        axes.axvspan(begin, end, color=canvas.colours.raised, linewidth=0, zorder=0)
    for series, colour, style, width in (
        (data.no, canvas.colours.quiet, (0, (2.2, 1.6)), 4.5),
        (data.yes, canvas.colour(data.outcome), "-", 6),
    ):
        points = [(at, price) for at, price in zip(data.times, series, strict=True) if price is not None]
        times, values = [at for at, _ in points], [price for _, price in points]
        axes.plot(times, values, color=colour, linewidth=width, linestyle=style, drawstyle="steps-post", clip_on=False,
                  zorder=3)  # fmt: skip
        axes.plot(
            times[-1:], values[-1:], marker="o", markersize=15 if data.exit else 12, color=colour,
            markeredgecolor=canvas.colours.panel, markeredgewidth=2.5, clip_on=False, zorder=4,
        )  # fmt: skip


def _label(canvas: Canvas, axes: Axes, data: OutcomeData, edges: Box) -> None:
    """YES and NO with their last prices, beside the ends of their lines."""
    low, high = axes.get_ylim()
    sides = (
        (words.YES, data.yes, canvas.colour(data.outcome)),
        (words.NO, data.no, canvas.colours.quiet),
    )
    ends = [(side, end[1], colour) for side, series, colour in sides if (end := _last(series))]
    heights = [edges.bottom - (price - low) / (high - low) * (edges.bottom - edges.top) for _, price, _ in ends]
    places = spread_apart(heights, LABEL * 1.25, edges.top, edges.bottom)
    for (side, price, colour), place in zip(ends, places, strict=True):
        canvas.text(edges.right + 26, place, words.side_price(side, price), size=LABEL, colour=colour, weight="bold")


def volume_bars(
    canvas: Canvas, axes: Axes, times: Sequence[int], amounts: Sequence[int], colour: str, edges: Box
) -> None:
    """Bars of what was traded, with the highest one's sum beside them and the dates below."""
    first, last = (times[0], times[-1]) if times else (0, 1)
    last = max(last, first + 1)
    middles, sums, width = bins(times, amounts, BARS)
    most = max(sums, default=0)
    axes.bar(middles, sums, width=width * 0.78, color=colour, alpha=0.85, linewidth=0)
    axes.set_xlim(first, last)
    axes.set_ylim(0, max(1, most) * 1.1)
    canvas.set_y_labels(axes, [(0, "$0"), (most, words.scale_dollars(most))] if most else [(0, "$0")])
    marks = time_marks(first, last)
    axes.set_xticks([at for at, _ in marks], [text for _, text in marks])
    label = words.VOLUME_PANEL
    canvas.text(edges.right + 26, (edges.top + edges.bottom) / 2, label, size=SMALL, colour=canvas.colours.quiet)
