"""A market as CSV files and a summary, read from its rows.

UTF-8, LF, a header, six decimals (money in dollars, tokens, prices; rates to twelve), `ts_ms`. Outcomes count from 1 as
people count them; an empty user is the house. Text that a spreadsheet could take for a formula gets a leading `'`;
numbers never do. Equal rows give equal bytes.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from fractions import Fraction
from typing import Protocol

from sqlalchemy import and_, case, func, select

from engine.bounds import BOUNDS, in_human_units
from engine.state import PROFIT_SOURCES
from engine.terms import MarketParams, Round
from engine.units import MICRO, RATE
from storage.ledger import HOUSE
from storage.rankings import standings
from storage.records import Market, OrderStatus
from storage.schema import orders
from storage.session import clean
from storage.unit_of_work import UnitOfWork

TRADES = (
    "trade_id", "tick_id", "ts_ms", "outcome", "outcome_name", "side", "kind", "buy_user", "sell_user", "price", "size",
    "fee",
)  # fmt: skip
RANKINGS = ("rank", "user", "name", "stake", "final", "gain", "gain_pct", "trades", "volume", "fees", "gas")
METRICS = ("tick_id", "ts_ms", "volume", "mm_risk", "mm_profit", *PROFIT_SOURCES)
LEDGER = ("entry_id", "tick_id", "ts_ms", "account", "amount_micro", "kind", "ref")
CONFIG = ("name", "value")

FORMULA = re.compile(r"^\s*[=+\-@|%＝＋－＠]|^[\t\r\n]")


class Number(str):
    """Digits that are a number, hence never taken for a formula: `-3.200000` stays as it is."""

    __slots__ = ()


Cell = int | Number | str | None


class Sink(Protocol):
    """Where text goes: a file, a `StringIO`, a `LimitedSink`."""

    def write(self, text: str, /) -> object: ...


class TooLargeError(Exception):
    """The file would be longer than it may be."""


class LimitedSink:
    """Passes text on until it would be more than `most` bytes of UTF-8; then it raises TooLargeError."""

    def __init__(self, out: Sink, most: int) -> None:
        self._out = out
        self._left = most

    def write(self, text: str, /) -> object:
        self._left -= len(text.encode())
        if self._left < 0:
            raise TooLargeError
        return self._out.write(text)


async def write_trades(uow: UnitOfWork, market: Market, out: Sink) -> int:
    """Every token leg of every fill, oldest first. Returns the number of rows, as all of these do."""
    names = market.params.outcome_names
    writer = _Writer(out, TRADES)
    async for page in uow.trades.pages(market.id):
        writer.add(
            (
                row.id, row.tick, row.ts_ms, row.outcome + 1, names[row.outcome], row.side.value, row.kind, row.buyer,
                row.seller, decimal(row.price), decimal(row.size), decimal(row.fee),
            )
            for row in page
        )  # fmt: skip
    return writer.count


async def write_rankings(uow: UnitOfWork, market: Market, out: Sink) -> int:
    """Everybody's result as of the last tick, best first; the rank is empty for who has not traded or is kept out of
    ranks: they follow those who have one. `final` is cash to the micro-dollar and what holdings would bring in whole
    cents; cut to the cent it is what people are told."""
    state, members = await uow.markets.state(market), await uow.members.of(market.id)
    ranked = standings(market, state, members)
    return _write(out, RANKINGS, (
        (
            row.rank, row.person, row.name, decimal(row.stake), decimal(row.final), decimal(row.gain),
            share(Fraction(row.gain, row.stake) if row.stake > 0 else Fraction(0)), row.trades, decimal(row.volume),
            decimal(row.fees), decimal(row.gas),
        )
        for row in ranked
    ))  # fmt: skip


async def write_metrics(uow: UnitOfWork, market: Market, out: Sink) -> int:
    """A row a tick: what was traded in it, what the house would lose at worst and has kept, by source."""
    writer = _Writer(out, METRICS)
    async for page in uow.metrics.pages(market.id):
        writer.add(
            (
                row.tick, row.ts_ms, decimal(row.volume), decimal(row.mm_risk), decimal(row.mm_profit),
                *(decimal(row.sources.get(source, 0)) for source in PROFIT_SOURCES),
            )
            for row in page
        )  # fmt: skip
    return writer.count


async def write_ledger(uow: UnitOfWork, market: Market, out: Sink) -> int:
    """Every entry of the double-entry books, in micro-dollars; they sum to 0."""
    writer = _Writer(out, LEDGER)
    async for page in uow.ledger.pages(market.id):
        writer.add((row.id, row.tick, row.ts_ms, row.account, row.amount, row.kind, row.ref) for row in page)
    return writer.count


async def write_config(uow: UnitOfWork, market: Market, out: Sink) -> int:
    """Title, status, start, then every parameter under its own name in human units; rounds in time from the start."""
    about: list[tuple[str, Cell]] = [
        ("title", market.title),
        ("status", market.status.value),
        ("start_ts_ms", market.start_ms),
    ]
    return _write(out, CONFIG, [*about, *_parameters(market.params)])


Export = Callable[[UnitOfWork, Market, Sink], Awaitable[int]]
EXPORTS: Mapping[str, Export] = {
    "trades": write_trades,
    "config": write_config,
    "metrics": write_metrics,
    "rankings": write_rankings,
    "ledger": write_ledger,
}


async def summary(uow: UnitOfWork, market: Market, seed: int | None = None) -> dict[str, object]:
    """The market in a dozen numbers, for summary.json. Dollars are numbers with at most six decimals."""
    names = market.params.outcome_names
    own = and_(orders.c.status == OrderStatus.CANCELLED.value, orders.c.reason.is_(None))  # not returned by a round
    query = select(orders.c.status, func.count(), func.sum(case((own, 1), else_=0)))
    counts = (await uow.run(query.where(orders.c.market == market.id).group_by(orders.c.status))).all()
    by_status = {str(status): int(count) for status, count, _ in counts}
    gone = [row.payload["outcomes"] for row in await uow.events.of(market.id, "Eliminated")]
    trades = await uow.trades.all(market.id)
    metrics = await uow.metrics.series(market.id)
    balances = await uow.ledger.balances(market.id)
    return {
        "seed": seed,
        "ticks": market.tick,
        "orders": sum(by_status.values()),
        "fills_by_kind": dict(sorted(Counter(row.kind for row in trades).items())),
        "refused": by_status.get(OrderStatus.REFUSED, 0),
        "cancelled": sum(int(taken_back) for _, _, taken_back in counts),
        "eliminated": [names[outcome] for outcomes in gone for outcome in _ints(outcomes)],
        "winner": ", ".join(names[winner] for winner in market.winners) or None,
        "house_result": (balances.get(HOUSE, 0) - market.params.z) / MICRO,
        "worst_risk": max((row.mm_risk for row in metrics), default=0) / MICRO,
        "z": market.params.z / MICRO,
        "head": market.head,
        "ledger_sum": await uow.ledger.total(market.id),
    }


def _ints(values: object) -> list[int]:
    """The numbers of a JSON list."""
    return [value for value in values if isinstance(value, int)] if isinstance(values, list | tuple) else []


def decimal(micro: int) -> Number:
    """Millionths with all six decimals: -3200000 is -3.200000."""
    return Number(f"{'-' if micro < 0 else ''}{abs(micro) // MICRO}.{abs(micro) % MICRO:06d}")


def share(part: Fraction) -> Number:
    """A share with six decimals, rounded to nearest, halves away from 0."""
    size = (2 * abs(part.numerator) * MICRO + part.denominator) // (2 * part.denominator)
    return decimal(-size if part < 0 else size)


def safe(text: str) -> str:
    """The text as a cell: one that a spreadsheet could run begins with `'`."""
    kept = clean(text, len(text))
    return f"'{kept}" if FORMULA.match(kept) else kept


class _Writer:
    """Rows of one file; whoever reads them page by page lets others have their turn in between."""

    def __init__(self, out: Sink, header: Sequence[str]) -> None:
        self._csv = csv.writer(out, lineterminator="\n")
        self._csv.writerow(header)
        self.count = 0

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        for row in rows:
            self._csv.writerow([safe(cell) if type(cell) is str else "" if cell is None else cell for cell in row])
            self.count += 1


def _write(out: Sink, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    writer = _Writer(out, header)
    writer.add(rows)
    return writer.count


def _parameters(params: MarketParams) -> Iterable[tuple[str, Cell]]:
    for part in fields(params):
        value = getattr(params, part.name)
        if part.name == "round_window" and not value:
            continue  # a market without one has the file it had before there were any
        if part.name == "rounds":
            yield from ((f"round_{number}", _round_text(planned, params)) for number, planned in enumerate(value, 1))
        elif part.name == "outcome_names":
            yield from ((f"outcome_{number}", name) for number, name in enumerate(value, 1))
        elif part.name == "odds":
            yield from ((f"odds_{number}", rate(odds)) for number, odds in enumerate(value, 1))
        else:
            yield part.name, _plain(part.name, value, params.z)


def _plain(name: str, value: object, z: int) -> Cell:
    unit = BOUNDS[name].unit if name in BOUNDS else "rate" if name == "band" else ""
    if value is None or isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int) and unit == "per_z":
        return Number(in_human_units("per_z", value, z))
    if isinstance(value, int):
        return decimal(value) if unit == "money" else rate(value) if unit == "rate" else value
    return str(value)


def rate(value: int) -> Number:
    """A rate with all twelve decimals, the last six left out where they are 0."""
    text = f"{'-' if value < 0 else ''}{abs(value) // RATE}.{abs(value) % RATE:012d}"
    return Number(text[:-6] if text.endswith("000000") else text)


def _round_text(planned: Round, params: MarketParams) -> str:
    def who(outcomes: tuple[int, ...] | str) -> str:
        return outcomes if isinstance(outcomes, str) else ", ".join(params.outcome_names[each] for each in outcomes)

    times = f"freeze_at {planned.freeze_at} ms, decide_at {planned.decide_at} ms"
    if planned.winner is not None:
        return f"{times}, winner {who(planned.winner if isinstance(planned.winner, str) else (planned.winner,))}"
    return f"{times}, count {planned.count}, losers {who(planned.losers) or 'ask'}"
