"""From an outbox row to the reply that is sent: looks up what the sentence needs and hands it to the words.

Read at the moment of delivery, so that a board or a receipt that waited shows how things stand when it arrives. Here is
also which private notices a person has switched off, which announcements are pinned or go beside the channel, and which
kind of event an announcement is to people who asked to be pinged.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.chat import rehearsal_result
from bot.chat.reply import Audience, Picture, Reply
from bot.market import decisions
from bot.market.background_verify import from_json
from bot.market.decisions import refused_now
from bot.market.heads import head_now
from bot.market.receipts import given_back, receipt
from bot.market.standings import board_of
from bot.market.terms import asked_by, kept_changes
from bot.market.wording import read_names
from bot.words import admin as words_admin
from bot.words import announcements as words_announcements
from bot.words import audit as words_audit
from bot.words import chats as words_chats
from bot.words import claims as words_claims
from bot.words import cuts as words_cuts
from bot.words import identity as words_identity
from bot.words import members as words_members
from bot.words import orders as words_orders
from bot.words import proposals as words_proposals
from bot.words import terminal as words_terminal
from bot.words import timetable as words_timetable
from bot.words import views as words_views
from bot.words import wording as words_wording
from bot.words.charts import whose, yes_figures
from bot.words.shared import ahead, first_upper, leaders, listed, name_of, winners_of
from engine.state import MarketState
from storage.records import ApprovalStatus, AuditRow, Market, OrderStatus, OutboxRow
from storage.unit_of_work import UnitOfWork

_PAYOUTS = frozenset({"paid", "refunded"})
_BY_STATUS: Mapping[OrderStatus, str] = {
    OrderStatus.RESTING: "fills",
    OrderStatus.FILLED: "fills",
    OrderStatus.PARTLY: "fills",
    OrderStatus.CANCELLED: "cancels",
    OrderStatus.CUT: "cancels",
}


async def is_muted(uow: UnitOfWork, row: OutboxRow) -> bool:
    """Whether its person has switched this kind off. A ticket always becomes its receipt, which is no new message; a
    refusal, and the gas it cost, is always told."""
    if row.person is None or row.ticket is not None or row.market is None:
        return False
    kind = "payouts" if row.kind in _PAYOUTS else "cancels" if row.kind == "given_back" else None
    if row.kind == "order":
        number = row.payload["order"]
        order = await uow.orders.get(row.market, number) if isinstance(number, int) else None
        kind = _BY_STATUS.get(order.status) if order is not None else None
    return kind is not None and kind in (await uow.preferences.of(row.person)).quiet


ASIDE = frozenset({"digest"})  # only fill the time between the posts people come for

PINGED: Mapping[str, str] = {
    "opened": "opening",
    "started": "opening",
    "countdown": "freeze",
    "eliminated": "elimination",
    "claimed": "resolution",
    "corrected": "resolution",
    "resolved": "resolution",
    "lead_change": "lead",
    "big_trade": "trade",
}
"""Kinds of notices to the kinds of events of `words.settings.PING_KINDS`. A freeze is called out before it comes."""


def ping_kind(kind: str, payload: Mapping[str, object]) -> str | None:
    """The kind of event a notice tells of, for those who asked to be pinged; losers of a round are claimed like a
    winner."""
    of_round = kind in {"claimed", "corrected"} and payload.get("losers")
    return "elimination" if of_round else PINGED.get(kind)


def with_placement(kind: str, payload: Mapping[str, object], reply: Reply) -> Reply:
    """An announcement, with whether it is pinned or goes beside the channel, and the kind of event it is."""
    if reply.audience is not Audience.CHAT:
        return reply
    return replace(reply, pin=kind == "board", aside=kind in ASIDE, ping=ping_kind(kind, payload))


PING_MS = 15 * 60_000  # a ping that comes later is none


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeContext:
    """One row, its market, and the unit to look things up in."""

    uow: UnitOfWork
    market: Market
    payload: Mapping[str, Any]  # shapes in scheduler.notices and scheduler.signals
    now_ms: int
    person: int | None = None  # who alone reads it
    platform: str = ""  # where

    async def state(self) -> MarketState:
        return await self.uow.markets.state(self.market.id)


async def render_notice(uow: UnitOfWork, row: OutboxRow, now_ms: int, market: Market) -> Reply | None:
    """What to say of this market; None where there is nothing (any more). Raises LookupError for a kind nobody has
    words for."""
    render = _RENDERERS.get(row.kind)
    if render is None:
        raise LookupError(f"no words for a notice of kind {row.kind!r}")
    if await is_muted(uow, row) or (row.kind == "countdown_over" and row.edit_ref is None):  # it was never posted
        return None
    notice = NoticeContext(
        uow=uow, market=market, payload=row.payload, now_ms=now_ms, person=row.person, platform=row.platform
    )
    reply = await render(notice)
    return with_placement(row.kind, row.payload, reply) if reply is not None else None


async def read_ahead(uow: UnitOfWork, rows: Sequence[OutboxRow]) -> None:
    """What the private ones among these ask for, with a statement for all of them instead of several for each."""
    orders: dict[int, set[int]] = {}  # numbers by market
    people = {row.person for row in rows if row.person is not None and row.ticket is None}
    for row in rows:
        number = row.payload.get("order") if row.kind == "order" else None
        if isinstance(number, int) and row.market is not None:
            orders.setdefault(row.market, set()).add(number)
    for market, numbers in orders.items():
        owners = {order.person for order in await uow.orders.prefetch(market, numbers)}
        await uow.members.prefetch(market, owners)
        await uow.trades.prefetch(market, numbers)
        await uow.people.prefetch(owners)
    await uow.preferences.prefetch(people)


async def _opened(notice: NoticeContext) -> Reply:
    decides = words_wording.announced(await notice.uow.wordings.of(notice.market.id))
    return words_announcements.opened(notice.market, decides)


async def _arrived(notice: NoticeContext) -> Reply:
    decides = words_wording.announced(await notice.uow.wordings.of(notice.market.id))
    return words_chats.arrived(notice.market, decides)


async def _worded(notice: NoticeContext) -> Reply | None:
    """What decides was written down, added to, or taken back before the start; nothing where it is another by now."""
    number, wordings = int(notice.payload["number"]), await notice.uow.wordings.of(notice.market.id)
    written = next((wording for wording in wordings if wording.number == number), None)
    if written is None:
        return None if number or wordings else words_wording.told_taken_back(notice.market)
    who = (await read_names(notice.uow, [written])).get(written.actor, "")
    say = words_wording.told_in_chat if notice.person is None else words_wording.told_in_private
    return say(notice.market, written, who)


async def _board(notice: NoticeContext) -> Reply:
    return words_views.board(await board_of(notice.uow, notice.market, notice.now_ms), Audience.CHAT)


async def _order(notice: NoticeContext) -> Reply | None:
    """It ran, or it was met where it waited, in the tick the payload names."""
    order = await notice.uow.orders.get(notice.market.id, int(notice.payload["order"]))
    if order is None:
        return None
    return await receipt(notice.uow, order, notice.market, notice.payload.get("tick"))


async def _eliminated(notice: NoticeContext) -> Reply:
    eliminated = list(notice.payload["outcomes"])
    after = {int(number): int(yes) for number, yes, _ in notice.payload["prices_after"]}
    whose_exit = whose(listed([name_of(notice.market.params, number) for number in eliminated]))
    alt = f"Prices after {whose_exit} exit"
    if after:
        first = leaders(after)
        alt = f"{ahead([name_of(notice.market.params, number) for number in first], len(after), after[first[0]])} "
        alt += f"after {whose_exit} exit. {_figures(notice, after)}"
    reason = await _reason_to_the_last(notice, "eliminate", eliminated)
    return words_announcements.ceremony(notice.market, notice.payload, _prices(notice.market, alt), reason)


async def _resolved(notice: NoticeContext) -> Reply:
    names = await notice.uow.members.names(notice.market.id)
    winners = winners_of(notice.payload)
    who = listed([name_of(notice.market.params, winner) for winner in winners])
    alt = f"{who} {'wins' if len(winners) == 1 else 'share'}: every price from the start to the end"
    before = {int(number): int(yes) for number, yes, _ in notice.payload["prices_before"]}
    if before:
        alt += f". Before it, {_figures(notice, before)}"
    reason = await _reason_to_the_last(notice, "resolve", winners)
    return words_announcements.resolved(notice.market, notice.payload, names, _prices(notice.market, alt), reason)


async def _claimed(notice: NoticeContext) -> Reply:
    losers = notice.payload.get("losers")
    action, named = ("eliminate", losers) if losers else ("resolve", winners_of(notice.payload))
    return words_claims.claimed(notice.market, notice.payload, await _reason(notice, action, named))


async def _corrected(notice: NoticeContext) -> Reply:
    named = notice.payload.get("losers") or winners_of(notice.payload)
    return words_claims.corrected(notice.market, notice.payload, await _reason(notice, "correct", named))


async def _proposal(notice: NoticeContext) -> Reply | None:
    """To another admin; nothing where it has been decided or has lapsed meanwhile."""
    approval = await notice.uow.approvals.get(notice.market.id, int(notice.payload["number"]))
    state = await notice.state()
    if approval is None or approval.status is not ApprovalStatus.WAITING or not decisions.still_valid(approval, state):
        return None
    proposer = await notice.uow.people.get(approval.proposer)
    part = await decisions.involvement_of(notice.uow, notice.market, state, notice.person)
    name = proposer.name if proposer else "an admin"
    shared = notice.platform == "room"  # elsewhere it is told in private, where nobody is an admin
    return words_proposals.to_approve(notice.market, approval, name, part, notice.now_ms, here=shared)


async def _lapsed(notice: NoticeContext) -> Reply | None:
    approval = await notice.uow.approvals.get(notice.market.id, int(notice.payload["number"]))
    if approval is None:
        return None
    proposer = await notice.uow.people.get(approval.proposer)
    return words_proposals.told_lapsed(notice.market, approval, proposer.name if proposer else "an admin")


async def _given_back(notice: NoticeContext) -> Reply | None:
    return await given_back(notice.uow, list(notice.payload["orders"]), notice.market)


async def _granted(notice: NoticeContext) -> Reply:
    """With the reason, where the admin gave one."""
    granted = (notice.person, notice.payload["cash"])
    for row in await notice.uow.audit.of(notice.market.id, n=20):
        if row.action == "grant" and (row.after.get("user"), row.after.get("cash")) == granted:
            return words_announcements.granted(notice.payload, row.reason)
    return words_announcements.granted(notice.payload)


def _figures(notice: NoticeContext, prices: Mapping[int, int]) -> str:
    return yes_figures({number: name_of(notice.market.params, number) for number in prices}, prices)


def _prices(market: Market, alt: str) -> Picture:
    return Picture(kind="prices", market=market.id, tick=market.tick, alt=alt)


async def _reason(notice: NoticeContext, action: str, outcomes: Sequence[int]) -> str:
    """What the admin who named these outcomes by this action gave as the reason."""
    row = await _named_by(notice, (action,), outcomes)
    return "" if row is None else row.reason


async def _reason_to_the_last(notice: NoticeContext, action: str, outcomes: Sequence[int]) -> str:
    """The same where they may have been named by a correction: its reason tells of that, not of the result."""
    row = await _named_by(notice, (action, "correct"), outcomes)
    if row is None:
        return ""
    return f"Corrected: {first_upper(row.reason)}" if row.action == "correct" and row.reason else row.reason


async def _named_by(notice: NoticeContext, actions: Sequence[str], outcomes: Sequence[int]) -> AuditRow | None:
    """The last time it was done before what this tells of, since one may be named, corrected away and named again."""
    rows = [row for action in actions for row in await notice.uow.audit.of_action(notice.market.id, action)]
    for row in sorted(rows, key=lambda row: row.id, reverse=True):
        logged: Any = row.after.get("outcomes")  # Any: JSON
        if row.ts_ms <= int(notice.payload["at_ms"]) and sorted(logged or ()) == sorted(outcomes):
            return row
    return None


async def _round_asked(notice: NoticeContext) -> Reply | None:
    state = await notice.state()
    if not state.asked:
        return None
    return words_announcements.round_asked(notice.market, notice.payload, state.active)


async def _overdue(notice: NoticeContext) -> Reply | None:
    """Not once it has been decided."""
    state = await notice.state()
    awaited = state.asked and state.frozen_for == notice.payload["round"]
    return words_announcements.overdue(notice.payload) if awaited else None


async def _refused(notice: NoticeContext) -> Reply | None:
    if notice.payload["kind"] == "cancel":  # what was to be cancelled had traded in the same tick: its receipt says so
        number = notice.payload["asked"]["order"]
        return None if number is None else words_orders.nothing_left(int(number))
    asked: Mapping[str, Any] = notice.payload.get("asked", {})  # Any: the action's payload
    kind, reason = str(asked.get("kind", notice.payload["kind"])), str(notice.payload["reason"])
    outcomes = [int(outcome) for outcome in asked.get("outcomes", ())]
    return refused_now(notice.market, kind, reason, await notice.state(), outcomes)


async def _retuned(notice: NoticeContext) -> Reply:
    who, reason = await asked_by(notice.uow, notice.market.id, notice.payload.get("action"))
    changed = kept_changes(notice.market.params, notice.payload.get("changes", ()))
    timetable = "rounds" in notice.payload["fields"]
    if timetable:
        moved, start = notice.payload.get("times", ()), notice.payload.get("start", ())
        return words_timetable.rescheduled(who, reason, moved, start)
    return words_announcements.retuned(changed, who, reason)


async def _resumed(notice: NoticeContext) -> Reply | None:
    """After a round the ceremony has said it."""
    if notice.payload["round"] is not None:
        return None
    return words_announcements.resumed(await _reason_by_hand(notice, "resume"))


async def _frozen(notice: NoticeContext) -> Reply:
    reason = await _reason_by_hand(notice, "freeze") if notice.payload["round"] is None else ""
    return words_announcements.frozen(notice.payload, reason)


async def _paused(notice: NoticeContext) -> Reply:
    return words_announcements.paused(await _reason_by_hand(notice, "pause"))


async def _voided(notice: NoticeContext) -> Reply:
    row = await _asked_by_hand(notice, "void")
    actor = None if row is None else row.actor
    member = None if actor is None else await notice.uow.members.get(notice.market.id, actor)
    person = None if actor is None else await notice.uow.people.get(actor)
    who = member.name if member else person.name if person else ""
    return words_announcements.voided(notice.payload, "" if row is None else row.reason, who)


async def _cut(notice: NoticeContext) -> Reply:
    who, reason = await asked_by(notice.uow, notice.market.id, notice.payload["action"])
    return words_cuts.cut(notice.market, notice.payload, reason, who)


async def _cut_own(notice: NoticeContext) -> Reply:
    facts = notice.payload
    orders = await notice.uow.orders.many(notice.market.id, [*facts["undone"], *facts["again"], *facts["gone"]])
    _, reason = await asked_by(notice.uow, notice.market.id, facts["action"])
    return words_cuts.own(notice.market, facts, {order.number: order for order in orders}, reason)


async def _reason_by_hand(notice: NoticeContext, action: str) -> str:
    """The reason an admin gave for what this tells of."""
    row = await _asked_by_hand(notice, action)
    return "" if row is None else row.reason


async def _asked_by_hand(notice: NoticeContext, action: str) -> AuditRow | None:
    """Where this was asked for: the last one of its kind by then."""
    for row in await notice.uow.audit.of(notice.market.id, n=20):
        if row.action == action and row.ts_ms <= int(notice.payload["at_ms"]):
            return row
    return None


async def _ping(notice: NoticeContext) -> Reply | None:
    """To somebody who asked to be told of such events: the news itself, while it is news."""
    kind, at_ms = str(notice.payload["kind"]), int(notice.payload["at_ms"])
    if notice.now_ms - at_ms > PING_MS or kind not in PINGED:
        return None
    news = await _RENDERERS[kind](replace(notice, payload=notice.payload["facts"], person=None))
    return None if news is None else words_chats.pinged(notice.market.title, news)


async def _digest(notice: NoticeContext) -> Reply:
    after, until = int(notice.payload["after"]), int(notice.payload["until"])
    activity = await notice.uow.trades.activity(notice.market.id, after, until)
    return words_announcements.digest(notice.market.params, notice.payload, activity, notice.now_ms)


async def _countdown(notice: NoticeContext) -> Reply | None:
    """Not once it has happened."""
    return words_announcements.countdown(notice.payload) if int(notice.payload["at_ms"]) > notice.now_ms else None


async def _linked(notice: NoticeContext) -> Reply:
    closed = [(await notice.uow.markets.get_one(int(market)), int(cash)) for market, cash in notice.payload["closed"]]
    return words_identity.told(str(notice.payload["platform"]), closed)


async def _checked(notice: NoticeContext) -> Reply:
    """To who asked for a check that took longer than a moment: how far it is, or what it found."""
    if "per_mille" in notice.payload:
        return words_audit.checking(notice.market.id, int(notice.payload["per_mille"]))
    result = notice.payload["result"]
    found = None if result is None else from_json(str(result))[-1]
    head = await head_now(notice.uow, notice.market)
    return words_audit.checked(found, int(notice.payload["at_ms"]), head, Audience.PRIVATE)


async def _rehearsed(notice: NoticeContext) -> Reply:
    """To the admin who asked for a rehearsal that took longer than a moment, likewise."""
    if "per_mille" in notice.payload:
        return words_terminal.under_way(notice.market.id, int(notice.payload["per_mille"]))
    result = notice.payload["result"]
    if result is None:
        return words_terminal.could_not()
    return words_terminal.result(rehearsal_result.from_json(str(result)), list(notice.payload["warnings"]))


Renderer = Callable[[NoticeContext], Awaitable[Reply | None]]


def _plain(render: Callable[[NoticeContext], Reply | None]) -> Renderer:
    """A kind whose sentence needs no more than the payload and the market."""

    async def run(notice: NoticeContext) -> Reply | None:
        return render(notice)

    return run


_RENDERERS: Mapping[str, Renderer] = {
    "opened": _opened,
    "arrived": _arrived,
    "worded": _worded,
    "announcement": _plain(lambda notice: words_chats.announcement(notice.market, str(notice.payload["text"]))),
    "started": _plain(lambda notice: words_announcements.started(notice.market, notice.payload)),
    "order": _order,
    "given_back": _given_back,
    "granted": _granted,
    "paid": _plain(lambda notice: words_announcements.paid(notice.market, notice.payload)),
    "refunded": _plain(lambda notice: words_announcements.refunded(notice.market, notice.payload)),
    "refused": _refused,
    "frozen": _frozen,
    "round_asked": _round_asked,
    "overdue": _overdue,
    "round_skipped": _plain(lambda notice: words_announcements.round_skipped(notice.payload)),
    "eliminated": _eliminated,
    "resumed": _resumed,
    "paused": _paused,
    "resolved": _resolved,
    "claimed": _claimed,
    "corrected": _corrected,
    "proposal": _proposal,
    "lapsed": _lapsed,
    "cut": _cut,
    "cut_own": _cut_own,
    "cut_ready": _plain(
        lambda notice: (words_cuts.ready if notice.payload["ready"] else words_cuts.could_not)(
            str(notice.payload["again"])
        )
    ),
    "voided": _voided,
    "retuned": _retuned,
    "big_trade": _plain(lambda notice: words_announcements.big_trade(notice.market.params, notice.payload)),
    "halted": _plain(lambda notice: words_admin.halted(notice.market, notice.payload)),
    "outdated": _plain(lambda notice: words_admin.outdated(notice.market)),
    "asks_now": _plain(lambda notice: words_admin.asks_now(notice.market, list(notice.payload["rounds"]))),
    "linked": _linked,
    "checked": _checked,
    "rehearsed": _rehearsed,
    "account_changed": _plain(
        lambda notice: words_members.told(notice.market, str(notice.payload["change"]), str(notice.payload["text"]))
    ),
    "board": _board,
    "lead_change": _plain(lambda notice: words_announcements.lead_change(notice.market.params, notice.payload)),
    "digest": _digest,
    "countdown": _countdown,
    "countdown_over": _plain(lambda notice: words_announcements.countdown_over(notice.payload)),
    "ping": _ping,
    "unreachable": _plain(lambda notice: words_chats.unreachable(notice.market.title, notice.payload)),
}
