"""How a market runs, in a dozen lines for whoever runs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.chat.reply import Action, Line, Reply, Stamp, bold, code, line
from bot.text.names import clean
from bot.text.numbers import money, percent, round_money, signed_money, span
from bot.words.charts import SOURCES
from bot.words.shared import dotted, listed, people, plural, say
from bot.words.views import status_word, step_words
from storage.outbox import Waiting
from storage.records import Market, MetricRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Beside the market's own row. `times`: how long the last ticks took, microseconds, newest first; `resting`:
    orders in the book; `worst`: the highest risk there ever was."""

    people: int
    pending: int
    actions: int
    resting: int
    times: Sequence[int]
    waiting: Sequence[Waiting]
    metric: MetricRow | None
    worst: int


def monitor(market: Market, numbers: Numbers, now_ms: int) -> Reply:
    """Status, what is next, what it cost and earned, what waits."""
    rows: list[Line] = []
    if market.halted is not None:
        rows.append(line(bold("Halted: "), clean(market.halted), ". ", code("/admin resume"), " tries again."))
    if market.next_step is not None:
        rows.append(line(f"{step_words(market.next_step)} ", Stamp(market.next_step.at_ms, countdown=True), "."))
    traded = f"{round_money(market.volume)} traded in {plural(market.trades, 'trade')}"
    rows.append(line(dotted([people(numbers.people), traded])))
    if market.start_ms is not None:
        rows.append(line(_ticks(market, numbers.times, now_ms)))
    waiting = [plural(numbers.pending, "order"), plural(numbers.actions, "action")]
    rows.append(line(f"Waiting for the next tick: {listed(waiting)}; resting in the book: {numbers.resting:,}."))
    rows += _house(market, numbers.metric, numbers.worst)
    rows += _outbox(numbers.waiting, now_ms)
    return say(f"{clean(market.title)}: {status_word(market)}.", blocks=rows, actions=_buttons(market))


def _ticks(market: Market, times: Sequence[int], now_ms: int) -> str:
    parts = [f"Tick {market.tick:,}"]
    if market.tick_ms is not None:
        parts[0] += f", {span(max(0, now_ms - market.tick_ms))} ago"
    if times:
        middle = sorted(times)[len(times) // 2]
        parts.append(f"took {_ms(times[0])}; of the last {len(times)} half took {_ms(middle)} or less, the longest "
                     f"{_ms(max(times))}")  # fmt: skip
    return f"{dotted(parts)}."


def _ms(us: int) -> str:
    """`4.2 ms`, `1,204 ms`."""
    return f"{us // 1000:,} ms" if us >= 100_000 else f"{us // 1000}.{us % 1000 // 100} ms"


def _house(market: Market, metric: MetricRow | None, worst: int) -> list[Line]:
    most = market.params.z
    if metric is None:
        return [line(f"The house stakes {round_money(most)}.")]
    now, high = max(0, metric.mm_risk), max(0, worst)
    rows = [
        line(
            f"House risks at most {round_money(most)}; right now {round_money(now)}"
            f" ({percent(now * 10**12 // most) if most else '0%'}), at worst so far {round_money(high)}."
        )
    ]
    sources = [
        f"{SOURCES.get(name, name.replace('_', ' '))} {money(amount)}"
        for name, amount in metric.sources.items()
        if amount
    ]
    told = f": {', '.join(sources)}." if sources else "."
    rows.append(line(f"Its profit so far {signed_money(metric.mm_profit)}", told))
    return rows


def _outbox(waiting: Sequence[Waiting], now_ms: int) -> list[Line]:
    """By platform; a quiet line where nothing waits."""
    parts = []
    for one in waiting:
        oldest = f", the oldest for {span(now_ms - one.oldest_ms)}" if one.oldest_ms is not None else ""
        lost = f", {one.dropped:,} given up" if one.dropped else ""
        if one.rows or one.dropped:
            parts.append(f"{one.platform.capitalize()} {plural(one.rows, 'message')}{oldest}{lost}")
    return [line(f"Outbox: {'; '.join(parts)}." if parts else "Outbox: nothing waits.")]


def _buttons(market: Market) -> tuple[Action, ...]:
    if market.start_ms is None:
        return (Action(label="Terms", text="/admin set"), Action(label="Timetable", text="/admin schedule"))
    return (
        Action(label="Risk and profit", text="/admin graph maker"),
        Action(label="People", text="/admin users"),
        Action(label="Log", text="/admin log"),
    )
