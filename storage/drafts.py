"""An order as asked, to JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from engine.state import Side
from storage.records import Json, OrderDraft


def draft_to_json(draft: OrderDraft) -> dict[str, Json]:
    return {part.name: getattr(draft, part.name) for part in fields(draft)}


def draft_from_json(data: Mapping[str, Any]) -> OrderDraft:  # Any: JSON as json.loads types it
    return OrderDraft(**{**data, "side": Side(data["side"])})
