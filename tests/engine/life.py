"""A market as it is lived in tests: every tick runs through the real doors and every law is checked after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from engine import risk
from engine.events import Event, Fill, Gas, Joined, OrderDone, cash_changes, params_after
from engine.intents import Control, Intent, Order
from engine.orders import apply_orders
from engine.params import MarketParams
from engine.quote import Quote, quote
from engine.state import MarketState, Status, fingerprint, open_market, state_from_json, state_to_json
from tests.engine import laws
from tests.engine.markets import SPAN, USERS, some_intent, some_join
from tests.engine.twin import answer


class Life:
    """`state` and `params` as the last tick left them; `granted` is the play money of each user."""

    def __init__(self, params: MarketParams) -> None:
        self.first = self.params = params
        self.state = open_market(params)
        self.granted: dict[int, int] = {}
        self.now = 0
        self.count = 0
        self.told: list[tuple[int, tuple[Intent, ...]]] = []

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
        self.told.append((now, tuple(intents)))
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
        moved = {user: account.cash for user, account in after.accounts.items()}
        for user, account in before.accounts.items():
            moved[user] -= account.cash
        told = cash_changes(fills, events)
        assert {u: c for u, c in moved.items() if c} == {u: c for u, c in told.items() if c}, "the ledger rule"
        laws.check_all(after, params, self.granted)
        laws.check_rests(before, after, fills, events)
        laws.check_profit(before, after)
        risk.check(after, params)
        assert state_from_json(state_to_json(after)) == after
        self.state, self.params, self.now = after, params, now

    def replayed(self) -> str:
        """Fingerprint after running everything told once more from the start."""
        state, params = open_market(self.first), self.first
        for now, intents in self.told:
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
        )
        order = replace(order, worst_price=None, max_slippage=None)
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

    def wander(self, rng: Random, ticks: int, crowd: int = 1) -> None:
        """A random life of at most so many ticks, for soaks; `crowd` times as many orders in each."""
        self.tick(0, [some_join(rng, self.name(), 0, user) for user in USERS])
        for _ in range(ticks):
            if self.state.status in laws.OVER:
                return
            self.some_tick(rng, rng.choice((0, 1, rng.randint(1, 40), SPAN // ticks, 2 * SPAN // ticks)), crowd)

    def some_tick(self, rng: Random, passed: int, crowd: int = 1) -> None:
        """Random orders over `passed` ms, and what an admin is asked for."""
        before, now = self.now, min(SPAN + 50, self.now + passed)
        intents: list[Intent] = [
            some_intent(rng, self.name(), rng.randint(before, now), self.state, self.params)
            for _ in range(rng.randint(0, 5))
        ]
        if self.state.status in (Status.FROZEN, Status.PAUSED) and self.state.frozen_for is None:
            intents.append(Control(id=self.name(), accepted_ms=before, kind="resume"))
        intents += answer(rng, self.state, self.params, self.name(), rng.randint(before, now))
        if rng.random() < 0.05:
            intents.append(some_join(rng, self.name(), now, rng.choice(USERS)))
        if rng.random() < 0.02:
            intents.append(Control(id=self.name(), accepted_ms=now, kind=rng.choice(("freeze", "resume", "pause"))))
        self.tick(now, intents, rng)


def check_untouched(before: MarketState, life: Life, events: Sequence[Event]) -> None:
    """Only the gas of refused orders moved, beside what the tick's own sweep would have done without them."""
    swept, quiet, _ = apply_orders(before, [], life.params, life.now)
    gas = [event for event in events if isinstance(event, Gas)]
    if swept and gas:
        return  # gas widens the floor by as much, so another size may be swept
    accounts = dict(quiet.accounts)
    for event in gas:
        account = accounts[event.user]
        accounts[event.user] = replace(account, cash=account.cash - event.amount, net=account.net + event.amount)
    paid = sum(event.amount for event in gas)
    profit = {**quiet.profit, "gas": quiet.profit["gas"] + paid}
    assert life.state == replace(quiet, accounts=accounts, profit=profit, pot=quiet.pot + paid)


def _bytes(fills: Sequence[Fill], state: MarketState, events: Sequence[Event]) -> str:
    return fingerprint([fingerprint(state), [fill.to_json() for fill in fills], [event.to_json() for event in events]])
