"""The rounds of an event file: their times, who goes, and the timetable line the chat keeps for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.grammar.times import LONGEST_SPAN, moment_ms, span_ms
from bot.grammar.types import Wrong
from bot.market import timetable as schedule
from bot.market.timetable import Entry, Timetable, When
from bot.text.toml_lines import Mistakes
from bot.words import event_file as words
from engine import parse
from engine.terms import Problem, Round

KEYS = ("freeze_at", "decide_at", "count", "losers", "winner")

LAST_MS = 10**14
"""Moments from 1970 to the year 5138."""

_MOMENT = re.compile(r"\d{4}-\d{1,2}-\d{1,2}[ T]+\d{1,2}:\d{2}(?::\d{2})?(?P<zone>.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRound:
    """One round as the timetable has it and as the engine has it."""

    entry: Entry
    step: Round


def read_rounds(
    said: object, names: tuple[str, ...], start_ms: int, mistakes: Mistakes
) -> tuple[ReadRound, ...] | None:
    """All rounds, or None where one could not be read. Moments are counted from `start_ms` (epoch)."""
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        mistakes.add("rounds", words.rounds_are_tables())
        return None
    if said and not any("winner" in one for one in said):
        mistakes.add("rounds", words.problem(Problem(field="rounds", code="no_final")))
    found = [_read_round(number, one, names, start_ms, mistakes) for number, one in enumerate(said, 1)]
    read = tuple(one for one in found if one is not None)
    return read if len(read) == len(found) else None


def _read_round(
    number: int, said: Mapping[str, object], names: tuple[str, ...], start_ms: int, mistakes: Mistakes
) -> ReadRound | None:
    place, before = f"rounds.{number}", len(mistakes)
    for key in said:
        if key not in KEYS:
            mistakes.add(f"{place}.{key}", words.no_such_key_in_round(number, key))
    if "decide_at" not in said:
        mistakes.add(place, words.round_without_time(number))
    times = dict(_times(said, place, mistakes))
    if any(when.after_start(start_ms) < 0 for when in times.values()):
        mistakes.add(place, words.before_the_start(number))
    decide = times.get("decide_at", When(0, relative=True))
    freeze = times.get("freeze_at", decide)
    spans = {"freeze_at": freeze.after_start(start_ms), "decide_at": decide.after_start(start_ms)}
    try:
        who = {key: value for key, value in said.items() if key in ("count", "losers", "winner")}
        (step,) = parse.read_rounds([{**who, **spans}], names) if names else (None,)
    except parse.Unreadable as error:
        problem = parse.problem("rounds", error)
        mistakes.add(place, words.problem(replace(problem, detail={**problem.detail, "round": number})))
        return None
    if step is None or len(mistakes) > before:
        return None
    entry = Entry(freeze=freeze, decide=decide, winner=step.winner)
    return ReadRound(entry=entry if step.is_final else replace(entry, count=step.count, losers=step.losers), step=step)


def _times(said: Mapping[str, object], place: str, mistakes: Mistakes) -> Iterator[tuple[str, When]]:
    for key in ("freeze_at", "decide_at"):
        if key in said:
            when = read_when(said[key])
            if isinstance(when, When):
                yield key, when
            else:
                mistakes.add(f"{place}.{key}", when)


def read_when(said: object) -> When | str:
    """A span after the start (`2h`, or whole ms), or a moment with its zone; a sentence where it is neither."""
    text = str(said).strip()
    ms = said if isinstance(said, int) and not isinstance(said, bool) else span_ms(text.removeprefix("+"))
    if ms is not None:
        if ms > LONGEST_SPAN:
            return words.not_a_time(text)
        return words.not_whole_seconds(text) if ms % 1_000 else When(ms, relative=True)
    at = _moment(said, text)
    return at if isinstance(at, str) or 0 <= at.ms <= LAST_MS else words.not_a_time(text)


def _moment(said: object, text: str) -> When | str:
    if isinstance(said, datetime):
        return words.no_zone(text) if said.tzinfo is None else When(int(said.timestamp()) * 1_000)
    found = _MOMENT.fullmatch(text)
    if found is None:
        return words.not_a_time(text)
    if not found["zone"].strip():
        return words.no_zone(text)
    at = moment_ms(text, 0)
    return at.sentence if isinstance(at, Wrong) else When(at)


def timetable(rounds: Sequence[ReadRound], names: Sequence[str]) -> str:
    """The line that `/admin schedule` reads as these rounds; by number where a name would be misread."""
    table = Timetable(start_ms=None, entries=tuple(one.entry for one in rounds))
    if not rounds:
        return ""
    line = schedule.render(table, names)
    if schedule.read(line, names, 0) == table:
        return line
    return schedule.render(table, [f"#{number}" for number in range(1, len(names) + 1)])
