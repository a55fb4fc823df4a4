"""A timetable that changes: what holds now, one round of it alone, all that is to come later, what of it has passed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.chat.facts import TimetableShown, When
from bot.chat.invocation import ParseContext
from bot.grammar.times import not_a_span, span_ms
from bot.grammar.types import Wrong
from bot.market.timetable import Timetable, TimetableEntry, of_params, read, read_times, read_who, without_prices
from bot.words import times as words_times
from bot.words import timetable as words
from engine.schedule import rounds_ahead
from engine.state import MarketState, Status
from engine.terms import MarketParams
from storage.records import Json, Market, Notice, NoticeAudience, Payload

_HALF_AN_HOUR = 1_800_000

_ONE = re.compile(
    r"(?:round\s+(?P<number>\d{1,3})|(?:the\s+)?final)\b\s*:?\s*(?P<rest>[^;\n]*)", re.IGNORECASE | re.DOTALL
)
_CHANGE = re.compile(
    r"(?P<freeze>.*?)\s*(?:(?<!\S)(?P<joint>to|until|for)\s+(?P<decide>.+?))??"
    r"(?:(?:^|\s+)(?P<what>out|winner)(?:\s+(?P<who>.+))?)?",
    re.IGNORECASE,
)
_LATER = re.compile(r"delay\b\s*(?:by\s+)?(?P<span>.*)", re.IGNORECASE | re.DOTALL)


def current(market: Market, now_ms: int) -> Timetable:
    """What holds now: a draft's own words, which may count from the start, else the moments of its rounds."""
    planned = market.planned_start_ms if market.start_ms is None else None
    start = None if planned is None else When(planned)
    kept = without_prices(str(market.draft.get("schedule", "")))
    if market.start_ms is None and kept:
        table = read(kept, market.params.outcome_names, now_ms)
        if isinstance(table, Timetable):
            return replace(table, entries=tuple(map(_not_typed_now, table.entries)), start_ms=planned, start=start)
    return Timetable(start_ms=planned, entries=of_params(market.params, market.start_ms), start=start)


def _not_typed_now(entry: TimetableEntry) -> TimetableEntry:
    """A round as it was kept: nobody has just said its times."""
    return replace(entry, freeze=replace(entry.freeze, said=""), decide=replace(entry.decide, said=""))


def shown(table: Timetable, params: MarketParams, state: MarketState, start_ms: int | None) -> TimetableShown:
    """As it is read back: moments where `start_ms` is known, else as they were said."""
    times = [(entry.freeze, entry.decide) for entry in table.entries]
    if start_ms is not None:
        times = [(When(freeze.epoch(start_ms)), When(decide.epoch(start_ms))) for freeze, decide in times]
    number, active, claimed = state.next_round, state.active, None
    if state.claim is not None:  # as it is once that is paid
        active = tuple(outcome for outcome in active if outcome not in state.claim.losers)
        number = number if state.claim.round is None else state.claim.round + 1
        claimed = len(params.rounds) - 1 if state.claim.winners else state.claim.round
    ahead = rounds_ahead(active, params, number)
    return TimetableShown(times=tuple(times), next_round=number, active=active, ahead=ahead, claimed=claimed)


def of_one_round(text: str, table: Timetable, context: ParseContext) -> Timetable | tuple[Wrong, ...] | None:
    """The timetable with one round changed: `round 3 21:00 to 21:30`, `final to 22:00`, `round 2 out 2`. What is left
    out stays; a time without a date is on the day that round was planned for, and a freeze alone takes its decision
    along. None where the text means something else."""
    one = _ONE.fullmatch(text.strip())
    if one is None:
        return None
    number = len(table.entries) if one["number"] is None else int(one["number"])
    if not 1 <= number <= len(table.entries):
        return (Wrong(words.no_such_round(number, len(table.entries))),)
    change, old = _CHANGE.fullmatch(one["rest"].strip()), table.entries[number - 1]
    if change is None or not one["rest"].strip():
        return (Wrong(words.what_of_the_round(number)),)
    times = read_times(change["freeze"], change["joint"], change["decide"], context.now_ms, old)
    who = f" {change['what']} {change['who'] or ''}".rstrip() if change["what"] else ""
    if isinstance(times, Wrong):
        ways = tuple(f"round {number} {way}{who}" for way in times.choices)
        return (replace(times, choices=ways),)
    entry = read_who(times, change["what"], change["who"], context) if change["what"] else times
    if isinstance(entry, Wrong):
        return (replace(entry, choices=()),)
    entries = (*table.entries[: number - 1], entry, *table.entries[number:])
    return replace(table, entries=entries, start=None)


def delayed(text: str, table: Timetable, state: MarketState) -> Timetable | tuple[Wrong, ...] | None:
    """The timetable with all that is to come so much later: `delay 30m`. None where the text means something else."""
    later = _LATER.fullmatch(text.strip())
    if later is None:
        return None
    typed = later["span"].strip()
    if typed.startswith(("-", "\u2212")):
        return (Wrong(words.only_later()),)
    by_ms = span_ms(typed)
    if not by_ms:
        return (not_a_span(typed) if typed else Wrong(words.how_much_later()),)
    entries = tuple(_later(place, entry, state, by_ms) for place, entry in enumerate(table.entries))
    start_ms = None if table.start_ms is None else table.start_ms + by_ms
    if entries == table.entries and start_ms is None:
        return (Wrong(words.nothing_to_delay(by_hand=any(entry.freeze.relative for entry in table.entries))),)
    return Timetable(start_ms=start_ms, entries=entries)


def _later(place: int, entry: TimetableEntry, state: MarketState, by_ms: int) -> TimetableEntry:
    """A round with what of it is to come so much later; what counts from the start moves with it."""

    def moved(when: When) -> When:
        return when if when.relative else When(when.ms + by_ms)

    if state.frozen_for == place:
        due = state.asked or state.claim is not None
        return entry if due else replace(entry, decide=moved(entry.decide))
    if place < state.next_round or state.claim is not None:
        return entry
    return replace(entry, freeze=moved(entry.freeze), decide=moved(entry.decide))


def offers(table: Timetable, market: Market, state: MarketState) -> list[str]:
    """Examples of a change of one round and of all that is to come, of those that would be taken now."""
    if market.over or market.halted is not None or market.outdated or state.status is Status.DISPUTED:
        return []
    final, begun = len(table.entries) - 1, state.next_round + (state.frozen_for is not None)
    freeze, decide = (replace(when, ms=when.ms + _HALF_AN_HOUR) for when in _times(table.entries[final]))
    lines = [f"final {freeze.typed()} to {decide.typed()}"] if begun <= final else []
    if state.frozen_for == final and not state.asked and state.claim is None:
        lines = [f"final to {decide.typed()}"]
    later = "delay 30m"
    return [*lines, later] if isinstance(delayed(later, table, state), Timetable) else lines


def _times(entry: TimetableEntry) -> tuple[When, When]:
    return entry.freeze, entry.decide


def before_the_start(table: Timetable, start_ms: int) -> list[str]:
    """A sentence for each round that would freeze before the start."""
    return [
        words.before_the_start(place, entry.freeze.epoch(start_ms), start_ms, final=entry.winner is not None)
        for place, entry in enumerate(table.entries)
        if entry.freeze.epoch(start_ms) < start_ms
    ]


def told_before_the_start(market: Market, before: Timetable, after: Timetable, planned_ms: int | None) -> Notice:
    """To those who have joined: which rounds have other times now, and when trading starts."""
    starts = (market.planned_start_ms, planned_ms)
    payload: Payload = {
        "fields": ["rounds"],
        "changes": [],
        "times": _moved_rounds(before, after, starts),
        "start": list[Json](starts),
    }
    return Notice(kind="retuned", audience=NoticeAudience.CHAT, payload=payload, key="rescheduled")


def _moved_rounds(before: Timetable, after: Timetable, starts: tuple[int | None, int | None]) -> list[Json]:
    """[round, final, freeze before, after, decision before, after, whether these count from the start] of each round
    with other times; of each with its new ones where there are more rounds or fewer."""
    rows: list[Json] = []
    same = len(before.entries) == len(after.entries)
    for place, entry in enumerate(after.entries):
        new = [_known(when, starts[1]) for when in _times(entry)]
        old = [_known(when, starts[0]) for when in _times(before.entries[place])] if same else new
        if same and old == new:
            continue
        if len({when.relative for when in (*old, *new)}) > 1:
            old = new
        if new[0].relative == new[1].relative:
            moments = (old[0].ms, new[0].ms, old[1].ms, new[1].ms)
            rows.append([place, entry.winner is not None, *moments, new[0].relative])
    return rows


def _known(when: When, start_ms: int | None) -> When:
    return when if start_ms is None else When(when.epoch(start_ms))


def passed(
    table: Timetable,
    now_ms: int,
    start_ms: int | None = None,
    kept: Sequence[TimetableEntry] = (),
    tick_ms: int | None = None,
) -> list[str]:
    """A sentence for each time of a timetable that has passed, but for those that `kept` has just so. Spans after the
    start count where that is known. What is not after the last tick has passed for the market, though the wall's clock
    was set back since."""
    sentences: list[str] = []
    for place, entry in enumerate(table.entries):
        old = kept[place] if place < len(kept) else None
        befores = (None, None) if old is None else (old.freeze, old.decide)
        for when, before in zip((entry.freeze, entry.decide), befores, strict=True):
            if (when.relative and start_ms is None) or _same_time(when, before, start_ms):
                continue
            at_ms = when.epoch(start_ms or 0)
            if at_ms <= max(now_ms, tick_ms or 0):
                sentences.append(words_times.has_passed(when.said or when.typed(), at_ms, now_ms))
    return list(dict.fromkeys(sentences))


def settled(table: Timetable, kept: Sequence[TimetableEntry], start_ms: int) -> Timetable:
    """A timetable as typed, its times to the millisecond where they are those of `kept`: no line spells those out."""
    entries = list(table.entries)
    for place, (entry, old) in enumerate(zip(entries, kept, strict=False)):
        freeze = old.freeze if _same_time(entry.freeze, old.freeze, start_ms) else entry.freeze
        decide = old.decide if _same_time(entry.decide, old.decide, start_ms) else entry.decide
        entries[place] = replace(entry, freeze=freeze, decide=decide)
    return replace(table, entries=tuple(entries))


def _same_time(when: When, other: When | None, start_ms: int | None) -> bool:
    """Whether two are the same but for the milliseconds that no line spells out."""
    if other is None or (start_ms is None and when.relative != other.relative):
        return False
    return abs(when.epoch(start_ms or 0) - other.epoch(start_ms or 0)) < 1_000
