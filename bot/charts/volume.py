"""What was traded over time, a bar a stretch, in it every outcome in its colour, the most traded at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from bot.charts.layout import Box, bins, round_step, spread_apart, time_marks
from bot.charts.style import MARGIN, SMALL, TITLE, TITLE_NAME, Canvas, shown_all, shown_title
from bot.chat.chart_data import ThemeName, VolumeData
from bot.text import palette
from bot.words import charts as words

BARS = 48
LABEL_ROOM = 390
MOST_LAYERS = 10


def draw(data: VolumeData, theme: ThemeName) -> bytes:
    """PNG of the money traded."""
    return paint(data, theme).to_png()


def paint(data: VolumeData, theme: ThemeName) -> Canvas:
    canvas = Canvas(theme)
    names = shown_all(data.names)
    in_title = [canvas.shortened(name, TITLE_NAME, TITLE, "bold") for name in names]
    below = canvas.draw_title(words.volume_title(data, in_title), words.volume_note(data, shown_title(data.market)))
    layers = _layers(canvas, data, names)
    widest = max((canvas.measure(layer.label, SMALL, "bold") for layer in layers), default=0)
    edges = Box(MARGIN + 118, below + 26, canvas.width - MARGIN - widest - 44, canvas.height - 62)
    axes = canvas.axes(edges.left, edges.top, edges.right, edges.bottom)
    _bars(canvas, axes, data, layers)
    if not layers:
        middle = (edges.top + edges.bottom) / 2
        canvas.text(edges.left + 20, middle, words.NOTHING_YET, size=SMALL, colour=canvas.colours.quiet)
    step = (edges.bottom - edges.top) / max(1, len(layers))
    wanted = [edges.bottom - step * (place + 0.5) for place in range(len(layers))]
    for layer, place in zip(layers, spread_apart(wanted, SMALL * 1.3, edges.top, edges.bottom), strict=True):
        canvas.mark((edges.right + 26, place), SMALL * 0.62, layer.colour, layer.mark)
        canvas.text(edges.right + 44, place, layer.label, size=SMALL, colour=layer.colour, weight="bold")
    return canvas


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    """One part of every bar: an outcome, or all that are traded less than those with a part of their own."""

    label: str
    amounts: Sequence[int]
    colour: str
    mark: palette.Mark = "round"


def _layers(canvas: Canvas, data: VolumeData, names: Sequence[str]) -> list[_Layer]:
    """The most traded first."""
    order = sorted(range(len(names)), key=lambda at: (-data.totals[at], at))
    traded = [number for number in order if data.totals[number]]
    own = traded if len(traded) <= MOST_LAYERS else traded[: MOST_LAYERS - 1]
    layers = [
        _Layer(
            label=_label(canvas, names[number], data.totals[number]), amounts=data.volume[number],
            colour=canvas.colour(number), mark=palette.mark(number),
        )
        for number in own
    ]  # fmt: skip
    rest = traded[len(own) :]
    if rest:
        amounts = [sum(series) for series in zip(*(data.volume[number] for number in rest), strict=True)]
        label = _label(canvas, words.volume_rest(len(rest)), sum(amounts))
        layers.append(_Layer(label=label, amounts=amounts, colour=canvas.colours.quiet))
    return layers


def _label(canvas: Canvas, name: str, total: int) -> str:
    """A long name is cut, never the money."""
    free_width = LABEL_ROOM - canvas.measure(words.volume_label("", total), SMALL, "bold")
    return words.volume_label(canvas.shortened(name, free_width, SMALL, "bold"), total)


def _bars(canvas: Canvas, axes: Axes, data: VolumeData, layers: Sequence[_Layer]) -> None:
    """One on the other; a thin line of ground keeps neighbours apart for whom their colours do not."""
    first, last = (data.times[0], data.times[-1]) if data.times else (0, 1)
    last = max(last, first + 1)
    base: list[int] = []
    for layer in layers:
        middles, sums, width = bins(data.times, layer.amounts, BARS)
        base = base or [0] * len(sums)
        axes.bar(middles, sums, width=width * 0.8, bottom=base, color=layer.colour,
                 edgecolor=canvas.colours.panel, linewidth=1.5)  # fmt: skip
        base = [low + amount for low, amount in zip(base, sums, strict=True)]
    top = max([*base, 1_000_000]) * 1.08
    axes.set_xlim(first, last)
    axes.set_ylim(0, top)
    step = max(1, int(round_step(top, 5)))
    canvas.set_y_labels(axes, [(at, words.scale_dollars(at)) for at in range(0, int(top) + 1, step)])
    marks = time_marks(first, last)
    axes.set_xticks([at for at, _ in marks], [text for _, text in marks])
