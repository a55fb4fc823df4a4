"""Double entry: every movement has two sides, every balance is the sum of its entries, the sum of all is 0."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from sqlalchemy import RowMapping, func, select

from engine.risk import house_cash
from storage.entries import BANK, HOUSE, escrow, user
from storage.mapping import load_state
from storage.markets import Markets
from storage.records import LedgerEntry
from storage.schema import config, ledger, users
from storage.session import Repository, Session

__all__ = ["BANK", "HOUSE", "AuditResult", "Ledger", "escrow", "user"]


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
    def __init__(self, session: Session, markets: Markets) -> None:
        super().__init__(session)
        self._markets = markets

    async def entries(self, market: int) -> list[LedgerEntry]:
        """Oldest first."""
        query = select(ledger).where(ledger.c.market == market).order_by(ledger.c.entry_id)
        return [_entry(row) for row in await self._session.rows(query)]

    async def pages(self, market: int, size: int = 1_000) -> AsyncIterator[list[LedgerEntry]]:
        """`entries` in stretches, so that long books delay nobody."""
        query = select(ledger).where(ledger.c.market == market).order_by(ledger.c.entry_id).limit(size)
        page = [_entry(row) for row in await self._session.rows(query)]
        while page:
            yield page
            after = query.where(ledger.c.entry_id > page[-1].id)
            page = [_entry(row) for row in await self._session.rows(after)] if len(page) == size else []

    async def balances(self, market: int) -> Mapping[str, int]:
        """Sum of entries by account."""
        total = func.sum(ledger.c.amount).label("total")
        query = select(ledger.c.account, total).where(ledger.c.market == market).group_by(ledger.c.account)
        rows = await self._session.rows(query.order_by(ledger.c.account))
        return {row["account"]: int(row["total"]) for row in rows}

    async def total(self, market: int) -> int:
        """0, or the books are broken."""
        return await self._session.number(select(func.sum(ledger.c.amount)).where(ledger.c.market == market))

    async def audit(self, market: int) -> AuditResult:
        """Sum 0, no movement with one side, every user's sum equals their balance and the engine's cash, the house's
        sum equals the engine's house cash, and nobody else has an account. Reads the rows, not what is cached."""
        record = await self._markets.get_one(market)
        if record.start_ms is None:
            return AuditResult(market=market, entries=0, total=0, problems=())
        balances = dict(await self.balances(market))
        problems = await self._one_sided(market)
        total = sum(balances.values())
        if total:
            problems.append(f"the sum of all entries is {total}")
        balances.pop(BANK, None)
        state = await load_state(self._session, record)
        expected = {HOUSE: house_cash(state)}
        for person, account in state.accounts.items():
            expected[user(person)] = account.cash
            expected[escrow(person)] = account.escrow
        for name in sorted(expected.keys() | balances.keys()):
            if balances.get(name, 0) != expected.get(name, 0):
                problems.append(f"{name}: entries {balances.get(name, 0)}, engine {expected.get(name, 0)}")
        problems += await self._rows(market, expected)
        count = await self._session.number(select(config.c.entries).where(config.c.market == market))
        return AuditResult(market=market, entries=count, total=total, problems=tuple(problems))

    async def _one_sided(self, market: int) -> list[str]:
        """Movements (a kind and reference within a tick) that do not add up to 0."""
        total = func.sum(ledger.c.amount).label("total")
        movement = (ledger.c.tick_id, ledger.c.kind, ledger.c.ref)
        query = select(*movement, total).where(ledger.c.market == market).group_by(*movement).having(total != 0)
        rows = await self._session.rows(query.order_by(*movement))
        return [f"tick {row['tick_id']} {row['kind']} {row['ref']}: {row['total']}" for row in rows]

    async def _rows(self, market: int, expected: Mapping[str, int]) -> list[str]:
        """What the rows of `users` and `config` say, against the engine."""
        rows = await self._session.rows(select(users.c.user, users.c.balance).where(users.c.market == market))
        stored = {user(row["user"]): row["balance"] for row in rows}
        stored[HOUSE] = await self._session.number(select(config.c.house).where(config.c.market == market))
        return [f"row of {name}: {amount}" for name, amount in stored.items() if amount != expected.get(name, 0)]


def _entry(row: RowMapping) -> LedgerEntry:
    return LedgerEntry(
        market=row["market"],
        id=row["entry_id"],
        tick=row["tick_id"],
        ts_ms=row["ts_ms"],
        account=row["account"],
        amount=row["amount"],
        kind=row["kind"],
        ref=row["ref"],
    )
