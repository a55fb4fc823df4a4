"""The engine's part of a tick: the only place where a market changes, live and when it is verified. Pure.

The audit chain: each tick's inputs, what came of them and the state they left, hashed onto the tick before.

hash(0) = sha256 of the market's start (number, time, parameters, rules); hash(t) = sha256 of hash(t-1), the time, every
intent (of an action also who asked for it), fill and event of tick t and the fingerprint of its state. Each also covers
the heads of the journals as they stood (`storage.journal`). All of it is stored, so a replay can recompute it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from engine.branch import Branch
from engine.events import Cut, Event, Fill, params_after
from engine.intents import Intent, intent_to_json
from engine.orders import apply_orders
from engine.params import params_to_json
from engine.resolution import void_market
from engine.risk import check
from engine.state import MarketState
from engine.terms import MarketParams
from engine.units import RULES
from storage.journal import Heads
from storage.mapping import action_intent, next_step, order_intent
from storage.records import ActionRow, Market, OrderRow
from storage.tick_rows import TickOutcome


def apply_tick(
    market: Market,
    before: MarketState,
    orders: Sequence[OrderRow],
    actions: Sequence[ActionRow],
    now_ms: int,
    branch: Branch | None = None,
) -> TickOutcome:
    """What a tick at `now_ms` (epoch) makes of a market, its state and what waited; `branch` is what a cut among the
    actions goes on from (`storage.cutting`). Raises InvariantBroken."""
    intents = intents_of(orders, actions)
    fills, after, events = apply_orders(before, intents, market.params, market.engine_ms(now_ms), branch=branch)
    params = params_after(market.params, events)
    check(after, params)
    return TickOutcome(
        market=market,
        now_ms=now_ms,
        intents=intents,
        orders=tuple(orders),
        actions=tuple(actions),
        fills=fills,
        events=events,
        before=before,
        after=after,
        params=params,
        next_step=next_step(params, after, market.epoch_ms(0)),
        branch=branch if any(isinstance(event, Cut) for event in events) else None,
    )


def intents_of(orders: Sequence[OrderRow], actions: Sequence[ActionRow]) -> tuple[Intent, ...]:
    """What a tick runs, from its rows."""
    return (*map(order_intent, orders), *map(action_intent, actions))


def call_off(market: Market, before: MarketState, action: ActionRow, now_ms: int) -> TickOutcome:
    """The tick that calls a market of other rules off: nothing is run but the void itself, which no rules change."""
    at_ms = market.engine_ms(now_ms)
    after, events = void_market(before, at_ms=at_ms)
    check(after, market.params)
    return TickOutcome(
        market=market,
        now_ms=now_ms,
        intents=(action_intent(action),),
        orders=(),
        actions=(action,),
        fills=(),
        events=events,
        before=before,
        after=after,
        params=market.params,
        next_step=None,
    )


def genesis(market: int, start_ms: int, params: MarketParams, state_hash: str, journal: Heads) -> str:
    """The hash of tick 0."""
    start = {"market": market, "start_ts": start_ms, "params": params_to_json(params), "state": state_hash}
    return _digest({**start, "rules": RULES, "journal": journal.to_json()})


def link(
    previous: str,
    *,
    now_ms: int,
    intents: Iterable[Intent],
    actions: Iterable[ActionRow],
    fills: Iterable[Fill],
    events: Iterable[Event],
    state_hash: str,
    journal: Heads,
) -> str:
    """The hash of a tick that ran at engine time `now_ms`; `intents` are those of its orders and `actions`."""
    ordered = sorted(intents, key=lambda intent: (intent.accepted_ms, intent.id))
    return _digest(
        {
            "previous": previous,
            "now": now_ms,
            "intents": [intent_to_json(intent) for intent in ordered],
            "actors": sorted([action.number, action.actor] for action in actions),
            "fills": [fill.to_json() for fill in fills],
            "events": [event.to_json() for event in events],
            "state": state_hash,
            "journal": journal.to_json(),
        }
    )


def _digest(value: object) -> str:
    return hashlib.sha256(_canonical(value).encode()).hexdigest()


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
