"""The rows of a market back to the engine's state.

Rows to what the engine takes, and nothing else.

Which step of a market's timetable comes next; the row of a market carries it, so that a board can count down.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import and_, select

from engine import schedule
from engine.intents import Cancel, Control, Intent, Join, Leave, Order, Retune
from engine.resting_book import Book
from engine.state import MarketState, state_from_json, state_to_json
from engine.terms import MarketParams
from storage.records import ActionRow, Market, NextStep, OrderRow, OrderStatus, intent_id
from storage.schema import binaries, config, orders, positions, users
from storage.session import Session

POOL = ("v", "q_yes", "q_no", "s_yes", "s_no", "e", "active")
APART = ("accounts", "binaries", "resting")  # of the state's JSON: these have tables of their own


def scalars(state: MarketState) -> dict[str, object]:
    """What of a state belongs to no person and no outcome: the `state` of its row in `config`."""
    bare = replace(state, accounts={}, resting=Book())  # both have rows of their own: no need to spell them out
    return {name: value for name, value in state_to_json(bare).items() if name not in APART}


async def load_state(session: Session, market: Market) -> MarketState:
    """The state after the market's last tick, from `config`, `binaries`, `users`, `positions` and `orders`.

    Raises LookupError for a market that has not started.
    """
    row = await session.row(select(config.c.state).where(config.c.market == market.id))
    if row is None or row["state"] is None:
        raise LookupError(f"market {market.id} has no state yet")
    pools = await session.rows(select(binaries).where(binaries.c.market == market.id).order_by(binaries.c.outcome))
    return state_from_json(
        {
            **_scalars(row["state"]),
            "binaries": [[pool[name] for name in POOL] for pool in pools],
            "accounts": await _accounts(session, market),
            "resting": await _resting(session, market),
        }
    )


def _scalars(stored: dict[str, Any]) -> dict[str, Any]:  # Any: JSON for state_from_json
    """What `scalars` wrote. Rules 1 knew one winner, and a claim of one."""
    if "winners" in stored:
        return stored
    data = {name: value for name, value in stored.items() if name != "winner"}
    data["winners"] = [] if stored["winner"] is None else [stored["winner"]]
    if data.get("claim") is not None:
        winner, until_ms, of_round = data["claim"]
        data["claim"] = [[winner], until_ms, of_round]
    return data


async def _resting(session: Session, market: Market) -> list[dict[str, Any]]:  # Any: JSON for state_from_json
    """The book is the orders that rest; `lob_pools` only shows it by price."""
    condition = and_(orders.c.market == market.id, orders.c.status == OrderStatus.RESTING.value)
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
        for row in await session.rows(select(orders).where(condition).order_by(orders.c.number))
    ]


async def _accounts(session: Session, market: Market) -> dict[str, dict[str, Any]]:  # Any: JSON for state_from_json
    funded = select(users).where(users.c.market == market.id, users.c.funded).order_by(users.c.user)
    accounts = {
        str(row["user"]): {
            "cash": row["balance"],
            "net": -row["net_pnl"],
            "trades": row["trade_count"],
            "escrow": row["escrow"],
            "tokens": [[0, 0] for _ in range(market.params.n_outcomes)],
        }
        for row in await session.rows(funded)
    }
    for row in await session.rows(select(positions).where(positions.c.market == market.id)):
        accounts[str(row["user"])]["tokens"][row["outcome"]][0 if row["side"] == "yes" else 1] = row["tokens"]
    return accounts


def order_intent(row: OrderRow) -> Order:
    draft = row.draft
    return Order(
        id=row.id,
        accepted_ms=row.accepted_ms,
        user=row.person,
        outcome=draft.outcome,
        side=draft.side,
        buy=draft.buy,
        size=draft.size,
        limit=draft.limit,
        worst_price=draft.worst_price,
        max_slippage=draft.max_slippage,
        autofill=draft.autofill,
        spend=draft.spend,
    )


def action_intent(row: ActionRow) -> Intent:
    """Raises ValueError for a kind nobody knows."""
    body: dict[str, Any] = dict(row.payload)  # Any: JSON as it was read
    match row.kind:
        case "join":
            return Join(id=row.id, accepted_ms=row.accepted_ms, user=body["user"], cash=body["cash"])
        case "cancel":
            order = None if body["order"] is None else intent_id(body["order"])
            return Cancel(id=row.id, accepted_ms=row.accepted_ms, user=body["user"], order=order)
        case "leave":
            return Leave(id=row.id, accepted_ms=row.accepted_ms, user=body["user"])
        case "control":
            outcomes = tuple(body.get("outcomes", ()))
            moment_ms = body.get("moment")
            return Control(
                id=row.id, accepted_ms=row.accepted_ms, kind=body["kind"], outcomes=outcomes, moment_ms=moment_ms
            )
        case "retune":
            return Retune(id=row.id, accepted_ms=row.accepted_ms, values=body["values"])
        case _:
            raise ValueError(f"no intent is called {row.kind}")


def next_step(params: MarketParams, state: MarketState, start_ms: int) -> NextStep | None:
    """The freeze or decision the timetable holds next, or the payout of a claim, epoch time; None after the last one,
    and while a round waits for its admins (then nothing is due until they speak)."""
    step = schedule.next_step(state, params)
    if step is None:
        return None
    return NextStep(
        kind=step.kind,
        at_ms=start_ms + step.at_ms,
        round=step.round,
        final=step.round is not None and params.rounds[step.round].is_final,
    )
