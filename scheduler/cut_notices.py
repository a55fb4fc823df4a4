"""What is told of a cut: to each whom it concerns what became of theirs, their receipts anew, the moment to the chats.

All payloads of `cut` and `cut_own` have action, the number of what asked for it, at_ms and moment_ms.

| kind | for | payload besides |
|---|---|---|
| cut_own | the person | undone, again, gone: [order], cash: [before, after], tokens: [[outcome, side, before, after]] |
| order | the person (ticket) | order: undone, or waiting in the book again; where its ticket stands |
| cut | chats | until_ms, round (each or null), final, orders, people, prices: [[outcome, yes before, after]], head |
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from engine.events import Cut
from engine.schedule import is_final
from engine.state import MarketState, Side, price_micro
from storage.records import Json, Notice, NoticeAudience, OrderRow, Payload, Ticket, intent_number
from storage.saving import TickOutcome


@dataclass(slots=True)
class _Share:
    """What a cut did to one person: orders undone, in the book again, gone from it."""

    undone: list[int] = field(default_factory=list)
    again: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)


def cut_of(outcome: TickOutcome) -> Cut | None:
    """The cut this tick carried out, if it did."""
    return next((event for event in outcome.events if isinstance(event, Cut)), None)


def touched_orders(cut: Cut) -> set[int]:
    """Numbers of all orders that stand otherwise than before."""
    return {intent_number(order) for order in (*cut.left_out, *(order for order, *_ in cut.book))}


def cut_notices(
    outcome: TickOutcome, cut: Cut, head: str, orders: Iterable[OrderRow], tickets: Mapping[int, Ticket]
) -> list[Notice]:
    """Receipts, then what each is told, then the chats. `orders` are those it touched, `tickets` theirs, of which only
    those that stand somewhere are answered: nobody gets a message an order."""
    rows = {row.number: row for row in orders}
    shares = _shares(cut, rows)
    moment = {
        "action": intent_number(cut.id),
        "at_ms": outcome.market.epoch_ms(cut.at_ms),
        "moment_ms": outcome.market.epoch_ms(cut.moment_ms),
    }
    receipts = [
        Notice(
            kind="order",
            audience=NoticeAudience.PERSON,
            payload={"order": row.number},
            person=row.person,
            ticket=row.ticket,
        )
        for row in rows.values()
        if row.ticket is not None and row.ticket in tickets and tickets[row.ticket].ref is not None
    ]
    own = [
        Notice(
            kind="cut_own",
            audience=NoticeAudience.PERSON,
            payload={**moment, **_own(outcome.before, cut, person, share)},
            person=person,
        )
        for person, share in sorted(shares.items())
    ]
    return [*receipts, *own, _to_chats(outcome, cut, head, moment, shares)]


def _shares(cut: Cut, rows: Mapping[int, OrderRow]) -> dict[int, _Share]:
    shares = {person: _Share() for person in {*(row[0] for row in cut.accounts), *(row[0] for row in cut.tokens)}}
    for name in cut.left_out:
        row = rows.get(intent_number(name))
        if row is not None:
            shares.setdefault(row.person, _Share()).undone.append(row.number)
    left_out = set(cut.left_out)
    for name, person, before, after in cut.book:
        if name not in left_out and (not before or not after):
            share = shares.setdefault(person, _Share())
            (share.gone if before else share.again).append(intent_number(name))
    return shares


def _own(before: MarketState, cut: Cut, person: int, share: _Share) -> dict[str, Json]:
    account = before.accounts[person]
    change = next((cash for user, cash, _ in cut.accounts if user == person), 0)
    tokens: list[Json] = []
    for user, outcome, *changes in cut.tokens:
        for side, held, changed in zip(Side, account.tokens[outcome], changes, strict=True):
            if user == person and changed:
                tokens.append([outcome, side.value, held, held + changed])
    return {
        "undone": list[Json](share.undone),
        "again": list[Json](share.again),
        "gone": list[Json](share.gone),
        "cash": [account.cash, account.cash + change],
        "tokens": tokens,
    }


def _to_chats(outcome: TickOutcome, cut: Cut, head: str, moment: Mapping[str, int], people: Collection[int]) -> Notice:
    params = outcome.market.params
    prices: list[Json] = [
        [i, price_micro(outcome.before, params, i, Side.YES), price_micro(outcome.after, outcome.params, i, Side.YES)]
        for i in outcome.after.active
    ]
    payload: Payload = {
        **moment,
        "until_ms": None if cut.until_ms is None else outcome.market.epoch_ms(cut.until_ms),
        "round": outcome.after.frozen_for,
        "final": is_final(outcome.after, outcome.params),
        "orders": len(cut.left_out),
        "people": len(people),
        "prices": prices,
        "head": head,
    }
    return Notice(kind="cut", audience=NoticeAudience.CHAT, payload=payload)
