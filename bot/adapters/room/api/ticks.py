"""What each tick of a market brought, for who follows it: prices, trades, moments, and whose orders changed.

Read once for all who follow, from the rows the tick wrote, and kept in memory for the latest ticks; who comes back
later reads the rest. An order is told as it stands when it is read: of a tick long past, as it is now.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from bot.adapters.room.api.order_json import order_to_json
from bot.adapters.room.market_json import moment_to_json, trade_to_json
from bot.adapters.room.page_events import to_json
from bot.market import moments, tape
from storage.database import Database
from storage.records import EventRow, Json, Market, Payload, TickRow, TradeRow, intent_number
from storage.unit_of_work import UnitOfWork

MOST = 1_000  # ticks that are told one by one; who has missed more begins anew
PAGE = 200  # read at a time
MOST_KEPT = 64  # of one market in memory
MOST_MARKETS = 32
_LEFT = ("Cancelled", "Released")  # how an order leaves the book untraded


@dataclass(frozen=True, slots=True)
class Tick:
    """`shared` is a JSON object without its last brace; `orders` by account are JSON arrays."""

    number: int
    shared: bytes
    orders: Mapping[int, bytes]

    def event(self, account: int | None) -> bytes:
        """As it is sent, with the orders of this account."""
        yours = b"[]" if account is None else self.orders.get(account, b"[]")
        return b'id: %d\nevent: tick\ndata: %s,"yours":%s}\n\n' % (self.number, self.shared, yours)


@dataclass(slots=True)
class _Kept:
    ticks: deque[Tick] = field(default_factory=partial(deque, maxlen=MOST_KEPT))
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


class Ticks:
    """Of the markets that were followed last."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._markets: OrderedDict[int, _Kept] = OrderedDict()

    async def after(self, market: int, tick: int) -> Sequence[Tick]:
        """Those after this one, oldest first, at most `PAGE`; none where it is the last."""
        kept = self._kept(market)
        async with kept.reading:
            if not kept.ticks or tick < kept.ticks[0].number - 1 or tick >= kept.ticks[-1].number:
                async with self._db.reading() as uow:
                    read = await _read(uow, market, tick)
                _keep(kept.ticks, read)
                return read
            return [each for each in kept.ticks if each.number > tick]

    def _kept(self, market: int) -> _Kept:
        kept = self._markets.pop(market, None) or _Kept()
        self._markets[market] = kept
        if len(self._markets) > MOST_MARKETS:
            self._markets.popitem(last=False)
        return kept


def _keep(ticks: deque[Tick], read: Sequence[Tick]) -> None:
    """The newest, without a gap between them."""
    last = ticks[-1].number if ticks else -1
    newer = [tick for tick in read if tick.number > last]
    if newer and newer[0].number > last + 1:
        ticks.clear()
    ticks.extend(newer)


async def _read(uow: UnitOfWork, number: int, tick: int) -> list[Tick]:
    market = await uow.markets.get_one(number)
    rows = await uow.ticks.page(number, after=tick, n=PAGE)
    if not rows:
        return []
    first, last = rows[0].tick, rows[-1].tick
    traded = await uow.trades.of_ticks(number, first, last)
    trades = _by_tick(tape.told(market, traded))
    moments_of: defaultdict[int, list[Json]] = defaultdict(list)
    for moment in await moments.of_ticks(uow, market, first, last):
        moments_of[moment.tick].append(moment_to_json(moment))
    changed = await _changed(uow, market, traded, first, last)
    return [
        Tick(
            number=row.tick,
            shared=to_json(_shared(market, row, trades.get(row.tick, ()), moments_of.get(row.tick, [])))[:-1],
            orders=changed.get(row.tick, {}),
        )
        for row in rows
    ]


def _shared(market: Market, row: TickRow, trades: Sequence[TradeRow], seen: Sequence[Json]) -> Payload:
    return {
        "market": market.id,
        "tick": row.tick,
        "at": row.ts_ms,
        "prices": [
            {"outcome": outcome, "yes": yes, "no": no}
            for outcome, (yes, no) in enumerate(zip(row.yes, row.no, strict=True))
        ],
        "trades": [trade_to_json(trade) for trade in trades],
        "moments": list(seen),
    }


def _by_tick(rows: Sequence[TradeRow]) -> Mapping[int, list[TradeRow]]:
    grouped: dict[int, list[TradeRow]] = {}
    for row in rows:
        grouped.setdefault(row.tick, []).append(row)
    return grouped


async def _changed(
    uow: UnitOfWork, market: Market, traded: Sequence[TradeRow], first: int, last: int
) -> Mapping[int, Mapping[int, bytes]]:
    """By tick and account: the orders that ran in it, and those in the book that traded or left in it."""
    numbers: defaultdict[int, set[int]] = defaultdict(set)
    for order in await uow.orders.of_ticks(market.id, first, last):
        if order.tick is not None:
            numbers[order.tick].add(order.number)
    for trade in traded:
        numbers[trade.tick] |= {number for number in (trade.order, trade.resting) if number is not None}
    for event in await uow.events.in_ticks(market.id, _LEFT, first, last):
        numbers[event.tick].add(_order_of(event))
    rows = await uow.orders.many(market.id, set().union(*numbers.values()))
    by_number = {row.number: row for row in rows}
    changed: dict[int, Mapping[int, bytes]] = {}
    for tick, those in numbers.items():
        theirs: defaultdict[int, list[Json]] = defaultdict(list)
        for number in sorted(those & by_number.keys()):
            row = by_number[number]
            theirs[row.person].append(order_to_json(row, market.params))
        changed[tick] = {account: to_json(orders) for account, orders in theirs.items()}
    return changed


def _order_of(event: EventRow) -> int:
    return intent_number(str(event.payload["order"]))
