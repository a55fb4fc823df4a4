"""From what a tick did to the entries of its ledger: every movement of money once from here, once to there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from engine.events import Cancelled, Event, Fill, Gas, Joined, Left, Paid, PaidBack, Rebate, Released, Rested

BANK = "bank"  # issues the play money and the stake
HOUSE = "house"


class Entry(NamedTuple):
    """`amount` micro-dollars onto `account`; `ref` names the trade, order or action it came from."""

    account: str
    amount: int
    kind: str
    ref: str


def user(person: int) -> str:
    return f"user:{person}"


def escrow(person: int) -> str:
    return f"escrow:{person}"


def move(source: str, target: str, amount: int, kind: str, ref: str) -> tuple[Entry, ...]:
    """Two entries whose sum is 0; moving nothing, or moving it to where it is, writes nothing."""
    if amount == 0 or source == target:
        return ()
    return (Entry(source, -amount, kind, ref), Entry(target, amount, kind, ref))


def stake_entries(z: int) -> tuple[Entry, ...]:
    """At the start: the bank puts up what the house may lose."""
    return move(BANK, HOUSE, z, "stake", "start")


def fill_entries(fill: Fill, ref: str) -> tuple[Entry, ...]:
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


def tick_entries(fills: Iterable[tuple[Fill, int]], events: Iterable[Event]) -> list[Entry]:
    """Everything one tick moved, fills (with their trade ids) first. The engine promises that each change of cash is
    in exactly one of them."""
    found: list[Entry] = []
    for fill, trade in fills:
        found += fill_entries(fill, f"trade:{trade}")
    for event in events:
        match event:
            case Gas():
                found += move(user(event.user), HOUSE, event.amount, "gas", f"order:{int(event.order)}")
            case Joined():
                found += move(BANK, user(event.user), event.cash, "grant", "join" if event.first else "grant")
            case Left():
                found += move(user(event.user), BANK, event.cash, "return", "leave")
            case Paid(outcome=None):
                found += move(HOUSE, user(event.user), event.amount, "refund", "void")
            case Paid():
                ref = f"{event.outcome}:{event.side}"
                found += move(HOUSE, user(event.user), event.amount, "payout", ref)
            case Rested():
                ref = f"order:{int(event.order)}"
                found += move(user(event.user), escrow(event.user), event.escrow, "escrow", ref)
            case Cancelled() | Released():
                ref = f"order:{int(event.order)}"
                found += move(escrow(event.user), user(event.user), event.escrow, "escrow", ref)
            case Rebate() | PaidBack():
                found += move(HOUSE, user(event.user), event.amount, "rebate", f"order:{int(event.order)}")
            case _:
                pass
    return found
