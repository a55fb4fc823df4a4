"""Timetables: one read back as it stands or as it would be, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.facts import TimetableShown, When
from bot.chat.reply import Action, Field, Form, Line, Part, Reply, Span, Stamp, Tone, bold, code, line
from bot.text.names import clean
from bot.text.numbers import moment, span
from bot.words.announcements import round_name, sentence, to_chat
from bot.words.arguments import echo
from bot.words.shared import BOARD, first_upper, listed_outcomes, no, outcome, say
from bot.words.times import has_passed
from engine.schedule import RoundAhead
from engine.terms import FEWEST_OUTCOMES, MarketParams, Round
from storage.records import Market


def typed_again(timetable: str) -> Span:
    """A timetable as the whole line that sets it."""
    return code(f"/admin schedule {timetable}")


def _example(market: Market) -> Line:
    """A timetable that this market could have, whenever it is read."""
    rounds = "tomorrow 18:00 for 30m out 1 ask; " if market.params.n_outcomes > FEWEST_OUTCOMES else ""
    return line("It goes like this: ", typed_again(f"{rounds}tomorrow 21:00 for 1h winner ask"))


def no_such_round(number: int, rounds: int) -> str:
    return f"There is no round {number}; the last of {rounds} is the final."


def what_of_the_round(number: int) -> str:
    return f"Say what changes of it: round {number} 21:00 to 21:30, round {number} to 21:30, or round {number} out 2."


def how_much_later() -> str:
    return "Say how much later: delay 30m."


def only_later() -> str:
    return "A delay only puts things later, never into the past; to have a round sooner, give its times: round 2 21:00."


def nothing_to_delay(*, by_hand: bool) -> str:
    if by_hand:
        return "All of it counts from the start, which is by hand: start later, and all is later."
    return "Nothing is to come that could be later."


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


def before_the_start(number: int, freeze_ms: int, start_ms: int, *, final: bool) -> str:
    what = first_upper(round_name(number, final=final))
    return (
        f"{what} would freeze {moment(freeze_ms)}, before the start {moment(start_ms)}; give it a later time, or have "
        "trading start sooner."
    )


def schedule_now(market: Market, shown: TimetableShown, typed: str, offers: Sequence[str], awaits: Line = ()) -> Reply:
    """How it stands and how it is `typed`; `offers` are the changes that could be made now, of which `delay` is the
    last where it is one; `awaits`, the decision that an admin is asked for."""
    if not offers:
        rows = [*rounds(market, market.params, shown), *([awaits] if awaits else [])]
        return say(f"The timetable of {clean(market.title)}.", blocks=rows)
    return say(
        f"The timetable of {clean(market.title)}.",
        blocks=(
            *rounds(market, market.params, shown),
            *([awaits] if awaits else []),
            line("To change it, send all of it with what is to be otherwise: ", typed_again(typed))
            if typed
            else _example(market),
            *(
                line("All that is to come: " if "delay" in offer else "One round alone: ", typed_again(offer))
                for offer in offers
            ),
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
    shown: TimetableShown,
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
            *rounds(market, params, shown),
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


def rounds(market: Market, params: MarketParams, shown: TimetableShown) -> list[Line]:
    """One line a round."""
    rows: list[Line] = []
    if market.start_ms is None:
        planned = market.planned_start_ms
        rows.append(line("Start: ", Stamp(planned) if planned is not None else "by hand, with /admin start", "."))
    ahead = {left.number: left for left in shown.ahead}
    for number, (round_, (freeze, decide)) in enumerate(zip(params.rounds, shown.times, strict=True)):
        name = "Final" if round_.is_final else f"Round {number + 1}"
        if number < shown.next_round:
            rows.append(line(bold(name), ": over." if number != shown.claimed else ": decided, and not paid yet."))
            continue
        times = ("freezes ", at(freeze), ", decided ", at(decide))
        if round_.is_final:
            who: Sequence[str | Part] = ("you name the winner",)
            if isinstance(round_.winner, int):
                who = (outcome(params, round_.winner), " wins")
            rows.append(line(bold(name), ": ", *times, "; ", *who, "."))
            continue
        left = ahead[number]
        how = _who_goes(params, round_, left, shown.active)
        rows.append(line(bold(name), ": ", *times, "; ", *how, f"; {left.stay} stay in."))
    return rows


def _who_goes(params: MarketParams, round_: Round, left: RoundAhead, active: Sequence[int]) -> Sequence[str | Part]:
    """Who is still to go in a round, of those it was planned for."""
    if not left.takes:
        return ("nobody is left to put out, so trading opens again by itself",)
    if isinstance(round_.losers, tuple):
        still = [loser for loser in round_.losers if loser in active]
        return (*listed_outcomes(params, still[: left.takes]), " out")
    planned = "" if left.takes == round_.count else f" ({round_.count} were planned)"
    return (f"you name {left.takes} who {'is' if left.takes == 1 else 'are'} out{planned}",)


def at(when: When) -> Stamp | str:
    """A moment, or what counts from a start nobody knows yet."""
    return f"{span(when.ms)} after the start" if when.relative else Stamp(when.ms)


def schedule_set(typed: str, *, running: bool, steps: Sequence[Action] = ()) -> Reply:
    """`steps`: buttons of what is to be done next with a draft."""
    tail = " It holds from the next tick on." if running else ""
    return say(f"The timetable is set.{tail}", blocks=(line(typed_again(typed)),), actions=steps, tone=Tone.GOOD)


def start_in_the_past(start: When, now_ms: int) -> Reply:
    return no(
        "A planned start lies ahead."
        if start.ms == now_ms
        else has_passed(start.said or start.typed(), start.ms, now_ms),
        blocks=(line(code("/admin start"), " begins at once."),),
    )


_MOVED_SHOWN = 6


def rescheduled(who: str, reason: str, moved: Sequence[Sequence[int]], start: Sequence[int | None] = ()) -> Reply:
    """To the chat: whose change it was, and each time that is another now. `moved`: round, whether it is the final,
    freeze before and after, decision before and after (epoch), and whether they count from the start; `start`: before
    and after, None by hand."""
    changed = [pair for row in moved for pair in (row[2:4], row[4:6])]
    shifts = {after - before for before, after in changed if after != before}
    shift = shifts.pop() if len(shifts) == 1 else 0
    head = f"{clean(who) or 'An admin'} changed the timetable"
    whole = f": what is to come is {span(shift)} later." if shift > 0 and len(moved) > 1 else "."
    rows = [line(f"Why: {sentence(reason)}")] if reason else []
    rows += [_start_moved(*start)] if start else []
    rows += [_round_moved(*entry) for entry in moved[:_MOVED_SHOWN]]
    if len(moved) > _MOVED_SHOWN:
        rows.append(line(f"And {len(moved) - _MOVED_SHOWN} more rounds."))
    return to_chat(f"{head}{whole}", blocks=rows, actions=(BOARD,))


def _start_moved(before: int | None, after: int | None) -> Line:
    if before == after:
        return line("Trading starts ", "by hand" if after is None else Stamp(after), ", as before.")
    was = "by hand" if before is None else Stamp(before)
    return line("Trading starts ", "by hand" if after is None else Stamp(after), " (was ", was, ").")


def _round_moved(
    number: int, final: int, froze: int, freezes: int, decided: int, decides: int, relative: int = 0
) -> Line:
    def time(ms: int) -> str | Part:
        return at(When(ms, relative=bool(relative)))

    name = first_upper(round_name(number, final=bool(final)))
    freeze: Sequence[str | Part] = (" freezes ", time(freezes), " (was ", time(froze), "), decided ")
    if (froze, decided) == (freezes, decides):
        freeze = (" freezes ", time(freezes), ", decided ")
    elif froze == freezes:
        freeze = (" is decided ",)
    was: Sequence[str | Part] = (" (was ", time(decided), ")") if decided != decides else ()
    return line(name, *freeze, time(decides), *was, ".")
