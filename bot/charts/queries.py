"""From storage's rows to a chart's numbers. Reads only; knows no colours and no sentences."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal, NamedTuple

from bot.charts.price_history import History, PriceHistory, beside, thinned
from bot.chat.chart_data import (
    CardData,
    ChartData,
    Exit,
    LeaderboardData,
    MakerData,
    OutcomeData,
    OutcomeSeries,
    PreviewData,
    PricesData,
    RankedPerson,
    RoundMark,
    SeriesData,
    VolumeData,
)
from bot.chat.reply import Picture
from bot.text.numbers import places
from bot.words.charts import round_name
from bot.words.shared import winners_of
from bot.words.views import status_word
from engine.state import PROFIT_SOURCES, Side, Status, price_micro
from storage.rankings import standings
from storage.records import EventRow, Market, Payload, TickRow
from storage.unit_of_work import UnitOfWork

PAID_OUT = (Status.RESOLVED, Status.CLOSED)
MOST_ROWS = 10
PODIUM, MOST_ON_PODIUM = 3, 4  # places, and rows where people tie

Span = int | Literal["round", "all"]  # so many ms back, since the last round, or from the start


async def load(uow: UnitOfWork, picture: Picture) -> ChartData | None:
    """What the picture shows, as of its tick; None where there is no such market, outcome or kind, or no tick yet."""
    market = await uow.markets.get(picture.market)
    if market is None:
        return None
    if picture.kind == "preview":
        return await _preview(uow, market)
    if market.start_ms is None:
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
    if picture.kind == "card" and market.winners:
        return await _card(uow, market, _prices(market, rows, events))
    if picture.kind == "outcome" and picture.outcome is not None and 0 <= picture.outcome < market.params.n_outcomes:
        return _outcome(market, rows, events, picture.outcome)
    return None


async def series(uow: UnitOfWork, market: Market, kept: PriceHistory, span: Span) -> SeriesData | None:
    """What a page draws the market's chart from, as of its last tick; None where it has none yet."""
    read = await _window(uow, market, kept, span)
    if read is None:
        return None
    history, rows, shown, (winners, exits), frozen = read
    first = history.times[rows[0]]
    out = {exit_.outcome for exit_ in exits}
    traded = [history.traded(outcome, rows, shown) for outcome in range(market.params.n_outcomes)]
    moments = {exit_.at_ms: round_name(exit_) for exit_ in exits if exit_.at_ms >= first}
    return SeriesData(
        tick=market.tick,
        names=market.params.outcome_names,
        ticks=tuple(history.ticks[row] for row in shown),
        times=tuple(history.times[row] for row in shown),
        yes=tuple(
            tuple(column[row] if outcome not in out else column[row] or None for row in shown)
            for outcome, column in enumerate(history.yes)
        ),
        volume=tuple(map(sum, zip(*traded, strict=True))),
        freezes=frozen,
        rounds=tuple(
            RoundMark(at_ms=at, name=name, out=tuple(exit_.outcome for exit_ in exits if exit_.at_ms == at))
            for at, name in sorted(moments.items())
        ),
        exits=tuple(exits),
        winners=winners,
        called_off=market.status is Status.VOIDED,
        thinned=history.thins(rows),
    )


async def outcome_series(
    uow: UnitOfWork, market: Market, kept: PriceHistory, outcome: int, span: Span
) -> OutcomeSeries | None:
    """The same of one outcome, with what was traded in it."""
    read = await _window(uow, market, kept, span)
    if read is None:
        return None
    history, rows, shown, *_ = read
    yes, no = ([column[row] for row in shown] for column in (history.yes[outcome], history.no[outcome]))
    return OutcomeSeries(
        ticks=tuple(history.ticks[row] for row in shown),
        times=tuple(history.times[row] for row in shown),
        yes=tuple(price or None for price in yes),
        no=tuple(price if other else None for price, other in zip(no, yes, strict=True)),
        volume=tuple(history.traded(outcome, rows, shown)),
        total=history.sums[outcome][rows.stop - 1],
    )


class _Window(NamedTuple):
    """Part of a history: its rows and those that are shown, who won and who is out, the stretches without trading."""

    history: History
    rows: range
    shown: list[int]
    ends: tuple[tuple[int, ...], list[Exit]]
    frozen: tuple[tuple[int, int], ...]


async def _window(uow: UnitOfWork, market: Market, kept: PriceHistory, span: Span) -> _Window | None:
    if market.start_ms is None or market.tick_ms is None:
        return None
    history = await kept.of(uow, market)
    events = await uow.events.of(market.id)
    winners, exits = _exits(market, events)
    everything = history.rows(market.tick, None)
    exits = [exit_ for exit_ in exits if not history.yes[exit_.outcome][everything[-1]]]  # not those a cut took back
    rounds = [exit_.at_ms for exit_ in exits if not exit_.final]
    since = max(rounds, default=None) if span == "round" else None if span == "all" else market.tick_ms - span
    rows = history.rows(market.tick, since)
    frozen = _frozen(market, events, history.times[rows[0]], market.tick_ms)
    moments = [*(moment for stretch in frozen for moment in stretch), *(exit_.at_ms for exit_ in exits)]
    return _Window(history, rows, history.shown(rows, moments), (winners, exits), frozen)


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
    ranked = await _ranked(uow, market)
    return LeaderboardData(
        market=market.title,
        at_ms=market.tick_ms or market.created_ms,
        rows=tuple(person for _, person in ranked[:MOST_ROWS]),
        people=len(ranked),
        final=market.status in PAID_OUT,
    )


async def _preview(uow: UnitOfWork, market: Market) -> PreviewData:
    """As of its last tick, or before its first one."""
    state = await uow.markets.state(market)
    numbers = range(market.params.n_outcomes)
    yes = {
        number: price_micro(state, market.params, number, Side.YES)
        for number in numbers
        if state.binaries[number].active and not market.over
    }
    return PreviewData(
        market=market.title,
        status=status_word(market),
        names=market.params.outcome_names,
        yes=tuple(sorted(yes.items(), key=lambda row: (-row[1], row[0]))),
        winners=market.winners,
        called_off=market.status is Status.VOIDED,
        volume=market.volume,
        people=await uow.members.count(market.id),
    )


async def _card(uow: UnitOfWork, market: Market, prices: PricesData) -> CardData:
    ranked = await _ranked(uow, market)
    steps = [person for rank, person in ranked if rank <= PODIUM]
    return CardData(
        prices=prices,
        podium=tuple(steps[:MOST_ON_PODIUM]),
        more=max(0, len(steps) - MOST_ON_PODIUM),
        volume=market.volume,
        people=len(ranked),
    )


async def _ranked(uow: UnitOfWork, market: Market) -> list[tuple[int, RankedPerson]]:
    """Everybody who is ranked, with their rank, best first."""
    members = await uow.members.of(market.id)
    state = await uow.markets.state(market)
    everybody = await asyncio.to_thread(standings, market, state, members)  # of a thousand people it takes 50 ms
    ranked = [(row.rank, row) for row in everybody if row.rank is not None]
    written = places([rank for rank, _ in ranked])
    return [
        (rank, RankedPerson(place=place, name=row.name, stake=row.stake, worth=row.final))
        for (rank, row), place in zip(ranked, written, strict=True)
    ]


def _thinned(rows: Sequence[TickRow], moments: Sequence[int]) -> list[TickRow]:
    """About `MOST_POINTS` of them, and those on either side of each of `moments`."""
    all_, times = range(len(rows)), [row.ts_ms for row in rows]
    return [rows[at] for at in sorted({*thinned(all_), *beside(times, all_, moments)})]


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
