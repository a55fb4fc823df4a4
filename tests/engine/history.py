"""A market whose ticks are kept, so that it can be cut, and the twin that never got the orders a cut leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine import risk
from engine.branch import Branch
from engine.cut import cut
from engine.events import ControlRefused, Cut, Event, Reason, params_after
from engine.intents import Cancel, Control, Intent, Order
from engine.orders import apply_orders, sort_intents
from engine.params import MarketParams
from engine.state import MarketState, open_market
from tests.engine.balance_changes import cash_changes, escrow_changes


class History:
    """`ticks` are (time, intents), `happened` what came of each."""

    def __init__(self, params: MarketParams) -> None:
        self.first = self.params = params
        self.state = open_market(params)
        self.ticks: list[tuple[int, tuple[Intent, ...]]] = []
        self.happened: list[tuple[Event, ...]] = []

    @property
    def now(self) -> int:
        return self.ticks[-1][0] if self.ticks else 0

    def tick(self, now: int, intents: Sequence[Intent] = ()) -> tuple[Event, ...]:
        """One market tick; a cut in it is worked out as storage does. Every account is held against what is told."""
        before = self.state
        moments = [i.moment_ms for i in sort_intents(intents) if isinstance(i, Control) and i.kind == "cut"]
        branch = self.branch(moments[0]) if moments and moments[0] is not None else None
        fills, self.state, events = apply_orders(before, intents, self.params, now, branch=branch)
        self.params = params_after(self.params, events)
        self.ticks.append((now, tuple(intents)))
        self.happened.append(events)
        risk.check(self.state, self.params)
        for name, told in (("cash", cash_changes(fills, events)), ("escrow", escrow_changes(fills, events))):
            assert told == _changes(before, self.state, name)
        return events

    def branch(self, moment_ms: int) -> Branch:
        return cut(open_market(self.first), self.first, self.ticks, moment_ms)

    def without(self) -> MarketState:
        """The twin: plain ticks, without the orders each cut left out up to its turn, without what was refused. Where a
        claim stands at a cut, its window begins anew."""
        moments = self._moments()
        state, params = open_market(self.first), self.first
        for number, (now, intents) in enumerate(self.ticks):
            ran = [intent for intent in sort_intents(intents) if self._runs(number, intent, moments)]
            place = next((at for at, intent in enumerate(ran) if _is_cut(intent)), None)
            steps, asked = [intent for intent in ran if not _is_cut(intent)], None if place is None else ran[place]
            _, after, events = apply_orders(state, steps[:place], params, now)
            if asked is None or after.claim is None:
                _, after, events = apply_orders(state, steps, params, now)
            else:
                params = params_after(params, events)
                window = params.dispute_window if after.claim.winners else params.round_window
                claim = replace(after.claim, until_ms=min(asked.accepted_ms, now) + window)
                _, after, events = apply_orders(replace(after, claim=claim), steps[place:], params, now)
            state, params = after, params_after(params, events)
        return state

    def _moments(self) -> list[tuple[int, int, tuple[int, str]]]:
        """(tick, moment, turn in the tick) of the cuts that were carried out."""
        return [
            (number, event.moment_ms, (event.at_ms, event.id))
            for number, events in enumerate(self.happened)
            for event in events
            if isinstance(event, Cut)
        ]

    def _runs(self, number: int, intent: Intent, moments: list[tuple[int, int, tuple[int, str]]]) -> bool:
        if isinstance(intent, Order):
            return not any(
                intent.accepted_ms > moment and (number, (intent.accepted_ms, intent.id)) < (tick, turn)
                for tick, moment, turn in moments
            )
        refused = {event.id for event in self.happened[number] if isinstance(event, ControlRefused)}
        return isinstance(intent, Cancel) or intent.id not in refused


def refusals(events: Sequence[Event]) -> list[Reason]:
    return [event.reason for event in events if isinstance(event, ControlRefused)]


def _is_cut(intent: Intent) -> bool:
    return isinstance(intent, Control) and intent.kind == "cut"


def _changes(before: MarketState, after: MarketState, name: str) -> dict[int, int]:
    users = sorted({*before.accounts, *after.accounts})
    at = {
        user: [getattr(s.accounts[user], name) if user in s.accounts else 0 for s in (before, after)] for user in users
    }
    return {user: new - old for user, (old, new) in at.items() if new != old}
