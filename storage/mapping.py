"""The rows of a market back to the engine's state."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select

from engine.resting_book import Book
from engine.state import MarketState, state_from_json, state_to_json
from storage.records import Market, OrderStatus, intent_id
from storage.schema import binaries, config, orders, positions, users

if TYPE_CHECKING:
    from storage.unit_of_work import UnitOfWork

POOL = ("v", "q_yes", "q_no", "s_yes", "s_no", "e", "active")
APART = ("accounts", "binaries", "resting")  # of the state's JSON: these have tables of their own


def scalars(state: MarketState) -> dict[str, object]:
    """What of a state belongs to no person and no outcome: the `state` of its row in `config`."""
    bare = replace(state, accounts={}, resting=Book())  # both have rows of their own: no need to spell them out
    return {name: value for name, value in state_to_json(bare).items() if name not in APART}


async def load_state(uow: UnitOfWork, market: Market) -> MarketState:
    """The state after the market's last tick, from `config`, `binaries`, `users`, `positions` and `orders`.

    Raises LookupError for a market that has not started.
    """
    row = await uow.row(select(config.c.state).where(config.c.market == market.id))
    if row is None or row["state"] is None:
        raise LookupError(f"market {market.id} has no state yet")
    pools = await uow.rows(select(binaries).where(binaries.c.market == market.id).order_by(binaries.c.outcome))
    return state_from_json(
        {
            **row["state"],
            "binaries": [[pool[name] for name in POOL] for pool in pools],
            "accounts": await _accounts(uow, market),
            "resting": await _resting(uow, market),
        }
    )


async def _resting(uow: UnitOfWork, market: Market) -> list[dict[str, Any]]:  # Any: JSON for state_from_json
    """The book is the orders that rest; `lob_pools` only shows it by price."""
    here = and_(orders.c.market == market.id, orders.c.status == OrderStatus.RESTING.value)
    return [
        {
            "id": intent_id(row["number"]),
            "user": row["user"],
            "outcome": row["outcome"],
            "side": row["side"],
            "buy": row["is_buy"],
            "limit": row["limit_price"],
            "size": row["size"],
            "rest": row["remaining"],
            "accepted_ms": row["accepted_ms"],
            "fee": row["rest_fee"],
            "autofill": row["af_opt_in"],
        }
        for row in await uow.rows(select(orders).where(here).order_by(orders.c.number))
    ]


async def _accounts(uow: UnitOfWork, market: Market) -> dict[str, dict[str, Any]]:  # Any: JSON for state_from_json
    funded = select(users).where(users.c.market == market.id, users.c.funded).order_by(users.c.user)
    found = {
        str(row["user"]): {
            "cash": row["balance"],
            "net": -row["net_pnl"],
            "trades": row["trade_count"],
            "escrow": row["escrow"],
            "tokens": [[0, 0] for _ in range(market.params.n_outcomes)],
        }
        for row in await uow.rows(funded)
    }
    for row in await uow.rows(select(positions).where(positions.c.market == market.id)):
        found[str(row["user"])]["tokens"][row["outcome"]][0 if row["side"] == "yes" else 1] = row["tokens"]
    return found
