"""What a start and a tick write.

A tick writes only what it changed, as executemany under ids the application counted, with absolute values wherever
the engine knows them. The books are checked against the engine's state before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Table, and_, bindparam, insert, select, update

from engine.events import ControlRefused, Event, Fill, Gas, Joined, OrderDone
from engine.intents import Intent, Join
from engine.params import params_to_json
from engine.risk import InvariantBroken, house_cash, worst_loss
from engine.state import MarketState, Side, Status, fingerprint, open_market, price_micro
from engine.terms import MarketParams
from storage import chain, entries
from storage.dialect import upsert
from storage.loading import POOL, scalars
from storage.records import ActionRow, ActionStatus, Market, NextStep, OrderRow, OrderStatus, intent_number
from storage.schema import actions, binaries, config, events, ledger, metrics, orders, positions, ticks, trades, users
from storage.steps import next_step

if TYPE_CHECKING:
    from storage.unit_of_work import UnitOfWork

OWN_ROWS = (OrderDone, Gas)  # events that are columns of their order already


class StaleTickError(Exception):
    """Somebody else ran this tick first; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TickOutcome:
    """All that a market tick did, ready to be saved.

    market: as it was loaded; now_ms: epoch; intents, orders, actions: what it ran; before, after, params: the engine's,
    params those of the next tick; next_step: of the timetable after it.
    """

    market: Market
    now_ms: int
    intents: tuple[Intent, ...]
    orders: tuple[OrderRow, ...]
    actions: tuple[ActionRow, ...]
    fills: tuple[Fill, ...]
    events: tuple[Event, ...]
    before: MarketState
    after: MarketState
    params: MarketParams
    next_step: NextStep | None

    @property
    def tick(self) -> int:
        return self.market.tick + 1


async def save_start(uow: UnitOfWork, market: Market, now_ms: int) -> None:
    """RUNNING from `now_ms` on: opening state, tick 0 with the start prices, the stake, a join for every member."""
    state = open_market(market.params)
    digest = fingerprint(state)
    head = chain.genesis(market.id, now_ms, market.params, digest)
    found = entries.stake_entries(market.params.z)
    counters = {"trades": 0, "events": 0, "entries": len(found), "volume": 0}
    await _fund_lobby(uow, market, now_ms)
    await _save_binaries(uow, market.id, None, state)
    await _save_entries(uow, market.id, 0, now_ms, 0, found)
    await _save_history(uow, market.id, 0, now_ms, state, market.params, (), 0, head, digest)
    step = next_step(market.params, state, now_ms)
    values = _config_values(state, market.params, now_ms, head, step) | counters
    values |= {"start_ts": now_ms, "start_params": params_to_json(market.params), "tick": 0}
    await uow.run(update(config).where(config.c.market == market.id).values(**values))


async def _fund_lobby(uow: UnitOfWork, market: Market, now_ms: int) -> None:
    """A join at engine time 0 for every member, in the order they came."""
    query = select(users.c.user).where(users.c.market == market.id).order_by(users.c.joined_ms, users.c.user)
    members = [row["user"] for row in await uow.rows(query)]
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
    await uow.run_many(insert(actions), rows)
    await uow.run(update(users).where(users.c.market == market.id).values(coming=cash))
    await uow.run(update(config).where(config.c.market == market.id).values(intents=len(rows)))


async def save_tick(uow: UnitOfWork, outcome: TickOutcome) -> str:
    """Write everything a tick changed; returns the new head of the audit chain. Raises InvariantBroken where the
    ledger would not agree with the engine, StaleTickError where the tick has been run already."""
    market, after = outcome.market, outcome.after
    query = select(config.c.trades, config.c.entries, config.c.events, config.c.volume)
    row = await uow.row(query.where(config.c.market == market.id))
    if row is None:
        raise LookupError(f"there is no market {market.id}")
    numbered = list(zip(outcome.fills, range(row["trades"] + 1, row["trades"] + 1 + len(outcome.fills)), strict=True))
    found = entries.tick_entries(numbered, outcome.events)
    check_books(outcome.before, after, found)
    stored = [event for event in outcome.events if not isinstance(event, OWN_ROWS)]
    volume = sum(fill.amount for fill in outcome.fills)
    digest = fingerprint(after)
    head = chain.link(
        market.head,
        now_ms=market.engine_ms(outcome.now_ms),
        intents=outcome.intents,
        fills=outcome.fills,
        events=outcome.events,
        state_hash=digest,
    )
    values = _config_values(after, outcome.params, outcome.now_ms, head, outcome.next_step)
    values |= {
        "tick": outcome.tick,
        "trades": row["trades"] + len(numbered),
        "entries": row["entries"] + len(found),
        "events": row["events"] + len(stored),
        "volume": row["volume"] + volume,
    }
    here = and_(config.c.market == market.id, config.c.tick == market.tick, config.c.head == market.head)
    if (await uow.run(update(config).where(here).values(**values))).rowcount != 1:
        raise StaleTickError(f"market {market.id} tick {outcome.tick}")
    uow.crash("between tables: config saved")
    await _save_intents(uow, outcome)
    await _save_accounts(uow, outcome)
    uow.crash("between tables: accounts saved")
    await _save_binaries(uow, market.id, outcome.before, after)
    await _save_trades(uow, outcome, numbered)
    uow.crash("between tables: trades saved")
    await _save_entries(uow, market.id, outcome.tick, outcome.now_ms, row["entries"], found)
    await _save_events(uow, outcome, row["events"], stored)
    await _save_history(
        uow,
        market.id,
        outcome.tick,
        outcome.now_ms,
        after,
        outcome.params,
        outcome.fills,
        len(outcome.orders),
        head,
        digest,
    )
    uow.after_commit.append(lambda: uow.cache.put(market.id, outcome.tick, head, after))
    return head


def check_books(before: MarketState, after: MarketState, found: Sequence[entries.Entry]) -> None:
    """What the entries add to each account is what the engine says it changed by. By induction over the ticks every
    balance is then the sum of its entries; `Ledger.audit` proves it from the first one. Raises InvariantBroken."""
    sums: dict[str, int] = {}
    for entry in found:
        sums[entry.account] = sums.get(entry.account, 0) + entry.amount
    if sum(sums.values()) != 0:
        raise InvariantBroken("ledger_sum", f"the entries of this tick add up to {sum(sums.values())}")
    change = house_cash(after) - house_cash(before)
    if sums.pop(entries.HOUSE, 0) != change:
        raise InvariantBroken("ledger_house", f"the house changed by {change}, the entries say otherwise")
    sums.pop(entries.BANK, None)
    for person, account in after.accounts.items():
        old = before.accounts.get(person)
        if sums.pop(entries.user(person), 0) != account.cash - (old.cash if old else 0):
            raise InvariantBroken("ledger_user", f"the entries of user {person} do not give her cash of {account.cash}")
    if sums:
        raise InvariantBroken("ledger_stranger", f"entries on accounts nobody has: {sorted(sums)}")


def _config_values(
    state: MarketState, params: MarketParams, now_ms: int, head: str, step: NextStep | None
) -> dict[str, object]:
    return {
        "status": state.status.value,
        "params": params_to_json(params),
        "tick_ms": now_ms,
        "head": head,
        "state": scalars(state),
        "house": house_cash(state),
        "halted": None,
        "winner": state.winner,
        "ended_ms": now_ms if state.status in (Status.RESOLVED, Status.VOIDED) else None,
        "next_kind": step.kind if step else None,
        "next_ms": step.at_ms if step else None,
        "next_round": step.round if step else None,
    }


async def _save_intents(uow: UnitOfWork, outcome: TickOutcome) -> None:
    done = [
        {
            "b_market": outcome.market.id,
            "b_number": intent_number(event.order),
            "status": OrderStatus(event.status).value,
            "remaining": event.size - event.filled,
            "amount": event.amount,
            "fee": event.fee,
            "gas": event.gas,
            "reason": event.reason.value if event.reason else None,
            "detail": dict(event.detail),
            "reserve": 0,
        }
        for event in outcome.events
        if isinstance(event, OrderDone)
    ]
    missing = {row.number for row in outcome.orders} - {row["b_number"] for row in done}
    if missing:
        raise InvariantBroken("order_lost", f"orders {sorted(missing)} ran and nothing became of them")
    await uow.run_many(update(orders).where(_same(orders, "number")).values(tick_id=outcome.tick), done)
    refused = {event.id: event.reason.value for event in outcome.events if isinstance(event, ControlRefused)}
    ran = [
        {
            "b_market": outcome.market.id,
            "b_number": row.number,
            "status": (ActionStatus.REFUSED if row.id in refused else ActionStatus.DONE).value,
            "reason": refused.get(row.id),
        }
        for row in outcome.actions
    ]
    await uow.run_many(update(actions).where(_same(actions, "number")).values(tick_id=outcome.tick), ran)


async def _save_accounts(uow: UnitOfWork, outcome: TickOutcome) -> None:
    """Absolute values from the engine; what only storage counts (volume, fees, gas, stake) is added to."""
    market, before = outcome.market.id, outcome.before.accounts
    sums = _sums(outcome)
    changed = {person: account for person, account in outcome.after.accounts.items() if account != before.get(person)}
    rows = [
        {
            "b_market": market,
            "b_user": person,
            "balance": account.cash,
            "net_pnl": -account.net,
            "trade_count": account.trades,
            "escrow": account.escrow,
            "funded": True,
        }
        for person, account in changed.items()
    ]
    await uow.run_many(update(users).where(_same(users, "user")), rows)
    added = {name: users.c[name] + bindparam(f"d_{name}") for name in ("volume", "fees", "gas", "stake", "coming")}
    await uow.run_many(
        update(users).where(_same(users, "user")).values(**added),
        [{"b_market": market, "b_user": person, **row} for person, row in sums.items()],
    )
    moved = [
        {"market": market, "user": person, "outcome": i, "side": side.value, "tokens": pair[at]}
        for person, account in changed.items()
        for i, pair in enumerate(account.tokens)
        for at, side in enumerate((Side.YES, Side.NO))
        if pair[at] != (before[person].tokens[i][at] if person in before else 0)
    ]
    keys = ("market", "user", "outcome", "side")
    await uow.run_many(upsert(uow.dialect, positions, keys, (*keys, "tokens")), moved)


def _sums(outcome: TickOutcome) -> Mapping[int, dict[str, int]]:
    """By person: money traded, fees, gas, money granted, and what was coming and has now come."""
    found: dict[int, dict[str, int]] = {}

    def add(person: int | None, name: str, amount: int) -> None:
        if person is not None and amount:
            row = found.setdefault(person, dict.fromkeys(("d_volume", "d_fees", "d_gas", "d_stake", "d_coming"), 0))
            row[name] += amount

    for fill in outcome.fills:
        for person, fee in ((fill.buyer, fill.buy_fee), (fill.seller, fill.sell_fee)):
            add(person, "d_volume", fill.amount)
            add(person, "d_fees", fee)
    for event in outcome.events:
        if isinstance(event, Gas):
            add(event.user, "d_gas", event.amount)
        elif isinstance(event, Joined):
            add(event.user, "d_stake", event.cash)
    for intent in outcome.intents:
        if isinstance(intent, Join):
            add(intent.user, "d_coming", -intent.cash)
    return found


async def _save_binaries(uow: UnitOfWork, market: int, before: MarketState | None, after: MarketState) -> None:
    rows = [
        {"market": market, "outcome": i, **{name: getattr(pool, name) for name in POOL}}
        for i, pool in enumerate(after.binaries)
        if before is None or pool != before.binaries[i]
    ]
    keys = ("market", "outcome")
    await uow.run_many(upsert(uow.dialect, binaries, keys, (*keys, *POOL)), rows)


async def _save_trades(uow: UnitOfWork, outcome: TickOutcome, numbered: Iterable[tuple[Fill, int]]) -> None:
    rows = [
        {
            "market": outcome.market.id,
            "trade_id": number,
            "tick_id": outcome.tick,
            "ts_ms": outcome.now_ms,
            "outcome": fill.outcome,
            "side": fill.side.value,
            "kind": fill.kind,
            "buy_user": fill.buyer,
            "sell_user": fill.seller,
            "price": fill.price,
            "size": fill.size,
            "fee": fill.buy_fee + fill.sell_fee,
            "amount": fill.amount,
            "buy_fee": fill.buy_fee,
            "sell_fee": fill.sell_fee,
            "order": intent_number(fill.order),
            "parts": fill.parts,
        }
        for fill, number in numbered
    ]
    await uow.run_many(insert(trades), rows)


async def _save_entries(
    uow: UnitOfWork, market: int, tick: int, now_ms: int, counted: int, found: Sequence[entries.Entry]
) -> None:
    rows = [
        {
            "market": market,
            "entry_id": number,
            "tick_id": tick,
            "ts_ms": now_ms,
            "account": entry.account,
            "amount": entry.amount,
            "kind": entry.kind,
            "ref": entry.ref,
        }
        for number, entry in enumerate(found, start=counted + 1)
    ]
    await uow.run_many(insert(ledger), rows)


async def _save_events(uow: UnitOfWork, outcome: TickOutcome, counted: int, stored: Sequence[Event]) -> None:
    rows = [
        {
            "market": outcome.market.id,
            "event_id": number,
            "tick_id": outcome.tick,
            "type": type(event).__name__,
            "payload": event.to_json(),
            "ts_ms": outcome.now_ms,
        }
        for number, event in enumerate(stored, start=counted + 1)
    ]
    await uow.run_many(insert(events), rows)


async def _save_history(
    uow: UnitOfWork,
    market: int,
    tick: int,
    now_ms: int,
    state: MarketState,
    params: MarketParams,
    fills: Sequence[Fill],
    ran: int,
    head: str,
    digest: str,
) -> None:
    """The row of `ticks` and the row of `metrics`."""
    outcomes = range(params.n_outcomes)
    volume = [sum(fill.amount for fill in fills if fill.outcome == i) for i in outcomes]
    summary = {
        "yes": [price_micro(state, params, i, Side.YES) for i in outcomes],
        "no": [price_micro(state, params, i, Side.NO) for i in outcomes],
        "volume": volume,
        "orders": ran,
        "trades": len(fills),
    }
    stamp = {"market": market, "tick_id": tick, "ts_ms": now_ms}
    await uow.run(insert(ticks), {**stamp, "summary": summary, "hash": head, "state_hash": digest})
    row = {
        **stamp,
        "volume": sum(volume),
        "mm_risk": worst_loss(state, params),
        "mm_profit": sum(state.profit.values()),
        "sources": state.profit,
    }
    await uow.run(insert(metrics), row)


def _same(table: Table, key: str) -> ColumnElement[bool]:
    """The row a statement of many is for; bound under names that are not columns."""
    return and_(table.c.market == bindparam("b_market"), table.c[key] == bindparam(f"b_{key}"))
