"""The board of a market as any of its ticks left it: the same for `/board`, the pinned message and the theatre.

What a season's markets are worth together: points for the place and for the gain.

Of each market that was paid out everybody with at least three trades is ranked by gain over stake. Places are worth
25, 18, 15, 12, 10, 8, 6, 4, 2, 1 points (those who tie share the points of the places they take, rounded down to a
tenth); every 10 % gained is worth one point more, at most 25, and a loss costs none. Points are in tenths throughout.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import groupby
from typing import Any

from bot.chat.facts import LEAST_TRADES, SeasonStanding
from bot.chat.reply import Board, BoardRow, Line
from bot.text.numbers import places, shown_price
from bot.words.shared import name_of, start_price
from bot.words.views import CLAIMED, CLAIMED_OUT, WINNER, awaited, out_note, status_word, step_words
from bot.words.wording import on_rules
from engine.curves import floored_sales
from engine.schedule import losers_left
from engine.state import MarketState, Side, Status, price_micro
from engine.terms import MarketParams
from storage.rankings import Ranked, standings
from storage.records import EventRow, Market, NextStep, TickRow, Wording
from storage.seasons import Season
from storage.unit_of_work import UnitOfWork

SPARK_POINTS = 24


async def board_of(uow: UnitOfWork, market: Market, now_ms: int) -> Board:
    """The market at a glance, as of its last tick."""
    market = await uow.markets.get_one(market.id)
    board, wordings = await uow.figures.of(market, "board", partial(_board, uow, market))
    names = await uow.people.names(wording.actor for wording in wordings) if wordings else {}
    return replace(board, now_ms=now_ms, decides=tuple(on_rules(wordings, names)))


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardFacts:
    """All that a board of one tick is made of, but for what decides it. `market` and `state` as that tick left them;
    rounds: every `Eliminated` up to it; path: a few ticks of its life so far (`path_moments`), oldest first; risk: the
    house's worst loss after it, micro-dollars; people: who are in it; traders: who have traded."""

    market: Market
    state: MarketState
    rounds: Sequence[EventRow]
    path: Sequence[TickRow]
    risk: int
    people: int
    traders: int


async def _board(uow: UnitOfWork, market: Market) -> tuple[Board, tuple[Wording, ...]]:
    """All of it that follows from the market's own rows, and what decides it, whose authors may change their names."""
    metric = await uow.metrics.latest(market.id)
    people, traders = await uow.members.turnout(market.id)
    facts = BoardFacts(
        market=market,
        state=await uow.markets.state(market),
        rounds=await uow.events.of(market.id, "Eliminated"),
        path=await _path(uow, market),
        risk=metric.mm_risk if metric else 0,
        people=people,
        traders=traders,
    )
    return board_at(facts), await uow.wordings.of(market.id)


def board_at(facts: BoardFacts) -> Board:
    """The board after one tick, the last or any before it. Without what decides the market, and of no moment yet."""
    market, step = facts.market, facts.market.next_step
    return Board(
        title=market.title,
        status=status_word(market),
        rows=tuple(_rows(facts)),
        volume=market.volume,
        people=facts.people,
        traders=facts.traders,
        now_ms=0,
        next_step=step_words(step, still_takes(step, facts.state, market.params)) if step else "",
        next_step_ms=step.at_ms if step else None,
        risk_now=max(0, facts.risk),
        risk_most=0 if market.over else market.params.z,
        awaits=awaits(facts.state, market),
        decides=(),
    )


def _rows(facts: BoardFacts) -> list[BoardRow]:
    """An outcome each, best first."""
    market, state = facts.market, facts.state
    if market.status is Status.VOIDED and facts.path:
        return [_row_of_none(facts, number) for number in range(market.params.n_outcomes)]
    sales = {} if market.over else floored_sales(state, market.params, _tick_ms(market))
    order = _best_first(state, market.params)
    ranked = _ranked(state, market.params, order)
    return [_row(facts, number, sales, ranked.get(number, "")) for number in order]


def awaits(state: MarketState, market: Market) -> Line:
    """The decision that an admin is asked for."""
    if not state.asked or state.frozen_for is None:
        return ()
    planned = market.params.rounds[state.frozen_for]
    return awaited(state.frozen_for, market.epoch_ms(planned.decide_at), final=planned.is_final)


def still_takes(step: NextStep, state: MarketState, params: MarketParams) -> int | None:
    """How many outcomes the round of this step still takes; None for the final, a start and a payment."""
    if step.final or step.round is None or step.kind not in {"freeze", "decide"}:
        return None
    return losers_left(state, params, step.round)


def _best_first(state: MarketState, params: MarketParams) -> list[int]:
    """The winner or who was named so, then the active by price, then those who are out, the last to go first."""
    out = list(reversed(state.out))
    first = state.claim.winners if state.claim is not None else state.winners
    active = sorted(state.active, key=lambda i: (i not in first, -_shown_yes(state, params, i), i))
    rest = [i for i in range(params.n_outcomes) if i not in active and i not in out]
    rest.sort(key=lambda i: i not in state.winners)
    return [*active, *rest, *out]


def _shown_yes(state: MarketState, params: MarketParams, number: int) -> int:
    """The YES price as it is shown: who looks level is level."""
    return shown_price(price_micro(state, params, number, Side.YES))


def _ranked(state: MarketState, params: MarketParams, order: Sequence[int]) -> dict[int, str]:
    """The places of those still in, by price as it is shown; of who won, or was named so, before them."""
    if state.status is Status.VOIDED:
        return {}
    first = state.claim.winners if state.claim is not None else state.winners
    rows = [i for i in order if state.binaries[i].active or i in first]
    keys = [(i not in first, 0 if i in first else _shown_yes(state, params, i)) for i in rows]
    return dict(zip(rows, places(keys), strict=True))


async def _path(uow: UnitOfWork, market: Market) -> list[TickRow]:
    """A few ticks spread over the market's life so far, oldest first."""
    moments = path_moments(market)
    return await uow.ticks.at(market.id, moments) if moments else []


def path_moments(market: Market) -> list[int]:
    """Moments (epoch ms) spread over its life up to its last tick: the path of a board is the last tick before each."""
    if market.start_ms is None or market.tick_ms is None:
        return []
    length = market.tick_ms - market.start_ms
    return [market.start_ms + length * point // (SPARK_POINTS - 1) for point in range(SPARK_POINTS)]


def _tick_ms(market: Market) -> int:
    """Engine time of the last tick."""
    return 0 if market.tick_ms is None else market.engine_ms(market.tick_ms)


def _row(facts: BoardFacts, number: int, sales: Mapping[tuple[int, Side], int], place: str) -> BoardRow:
    market, state, rounds = facts.market, facts.state, facts.rounds
    params = market.params
    yes = price_micro(state, params, number, Side.YES)
    active = state.binaries[number].active
    note = "" if active else out_note(_round_of(number, rounds))
    if number in state.winners:
        note = WINNER
    elif state.claim is not None and number in state.claim.winners:
        note = CLAIMED
    elif state.claim is not None and number in state.claim.losers:
        note = CLAIMED_OUT
    return BoardRow(
        outcome=number,
        place=place,
        name=name_of(params, number),
        yes=yes,
        no=price_micro(state, params, number, Side.NO),
        change=yes - _since_round(params, number, rounds) if active else None,
        spark=tuple(row.yes[number] for row in facts.path) if active else (),
        active=active or number in state.winners,
        note=note,
        sale_yes=sales.get((number, Side.YES)),
        sale_no=sales.get((number, Side.NO)),
    )


def _row_of_none(facts: BoardFacts, number: int) -> BoardRow:
    """Of a market that was called off: nobody is out, nobody has won, and the last prices are all there is. Of who was
    out by then, those before they went."""
    yes, no = facts.path[-1].yes[number], facts.path[-1].no[number]
    yes, no = prices_before_out(facts.rounds).get(number, (yes, no))
    return BoardRow(
        outcome=number,
        place="",
        name=name_of(facts.market.params, number),
        yes=yes,
        no=no,
        change=None,
        spark=tuple(row.yes[number] or yes for row in facts.path),
        active=True,
        note="",
    )


def prices_before_out(rounds: Sequence[EventRow]) -> dict[int, tuple[int, int]]:
    """YES and NO of each outcome that went out, right before it did, micro-dollars; by outcome."""
    prices: dict[int, tuple[int, int]] = {}
    for row in rounds:
        event: Mapping[str, Any] = row.payload  # Any: to_json of engine.events.Eliminated
        prices |= {outcome: (yes, no) for outcome, yes, no in event["prices_before"] if outcome in event["outcomes"]}
    return prices


def _since_round(params: MarketParams, number: int, rounds: Sequence[EventRow]) -> int:
    """The YES price right after the last round; before the first, that of the start."""
    if rounds:
        last: Mapping[str, Any] = rounds[-1].payload  # Any: to_json of engine.events.Eliminated
        for outcome, yes, _ in last["prices_after"]:
            if outcome == number:
                return int(yes)
    return start_price(params, number)


def _round_of(number: int, rounds: Sequence[EventRow]) -> int | None:
    for row in rounds:
        event: Mapping[str, Any] = row.payload  # Any: to_json of engine.events.Eliminated
        if number in event["outcomes"]:
            return event["round"] if isinstance(event["round"], int) else None
    return None


PLACES = (250, 180, 150, 120, 100, 80, 60, 40, 20, 10)
MOST_FOR_GAIN = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One person in one market. `points` in tenths."""

    person: int
    name: str
    rank: int
    share: Fraction
    points: int


def scores(ranked: Iterable[Ranked]) -> list[Score]:
    """Of one market, best first; who traded less than three times or is kept out of ranks is left out."""
    counted = sorted(
        (row for row in ranked if row.trades >= LEAST_TRADES and not row.unranked),
        key=lambda row: (-row.share, row.person),
    )
    result: list[Score] = []
    for share, tied in groupby(counted, key=lambda row: row.share):
        rank, group = len(result) + 1, list(tied)
        places = PLACES[rank - 1 : rank - 1 + len(group)]
        for_place = sum(places) // len(group)
        for_gain = min(MOST_FOR_GAIN, max(0, int(share * 100)))
        result += [
            Score(person=row.person, name=row.name, rank=rank, share=share, points=for_place + for_gain)
            for row in group
        ]
    return result


def table(markets: Sequence[Sequence[Score]], same: Mapping[int, int] | None = None) -> list[SeasonStanding]:
    """Over a season, most points first, then most wins. `same` maps an account's number to the person it belongs to
    now, where two became one; their latest name counts."""
    whose = same or {}
    by_person: dict[int, list[Score]] = {}
    for score in (score for market in markets for score in market):
        by_person.setdefault(whose.get(score.person, score.person), []).append(score)
    rows = [
        SeasonStanding(
            rank=0,
            person=person,
            name=scored[-1].name,
            points=sum(score.points for score in scored),
            markets=len(scored),
            wins=sum(score.rank == 1 and score.share > 0 for score in scored),
            best=max(score.share for score in scored),
        )
        for person, scored in by_person.items()
    ]
    rows.sort(key=lambda row: (-row.points, -row.wins, row.person))
    ranks: dict[tuple[int, int], int] = {}
    return [replace(row, rank=ranks.setdefault((row.points, row.wins), place)) for place, row in enumerate(rows, 1)]


async def season_table(uow: UnitOfWork, season: Season) -> tuple[list[Market], list[SeasonStanding]]:
    """The markets a season counts so far, and where everybody stands."""
    markets = await uow.seasons.markets(season)
    scored = [await uow.figures.of(market, "scores", partial(_scores, uow, market)) for market in markets]
    accounts = {score.person for market in scored for score in market}
    return markets, table(scored, await uow.people.primary_ids(accounts))


async def _scores(uow: UnitOfWork, market: Market) -> list[Score]:
    return scores(standings(market, None, await uow.members.of(market.id)))
