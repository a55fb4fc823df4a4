"""An event written down in a TOML file: its title, outcomes, terms by their ENGINE names, and its rounds.

    title = "Office chess cup"
    outcomes = ["Ada", "Bo", "Cleo", "Dan"]
    about = "The last one standing on Friday."        # what decides: what counts, the source, called off, tied
    preset = "fair"
    start_at = "2035-06-01 18:00 Europe/Berlin"      # left out: it starts by hand
    open = true                                      # left out: it stays a draft

    [[rounds]]
    freeze_at = "2h"                                 # after the start, or a moment with its zone
    decide_at = "2h10m"
    losers = "ask"                                   # or names

    [[rounds]]
    decide_at = 2035-06-02T20:00:00Z
    winner = "ask"

What is read becomes the draft that `/admin create`, `/admin set` and `/admin schedule` keep, so an event from a file
can be changed in the chat. Every mistake is told at once, with its line.

The rounds of an event file: their times, who goes, and the timetable line the chat keeps for them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from bot.chat.facts import ALIASES, When
from bot.chat.invocation import ParseContext
from bot.grammar.outcomes import OutcomesType, OutcomeType
from bot.grammar.times import FARTHEST, LONGEST_SPAN, moment_ms, span_ms
from bot.grammar.types import Paragraphs, Wrong, nearest
from bot.market import timetable as schedule
from bot.market.draft import Draft, even_odds, wrong_names
from bot.market.settings_table import SETTINGS
from bot.market.timetable import Timetable, TimetableEntry
from bot.text.names import LONGEST_NAME, LONGEST_TITLE, LONGEST_WORDING, clean
from bot.text.outcome_names import joined_names, split_names
from bot.text.toml_lines import Mistake, Mistakes, lines_of
from bot.words import event_file as words
from bot.words import times as words_times
from bot.words import timetable as words_timetable
from engine import parse
from engine.params import MarketParams, build_params
from engine.terms import MOST_OUTCOMES, Problem, Round

KEYS = ("freeze_at", "decide_at", "count", "losers", "winner")

_MOMENT = re.compile(r"\d{4}-\d{1,2}-\d{1,2}[ T]+\d{1,2}:\d{2}(?::\d{2})?(?P<zone>.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRound:
    """One round as the timetable has it and as the engine has it."""

    entry: TimetableEntry
    step: Round


def read_rounds(
    rounds: object, names: tuple[str, ...], start_ms: int, mistakes: Mistakes, now_ms: int
) -> tuple[ReadRound, ...] | None:
    """All rounds, or None where one could not be read. Moments are counted from `start_ms` (epoch)."""
    if not isinstance(rounds, list) or not all(isinstance(entry, dict) for entry in rounds):
        mistakes.add("rounds", words.rounds_are_tables())
        return None
    if rounds and not any("winner" in entry for entry in rounds):
        mistakes.add("rounds", words.problem(Problem(field="rounds", code="no_final")))
    numbered = enumerate(rounds, 1)
    read_all = [_read_round(number, entry, names, start_ms, mistakes, now_ms) for number, entry in numbered]
    read = tuple(round_ for round_ in read_all if round_ is not None)
    return read if len(read) == len(read_all) else None


def _read_round(
    number: int, entry: Mapping[str, object], names: tuple[str, ...], start_ms: int, mistakes: Mistakes, now_ms: int
) -> ReadRound | None:
    place, before = f"rounds.{number}", len(mistakes)
    for key in entry:
        if key not in KEYS:
            mistakes.add(f"{place}.{key}", words.no_such_key_in_round(number, key))
    if "decide_at" not in entry:
        mistakes.add(place, words.round_without_time(number))
    losers = entry.get("losers", "")
    if any(schedule.is_by_price(str(who), names) for who in (losers if isinstance(losers, list) else [losers])):
        mistakes.add(f"{place}.losers", words_timetable.by_price())
        return None
    if isinstance(entry.get("winner"), list):
        mistakes.add(f"{place}.winner", words_timetable.one_winner())
        return None
    times = dict(_times(entry, place, mistakes, now_ms))
    if any(when.after_start(start_ms) < 0 for when in times.values()):
        mistakes.add(place, words.before_the_start(number))
    decide = times.get("decide_at", When(0, relative=True))
    freeze = times.get("freeze_at", decide)
    spans = {"freeze_at": freeze.after_start(start_ms), "decide_at": decide.after_start(start_ms)}
    who = dict(_who(entry, place, names, mistakes))
    try:
        (step,) = parse.read_rounds([{**who, **spans}], names) if names else (None,)
    except parse.Unreadable as error:
        problem = parse.problem("rounds", error)
        mistakes.add(place, words.problem(replace(problem, detail={**problem.detail, "round": number})))
        return None
    if step is None or len(mistakes) > before:
        return None
    plan = TimetableEntry(freeze=freeze, decide=decide, winner=step.winner)
    return ReadRound(entry=plan if step.is_final else replace(plan, count=step.count, losers=step.losers), step=step)


def _who(
    entry: Mapping[str, object], place: str, names: tuple[str, ...], mistakes: Mistakes
) -> Iterator[tuple[str, object]]:
    """Who goes and who wins, read as in the chat, by numbers, which the engine takes without a look at the names."""
    context = ParseContext(now_ms=0, outcomes=names)
    for key in entry.keys() & {"count", "losers", "winner"}:
        value = entry[key]
        if key == "count" or value == "ask" or isinstance(value, bool) or not names:
            yield key, value
            continue
        if isinstance(value, list):
            read = [OutcomeType(active_only=False).parse(str(item), context) for item in value]
        else:
            several = OutcomesType(active_only=False).parse(str(value), context)
            read = [several] if isinstance(several, Wrong) else list(several)
        wrong = [outcome.sentence for outcome in read if isinstance(outcome, Wrong)]
        if wrong or (key == "winner" and len(read) != 1):
            mistakes.add(f"{place}.{key}", wrong[0] if wrong else words_timetable.one_winner())
            continue
        numbers = [outcome + 1 for outcome in read if isinstance(outcome, int)]
        yield key, numbers[0] if key == "winner" else numbers


def _times(entry: Mapping[str, object], place: str, mistakes: Mistakes, now_ms: int) -> Iterator[tuple[str, When]]:
    for key in ("freeze_at", "decide_at"):
        if key in entry:
            when = read_when(entry[key], now_ms)
            if isinstance(when, When):
                yield key, when
            else:
                mistakes.add(f"{place}.{key}", when)


def read_when(value: object, now_ms: int) -> When | str:
    """A span after the start (`2h`, or whole ms), or a moment with its zone; a sentence where it is neither, where the
    moment has passed and where it is too far away."""
    text = str(value).strip()
    ms = value if isinstance(value, int) and not isinstance(value, bool) else span_ms(text.removeprefix("+"))
    if ms is not None:
        if ms > LONGEST_SPAN:
            return words_times.span_too_long(text)
        return words.not_whole_seconds(text) if ms % 1_000 else When(ms, relative=True)
    at = _moment(value, text, now_ms)
    if isinstance(at, str):
        return at
    if at.ms <= now_ms:
        return words_times.has_passed(text, at.ms, now_ms)
    return words_times.too_far(text, now_ms + FARTHEST) if at.ms > now_ms + FARTHEST else at


def _moment(value: object, text: str, now_ms: int) -> When | str:
    if isinstance(value, datetime):
        return words.no_zone(text) if value.tzinfo is None else When(int(value.timestamp()) * 1_000)
    match = _MOMENT.fullmatch(text)
    if match is None:
        return words.not_a_time(text)
    if not match["zone"].strip():
        return words.no_zone(text)
    at = moment_ms(text, now_ms)
    return at.sentence if isinstance(at, Wrong) else When(at)


def timetable(rounds: Sequence[ReadRound], names: Sequence[str]) -> str:
    """The line that `/admin schedule` reads as these rounds, as a draft keeps it."""
    table = Timetable(start_ms=None, entries=tuple(round_.entry for round_ in rounds))
    return schedule.render(table, names, kept=True) if rounds else ""


TERMS = tuple(name for name in SETTINGS if name not in ("title", "about"))
"""What `/admin set` can change, by ENGINE name; its short names (`balance`, `gas`) are understood as well."""
OTHERS = ("title", "about", "start_at", "open", "rounds", "n_outcomes")

_WHERE = re.compile(r"\(at line (\d+), column \d+\)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFile:
    """An event that may open.

    `values` are what `engine.params.build_params` takes, rounds in ms after the start, and give `params`; `draft` gives
    the same. `start_ms` (epoch) is None where it starts by hand; moments of the rounds then count from the reading.
    """

    title: str
    about: str  # what decides; "" where nothing is written
    values: Mapping[str, object]
    params: MarketParams
    draft: Draft
    start_ms: int | None
    opened: bool


def read(text: str, now_ms: int) -> EventFile | tuple[Mistake, ...]:
    """The event in a file's text, or every mistake in it, by line."""
    try:
        table = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:  # a number of five thousand digits; brackets as deep
        return (_not_toml(str(error), text),)
    lines = {ALIASES.get(key, key): line for key, line in lines_of(text).items()}
    return _event({ALIASES.get(key, key): value for key, value in table.items()}, Mistakes(lines), now_ms)


def _not_toml(why: str, text: str) -> Mistake:
    """tomllib names the place at the end of what it says."""
    where = _WHERE.search(why)
    line = int(where[1]) if where else max(1, len(text.splitlines()))
    return Mistake(line=line, sentence=words.written_twice() if "overwrite" in why else words.not_toml())


def _event(table: Mapping[str, object], mistakes: Mistakes, now_ms: int) -> EventFile | tuple[Mistake, ...]:
    for key in table:
        if key not in OTHERS and key not in TERMS:
            mistakes.add(key, words.no_such_key(key, nearest(key, [*OTHERS, *TERMS, *ALIASES])))
    title, about = _title(table, mistakes), _about(table, mistakes)
    opened, start = _opened(table, mistakes), _start(table, mistakes, now_ms)
    names = _names(table, mistakes)
    typed = {key: _typed(table[key]) for key in TERMS if key in table}
    values: dict[str, object] = {**typed}
    if names:
        values["outcome_names"] = list(names)
    if "n_outcomes" in table:
        values["n_outcomes"] = _typed(table["n_outcomes"])
    if "odds" in typed:
        values["odds"] = even_odds(typed["odds"])
    from_ms = now_ms if start is None else start
    rounds = read_rounds(table.get("rounds", []), names, from_ms, mistakes, now_ms)
    if rounds:
        values["rounds"] = [round_.step for round_ in rounds]
    params = build_params(values)
    for problem in () if isinstance(params, MarketParams) else params:
        fault = _as_written(problem, table)
        number = fault.detail.get("round")
        mistakes.add(f"rounds.{number}" if number else fault.field, words.problem(fault))
    if mistakes or not isinstance(params, MarketParams):
        return mistakes.told()
    draft = Draft(
        values={**typed, "outcome_names": joined_names(params.outcome_names)},
        timetable=timetable(rounds or (), params.outcome_names),
        assumed_start_ms=from_ms,
    )
    return EventFile(title=title, about=about, values=values, params=params, draft=draft, start_ms=start, opened=opened)


def _as_written(problem: Problem, table: Mapping[str, object]) -> Problem:
    """`mu` where the file sets both its ends by that name."""
    base = re.sub(r"_(start|end)$", "", problem.field)
    return replace(problem, field=base) if base in table and problem.field not in table else problem


def _typed(value: object) -> str:
    """A term as a person types it in the chat."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)


def _title(table: Mapping[str, object], mistakes: Mistakes) -> str:
    value = table.get("title")
    title = clean(value) if isinstance(value, str) else ""
    if not title:
        mistakes.add("title", words.no_title())
    elif len(title) > LONGEST_TITLE:
        mistakes.add("title", words.too_long(title, LONGEST_TITLE))
    return title


def _about(table: Mapping[str, object], mistakes: Mistakes) -> str:
    if "about" not in table:
        return ""
    value = table["about"]
    about = Paragraphs("text", LONGEST_WORDING).parse(value, ParseContext(now_ms=0)) if isinstance(value, str) else None
    if isinstance(about, str):
        return about
    mistakes.add("about", words.about_is_a_text() if about is None else about.sentence)
    return ""


def _opened(table: Mapping[str, object], mistakes: Mistakes) -> bool:
    open_ = table.get("open", False)
    if not isinstance(open_, bool):
        mistakes.add("open", words.open_is_true_or_false())
    return open_ is True


def _start(table: Mapping[str, object], mistakes: Mistakes, now_ms: int) -> int | None:
    """Epoch ms."""
    if "start_at" not in table:
        return None
    when = read_when(table["start_at"], now_ms)
    if isinstance(when, str):
        mistakes.add("start_at", when)
    elif when.relative:
        mistakes.add("start_at", words.start_is_a_moment())
    else:
        return when.ms
    return None


def _names(table: Mapping[str, object], mistakes: Mistakes) -> tuple[str, ...]:
    """The outcomes; empty where they are missing or no list, which `build_params` tells."""
    value = table.get("outcome_names")
    if value is None:
        numbered = build_params({"n_outcomes": table.get("n_outcomes")})
        return numbered.outcome_names if isinstance(numbered, MarketParams) else ()
    listed = [part for part, _ in split_names(value)] if isinstance(value, str) else value
    names = tuple(clean(str(part)) for part in listed) if isinstance(listed, list) else ()
    for sentence in wrong_names(names[: MOST_OUTCOMES + 1]):
        mistakes.add("outcome_names", sentence)
    for name in names[: MOST_OUTCOMES + 1]:
        if len(name) > LONGEST_NAME:
            mistakes.add("outcome_names", words.too_long(name, LONGEST_NAME))
    return names
