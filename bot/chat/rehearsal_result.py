"""What a rehearsal found, as data: made in a process of its own, told in a chat or on a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Busiest:
    """The most messages in any 60 seconds, edits included: in the platform's chat, and to one person privately."""

    platform: str
    messages: int
    private: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalResult:
    """Money in micro-dollars, times in milliseconds unless the name says microseconds (`_us`).

    `house_result` is what the house gained (below 0: gave) in the end, `worst_risk` the most it could have lost at any
    tick, `longest_wait_ms` how long the oldest notice ever waited.
    """

    title: str
    people: int
    rounds: int
    ticks: int
    orders: int
    fills: int
    refused: int
    winner: str | None
    stake: int
    worst_risk: int
    worst_after_ms: int
    house_result: int
    ledger_sum: int
    tick_us: int
    slowest_tick_us: int
    longest_wait_ms: int
    busiest: tuple[Busiest, ...]
    halted: str | None

    @property
    def in_order(self) -> bool:
        """Whether every check passed."""
        return self.halted is None and self.ledger_sum == 0 and self.worst_risk <= self.stake


def to_json(result: RehearsalResult) -> str:
    return json.dumps(asdict(result), ensure_ascii=False)


def from_json(text: str | bytes) -> RehearsalResult:
    """The inverse; raises ValueError or TypeError for anything else."""
    values: Mapping[str, Any] = json.loads(text)  # JSON: the class below checks the names
    return RehearsalResult(**{**values, "busiest": tuple(Busiest(**row) for row in values["busiest"])})
