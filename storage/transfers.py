"""What one member has lost to another through the book: money handed over rather than traded.

Two measures, of which the larger counts. Against the house's price before the tick of a fill: whoever met an order that
waited paid more, or got less, than the house had asked just then, and its owner gained that. And against each other:
what the one bought of the other dear and sold back to them cheap, however the price was moved in between. A crowd
gains and loses all around; money that is handed over goes from one account to one other, fill after fill.

Mints, merges and swaps count like direct trades: a NO bought at 40¢ is a YES sold at 60¢.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, String, and_, case, cast, func, literal, select

from storage.schema import orders, ticks, trades
from storage.session import Repository

BOOK = ("direct", "mint", "merge", "swap")
LEAST_FILLS = 2  # a single one may be somebody's bad luck
MICRO = 1_000_000
_COARSE, _FINE = 1_000, 1_000  # a product of millionths is divided in two steps: it must fit a column on the way


@dataclass(frozen=True, slots=True, kw_only=True)
class NetTransfer:
    """`loser` lost so many micro-dollars to `gainer`, what came back taken off, in so many fills with each other."""

    loser: int
    gainer: int
    amount: int
    fills: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """What orders of `waiting` traded with orders of `taker` that met them, of one outcome in one direction: `bought`
    YES or sold it. `gain` is that of `waiting` over the house's price; `value` what the tokens changed hands for."""

    taker: int
    waiting: int
    outcome: int
    bought: bool
    gain: int
    size: int
    value: int
    fills: int


class Transfers(Repository):
    async def net(self, market: int, least: int) -> list[NetTransfer]:
        """Between each two accounts, the largest first, from `least` micro-dollars on. One query."""
        by_pair: dict[tuple[int, int], list[_Met]] = {}
        for met in await self._met(market):
            by_pair.setdefault((min(met.taker, met.waiting), max(met.taker, met.waiting)), []).append(met)
        found = [_net(pair, met) for pair, met in by_pair.items()]
        notable = [net for net in found if net.amount >= max(1, least) and net.fills >= LEAST_FILLS]
        return sorted(notable, key=lambda net: (-net.amount, net.loser, net.gainer))

    async def _met(self, market: int) -> list[_Met]:
        taker, waiting = orders.alias("taker"), orders.alias("waiting")
        fills = (
            trades.join(taker, and_(taker.c.market == trades.c.market, taker.c.number == trades.c.order))
            .join(waiting, and_(waiting.c.market == trades.c.market, waiting.c.number == trades.c.resting))
            .join(ticks, and_(ticks.c.market == trades.c.market, ticks.c.tick_id == trades.c.tick_id - 1))
        )
        yes, buys = trades.c.side == "yes", waiting.c.is_buy
        dearer = trades.c.price - self._price_before()
        price = case((yes, trades.c.price), else_=MICRO - trades.c.price)  # of YES
        bought = case((yes == buys, 1), else_=0)
        keys = (taker.c.user.label("taker"), waiting.c.user.label("waiting"), trades.c.outcome, bought.label("bought"))
        query = select(
            *keys,
            func.sum(trades.c.size // _COARSE * case((buys, -dearer), else_=dearer) // _FINE).label("gain"),
            func.sum(trades.c.size).label("size"),
            func.sum(trades.c.size // _COARSE * price // _FINE).label("value"),
            func.count().label("fills"),
        ).select_from(fills)
        held = trades.c.undone_tick.is_(None)  # not undone by a cut
        query = query.where(trades.c.market == market, held, trades.c.kind.in_(BOOK))
        by_user = query.group_by(taker.c.user, waiting.c.user, trades.c.outcome, trades.c.side, waiting.c.is_buy)
        return [
            _Met(**{name: int(value) for name, value in row.items() if name != "bought"}, bought=bool(row["bought"]))
            for row in await self._session.rows(by_user)
        ]

    def _price_before(self) -> ColumnElement[int]:
        """Of the token of a fill, as the tick before left it."""
        if self._session.dialect == "postgresql":
            prices = ticks.c.summary.op("->")(cast(trades.c.side, String))
            return cast(prices.op("->>")(trades.c.outcome), BigInteger)
        path = literal("$.").concat(trades.c.side).concat("[").concat(cast(trades.c.outcome, String)).concat("]")
        return func.json_extract(ticks.c.summary, path, type_=BigInteger)


def _net(pair: tuple[int, int], met: Iterable[_Met]) -> NetTransfer:
    """Between two accounts."""
    low, high = pair
    gain = fills = 0
    flows: dict[int, dict[bool, list[int]]] = {}  # by outcome, whether the higher one bought: size, value
    for row in met:
        waits = row.waiting == high
        gain += row.gain if waits else -row.gain
        fills += row.fills
        flow = flows.setdefault(row.outcome, {}).setdefault(row.bought is waits, [0, 0])
        flow[0] += row.size
        flow[1] += row.value
    round_trips = sum(_round_trip(both[True], both[False]) for both in flows.values() if len(both) == 2)
    gained = max(gain, round_trips, key=abs)
    loser, gainer = (low, high) if gained > 0 else (high, low)
    return NetTransfer(loser=loser, gainer=gainer, amount=abs(gained), fills=fills)


def _round_trip(bought: list[int], sold: list[int]) -> int:
    """What the tokens brought that went there and back, over what they had cost."""
    size = min(bought[0], sold[0])
    return sold[1] * size // sold[0] - bought[1] * size // bought[0] if size else 0
