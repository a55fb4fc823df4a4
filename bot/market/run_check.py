"""What is wrong with a timetable or with terms while they are still being filled in: the sentences a command would
answer with, each beside the part it is about. Nothing is kept, nothing changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.chat.facts import When
from bot.chat.invocation import ParseContext
from bot.grammar.types import Wrong
from bot.market import timetable as timetables
from bot.market import timetable_changes as changes
from bot.market.context import MarketView
from bot.market.draft import Draft, Names, build, draft_of, with_value
from bot.words import event_file as words_event_file
from bot.words import setup as words
from bot.words import times as words_times
from bot.words import timetable as words_timetable
from engine.lint import lint
from engine.params import retune
from engine.terms import MarketParams, Problem
from storage.records import Json

MOST_PARTS = timetables.MOST_ROUNDS + 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """`part`: the place of the part it is about, or the name of the setting; None: of all of it. `ways`: the part as it
    may have been meant."""

    part: int | str | None
    sentence: str
    ways: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """`moments`: freeze and decision of each round, where the times can be read; `starts`: the start prices, micro-
    dollars by outcome."""

    mistakes: Sequence[Mistake]
    warnings: Sequence[tuple[str, str]] = ()  # code, sentence
    moments: Sequence[tuple[When, When]] = ()
    start_ms: int | None = None
    starts: Sequence[tuple[str, int]] = ()


def check_terms(values: Mapping[str, str], now_ms: int) -> Checked:
    """Of a market that is still to be made; `values` under the engine's names, as they are typed."""
    names = Names().parse(values.get("outcome_names", ""), ParseContext(now_ms=now_ms))
    if isinstance(names, Wrong):
        return Checked(mistakes=[Mistake(part="outcome_names", sentence=names.sentence)])
    draft = Draft(values={name: text for name, text in values.items() if text.strip()}, assumed_start_ms=now_ms)
    return _checked(build(draft, now_ms))


def check_setting(market: MarketView, name: str, text: str) -> Checked:
    """One setting of a market that is there, as `/admin set` would take it now."""
    record = market.record
    if record.start_ms is not None:
        return _checked(retune(record.params, market.state, {name: text}))
    draft = with_value(draft_of(record), name, text)
    return _checked(build(draft, record.planned_start_ms or draft.assumed_start_ms or market.now_ms))


def _checked(params: MarketParams | tuple[Problem, ...]) -> Checked:
    if not isinstance(params, MarketParams):
        return Checked(mistakes=[Mistake(part=problem.field, sentence=words.problem(problem)) for problem in params])
    starts = [(name, odds // 10**6) for name, odds in zip(params.outcome_names, params.odds, strict=True)]
    if params.start != "fair":
        starts = [(name, 500_000) for name, _ in starts]
    return Checked(mistakes=[], warnings=_warnings(params), starts=starts)


def _warnings(params: MarketParams) -> list[tuple[str, str]]:
    return [(warning.code, words_event_file.sentence(warning, params)) for warning in lint(params)]


def check_timetable(market: MarketView, parts: Sequence[str]) -> Checked:
    """`parts` are those of `/admin schedule`, a start first where there is one."""
    record, now_ms = market.record, market.now_ms
    context = ParseContext(now_ms=now_ms, outcomes=tuple(market.names))
    entries: list[timetables.TimetableEntry] = []
    mistakes: list[Mistake] = []
    start: When | None = None
    rounds: list[int] = []  # the part of each round
    for place, part in enumerate(parts[:MOST_PARTS]):
        starts = part.casefold().startswith("start ")
        read = timetables.read_start(part[6:].strip(), now_ms) if starts else timetables.read_round(part, context)
        if isinstance(read, Wrong):
            mistakes.append(Mistake(part=place, sentence=read.sentence, ways=read.choices))
        elif isinstance(read, When):
            start = read
        else:
            entries.append(read)
            rounds.append(place)
    if mistakes:
        return Checked(mistakes=mistakes, start_ms=start.ms if start else None)
    table = timetables.Timetable(start_ms=start.ms if start else None, entries=tuple(entries), start=start)
    moments = [(entry.freeze, entry.decide) for entry in entries]
    misplaced, params = _running(market, table) if record.start_ms is not None else _draft(market, table)
    mistakes = [replace(mistake, part=_part(mistake.part, rounds, start)) for mistake in misplaced]
    warned = _warnings(params) if params is not None and record.start_ms is None else []
    return Checked(mistakes=mistakes, warnings=warned, moments=moments, start_ms=table.start_ms)


def _part(of: int | str | None, rounds: Sequence[int], start: When | None) -> int | None:
    """The part of a round, -1 the start."""
    if not isinstance(of, int):
        return None
    return (0 if start else None) if of < 0 else rounds[of] if of < len(rounds) else None


def _draft(market: MarketView, table: timetables.Timetable) -> tuple[list[Mistake], MarketParams | None]:
    record, now_ms = market.record, market.now_ms
    planned = table.start_ms or record.planned_start_ms
    mistakes: list[Mistake] = []
    if table.start is not None and table.start.ms <= now_ms:
        mistakes.append(Mistake(part=-1, sentence=words_times.has_passed(table.start.said, table.start.ms, now_ms)))
    for place, entry in enumerate(table.entries):
        sentences = changes.passed(replace(table, entries=(entry,)), now_ms)
        if planned is not None and not sentences and entry.freeze.epoch(planned) < planned:
            final = entry.winner is not None
            sentences = [words_timetable.before_the_start(place, entry.freeze.epoch(planned), planned, final=final)]
        mistakes += [Mistake(part=place, sentence=sentence) for sentence in sentences]
    start = planned or draft_of(record).assumed_start_ms or now_ms
    kept = timetables.render(replace(table, start_ms=None), record.params.outcome_names, kept=True)
    return _with_problems(mistakes, build(replace(draft_of(record), timetable=kept), start))


def _running(market: MarketView, table: timetables.Timetable) -> tuple[list[Mistake], MarketParams | None]:
    record, state = market.record, market.state
    begun, start_ms = state.next_round + (state.frozen_for is not None), record.start_ms or 0
    kept = timetables.of_params(record.params, start_ms)
    table = changes.settled(table, kept, start_ms)
    mistakes: list[Mistake] = []
    for place, entry in list(enumerate(table.entries))[begun:]:
        alone, old = replace(table, entries=(entry,)), kept[place : place + 1]
        passed = changes.passed(alone, market.now_ms, start_ms, old, record.tick_ms)
        mistakes += [Mistake(part=place, sentence=sentence) for sentence in passed]
    values: dict[str, Json] = {"rounds": table.rounds(start_ms)}
    return _with_problems(mistakes, retune(record.params, state, values))


def _with_problems(
    mistakes: list[Mistake], params: MarketParams | tuple[Problem, ...]
) -> tuple[list[Mistake], MarketParams | None]:
    if isinstance(params, MarketParams):
        return mistakes, params
    spoken_of = {mistake.part for mistake in mistakes}
    for problem in params:
        number = problem.detail.get("round")
        part = number - 1 if isinstance(number, int) else None
        if not spoken_of or (part is not None and part not in spoken_of):  # else it may only follow from the others
            mistakes.append(Mistake(part=part, sentence=words.problem(problem)))
    return mistakes, None
