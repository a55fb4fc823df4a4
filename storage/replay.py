"""The engine's part of a tick: the only place where a market changes, live and when it is verified. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from engine.events import params_after
from engine.intents import Intent
from engine.orders import apply_orders
from engine.risk import check
from engine.state import MarketState
from storage.intents import action_intent, order_intent
from storage.records import ActionRow, Market, OrderRow
from storage.steps import next_step
from storage.tick_rows import TickOutcome


def apply_tick(
    market: Market, before: MarketState, orders: Sequence[OrderRow], actions: Sequence[ActionRow], now_ms: int
) -> TickOutcome:
    """What a tick at `now_ms` (epoch) makes of a market, its state and what waited. Raises InvariantBroken."""
    intents: tuple[Intent, ...] = (*map(order_intent, orders), *map(action_intent, actions))
    fills, after, events = apply_orders(before, intents, market.params, market.engine_ms(now_ms))
    params = params_after(market.params, events)
    check(after, params)
    return TickOutcome(
        market=market,
        now_ms=now_ms,
        intents=intents,
        orders=tuple(orders),
        actions=tuple(actions),
        fills=fills,
        events=events,
        before=before,
        after=after,
        params=params,
        next_step=next_step(params, after, market.epoch_ms(0)),
    )
