"""What the orders of a key come to: pure; `storage.keys` reads and keeps it.

Orders that are done with count once and are then kept as a sum (`Settled`): those still open, and those made since, are
all that is read for the next order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.resting_book import escrowed
from engine.state import Side
from engine.terms import MarketParams
from engine.units import RATE
from storage.records import OPEN_ORDERS, Declined, Json, OrderDraft, OrderRow, OrderStatus, Payload

MOST_OPEN = 100
"""Open orders of a key at a time: each is read again for the next."""

Token = tuple[int, Side]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Of all orders of a key: `cost`, micro-dollars they took and those still open can take, less what sales brought;
    `tokens`, what of each token they brought and have not put up for sale; `waiting`, orders still open."""

    cost: int = 0
    tokens: Mapping[Token, int] = field(default_factory=dict)
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The sum over a key's orders numbered `below`, but for those still `open` among them."""

    below: int = 0
    open: tuple[int, ...] = ()
    cost: int = 0
    tokens: Mapping[Token, int] = field(default_factory=dict)

    def after(self, orders: Iterable[OrderRow]) -> Settled:
        """With these, which are all that it does not hold yet: those open then, and those made since."""
        known, still_open, below = {*self.open}, list[int](), self.below
        cost, tokens = self.cost, dict(self.tokens)
        for order in orders:
            if order.number < self.below and order.number not in known:
                raise ValueError(f"order {order.number} is settled already")
            below = max(below, order.number + 1)
            if order.status in OPEN_ORDERS:
                still_open.append(order.number)
                continue
            cost += _taken(order)
            _add(tokens, order)
        return Settled(below=below, open=tuple(sorted(still_open)), cost=cost, tokens=_some(tokens))

    def with_open(self, orders: Iterable[OrderRow], params: MarketParams) -> Spending:
        """And with the orders still open, which are these."""
        cost, tokens, waiting = self.cost, dict(self.tokens), 0
        for order in orders:
            cost += _taken(order) + _still(order, params)
            _add(tokens, order)
            waiting += 1
        return Spending(cost=cost, tokens=_some(tokens), waiting=waiting)


def refusal(spent: Spending, allowance: int, draft: OrderDraft, reserve: int, params: MarketParams) -> Declined | None:
    """Why a key's next order would break the invariant of `storage.keys`."""
    if spent.waiting >= MOST_OPEN:
        return Declined(code="key_busy", waiting=spent.waiting)
    if not draft.buy:
        free = spent.tokens.get((draft.outcome, draft.side), 0)
        if draft.size > free:
            return Declined(code="not_its_tokens", available=max(0, free), needed=draft.size)
    needed, left = max(reserve, worst_cost(draft, params)), allowance - spent.cost
    return Declined(code="allowance", available=max(0, left), needed=needed) if needed > left else None


def worst_cost(draft: OrderDraft, params: MarketParams) -> int:
    """The most an order can ever take, gas in, micro-dollars. Raises ValueError for a buy without any bound."""
    if not draft.buy:
        return params.gas_fee
    if draft.limit is not None:
        return escrowed(draft.limit, max(params.fee, params.match_fee), draft.size) + params.gas_fee
    bounds = [] if draft.worst_price is None else [draft.worst_price * draft.size // RATE]
    bounds += [] if draft.spend is None else [draft.spend]
    if not bounds:
        raise ValueError("a program's buy at market names its worst price or what it may spend")
    return min(bounds) + params.gas_fee


def _taken(order: OrderRow) -> int:
    """What it has cost so far; below 0 what it has brought."""
    return (order.amount if order.draft.buy else -order.amount) + order.gas - order.rebate


def _still(order: OrderRow, params: MarketParams) -> int:
    """The most it can take yet."""
    if order.status is OrderStatus.PENDING:
        return max(order.reserve, worst_cost(order.draft, params))
    return order.escrow


def _add(tokens: dict[Token, int], order: OrderRow) -> None:
    """What it brought of its token, or has taken or offers to take."""
    draft, offered = order.draft, order.remaining if order.status in OPEN_ORDERS else 0
    token = (draft.outcome, draft.side)
    tokens[token] = tokens.get(token, 0) + (order.done if draft.buy else -order.done - offered)


def _some(tokens: Mapping[Token, int]) -> dict[Token, int]:
    return {token: count for token, count in tokens.items() if count}


def settled_to_json(settled: Settled) -> Payload:
    """Tokens as [outcome, side, count]."""
    tokens: list[Json] = [[outcome, side.value, count] for (outcome, side), count in settled.tokens.items()]
    return {"below": settled.below, "open": list(settled.open), "cost": settled.cost, "tokens": tokens}


def settled_from_json(data: Any) -> Settled:  # Any: JSON as it was written
    """The inverse; None: nothing is settled."""
    if data is None:
        return Settled()
    tokens = {(outcome, Side(side)): count for outcome, side, count in data["tokens"]}
    return Settled(below=data["below"], open=tuple(data["open"]), cost=data["cost"], tokens=tokens)
