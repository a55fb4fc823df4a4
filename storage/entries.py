"""From what a tick did to the entries of its ledger: every movement of money once from here, once to there.

The ledger against the engine, tick by tick.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from engine.events import (
    Cancelled,
    Cut,
    Event,
    Fill,
    Gas,
    Joined,
    Left,
    Paid,
    PaidBack,
    Rebate,
    Released,
    Rested,
    Voided,
)
from engine.risk import InvariantBroken, house_cash
from engine.state import MarketState

BANK = "bank"  # issues the play money and the stake
HOUSE = "house"


class Posting(NamedTuple):
    """`amount` micro-dollars onto `account`; `ref` names the trade, order or action it came from."""

    account: str
    amount: int
    kind: str
    ref: str


def user(person: int) -> str:
    return f"user:{person}"


def escrow(person: int) -> str:
    return f"escrow:{person}"


def move(source: str, target: str, amount: int, kind: str, ref: str) -> tuple[Posting, ...]:
    """Two entries whose sum is 0; moving nothing, or moving it to where it is, writes nothing."""
    if amount == 0 or source == target:
        return ()
    return (Posting(source, -amount, kind, ref), Posting(target, amount, kind, ref))


def stake_entries(z: int) -> tuple[Posting, ...]:
    """At the start: the bank puts up what the house may lose."""
    return move(BANK, HOUSE, z, "stake", "start")


def fill_entries(fill: Fill, ref: str) -> tuple[Posting, ...]:
    """What a resting buyer had set aside, then the price from buyer to seller, each side's fee and what rounding keeps
    to the house."""
    buyer = HOUSE if fill.buyer is None else user(fill.buyer)
    seller = HOUSE if fill.seller is None else user(fill.seller)
    freed = () if fill.buyer is None else move(escrow(fill.buyer), buyer, fill.released, "escrow", ref)
    return (
        *freed,
        *move(buyer, seller, fill.amount, "trade", ref),
        *move(seller, HOUSE, fill.kept, "trade", ref),
        *move(buyer, HOUSE, fill.buy_fee, "fee", ref),
        *move(seller, HOUSE, fill.sell_fee, "fee", ref),
    )


def tick_entries(fills: Iterable[tuple[Fill, int]], events: Iterable[Event]) -> list[Posting]:
    """Everything one tick moved, fills (with their trade ids) first. The engine promises that each change of cash is
    in exactly one of them."""
    postings: list[Posting] = []
    for fill, trade in fills:
        postings += fill_entries(fill, f"trade:{trade}")
    for event in events:
        match event:
            case Gas():
                postings += move(user(event.user), HOUSE, event.amount, "gas", f"order:{int(event.order)}")
            case Joined():
                postings += move(BANK, user(event.user), event.cash, "grant", "join" if event.first else "grant")
            case Left():
                postings += move(user(event.user), BANK, event.cash, "return", "leave")
            case Voided():
                postings += [Posting(user(person), amount, "refund", "void") for person, amount in event.amounts]
                back = sum(amount for _, amount in event.amounts)
                postings += [Posting(HOUSE, -back, "refund", "void")] if back else []
            case Cut():
                postings += _cut_entries(event)
            case Paid():
                ref = "dead heat" if event.outcome is None else f"{event.outcome}:{event.side}"
                postings += move(HOUSE, user(event.user), event.amount, "payout", ref)
            case Rested():
                ref = f"order:{int(event.order)}"
                postings += move(user(event.user), escrow(event.user), event.escrow, "escrow", ref)
            case Cancelled() | Released():
                ref = f"order:{int(event.order)}"
                postings += move(escrow(event.user), user(event.user), event.escrow, "escrow", ref)
            case Rebate() | PaidBack():
                postings += move(HOUSE, user(event.user), event.amount, "rebate", f"order:{int(event.order)}")
            case _:
                pass
    return postings


def _cut_entries(event: Cut) -> list[Posting]:
    """What everybody has more or less without the orders left out; the other side is the house's."""
    postings: list[Posting] = []
    for person, cash, set_aside in event.accounts:
        postings += [Posting(user(person), cash, "cut", "cut")] if cash else []
        postings += [Posting(escrow(person), set_aside, "cut", "cut")] if set_aside else []
    rest = -sum(entry.amount for entry in postings)
    return [*postings, Posting(HOUSE, rest, "cut", "cut")] if rest else postings


def check_books(before: MarketState, after: MarketState, postings: Iterable[Posting]) -> None:
    """What the entries add to each account is what the engine says it changed by. By induction over the ticks every
    balance is then the sum of its entries; `Ledger.audit` proves it from the first one. Raises InvariantBroken."""
    sums: dict[str, int] = {}
    for entry in postings:
        sums[entry.account] = sums.get(entry.account, 0) + entry.amount
    if sum(sums.values()) != 0:
        raise InvariantBroken("ledger_sum", f"the entries of this tick add up to {sum(sums.values())}")
    change = house_cash(after) - house_cash(before)
    if sums.pop(HOUSE, 0) != change:
        raise InvariantBroken("ledger_house", f"the house changed by {change}, the entries say otherwise")
    sums.pop(BANK, None)
    for person, account in after.accounts.items():
        old = before.accounts.get(person)
        if sums.pop(user(person), 0) != account.cash - (old.cash if old else 0):
            raise InvariantBroken(
                "ledger_user", f"the entries of user {person} do not give them cash of {account.cash}"
            )
        if sums.pop(escrow(person), 0) != account.escrow - (old.escrow if old else 0):
            raise InvariantBroken("ledger_escrow", f"the entries of user {person} do not give them {account.escrow}")
    for person, account in before.accounts.items():
        if person not in after.accounts and sums.pop(user(person), 0) != -account.cash:
            raise InvariantBroken(
                "ledger_user", f"user {person} left; the entries do not take {account.cash} from them"
            )
    unknown = sorted(name for name, amount in sums.items() if amount)  # who came and left in this tick is even
    if unknown:
        raise InvariantBroken("ledger_stranger", f"entries on accounts nobody has: {unknown}")
