"""A market as it is lived in tests: every tick runs through the real doors and every law is checked after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from random import Random

from engine import risk
from engine.events import Event, Fill, Gas, Joined, Left, OrderDone, Reason, params_after
from engine.intents import Control, Intent, Leave, Order
from engine.orders import apply_orders
from engine.params import MarketParams
from engine.quote import Quote, quote
from engine.state import Book, MarketState, Status, fingerprint, open_market, price, state_from_json, state_to_json
from engine.units import RATE
from tests.engine import invariants
from tests.engine.balance_changes import cash_changes
from tests.engine.markets import SPAN, USERS, some_intent, some_join
from tests.engine.twin import Doing, answer


class Life:
    """`state` and `params` as the last tick left them; `granted` is the play money of each user."""

    def __init__(self, params: MarketParams, doing: Doing = some_intent) -> None:
        self.first = self.params = params
        self.doing = doing
        self.state = open_market(params)
        self.granted: dict[int, int] = {}
        self.now = 0
        self.count = 0
        self.history: list[tuple[int, tuple[Intent, ...]]] = []

    def name(self) -> str:
        self.count += 1
        return f"{self.count:05}"

    def tick(self, now: int, intents: Sequence[Intent], rng: Random | None = None) -> tuple[Event, ...]:
        """One market tick and every law; with `rng` also the same tick with its list shuffled."""
        before, sealed = self.state, fingerprint(self.state)
        fills, after, events = apply_orders(before, intents, self.params, now)
        assert fingerprint(before) == sealed, "the given state was changed"
        if rng is not None:
            shuffled = list(intents)
            rng.shuffle(shuffled)
            again = apply_orders(before, shuffled, self.params, now)
            assert _bytes(again[0], again[1], again[2]) == _bytes(fills, after, events), "the order of the list matters"
        self.history.append((now, tuple(intents)))
        self.accept(after, fills, events, params_after(self.params, events), now)
        return events

    def accept(
        self, after: MarketState, fills: Sequence[Fill], events: Sequence[Event], params: MarketParams, now: int
    ) -> None:
        """Holds what a door returned against every law, then goes on from it."""
        before = self.state
        for event in events:
            if isinstance(event, Joined):
                assert event.first is (event.user not in self.granted)
                self.granted[event.user] = self.granted.get(event.user, 0) + event.cash
            elif isinstance(event, Left):
                assert self.granted.pop(event.user) == event.cash
        moved = {user: account.cash for user, account in after.accounts.items()}
        for user, account in before.accounts.items():
            moved[user] = moved.get(user, 0) - account.cash
        changes = cash_changes(fills, events)
        assert {u: c for u, c in moved.items() if c} == {u: c for u, c in changes.items() if c}, "the ledger rule"
        invariants.check_all(after, params, self.granted)
        invariants.check_rests(before, after, fills, events)
        invariants.check_profit(before, after)
        risk.check(after, params)
        assert state_from_json(state_to_json(after)) == after
        self.state, self.params, self.now = after, params, now

    def replayed(self) -> str:
        """Fingerprint after running everything told once more from the start."""
        state, params = open_market(self.first), self.first
        for now, intents in self.history:
            _, state, events = apply_orders(state, intents, params, now)
            params = params_after(params, events)
        return fingerprint(state)

    def lone(self, order: Order) -> None:
        """An order alone in its tick: the quote is the fill, and a refusal changes nothing but its gas."""
        before = self.state
        asked = quote(
            before,
            self.params,
            now_ms=order.accepted_ms,
            user=order.user,
            outcome=order.outcome,
            side=order.side,
            buy=order.buy,
            size=order.size,
            limit=order.limit,
            autofill=order.autofill,
            spend=order.spend,
        )
        order = replace(order, worst_price=None, max_slippage=None)
        fills = apply_orders(before, [order], self.params, order.accepted_ms)[0]
        events = self.tick(order.accepted_ms, [order])
        done = next(event for event in events if isinstance(event, OrderDone))
        if done.status == "refused":
            assert not isinstance(asked, Quote)
            assert asked.reason == done.reason
            check_untouched(before, self, events)
        else:
            assert isinstance(asked, Quote), asked
            assert (asked.size, asked.unsold, asked.amount) == (done.filled, done.unsold, done.amount)
            assert (asked.fee, asked.gas) == (done.fee, done.gas)
            invariants.check_matches(before, order, fills)
        if order.limit is None and order.spend is None and order.user in before.accounts:
            check_helped(before, self.params, order, done, fills)

    def wander(self, rng: Random, ticks: int, crowd: int = 1, arrive: Sequence[Intent] = ()) -> None:
        """A random life of at most so many ticks, for soaks; `crowd` times as many orders in each."""
        self.tick(0, arrive or [some_join(rng, self.name(), 0, user) for user in USERS])
        for _ in range(ticks):
            if self.state.status in invariants.OVER:
                return
            self.some_tick(rng, rng.choice((0, 1, rng.randint(1, 40), SPAN // ticks, 2 * SPAN // ticks)), crowd)

    def some_tick(self, rng: Random, passed: int, crowd: int = 1) -> None:
        """Random orders over `passed` ms, and what an admin is asked for."""
        before, now = self.now, min(SPAN + 50, self.now + passed)
        intents: list[Intent] = [
            self.doing(rng, self.name(), rng.randint(before, now), self.state, self.params)
            for _ in range(rng.randint(0, 5) * crowd)
        ]
        if self.state.status in (Status.FROZEN, Status.PAUSED) and self.state.frozen_for is None:
            intents.append(Control(id=self.name(), accepted_ms=before, kind="resume"))
        intents += answer(rng, self.state, self.params, self.name(), rng.randint(before, now))
        if rng.random() < 0.05:
            intents.append(some_join(rng, self.name(), now, rng.choice(USERS)))
        if rng.random() < 0.02:
            intents.append(Control(id=self.name(), accepted_ms=now, kind=rng.choice(("freeze", "resume", "pause"))))
        if rng.random() < 0.05:
            intents.append(Leave(id=self.name(), accepted_ms=now, user=rng.choice(USERS)))
        self.tick(now, intents, rng)


def check_untouched(before: MarketState, life: Life, events: Sequence[Event]) -> None:
    """Only the gas of refused orders moved, beside what the tick's own sweep would have done without them."""
    swept, quiet, _ = apply_orders(before, [], life.params, life.now)
    gas = [event for event in events if isinstance(event, Gas)]
    if gas and (swept or life.state.resting != quiet.resting):
        return  # gas widens the floor by as much, so another size may be swept, also where none was
    accounts = dict(quiet.accounts)
    for event in gas:
        account = accounts[event.user]
        accounts[event.user] = replace(account, cash=account.cash - event.amount, net=account.net + event.amount)
    paid = sum(event.amount for event in gas)
    profit = {**quiet.profit, "gas": quiet.profit["gas"] + paid}
    assert life.state == replace(quiet, accounts=accounts, profit=profit, pot=quiet.pot + paid)


def check_helped(
    before: MarketState, params: MarketParams, order: Order, done: OrderDone, fills: Sequence[Fill]
) -> None:
    """With the book nobody trades worse than with the maker alone, up to the rounding of each counterpart.

    The way goes by the maker's price after its fee. What that does not see is left out: the floor, money beyond p_max,
    and that the fee on all of a sale is on its last price.
    """
    accounts = {user: replace(account, escrow=0) for user, account in before.accounts.items()}
    empty = replace(before, resting=Book(), accounts=accounts)
    quiet, after, events = apply_orders(empty, [order], params, order.accepted_ms)
    alone = next(event for event in events if isinstance(event, OrderDone))
    surcharged = any(fill.parts.get("floor") or fill.parts.get("penalty") for fill in quiet)
    if alone.status != "filled" or surcharged or done.reason is Reason.NO_TOKENS:
        return
    assert done.status == "filled", "refused for the book"
    matched = [fill for fill in fills if fill.order == order.id and fill.kind in ("direct", "mint", "merge")]
    most = Fraction(3 * len(matched))
    if order.buy:
        assert done.amount <= alone.amount + most, "dearer than from the maker alone"
    else:
        prices = [price(state.binaries[order.outcome], order.side, params) for state in (empty, after)]
        most += matched != [] and order.size * (prices[0] - prices[1]) * params.fee / RATE + 3
        assert done.amount >= alone.amount - most, "cheaper than to the maker alone"


def _bytes(fills: Sequence[Fill], state: MarketState, events: Sequence[Event]) -> str:
    return fingerprint([fingerprint(state), [fill.to_json() for fill in fills], [event.to_json() for event in events]])
