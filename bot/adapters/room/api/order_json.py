"""An order and what became of it as JSON: money and tokens in millionths, moments epoch milliseconds."""

from __future__ import annotations

from collections.abc import Sequence

from bot.text.names import clean
from bot.words.shared import name_of
from engine.terms import MarketParams
from engine.units import MICRO
from storage.records import OPEN_ORDERS, Json, OrderRow, OrderStatus, TradeRow

_RATE = 10**6  # rates of the engine are finer: 10^-12


def order_to_json(order: OrderRow, params: MarketParams) -> dict[str, Json]:
    """As it stands now. `amount` is all it paid or got, fees in, gas out."""
    draft = order.draft
    return {
        "id": order.number,
        "market": order.market,
        "outcome": draft.outcome,
        "name": clean(name_of(params, draft.outcome)),
        "side": draft.side.value,
        "action": "buy" if draft.buy else "sell",
        "type": "market" if draft.limit is None else "limit",
        "status": order.status.value,
        "open": order.status in OPEN_ORDERS,
        "size": draft.size,
        "spend": draft.spend,
        "limit": None if draft.limit is None else draft.limit // _RATE,
        "autofill": draft.autofill,
        "filled": order.done,
        "remaining": order.remaining if order.status in OPEN_ORDERS else 0,
        "average": order.amount * MICRO // order.done if order.done else None,
        "amount": order.amount,
        "fee": order.fee,
        "gas": order.gas,
        "rebate": order.rebate,
        "set_aside": order.reserve if order.status is OrderStatus.PENDING else _resting(order),
        "reason": order.reason,
        "at": order.ts_ms,
        "tick": order.tick,
        "by_key": order.key is not None,
    }


def _resting(order: OrderRow) -> int:
    return order.escrow if order.status is OrderStatus.RESTING else 0


def fills_to_json(trades: Sequence[TradeRow], order: OrderRow) -> list[Json]:
    """What filled it, oldest first: `amount` before fees, `fee` its own."""
    return [
        {
            "trade": trade.id,
            "tick": trade.tick,
            "at": trade.ts_ms,
            "size": trade.size,
            "price": trade.price,
            "amount": trade.amount,
            "fee": trade.buy_fee if trade.buyer == order.person else trade.sell_fee,
            "kind": trade.kind,
        }
        for trade in trades
    ]
