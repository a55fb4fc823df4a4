"""What a tick writes into its market's tree, leaf by leaf. Pure.

A leaf is canonical JSON: kind, market, tick, ts_ms (of the tick), row, salt. In this order: each order the tick ran, as
it came and as it stood at the tick's end; each fill; each event, payouts among them; what became of each action; the
tick's own hash, which holds all that came before. Leaves are facts of their tick: an order that is filled later has
fills of its own then. Between two ticks stands one kind alone: that the market was restored from a backup.

Change nothing of what a kind holds: every root that was ever posted rests on it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from engine.events import ControlRefused, Paid, Voided
from engine.intents import intent_to_json
from storage.mapping import action_intent
from storage.proofs.secret import Secret
from storage.proofs.tree import leaf_hash
from storage.records import ActionRow, Market, OrderRow
from storage.tick_rows import Row, TickOutcome

ORDER, FILL, EVENT, PAYOUT, ACTION, TICK = "order", "fill", "event", "payout", "action", "tick"
RESTORED = "restored"

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode
_NO_PART_OF_A_FILL = frozenset({"market", "tick_id", "ts_ms", "undone_tick"})


class Leaf(NamedTuple):
    kind: str
    row: Row


def start_leaves(head: str) -> list[Leaf]:
    """Of tick 0."""
    return [Leaf(TICK, {"hash": head})]


def tick_leaves(
    outcome: TickOutcome, *, orders: Sequence[Row], trades: Sequence[Row], events: Sequence[Row], head: str
) -> list[Leaf]:
    """`orders` as `order_rows` has those the tick ran, `trades` and `events` as `tick_rows` has them."""
    turns = {row["b_number"]: row["turn"] for row in orders}
    return [
        *(order_leaf(row, turns[row.number], outcome.market) for row in orders_in_turn(outcome.orders)),
        *(fill_leaf(row) for row in trades),
        *(_event(row) for row in events),
        *_refunds(outcome),
        *_actions(outcome),
        Leaf(TICK, {"hash": head}),
    ]


def orders_in_turn(rows: Sequence[OrderRow]) -> list[OrderRow]:
    """As the tick ran them, so that the leaf of an order is found by counting those before it."""
    return sorted(rows, key=lambda row: (row.accepted_ms, row.number))


def written(leaf: Leaf, secret: Secret, stamp: Mapping[str, int], number: int) -> bytes:
    """The bytes that are hashed. `stamp`: market, tick_id and ts_ms of the tick; `number` of the leaf in the tree."""
    market, salt = stamp["market"], secret.salt(stamp["market"], number)
    around = f'"tick":{stamp["tick_id"]},"ts_ms":{stamp["ts_ms"]}'  # keys in their order: as canonical JSON has them
    return f'{{"kind":"{leaf.kind}","market":{market},"row":{_encode(leaf.row)},"salt":"{salt}",{around}}}'.encode()


def hashes(leaves: Sequence[Leaf], secret: Secret, stamp: Mapping[str, int], first: int) -> list[bytes]:
    """Of a tick's leaves, numbered on from `first`."""
    return [leaf_hash(written(leaf, secret, stamp, number)) for number, leaf in enumerate(leaves, start=first)]


def order_leaf(row: OrderRow, turn: Mapping[str, Any], market: Market) -> Leaf:
    """What was asked for and, in its `turn`, what became of it; what it lacks is left out."""
    draft, names = row.draft, market.params.outcome_names
    known = 0 <= draft.outcome < len(names)
    asked = {
        "number": row.number,
        "user": row.person,
        "accepted_ms": market.epoch_ms(row.accepted_ms),
        "outcome": draft.outcome,
        "name": names[draft.outcome] if known else None,
        "side": draft.side.value,
        "buy": draft.buy,
        "size": draft.size,
        "limit": draft.limit,
        "worst": draft.worst_price,
        "slippage": draft.max_slippage,
        "spend": draft.spend,
        "autofill": draft.autofill or None,
    }
    return Leaf(ORDER, {name: value for name, value in (asked | dict(turn)).items() if value is not None})


def fill_leaf(row: Mapping[str, Any]) -> Leaf:
    """Of a row of `trades`, as its tick wrote it."""
    return Leaf(FILL, {name: value for name, value in row.items() if name not in _NO_PART_OF_A_FILL})


def _event(row: Row) -> Leaf:
    kind = PAYOUT if row["type"] == Paid.__name__ else EVENT
    return Leaf(kind, {name: row[name] for name in ("event_id", "type", "payload")})


def _refunds(outcome: TickOutcome) -> list[Leaf]:
    """What a void gave back or took, one leaf a person: the event names all of them."""
    return [
        Leaf(PAYOUT, {"type": Voided.__name__, "user": person, "amount": amount})
        for event in outcome.events
        if isinstance(event, Voided)
        for person, amount in event.amounts
    ]


def _actions(outcome: TickOutcome) -> list[Leaf]:
    refused = {event.id: event.reason.value for event in outcome.events if isinstance(event, ControlRefused)}
    ordered = sorted(outcome.actions, key=lambda row: (row.accepted_ms, row.number))
    return [Leaf(ACTION, _action(outcome, row, refused.get(row.id))) for row in ordered]


def _action(outcome: TickOutcome, row: ActionRow, refused: str | None) -> Row:
    return {
        "number": row.number,
        "actor": row.actor,
        "accepted_ms": outcome.market.epoch_ms(row.accepted_ms),
        "intent": intent_to_json(action_intent(row)),
        "refused": refused,
    }
