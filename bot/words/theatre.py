"""What the theatre of a market that is over says: its moments, and what somebody had at one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.chat.past_facts import Bought, HeldThen, OwnThen
from bot.chat.reply import Line, Part, Stamp, bold, line
from bot.text.numbers import Cut, exact_money, money, signed_money, tokens
from bot.words.shared import listed, name_of, outcome, side_word
from engine.state import Status
from engine.terms import MarketParams
from storage.records import EventRow

Facts = Mapping[str, Any]  # to_json of an event of engine.events

STILL_ON = "This market is not over yet. Its theatre opens with its end."
NEVER_BEGAN = "This market was called off before it began: there is nothing to look at."
NOT_YET = "It is being played again from its rows, tick by tick. Ask again in a moment."
OLD_RULES = (
    "This market was played by older rules, which cannot be run again. Prices, places, trades and posts are as they "
    "were; what the timetable said, changes since a round and what you held are left out."
)
TOO_LONG = (
    "This market is too long to be run again tick by tick. Prices, places, trades and posts are as they were; what the "
    "timetable said, changes since a round and what you held are left out."
)
DIFFERS = (
    "This market cannot be run again from its rows. Prices, places, trades and posts are as its ticks wrote them; what "
    "the timetable said, changes since a round and what you held are left out."
)


def moment(event: EventRow, params: MarketParams) -> str:
    """What happened then, for the line of time: `Round 1 freezes`, `Costa Rica is out`."""
    facts: Facts = event.payload
    match event.type:
        case "Frozen":
            return "Trading freezes" if facts["round"] is None else f"{_round(facts['round'], params)} freezes"
        case "Paused":
            return "Trading is paused"
        case "Resumed":
            return "Trading goes on"
        case "RoundSkipped":
            return f"{_round(facts['round'], params)} has nobody left to put out"
        case "Eliminated":
            return _are(facts["outcomes"], params, "out")
        case "Claimed" | "Corrected":
            losers = facts.get("losers", ())
            named = _are(losers, params, "declared out") if losers else _are(winners(facts), params, "named winner")
            return f"Corrected: {named}" if event.type == "Corrected" else named
        case "Cut":
            return "Cut back to an earlier moment"
        case "Resolved":
            return f"{listed([name_of(params, number) for number in winners(facts)])} won"
        case _:
            return "The market is called off"


def _round(number: int, params: MarketParams) -> str:
    final = number < len(params.rounds) and params.rounds[number].is_final
    return "The final" if final else f"Round {number + 1}"


def _are(numbers: Sequence[int], params: MarketParams, what: str) -> str:
    verb = "is" if len(numbers) == 1 else "are"
    return f"{listed([name_of(params, number) for number in numbers])} {verb} {what}"


def winners(facts: Facts) -> Sequence[int]:
    """Whom an event names; rules 1 knew one winner."""
    named: Sequence[int] = facts["winners"] if "winners" in facts else (facts["winner"],)
    return named


def own(params: MarketParams, then: OwnThen) -> list[Line]:
    """What somebody held, what it paid, what they ended with."""
    if not then.joined:
        return [line("You were not in this market yet.")]
    rows = [line("At this moment you held ", *_what(params, then), ".")]
    if then.status is Status.VOIDED:
        rows.append(
            line("The market was called off: nothing was paid, and you have what you were given, ", *_end(then))
        )
    elif then.held:
        paid = sum(holding.pays for holding in then.held)
        they = "it" if len(then.held) == 1 and then.held[0].tokens == 1_000_000 else "they"
        rows.append(line(f"Held to the end {they} paid ", bold(money(paid)), "; you ended with ", *_end(then)))
        rows.append(line("Without a trade from here on you would have ended with ", *_kept(then)))
    else:
        rows.append(line("You ended with ", *_end(then)))
    if then.undone_ms is not None:
        rows.append(line("What was ordered after ", Stamp(then.undone_ms), " was undone later, this moment with it."))
    return rows


def _what(params: MarketParams, then: OwnThen) -> tuple[Part | str, ...]:
    if not then.held:
        return ("nothing; you had ", bold(money(then.cash + then.aside)))
    if len(then.held) == 1:
        only = then.held[0]
        return (*_holding(params, only), ", worth ", bold(money(only.worth)))
    together = sum(holding.worth for holding in then.held)
    return (f"{len(then.held)} kinds of tokens, worth ", bold(money(together)))


def _holding(params: MarketParams, held: HeldThen) -> tuple[Part | str, ...]:
    return (f"{tokens(held.tokens)} ", outcome(params, held.outcome), f" {side_word(held.side)}")


def _end(then: OwnThen) -> tuple[Part | str, ...]:
    return (bold(money(then.final)), ".")


def _kept(then: OwnThen) -> tuple[Part | str, ...]:
    more = then.if_kept - then.final
    return (bold(money(then.if_kept)), f" ({signed_money(more)})." if more else ", the same.")


def bought(params: MarketParams, asked: Bought) -> Line:
    """What so much would have bought at that moment, alone, and what it paid."""
    budget, name = money(asked.budget), (outcome(params, asked.outcome), f" {side_word(asked.side)}")
    if asked.status is not Status.RUNNING:
        return line("Nobody could buy at this moment: trading did not go on.")
    if not asked.active:
        return line(outcome(params, asked.outcome), " is out at this moment.")
    if not asked.tokens:
        return line(f"{budget} would have bought no ", *name, " at this moment.")
    gas = f" (gas of {exact_money(asked.gas)} beside it)" if asked.gas else ""
    alone = f"At this moment {budget} would have bought, if nobody else had traded, "
    begins = line(alone, bold(tokens(asked.tokens)), " ", *name, f"{gas}. ")
    if asked.pays is None:
        return (*begins, *line("The market was called off, so nothing was paid."))
    if not asked.pays:
        return (*begins, *line("They paid ", bold("nothing"), " in the end."))
    gain = signed_money(asked.pays - asked.cost - asked.gas)
    return (*begins, *line("They paid ", bold(money(asked.pays, Cut.DOWN)), f" in the end: {gain}."))
