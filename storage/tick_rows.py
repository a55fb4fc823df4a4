"""What a tick did, as the rows it writes. Pure; `storage.saving` has the statements.

Keys that begin with `b_` name the row an update is for, those with `d_` what is added to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from engine.branch import Branch
from engine.events import ControlRefused, Event, Fill, Gas, Joined, Left, OrderDone
from engine.intents import Intent, Join
from engine.params import params_to_json
from engine.risk import OVER, house_cash, worst_loss
from engine.state import Account, MarketState, Side, Status, price_micro
from engine.terms import MarketParams
from storage.entries import Posting
from storage.journal import Heads
from storage.mapping import POOL, scalars
from storage.records import ActionRow, ActionStatus, Market, NextStep, OrderRow, intent_number

Row: TypeAlias = dict[str, Any]  # a row as it is written: every column has its own type
COUNTED = ("volume", "fees", "gas", "stake", "coming")  # what only storage counts of a person
OWN_ROWS = (OrderDone, Gas)  # events that are columns of their order already


@dataclass(frozen=True, slots=True, kw_only=True)
class TickOutcome:
    """All that a market tick did, ready to be saved.

    market: as it was loaded; now_ms: epoch; intents, orders, actions: what it ran; before, after, params: the engine's,
    params those of the next tick; next_step: of the timetable after it; branch: what a cut in it went on from.
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
    branch: Branch | None = None

    @property
    def began(self) -> MarketState:
        """The market its fills and events begin with."""
        return self.before if self.branch is None else self.branch.state

    @property
    def courses(self) -> list[tuple[int, Iterable[Fill], Iterable[Event]]]:
        """(1 or -1, fills, events): what the tick did; by a cut also what earlier ticks did no longer and instead."""
        undone = () if self.branch is None else self.branch.was
        instead = () if self.branch is None else self.branch.would
        return [
            (1, self.fills, self.events),
            *((-1, course.fills, course.events) for course in undone),
            *((1, course.fills, course.events) for course in instead),
        ]

    @property
    def tick(self) -> int:
        return self.market.tick + 1

    @property
    def priced(self) -> MarketState:
        """Whose prices its rows show: a market that is called off has none any more, and nobody in it is out."""
        return self.before if self.after.status is Status.VOIDED else self.after

    @property
    def stamp(self) -> Row:
        """What every row of its history begins with."""
        return {"market": self.market.id, "tick_id": self.tick, "ts_ms": self.now_ms}


class Seal(NamedTuple):
    """What seals a tick: its hash and that of the state it left, size and root of the tree after it, and how the
    journals stood that the hash covers."""

    head: str
    state_hash: str
    leaves: int
    root: str
    journal: Heads

    @property
    def row(self) -> Row:
        recorded = {"journal": self.journal.market.number, "shared_journal": self.journal.shared.number}
        return {"hash": self.head, "state_hash": self.state_hash, "leaves": self.leaves, "root": self.root} | recorded


def config_row(state: MarketState, params: MarketParams, now_ms: int, head: str, step: NextStep | None) -> Row:
    return {
        "status": state.status.value,
        "params": params_to_json(params),
        "tick_ms": now_ms,
        "head": head,
        "state": scalars(state),
        "house": house_cash(state),
        "halted": None,
        "winners": list(state.winners),
        "ended_ms": now_ms if state.status in OVER else None,
        "next_kind": step.kind if step else None,
        "next_ms": step.at_ms if step else None,
        "next_round": step.round if step else None,
    }


def action_rows(outcome: TickOutcome) -> list[Row]:
    refused = {event.id: event.reason.value for event in outcome.events if isinstance(event, ControlRefused)}
    return [
        {
            "b_market": outcome.market.id,
            "b_number": row.number,
            "status": (ActionStatus.REFUSED if row.id in refused else ActionStatus.DONE).value,
            "reason": refused.get(row.id),
        }
        for row in outcome.actions
    ]


def account_rows(outcome: TickOutcome) -> list[Row]:
    """The accounts that changed, with the engine's values."""
    before = outcome.before.accounts
    return [
        {
            "b_market": outcome.market.id,
            "b_user": person,
            **account_row(account),
        }
        for person, account in outcome.after.accounts.items()
        if account != before.get(person)
    ]


def left_rows(outcome: TickOutcome) -> list[Row]:
    """Whose account is closed. They may have joined in the same tick."""
    gone = {event.user for event in outcome.events if isinstance(event, Left)}
    return [
        {"b_market": outcome.market.id, "b_user": person} for person in sorted(gone - outcome.after.accounts.keys())
    ]


def account_row(account: Account) -> Row:
    """What the engine says of a person."""
    return {
        "balance": account.cash,
        "net_pnl": -account.net,
        "trade_count": account.trades,
        "escrow": account.escrow,
        "funded": True,
    }


def position_rows(outcome: TickOutcome) -> list[Row]:
    """The holdings that changed."""
    before, nothing = outcome.before.accounts, ((0, 0),) * outcome.params.n_outcomes
    return [
        {"market": outcome.market.id, "user": person, "outcome": i, "side": side.value, "tokens": pair[at]}
        for person, account in outcome.after.accounts.items()
        if account.tokens != (old := before[person].tokens if person in before else nothing)
        for i, pair in enumerate(account.tokens)
        for at, side in enumerate((Side.YES, Side.NO))
        if pair[at] != old[i][at]
    ]


def counted_rows(outcome: TickOutcome) -> list[Row]:
    """By person: money traded, fees, gas, money granted, and what was coming and has now come."""
    by_person: dict[int, Row] = {}

    def add(person: int | None, name: str, amount: int) -> None:
        if person is not None and amount:
            empty = {"b_market": outcome.market.id, "b_user": person, **{f"d_{name}": 0 for name in COUNTED}}
            by_person.setdefault(person, empty)[f"d_{name}"] += amount

    for sign, fills, events in outcome.courses:
        for fill in fills:
            for person, fee in ((fill.buyer, fill.buy_fee), (fill.seller, fill.sell_fee)):
                add(person, "volume", sign * fill.amount)
                add(person, "fees", sign * fee)
        for event in events:
            if isinstance(event, Gas):
                add(event.user, "gas", sign * event.amount)
            elif isinstance(event, Joined):
                add(event.user, "stake", sign * event.cash)
            elif isinstance(event, Left):
                add(event.user, "stake", -sign * event.cash)
    for intent in outcome.intents:
        if isinstance(intent, Join):
            add(intent.user, "coming", -intent.cash)
    return list(by_person.values())


def volume(outcome: TickOutcome) -> int:
    """What was traded, in all and before fees; less what a cut undid."""
    return sum(sign * fill.amount for sign, fills, _ in outcome.courses for fill in fills)


def binary_rows(market: int, before: MarketState | None, after: MarketState) -> list[Row]:
    """The pools that changed; all of them without a `before`."""
    return [
        {"market": market, "outcome": i, **{name: getattr(pool, name) for name in POOL}}
        for i, pool in enumerate(after.binaries)
        if before is None or pool != before.binaries[i]
    ]


def trade_rows(outcome: TickOutcome, numbered: Iterable[tuple[Fill, int]]) -> list[Row]:
    return [{**outcome.stamp, "trade_id": number, **fill_columns(fill)} for fill, number in numbered]


def fill_columns(fill: Fill) -> Row:
    """A fill as a row of `trades` has it, whatever its number and its tick."""
    return {
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
        "kept": fill.kept,
        "released": fill.released,
        "order": intent_number(fill.order),
        "resting": None if fill.resting is None else intent_number(fill.resting),
        "parts": fill.parts,
    }


def entry_rows(stamp: Row, counted: int, postings: Sequence[Posting]) -> list[Row]:
    """Numbered on from `counted`."""
    return [
        {**stamp, "entry_id": number, **entry._asdict()} for number, entry in enumerate(postings, start=counted + 1)
    ]


def event_rows(outcome: TickOutcome, counted: int) -> list[Row]:
    """Numbered on from `counted`; what an order became and its gas are in its own row."""
    stored = (event for event in outcome.events if not isinstance(event, OWN_ROWS))
    return [
        {**outcome.stamp, "event_id": number, "type": type(event).__name__, "payload": event.to_json()}
        for number, event in enumerate(stored, start=counted + 1)
    ]


def summary(state: MarketState, params: MarketParams, fills: Sequence[Fill], orders: int) -> Row:
    """The `summary` of a row of `ticks`: prices and money traded per outcome."""
    outcomes = range(params.n_outcomes)
    volume = [0 for _ in outcomes]
    for fill in fills:
        volume[fill.outcome] += fill.amount
    return {
        "yes": [price_micro(state, params, i, Side.YES) for i in outcomes],
        "no": [price_micro(state, params, i, Side.NO) for i in outcomes],
        "volume": volume,
        "orders": orders,
        "trades": len(fills),
    }


def tick_row(
    stamp: Row,
    state: MarketState,
    params: MarketParams,
    fills: Sequence[Fill],
    orders: int,
    seal: Seal,
) -> Row:
    """A row of `ticks`: what it came to, and what seals it."""
    return {**stamp, "summary": summary(state, params, fills, orders), **seal.row}


def metric_row(stamp: Row, state: MarketState, params: MarketParams, fills: Iterable[Fill]) -> Row:
    return {
        **stamp,
        "volume": sum(fill.amount for fill in fills),
        "mm_risk": worst_loss(state, params),
        "mm_profit": sum(state.profit.values()),
        "sources": state.profit,
    }
