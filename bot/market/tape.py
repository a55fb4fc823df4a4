"""The trades of a market as people follow them: what one order did at one moment is one trade, however many parts it
had."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from storage.records import TradeRow
from storage.unit_of_work import UnitOfWork

_PARTS = 4  # read for each trade that is shown


async def tape(
    uow: UnitOfWork, market: int, outcome: int | None = None, *, n: int, before: int | None = None
) -> list[TradeRow]:
    """The latest, newest first: of one outcome or of all; those before the one of number `before`, where that is given.
    Fewer where they have very many parts."""
    rows = await uow.trades.recent(market, outcome, n=n * _PARTS, before=None if before is None else before + 1)
    trades = joined(rows)
    if len(rows) == n * _PARTS and len(trades) > 1:
        trades.pop()  # parts of it may not have been read
    return [trade for trade in trades if before is None or trade.id < before][:n]


def joined(rows: Iterable[TradeRow]) -> list[TradeRow]:
    """Parts of one order's turn that are of one token and one direction as one trade, under the number of the newest;
    in the order given, each where its newest part stood. The price is the average, rounded."""
    trades: dict[tuple[object, ...], TradeRow] = {}
    for row in rows:
        key = (row.tick, row.order or -row.id, row.outcome, row.side, row.buyer is None, row.seller is None)
        trade = trades.get(key)
        if trade is None:
            trades[key] = row
            continue
        size, amount = trade.size + row.size, trade.amount + row.amount
        trades[key] = replace(trade, size=size, amount=amount, price=_price(amount, size))
    return list(trades.values())


def _price(amount: int, size: int) -> int:
    """Micro-dollars a token, to the nearest."""
    return (2 * amount * 10**6 + size) // (2 * size) if size else 0
