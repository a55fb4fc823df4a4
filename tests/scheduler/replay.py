"""A market run again from its rows alone: `storage.verify` in small, and written apart from it."""

from __future__ import annotations

from sqlalchemy import select

from engine.events import params_after
from engine.orders import apply_orders
from engine.state import MarketState, fingerprint, open_market
from storage import replay as chain
from storage.database import Database
from storage.journal import Head, Heads
from storage.journal_kinds import SHARED
from storage.mapping import action_intent, order_intent
from storage.schema import journal, ticks
from storage.unit_of_work import UnitOfWork


async def replay(db: Database, number: int) -> MarketState:
    """The state after the last tick; fails where a hash on the way is not the one that was stored."""
    async with db.reading() as uow:
        market = await uow.markets.get_one(number)
        params = await uow.markets.start_params(number)
        state = open_market(params)
        history = await uow.ticks.series(number)
        assert market.start_ms is not None
        recorded = [await covered(uow, number, row.tick) for row in history]
        head = chain.genesis(number, market.start_ms, params, fingerprint(state), recorded[0])
        assert (history[0].tick, history[0].hash) == (0, head)
        for row in history[1:]:
            orders = [order_intent(one) for one in await uow.orders.of_tick(number, row.tick)]
            done = await uow.actions.of_tick(number, row.tick)
            actions = [action_intent(one) for one in done]
            now_ms = market.engine_ms(row.ts_ms)
            fills, state, events = apply_orders(state, [*actions, *orders], params, now_ms)
            params = params_after(params, events)
            digest = fingerprint(state)
            head = chain.link(
                head,
                now_ms=now_ms,
                intents=[*orders, *actions],
                actions=done,
                fills=fills,
                events=events,
                state_hash=digest,
                journal=recorded[row.tick],
            )
            assert (row.tick, row.hash, row.state_hash) == (row.tick, head, digest)
        assert market.head == head
        assert market.params == params
    return state


async def covered(uow: UnitOfWork, market: int, tick: int) -> Heads:
    """How the journals stood when a tick ran, by the rows of both."""
    (row,) = await uow.rows(select(ticks).where(ticks.c.market == market, ticks.c.tick_id == tick))
    heads = []
    for of, number in ((market, row["journal"]), (SHARED, row["shared_journal"])):
        last = await uow.row(select(journal.c.hash).where(journal.c.market == of, journal.c.number == number))
        heads.append(Head(number, last["hash"] if last else ""))
    return Heads(market=heads[0], shared=heads[1])
