"""Where things go: round marks on the axes, labels spread so that none hides another. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
STEPS = (
    *(seconds * 1000 for seconds in (1, 2, 5, 10, 15, 30)),
    *(minutes * MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * HOUR for hours in (1, 2, 3, 6, 12)),
    *(days * DAY for days in (1, 2, 3, 7, 14, 30, 90, 365)),
)


def spread_apart(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions as near as possible to `wanted` (least squares), `gap` apart in their order, between `low` and `high`.

    Where there is not room for all at that gap they are set evenly.
    """
    count = len(wanted)
    if count and (count - 1) * gap > high - low:
        gap = (high - low) / max(1, count - 1)
    order = sorted(range(count), key=lambda index: (wanted[index], index))
    blocks: list[list[float]] = []  # [sum, how many] of shifted positions that share one place
    for place, index in enumerate(order):
        blocks.append([min(max(wanted[index], low), high) - place * gap, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, size = blocks.pop()
            blocks[-1] = [blocks[-1][0] + total, blocks[-1][1] + size]
    shifted = [total / size for total, size in blocks for _ in range(int(size))]
    top = high - (count - 1) * gap
    positions = [0.0] * count
    for place, index in enumerate(order):
        positions[index] = min(max(shifted[place], low), top) + place * gap
    return positions


def time_marks(first_ms: int, last_ms: int, most: int = 6) -> list[tuple[int, str]]:
    """At most `most` round moments with the shortest label that tells them apart, in UTC."""
    span = max(1, last_ms - first_ms)
    step = next((size for size in STEPS if span // size <= most - 1), STEPS[-1] * (span // (STEPS[-1] * most) + 1))
    start = -(-first_ms // step) * step
    return [(at, _moment_label(at, step)) for at in range(start, last_ms + 1, step)]


def _moment_label(at_ms: int, step: int) -> str:
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    if step >= DAY:
        return f"{at.day} {at:%b}"
    return f"{at:%H:%M}" if step >= MINUTE else f"{at:%H:%M:%S}"


def round_step(span: float, most: int) -> float:
    """The least of 1, 2, 2.5, 5 times a power of ten that divides `span` into at most `most` parts."""
    power = 10.0
    while power > max(span, 1e-9) / most:
        power /= 10
    while True:
        for factor in (1.0, 2.0, 2.5, 5.0):
            if span / (factor * power) <= most:
                return factor * power
        power *= 10


def bins(times: Sequence[int], amounts: Sequence[int], most: int) -> tuple[list[float], list[int], float]:
    """Sums over at most `most` intervals of equal length: their middles, the sums, and the length."""
    if not times:
        return [], [], 1.0
    first, last = times[0], times[-1]
    count = max(1, min(most, len(times)))
    width = max(1.0, (last - first) / count)
    sums = [0] * count
    for at, amount in zip(times, amounts, strict=True):
        sums[min(count - 1, int((at - first) / width))] += amount
    return [first + (index + 0.5) * width for index in range(count)], sums, width


@dataclass(frozen=True, slots=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: Box) -> float:
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return width * height if width > 0 and height > 0 else 0.0


def best_label_box(
    dot: tuple[float, float], size: tuple[float, float], inside: Box, taken: Sequence[Box],
    line_points: Sequence[tuple[float, float]],
) -> Box:  # fmt: skip
    """The place near `dot` for a label of `size` that hides the least: no other label, few points of lines (`ink`)."""
    width, height = size
    best, least = None, float("inf")
    for down in (0, -1, 1, -2, 2, -3, 3, -4, 4):
        for side in (0.0, -1.0, -0.5):  # right of the dot, left of it, centred on it
            if side == -0.5 and down == 0:
                continue
            left = dot[0] + side * width + (16 if side == 0 else -16 if side == -1 else 0)
            middle = dot[1] + down * height * 0.75
            box = Box(left, middle - height / 2, left + width, middle + height / 2)
            outside = width * height - box.overlap(inside)
            hidden = sum(1 for x, y in line_points if box.left < x < box.right and box.top < y < box.bottom)
            cost = (
                hidden + 12 * abs(down) + (2 if side else 0) + outside + 10 * sum(box.overlap(each) for each in taken)
            )
            if cost < least:
                best, least = box, cost
    assert best is not None
    return best
