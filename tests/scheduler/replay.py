"""A market run again from its rows alone: `storage.verify` in small, and written apart from it."""

from __future__ import annotations

from engine.events import params_after
from engine.orders import apply_orders
from engine.state import MarketState, fingerprint, open_market
from storage import replay as chain
from storage.database import Database
from storage.mapping import action_intent, order_intent


async def replay(db: Database, number: int) -> MarketState:
    """The state after the last tick; fails where a hash on the way is not the one that was stored."""
    async with db.reading() as uow:
        market = await uow.markets.get_one(number)
        params = await uow.markets.start_params(number)
        state = open_market(params)
        ticks = await uow.ticks.series(number)
        assert market.start_ms is not None
        head = chain.genesis(number, market.start_ms, params, fingerprint(state))
        assert (ticks[0].tick, ticks[0].hash) == (0, head)
        for row in ticks[1:]:
            orders = [order_intent(one) for one in await uow.orders.of_tick(number, row.tick)]
            actions = [action_intent(one) for one in await uow.actions.of_tick(number, row.tick)]
            now_ms = market.engine_ms(row.ts_ms)
            fills, state, events = apply_orders(state, [*actions, *orders], params, now_ms)
            params = params_after(params, events)
            digest = fingerprint(state)
            head = chain.link(
                head, now_ms=now_ms, intents=[*orders, *actions], fills=fills, events=events, state_hash=digest
            )
            assert (row.tick, row.hash, row.state_hash) == (row.tick, head, digest)
        assert market.head == head
        assert market.params == params
    return state
