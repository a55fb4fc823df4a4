"""The audit chain: each tick's inputs, what came of them and the state they left, hashed onto the tick before.

hash(0) = sha256 of the market's start (number, time, parameters); hash(t) = sha256 of hash(t-1), the time, every
intent, fill and event of tick t and the fingerprint of its state. All of it is stored, so a replay can recompute it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from engine.events import Event, Fill
from engine.intents import Intent, intent_to_json
from engine.params import params_to_json
from engine.terms import MarketParams


def genesis(market: int, start_ms: int, params: MarketParams, state_hash: str) -> str:
    """The hash of tick 0."""
    return _digest({"market": market, "start_ts": start_ms, "params": params_to_json(params), "state": state_hash})


def link(
    previous: str,
    *,
    now_ms: int,
    intents: Iterable[Intent],
    fills: Iterable[Fill],
    events: Iterable[Event],
    state_hash: str,
) -> str:
    """The hash of a tick that ran at engine time `now_ms`."""
    ordered = sorted(intents, key=lambda intent: (intent.accepted_ms, intent.id))
    return _digest(
        {
            "previous": previous,
            "now": now_ms,
            "intents": [intent_to_json(intent) for intent in ordered],
            "fills": [fill.to_json() for fill in fills],
            "events": [event.to_json() for event in events],
            "state": state_hash,
        }
    )


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
