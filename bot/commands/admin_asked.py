"""Answering by a press what a round asks its admins: who is out, who has won."""

from __future__ import annotations

from typing import Annotated

from bot.chat.permissions import Role
from bot.chat.reply import Reply
from bot.grammar.command import command
from bot.grammar.types import Choice, NumberArg, Text
from bot.market.context import Context, MarketView
from bot.market.decisions import Decision, decide, undecidable
from bot.text.outcome_names import typed_outcome
from bot.words import questions as words
from engine.intents import ControlKind
from engine.schedule import losers_left

NumbersArg = Annotated[str, Text("outcomes", 100, words=1, about="numbers of outcomes with commas, 0 for none: 2,5")]
DeedArg = Annotated[
    str,
    Choice("deed", lambda: {"some": "choose several", "shared": "several share the win", "go": "go on with these"}),
]


@command("admin pick", role=Role.ADMIN, ready=undecidable, examples=("/admin pick 1 2", "/admin pick 1 2,5 some"),
         hidden=True)  # fmt: skip
async def pick(
    ctx: Context, *, market: MarketView, number: NumberArg, outcomes: NumbersArg, deed: DeedArg | None = None
) -> Reply:
    """Say who is out of the round that asks, or who has won; the buttons of the question say this.

    number: the round's, as it is counted
    deed: what the press does with those names
    """
    record, state, round_ = market.record, market.state, number - 1
    final = round_ == len(record.params.rounds) - 1
    if not state.asked or state.frozen_for != round_:
        return words.asked_no_more(record, round_, final=final)
    chosen = [outcome for outcome in _numbers(outcomes) if outcome in state.active]
    takes = 1 if final else losers_left(state, record.params, round_)
    enough = (len(chosen) > 1) if final else (len(chosen) == takes)
    if (deed is None and len(chosen) == 1 == takes) or (deed == "go" and enough):
        named = ", ".join(typed_outcome(market.names, outcome) for outcome in chosen)
        kind: ControlKind = "resolve" if final else "eliminate"
        return await decide(ctx, market, Decision(kind=kind, outcomes=tuple(chosen), named=named, reason=None), None)
    if deed is None and takes == 1 and not chosen:
        return words.one_of(record, round_, state.active, final=final)
    return words.picking(record, round_, takes, state.active, chosen, final=final)


def _numbers(typed: str) -> list[int]:
    """Outcomes counted from 0, each once, of what a button carries."""
    numbers = [int(part) - 1 for part in typed.split(",") if part.isascii() and part.isdigit() and len(part) < 4]
    return [number for number in dict.fromkeys(numbers) if number >= 0]
