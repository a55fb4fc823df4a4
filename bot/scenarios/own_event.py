"""Anybody's event as one to play: an event file, its timetable (or one made for it), results drawn by its odds, and
forecasts that wander towards them.

Nobody knows how the event ends, so the seed decides: who wins is drawn with the odds as chances, and so is everybody's
place behind them; whoever a round asks for are the last of those still in. What the file itself names happens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random

from bot.chat.facts import When
from bot.market import timetable
from bot.market.draft import Draft, build
from bot.market.event_file import EventFile
from bot.market.timetable import Timetable, TimetableEntry
from bot.scenarios.scenario import MICRO, Forecast, Scenario, ScenarioRound
from bot.scenarios.timeline import joined
from bot.scenarios.traders import by_weight, seeded_random
from engine.terms import MarketParams, Problem, Round
from engine.units import RATE

HOUR, DAY = 3_600_000, 86_400_000
BEGIN_MS = 1_893_495_600_000  # 1 January 2030, 11:00 UTC: where the file names no moment
TICKS = 240  # about so many in which people trade
FORECASTS = 60
LEAST_CHANCE = 2_000  # millionths
WANDER, PULL = 90, 6  # per mille: how far a chance moves between two forecasts, and how far towards what happens
MADE_FREEZE_MS = 2 * HOUR


def own_event(event: EventFile, seed: int) -> Scenario | tuple[Problem, ...]:
    """The event as a scenario; problems where its timetable, read from its own beginning, is none."""
    start_ms, draft = _planned(event)
    params = build(draft, start_ms)
    if not isinstance(params, MarketParams):
        return params
    tick_ms = max(params.batch_interval_ms, _even_tick(params))
    draft = replace(draft, values={**draft.values, "batch_interval_ms": f"{tick_ms}ms"})
    params = build(draft, start_ms)
    if not isinstance(params, MarketParams):
        return params
    values = {**event.values, "rounds": params.rounds, "batch_interval_ms": tick_ms}
    weights = [share * MICRO // RATE for share in params.odds]
    places = _places(params.rounds, weights, seeded_random("result", seed))
    steps = tuple(_steps(params, places, start_ms, tick_ms))
    rng = seeded_random("forecasts", seed)
    return Scenario(
        title=event.title,
        about=event.about,
        names=params.outcome_names,
        odds=tuple(Decimal(share) / RATE for share in params.odds),
        start_ms=start_ms,
        tick_ms=tick_ms,
        ticks=-(-(steps[-1].until_ms - start_ms) // tick_ms) + 1,
        gas=Decimal(params.gas_fee) / MICRO,
        steps=steps,
        winner=places[0],
        forecasts=tuple(_forecasts(weights, places, steps, start_ms, rng)),
        event=replace(event, values=values, params=params, draft=draft, start_ms=None, opened=True),
        skips_freezes=True,
    )


def _planned(event: EventFile) -> tuple[int, Draft]:
    """When it starts, and its draft with a timetable. It depends on nothing but the file: where that names moments but
    no start, it starts a day before the first of them."""
    names, draft = event.params.outcome_names, event.draft
    if not draft.timetable:
        made = Timetable(start_ms=None, entries=tuple(_made_rounds(len(names))))
        values = {name: value for name, value in draft.values.items() if name != "duration"}
        draft = Draft(values=values, timetable=timetable.render(made, names, kept=True))
    table = timetable.read(draft.timetable, names, draft.assumed_start_ms)
    entries = table.entries if isinstance(table, Timetable) else ()
    moments = [when.ms for entry in entries for when in (entry.freeze, entry.decide) if not when.relative]
    start_ms = event.start_ms
    if start_ms is None:
        start_ms = min(moments) - DAY if moments else BEGIN_MS
    return start_ms, replace(draft, assumed_start_ms=start_ms)


def _made_rounds(outcomes: int) -> Iterator[TimetableEntry]:
    """A round a day in which about half go out, then the final."""
    freeze, left = 8 * HOUR, outcomes
    while left > 2:
        gone = left // 2
        yield TimetableEntry(freeze=_after(freeze), decide=_after(freeze + MADE_FREEZE_MS), count=gone)
        freeze, left = freeze + DAY, left - gone
    yield TimetableEntry(freeze=_after(freeze), decide=_after(freeze + MADE_FREEZE_MS), winner="ask")


def _after(ms: int) -> When:
    return When(ms, relative=True)


def _even_tick(params: MarketParams) -> int:
    """So long that trading takes `TICKS` ticks, in whole seconds."""
    closed = joined([(round_.freeze_at, round_.decide_at) for round_ in params.rounds])
    trading = params.rounds[-1].decide_at - sum(until - since for since, until in closed)
    return max(1, -(-trading // TICKS // 1_000)) * 1_000


def _places(rounds: Sequence[Round], weights: Sequence[int], rng: Random) -> tuple[int, ...]:
    """Everybody's place, the winner first, drawn by the odds; who the rounds name goes when they say so."""
    named = {loser: number for number, round_ in enumerate(rounds) for loser in _named(round_)}
    winner = rounds[-1].winner
    free = [outcome for outcome in range(len(weights)) if outcome not in named]
    first = winner if isinstance(winner, int) else free[by_weight(rng, [weights[each] for each in free])]
    free.remove(first)
    drawn = [first]
    while free:
        drawn.append(free.pop(by_weight(rng, [weights[each] for each in free])))
    gone: list[int] = []
    for round_ in rounds[:-1]:
        out = _named(round_) or tuple(drawn[-round_.count :])
        drawn = [outcome for outcome in drawn if outcome not in out]
        gone[:0] = out
    return (*drawn, *gone)


def _named(round_: Round) -> tuple[int, ...]:
    return round_.losers if isinstance(round_.losers, tuple) and not round_.is_final else ()


def _steps(params: MarketParams, places: Sequence[int], start_ms: int, tick_ms: int) -> Iterator[ScenarioRound]:
    """The rounds with their results. Who has to name them does so once trading has stopped, and not before the round
    before it is over."""
    left, over_ms = list(places), start_ms
    for round_ in params.rounds:
        asked = round_.winner == "ask" if round_.is_final else round_.losers == "ask"
        freeze_ms = max(start_ms + round_.freeze_at, over_ms)
        decide_ms = max(start_ms + round_.decide_at, freeze_ms + 2 * tick_ms if asked else freeze_ms)
        out = tuple(left[1:]) if round_.is_final else _named(round_) or tuple(left[-round_.count :])
        left = [outcome for outcome in left if outcome not in out]
        window_ms = params.dispute_window if round_.is_final else params.round_window
        step = ScenarioRound(
            freeze_ms=freeze_ms,
            decide_ms=decide_ms,
            out=out,
            reason="drawn by the demo, with the odds as chances",
            window_ms=window_ms,
            asked=asked,
        )
        over_ms = step.until_ms + 2 * tick_ms
        yield step


def _forecasts(
    weights: Sequence[int], places: Sequence[int], steps: Sequence[ScenarioRound], start_ms: int, rng: Random
) -> Iterator[Forecast]:
    """Chances that wander from the odds, a little towards what will happen; who is out has none."""
    chances, leaves = [max(LEAST_CHANCE, weight) for weight in weights], dict[int, int]()
    for step in steps:
        leaves |= dict.fromkeys(step.out, step.until_ms)
    end_ms = steps[-1].until_ms
    for number in range(1, FORECASTS):
        at_ms = start_ms + (end_ms - start_ms) * number // FORECASTS
        for outcome in range(len(chances)):
            lean = PULL if leaves.get(outcome, end_ms) == end_ms else -PULL
            lean += PULL if outcome == places[0] else 0
            chances[outcome] = chances[outcome] * (1_000 + rng.randrange(-WANDER, WANDER + 1) + lean) // 1_000
        known = [
            max(LEAST_CHANCE, chance) if leaves.get(outcome, end_ms) >= at_ms else 0
            for outcome, chance in enumerate(chances)
        ]
        total = sum(known)
        chances = [max(LEAST_CHANCE, chance * MICRO // total) for chance in chances]
        yield Forecast(at_ms=at_ms, chances=tuple(chance * MICRO // total for chance in known))
