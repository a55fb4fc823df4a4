"""The ledger against the engine, tick by tick."""

from __future__ import annotations

from collections.abc import Iterable

from engine.risk import InvariantBroken, house_cash
from engine.state import MarketState
from storage import entries


def check_books(before: MarketState, after: MarketState, found: Iterable[entries.Entry]) -> None:
    """What the entries add to each account is what the engine says it changed by. By induction over the ticks every
    balance is then the sum of its entries; `Ledger.audit` proves it from the first one. Raises InvariantBroken."""
    sums: dict[str, int] = {}
    for entry in found:
        sums[entry.account] = sums.get(entry.account, 0) + entry.amount
    if sum(sums.values()) != 0:
        raise InvariantBroken("ledger_sum", f"the entries of this tick add up to {sum(sums.values())}")
    change = house_cash(after) - house_cash(before)
    if sums.pop(entries.HOUSE, 0) != change:
        raise InvariantBroken("ledger_house", f"the house changed by {change}, the entries say otherwise")
    sums.pop(entries.BANK, None)
    for person, account in after.accounts.items():
        old = before.accounts.get(person)
        if sums.pop(entries.user(person), 0) != account.cash - (old.cash if old else 0):
            raise InvariantBroken("ledger_user", f"the entries of user {person} do not give her cash of {account.cash}")
        if sums.pop(entries.escrow(person), 0) != account.escrow - (old.escrow if old else 0):
            raise InvariantBroken("ledger_escrow", f"the entries of user {person} do not give her {account.escrow}")
    for person, account in before.accounts.items():
        if person not in after.accounts and sums.pop(entries.user(person), 0) != -account.cash:
            raise InvariantBroken("ledger_user", f"user {person} left; the entries do not take {account.cash} from her")
    strangers = sorted(name for name, amount in sums.items() if amount)  # who came and left in this tick is even
    if strangers:
        raise InvariantBroken("ledger_stranger", f"entries on accounts nobody has: {strangers}")
