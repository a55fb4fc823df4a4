"""What is decided and not paid yet: named, corrected, final only when its window has passed.

Of the final, who won; of a round, who is out. Previews, and what the chat hears.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.chat.facts import DecisionPreview
from bot.chat.reply import Action, Block, Line, Reply, Stamp, Style, Tone, line
from bot.text.names import clean
from bot.text.numbers import money, price, span
from bot.words.announcements import inheritance, late, sentence, to_chat
from bot.words.audit import CHECK, sealed
from bot.words.rounds_left import used_up
from bot.words.shared import BOARD, first_upper, listed, listed_outcomes, name_of, people, winners_of
from engine.events import Claimed, Corrected
from engine.state import Status
from engine.terms import MarketParams
from storage.records import Market

Facts = Mapping[str, Any]  # a payload; its shape is in the table of scheduler.notices


# -- previews


def claim_preview(shown: DecisionPreview, event: Claimed | Corrected, rows: list[Line]) -> tuple[str, str]:
    """The sentence and the button; the numbers go to `rows`."""
    params = shown.record.params
    later = f"{span(_window(params, event))} {'later' if isinstance(event, Claimed) else 'from then'}"
    if event.losers:
        rows.append(line(_no_holders(event, later)))
        rows += _round_stands(shown, event)
    else:
        rows.append(line(_right_holders(event, later)))
        rows += _final_stands(event) if isinstance(event, Claimed) else []
    named = _names(params, event.winners or event.losers)
    would, label = f"{named} would be {_as(event)}", clean(f"Confirm {named} {_short(event)}", 80)
    if isinstance(event, Claimed):
        return f"{would}.", label
    before = _names(params, event.before)
    rows.append(line(f"Nobody has been paid for {before}, so nothing has to come back."))
    return f"{would} instead of {before}.", label


def correctable(market: Market, event: Claimed | Corrected) -> list[Line]:
    """Until when it can be put right."""
    until, window = Stamp(market.epoch_ms(event.until_ms)), span(_window(market.params, event))
    if_now = ", if it is confirmed now; after that it is final."
    row = line(f"It can be corrected for {window} from then: until ", until, if_now)
    return [row] if event.losers else [row, line("Trading does not open again.")]


def _window(params: MarketParams, event: Claimed | Corrected) -> int:
    return params.round_window if event.losers else params.dispute_window


def _names(params: MarketParams, outcomes: Sequence[int]) -> str:
    return listed([name_of(params, number) for number in outcomes])


def _as(event: Claimed | Corrected) -> str:
    if event.losers:
        return "declared out"
    return "named the winner" if len(event.winners) == 1 else "named to share the win"


def _short(event: Claimed | Corrected) -> str:
    if event.losers:
        return "out"
    return "wins" if len(event.winners) == 1 else "share"


def _right_holders(event: Claimed | Corrected, later: str) -> str:
    if not event.due:
        return "Nobody holds a token that would be right."
    holders = people(event.holders, "holder", "holders")
    return f"{money(event.due)} would be paid to {holders} of tokens that are right, {later}."


def _no_holders(event: Claimed | Corrected, later: str) -> str:
    if not event.due:
        return f"Nobody holds NO, so nothing would be paid; it takes effect {later}."
    holders = people(event.holders, "holder", "holders")
    return f"{money(event.due)} would be paid to {holders} of NO, {later}; nobody is paid before."


def _round_stands(shown: DecisionPreview, event: Claimed | Corrected) -> list[Line]:
    """What trading does until it is paid, and what it comes to then."""
    frozen = shown.record.status in (Status.FROZEN, Status.PAUSED)
    rows = [line(f"Trading {'stays shut' if frozen else 'freezes with it'} until then, and no price moves.")]
    if shown.paid is not None:
        rows.append(inheritance(shown.record.params, event.losers, shown.paid.to_json()))
    return rows


def _final_stands(event: Claimed) -> list[Line]:
    then = "Trading ends with it and every order in the book goes back."
    before = {i: yes for i, yes, _ in event.prices_before}
    if len(event.winners) != 1 or event.winners[0] not in before:
        return [line(then)]
    return [line(f"Its YES stands at {price(before[event.winners[0]])}. {then}")]


# -- in the chat


def claim_sentence(market: Market, facts: Facts, reason: str) -> Line:
    """`Germany wins World Cup 2014.`, `Brazil is declared out.`; nobody is paid yet."""
    why = f" {first_upper(sentence(reason))}" if reason else ""
    named = listed_outcomes(market.params, _named(facts), style=Style.BOLD)
    return line(*named, f" {_verb(market, facts)}.{why}")


def claimed(market: Market, facts: Facts, reason: str) -> Reply:
    """Who won, or who is out of a round, is named; nobody is paid yet."""
    used = used_up(facts.get("used", ()))
    rows: list[Block] = [*until_paid(facts), *used, _say_so(), late(facts), sealed(facts["head"])]
    return to_chat(*claim_sentence(market, facts, reason), blocks=rows, actions=_LOOK, tone=Tone.LOUD)


def correction_sentence(market: Market, facts: Facts, reason: str) -> Line:
    """`Corrected: Germany wins World Cup 2014 (named before: Brazil). The goal did not count.`"""
    why = first_upper(sentence(reason)) if reason else "No reason was given."
    named = listed_outcomes(market.params, _named(facts), style=Style.BOLD)
    before = _names(market.params, _named_before(facts))
    return line("Corrected: ", *named, f" {_verb(market, facts)} (named before: {before}). {why}")


def corrected(market: Market, facts: Facts, reason: str) -> Reply:
    """Others are named instead."""
    rows: list[Block] = [
        not_paid_before(market.params, facts),
        *until_paid(facts),
        _say_so(),
        sealed(facts["head"]),
    ]
    return to_chat(*correction_sentence(market, facts, reason), blocks=rows, actions=_LOOK, tone=Tone.LOUD)


def not_paid_before(params: MarketParams, facts: Facts) -> Line:
    before = listed_outcomes(params, _named_before(facts))
    return line("Nobody was paid for ", *before, ", so nothing has to come back.")


def _named_before(facts: Facts) -> list[int]:
    return list(facts["before"]) if isinstance(facts["before"], list | tuple) else [facts["before"]]


def _named(facts: Facts) -> list[int]:
    return list(facts.get("losers") or winners_of(facts))


def _verb(market: Market, facts: Facts) -> str:
    one = len(_named(facts)) == 1
    if facts.get("losers"):
        return "is declared out" if one else "are declared out"
    return f"{'wins' if one else 'share'} {clean(market.title)}"


def until_paid(facts: Facts) -> list[Line]:
    """To whom what goes, and when."""
    due, until = int(facts["due"]), Stamp(int(facts["until_ms"]), countdown=True)
    holders = people(int(facts["holders"]), "holder", "holders")
    if facts.get("losers"):
        owed = (
            (f"{money(due)} goes to {holders} of NO ", until) if due else ("Nobody holds NO; it takes effect ", until)
        )
        return [
            line(*owed, ", if it stands. Nobody is paid before."),
            line("Trading is frozen until then, and no price moves."),
        ]
    if not due:
        return [line("Nobody holds a token that is right. The market closes ", until, ".")]
    return [line(f"Winnings are frozen: {money(due)} to {holders}, paid ", until, " if it stands.")]


def _say_so() -> Line:
    return line("Is it wrong? Tell an admin before then.")


_LOOK = (BOARD, Action(label="What you hold", text="/positions"), CHECK)
