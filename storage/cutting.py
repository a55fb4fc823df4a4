"""Cuts worked out from the rows of a market: every tick run again without some orders, beside whatever else goes on.

What is worked out is kept in memory, by the head of the chain it holds for, and never in a table: nothing there could
be forged, and who loses it works it out again. `engine.cut` does the work, in a thread of its own.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence

from sqlalchemy import RowMapping, Table, select

from engine.branch import Branch, asked_cut
from engine.cut import PastTick, cut
from engine.intents import Intent
from engine.orders import sort_intents
from engine.risk import InvariantBroken
from engine.state import open_market
from engine.terms import MarketParams
from storage.actions import to_action
from storage.database import Database
from storage.order_reading import to_order
from storage.records import ActionRow, Market
from storage.replay import intents_of
from storage.schema import actions, orders, ticks
from storage.session import Session

log = logging.getLogger(__name__)


class GivenUpError(Exception):
    """Nobody waits for it any more."""


def asked_moment(waiting: Sequence[ActionRow]) -> int | None:
    """The moment that a tick running these actions may be cut back to, engine time; None where none asks for a cut."""
    control = asked_cut(sort_intents(intents_of((), waiting)))
    return None if control is None else control.moment_ms


async def work_out(
    db: Database, number: int, moment_ms: int, *, given_up: Callable[[], bool] = lambda: False
) -> Branch | None:
    """A market that has begun as it would be without the orders accepted after a moment (engine time).

    The last one worked out for a market is kept and returned as long as the market has not moved on. None where the
    replay breaks a rule: such a market cannot be cut. Raises LookupError for an unknown market, GivenUpError.
    """
    async with db.reading(at_length=True) as uow:
        market = await uow.markets.get_one(number)
        kept = db.cache.branch(number, market.head, moment_ms)
        if kept is not None:
            return kept
        params, past = await uow.markets.start_params(number), await past_ticks(uow, market, market.tick)
    branch = await branch_after(params, past, moment_ms, given_up=given_up)
    if branch is not None:
        db.cache.put_branch(number, market.head, branch)
    return branch


async def branch_after(
    params: MarketParams, past: Sequence[PastTick], moment_ms: int, *, given_up: Callable[[], bool] = lambda: False
) -> Branch | None:
    """The same of a market that opened with these parameters and ran these ticks."""
    stop = threading.Event()

    def watch() -> None:
        if stop.is_set() or given_up():
            raise GivenUpError

    try:
        return await asyncio.to_thread(cut, open_market(params), params, past, moment_ms, watch=watch)
    except InvariantBroken:
        log.exception("the ticks of a market cannot be run again")
        return None
    finally:
        stop.set()  # also where who waits was cancelled: the thread ends before its next tick


async def past_ticks(session: Session, market: Market, last: int) -> list[PastTick]:
    """When each tick ran (engine time) and what it ran, from the first on."""
    ran: dict[int, list[Intent]] = {}
    for row in await _of_ticks(session, orders, market, last):
        ran.setdefault(row["tick_id"], []).extend(intents_of((to_order(row),), ()))
    for row in await _of_ticks(session, actions, market, last):
        ran.setdefault(row["tick_id"], []).extend(intents_of((), (to_action(row),)))
    moments = select(ticks.c.tick_id, ticks.c.ts_ms).where(
        ticks.c.market == market.id, ticks.c.tick_id.between(1, last)
    )
    rows = await session.rows(moments.order_by(ticks.c.tick_id))
    return [(market.engine_ms(row["ts_ms"]), tuple(ran.get(row["tick_id"], ()))) for row in rows]


async def _of_ticks(session: Session, table: Table, market: Market, last: int) -> Sequence[RowMapping]:
    return await session.rows(select(table).where(table.c.market == market.id, table.c.tick_id <= last))
