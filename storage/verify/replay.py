"""A market's ticks run again one by one, each against the rows it wrote; little is kept but the market itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

from sqlalchemy import RowMapping, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.branch import Branch
from engine.params import params_from_json
from engine.state import MarketState, fingerprint, open_market
from storage import cutting, entries, replay, tick_rows
from storage.actions import to_action
from storage.cutting import asked_moment
from storage.entries import check_books
from storage.journal import Heads
from storage.markets import to_market
from storage.order_reading import to_order
from storage.order_rows import order_rows
from storage.proofs.leaves import start_leaves, tick_leaves
from storage.records import ActionRow, Market, OrderRow, OrderStatus
from storage.replay import apply_tick
from storage.saving import undone_numbers
from storage.schema import actions, events, ledger, metrics, orders, ticks, trades
from storage.session import Session
from storage.tick_rows import Row, Seal, TickOutcome
from storage.undone import made_fills, order_rows_of_cut
from storage.unit_of_work import UnitOfWork
from storage.verify.compare import Check, Rows
from storage.verify.journals import Journals
from storage.verify.tree import GrownTree

MONEY = ("amount", "fee", "gas", "rebate")


@dataclass(slots=True, kw_only=True)
class ReplayState:
    """What the ticks so far amount to. `market` has the tick, the head and the parameters that hold after it."""

    market: Market
    state: MarketState
    counted: dict[str, int] = field(default_factory=dict)  # the counters of `config`
    orders: int = 0  # that ran
    outcome: TickOutcome | None = None  # of the last tick
    resting: dict[int, tuple[RowMapping, Row]] = field(default_factory=dict)  # (as stored, as it must be)
    people: dict[int, Row] = field(default_factory=dict)  # what only storage counts of them
    positions: dict[str, Row] = field(default_factory=dict)  # every holding there ever was
    undone: dict[int, int] = field(default_factory=dict)  # trades that a cut undid, and in which tick
    cuts: bool = False  # whether some tick may have cut it: then what became of an order is known at the end alone
    held: int | None = None  # the first tick whose hash begins with what was asked for, or whose root it is

    @classmethod
    def opening(cls, stored: RowMapping, check: Check, *, cuts: bool = False) -> ReplayState:
        """As a market begins, by its row in `config`; `cuts`: some tick was asked to cut it."""
        with check.readable("config", check.market):
            params = params_from_json(stored["start_params"])
            market = replace(to_market(stored), params=params, tick=0, head="")
            return cls(market=market, state=open_market(params), cuts=cuts)


async def open_history(stack: AsyncExitStack, connection: AsyncConnection, check: Check) -> Mapping[str, Rows]:
    """A cursor on each of them; `stack` closes them."""
    turn = ("tick_id", "accepted_ms", "number")
    keys: tuple[tuple[Table, tuple[str, ...]], ...] = (
        (orders, turn),
        (actions, turn),
        (trades, ("trade_id",)),
        (events, ("event_id",)),
        (ledger, ("entry_id",)),
        (metrics, ("tick_id",)),
        (ticks, ("tick_id",)),
    )
    return {table.name: await Rows.open(stack, connection, check, table, *order) for table, order in keys}


async def cuts_asked(session: Session, market: int) -> bool:
    """Whether anybody ever asked for a cut."""
    controls = select(actions.c.payload).where(actions.c.market == market, actions.c.kind == "control")
    return any(row["payload"].get("kind") == "cut" for row in await session.rows(controls))


class Replay:
    """Walks along the tables that grow with every tick, side by side."""

    def __init__(
        self,
        check: Check,
        past: ReplayState,
        rows: Mapping[str, Rows],
        tree: GrownTree,
        journals: Journals,
        wanted: str | None,
        uow: UnitOfWork,
    ) -> None:
        self.check, self.past, self.tree = check, past, tree
        self._wanted, self._rows, self._journals, self._uow = wanted, rows, journals, uow
        self._restores = list(journals.market.restores)

    async def start(self, start_ms: int) -> None:
        """Tick 0. What its hash is made of has been looked at."""
        market, state = self.past.market, self.past.state
        stamp = {"market": market.id, "tick_id": 0, "ts_ms": start_ms}
        digest, recorded = fingerprint(state), await self.recorded()
        head = replay.genesis(market.id, start_ms, market.params, digest, recorded)
        postings = entries.stake_entries(market.params.z)
        size, root = self.tree.add(stamp, start_leaves(head))
        await self._rows["ledger"].expect(tick_rows.entry_rows(stamp, 0, postings))
        await self._rows["metrics"].expect([tick_rows.metric_row(stamp, state, market.params, ())])
        seal = Seal(head, digest, size, root, recorded)
        await self._rows["ticks"].expect([tick_rows.tick_row(stamp, state, market.params, (), 0, seal)])
        self.past.counted = {"trades": 0, "entries": len(postings), "events": 0, "volume": 0, "leaves": size}
        self._go_on(market, state, head)

    async def first(self) -> RowMapping:
        """The row of tick 0, as it is stored."""
        row = await self._rows["ticks"].peek()
        if row is None or row["tick_id"] > 0:
            raise self.check.missing("ticks", 0)
        return row

    async def recorded(self) -> Heads:
        """What the next tick covers of the journals, by its row."""
        row = await self._rows["ticks"].peek()
        if row is None:
            raise self.check.missing("ticks", self.check.tick)
        return self._journals.heads(self.check, row)

    async def tick(self) -> None:
        """The next tick, and every row it wrote."""
        self._restored()
        past, number = self.past, self.past.market.tick + 1
        self.check.tick, self.check.chained = number, True
        stored = await self._rows["ticks"].peek()
        if stored is None or stored["tick_id"] > number:
            raise self.check.missing("ticks", number)
        ran = await self._rows["orders"].of_tick(number)
        done = await self._rows["actions"].of_tick(number)
        outcome = await self._apply(ran, done, stored["ts_ms"])
        digest, recorded = fingerprint(outcome.after), self._journals.heads(self.check, stored)
        head = replay.link(
            past.market.head,
            now_ms=past.market.engine_ms(outcome.now_ms),
            intents=outcome.intents,
            actions=outcome.actions,
            fills=outcome.fills,
            events=outcome.events,
            state_hash=digest,
            journal=recorded,
        )
        self.check.chained = head == stored["hash"]
        await self._undo(outcome)
        self._check_orders(ran, outcome)
        self._check_actions(done, outcome)
        await self._check_history(outcome, head, digest, recorded)
        self._count(outcome)
        past.orders += len(ran)
        self._go_on(replace(outcome.market, tick=number, params=outcome.params), outcome.after, head)

    async def end(self) -> None:
        """That nothing is written after the last tick."""
        self.check.chained = True
        self._restored()
        for restore in self._restores:
            raise self.check.wrong("journal", "restored", "size", self.tree.size, restore.size)
        for rows in self._rows.values():
            await rows.expect_end()

    def _go_on(self, market: Market, state: MarketState, head: str) -> None:
        self.past.market, self.past.state = replace(market, head=head), state
        self._look_for_wanted()

    def _look_for_wanted(self) -> None:
        wanted, market = self._wanted, self.past.market
        if wanted is None or self.past.held is not None:
            return
        if market.head.startswith(wanted) or self.tree.root == wanted:
            self.past.held = market.tick

    def _restored(self) -> None:
        """Every restore from a backup that returned to where the market stands now: its record says how that was, and
        is the next leaf."""
        market = self.past.market
        while self._restores and self._restores[0].size == self.tree.size:
            restore = self._restores.pop(0)
            stood = {"tick": market.tick, "size": self.tree.size, "root": self.tree.root, "head": market.head}
            for name, value in stood.items():
                if getattr(restore, name) != value:
                    raise self.check.wrong("journal", "restored", name, value, getattr(restore, name))
            self.tree.add(restore.stamp(market.id), [restore.leaf])
            self.past.counted["leaves"] = self.tree.size
            self._look_for_wanted()

    async def _apply(self, ran: Sequence[RowMapping], done: Sequence[RowMapping], now_ms: int) -> TickOutcome:
        orders_run: list[OrderRow] = []
        actions_run: list[ActionRow] = []
        for row in ran:
            with self.check.readable("orders", row["number"]):
                orders_run.append(to_order(row))
        for row in done:
            with self.check.readable("actions", row["number"]):
                actions_run.append(to_action(row))
        with self.check.readable("ticks", self.check.tick):  # inputs nobody could have handed in
            branch = await self._branch(actions_run)
            outcome = apply_tick(self.past.market, self.past.state, orders_run, actions_run, now_ms, branch)
        self.past.outcome = outcome
        return outcome

    async def _branch(self, actions_run: Sequence[ActionRow]) -> Branch | None:
        """What a cut in the next tick goes on from: the ticks up to now, which have been looked at, run once more."""
        moment_ms = asked_moment(actions_run)
        if moment_ms is None:
            return None
        self.past.cuts = True
        market = self.past.market
        past = await cutting.past_ticks(self._uow, market, market.tick)
        return await cutting.branch_after(await self._uow.markets.start_params(market.id), past, moment_ms)

    async def _undo(self, outcome: TickOutcome) -> None:
        """What a cut changed of earlier rows."""
        for change in order_rows_of_cut(outcome):
            self._change(*self.past.resting[change["b_number"]], change)
        for trade in await undone_numbers(self._uow, outcome, self.past.counted["trades"]):
            self.past.undone[trade] = outcome.tick

    def _check_orders(self, ran: Sequence[RowMapping], outcome: TickOutcome) -> None:
        """What the tick made of its orders and of those that rested. One that rests on is looked at when it is done."""
        stored = {row["number"]: row for row in ran}
        own, met = order_rows(outcome)
        for change in own:
            row = stored[change["b_number"]]
            fresh: Row = {
                "type": "market" if row["limit_price"] is None else "limit",
                "ts_ms": outcome.market.epoch_ms(row["accepted_ms"]),
                **dict.fromkeys(MONEY, 0),
            }
            self._change(row, fresh, change)
        for change in met:
            self._change(*self.past.resting[change["b_number"]], change)

    def _change(self, row: RowMapping, expected: Row, change: Row) -> None:
        for name, value in change.items():
            if name.startswith("d_"):
                expected[name[2:]] += value
            elif not name.startswith("b_"):
                expected[name] = value
        number = change["b_number"]
        if self.past.cuts or expected["status"] == OrderStatus.RESTING.value:
            self.past.resting[number] = (row, expected)
        else:
            self.past.resting.pop(number, None)
            self.check.same("orders", number, expected, row)

    def _check_actions(self, done: Sequence[RowMapping], outcome: TickOutcome) -> None:
        rows = {row["number"]: row for row in done}
        for change in tick_rows.action_rows(outcome):
            row = rows[change["b_number"]]
            expected = {"ts_ms": outcome.market.epoch_ms(row["accepted_ms"])}
            expected |= {name: value for name, value in change.items() if not name.startswith("b_")}
            self.check.same("actions", row["number"], expected, row)

    async def _check_history(self, outcome: TickOutcome, head: str, digest: str, recorded: Heads) -> None:
        counted = self.past.counted
        made = () if outcome.branch is None else made_fills(outcome.branch)
        numbered = [(fill, number) for number, fill in enumerate((*outcome.fills, *made), start=counted["trades"] + 1)]
        postings = entries.tick_entries(numbered[: len(outcome.fills)], outcome.events)
        with self.check.readable("ledger", "any"):
            check_books(outcome.before, outcome.after, postings)
        event_rows = tick_rows.event_rows(outcome, counted["events"])
        state, terms = outcome.after, outcome.params
        trade_rows, (own, _) = tick_rows.trade_rows(outcome, numbered), order_rows(outcome)
        leaves = tick_leaves(outcome, orders=own, trades=trade_rows, events=event_rows, head=head)
        size, root = self.tree.add(outcome.stamp, leaves)
        await self._rows["trades"].expect(trade_rows)
        await self._rows["events"].expect(event_rows)
        await self._rows["ledger"].expect(tick_rows.entry_rows(outcome.stamp, counted["entries"], postings))
        await self._rows["metrics"].expect([tick_rows.metric_row(outcome.stamp, state, terms, outcome.fills)])
        ran = len(outcome.orders)
        seal = Seal(head, digest, size, root, recorded)
        row = tick_rows.tick_row(outcome.stamp, outcome.priced, terms, outcome.fills, ran, seal)
        await self._rows["ticks"].expect([row])
        counted["trades"] += len(numbered)
        counted["entries"] += len(postings)
        counted["events"] += len(event_rows)
        counted["leaves"] = size
        counted["volume"] += tick_rows.volume(outcome)

    def _count(self, outcome: TickOutcome) -> None:
        for change in tick_rows.counted_rows(outcome):
            counted = self.past.people.setdefault(change["b_user"], dict.fromkeys(tick_rows.COUNTED, 0))
            for name in tick_rows.COUNTED:
                counted[name] += change[f"d_{name}"]
        for row in tick_rows.position_rows(outcome):
            self.past.positions[f"{row['user']}/{row['outcome']}/{row['side']}"] = row
