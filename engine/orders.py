"""The market tick: one timeline of scheduled steps and intents, applied in order (ENGINE section 7).

The stages of a tick at `now_ms`, with the parameters of that time:

(a) intents accepted before a due freeze;
(b) the due freeze, elimination or final (`engine.schedule`), several after downtime;
(c) the other intents: orders (`engine.execute`), cancels, joins, controls, live parameters;
(d) the sweep (`engine.sweep`), which also runs whenever trading resumes and after every round;
then checks: what was touched at every step, the whole market once (`engine.risk`).

A cut that is not refused begins the tick again on the market as it would be (`engine.branch`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from types import MappingProxyType

from engine import claims
from engine.accounts import run_cancel, run_join, run_leave
from engine.branch import Branch, cut_event
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
    state: MarketState, intents: Iterable[Intent], params: MarketParams, now_ms: int, *, branch: Branch | None = None
) -> tuple[tuple[Fill, ...], MarketState, tuple[Event, ...]]:
    """(fills, new state, events) of the market tick at `now_ms`, ms from the market's start.

    Intents run by (accepted_ms, id), whatever order they come in; a scheduled step runs before intents of the same
    ms. The given state is left untouched. After a `Retune` the new parameters are in its event
    (`engine.events.params_after`) and the caller passes them on. `branch` is what a cut among the intents goes on from
    (`engine.cut`); without it the cut is refused. Raises InvariantBroken, having changed nothing.
    """
    ordered = sort_intents(intents)
    tick = Tick(state, params, now_ms, branch)
    run_intents(tick, ordered)
    if branch is not None and tick.cut is not None:
        tick = _begun_again(tick, ordered, branch, tick.cut)
    return tuple(tick.fills), tick.seal(), tuple(tick.events)


Replacement = Callable[[Tick], None]
"""What is done at the turn of an intent instead of it."""


def run_intents(
    tick: Tick, ordered: Sequence[Intent], instead: Mapping[int, Replacement] = MappingProxyType({})
) -> None:
    """The whole timeline of a tick, the sweep at its end with it, or up to a cut. `instead` replaces intents, by their
    place in the order."""
    seen: set[str] = set()
    working, due = None, 0
    for place, intent in enumerate(ordered):
        if tick.working is not working or intent.accepted_ms >= due:  # only then can a scheduled step be due
            run_due(tick, min(intent.accepted_ms, tick.now_ms))
            working, step = tick.working, next_step(tick.working.state, tick.params)
            due = step.at_ms if step else tick.now_ms + 1
        if place in instead:
            instead[place](tick)
        elif intent.id in seen:
            _refuse_duplicate(tick, intent)
        else:
            _run(tick, intent)
        seen.add(intent.id)
        tick.working.commit()
        if tick.cut is not None:
            return
    run_due(tick, tick.now_ms)
    sweep(tick)


def _begun_again(tick: Tick, ordered: Sequence[Intent], branch: Branch, control: Control) -> Tick:
    """The same tick on the market as it would be: orders after the moment of the cut are refused up to its turn, and
    what was refused before its turn stays refused."""
    instead: dict[int, Replacement] = {
        place: partial(_tell, event) for place, event in refused_places(ordered, tick.events).items()
    }
    for place, intent in enumerate(ordered[: ordered.index(control)]):
        if isinstance(intent, Order) and intent.accepted_ms > branch.moment_ms:
            instead[place] = partial(_tell, refusal(intent, Reason.CUT))
    instead[ordered.index(control)] = partial(_carry_out_cut, tick.before, branch, control)
    again = Tick(branch.state, tick.params_before, tick.now_ms)
    run_intents(again, ordered, instead)
    return again


def _tell(event: Event, tick: Tick) -> None:
    tick.events.append(event)


def _carry_out_cut(before: MarketState, branch: Branch, control: Control, tick: Tick) -> None:
    at_ms = min(control.accepted_ms, tick.now_ms)
    until_ms = claims.renew(tick, at_ms)
    tick.events.append(cut_event(before, branch, control, at_ms, until_ms))


def refused_places(ordered: Sequence[Intent], events: Iterable[Event]) -> dict[int, ControlRefused]:
    """Where joins, leaves, controls and live changes that were refused stand in the order of a tick. A replay does not
    run them: without some orders they might do what they never did. Reused ids are refused in any replay, cancels do
    no harm."""
    places: dict[str, int] = {}
    for place, intent in enumerate(ordered):
        places.setdefault(intent.id, place)
    refused = [event for event in events if isinstance(event, ControlRefused) and event.reason != Reason.DUPLICATE_ID]
    return {places[event.id]: event for event in refused if not isinstance(ordered[places[event.id]], Cancel)}


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
