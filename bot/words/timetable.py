"""Timetables: one read back as it stands or as it would be, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.facts import When
from bot.chat.reply import Action, Field, Form, Line, Reply, Span, Stamp, Tone, bold, code, line
from bot.text.names import clean
from bot.text.numbers import span
from bot.words.arguments import echo
from bot.words.shared import listed_outcomes, no, outcome, say
from bot.words.times import has_passed
from engine.terms import FEWEST_OUTCOMES, MarketParams
from storage.records import Market


def typed_again(timetable: str) -> Span:
    """A timetable as the whole line that sets it."""
    return code(f"/admin schedule {timetable}")


def _example(market: Market) -> Line:
    """A timetable that this market could have, whenever it is read."""
    rounds = "tomorrow 18:00 for 30m out 1 ask; " if market.params.n_outcomes > FEWEST_OUTCOMES else ""
    return line("It goes like this: ", typed_again(f"{rounds}tomorrow 21:00 for 1h winner ask"))


def too_many_rounds(parts: int, most: int) -> str:
    return f"That timetable has {parts} parts; {most} rounds are the most."


def no_rounds() -> str:
    return "The timetable needs at least the final, such as +2h for 10m winner ask."


def not_a_round(text: str) -> str:
    return f"{echo(text)} is not a round; say when it freezes, when it is decided and who goes: +1h for 5m out 2."


def clock_after_offset(text: str) -> str:
    return f"{echo(text)} after a time counted from the start is not clear; say for 30m or to +2h."


def not_a_way(how: str) -> str:
    return f"{echo(how)} is not a way to choose who goes; say ask, or name them."


def by_price() -> str:
    return (
        "Prices cannot decide who goes: whoever holds NO would push a price down and be paid for it. "
        "Say ask, and an admin names them, or name them here."
    )


def count_or_outcome(text: str, outcome: str) -> str:
    return (
        f"“out {text}” can be read in two ways; say out {outcome} for the outcome of that name, or out {text} ask for "
        f"as many as that, of whom an admin is asked."
    )


def one_winner() -> str:
    return (
        "A timetable names one winner, or ask. Several who share the win are named by hand when it has happened: "
        "/admin resolve with commas between them."
    )


def start_shown(market: Market) -> int | None:
    """What the moments of a timetable count from: the real start, the planned one, or the one a draft assumes."""
    if market.start_ms is not None or market.planned_start_ms is not None:
        return market.start_ms if market.start_ms is not None else market.planned_start_ms
    assumed = market.draft.get("assumed_start_ms")
    return assumed if isinstance(assumed, int) and assumed else None


def schedule_now(market: Market, typed: str) -> Reply:
    """How it stands and how it is `typed`."""
    return say(
        f"The timetable of {clean(market.title)}.",
        blocks=(
            *rounds(market, market.params, start_shown(market)),
            line("To change it, send all of it with what is to be otherwise: ", typed_again(typed))
            if typed
            else _example(market),
            line("Times are UTC unless they name a zone; +2h counts from the start."),
        ),
        actions=(Action(label="Change it", text="/admin schedule edit", asks=True),),
    )


def schedule_wrong(market: Market, mistakes: Sequence[str]) -> Reply:
    head = mistakes[0] if len(mistakes) == 1 else f"{len(mistakes)} parts of that timetable need another look."
    rows = [] if len(mistakes) == 1 else [line("· ", mistake) for mistake in mistakes]
    return no(head, blocks=(*rows, _example(market)))


def schedule_form(market: Market, typed: str) -> Reply:
    """All of it in one field, as it stands."""
    form = Form(
        title="Timetable",
        command="admin schedule",
        fields=(Field(name="timetable", label="Rounds", value=typed, hint="+1h for 5m out 1; +2h winner ask"),),
        submit="Show it",
    )
    return say(
        "How should the timetable go?",
        blocks=(_example(market),),
        form=form,
    )


def schedule_preview(
    market: Market,
    params: MarketParams,
    start_ms: int | None,
    typed: str,
    confirm: str,
    person: int | None,
    whens: Sequence[When] = (),
) -> Reply:
    """Read back before it takes effect; `whens` are the moments as they were said, each with its zone."""
    moments = [line("· ", f"“{clean(when.said, 60)}”{_in_zone(when)} is ", Stamp(when.ms)) for when in whens]
    return say(
        f"This would be the timetable of {clean(market.title)}:",
        blocks=(
            *rounds(market, params, start_ms),
            *((line("As you said it:"), *moments) if moments else ()),
            line("As typed: ", typed_again(typed)),
            line("Nothing has changed yet."),
        ),
        actions=(
            Action(label="Confirm timetable", text=confirm, person=person, primary=True),
            Action(label="Cancel", text="/admin schedule", person=person),
        ),
        tone=Tone.WAIT,
    )


def _in_zone(when: When) -> str:
    """What it was read in; how long from now is the same everywhere."""
    if when.said.casefold().startswith(("in ", "now")):
        return ""
    return f" in {when.zone or 'UTC'}"


def rounds(market: Market, params: MarketParams, start_ms: int | None) -> list[Line]:
    """One line a round."""
    rows: list[Line] = []
    if market.start_ms is None:
        planned = market.planned_start_ms
        rows.append(line("Start: ", Stamp(planned) if planned is not None else "by hand, with /admin start", "."))
    left = params.n_outcomes
    for number, round_ in enumerate(params.rounds, 1):
        times = (_at(round_.freeze_at, start_ms), ", decided ", _at(round_.decide_at, start_ms))
        if round_.is_final:
            who = (
                ("you name the winner",)
                if round_.winner == "ask"
                else (outcome(params, int(round_.winner or 0)), " wins")
            )
            rows.append(line(bold("Final"), ": freezes ", *times, "; ", *who, "."))
            continue
        left -= round_.count
        if isinstance(round_.losers, tuple):
            how = (*listed_outcomes(params, round_.losers), " out")
        else:
            how = (f"you name {round_.count} who {'is' if round_.count == 1 else 'are'} out",)
        rows.append(line(bold(f"Round {number}"), ": freezes ", *times, "; ", *how, f"; {left} stay in."))
    return rows


def _at(ms: int, start_ms: int | None) -> Stamp | str:
    return Stamp(start_ms + ms) if start_ms is not None else f"{span(ms)} after the start"


def schedule_set(typed: str, *, running: bool) -> Reply:
    tail = " It holds from the next tick on." if running else ""
    return say(f"The timetable is set.{tail}", blocks=(line(typed_again(typed)),), tone=Tone.GOOD)


def start_in_the_past(start: When, now_ms: int) -> Reply:
    return no(
        has_passed(start.said or start.typed(), start.ms, now_ms),
        blocks=(line(code("/admin start"), " begins at once."),),
    )
