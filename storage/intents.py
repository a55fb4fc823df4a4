"""Rows to what the engine takes, and nothing else."""

from __future__ import annotations

from typing import Any

from engine.intents import Cancel, Control, Intent, Join, Leave, Order, Retune
from storage.records import ActionRow, OrderRow, intent_id


def order_intent(row: OrderRow) -> Order:
    draft = row.draft
    return Order(
        id=row.id,
        accepted_ms=row.accepted_ms,
        user=row.person,
        outcome=draft.outcome,
        side=draft.side,
        buy=draft.buy,
        size=draft.size,
        limit=draft.limit,
        worst_price=draft.worst_price,
        max_slippage=draft.max_slippage,
        autofill=draft.autofill,
    )


def action_intent(row: ActionRow) -> Intent:
    """Raises ValueError for a kind nobody knows."""
    body: dict[str, Any] = dict(row.payload)  # Any: JSON as it was read
    match row.kind:
        case "join":
            return Join(id=row.id, accepted_ms=row.accepted_ms, user=body["user"], cash=body["cash"])
        case "cancel":
            order = None if body["order"] is None else intent_id(body["order"])
            return Cancel(id=row.id, accepted_ms=row.accepted_ms, user=body["user"], order=order)
        case "leave":
            return Leave(id=row.id, accepted_ms=row.accepted_ms, user=body["user"])
        case "control":
            outcomes = tuple(body.get("outcomes", ()))
            return Control(id=row.id, accepted_ms=row.accepted_ms, kind=body["kind"], outcomes=outcomes)
        case "retune":
            return Retune(id=row.id, accepted_ms=row.accepted_ms, values=body["values"])
        case _:
            raise ValueError(f"no intent is called {row.kind}")
