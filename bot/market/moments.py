"""The moments of a market as facts: what everybody who looks sees happen. The same numbers as the announcements have,
from the same events and by the same words (`bot.notifications.chat_notices`).

`facts` of each kind (outcomes from 0, prices, money micro-dollars, times epoch milliseconds):

| kind | facts |
|---|---|
| countdown | round, final, decide_ms, takes: how many may go or null; `at` is when it freezes |
| started | people |
| frozen | round (null: by hand), final, decide_ms or null, takes |
| skipped, resumed, paused | round or null |
| eliminated | round or null, outcomes, gone: [[outcome, yes before]], prices: [[outcome, before, after]] of those still in, best first, paid, holders, sum: [before, after] |
| claimed | winners, losers, until_ms, due, holders |
| corrected | winners, losers, before, until_ms, due, holders |
| resolved | winners, prices: [[outcome, yes before]], paid, holders, podium: [{place, name, final, gain, share}], more: on the same step, house, volume, people: who traded |
| voided | |
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

from bot.chat.reply import Line, line
from bot.market.leaderboard import ranks
from bot.market.reasons import Reasons
from bot.market.standings import still_takes
from bot.text.numbers import gain
from bot.words import announcements as words
from bot.words import claims as words_claims
from bot.words.charts import house_result
from bot.words.rounds_left import used_up
from bot.words.shared import winners_of
from engine import schedule
from storage.records import EventRow, Json, Market
from storage.unit_of_work import UnitOfWork

Kind: TypeAlias = Literal[
    "countdown", "started", "frozen", "skipped", "resumed", "paused", "eliminated", "claimed", "corrected", "resolved",
    "voided",
]  # fmt: skip
Facts: TypeAlias = dict[str, Json]

LATEST = 12
PODIUM = 3
TYPES = (
    "Frozen",
    "Paused",
    "Resumed",
    "RoundSkipped",
    "Eliminated",
    "Claimed",
    "Corrected",
    "Resolved",
    "Voided",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """`id` is the number of the event in its market, for ever the same; `countdown-2` of what is still to come. `head`
    is the sentence of the announcement, `lines` what else it says beside the figures in `facts`."""

    id: str
    kind: Kind
    tick: int
    at_ms: int
    head: Line
    lines: tuple[Line, ...] = ()
    facts: Mapping[str, Json]


async def latest(uow: UnitOfWork, market: Market) -> tuple[Moment, ...]:
    """The newest, oldest first, and the freeze that comes next."""
    if market.start_ms is None:
        return ()
    moments: tuple[Moment, ...] = await uow.figures.of(market, "moments", partial(_latest, uow, market))
    return moments


async def of_ticks(uow: UnitOfWork, market: Market, first: int, last: int) -> list[Moment]:
    """Those of these ticks, the last one among them, oldest first; without what is still to come."""
    if market.start_ms is None:
        return []
    look_up = _LookUp(uow, market, Reasons(uow, market.id))
    moments = [await look_up.moment(row) for row in _shown(await uow.events.in_ticks(market.id, TYPES, first, last))]
    return [await _started(uow, market), *moments] if first <= 0 <= last else moments


def _shown(rows: Sequence[EventRow]) -> list[EventRow]:
    """Without those that another one of the same moment tells of, too."""
    decided = {(row.tick, row.payload["at_ms"]) for row in rows if row.type == "Eliminated"}
    return [row for row in rows if row.type != "Resumed" or (row.tick, row.payload["at_ms"]) not in decided]


async def _latest(uow: UnitOfWork, market: Market) -> tuple[Moment, ...]:
    shown = _shown(await uow.events.among(market.id, TYPES))
    look_up = _LookUp(uow, market, Reasons(uow, market.id))
    moments = [await look_up.moment(row) for row in shown[-LATEST:]]
    if len(shown) < LATEST and market.tick:
        moments.insert(0, await _started(uow, market))
    return (*moments, *await _countdown(uow, market))


async def _started(uow: UnitOfWork, market: Market) -> Moment:
    people = await uow.events.number_in_tick(market.id, 1, "Joined")
    reply = words.started(market, {"people": people, "late_ms": 0})
    return Moment(id="0", kind="started", tick=0, at_ms=market.start_ms or 0, head=reply.head, facts={"people": people})


async def _countdown(uow: UnitOfWork, market: Market) -> list[Moment]:
    """The freeze the timetable holds next; none of a market that stands still."""
    step = market.next_step
    if step is None or step.kind != "freeze" or step.round is None or market.halted is not None:
        return []
    planned = market.params.rounds[step.round]
    takes = still_takes(step, await uow.markets.state(market), market.params)
    facts: Facts = {
        "round": step.round,
        "final": step.final,
        "decide_ms": market.epoch_ms(planned.decide_at),
        "takes": takes,
    }
    reply = words.countdown({**facts, "at_ms": step.at_ms})
    lines = tuple(block for block in reply.blocks if isinstance(block, tuple))
    number = f"countdown-{step.round}"
    return [
        Moment(
            id=number, kind="countdown", tick=market.tick, at_ms=step.at_ms, head=reply.head, lines=lines, facts=facts
        )
    ]


@dataclass(frozen=True, slots=True)
class _LookUp:
    """What the moments of one market are made from."""

    uow: UnitOfWork
    market: Market
    reasons: Reasons

    async def moment(self, row: EventRow) -> Moment:
        event = self._payload(row)
        kind, head, lines, facts = await _BUILDERS[row.type](self, event)
        return Moment(
            id=str(row.id),
            kind=kind,
            tick=row.tick,
            at_ms=event["at_ms"],
            head=head,
            lines=tuple(each for each in lines if each),
            facts=facts,
        )

    def _payload(self, row: EventRow) -> dict[str, Any]:  # Any: JSON of an event
        """The event's own fields, its times as epoch milliseconds."""
        event: dict[str, Any] = dict(row.payload)
        return event | {name: self.market.epoch_ms(event[name]) for name in ("at_ms", "until_ms") if name in event}


_Event: TypeAlias = Mapping[str, Any]  # of `_LookUp._payload`
_Built: TypeAlias = tuple[Kind, Line, Sequence[Line], Facts]


async def _frozen(look_up: _LookUp, event: _Event) -> _Built:
    market, number = look_up.market, event["round"]
    planned = None if number is None else market.params.rounds[number]
    state = await look_up.uow.markets.state(market)
    here = number is not None and state.frozen_for == number
    facts: Facts = {
        "round": number,
        "final": planned is not None and planned.is_final,
        "decide_ms": None if planned is None else market.epoch_ms(planned.decide_at),
        "takes": schedule.losers_left(state, market.params, number) if here else None,
    }
    reason = await look_up.reasons.by_hand("freeze", event["at_ms"]) if number is None else ""
    reply = words.frozen({**facts, "at_ms": event["at_ms"], "late_ms": 0}, reason)
    return "frozen", reply.head, [block for block in reply.blocks if isinstance(block, tuple)], facts


async def _skipped(look_up: _LookUp, event: _Event) -> _Built:
    reply = words.round_skipped({"round": event["round"]})
    return "skipped", reply.head, (), {"round": event["round"]}


async def _resumed(look_up: _LookUp, event: _Event) -> _Built:
    by_hand = event["round"] is None
    reply = words.resumed(await look_up.reasons.by_hand("resume", event["at_ms"]) if by_hand else "")
    return "resumed", reply.head, (), {"round": event["round"]}


async def _paused(look_up: _LookUp, event: _Event) -> _Built:
    reply = words.paused(await look_up.reasons.by_hand("pause", event["at_ms"]))
    return "paused", reply.head, [block for block in reply.blocks if isinstance(block, tuple)], {"round": None}


async def _eliminated(look_up: _LookUp, event: _Event) -> _Built:
    params, gone = look_up.market.params, list(event["outcomes"])
    before = {number: yes for number, yes, _ in event["prices_before"]}
    after = sorted(((number, yes) for number, yes, _ in event["prices_after"]), key=lambda row: (-row[1], row[0]))
    facts: Facts = {
        "round": event["round"],
        "outcomes": gone,
        "gone": [[number, before.get(number, 0)] for number in gone],
        "prices": [[number, before.get(number, 0), yes] for number, yes in after],
        "paid": event["paid"],
        "holders": event["holders_no"],
        "sum": [event["sum_before"], event["sum_after"]],
    }
    reason = await look_up.reasons.to_the_last("eliminate", gone, event["at_ms"])
    lines = [line(words.payouts(event)), line(words.sum_line(event)), *used_up(_used(look_up.market, event), "now")]
    return "eliminated", words.out_sentence(params, gone, reason), lines, facts


def _used(market: Market, event: _Event) -> list[list[int]]:
    """As in the announcement, where the timetable is still the same: what a round by hand leaves to those to come."""
    if event["round"] is not None:
        return []
    terms, before = market.params, [number for number, _, _ in event["prices_before"]]
    at_ms = market.engine_ms(event["at_ms"])
    coming = next((n for n, planned in enumerate(terms.rounds) if planned.decide_at > at_ms), len(terms.rounds))
    return [
        [number, market.epoch_ms(terms.rounds[number].freeze_at), took, takes]
        for number, took, takes in schedule.used_up(before, event["outcomes"], terms, coming, None)
    ]


async def _claimed(look_up: _LookUp, event: _Event) -> _Built:
    facts = _claim_facts(event)
    action = "eliminate" if event.get("losers") else "resolve"
    reason = await look_up.reasons.of(action, event.get("losers") or winners_of(event), event["at_ms"])
    return (
        "claimed",
        words_claims.claim_sentence(look_up.market, event, reason),
        words_claims.until_paid(event),
        facts,
    )


async def _corrected(look_up: _LookUp, event: _Event) -> _Built:
    before = event["before"] if isinstance(event["before"], list | tuple) else [event["before"]]
    facts: Facts = {**_claim_facts(event), "before": list(before)}
    reason = await look_up.reasons.of("correct", event.get("losers") or winners_of(event), event["at_ms"])
    lines = [words_claims.not_paid_before(look_up.market.params, event), *words_claims.until_paid(event)]
    return "corrected", words_claims.correction_sentence(look_up.market, event, reason), lines, facts


def _claim_facts(event: _Event) -> Facts:
    losers: list[Json] = list(event.get("losers") or ())
    return {
        "winners": [] if losers else list(winners_of(event)),
        "losers": losers,
        "until_ms": event["until_ms"],
        "due": event["due"],
        "holders": event["holders"],
    }


async def _resolved(look_up: _LookUp, event: _Event) -> _Built:
    market, winners = look_up.market, winners_of(event)
    everybody = await ranks(look_up.uow, market)
    ranked = [row for row in everybody if row.rank is not None]
    steps = [row for row in ranked if row.rank is not None and row.rank <= PODIUM]
    house = -sum(row.gain for row in everybody)
    facts: Facts = {
        "winners": list(winners),
        "prices": [[number, yes] for number, yes, _ in event["prices_before"]],
        "paid": event["paid"],
        "holders": event["holders"],
        "podium": [step_of(row.rank, row.name, row.stake, row.final) for row in steps[: 2 * PODIUM]],
        "more": max(0, len(steps) - 2 * PODIUM),
        "house": house,
        "volume": market.volume,
        "people": len(ranked),
    }
    reason = await look_up.reasons.to_the_last("resolve", winners, event["at_ms"])
    lines = [*words.winnings(event), line(f"{house_result(house, market.params.z)}.")]
    return "resolved", words.win_sentence(market, winners, reason), lines, facts


def step_of(rank: int | None, name: str, stake: int, final: int) -> Facts:
    """Of the podium. A medal is for who has gained."""
    amount, share = gain(final, stake)
    medal = rank if amount.startswith("+") else None
    return {"place": rank, "medal": medal, "name": name, "final": final, "gain": amount, "share": share}


async def _voided(look_up: _LookUp, event: _Event) -> _Built:
    row = await look_up.reasons.asked_by_hand("void", event["at_ms"])
    reply = words.voided({"amounts": event.get("amounts", ())}, "" if row is None else row.reason)
    return "voided", reply.head, [block for block in reply.blocks if isinstance(block, tuple)], {}


_BUILDERS = {
    "Frozen": _frozen,
    "Paused": _paused,
    "Resumed": _resumed,
    "RoundSkipped": _skipped,
    "Eliminated": _eliminated,
    "Claimed": _claimed,
    "Corrected": _corrected,
    "Resolved": _resolved,
    "Voided": _voided,
}


async def paid_to(uow: UnitOfWork, market: Market, moment: int, person: int | None) -> int | None:
    """What this moment paid one person, micro-dollars; None where there is no such moment. What nobody held paid
    nothing."""
    row = await uow.events.get(market.id, moment)
    if row is None or row.type not in {"Eliminated", "Resolved"}:
        return None
    shares: Mapping[int, Mapping[int | None, int]] = await uow.figures.of(
        market, f"paid in {row.tick}", partial(_paid_in, uow, market, row.tick)
    )
    mine = shares.get(person, {}) if person is not None else {}
    if row.type == "Resolved":
        gone = {number for each in await _eliminated_in(uow, market, row.tick) for number in each}
        return sum(amount for number, amount in mine.items() if number not in gone)
    return sum(mine.get(number, 0) for number in _numbers(row, "outcomes"))


async def _paid_in(uow: UnitOfWork, market: Market, tick: int) -> dict[int, dict[int | None, int]]:
    """By person and outcome (None: for all that share a win together), what one tick paid."""
    shares: dict[int, dict[int | None, int]] = {}
    for row in await uow.events.in_tick(market.id, tick, "Paid"):
        event: Mapping[str, Any] = row.payload  # Any: to_json of engine.events.Paid
        mine = shares.setdefault(event["user"], {})
        mine[event["outcome"]] = mine.get(event["outcome"], 0) + event["amount"]
    return shares


async def _eliminated_in(uow: UnitOfWork, market: Market, tick: int) -> list[list[int]]:
    return [_numbers(row, "outcomes") for row in await uow.events.in_tick(market.id, tick, "Eliminated")]


def _numbers(row: EventRow, name: str) -> list[int]:
    event: Mapping[str, Any] = row.payload  # Any: JSON of an event
    return list(event[name])
