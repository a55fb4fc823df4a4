"""One market tick in progress: the desk, what happened so far, and what each person already traded in it.

An order at its turn: what is left of it, what it has paid or got, and what it plans to take from the maker.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.events import Event, Fill
from engine.intents import Order
from engine.rates import rates_at, tariff
from engine.risk import check_market
from engine.state import MarketState, Side
from engine.terms import MarketParams
from engine.working_copy import TOKENS, TRADES, WorkingCopy


class Tick:
    """Collects fills and events while the steps of a tick work on `desk`; `seal` checks and gives the new state.

    `traded` is D of ENGINE section 3: micro-tokens a user bought (or sold) of a token from the maker in this tick,
    by (user, outcome, side, buy). `swept` are the orders the sweep has had in this tick.
    """

    __slots__ = ("desk", "events", "fills", "now_ms", "params", "swept", "traded")

    def __init__(self, state: MarketState, params: MarketParams, now_ms: int) -> None:
        self.now_ms = now_ms
        self.fills: list[Fill] = []
        self.events: list[Event] = []
        self.traded: dict[tuple[int, int, int, bool], int] = {}
        self.swept: set[str] = set()
        self.open(state, params)

    def open(self, state: MarketState, params: MarketParams) -> None:
        """Goes on from this state and these parameters, at the prices of the tick's time."""
        self.params = params
        self.desk = WorkingCopy(state, params, tariff(params, rates_at(params, state, self.now_ms), len(state.active)))

    def seal(self) -> MarketState:
        """The state now; raises InvariantBroken if it is not what section 8 promises."""
        self.desk.check_touched()
        state = self.desk.seal()
        check_market(state, self.params)
        return state

    def turn(self, **changes: Any) -> None:  # Any: fields of MarketState have several types
        """Changes the course of the market (status, rounds), then goes on at the prices that follow from it."""
        self.open(replace(self.seal(), **changes), self.params)


class Turn:
    """Sizes in micro-tokens, money in micro-dollars; side is 0 for YES and 1 for NO.

    left: not yet traded or planned; pending: planned with the maker, to be priced as one fill; filled: traded;
    money: all paid or got, fees in; fees: among that; swaps: whether it may still swap; escrow_fee: the largest fee
    it may be charged, a rate.
    """

    __slots__ = (
        "account",
        "buy",
        "escrow_fee",
        "fees",
        "filled",
        "left",
        "limit",
        "money",
        "order",
        "outcome",
        "pending",
        "side",
        "swaps",
        "tick",
        "traded",
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
        self.left = order.size
        self.pending = 0
        self.filled = 0
        self.money = 0
        self.fees = 0
        self.swaps = order.limit is not None and tick.params.cm_enabled
        self.escrow_fee = max(tick.params.fee, tick.params.match_fee)
        self.traded = (order.user, order.outcome, self.side, order.buy)

    def settle(self, size: int, amount: int, fee: int) -> None:
        """`size` tokens for `amount`, all in, of which `fee`; the account moves at once."""
        self.tick.desk.settle(self.account, -amount if self.buy else amount)
        self.account[TOKENS + 2 * self.outcome + self.side] += size if self.buy else -size
        self.account[TRADES] += 1
        self.filled += size
        self.money += amount
        self.fees += fee
