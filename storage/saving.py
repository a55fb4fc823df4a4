"""What a start and a tick write.

A tick writes only what it changed, as executemany under ids the application counted, with absolute values wherever
the engine knows them. The books are checked against the engine's state before anything is written.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Table, and_, bindparam, delete, insert, or_, select, update

from engine.params import params_to_json
from engine.state import MarketState, fingerprint, open_market
from engine.units import RULES
from storage import entries, replay, tick_rows
from storage.entries import check_books
from storage.journal import Journal
from storage.journal_kinds import Kind
from storage.mapping import POOL, next_step
from storage.order_rows import order_rows, pool_rows
from storage.proofs import repository as proofs
from storage.proofs.leaves import start_leaves, tick_leaves
from storage.records import ActionStatus, Market
from storage.schema import (
    actions,
    binaries,
    config,
    events,
    keys,
    ledger,
    lob_pools,
    metrics,
    orders,
    positions,
    ticks,
    trades,
    users,
)
from storage.session import Session, upsert
from storage.tick_rows import COUNTED, Row, Seal, TickOutcome
from storage.undone import MONEY, made_fills, order_rows_of_cut, undone_trades

__all__ = ["StaleTickError", "TickOutcome", "save_start", "save_tick"]


class StaleTickError(Exception):
    """Somebody else ran this tick first; nothing was written."""


async def save_start(session: Session, journal: Journal, market: Market, now_ms: int) -> None:
    """RUNNING from `now_ms` on: opening state, tick 0 with the start prices, the stake, a join for every member."""
    state, terms = open_market(market.params), market.params
    digest, recorded = fingerprint(state), await journal.heads(market.id)
    head = replay.genesis(market.id, now_ms, terms, digest, recorded)
    postings = entries.stake_entries(terms.z)
    stamp = {"market": market.id, "tick_id": 0, "ts_ms": now_ms}
    await _fund_lobby(session, market, now_ms)
    await _save_binaries(session, market.id, None, state)
    await session.run_many(_ADD_ENTRY, tick_rows.entry_rows(stamp, 0, postings))
    size, root = await proofs.append(session, stamp, 0, start_leaves(head))
    seal = Seal(head, digest, size, root, recorded)
    await session.run(_ADD_TICK, tick_rows.tick_row(stamp, state, terms, (), 0, seal))
    await session.run(_ADD_METRICS, tick_rows.metric_row(stamp, state, terms, ()))
    values = tick_rows.config_row(state, terms, now_ms, head, next_step(terms, state, now_ms))
    values |= {"trades": 0, "events": 0, "entries": len(postings), "volume": 0, "tick": 0, "leaves": size}
    values |= {"start_ts": now_ms, "start_params": params_to_json(terms), "rules": RULES}
    await session.run(update(config).where(config.c.market == market.id).values(**values))


async def _fund_lobby(session: Session, market: Market, now_ms: int) -> None:
    """A join at engine time 0 for every member, in the order they came."""
    query = select(users.c.user).where(users.c.market == market.id).order_by(users.c.joined_ms, users.c.user)
    members = [row["user"] for row in await session.rows(query)]
    cash = market.params.starting_balance
    rows = [
        {
            "market": market.id,
            "number": number,
            "kind": "join",
            "payload": {"user": person, "cash": cash},
            "actor": person,
            "status": ActionStatus.PENDING.value,
            "request_id": f"join:{market.id}:{person}",
            "ts_ms": now_ms,
            "accepted_ms": 0,
        }
        for number, person in enumerate(members, start=1)
    ]
    await session.run_many(insert(actions), rows)
    await session.run(update(users).where(users.c.market == market.id).values(coming=cash))
    await session.run(update(config).where(config.c.market == market.id).values(intents=len(rows)))


async def save_tick(session: Session, journal: Journal, outcome: TickOutcome) -> str:
    """Write everything a tick changed; returns the new head of the audit chain. Raises InvariantBroken where the
    ledger would not agree with the engine, StaleTickError where the tick has been run already."""
    market, after = outcome.market, outcome.after
    counted = await session.row(_COUNTED, {"market": market.id})
    if counted is None:
        raise LookupError(f"there is no market {market.id}")
    made = () if outcome.branch is None else made_fills(outcome.branch)
    numbered = [(fill, counted["trades"] + at) for at, fill in enumerate((*outcome.fills, *made), start=1)]
    postings = entries.tick_entries(numbered[: len(outcome.fills)], outcome.events)
    check_books(outcome.before, after, postings)
    event_rows = tick_rows.event_rows(outcome, counted["events"])
    trade_rows = tick_rows.trade_rows(outcome, numbered)
    own, met = order_rows(outcome)
    digest, recorded = fingerprint(after), await journal.heads(market.id)
    head = replay.link(
        market.head,
        now_ms=market.engine_ms(outcome.now_ms),
        intents=outcome.intents,
        actions=outcome.actions,
        fills=outcome.fills,
        events=outcome.events,
        state_hash=digest,
        journal=recorded,
    )
    leaves = tick_leaves(outcome, orders=own, trades=trade_rows, events=event_rows, head=head)
    values = tick_rows.config_row(after, outcome.params, outcome.now_ms, head, outcome.next_step) | {
        "tick": outcome.tick,
        "trades": counted["trades"] + len(numbered),
        "entries": counted["entries"] + len(postings),
        "events": counted["events"] + len(event_rows),
        "volume": counted["volume"] + tick_rows.volume(outcome),
        "leaves": counted["leaves"] + len(leaves),
    }
    if market.outdated:
        del values["params"]  # stays as it was written, by the rules it was written by
    unchanged = {"b_market": market.id, "b_tick": market.tick, "b_head": market.head}
    if (await session.run(_SAVE_CONFIG, values | unchanged)).rowcount != 1:
        raise StaleTickError(f"market {market.id} tick {outcome.tick}")
    session.crash("between tables: config saved")
    await _save_undone(session, outcome, counted["trades"])
    await _save_intents(session, outcome, own, met)
    await _save_accounts(session, outcome)
    session.crash("between tables: accounts saved")
    await _save_binaries(session, market.id, outcome.before, after)
    await session.run_many(_ADD_TRADE, trade_rows)
    session.crash("between tables: trades saved")
    await session.run_many(_ADD_ENTRY, tick_rows.entry_rows(outcome.stamp, counted["entries"], postings))
    await session.run_many(_ADD_EVENT, event_rows)
    size, root = await proofs.append(session, outcome.stamp, counted["leaves"], leaves)
    await _save_history(session, outcome, Seal(head, digest, size, root, recorded))
    for row in tick_rows.left_rows(outcome):
        journal.record(Kind.MEMBER, {"market": row["b_market"], "user": row["b_user"]}, gone=True)
    session.after_commit(lambda: session.cache.put(market.id, outcome.tick, head, after))
    return head


async def _save_undone(session: Session, outcome: TickOutcome, counted: int) -> None:
    """What a cut changes in the rows of earlier ticks: orders, and trades that hold no more."""
    if outcome.branch is None:
        return
    await session.run_many(_ADD_TO_ORDER, order_rows_of_cut(outcome))
    await session.run(_COUNT_KEYS_ANEW, {"b_market": outcome.market.id})
    numbers = await undone_numbers(session, outcome, counted)
    undone = [{"b_market": outcome.market.id, "b_trade_id": number, "undone_tick": outcome.tick} for number in numbers]
    await session.run_many(_UNDO_TRADE, undone)


async def undone_numbers(session: Session, outcome: TickOutcome, counted: int) -> list[int]:
    """Which of the first `counted` trades a cut undoes: those that held until its tick."""
    if outcome.branch is None:
        return []
    held = or_(trades.c.undone_tick.is_(None), trades.c.undone_tick >= outcome.tick)
    later = and_(trades.c.tick_id > outcome.branch.first, trades.c.trade_id <= counted)
    query = select(trades).where(trades.c.market == outcome.market.id, held, later).order_by(trades.c.trade_id)
    return undone_trades(outcome.branch, await session.rows(query))


async def _save_intents(session: Session, outcome: TickOutcome, own: Sequence[Row], met: Sequence[Row]) -> None:
    """Orders and actions the tick ran, orders it met in the book (as `order_rows` has them), and the book by price."""
    ran = {"tick_id": outcome.tick}
    await session.run_many(_ADD_TO_ORDER, [row | ran for row in own])
    await session.run_many(_ADD_TO_ORDER, met)
    await session.run_many(_SETTLE_ACTION, [row | ran for row in tick_rows.action_rows(outcome)])
    if outcome.before.resting is not outcome.after.resting:
        await _save_pools(session, outcome)


async def _save_pools(session: Session, outcome: TickOutcome) -> None:
    kept, emptied = pool_rows(outcome)
    await session.run_many(upsert(session.dialect, lob_pools, _PLACE, (*_PLACE, "volume", "shares")), kept)
    await session.run_many(_EMPTY_POOL, emptied)


async def _save_accounts(session: Session, outcome: TickOutcome) -> None:
    """Absolute values from the engine; what only storage counts is added to."""
    await session.run_many(_SAVE_ACCOUNT, tick_rows.account_rows(outcome))
    await session.run_many(_ADD_TO_ACCOUNT, tick_rows.counted_rows(outcome))
    await session.run_many(_CLOSE_ACCOUNT, tick_rows.left_rows(outcome))
    keys = ("market", "user", "outcome", "side")
    await session.run_many(
        upsert(session.dialect, positions, keys, (*keys, "tokens")), tick_rows.position_rows(outcome)
    )


async def _save_binaries(session: Session, market: int, before: MarketState | None, after: MarketState) -> None:
    keys = ("market", "outcome")
    rows = tick_rows.binary_rows(market, before, after)
    await session.run_many(upsert(session.dialect, binaries, keys, (*keys, *POOL)), rows)


async def _save_history(session: Session, outcome: TickOutcome, seal: Seal) -> None:
    """The row of `ticks` and the row of `metrics`."""
    terms, ran = outcome.params, len(outcome.orders)
    row = tick_rows.tick_row(outcome.stamp, outcome.priced, terms, outcome.fills, ran, seal)
    await session.run(_ADD_TICK, row)
    await session.run(_ADD_METRICS, tick_rows.metric_row(outcome.stamp, outcome.after, terms, outcome.fills))


def _same(table: Table, key: str) -> ColumnElement[bool]:
    """The row a statement of many is for; bound under names that are not columns."""
    return and_(table.c.market == bindparam("b_market"), table.c[key] == bindparam(f"b_{key}"))


# Statements of every tick, built once.
_ADD_ENTRY, _ADD_TRADE, _ADD_EVENT = insert(ledger), insert(trades), insert(events)
_ADD_TICK, _ADD_METRICS = insert(ticks), insert(metrics)
_COUNTED = select(config.c.trades, config.c.entries, config.c.events, config.c.volume, config.c.leaves).where(
    config.c.market == bindparam("market")
)
_SAVE_CONFIG = update(config).where(
    config.c.market == bindparam("b_market"),
    config.c.tick == bindparam("b_tick"),
    config.c.head == bindparam("b_head"),
)
_ADD_TO_ORDER = (
    update(orders)
    .where(_same(orders, "number"))
    .values(**{name: orders.c[name] + bindparam(f"d_{name}") for name in MONEY})
)
_COUNT_KEYS_ANEW = update(keys).where(keys.c.market == bindparam("b_market")).values(settled=None)
_SETTLE_ACTION = update(actions).where(_same(actions, "number"))
_UNDO_TRADE = update(trades).where(_same(trades, "trade_id"))
_SAVE_ACCOUNT = update(users).where(_same(users, "user"))
_ADD_TO_ACCOUNT = _SAVE_ACCOUNT.values(**{name: users.c[name] + bindparam(f"d_{name}") for name in COUNTED})
_CLOSE_ACCOUNT = delete(users).where(_same(users, "user"))
_PLACE = ("market", "outcome", "side", "is_buy", "tick")
_EMPTY_POOL = delete(lob_pools).where(*(lob_pools.c[name] == bindparam(f"b_{name}") for name in _PLACE))
