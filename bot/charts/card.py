"""How a market ended, as a picture to show around: the winner large, the podium, and the way the prices went."""

from __future__ import annotations

from bot.charts.prices import MOST_NAMED, Path, path_of, stepped
from bot.charts.style import DASHES, LABEL, MARKERS, NOTE, SMALL, Canvas, shown, shown_all, shown_title
from bot.chat.chart_data import CardData, RankedPerson, ThemeName
from bot.text import palette
from bot.text.numbers import gain
from bot.words import charts as words

HEIGHT = 630  # of a link's preview, 1200 wide
EDGE = 60
LARGEST, SMALLEST = 104, 56  # the winner's name
PODIUM_LEFT, PODIUM_TOP, STEP = 760, 322, 68
PATHS = (EDGE, 292, 690, 560)  # left, top, right, bottom
MEDALS = ("#f5c542", "#c3ccd6", "#dd9a66")
ON_MEDAL = "#14181f"


def draw(data: CardData, theme: ThemeName) -> bytes:
    """PNG of 1200 by 630 pixels."""
    return paint(data, theme).to_png()


def paint(data: CardData, theme: ThemeName) -> Canvas:
    canvas = Canvas(theme, height=HEIGHT)
    _headline(canvas, data)
    _paths(canvas, data)
    _podium(canvas, data)
    return canvas


def _headline(canvas: Canvas, data: CardData) -> None:
    """Of which market, who, and how far they came; a bar in the winner's colour along the edge."""
    colours, winners = canvas.colours, data.prices.winners
    for place, winner in enumerate(winners[:4]):
        canvas.bar((0, 8 + 16 * place), canvas.width, 16, canvas.colour(winner), hollow=False)
    width = canvas.width - 2 * EDGE
    brand = canvas.measure(words.BRAND, NOTE, "bold")
    title = canvas.shortened(shown_title(data.market), width - brand - EDGE, NOTE)
    canvas.text(EDGE, 84, title, size=NOTE, colour=colours.quiet)
    canvas.text(canvas.width - EDGE, 84, words.BRAND, size=NOTE, colour=colours.accent, weight="bold", align="right")
    text, size = _title(canvas, data, width)
    canvas.text(EDGE, 168, text, size=size, colour=colours.ink, weight="bold")
    note = canvas.shortened(words.card_note(data), width, LABEL)
    canvas.text(EDGE, 252, note, size=LABEL, colour=colours.quiet)


def _title(canvas: Canvas, data: CardData, width: float) -> tuple[str, float]:
    """As large as it fits; of a long name the end is cut, never what happened."""
    names = shown_all(data.prices.names)
    text = words.card_title(data, names)
    if canvas.measure(text, SMALLEST, "bold") > width:
        most = width - canvas.measure(words.card_title(data, [""] * len(names)), SMALLEST, "bold")
        each = most / min(2, len(data.prices.winners))
        text = words.card_title(data, [canvas.shortened(name, each, SMALLEST, "bold") for name in names])
    sizes = range(LARGEST, SMALLEST, -4)
    return text, next((size for size in sizes if canvas.measure(text, size, "bold") <= width), SMALLEST)


def _paths(canvas: Canvas, data: CardData) -> None:
    """All prices of YES, the winners' over the others'."""
    prices = data.prices
    if not prices.times:
        return
    axes = canvas.axes(*PATHS)
    axes.set_xticks([])
    canvas.set_y_labels(axes, [(0, ""), (500_000, ""), (1_000_000, "")])
    axes.set_xlim(prices.times[0], max(prices.times[-1], prices.times[0] + 1))
    axes.set_ylim(0, 1_060_000)
    for place, outcome in enumerate(sorted(range(len(prices.names)), key=lambda each: each in prices.winners)):
        path: Path = path_of(prices, outcome)
        if not path:
            continue
        won, quiet = outcome in prices.winners, len(prices.names) > MOST_NAMED
        colour = canvas.colours.quiet if quiet and not won else canvas.colour(outcome)
        drawn = stepped(path)
        axes.plot(
            [at for at, _ in drawn], [price for _, price in drawn], color=colour, linewidth=7 if won else 3,
            alpha=1 if won else 0.35 if quiet else 0.55, linestyle="-" if quiet else DASHES[palette.mark(outcome)],
            zorder=2 + place / 50,
        )  # fmt: skip
        at, price = path[-1]
        axes.plot(
            [at], [price], marker="*" if won else MARKERS[palette.mark(outcome)], markersize=38 if won else 9,
            color=colour, markeredgecolor=canvas.colours.panel, markeredgewidth=2.5, clip_on=False,
            zorder=5 if won else 4,
        )  # fmt: skip


def _podium(canvas: Canvas, data: CardData) -> None:
    if not data.podium:
        canvas.text(PODIUM_LEFT, PODIUM_TOP, words.NOBODY_TRADED, size=LABEL, colour=canvas.colours.quiet)
        return
    names = [shown(row.name, number) for number, row in enumerate(data.podium, 1)]
    for number, (row, name) in enumerate(zip(data.podium, names, strict=True)):
        _step(canvas, row, name, PODIUM_TOP + number * STEP)
    if data.more:
        below = PODIUM_TOP + len(names) * STEP - 8
        canvas.text(PODIUM_LEFT, below, words.card_more(data.more), size=SMALL, colour=canvas.colours.quiet)


def _step(canvas: Canvas, row: RankedPerson, name: str, middle: float) -> None:
    """A medal for who has gained, else the place in words; the name, and how much it was."""
    colours, right = canvas.colours, canvas.width - EDGE
    place = int("".join(char for char in row.place if char.isdigit()))
    amount, gained = gain(row.worth, row.stake)
    if amount.startswith("+"):
        canvas.mark((PODIUM_LEFT + 22, middle), 46, MEDALS[min(place, 3) - 1], "round")
        canvas.text(PODIUM_LEFT + 22, middle, str(place), size=SMALL, colour=ON_MEDAL, weight="bold", align="center")
    else:
        canvas.text(PODIUM_LEFT, middle, row.place, size=SMALL, colour=colours.quiet, weight="bold")
    canvas.text(right, middle, gained, size=LABEL, colour=colours.ink, weight="bold", align="right")
    room = right - canvas.measure(gained, LABEL, "bold") - 24 - (PODIUM_LEFT + 62)
    canvas.text(PODIUM_LEFT + 62, middle, canvas.shortened(name, room, LABEL), size=LABEL, colour=colours.ink)
