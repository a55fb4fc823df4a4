"""What happened in a tick to what is told: events to notices. Pure data, no prose; `bot.words` has the sentences.

Times in payloads are epoch milliseconds, money and prices micro-dollars, outcomes and rounds count from 0. `late_ms` is
0 where a step ran on time; on the podium stand traders only; `head` is the tick's signed head (`storage.proofs`), which
whoever reads it can hold against a later one.

| kind | for | payload |
|---|---|---|
| started | chats | people, late_ms |
| order | the person (ticket) | order: it ran; with a tick: it was met in the book |
| given_back | the person | orders: several that left the book together untraded; all that they took back at once |
| granted | the person | cash |
| paid | the person | total, paid: [[outcome, side, tokens, amount]] |
| refunded | the person | amount; negative where a gain went back |
| refused | who asked | action, kind, reason, detail |
| frozen | chats | round or null, at_ms, decide_ms or null, final, late_ms, takes: how many may go or null |
| countdown_over | chats (slot of the countdown) | round, at_ms, final |
| round_asked | admins (slot: see `storage.questions`) | round, count, final, at_ms, late_ms |
| question_over | where a question stands (its slot) | proposal: its number; or round, and why: see `answered` |
| round_skipped | chats | round, open: whether trading goes on |
| eliminated | chats | fields of `Eliminated`, at_ms, late_ms, head, used: see `_used` |
| resumed, paused | chats | round or null, at_ms |
| resolved | chats | fields of `Resolved`, at_ms, late_ms, podium: [[place, person, gain, final]], head |
| cut, cut_own | see `scheduler.cut_notices` | |
| claimed | chats | fields of `Claimed`, at_ms, until_ms, late_ms, head |
| corrected | chats | fields of `Corrected`, at_ms, until_ms, head |
| voided | chats | fields of `Voided`, at_ms, head |
| retuned | chats | fields; changes: [[term, before, after]] as kept; action: its number; times: see `_moved` |
| big_trade | chats | outcome, side, buy, size, amount (before fees), yes_before, yes_after |
| lapsed | who proposed it | number: of a proposal that nobody approved before the market moved on |
| halted | admins | reason, tick |
| restored | chats, admins | see `storage.backups.signing` |
| outdated | admins | rules: those the market was begun by |
| asks_now | admins | rounds: those that were to be decided by the lowest price |
| board | chats (slot and key `board`) | tick |
| alert | see `scheduler.alerts` | |
| lead_change, digest, countdown, overdue, round_asked again | see `scheduler.signals` | |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import cast

from engine.events import (
    Cancelled,
    Claimed,
    ControlRefused,
    Corrected,
    Eliminated,
    Fill,
    Frozen,
    Joined,
    OrderDone,
    Paid,
    Paused,
    Released,
    Resolved,
    Resumed,
    Retuned,
    RoundAsked,
    RoundSkipped,
    Voided,
)
from engine.intents import Order
from engine.risk import OVER
from engine.schedule import losers_left, used_up
from engine.state import Side, Status, price_micro
from engine.terms import MarketParams, Round
from engine.units import CENT, MICRO
from scheduler.pace import Pace
from storage import questions
from storage.keys import HIDDEN
from storage.order_rows import touched_resting
from storage.records import Json, Market, Notice, NoticeAudience, OrderRow, Payload, intent_id, intent_number
from storage.saving import TickOutcome

BIG_TRADE = 100 * MICRO  # and at least a hundredth of Z
PODIUM = 3

RankingRow = tuple[int, int, int, int]  # place, person, gain, final


def tick_notices(outcome: TickOutcome, head: str, pace: Pace, podium: Sequence[RankingRow] = ()) -> list[Notice]:
    """Everything a tick has to tell, private things first, the board last."""
    result = [*_private(outcome), *_resting(outcome), *_to_chat(outcome, pace, podium, head), *_big_trades(outcome)]
    if outcome.market.tick == 0:
        behind = _behind(outcome, outcome.market.epoch_ms(0), pace)
        result.insert(0, _to_chats("started", {"people": len(outcome.after.accounts), "late_ms": behind}))
    if outcome.fills or outcome.events:
        result.append(board(outcome.tick))
    return result


def board(tick: int) -> Notice:
    """The board may have changed: whoever posts it reads what it shows at that moment."""
    return Notice(kind="board", audience=NoticeAudience.CHAT, payload={"tick": tick}, slot="board", key="board")


def halted(market: Market, reason: str) -> Notice:
    return Notice(kind="halted", audience=NoticeAudience.ADMINS, payload={"reason": reason, "tick": market.tick + 1})


def outdated(market: Market) -> Notice:
    return Notice(kind="outdated", audience=NoticeAudience.ADMINS, payload={"rules": market.rules})


def asked_again(round_: int) -> Notice:
    """In the place of the messages that asked before."""
    return Notice(kind=questions.OVER, audience=NoticeAudience.PERSON, payload={"round": round_, "why": "again"})


def answered(outcome: TickOutcome) -> Notice | None:
    """What admins were asked for is decided, or is asked no more. `why`: eliminated, claimed, resolved, voided, cut or
    moved; with the outcomes that were named, and by whom, where it was an admin's word."""
    before, after = outcome.before, outcome.after
    round_ = before.frozen_for
    if round_ is None or not before.asked or (after.asked and after.frozen_for == round_):
        return None
    payload: dict[str, Json] = {"round": round_, "why": "moved", "outcomes": [], "by": None}
    kinds: frozenset[str] = frozenset()
    for event in outcome.events:
        match event:
            case Claimed():
                payload |= {"why": "claimed", "outcomes": list(event.losers or event.winners)}
                kinds = frozenset({"eliminate", "resolve"})
            case Eliminated() if event.round == round_:
                payload |= {"why": "eliminated", "outcomes": list(event.outcomes)}
                kinds = frozenset({"eliminate"})
            case Resolved():
                payload |= {"why": "resolved", "outcomes": list(event.winners)}
                kinds = frozenset({"resolve"})
            case Voided():
                payload |= {"why": "voided", "outcomes": []}
                kinds = frozenset({"void"})
            case _:
                pass
    by = [row.actor for row in outcome.actions if row.kind == "control" and str(row.payload.get("kind")) in kinds]
    payload["by"] = by[-1] if by else None
    return Notice(kind=questions.OVER, audience=NoticeAudience.PERSON, payload=payload)


def moved_on(outcome: TickOutcome) -> bool:
    """Whether a decision proposed before this tick would decide something else after it."""
    before, after = outcome.before, outcome.after
    was = (before.next_round, before.out, before.claim, before.winners, before.status in OVER)
    return was != (after.next_round, after.out, after.claim, after.winners, after.status in OVER)


def asks_now(market: Market) -> Notice:
    return Notice(kind="asks_now", audience=NoticeAudience.ADMINS, payload={"rounds": market.asks_now})


def asked(market: Market, event: RoundAsked, late_ms: int, *, now_ms: int, again: bool) -> Notice:
    """Admins are to name who leaves, or the winner; asked `again`, it is a message of its own."""
    payload: Payload = {
        "round": event.round,
        "count": event.count,
        "final": event.final,
        "at_ms": market.epoch_ms(event.at_ms),
        "late_ms": late_ms,
        "again": again,
    }
    slot = questions.ask_slot(event.round, now_ms)
    return Notice(kind="round_asked", audience=NoticeAudience.ADMINS, payload=payload, slot=slot, key=slot)


def refused_orders(orders: Sequence[OrderRow]) -> list[Notice]:
    """Each to its owner, where no tick ran them; what a program sent is told to that alone."""
    by_hand = [row for row in orders if row.key is None]
    return [_to_person(row.person, "order", {"order": row.number}, row.ticket) for row in by_hand]


def _to_chats(kind: str, payload: Payload) -> Notice:
    return Notice(kind=kind, audience=NoticeAudience.CHAT, payload=payload)


def _to_person(person: int, kind: str, payload: Payload, ticket: int | None = None) -> Notice:
    return Notice(kind=kind, audience=NoticeAudience.PERSON, payload=payload, person=person, ticket=ticket)


def _private(outcome: TickOutcome) -> list[Notice]:
    """Each order to its owner, but for what a program sent; payouts and refunds, one message a person; refusals to who
    asked."""
    by_key = {row.number for row in outcome.orders if row.key is not None}
    tickets = {row.number: row.ticket for row in outcome.orders}
    actors = {row.id: row for row in outcome.actions}
    result: list[Notice] = []
    paid: dict[int, list[Paid]] = {}
    for event in outcome.events:
        if isinstance(event, OrderDone):
            number = intent_number(event.order)
            if number not in by_key:
                result.append(_to_person(event.user, "order", {"order": number}, tickets.get(number)))
        elif isinstance(event, Joined) and not event.first:
            result.append(_to_person(event.user, "granted", {"cash": event.cash}))
        elif isinstance(event, Voided):
            result += [
                _to_person(person, "refunded", {"amount": amount})
                for person, amount in event.amounts
                if abs(amount) >= CENT
            ]
        elif isinstance(event, Paid):
            paid.setdefault(event.user, []).append(event)
        elif isinstance(event, ControlRefused):
            row = actors[event.id]
            if row.actor is not None:
                payload: Payload = {
                    "action": row.number,
                    "kind": row.kind,
                    "reason": event.reason.value,
                    "detail": dict(event.detail),
                    "asked": dict(row.payload),
                }
                result.append(_to_person(row.actor, "refused", payload))
    for person, rows in paid.items():
        if sum(row.amount for row in rows) < CENT:
            continue
        parts: list[Json] = [[row.outcome, row.side and row.side.value, row.tokens, row.amount] for row in rows]
        result.append(_to_person(person, "paid", {"total": sum(row.amount for row in rows), "paid": parts}))
    return result


def _resting(outcome: TickOutcome) -> list[Notice]:
    """Orders that were filled, cancelled or given back while they rested; one word each, and none to who hears of it
    as the order of this tick anyway. The owner is away: the first part is a message of its own, further parts change
    that message, the end is a new one. A notice says how the order stands, so that a newer one may replace it. What
    left together untouched is told together, so is all that somebody took back at once, and less than a cent's worth of
    a part is no news."""
    reported = {row.number for row in outcome.orders}
    together = _returned_untraded(outcome, reported)
    reported |= {number for numbers in together.values() for number in numbers}
    result = [_given_back(outcome, person, numbers) for person, numbers in together.items()]
    traded = _fills_of(outcome)
    small = {order for order, fills in traded.items() if sum(fill.amount for fill in fills) < CENT}
    dust = {order for order in small if order in outcome.after.resting}
    return result + [
        Notice(
            kind="order",
            audience=NoticeAudience.PERSON,
            payload={"order": number, "tick": outcome.tick},
            person=person,
            slot=f"order:{number}" if intent_id(number) in outcome.after.resting else None,
            key=f"order:{number}",
        )
        for number, person in touched_resting(outcome).items()
        if number not in reported and intent_id(number) not in dust
    ]


def _given_back(outcome: TickOutcome, person: int, numbers: Sequence[int]) -> Notice:
    """Of who took all back the answer to it: it takes the place of the first word."""
    slot = "given_back" if person in _took_all_back(outcome) else None
    payload: Payload = {"orders": list(numbers)}
    return Notice(kind="given_back", audience=NoticeAudience.PERSON, payload=payload, person=person, slot=slot)


def _took_all_back(outcome: TickOutcome) -> set[int]:
    return {
        user
        for row in outcome.actions
        if row.kind == "cancel" and row.payload["order"] is None and isinstance(user := row.payload["user"], int)
    }


def _returned_untraded(outcome: TickOutcome, reported: set[int]) -> dict[int, list[int]]:
    """By person, the orders they took back or were given back in this tick of which nothing had ever traded, where
    there are several; and all that they took back at once."""
    before, at_once = outcome.before.resting, _took_all_back(outcome)
    by_person: dict[int, list[int]] = {}
    for event in outcome.events:
        if isinstance(event, Cancelled | Released) and event.order in before:
            number = intent_number(event.order)
            untraded = event.rest == before[event.order].size or event.user in at_once
            if untraded and number not in reported:
                by_person.setdefault(event.user, []).append(number)
    return {person: numbers for person, numbers in by_person.items() if len(numbers) > 1 or person in at_once}


def _to_chat(outcome: TickOutcome, pace: Pace, podium: Sequence[RankingRow], head: str) -> list[Notice]:
    """The course of the market, in the order it ran."""
    market = outcome.market

    def late(at_ms: int) -> int:
        return _behind(outcome, market.epoch_ms(at_ms), pace)

    result: list[Notice] = []
    terms, coming = market.params, outcome.before.next_round
    extra: dict[str, Json]
    decided = {event.at_ms for event in outcome.events if isinstance(event, Eliminated)}
    for event in outcome.events:
        match event:
            case Frozen():
                result.append(_to_chats("frozen", _frozen(outcome, event, late)))
                result += _countdown_over(market, event)
            case RoundAsked():
                result.append(asked(market, event, late(event.at_ms), now_ms=outcome.now_ms, again=False))
            case RoundSkipped():
                coming = event.round + 1
                open_again = outcome.after.status is Status.RUNNING
                result.append(_to_chats("round_skipped", {"round": event.round, "open": open_again}))
            case Eliminated():
                extra = {"late_ms": late(event.at_ms), "head": head, "used": _used(market, event, terms, coming)}
                result.append(_to_chats("eliminated", _event_payload(market, event) | extra))
                coming = coming if event.round is None else event.round + 1
            case Resumed() if event.round is None and event.at_ms in decided:  # the ceremony of a claim by hand says it
                pass
            case Resumed():
                result.append(_to_chats("resumed", _event_payload(market, event)))
            case Paused():
                result.append(_to_chats("paused", _event_payload(market, event) | {"round": None}))
            case Resolved():
                places: list[Json] = [list(place) for place in podium]
                extra = {"late_ms": late(event.at_ms), "podium": places, "head": head}
                result.append(_to_chats("resolved", _event_payload(market, event) | extra))
            case Claimed():
                extra = {"late_ms": late(event.at_ms), "head": head, "used": _used(market, event, terms, coming)}
                result.append(_to_chats("claimed", _event_payload(market, event) | extra))
            case Corrected():
                result.append(_to_chats("corrected", _event_payload(market, event) | {"head": head}))
            case Voided():
                result.append(_to_chats("voided", _event_payload(market, event) | {"head": head}))
            case Retuned():
                result.append(_to_chats("retuned", _retuned(market, event, terms)))
                terms = event.params
            case _:
                pass
    return result


def _behind(outcome: TickOutcome, at_ms: int, pace: Pace) -> int:
    """How late a step of this moment (epoch) was taken; 0 where it was on time."""
    behind = outcome.now_ms - at_ms
    return behind if behind >= max(pace.late_ms, 2 * outcome.market.params.batch_interval_ms) else 0


def _retuned(market: Market, event: Retuned, before: MarketParams) -> Payload:
    """What is another now, each as it is kept; the timetable is named in `fields` alone."""
    changed: list[Json] = [
        [part.name, getattr(before, part.name), getattr(event.params, part.name)]
        for part in fields(MarketParams)
        if part.name != "rounds" and getattr(before, part.name) != getattr(event.params, part.name)
    ]
    return {
        "fields": list(event.fields),
        "changes": changed,
        "times": _moved(market, before.rounds, event.params.rounds),
        "action": intent_number(event.id),
    }


def _moved(market: Market, before: Sequence[Round], after: Sequence[Round]) -> list[Json]:
    """[round, final, freeze before, after, decision before, after], epoch, of each round whose times are others now;
    none where there are more rounds or fewer."""
    if len(before) != len(after):
        return []
    return [
        [number, new.is_final, *map(market.epoch_ms, (old.freeze_at, new.freeze_at, old.decide_at, new.decide_at))]
        for number, (old, new) in enumerate(zip(before, after, strict=True))
        if (old.freeze_at, old.decide_at) != (new.freeze_at, new.decide_at)
    ]


def _countdown_over(market: Market, event: Frozen) -> list[Notice]:
    """What the message that counted down to this freeze says from now on, where there is one."""
    if event.round is None or market.memo.get("countdown") != event.round:
        return []
    planned = market.params.rounds[event.round]
    payload: Payload = {"round": event.round, "at_ms": market.epoch_ms(event.at_ms), "final": planned.is_final}
    slot = f"countdown:{event.round}"
    return [Notice(kind="countdown_over", audience=NoticeAudience.CHAT, payload=payload, slot=slot)]


def _frozen(outcome: TickOutcome, event: Frozen, late: Callable[[int], int]) -> dict[str, Json]:
    market = outcome.market
    planned = None if event.round is None else market.params.rounds[event.round]
    takes = None
    if event.round is not None and event.round == outcome.after.frozen_for:
        takes = losers_left(outcome.after, outcome.params, event.round)
    return {
        "round": event.round,
        "at_ms": market.epoch_ms(event.at_ms),
        "decide_ms": None if planned is None else market.epoch_ms(planned.decide_at),
        "final": planned is not None and planned.is_final,
        "late_ms": 0 if planned is None else late(event.at_ms),
        "takes": takes,
    }


def _used(market: Market, event: Eliminated | Claimed, terms: MarketParams, coming: int) -> list[Json]:
    """[round, its freeze (epoch), how many it took, how many it takes now] of each round from `coming` on of which an
    elimination uses up something, or will once it is paid."""
    gone = event.outcomes if isinstance(event, Eliminated) else event.losers
    before = [outcome for outcome, _, _ in event.prices_before]
    return [
        [number, market.epoch_ms(terms.rounds[number].freeze_at), took, takes]
        for number, took, takes in used_up(before, gone, terms, coming, event.round)
    ]


def _event_payload(
    market: Market, event: Eliminated | Resumed | Paused | Resolved | Claimed | Corrected | Voided
) -> dict[str, Json]:
    """The event's own fields, its times as epoch milliseconds."""
    payload = cast("dict[str, Json]", event.to_json())
    del payload["type"]
    if isinstance(event, Claimed | Corrected):
        payload["until_ms"] = market.epoch_ms(event.until_ms)
    return payload | {"at_ms": market.epoch_ms(event.at_ms)}


def _big_trades(outcome: TickOutcome) -> list[Notice]:
    """Orders that themselves traded at least $100 and a hundredth of Z in this tick, nobody named. What they met in the
    book and what auto-fills they set off are others' trades. Where programs' trades are hidden, none of theirs."""
    hidden = {row.number for row in outcome.orders if row.key is not None and outcome.market.keys == HIDDEN}
    if any(isinstance(event, Voided) for event in outcome.events):
        return []
    least, traded = max(BIG_TRADE, outcome.market.params.z // 100), _fills_of(outcome)
    accepted = {intent.id: intent.accepted_ms for intent in outcome.intents if isinstance(intent, Order)}
    return [
        _to_chats("big_trade", _big_trade(outcome, event, traded[event.order], accepted[event.order]))
        for event in outcome.events
        if isinstance(event, OrderDone)
        and intent_number(event.order) not in hidden
        and sum(fill.amount for fill in traded.get(event.order, ())) >= least
    ]


def big_trades_told(told: Sequence[Notice]) -> frozenset[int]:
    """The outcomes of whose big trades these notices tell."""
    return frozenset(int(str(notice.payload["outcome"])) for notice in told if notice.kind == "big_trade")


def _fills_of(outcome: TickOutcome) -> dict[str, list[Fill]]:
    """What each order itself traded in this tick."""
    fills: dict[str, list[Fill]] = {}
    for fill in outcome.fills:
        for order in fill.orders:
            fills.setdefault(order, []).append(fill)
    return fills


def _big_trade(outcome: TickOutcome, order: OrderDone, own: Sequence[Fill], at_ms: int) -> Payload:
    before, after = _yes_around(outcome, order.outcome, at_ms)
    return {
        "outcome": order.outcome,
        "side": order.side.value,
        "buy": order.buy,
        "size": sum(fill.size for fill in own),
        "amount": sum(fill.amount if order.buy else fill.amount - fill.kept for fill in own),
        "yes_before": before,
        "yes_after": after,
    }


def _yes_around(outcome: TickOutcome, number: int, at_ms: int) -> tuple[int, int]:
    """YES of an outcome before and after the trading of a tick in which an order of that moment ran: between the rounds
    that were decided in it."""
    before = price_micro(outcome.before, outcome.market.params, number, Side.YES)
    for event in outcome.events:
        if isinstance(event, Eliminated | Resolved | Claimed):
            ended = {i: yes for i, yes, _ in event.prices_before}
            if at_ms <= event.at_ms and number in ended:
                return before, ended[number]
            if isinstance(event, Eliminated):
                before = next((yes for i, yes, _ in event.prices_after if i == number), before)
    return before, price_micro(outcome.after, outcome.params, number, Side.YES)
