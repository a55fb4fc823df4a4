"""Prices of all outcomes: a line each with its name at the end, a dot where it was eliminated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from matplotlib.axes import Axes

from bot.charts.layout import Box, best_label_box, spread_apart, time_marks
from bot.charts.style import LABEL, MARGIN, SMALL, Canvas, shown_all, shown_title
from bot.chat.chart_data import PricesData, ThemeName
from bot.words import charts as words

DOLLAR = 1_000_000
WORD_GAP = 14  # pixels between names in one row
Path = list[tuple[int, int]]  # (time, price) of one outcome


def draw(data: PricesData, theme: ThemeName) -> bytes:
    """PNG of the YES prices."""
    canvas = Canvas(theme)
    names = shown_all(data.names)
    below = canvas.draw_title(words.prices_title(data, names), words.prices_note(data, shown_title(data.market)))
    paths = [_path(data, outcome) for outcome in range(len(names))]
    ends = [(outcome, path[-1]) for outcome, path in enumerate(paths) if path and not _is_out(data, outcome)]
    labels = [(outcome, _end_label(data, outcome, names, end[1])) for outcome, end in ends]
    aside = max((canvas.measure(text, LABEL, "bold") for _, text in labels), default=0)
    edges = Box(MARGIN + 76, below + 44, canvas.width - MARGIN - aside - 34, canvas.height - 62)
    axes = canvas.axes(edges.left, edges.top, edges.right, edges.bottom)
    _scale(canvas, axes, data, paths)
    _rounds(canvas, axes, data, edges)
    _lines(canvas, axes, data, paths)
    _label_ends(canvas, axes, [end for _, end in ends], labels, edges)
    _label_exits(canvas, axes, data, names, paths, edges)
    return canvas.to_png()


def _is_out(data: PricesData, outcome: int) -> bool:
    return any(exit_.outcome == outcome for exit_ in data.exits)


def _path(data: PricesData, outcome: int) -> Path:
    """Where it had a price; an eliminated outcome keeps its last one until it is out, the winner ends at a dollar."""
    path = [(at, price) for at, price in zip(data.times, data.yes[outcome], strict=True) if price is not None]
    out = next((exit_.at_ms for exit_ in data.exits if exit_.outcome == outcome), None)
    if path and out is not None:
        path = [point for point in path if point[0] < out] or path[:1]
        path.append((max(out, path[-1][0]), path[-1][1]))
    if path and data.winner == outcome:
        last = data.times[-1]
        path = [point for point in path if point[0] < last]
        path = [*path, (last, path[-1][1] if path else DOLLAR), (last, DOLLAR)]
    return path


def _end_label(data: PricesData, outcome: int, names: Sequence[str], price: int) -> str:
    return f"{names[outcome]} $1" if data.winner == outcome else f"{names[outcome]} {words.cents(price)}"


def _scale(canvas: Canvas, axes: Axes, data: PricesData, paths: Sequence[Path]) -> None:
    top = max((price for path in paths for _, price in path), default=DOLLAR)
    high = min(DOLLAR, -(-(top + 20_000) // 100_000) * 100_000)
    step = 250_000 if high > 600_000 else 100_000 if high > 200_000 else 50_000
    first, last = (data.times[0], data.times[-1]) if data.times else (0, 1)
    axes.set_xlim(first, max(last, first + 1))
    axes.set_ylim(0, high * 1.02)
    canvas.set_y_labels(axes, [(at, words.cents(at) if at < DOLLAR else "$1") for at in range(0, high + 1, step)])
    marks = time_marks(first, max(last, first + 1))
    axes.set_xticks([at for at, _ in marks], [text for _, text in marks])
    for begin, end in data.frozen:
        axes.axvspan(begin, end, color=canvas.colours.raised, linewidth=0, zorder=0)


def _rounds(canvas: Canvas, axes: Axes, data: PricesData, edges: Box) -> None:
    """A thin line at each elimination with the round's name above the plot, shortened where there is no room."""
    moments = {exit_.at_ms: words.round_name(exit_) for exit_ in data.exits}
    if not moments:
        return
    places = [_x(axes, at, edges) for at in moments]
    names = list(moments.values())
    widest = max(canvas.measure(name, SMALL) for name in names) + 18
    if widest * len(names) > edges.right - edges.left + widest:
        names = [name.replace("Round ", "R") for name in names]
        widest = max(canvas.measure(name, SMALL) for name in names) + 14
    middles = spread_apart(places, widest, edges.left + widest / 2, max(edges.right, edges.left + widest))
    for at, name, middle in zip(moments, names, middles, strict=True):
        axes.axvline(at, color=canvas.colours.quiet, linewidth=2, alpha=0.55, zorder=1)
        canvas.text(middle, edges.top - 20, name, size=SMALL, colour=canvas.colours.quiet, align="center")


def _lines(canvas: Canvas, axes: Axes, data: PricesData, paths: Sequence[Path]) -> None:
    """Who is in is drawn over who is out, the highest on top."""
    drawn = [outcome for outcome, path in enumerate(paths) if path]
    for place, outcome in enumerate(sorted(drawn, key=lambda each: (not _is_out(data, each), paths[each][-1][1]))):
        out, won, colour = _is_out(data, outcome), data.winner == outcome, canvas.colour(outcome)
        times, values = [at for at, _ in paths[outcome]], [price for _, price in paths[outcome]]
        width, alpha = (4, 0.8) if out else (5.5, 1)
        axes.plot(times, values, color=colour, linewidth=width, alpha=alpha, zorder=2 + place / 50, clip_on=False)
        axes.plot(
            times[-1:], values[-1:], marker="*" if won else "o", markersize=30 if won else 15 if out else 11,
            color=colour, markeredgecolor=canvas.colours.panel, markeredgewidth=2.5, clip_on=False, zorder=4,
        )  # fmt: skip


def _label_ends(
    canvas: Canvas, axes: Axes, ends: Sequence[tuple[int, int]], labels: Sequence[tuple[int, str]], edges: Box
) -> None:
    """Name and price at each line's end, pushed apart; a thin stroke leads there where one was pushed far."""
    heights = [_y(axes, price, edges) for _, price in ends]
    places = spread_apart(heights, LABEL * 1.2, edges.top, edges.bottom)
    for (outcome, text), end, height, place in zip(labels, ends, heights, places, strict=True):
        left = _x(axes, end[0], edges) + 26
        if abs(place - height) > LABEL * 0.4:
            canvas.draw_line((left - 14, height), (left - 5, place), canvas.colour(outcome))
        canvas.text(left, place, text, size=LABEL, colour=canvas.colour(outcome), weight="bold")


def _label_exits(
    canvas: Canvas, axes: Axes, data: PricesData, names: Sequence[str], paths: Sequence[Path], edges: Box
) -> None:
    """The names of who is out beside their dots, where they hide the least of the lines."""
    line_points = _points_on_lines(axes, paths, edges)
    inside = replace(edges, bottom=edges.bottom + 8)
    dots = {
        outcome: (_x(axes, path[-1][0], edges), _y(axes, path[-1][1], edges))
        for outcome, path in enumerate(paths)
        if path
    }
    taken = [Box(x - 12, y - 12, x + 12, y + 12) for x, y in dots.values()]
    for group in _neighbours(canvas, data, names, dots, (edges.right - edges.left) * 0.45):
        dot = dots[group[0]]
        widths = [canvas.measure(names[outcome], SMALL, "bold") + WORD_GAP for outcome in group]
        box = best_label_box(dot, (sum(widths), SMALL * 1.15), inside, taken, line_points)
        taken.append(box)
        middle, left = (box.top + box.bottom) / 2, box.left + WORD_GAP / 2
        if abs(middle - dot[1]) > SMALL * 1.2:
            canvas.draw_line(dot, (min(max(dot[0], box.left), box.right), middle), canvas.colour(group[0]))
        for outcome, width in zip(group, widths, strict=True):
            colour = canvas.colour(outcome)
            canvas.text(left, middle, names[outcome], size=SMALL, colour=colour, weight="bold", halo=True)
            left += width


def _neighbours(
    canvas: Canvas, data: PricesData, names: Sequence[str], dots: Mapping[int, tuple[float, float]], widest: float
) -> list[list[int]]:
    """Outcomes that went together and so close that their names had better stand in one row, the higher first."""
    groups: list[list[int]] = []
    gone = [exit_.outcome for exit_ in data.exits if exit_.outcome in dots]
    for outcome in sorted(gone, key=lambda each: (dots[each][0], dots[each][1], each)):
        last = groups[-1] if groups else []
        row = sum(canvas.measure(names[each], SMALL, "bold") + WORD_GAP for each in [*last, outcome])
        together = last and dots[last[-1]][0] == dots[outcome][0] and dots[outcome][1] - dots[last[0]][1] < SMALL * 1.2
        if together and row <= widest:
            last.append(outcome)
        else:
            groups.append([outcome])
    return groups


def _points_on_lines(axes: Axes, paths: Sequence[Path], edges: Box, step: float = 6.0) -> list[tuple[float, float]]:
    """Points every few pixels along all lines."""
    points: list[tuple[float, float]] = []
    for path in paths:
        pixels = [(_x(axes, at, edges), _y(axes, price, edges)) for at, price in path]
        for (x0, y0), (x1, y1) in pairwise(pixels):
            count = int(max(abs(x1 - x0), abs(y1 - y0)) // step) + 1
            points.extend((x0 + (x1 - x0) * part / count, y0 + (y1 - y0) * part / count) for part in range(count))
    return points


def _x(axes: Axes, at: float, edges: Box) -> float:
    low, high = axes.get_xlim()
    return edges.left + (at - low) / (high - low) * (edges.right - edges.left)


def _y(axes: Axes, price: float, edges: Box) -> float:
    low, high = axes.get_ylim()
    return edges.bottom - (price - low) / (high - low) * (edges.bottom - edges.top)
