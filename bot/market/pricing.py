"""An order asked of the engine at several sizes: what fits a slippage, what can still win, what else pays the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.chat.facts import Amount, Equivalent, gain_if_right
from bot.market.context import MarketView
from bot.text.numbers import CENT, RATE
from engine.quote import Quote, Refused, quote
from engine.state import Side
from engine.suggest import largest_winning, largest_within_slippage
from engine.terms import MarketParams
from storage.records import OrderDraft

USUAL_SLIPPAGE = RATE // 20
MOST_SLIPPAGE = RATE // 4
"""The most that is chosen for anybody; who wants more says so."""

_DOUBLINGS = 40


@dataclass(frozen=True, slots=True)
class Pricing:
    """One order as it is asked for, at any size. `user` None: for nobody in particular."""

    view: MarketView
    asked: OrderDraft
    user: int | None

    def quote(
        self, size: int | None, spend: int | None, slippage: int | None, worst_price: int | None = None
    ) -> Quote | Refused:
        """Of so many tokens, or for so much money; of both, for so much money and no more tokens than that."""
        asked = self.asked
        return quote(
            self.view.state,
            self.view.record.params,
            now_ms=self.view.engine_ms,
            user=self.user,
            outcome=asked.outcome,
            side=asked.side,
            buy=asked.buy,
            size=size,
            spend=spend,
            slippage=slippage if slippage is None or asked.buy else min(slippage, RATE),
            limit=asked.limit,
            autofill=asked.autofill,
            worst_price=worst_price,
        )

    def fitting(self, size: int, slippage: int, amount: Amount, *, room: bool) -> Amount | None:
        """The largest part of an order of `size` that a slippage allows and that can still win, as the order was asked
        for. `room`: with the usual slippage to spare."""
        fits: int | None = largest_within_slippage(
            self.view.state,
            self.view.record.params,
            now_ms=self.view.engine_ms,
            user=self.user,
            outcome=self.asked.outcome,
            side=self.asked.side,
            buy=self.asked.buy,
            size=size,
            slippage=min(slippage - USUAL_SLIPPAGE if room else slippage, RATE),
        )
        if self.asked.buy and fits and self._gain(fits) < CENT:
            fits = self.winning(fits)
        return self._as_asked(fits or 0, amount)

    def winning_amount(self, priced: Quote, amount: Amount) -> Amount | None:
        """Instead of a buy that can only lose: what can win, as the order was asked for."""
        return self._as_asked(self.winning(priced.size + priced.rests) or 0, amount)

    def winning(self, size: int) -> int | None:
        """The largest buy below `size` that pays at least a cent more than it costs, gas in. Where all below lose, as
        gas alone outweighs them, the smallest above that does not; None where there is none. Micro-tokens."""
        most = 0
        if self.asked.limit is None:
            view, asked = self.view, self.asked
            most = largest_winning(
                view.state,
                view.record.params,
                now_ms=view.engine_ms,
                user=self.user,
                outcome=asked.outcome,
                side=asked.side,
            )
        return self._largest_below(most) if 0 < most < size else self._smallest_above(size)

    def _largest_below(self, most: int) -> int | None:
        """Below the largest that wins at all: a cent is won a little further down, or nowhere."""
        high = most // CENT
        for step in range(_DOUBLINGS):
            low = high - 2**step
            if low <= 0:
                return None
            if self._gain(low * CENT) >= CENT:
                return _border(lambda hundredths: self._gain(hundredths * CENT) >= CENT, low, high) * CENT
        return None

    def _smallest_above(self, size: int) -> int | None:
        low = size // CENT
        for _ in range(_DOUBLINGS):
            high = max(2 * low, low + 1)
            gain = self._gain(high * CENT)
            if gain >= CENT:
                return (_border(lambda hundredths: self._gain(hundredths * CENT) < CENT, low, high) + 1) * CENT
            if gain <= -RATE:
                return None
            low = high
        return None

    def _gain(self, size: int) -> int:
        """Micro-dollars it pays more than it costs if right, gas in; far below 0 where it would be refused."""
        priced = self.quote(size, None, None)
        return gain_if_right(priced, self.asked.limit) if isinstance(priced, Quote) else -RATE

    def _as_asked(self, size: int, amount: Amount) -> Amount | None:
        """Whole hundredths of a token where tokens were asked for and for sales, else the whole cents that buy no more
        than as many; None for less than one."""
        if amount.tokens is not None or not self.asked.buy:
            return Amount(tokens=size // CENT * CENT) if size >= CENT else None
        priced = self.quote(size, None, None) if size else None
        spend = (priced.amount + priced.escrow) // CENT * CENT if isinstance(priced, Quote) else 0
        return Amount(spend=spend) if spend else None

    def equivalent(self, size: int) -> Equivalent | None:
        """With two outcomes left: what as many of the token that pays in the same case cost."""
        active, asked = self.view.active(), self.asked
        if len(active) != 2 or not asked.buy or asked.limit is not None:
            return None
        other = replace(
            asked,
            outcome=next(outcome for outcome in active if outcome != asked.outcome),
            side=Side.NO if asked.side is Side.YES else Side.YES,
        )
        priced = Pricing(self.view, other, self.user).quote(size, None, None)
        if isinstance(priced, Refused):
            return None
        return Equivalent(outcome=other.outcome, side=other.side, total=priced.amount + priced.gas)


def needed_slippage(params: MarketParams, buy: bool, quote_: Quote) -> int:
    """What the order's own impact takes, and the usual slippage on top, in whole percent."""
    after_fee = quote_.base_price * (RATE + params.fee if buy else RATE - params.fee) // RATE
    impact = abs(quote_.average - after_fee) * RATE // max(1, after_fee)
    percent = RATE // 100
    return -(-(impact + USUAL_SLIPPAGE) // percent) * percent


def _border(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The last number from `low`, for which it holds, up to `high`, from which on it does not."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
