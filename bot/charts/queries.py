"""From storage's rows to a chart's numbers. Reads only; knows no colours and no sentences."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Sequence
from itertools import islice

from bot.chat.chart_data import (
    ChartData,
    Exit,
    LeaderboardData,
    MakerData,
    OutcomeData,
    PricesData,
    RankedPerson,
    VolumeData,
)
from bot.chat.reply import Picture
from bot.text.numbers import places
from bot.words.shared import winners_of
from engine.state import PROFIT_SOURCES, Status
from storage.rankings import standings
from storage.records import EventRow, Market, Payload, TickRow
from storage.unit_of_work import UnitOfWork

PAID_OUT = (Status.RESOLVED, Status.CLOSED)
MOST_ROWS = 10
MOST_POINTS = 1_500  # more than a canvas has pixels side by side; a whole season has no more to show


async def load(uow: UnitOfWork, picture: Picture) -> ChartData | None:
    """What the picture shows, as of its tick; None where there is no such market, outcome or kind, or no tick yet."""
    market = await uow.markets.get(picture.market)
    if market is None or market.start_ms is None:
        return None
    if picture.kind == "maker":
        return await _maker(uow, market, picture)
    if picture.kind == "leaderboard":
        return await _leaderboard(uow, market)
    rows = [row for row in await uow.ticks.series(market.id) if row.tick <= picture.tick]
    if not rows:
        return None
    if picture.span_ms is not None:
        since = rows[-1].ts_ms - picture.span_ms
        rows = [row for row in rows if row.ts_ms >= since]
    if picture.kind == "volume":
        return _volume(market, rows)
    events = [row for row in await uow.events.of(market.id) if row.tick <= picture.tick]
    if picture.kind == "prices":
        return _prices(market, rows, events)
    if picture.kind == "outcome" and picture.outcome is not None and 0 <= picture.outcome < market.params.n_outcomes:
        return _outcome(market, rows, events, picture.outcome)
    return None


def _prices(market: Market, rows: Sequence[TickRow], events: Sequence[EventRow]) -> PricesData:
    first, last = rows[0].ts_ms, rows[-1].ts_ms
    winners, exits = _exits(market, events)
    frozen = _frozen(market, events, first, last)
    kept = _thinned(rows, [moment for span in frozen for moment in span])
    return PricesData(
        market=market.title,
        names=market.params.outcome_names,
        times=tuple(row.ts_ms for row in kept),
        yes=tuple(tuple(row.yes[outcome] or None for row in kept) for outcome in range(market.params.n_outcomes)),
        exits=tuple(exit_ for exit_ in exits if exit_.at_ms >= first),
        frozen=frozen,
        winners=winners,
        called_off=market.status is Status.VOIDED,
    )


def _outcome(market: Market, rows: Sequence[TickRow], events: Sequence[EventRow], outcome: int) -> OutcomeData:
    first, last = rows[0].ts_ms, rows[-1].ts_ms
    winners, exits = _exits(market, events)
    return OutcomeData(
        market=market.title,
        outcome=outcome,
        name=market.params.outcome_names[outcome],
        times=tuple(row.ts_ms for row in rows),
        yes=tuple(row.yes[outcome] or None for row in rows),
        no=tuple(row.no[outcome] if row.yes[outcome] else None for row in rows),
        volume=tuple(row.volume[outcome] for row in rows),
        exit=next((exit_ for exit_ in exits if exit_.outcome == outcome), None),
        frozen=_frozen(market, events, first, last),
        won=outcome in winners,
        called_off=market.status is Status.VOIDED,
    )


def _volume(market: Market, rows: Sequence[TickRow]) -> VolumeData:
    return VolumeData(
        market=market.title,
        names=market.params.outcome_names,
        times=tuple(row.ts_ms for row in rows),
        volume=tuple(tuple(row.volume[outcome] for row in rows) for outcome in range(market.params.n_outcomes)),
    )


async def _maker(uow: UnitOfWork, market: Market, picture: Picture) -> MakerData | None:
    rows = [row for row in await uow.metrics.series(market.id) if row.tick <= picture.tick]
    if not rows:
        return None
    result = None
    if market.status in PAID_OUT:
        result = (await uow.ledger.balances(market.id)).get("house", 0) - market.params.z
    return MakerData(
        market=market.title,
        times=tuple(row.ts_ms for row in rows),
        volume=tuple(row.volume for row in rows),
        risk=tuple(row.mm_risk for row in rows),
        profit=tuple((name, tuple(row.sources.get(name, 0) for row in rows)) for name in PROFIT_SOURCES),
        stake=market.params.z,
        result=result,
    )


async def _leaderboard(uow: UnitOfWork, market: Market) -> LeaderboardData:
    at_ms = market.tick_ms or market.created_ms
    members = await uow.members.of(market.id)
    state = await uow.markets.state(market)
    everybody = await asyncio.to_thread(standings, market, state, members)  # of a thousand people it takes 50 ms
    ranked = [row for row in everybody if row.rank is not None]
    rows = zip(ranked, places([row.rank for row in ranked]), strict=True)
    return LeaderboardData(
        market=market.title,
        at_ms=at_ms,
        rows=tuple(
            RankedPerson(place=place, name=row.name, stake=row.stake, worth=row.final)
            for row, place in islice(rows, MOST_ROWS)
        ),
        people=len(ranked),
        final=market.status in PAID_OUT,
    )


def _thinned(rows: Sequence[TickRow], moments: Sequence[int]) -> list[TickRow]:
    """About MOST_POINTS of them, evenly, the last always, and those on either side of each of `moments`: so that no
    price seems to move while trading stands still."""
    step = -(-len(rows) // MOST_POINTS)
    kept = {*range(0, len(rows), step), len(rows) - 1}
    for moment in moments:
        after = bisect_left(rows, moment, key=lambda row: row.ts_ms)
        kept |= {max(0, after - 1), min(after, len(rows) - 1)}
    return [rows[at] for at in sorted(kept)]


def _exits(market: Market, events: Sequence[EventRow]) -> tuple[tuple[int, ...], list[Exit]]:
    """Who won if anybody did, and everybody else's end."""
    winners: tuple[int, ...] = ()
    exits: list[Exit] = []
    for row in events:
        if row.type == "Eliminated":
            number = row.payload["round"]
            place = number + 1 if isinstance(number, int) else None
            exits += [
                Exit(outcome=outcome, at_ms=_at(market, row), round=place)
                for outcome in _numbers(row.payload, "outcomes")
            ]
        elif row.type == "Resolved":
            winners = winners_of(row.payload)
            gone = {exit_.outcome for exit_ in exits} | set(winners)
            exits += [
                Exit(outcome=outcome, at_ms=_at(market, row), final=True)
                for outcome in range(market.params.n_outcomes)
                if outcome not in gone
            ]
    return winners, exits


def _frozen(market: Market, events: Sequence[EventRow], first: int, last: int) -> tuple[tuple[int, int], ...]:
    """The intervals between a freeze and what ended it, cut to what the chart shows."""
    spans: list[tuple[int, int]] = []
    begun: int | None = None
    for row in events:
        if row.type in ("Frozen", "Paused") and begun is None:
            begun = _at(market, row)
        elif row.type in ("Resumed", "Resolved", "Voided") and begun is not None:
            spans.append((begun, _at(market, row)))
            begun = None
    if begun is not None:
        spans.append((begun, last))
    return tuple((max(begin, first), end) for begin, end in spans if end > first)


def _at(market: Market, row: EventRow) -> int:
    return market.epoch_ms(_number(row.payload, "at_ms"))


def _number(payload: Payload, name: str) -> int:
    value = payload[name]
    assert isinstance(value, int), f"{name} of an event is no number"
    return value


def _numbers(payload: Payload, name: str) -> list[int]:
    values = payload[name]
    assert isinstance(values, list | tuple), f"{name} of an event is no list"
    return [value for value in values if isinstance(value, int)]
