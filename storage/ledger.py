"""Double entry: every movement has two sides, every balance is the sum of its entries, the sum of all is 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from storage.records import LedgerEntry
from storage.repository import Repository

BANK = "bank"  # issues the play money and the stake
HOUSE = "house"


def user(person: int) -> str:
    return f"user:{person}"


def escrow(person: int) -> str:
    return f"escrow:{person}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditResult:
    """What a full check found. `problems` empty: every rule holds."""

    market: int
    entries: int
    total: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


class Ledger(Repository):
    async def entries(self, market: int) -> list[LedgerEntry]:
        """Oldest first."""
        raise NotImplementedError

    async def balances(self, market: int) -> Mapping[str, int]:
        """Sum of entries by account."""
        raise NotImplementedError

    async def total(self, market: int) -> int:
        """0, or the books are broken."""
        raise NotImplementedError

    async def audit(self, market: int) -> AuditResult:
        """Sum 0, no movement with one side, every user's sum equals her balance and the engine's cash, the house's sum
        equals the engine's house cash."""
        raise NotImplementedError
