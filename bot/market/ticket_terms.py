"""A priced order to JSON and back: what a ticket keeps of its offer, so that it is shown again word for word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.chat.facts import Amount, Equivalent, PricedOrder
from engine.quote import Move, Quote
from engine.state import Side
from engine.terms import MarketParams
from storage.records import Json, Ticket


def terms_of(order: PricedOrder, body: str = "") -> dict[str, Json]:
    """What a ticket keeps. `body`: the hash of what a program sent, "" where a person did."""
    q = order.quote
    numbers: dict[str, Json] = {name: getattr(q, name) for name in _NUMBERS}
    moves: list[Json] = [[m.outcome, m.yes_before, m.yes_after, m.no_before, m.no_after] for m in q.moves]
    parts: dict[str, Json] = dict(q.parts)
    sizes: dict[str, Json] = dict(q.sizes)
    same = order.equivalent
    return {
        "quote": numbers,
        "moves": moves,
        "parts": parts,
        "sizes": sizes,
        "asked": _amount_to_json(order.asked),
        "winning": None if order.winning is None else _amount_to_json(order.winning),
        "equivalent": None if same is None else [same.outcome, same.side.value, same.total],
        **({"body": body} if body else {}),
        **{name: getattr(order, name) for name in _PLAIN},
    }


def other_body(ticket: Ticket, body: str) -> bool:
    """Whether its request came with something else than this one."""
    return ticket.terms.get("body", "") != body


def price_ticket(ticket: Ticket, params: MarketParams) -> PricedOrder:
    """The inverse of `terms_of`."""
    kept: Mapping[str, Any] = ticket.terms  # Any: the shape is what terms_of wrote
    names = ("outcome", "yes_before", "yes_after", "no_before", "no_after")
    moves = tuple(Move(**dict(zip(names, row, strict=True))) for row in kept["moves"])
    same = kept.get("equivalent")
    return PricedOrder(
        params=params,
        draft=ticket.draft,
        quote=Quote(moves=moves, parts=dict(kept["parts"]), sizes=dict(kept["sizes"]), **kept["quote"]),
        asked=Amount(**kept["asked"]) if "asked" in kept else Amount(tokens=ticket.draft.size),
        winning=Amount(**kept["winning"]) if kept.get("winning") else None,
        equivalent=Equivalent(outcome=same[0], side=Side(same[1]), total=same[2]) if same else None,
        **{name: kept[name] for name in _PLAIN if name in kept},
    )


def _amount_to_json(amount: Amount) -> dict[str, Json]:
    return {"tokens": amount.tokens, "spend": amount.spend, "share": amount.share}


_PLAIN = ("slippage", "own_slippage", "most", "capped", "stopped", "no_autofill")

_NUMBERS = (
    "size",
    "unsold",
    "amount",
    "fee",
    "gas",
    "average",
    "price_before",
    "price_after",
    "worst_price",
    "worst_amount",
    "payout_if_right",
    "largest_sensible",
    "rests",
    "escrow",
    "paid_back",
)
