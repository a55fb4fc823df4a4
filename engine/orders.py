"""The market tick: one timeline of scheduled steps and intents, applied in order (ENGINE section 7).

The stages of a tick at `now_ms`, with the parameters of that time:

(a) intents accepted before a due freeze;
(b) the due freeze, elimination or final (`engine.schedule`), several after downtime;
(c) the other intents: orders (`engine.execute`), cancels, joins, controls, live parameters;
(d) the sweep (`engine.sweep`), which also runs whenever trading resumes and after every round;
then checks: what was touched at every step, the whole market once (`engine.risk`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise

from engine.accounts import run_cancel, run_join, run_leave
from engine.controls import run_control, run_retune
from engine.events import ControlRefused, Event, Fill, Reason
from engine.execute import refusal, run_order
from engine.intents import Cancel, Control, Intent, Join, Leave, Order, intent_to_json
from engine.schedule import next_step, run_step
from engine.state import MarketState
from engine.sweep import sweep
from engine.terms import MarketParams
from engine.tick import Tick


def apply_orders(
    state: MarketState, intents: Iterable[Intent], params: MarketParams, now_ms: int
) -> tuple[tuple[Fill, ...], MarketState, tuple[Event, ...]]:
    """(fills, new state, events) of the market tick at `now_ms`, ms from the market's start.

    Intents run by (accepted_ms, id), whatever order they come in; a scheduled step runs before intents of the same
    ms. The given state is left untouched. After a `Retune` the new parameters are in its event
    (`engine.events.params_after`) and the caller passes them on. Raises InvariantBroken, having changed nothing.
    """
    tick = Tick(state, params, now_ms)
    seen: set[str] = set()
    working, due = None, 0
    for intent in sort_intents(intents):
        if tick.working is not working or intent.accepted_ms >= due:  # only then can a scheduled step be due
            run_due(tick, min(intent.accepted_ms, now_ms))
            working, step = tick.working, next_step(tick.working.state, tick.params)
            due = step.at_ms if step else now_ms + 1
        if intent.id in seen:
            _refuse_duplicate(tick, intent)
        else:
            seen.add(intent.id)
            _run(tick, intent)
        tick.working.commit()
    run_due(tick, now_ms)
    sweep(tick)
    return tuple(tick.fills), tick.seal(), tuple(tick.events)


def sort_intents(intents: Iterable[Intent]) -> list[Intent]:
    """By (accepted_ms, id); those that share both, by their content, so that no order of the list shows."""
    ordered = sorted(intents, key=lambda intent: (intent.accepted_ms, intent.id))
    if any(a.accepted_ms == b.accepted_ms and a.id == b.id for a, b in pairwise(ordered)):
        ordered.sort(key=lambda i: (i.accepted_ms, i.id, json.dumps(intent_to_json(i), sort_keys=True)))
    return ordered


def run_due(tick: Tick, until_ms: int) -> None:
    """Applies every scheduled step whose time has come, in order."""
    while (step := next_step(tick.working.state, tick.params)) and step.at_ms <= until_ms:
        run_step(tick, step)


def _run(tick: Tick, intent: Intent) -> None:
    if isinstance(intent, Order):
        run_order(tick, intent)
    elif isinstance(intent, Join):
        run_join(tick, intent)
    elif isinstance(intent, Leave):
        run_leave(tick, intent)
    elif isinstance(intent, Control):
        run_control(tick, intent)
    elif isinstance(intent, Cancel):
        run_cancel(tick, intent)
    else:
        run_retune(tick, intent)


def _refuse_duplicate(tick: Tick, intent: Intent) -> None:
    """A reused id: nothing happens, and no gas is taken."""
    if isinstance(intent, Order):
        tick.events.append(refusal(intent, Reason.DUPLICATE_ID))
    else:
        tick.events.append(ControlRefused(id=intent.id, reason=Reason.DUPLICATE_ID))
