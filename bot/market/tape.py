"""The trades of a market as people follow them: what one order did at one moment is one trade, however many parts it
had."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from storage.keys import HIDDEN
from storage.records import Market, TradeRow
from storage.unit_of_work import UnitOfWork

_PARTS = 4  # read for each trade that is shown
_LOOKED_THROUGH = 2_000  # of a market in which programs' trades are hidden


async def tape(
    uow: UnitOfWork, market: Market, outcome: int | None = None, *, n: int, before: int | None = None
) -> list[TradeRow]:
    """The latest, newest first: of one outcome or of all; those before the one of number `before`, where that is given.
    Fewer where they have very many parts, and where an admin hides what programs trade and they trade very much."""
    rows = await uow.trades.recent(
        market.id,
        outcome,
        n=n * _PARTS,
        before=None if before is None else before + 1,
        by_hand_after=shown_after(market, market.trades if before is None else before),
    )
    trades = joined(rows)
    if len(rows) == n * _PARTS and len(trades) > 1:
        trades.pop()  # parts of it may not have been read
    return [trade for trade in trades if before is None or trade.id < before][:n]


def shown_after(market: Market, last: int) -> int | None:
    """Where programs' trades are hidden, the number after which those of people are looked for, up to `last`; None:
    all are shown."""
    return last - _LOOKED_THROUGH if market.keys == HIDDEN else None


def told(market: Market, rows: Sequence[TradeRow]) -> list[TradeRow]:
    """Of whole ticks, oldest first: as everybody is told of them."""
    shown = [row for row in rows if market.keys != HIDDEN or not row.by_key]
    return joined(shown[::-1])[::-1]


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
