"""The timetable of a market as a line people type and read back:

`start 2014-07-03 09:40; 2014-07-04 16:00 to 22:05 out 2; +5d for 2h out brazil; 2014-07-13 19:00 to 21:40 winner ask`

Parts are separated by semicolons. A round: when trading freezes, `to` when it is decided or `for` how long that takes,
then `out` with a count (and `ask`, which is meant where nothing is said) or with names; the last is the
final with `winner`. A time is a moment, or `+2h` after the start; after `to` a bare `22:05` is the next one after the
freeze, in the zone the freeze named. `render` writes exactly what `read` reads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.chat.facts import When
from bot.chat.invocation import ParseContext
from bot.grammar.outcomes import OutcomesType, OutcomeType, named
from bot.grammar.times import moment_ms, names_no_day, not_a_span, span_ms, zone_said
from bot.grammar.types import Wrong
from bot.text.names import folded
from bot.text.numbers import typed_moment
from bot.text.outcome_names import typed_outcome
from bot.words import timetable as words
from engine.terms import MOST_OUTCOMES, MarketParams
from storage.records import Json, Market

Losers = tuple[int, ...] | Literal["ask"]

MOST_ROUNDS = MOST_OUTCOMES - 1
"""One goes at a time, and the final."""

_BY_PRICE = re.compile(r"(by\s+)?(the\s+)?((lowest|cheapest|lowest[\s_-]*prices?)|prices?)", re.IGNORECASE)
_KEPT_BY_PRICE = re.compile(r"(?<= out )(\d+) lowest(?=;|$)")
_KEPT_COUNT = re.compile(r"(?<= out )(\d+) ask(?=;|$)")
_KEPT_NUMBER = re.compile(r"(?<= )#(\d+)(?=[,;]|$)")
_ROUND = re.compile(
    r"(?P<freeze>.+?)\s+(?:(?P<joint>to|until|for)\s+(?P<decide>.+?)\s+)?(?P<what>out|winner)(?:\s+(?P<who>.+))?",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimetableEntry:
    """One round. `winner` is set for the final (then count and losers say nothing)."""

    freeze: When
    decide: When
    count: int = 0
    losers: Losers = "ask"
    winner: int | Literal["ask"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """`start_ms` where the market is to start by itself."""

    start_ms: int | None
    entries: tuple[TimetableEntry, ...]
    start: When | None = field(default=None, compare=False)  # as it was said

    def moments(self) -> list[When]:
        """Those that were said as moments, in their order, each once."""
        every = [self.start, *(when for entry in self.entries for when in (entry.freeze, entry.decide))]
        return list(dict.fromkeys(when for when in every if when is not None and when.said))

    def rounds(self, start_ms: int) -> list[Json]:
        """As `engine.params.build_params` takes them: ms after the start, outcomes by number from 1."""
        return [_round(entry, start_ms) for entry in self.entries]

    def absolute(self) -> bool:
        """Whether any of its times is a moment."""
        return any(not when.relative for entry in self.entries for when in (entry.freeze, entry.decide))


def _round(entry: TimetableEntry, start_ms: int) -> dict[str, Json]:
    times: dict[str, Json] = {
        "freeze_at": entry.freeze.after_start(start_ms),
        "decide_at": entry.decide.after_start(start_ms),
    }
    if entry.winner is not None:
        return {**times, "winner": "ask" if entry.winner == "ask" else entry.winner + 1}
    losers: Json = [i + 1 for i in entry.losers] if isinstance(entry.losers, tuple) else entry.losers
    return {**times, "count": entry.count, "losers": losers}


def read(text: str, names: Sequence[str], now_ms: int) -> Timetable | tuple[Wrong, ...]:
    """The timetable, or every mistake in it. A mistake that can be put right in several ways has each of them as a
    whole timetable in its `choices`."""
    context = ParseContext(now_ms=now_ms, outcomes=tuple(names))
    problems: list[Wrong] = []
    start: When | None = None
    entries: list[TimetableEntry] = []
    parts = [part.strip() for part in re.split(r"[;\n]", text) if part.strip()]
    if len(parts) > MOST_ROUNDS + 1:
        return (Wrong(words.too_many_rounds(len(parts), MOST_ROUNDS)),)
    for place, part in enumerate(parts):
        starts = part.casefold().startswith("start ")
        part_read = read_start(part[6:].strip(), now_ms) if starts else read_round(part, context)
        if isinstance(part_read, Wrong):
            ways = tuple("; ".join([*parts[:place], way, *parts[place + 1 :]]) for way in part_read.choices)
            problems.append(replace(part_read, choices=ways))
        elif isinstance(part_read, When):
            start = part_read
        else:
            entries.append(part_read)
    if not problems and not entries:
        problems.append(Wrong(words.no_rounds()))
    if problems:
        return tuple(problems)
    return Timetable(start_ms=start.ms if start else None, entries=tuple(entries), start=start)


def read_start(text: str, now_ms: int) -> When | Wrong:
    """What follows `start`; `choices` are whole parts."""
    at = _read_moment(text, now_ms, None)
    return replace(at, choices=tuple(f"start {way}" for way in at.choices)) if isinstance(at, Wrong) else at


def read_round(text: str, context: ParseContext) -> TimetableEntry | Wrong:
    """A part of a timetable: its times and who goes; `choices` are whole parts."""
    match = _ROUND.fullmatch(re.sub(r"^round\s+\d+\s*:\s*", "", text, flags=re.IGNORECASE))
    if match is None:
        return Wrong(words.not_a_round(text))
    times = read_times(match["freeze"], match["joint"], match["decide"], context.now_ms)
    if isinstance(times, Wrong):
        who = "" if match["who"] is None else f" {match['who']}"
        return replace(times, choices=tuple(f"{way} {match['what']}{who}" for way in times.choices))
    return read_who(times, match["what"], match["who"], context)


def read_who(times: TimetableEntry, what: str, who: str | None, context: ParseContext) -> TimetableEntry | Wrong:
    """Who goes out in a round of these times, or who wins it."""
    if what.casefold() == "winner":
        return _read_winner(replace(times, count=0, losers="ask"), who or "ask", context)
    return _read_losers(replace(times, winner=None), who or "1", context)


def read_times(
    freeze: str, joint: str | None, decide: str | None, now_ms: int, old: TimetableEntry | None = None
) -> TimetableEntry | Wrong:
    """When a round freezes and when it is decided; `choices` are whole pairs of times. As a change of an `old` round: a
    freeze alone takes its decision along, and a time without a date is on the day it was planned for."""
    day_of_ms = None if old is None or old.freeze.relative else old.freeze.ms
    freezes = old.freeze if old is not None and not freeze.strip() else _read_when(freeze, now_ms, None, day_of_ms)
    then = f" {joint} {decide}" if joint and decide else ""
    if isinstance(freezes, Wrong):
        zone = zone_said(freeze)
        if decide and zone and joint != "for" and names_no_day(decide) and zone_said(decide) is None:
            then = f"{then} {zone}"  # the freeze will name another
        return replace(freezes, choices=tuple(f"{way}{then}" for way in freezes.choices))
    entry = old or TimetableEntry(freeze=freezes, decide=freezes)
    if not joint or not decide:
        return replace(entry, freeze=freezes, decide=_after(freezes, entry))
    decided = _read_decide(joint.casefold(), decide, freezes, now_ms)
    if isinstance(decided, Wrong):
        return replace(decided, choices=tuple(f"{freeze} {joint} {way}".strip() for way in decided.choices))
    return replace(entry, freeze=freezes, decide=decided)


def _after(freeze: When, old: TimetableEntry) -> When:
    """A decision as long after its freeze as it was."""
    if freeze is old.freeze or freeze.relative != old.freeze.relative or freeze.relative != old.decide.relative:
        return old.decide
    return replace(freeze, ms=freeze.ms + old.decide.ms - old.freeze.ms, said="")


def _read_when(text: str, now_ms: int, zone: str | None = None, day_of_ms: int | None = None) -> When | Wrong:
    """`zone` is what a moment is read in that names none; `day_of_ms` lies on the day it means then."""
    typed = text.strip()
    if typed.startswith("+"):
        ahead = span_ms(typed[1:])
        return not_a_span(typed[1:]) if ahead is None else When(ahead, relative=True)
    return _read_moment(typed, now_ms, zone, day_of_ms)


def _read_moment(typed: str, now_ms: int, zone: str | None, day_of_ms: int | None = None) -> When | Wrong:
    at = moment_ms(typed, now_ms, zone, day_of_ms)
    return at if isinstance(at, Wrong) else When(at, said=typed, zone=zone_said(typed) or zone or "")


def _read_decide(joint: str, text: str, freeze: When, now_ms: int) -> When | Wrong:
    if joint == "for":
        length = span_ms(text)
        return not_a_span(text) if length is None else replace(freeze, ms=freeze.ms + length, said="")
    if freeze.relative and names_no_day(text):
        return Wrong(words.clock_after_offset(text))
    return _read_when(text, now_ms if freeze.relative else freeze.ms, freeze.zone or None)


def _read_winner(times: TimetableEntry, who: str, context: ParseContext) -> TimetableEntry | Wrong:
    if who.casefold() == "ask":
        return replace(times, winner="ask")
    winner = OutcomeType(active_only=False).parse(who.strip().strip('"'), context)
    if isinstance(winner, Wrong):
        several = OutcomesType(active_only=False).parse(who, context)
        return winner if isinstance(several, Wrong) else Wrong(words.one_winner())
    return replace(times, winner=winner)


def is_by_price(who: str, names: Sequence[str]) -> bool:
    """Whether this is meant to let prices decide who goes, and is not the name of an outcome."""
    return _BY_PRICE.fullmatch(who.strip()) is not None and folded(who) not in map(folded, names)


def without_prices(text: str) -> str:
    """A timetable as older versions kept it: where the lowest price was to decide, an admin is asked."""
    return _KEPT_BY_PRICE.sub(r"\1", text)


def _read_losers(times: TimetableEntry, who: str, context: ParseContext) -> TimetableEntry | Wrong:
    number, _, how = who.strip().partition(" ")
    same = named(who, context.outcomes)
    if number.isascii() and number.isdigit() and len(number) < 3 and (same is None or not how):
        how = how.strip().casefold()
        if same is not None:
            return Wrong(words.count_or_outcome(number, f"#{same + 1}"))
        if how in ("", "ask"):
            return replace(times, count=int(number), losers="ask")
        return Wrong(words.by_price() if is_by_price(how, context.outcomes) else words.not_a_way(how))
    if is_by_price(who, context.outcomes):
        return Wrong(words.by_price())
    losers = OutcomesType().parse(who, context)
    return losers if isinstance(losers, Wrong) else replace(times, count=len(losers), losers=losers)


def render(table: Timetable, names: Sequence[str], *, kept: bool = False) -> str:
    """The line that reads back as this timetable; `kept`, as a draft keeps it: by number, whatever outcomes will be
    called."""
    parts = [f"start {typed_moment(table.start_ms)}"] if table.start_ms is not None else []
    for entry in table.entries:
        when = entry.freeze.typed()
        if entry.decide != entry.freeze:
            when += f" to {entry.decide.typed()}"
        parts.append(f"{when} {_typed_who(entry, names, kept=kept)}")
    return "; ".join(parts)


def _typed_who(entry: TimetableEntry, names: Sequence[str], *, kept: bool) -> str:
    def typed(outcome: int) -> str:
        return f"#{outcome + 1}" if kept else typed_outcome(names, outcome)

    if entry.winner is not None:
        return f"winner {'ask' if entry.winner == 'ask' else typed(entry.winner)}"
    if isinstance(entry.losers, tuple):
        return f"out {', '.join(map(typed, entry.losers))}"
    clear = not kept and named(str(entry.count), names) is None
    return f"out {entry.count}" if clear else f"out {entry.count} ask"


def _with_names(line: str, names: Sequence[str]) -> str:
    """What a draft keeps, as it is typed."""
    line = _KEPT_COUNT.sub(lambda count: count[1 if named(count[1], names) is None else 0], line)
    return _KEPT_NUMBER.sub(lambda number: typed_outcome(names, int(number[1]) - 1), line)


def of_params(params: MarketParams, start_ms: int | None) -> tuple[TimetableEntry, ...]:
    """The entries of a market's rounds, as moments where its start is known."""

    def when(ms: int) -> When:
        return When(ms, relative=True) if start_ms is None else When(ms + start_ms)

    return tuple(
        TimetableEntry(
            freeze=when(round_.freeze_at),
            decide=when(round_.decide_at),
            count=round_.count,
            losers="ask" if round_.is_final else round_.losers,
            winner=round_.winner,
        )
        for round_ in params.rounds
    )


def typed_line(market: Market) -> str:
    """The timetable as it is typed: a draft's own words, else what the rounds are now."""
    typed = without_prices(str(market.draft.get("schedule", "")))
    planned = market.planned_start_ms if market.start_ms is None else None
    if market.start_ms is None and typed:
        typed = _with_names(typed, market.params.outcome_names)
        return f"start {typed_moment(planned)}; {typed}" if planned is not None else typed
    entries = of_params(market.params, market.start_ms)
    return render(Timetable(start_ms=planned, entries=entries), market.params.outcome_names)
