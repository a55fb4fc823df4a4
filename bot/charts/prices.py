"""Prices of all outcomes: a line each with its name at the end, a dot where it was eliminated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from matplotlib.axes import Axes

from bot.charts.layout import Box, best_label_box, spread_apart, time_marks
from bot.charts.style import DASHES, LABEL, MARGIN, MARKERS, SMALL, TITLE, TITLE_NAME, Canvas, shown_all, shown_title
from bot.chat.chart_data import Exit, PricesData, ThemeName
from bot.text import palette
from bot.words import charts as words

DOLLAR = 1_000_000
WORD_GAP = 14  # pixels between names in one row
MOST_NAMED = 10  # so many lines are told apart; of more the leading ones are named and the others keep quiet
LEADING = 8
END_NAME, EXIT_NAME = 320, 300  # pixels a name may take there
Path = list[tuple[int, int]]  # (time, price) of one outcome, each price until the next


def draw(data: PricesData, theme: ThemeName) -> bytes:
    """PNG of the YES prices."""
    return paint(data, theme).to_png()


def paint(data: PricesData, theme: ThemeName) -> Canvas:
    canvas = Canvas(theme)
    names = shown_all(data.names)
    in_title = [canvas.shortened(name, TITLE_NAME, TITLE, "bold") for name in names]
    below = canvas.draw_title(words.prices_title(data, in_title), words.prices_note(data, shown_title(data.market)))
    paths = [path_of(data, outcome) for outcome in range(len(names))]
    named, others = _leading(data, paths)
    labels = [(outcome, _end_label(canvas, data, names[outcome], outcome, paths)) for outcome in named]
    texts = [text for _, text in labels]
    if others:
        texts.append(words.more_outcomes(len(others), max(paths[outcome][-1][1] for outcome in others)))
    aside = max((canvas.measure(text, LABEL, "bold") for text in texts), default=0)
    edges = Box(MARGIN + 76, below + 44, canvas.width - MARGIN - aside - 34, canvas.height - 62)
    axes = canvas.axes(edges.left, edges.top, edges.right, edges.bottom)
    _scale(canvas, axes, data, paths)
    _rounds(canvas, axes, data, edges)
    _lines(canvas, axes, data, paths, others)
    _label_ends(canvas, axes, paths, labels, (others, texts[-1] if others else ""), edges)
    if len(names) <= MOST_NAMED:
        _label_exits(
            canvas, axes, data, [canvas.shortened(name, EXIT_NAME, SMALL, "bold") for name in names], paths, edges
        )
    return canvas


def _exit(data: PricesData, outcome: int) -> Exit | None:
    return next((exit_ for exit_ in data.exits if exit_.outcome == outcome), None)


def _is_out(data: PricesData, outcome: int) -> bool:
    """Of a market that was called off nobody is."""
    return not data.called_off and _exit(data, outcome) is not None


def _leading(data: PricesData, paths: Sequence[Path]) -> tuple[list[int], list[int]]:
    """Whose lines reach the end, the winners first, then by their last price: those to be named, and the others. What
    a round eliminated is among the others where there are more than can be named."""
    exits = {exit_.outcome: exit_ for exit_ in data.exits}
    reaching = [
        outcome for outcome, path in enumerate(paths) if path and (outcome not in exits or exits[outcome].final)
    ]
    reaching.sort(key=lambda outcome: (outcome not in data.winners, -paths[outcome][-1][1], outcome))
    most = MOST_NAMED if len(reaching) <= MOST_NAMED else LEADING
    return reaching[:most], reaching[most:]


def path_of(data: PricesData, outcome: int) -> Path:
    """Where it had a price; an eliminated outcome keeps its last one until it is out, a winner ends at what it pays."""
    path = [(at, price) for at, price in zip(data.times, data.yes[outcome], strict=True) if price is not None]
    exit_ = _exit(data, outcome)
    if path and exit_ is not None:
        path = [point for point in path if point[0] < exit_.at_ms] or path[:1]
        path.append((max(exit_.at_ms, path[-1][0]), path[-1][1]))
    if path and outcome in data.winners:
        last, pays = data.times[-1], DOLLAR // len(data.winners)
        path = [point for point in path if point[0] < last]
        path = [*path, (last, path[-1][1] if path else pays), (last, pays)]
    return path


def stepped(path: Path) -> Path:
    """The path as it is drawn: level until it changes, then straight up or down."""
    corners = path[:1]
    for (_, before), (at, price) in pairwise(path):
        corners += [(at, before), (at, price)] if price != before else [(at, price)]
    return corners


def _end_label(canvas: Canvas, data: PricesData, name: str, outcome: int, paths: Sequence[Path]) -> str:
    """The name, and its price as long as it has one."""
    name, price = canvas.shortened(name, END_NAME, LABEL, "bold"), paths[outcome][-1][1]
    if _is_out(data, outcome):
        return name
    return f"{name} {'$1' if price == DOLLAR else words.cents(price)}"


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
    """A thin line at each elimination with the round's name above the plot: of many as many as there is room for."""
    if data.called_off or not data.exits:
        return
    moments = {exit_.at_ms: words.round_name(exit_) for exit_ in data.exits}
    for at in moments:
        axes.axvline(at, color=canvas.colours.quiet, linewidth=2, alpha=0.55, zorder=1)
    room = edges.right - edges.left
    for names in _round_names(data, moments):
        widest = max(canvas.measure(name, SMALL) for name in names.values()) + 16
        if widest * (len(names) - 1) <= room:
            break
    every = -(-len(names) // max(1, int(room // widest) + 1))
    kept = list(names.items())[::-1][::every][::-1]  # the last always
    places = [_x(axes, at, edges) for at, _ in kept]
    middles = spread_apart(places, widest, edges.left + widest / 2, max(edges.right - widest / 2, edges.left + widest))
    for (_, name), middle in zip(kept, middles, strict=True):
        canvas.text(middle, edges.top - 20, name, size=SMALL, colour=canvas.colours.quiet, align="center")


def _round_names(data: PricesData, moments: Mapping[int, str]) -> list[Mapping[int, str]]:
    """Ever shorter names of the rounds; with how many went where their own names are not beside their lines."""
    shorter = {at: name.replace("Round ", "R") for at, name in moments.items()}
    if len(data.names) <= MOST_NAMED:
        return [moments, shorter]
    gone = Counter(exit_.at_ms for exit_ in data.exits)
    return [{at: words.round_exits(name, gone[at]) for at, name in moments.items()}, moments, shorter]


def _lines(canvas: Canvas, axes: Axes, data: PricesData, paths: Sequence[Path], others: Sequence[int]) -> None:
    """Who is in is drawn over who is out, the highest on top, the quiet ones below all."""
    drawn = [outcome for outcome, path in enumerate(paths) if path]
    out = {outcome for outcome in drawn if _is_out(data, outcome)}
    quiet = {*others, *(out if len(paths) > MOST_NAMED else ())}
    quiet -= {outcome for outcome in out - set(others) if (exit_ := _exit(data, outcome)) and exit_.final}
    order = sorted(drawn, key=lambda each: (each not in quiet, each not in out, paths[each][-1][1]))
    for place, outcome in enumerate(order):
        colour = canvas.colours.quiet if outcome in quiet else canvas.colour(outcome)
        corners = stepped(paths[outcome])
        times, values = [at for at, _ in corners], [price for _, price in corners]
        width, alpha = (2.5, 0.4) if outcome in quiet else (4, 0.8) if outcome in out else (5.5, 1)
        axes.plot(
            times, values, color=colour, linewidth=width, alpha=alpha, zorder=2 + place / 50, clip_on=False,
            linestyle="-" if outcome in quiet else DASHES[palette.mark(outcome)],
        )  # fmt: skip
        size = 8 if outcome in quiet else 15 if outcome in out else 12
        won = outcome in data.winners
        axes.plot(
            times[-1:], values[-1:], marker="*" if won else MARKERS[palette.mark(outcome)],
            markersize=30 if won else size, color=colour, markeredgecolor=canvas.colours.panel, markeredgewidth=2.5,
            clip_on=False, zorder=3.5 if outcome in quiet else 4,
        )  # fmt: skip


def _label_ends(
    canvas: Canvas, axes: Axes, paths: Sequence[Path], labels: Sequence[tuple[int, str]],
    others: tuple[Sequence[int], str], edges: Box,
) -> None:  # fmt: skip
    """Name and price at each line's end, pushed apart; a thin stroke leads there where one was pushed far. Last what
    is said of all the others together."""
    heights = [_y(axes, paths[outcome][-1][1], edges) for outcome, _ in labels]
    lowest = [_y(axes, min(paths[outcome][-1][1] for outcome in others[0]), edges)] if others[0] else []
    places = spread_apart([*heights, *lowest], LABEL * 1.2, edges.top, edges.bottom)
    for (outcome, text), height, place in zip(labels, heights, places, strict=False):
        left, colour = _x(axes, paths[outcome][-1][0], edges) + 26, canvas.colour(outcome)
        if abs(place - height) > LABEL * 0.4:
            canvas.draw_line((left - 14, height), (left - 5, place), colour)
        canvas.text(left, place, text, size=LABEL, colour=colour, weight="bold")
    if lowest:
        canvas.text(edges.right + 26, places[-1], others[1], size=SMALL, colour=canvas.colours.quiet)


def _label_exits(
    canvas: Canvas, axes: Axes, data: PricesData, names: Sequence[str], paths: Sequence[Path], edges: Box
) -> None:
    """The names of whom a round eliminated beside their dots, where they hide the least of the lines."""
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
    gone = [exit_.outcome for exit_ in data.exits if exit_.outcome in dots and not exit_.final]
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
        pixels = [(_x(axes, at, edges), _y(axes, price, edges)) for at, price in stepped(path)]
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
