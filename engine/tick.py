"""One market tick in progress: the working copy, what happened so far, and what each person already traded in it.

And the taker: the order that is being executed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.branch import Branch
from engine.events import Event, Fill
from engine.intents import Control, Order
from engine.rates import rates_at, tariff
from engine.risk import check_market
from engine.state import MarketState, Side
from engine.terms import MarketParams
from engine.working_copy import TOKENS, TRADES, WorkingCopy


class Tick:
    """Collects fills and events while steps change the `working` copy; `seal` checks and gives the new state.

    `traded` is D of ENGINE section 3: micro-tokens a user bought (or sold) of a token from the maker in this tick,
    by (user, outcome, side, buy). `swept` are the orders the sweep has had in this tick. `before` is the market as it
    began; `branch` what a cut in it goes on from, and `cut` the one that may: then the tick begins again from there.
    """

    __slots__ = (
        "before",
        "branch",
        "cut",
        "events",
        "fills",
        "now_ms",
        "params",
        "params_before",
        "swept",
        "traded",
        "working",
    )

    def __init__(self, state: MarketState, params: MarketParams, now_ms: int, branch: Branch | None = None) -> None:
        self.before = state
        self.branch = branch
        self.params_before = params
        self.cut: Control | None = None
        self.now_ms = now_ms
        self.fills: list[Fill] = []
        self.events: list[Event] = []
        self.traded: dict[tuple[int, int, int, bool], int] = {}
        self.swept: set[str] = set()
        self.open(state, params)

    def open(self, state: MarketState, params: MarketParams) -> None:
        """Goes on from this state and these parameters, at the prices of the tick's time."""
        self.params = params
        self.working = WorkingCopy(
            state, params, tariff(params, rates_at(params, state, self.now_ms), len(state.active))
        )

    def seal(self) -> MarketState:
        """The state now; raises InvariantBroken if it is not what section 8 promises."""
        self.working.check_touched()
        state = self.working.seal()
        check_market(state, self.params)
        return state

    def update(self, **changes: Any) -> None:  # Any: fields of MarketState have several types
        """Changes fields of the state (status, rounds), then goes on at the prices that follow from it."""
        self.open(replace(self.seal(), **changes), self.params)


class Taker:
    """The order that is being executed: what remains of it, what it paid or got, what it plans with the maker.

    Sizes in micro-tokens, money in micro-dollars; side is 0 for YES and 1 for NO.

    remaining: not yet traded or planned; pending: planned with the maker, to be priced as one fill; filled: traded;
    amount: all paid or got, fees in; fees: among that; floor: what the pot floor added to or took from it; may_swap:
    whether it may still swap; escrow_fee: the largest fee it may be charged, a rate; met: how many resting orders
    waited in the pools it traded with.
    """

    __slots__ = (
        "account",
        "amount",
        "buy",
        "escrow_fee",
        "fees",
        "filled",
        "floor",
        "limit",
        "may_swap",
        "met",
        "order",
        "outcome",
        "pending",
        "remaining",
        "side",
        "tick",
        "traded_key",
        "user",
    )

    def __init__(self, tick: Tick, order: Order, account: list[int]) -> None:
        self.tick = tick
        self.order = order
        self.account = account
        self.user = order.user
        self.outcome = order.outcome
        self.side = int(order.side is Side.NO)
        self.buy = order.buy
        self.limit = order.limit
        self.remaining = order.size
        self.pending = 0
        self.filled = 0
        self.amount = 0
        self.fees = 0
        self.floor = 0
        self.met = 0
        self.may_swap = order.limit is not None and tick.params.cm_enabled
        self.escrow_fee = max(tick.params.fee, tick.params.match_fee)
        self.traded_key = (order.user, order.outcome, self.side, order.buy)

    def settle(self, size: int, amount: int, fee: int) -> None:
        """`size` tokens for `amount`, all in, of which `fee`; the account moves at once."""
        self.tick.working.credit(self.account, -amount if self.buy else amount)
        self.account[TOKENS + 2 * self.outcome + self.side] += size if self.buy else -size
        self.account[TRADES] += 1
        self.filled += size
        self.amount += amount
        self.fees += fee
