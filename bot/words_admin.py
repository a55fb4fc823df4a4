"""What admins read: set-up, previews of what is about to happen, refusals of what they asked for, alarms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.names import clean
from bot.reply import Line, Reply, Tone, code, line
from bot.words import listed_outcomes, no
from bot.words_show import count
from engine.events import Reason
from engine.terms import MarketParams
from storage.records import Market

Facts = Mapping[str, Any]  # a payload; its shape is in the table of scheduler.notices

_DEEDS = {
    "freeze": "Freezing",
    "resume": "Resuming",
    "pause": "Pausing",
    "eliminate": "Eliminating",
    "resolve": "Resolving",
    "void": "Voiding",
    "join": "Joining",
    "retune": "Changing the terms",
}


def halted(market: Market, facts: Facts) -> Reply:
    """A broken invariant or repeated failure: what it means for the money, and what can be done."""
    return Reply(
        head=line(f"{clean(market.title)} is halted: a check failed in tick {facts['tick']}."),
        blocks=(
            line(f"What failed: {clean(str(facts['reason']))}."),
            line("Nothing of that tick happened; every balance stands as before it, and other markets go on."),
            line(code("/admin resume"), " tries again; ", code("/admin void"), " gives everybody's net stake back."),
        ),
        tone=Tone.BAD,
        ok=False,
    )


def control_refused(market: Market, facts: Facts, active: Iterable[int], wanted: int) -> Reply:
    """An admin's wish met a market that had moved on."""
    asked: Mapping[str, Any] = facts.get("asked", {})  # Any: the action's payload
    kind = str(asked.get("kind", facts["kind"]))
    deed = _DEEDS.get(kind, "That")
    why = _why_refused(str(facts["reason"]), wanted)
    rest: list[Line] = []
    if facts["reason"] in {Reason.WRONG_COUNT, Reason.OUTCOME_OUT, Reason.TOO_FEW_LEFT}:
        rest.append(line("Still in: ", *listed_outcomes(market.params, active), "."))
    rest.append(line("Nothing changed. ", code("/admin monitor"), " shows where the market stands."))
    return no(f"{deed} did not happen: {why}", blocks=rest)


def _why_refused(reason: str, wanted: int) -> str:
    sentences: Mapping[str, str] = {
        Reason.NOT_RUNNING: "the market is over.",
        Reason.ALREADY: "it was so already.",
        Reason.NOT_FROZEN: "trading was open already.",
        Reason.ROUND_OPEN: "a round is being decided; name who is out (or the winner of the final) first.",
        Reason.WRONG_COUNT: f"this round takes exactly {count(wanted)}, each named once.",
        Reason.FINAL_NEEDS_WINNER: "the final is being decided; name its winner with /admin resolve.",
        Reason.TOO_FEW_LEFT: "at least two must stay in; the last step is /admin resolve.",
        Reason.OUTCOME_OUT: "one of them was out already.",
        Reason.UNKNOWN_OUTCOME: "one of them is not in this market.",
        Reason.TOO_LATE: "the final is being decided.",
        Reason.BAD_VALUES: "the new values do not fit the market as it stands now.",
        Reason.DUPLICATE_ID: "it had been asked before.",
    }
    return sentences.get(reason, "the market could not take it.")


def names_of(params: MarketParams, numbers: Sequence[int]) -> list[str]:
    return [params.outcome_names[number] for number in numbers]
