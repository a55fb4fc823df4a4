"""What admins read: previews of what is about to happen, refusals of what they asked for, alarms, how it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.money import money, price, round_money, signed_money, span
from bot.names import clean
from bot.reply import Action, Line, Reply, Stamp, Tone, bold, code, line
from bot.words.look import status_word, step_words
from bot.words.shared import dotted, listed, listed_outcomes, name_of, no, people, plural, say
from bot.words.show import count, inheritance, round_name, sum_line
from engine.course import losers_left
from engine.events import ControlRefused, Eliminated, Reason, Resolved, Voided
from engine.state import MarketState
from engine.terms import MarketParams
from storage.records import Market, MetricRow

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


# -- alarms


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


# -- refused


def control_refused(market: Market, facts: Facts, state: MarketState) -> Reply:
    """An admin's wish met a market that had moved on."""
    asked: Mapping[str, Any] = facts.get("asked", {})  # Any: the action's payload
    return refused_now(market, str(asked.get("kind", facts["kind"])), str(facts["reason"]), state)


def refused_now(market: Market, kind: str, reason: str, state: MarketState) -> Reply:
    """Why the engine does not do it, and what would do."""
    rest: list[Line] = []
    if reason in {Reason.WRONG_COUNT, Reason.OUTCOME_OUT, Reason.TOO_FEW_LEFT, Reason.UNKNOWN_OUTCOME}:
        rest.append(line("Still in: ", *listed_outcomes(market.params, state.active), "."))
    rest.append(line("Nothing changed. ", code("/admin monitor"), " shows where the market stands."))
    return no(f"{_DEEDS.get(kind, 'That')} did not happen: {_why_refused(reason, market, state)}", blocks=rest)


def _why_refused(reason: str, market: Market, state: MarketState) -> str:
    asked = state.frozen_for
    wanted = 1 if asked is None else losers_left(state, market.params, asked)
    sentences: Mapping[str, str] = {
        Reason.NOT_RUNNING: "the market is over.",
        Reason.ALREADY: "it is so already.",
        Reason.NOT_FROZEN: "trading is open already.",
        Reason.ROUND_OPEN: "a round is being decided; name who is out (or the winner of the final) first.",
        Reason.WRONG_COUNT: f"this takes exactly {count(wanted)}, each named once.",
        Reason.FINAL_NEEDS_WINNER: "the final is being decided; name its winner with /admin resolve.",
        Reason.TOO_FEW_LEFT: "at least two must stay in; the last step is /admin resolve.",
        Reason.OUTCOME_OUT: "one of them is out already.",
        Reason.UNKNOWN_OUTCOME: "one of them is not in this market.",
        Reason.TOO_LATE: "the final is being decided.",
        Reason.BAD_VALUES: "the new values do not fit the market as it stands now.",
        Reason.DUPLICATE_ID: "it was asked before.",
    }
    return sentences.get(reason, "the market could not take it.")


def not_running(market: Market) -> Reply:
    if market.over:
        return no(f"{clean(market.title)} is over.", blocks=(line(code("/admin create"), " makes a new market."),))
    return no(f"{clean(market.title)} has not started.", blocks=(line(code("/admin start"), " begins trading."),))


def already_started(market: Market) -> Reply:
    return no(
        f"{clean(market.title)} has started already.", blocks=(line(code("/admin monitor"), " shows how it runs."),)
    )


# -- previews


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What the engine says would happen; `again` is the line that does it. `stale`: an older preview was confirmed."""

    record: Market
    kind: str
    event: Eliminated | Resolved | Voided | ControlRefused | None
    again: str
    person: int | None
    stale: bool


def preview(shown: Preview) -> Reply:
    """In numbers, before Confirm."""
    event, params = shown.event, shown.record.params
    rows: list[Line] = []
    if shown.stale:
        rows.append(line("Something changed since the last look; here is how it stands now."))
    if isinstance(event, Eliminated):
        head, label = _eliminate_preview(event, params, rows)
    elif isinstance(event, Resolved):
        head, label = _resolve_preview(event, params, rows)
    elif isinstance(event, Voided):
        head, label = _void_preview(event, rows)
    else:
        head, label = f"{_DEEDS[shown.kind]} would be tried on a halted market.", "Confirm the try"
        rows.append(line("What it comes to cannot be said beforehand; if a check fails again, nothing happens."))
    rows.append(line("This cannot be undone. Prices may move until you confirm."))
    return say(head, blocks=rows, actions=_buttons(label, shown.again, shown.person), tone=Tone.WAIT)


def _buttons(label: str, again: str, person: int | None) -> tuple[Action, ...]:
    return (
        Action(label=label, text=again, person=person, danger=True),
        Action(label="Cancel", text="/admin monitor", person=person),
    )


def _eliminate_preview(event: Eliminated, params: MarketParams, rows: list[Line]) -> tuple[str, str]:
    whose = listed([name_of(params, i) for i in event.outcomes])
    facts = event.to_json()
    rows.append(
        line(
            f"{money(event.paid)} would be paid to {people(event.holders_no, 'holder', 'holders')} of NO."
            if event.paid
            else "Nobody holds NO, so nothing would be paid."
        )
    )
    rows.append(inheritance(params, event.outcomes, facts))
    rows.append(line(sum_line(facts)))
    return f"{whose} would be out.", f"Confirm {whose} out"[:80]


def _resolve_preview(event: Resolved, params: MarketParams, rows: list[Line]) -> tuple[str, str]:
    name = name_of(params, event.winner)
    holders = people(event.holders, "holder", "holders")
    paid = f"{money(event.paid)} would be paid to {holders} of tokens that are right."
    rows.append(line(paid if event.paid else "Nobody holds a token that would be right."))
    before = {i: yes for i, yes, _ in event.prices_before}
    if event.winner in before:
        rows.append(line(f"Its YES stands at {price(before[event.winner])}. The market ends with it."))
    return f"{name} would win.", f"Confirm {name} wins"[:80]


def _void_preview(event: Voided, rows: list[Line]) -> tuple[str, str]:
    rows.append(line(f"Everybody would get back what she put in, net: {money(event.paid)} in all."))
    if event.scaled:
        rows.append(line(f"They put in {money(event.owed)}, more than the house has; all shares would be cut alike."))
    return "The whole market would be called off.", "Confirm calling it off"


def start_preview(
    market: Market, params: MarketParams, joined: int, now_ms: int, again: str, person: int | None
) -> Reply:
    """Who starts with what, what the house stakes, what comes first."""
    first = params.rounds[0]
    what = round_name(0, final=first.is_final)
    given = joined * params.starting_balance
    rows = [
        line(f"{people(joined)} would get {money(params.starting_balance)} each, {round_money(given)} in all."),
        line(f"The house stakes {round_money(params.z)}; it can never lose more."),
        line(
            f"First {what} freezes ",
            Stamp(now_ms + first.freeze_at),
            ", decided ",
            Stamp(now_ms + first.decide_at),
            ".",
        ),
        line("Its outcomes, odds, depth and balances cannot change any more after that."),
    ]
    if joined == 0:
        rows.insert(1, line("Nobody has joined yet; people can still join while it runs."))
    return say(
        f"Trading in {clean(market.title)} would begin now.",
        blocks=rows,
        actions=_buttons("Confirm start", again, person),
        tone=Tone.WAIT,
    )


def draft_void_preview(market: Market, again: str, person: int | None) -> Reply:
    return say(
        f"{clean(market.title)} would be called off before it begins.",
        blocks=(line("Nobody has traded, so no money moves."),),
        actions=_buttons("Confirm calling it off", again, person),
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
    rest = line(code("/admin resume"), " opens it again.") if kind != "resume" else line("The chat is told.")
    return say(words[kind], blocks=(rest,), tone=Tone.GOOD)


def decided(market: Market, kind: str, outcomes: Sequence[int]) -> Reply:
    """Confirmed; a second press says the same."""
    whose = listed([name_of(market.params, i) for i in outcomes])
    words = {
        "eliminate": f"{whose} {'goes' if len(outcomes) == 1 else 'go'} out with the next tick.",
        "resolve": f"{whose} wins with the next tick.",
        "void": "The market is called off with the next tick.",
    }
    return say(words[kind], blocks=(line("Everybody is told and paid then."),), tone=Tone.GOOD)


# -- how it runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What `/admin monitor` shows beside the market's own row."""

    people: int
    volume: int
    pending: int
    actions: int
    backlog: int
    metric: MetricRow | None


def monitor(market: Market, numbers: Numbers, now_ms: int) -> Reply:
    """Status, what is next, what it cost and earned, what waits."""
    rows: list[Line] = []
    if market.halted is not None:
        rows.append(line(bold("Halted: "), clean(market.halted), ". ", code("/admin resume"), " tries again."))
    if market.next_step is not None:
        rows.append(line(f"{step_words(market.next_step)} ", Stamp(market.next_step.at_ms, countdown=True), "."))
    ticked = f"tick {market.tick}"
    if market.tick_ms is not None:
        ticked += f", {span(max(0, now_ms - market.tick_ms))} ago"
    rows.append(line(dotted([ticked, people(numbers.people), f"{round_money(numbers.volume)} traded"])))
    waiting = [plural(numbers.pending, "order"), plural(numbers.actions, "action"), plural(numbers.backlog, "message")]
    rows.append(line(f"Waiting: {listed(waiting)}."))
    rows += _house(market, numbers.metric)
    return say(f"{clean(market.title)}: {status_word(market)}.", blocks=rows)


def _house(market: Market, metric: MetricRow | None) -> list[Line]:
    if metric is None:
        return [line(f"The house stakes {round_money(market.params.z)}.")]
    risk = round_money(max(0, metric.mm_risk))
    sources = [f"{name.replace('_', ' ')} {money(amount)}" for name, amount in metric.sources.items() if amount]
    rows = [line(f"House risks at most {round_money(market.params.z)}; right now {risk}.")]
    rows.append(
        line(f"Its profit so far {signed_money(metric.mm_profit)}", f": {', '.join(sources)}." if sources else ".")
    )
    return rows
