"""What admins read: previews of what is about to happen, refusals of what they asked for, alarms, how it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.chat.facts import When
from bot.chat.reply import Action, Line, Reply, Stamp, Tone, code, line
from bot.text.names import clean
from bot.text.numbers import money, round_money, typed_moment
from bot.words.announcements import round_name
from bot.words.shared import count, listed, listed_outcomes, name_of, no, people, say
from bot.words.timetable import at
from engine.events import Reason
from engine.state import Status
from engine.terms import MarketParams
from engine.units import RULES
from storage.records import Market

Facts = Mapping[str, Any]  # a payload; its shape is in the table of scheduler.notices

DECISION_NAMES = {
    "freeze": "Freezing",
    "resume": "Resuming",
    "pause": "Pausing",
    "eliminate": "Eliminating",
    "resolve": "Resolving",
    "correct": "Correcting",
    "void": "Voiding",
    "cut": "Cutting",
    "join": "Giving money",
    "leave": "Leaving",
    "retune": "Changing the terms",
}


# -- alarms


def halted(market: Market, facts: Facts) -> Reply:
    """A broken invariant or repeated failure: what it means for the money, and what can be done."""
    return Reply(
        head=line(f"{clean(market.title)} is halted: a check failed in tick {facts['tick']}."),
        blocks=(
            line(f"What failed: {clean(str(facts['reason']))}."),
            line("Nothing of that tick happened; every balance stands as before it, and other markets go on."),
            line(
                code("/admin resume"),
                " tries again; ",
                code("/admin void"),
                " calls it off: everybody ends with what they were given.",
            ),
        ),
        tone=Tone.BAD,
        ok=False,
    )


def outdated(market: Market) -> Reply:
    """This version cannot go on with it: what is left to do, each with its consequence."""
    return Reply(
        head=line(
            f"{clean(market.title)} stands still: it was begun by rules {market.rules} of Outcry, and this version "
            f"plays by rules {RULES}."
        ),
        blocks=(
            line("Nothing was lost; ", code("/board"), ", ", code("/positions"), " and the exports show it as it was."),
            line(
                code("/admin void"),
                " calls it off: everybody ends with what they were given, and the chat is free for a new market.",
            ),
            line("To finish it instead, run the older version of Outcry on this database's backup, then come back."),
        ),
        tone=Tone.BAD,
        ok=False,
    )


def asks_now(market: Market, rounds: Sequence[int]) -> Reply:
    """A timetable of the older rules: prices decide nothing any more."""
    names = listed([round_name(number, final=False) for number in rounds])
    was, asks = ("was", "asks") if len(rounds) == 1 else ("were", "ask")
    return Reply(
        head=line(f"{clean(market.title)}: {names} {was} to be decided by the lowest price and now {asks} you."),
        blocks=(
            line("Whoever held NO would have pushed a price down and been paid for it."),
            line("You will be asked who is out when it comes; ", code("/admin schedule"), " names them beforehand."),
        ),
    )


# -- refused


_ALREADY = {
    "freeze": "trading is frozen already.",
    "pause": "trading is paused already.",
    "correct": "just that is named already.",
}


def control_refused(
    market: Market, kind: str, reason: str, active: Sequence[int], wanted: int, gone: Sequence[int] = ()
) -> Reply:
    """Why the engine does not do it, and what would do. `active` are still in, `wanted` how many are to be named;
    `gone` were named and are out."""
    rest: list[Line] = []
    if reason in {Reason.WRONG_COUNT, Reason.OUTCOME_OUT, Reason.TOO_FEW_LEFT, Reason.UNKNOWN_OUTCOME}:
        rest.append(line("Still in: ", *listed_outcomes(market.params, active), "."))
    rest.append(line("Nothing changed. ", code("/admin monitor"), " shows where the market stands."))
    why = why_refused(kind, reason, wanted)
    if reason == Reason.OUTCOME_OUT and gone:
        names = listed([name_of(market.params, outcome) for outcome in gone])
        why = f"{names} {'is' if len(gone) == 1 else 'are'} out already."
    return no(f"{DECISION_NAMES.get(kind, 'That')} did not happen: {why}", blocks=rest)


def nothing_so_early(market: Market, paid_ms: int | None) -> Reply:
    """A cut to a moment before trading began, or before a round was paid (engine time) if any was."""
    since = Stamp(market.epoch_ms(paid_ms or 0))
    head: Line = line("Cutting did not happen: trading began only ", since, ".")
    if paid_ms is not None:
        head = line("Cutting did not happen: a round has been paid since, ", since, "; what is paid stays paid.")
    earliest = typed_moment(-(-market.epoch_ms(0 if paid_ms is None else paid_ms + 1) // 1_000) * 1_000)
    rest = line("Nothing changed. The earliest moment it can go back to is ", code(earliest), " (UTC).")
    return Reply(head=head, blocks=(rest,), tone=Tone.BAD, ok=False)


def why_refused(kind: str, reason: str, wanted: int | None = None) -> str:
    """`wanted`: how many were to be named, where that is still known."""
    sentences: Mapping[str, str] = {
        Reason.NOT_RUNNING: "the market is over.",
        Reason.ALREADY: _ALREADY.get(kind, "it is so already."),
        Reason.NOT_FROZEN: "trading is open; /admin freeze stops it." if kind == "cut" else "trading is open already.",
        Reason.ROUND_OPEN: "a round is being decided; name who is out (or the winner of the final) first.",
        Reason.WRONG_COUNT: "this takes another number of names."
        if wanted is None
        else f"this takes exactly {count(wanted)}, each named once.",
        Reason.FINAL_NEEDS_WINNER: "the final is being decided; name its winner with /admin resolve.",
        Reason.TOO_FEW_LEFT: "at least two must stay in; the last step is /admin resolve.",
        Reason.OUTCOME_OUT: "one of them is out already.",
        Reason.UNKNOWN_OUTCOME: "one of them is not in this market.",
        Reason.TOO_LATE: "the final is being decided.",
        Reason.BAD_VALUES: "the new values do not fit the market as it stands now.",
        Reason.DUPLICATE_ID: "it was asked before.",
        Reason.DISPUTED: "a winner is named; /admin correct names another one, /admin void calls the market off.",
        Reason.NOT_DISPUTED: "nothing is claimed that could be corrected; what was decided without a window is final.",
        Reason.CLAIMED: "who is out waits to be paid; /admin correct names others, /admin void calls the market off.",
        Reason.AHEAD: "that moment is still to come.",
        Reason.DECIDED: "it was before trading began, or a round has been paid since; what is paid stays paid.",
        Reason.STALE: "the market has moved on since it was worked out.",
        Reason.REPLAY_DIFFERS: "playing the market again does not give what it is now, so nothing can be cut.",
        Reason.UNKNOWN_USER: "there is no such account any more.",
    }
    return sentences.get(reason, "the market could not take it.")


def not_running(market: Market) -> Reply:
    if market.over:
        how = "is over: it was called off" if market.status is Status.VOIDED else "is over"
        return no(f"{clean(market.title)} {how}.", blocks=(line(code("/admin create"), " makes a new market."),))
    return no(f"{clean(market.title)} has not started.", blocks=(line(code("/admin start"), " begins trading."),))


def already_started(market: Market) -> Reply:
    return no(
        f"{clean(market.title)} has started already.", blocks=(line(code("/admin monitor"), " shows how it runs."),)
    )


# -- previews


def buttons(label: str, again: str, person: int | None) -> tuple[Action, ...]:
    return (
        Action(label=label, text=again, person=person, danger=True),
        Action(label="Cancel", text="/admin monitor", person=person),
    )


def _would_get(joined: int, cash: int) -> str:
    if not joined:
        return f"Nobody has joined yet; people can still join while it runs, and get {money(cash)} each."
    if joined == 1:
        return f"1 person would get {money(cash)}."
    return f"{people(joined)} would get {money(cash)} each, {round_money(joined * cash)} in all."


def start_preview(
    market: Market, params: MarketParams, joined: int, times: tuple[When, When], again: str, person: int | None
) -> Reply:
    """Who starts with what, what the house stakes, what comes first and at what `times`."""
    first, (freeze, decide) = params.rounds[0], times
    what = round_name(0, final=first.is_final)
    rows = [
        line(_would_get(joined, params.starting_balance)),
        line(f"The house stakes {round_money(params.z)}; it can never lose more."),
        line(
            f"First, {what} freezes ",
            at(freeze),
            ", decided ",
            at(decide),
            ".",
        ),
        line("After that the outcomes, odds, depth and balances cannot change any more."),
    ]
    return say(
        f"Trading in {clean(market.title)} would begin now.",
        blocks=rows,
        actions=buttons("Confirm start", again, person),
        tone=Tone.WAIT,
    )


def draft_void_preview(market: Market, again: str, person: int | None) -> Reply:
    return say(
        f"{clean(market.title)} would be called off before it begins.",
        blocks=(line("Nobody has traded, so no money moves."),),
        actions=buttons("Confirm calling it off", again, person),
        tone=Tone.WAIT,
    )


# -- done


def started(market: Market, joined: int) -> Reply:
    return say(
        f"{clean(market.title)} begins with the next tick; {people(joined)} in it.",
        blocks=(line(code("/admin monitor"), " shows how it runs."),),
        tone=Tone.GOOD,
    )


def draft_voided(market: Market) -> Reply:
    return say(f"{clean(market.title)} is called off.", blocks=(line(code("/admin create"), " makes a new one."),))


def course_set(market: Market, kind: str) -> Reply:
    words = {
        "freeze": "Trading freezes with the next tick.",
        "pause": "Trading pauses with the next tick.",
        "resume": "Trading goes on with the next tick.",
    }
    if kind == "resume":
        return say(words[kind], blocks=(line("The chat is told."),), tone=Tone.GOOD)
    opens = Action(label="Resume trading", text="/admin resume")
    rest = line("The chat is told. ", code("/admin resume"), " opens it again.")
    return say(words[kind], blocks=(rest,), actions=(opens,), tone=Tone.GOOD)
