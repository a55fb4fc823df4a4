"""The house: what it would lose at worst against what it staked, what it has kept by source, and the volume."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from bot.charts.layout import Box, round_step, spread_apart
from bot.charts.outcome import volume_bars
from bot.charts.style import LABEL, MARGIN, SMALL, Canvas, shown_title
from bot.chat.chart_data import MakerData, ThemeName
from bot.text.numbers import round_money
from bot.words import charts as words

HEIGHT = 900
MOST_SOURCES = 4
LABEL_GAP = 26
Source = tuple[str, Sequence[int]]


def draw(data: MakerData, theme: ThemeName) -> bytes:
    """PNG of risk, profit by source and volume, one above the other."""
    return paint(data, theme).to_png()


def paint(data: MakerData, theme: ThemeName) -> Canvas:
    canvas = Canvas(theme, height=HEIGHT)
    below = canvas.draw_title(words.maker_title(data), words.maker_note(data, shown_title(data.market)))
    sources = _largest(data)
    texts = [_source_label(source) for source in sources] or [words.VOLUME_PANEL]
    right = canvas.width - MARGIN - max(canvas.measure(text, SMALL, "bold") for text in texts) - 34
    left, bottom = MARGIN + 118, canvas.height - 62
    free_height = bottom - below - 146
    risk = Box(left, below + 58, right, below + 58 + free_height * 0.40)
    profit = Box(left, risk.bottom + 80, right, risk.bottom + 80 + free_height * 0.38)
    traded = Box(left, profit.bottom + 34, right, bottom)
    _heading(canvas, words.RISK_PANEL, risk)
    _risk(canvas, canvas.axes(risk.left, risk.top, risk.right, risk.bottom), data, risk)
    _heading(canvas, words.profit_panel(sum(series[-1] for _, series in sources)), profit)
    _profit(canvas, canvas.axes(profit.left, profit.top, profit.right, profit.bottom), data, sources, profit)
    bars = canvas.axes(traded.left, traded.top, traded.right, traded.bottom)
    volume_bars(canvas, bars, data.times, data.volume, canvas.colours.quiet, traded)
    return canvas


def _heading(canvas: Canvas, text: str, edges: Box) -> None:
    canvas.text(MARGIN, edges.top - 38, text, size=SMALL, colour=canvas.colours.ink, weight="bold")


def _largest(data: MakerData) -> list[Source]:
    """The sources that gave most, largest first, the rest summed up; none that gave nothing."""
    giving = sorted((source for source in data.profit if source[1] and source[1][-1]), key=lambda each: -each[1][-1])
    shown: list[Source] = [(words.SOURCES.get(name, name), series) for name, series in giving[:MOST_SOURCES]]
    rest = [series for _, series in giving[MOST_SOURCES:]]
    if rest:
        shown.append((words.OTHER_SOURCES, [sum(amounts) for amounts in zip(*rest, strict=True)]))
    return shown


def _source_label(source: Source) -> str:
    return f"{source[0]} {round_money(source[1][-1])}"


def _span(canvas: Canvas, axes: Axes, data: MakerData, low: int, high: float, parts: int) -> None:
    first, last = (data.times[0], data.times[-1]) if data.times else (0, 1)
    axes.set_xlim(first, max(last, first + 1))
    axes.set_xticks([])
    step = max(1, int(round_step(high - low, parts)))
    bottom = int(low * 1.15)
    axes.set_ylim(bottom, high)
    canvas.set_y_labels(axes, [(at, round_money(at)) for at in range(-(-bottom // step) * step, int(high) + 1, step)])


def _risk(canvas: Canvas, axes: Axes, data: MakerData, edges: Box) -> None:
    """The worst case as an area under the line it can never pass."""
    colours = canvas.colours
    _span(canvas, axes, data, min(data.risk, default=0), data.stake * 1.12, 4)
    axes.fill_between(data.times, data.risk, 0, step="post", color=colours.accent, alpha=0.25, linewidth=0)
    axes.plot(data.times, data.risk, drawstyle="steps-post", color=colours.accent, linewidth=5, zorder=3)
    axes.axhline(data.stake, color=colours.loud, linewidth=4, linestyle=(0, (4, 2.4)), zorder=2)
    low, high = axes.get_ylim()
    height = edges.bottom - (data.stake - low) / (high - low) * (edges.bottom - edges.top)
    text = words.stake_label(data.stake)
    canvas.text(
        edges.right, height + 24, text, size=SMALL, colour=colours.loud, weight="bold", align="right", halo=True
    )
    if data.risk:
        place = edges.bottom - (data.risk[-1] - low) / (high - low) * (edges.bottom - edges.top)
        text = round_money(data.risk[-1])
        canvas.text(edges.right + LABEL_GAP, place, text, size=LABEL, colour=colours.accent, weight="bold")


def _profit(canvas: Canvas, axes: Axes, data: MakerData, sources: Sequence[Source], edges: Box) -> None:
    """Running totals, one on the other, the steadiest at the bottom; each named at its right end."""
    total = sum(series[-1] for _, series in sources)
    _span(canvas, axes, data, 0, max(total, 1_000_000) * 1.08, 3)
    if not sources:
        middle = (edges.top + edges.bottom) / 2
        canvas.text(edges.left + 20, middle, words.NOTHING_YET, size=SMALL, colour=canvas.colours.quiet)
        return
    colours = [
        canvas.colours.quiet if name == words.OTHER_SOURCES else canvas.colour(place)
        for place, (name, _) in enumerate(sources)
    ]
    layers = axes.stackplot(data.times, *(series for _, series in sources), colors=colours, linewidth=0, step="post")
    for layer in layers:
        layer.set_edgecolor(canvas.colours.panel)
        layer.set_linewidth(1.5)
    low, high = axes.get_ylim()
    heights, base = [], 0.0
    for _, series in sources:
        heights.append(edges.bottom - (base + series[-1] / 2 - low) / (high - low) * (edges.bottom - edges.top))
        base += series[-1]
    places = spread_apart(heights, SMALL * 1.25, edges.top, edges.bottom)
    for source, colour, height, place in zip(sources, colours, heights, places, strict=True):
        if abs(place - height) > SMALL * 0.5:
            canvas.draw_line((edges.right + 3, height), (edges.right + 20, place), colour)
        canvas.text(edges.right + LABEL_GAP, place, _source_label(source), size=SMALL, colour=colour, weight="bold")
