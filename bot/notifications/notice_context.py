"""One notice that is being phrased."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.market.reasons import Reasons
from engine.state import MarketState
from storage.rankings import Tokens
from storage.records import Market
from storage.unit_of_work import UnitOfWork

CHANNELLED = frozenset({"discord", "telegram"})  # platforms whose chats have other channels beside them


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeContext:
    """One row, its market, and the unit to look things up in."""

    uow: UnitOfWork
    market: Market
    payload: Mapping[str, Any]  # shapes in scheduler.notices and scheduler.signals
    now_ms: int
    person: int | None = None  # who alone reads it
    platform: str = ""  # where
    in_chat: bool = False  # whether a whole chat reads it
    worths: Mapping[int, Tokens] = field(default_factory=dict)  # by person, where it has been worked out already

    async def state(self) -> MarketState:
        return await self.uow.markets.state(self.market.id)

    @property
    def at_ms(self) -> int:
        """When what it tells of happened."""
        return int(self.payload["at_ms"])

    @property
    def reasons(self) -> Reasons:
        """What admins gave as reasons."""
        return Reasons(self.uow, self.market.id)
