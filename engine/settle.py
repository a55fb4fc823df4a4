"""What resting orders pay and get, and the move of their accounts (ENGINE section 6)."""

from __future__ import annotations

from engine.resting_book import RestingOrder
from engine.state import Side
from engine.units import RATE, ceil_div
from engine.working_copy import CASH, ESCROW, NET, POT, TOKENS, TRADES, Desk

_SQUARE = RATE * RATE


def pays(order: RestingOrder, rest: int, size: int, fee: int) -> tuple[int, int, int]:
    """(amount, fee, what leaves escrow) of a resting buy of which `size` of `rest` fills; fee is a rate.

    ceil(limit*rest before) - ceil(limit*rest after), fee and escrow likewise, so that parts sum to the whole; the fee
    is at most what the escrow holds for it.
    """
    before, after = -order.limit * rest, -order.limit * (rest - size)
    amount = after // RATE - before // RATE
    most = order.fee
    held = most * after // _SQUARE - most * before // _SQUARE
    if not fee:
        return amount, 0, amount + held
    part = held if fee >= most else min(fee * after // _SQUARE - fee * before // _SQUARE, held)
    return amount, part, amount + held


def gets(limit: int, size: int, fee: int) -> tuple[int, int]:
    """(amount, fee) of a sale at a limit: floor(limit*size), the fee rounded up but never above it."""
    amount = limit * size // RATE
    return amount, min(ceil_div(limit * fee * size, RATE * RATE), amount)


def fill_buy(desk: Desk, order: RestingOrder, size: int, total: int, released: int) -> None:
    """A resting buy of `size` tokens for `total`, fee in, out of what its escrow releases."""
    account = desk.account(order.user)
    assert account is not None
    desk.keep(account, desk.money)
    account[CASH] += released - total
    account[ESCROW] -= released
    account[NET] += total
    account[TRADES] += 1
    account[TOKENS + 2 * order.outcome + (order.side is Side.NO)] += size
    desk.money[POT] += total


def fill_sell(desk: Desk, order: RestingOrder, size: int, total: int) -> None:
    """A resting sale of `size` tokens for `total`, fee out; they are tied up no more."""
    account = desk.account(order.user)
    assert account is not None
    desk.keep(account, desk.money)
    token = 2 * order.outcome + (order.side is Side.NO)
    account[CASH] += total
    account[NET] -= total
    account[TRADES] += 1
    account[TOKENS + token] -= size
    account[desk.tied + token] -= size
    desk.money[POT] -= total
