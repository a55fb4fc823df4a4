"""An order at its turn: what is left of it, what it has paid or got, and what it plans to take from the maker."""

from __future__ import annotations

from engine.intents import Order
from engine.state import Side
from engine.tick import Tick
from engine.working_copy import TOKENS, TRADES


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
