"""From an outbox row to what is said: looks up what the sentence needs and hands it to the words.

Read at the moment of delivery, so that a board or a receipt that waited shows how things stand when it arrives.

Private notices a person does without. What they would have told stays in /orders, /trades and /balance.

Where an announcement belongs: pinned, in the stream, or beside it; and which kind of event it is to who wants word.

Posts people come for stay in the channel; what only fills the time between them goes beside it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.chat.reply import Audience, Picture, Reply
from bot.market import decisions
from bot.market.receipts import given_back, receipt
from bot.market.standings import board_of
from bot.words import admin as words_admin
from bot.words import announcements as words_announcements
from bot.words import chats as words_chats
from bot.words import decisions as words_decisions
from bot.words import identity as words_identity
from bot.words import orders as words_orders
from bot.words import views as words_views
from bot.words.charts import whose
from bot.words.shared import listed, name_of
from engine.state import MarketState
from storage.records import ApprovalStatus, Market, OrderStatus, OutboxRow
from storage.unit_of_work import UnitOfWork

_PAYOUTS = frozenset({"paid", "refunded"})
_BY_STATUS: Mapping[OrderStatus, str] = {
    OrderStatus.RESTING: "fills",
    OrderStatus.FILLED: "fills",
    OrderStatus.PARTLY: "fills",
    OrderStatus.CANCELLED: "cancels",
}


async def muted(uow: UnitOfWork, row: OutboxRow) -> bool:
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


ASIDE = frozenset({"digest", "round_skipped"})

PINGED: Mapping[str, str] = {
    "opened": "opening",
    "started": "opening",
    "countdown": "freeze",
    "eliminated": "elimination",
    "claimed": "resolution",
    "resolved": "resolution",
    "lead_change": "lead",
    "big_trade": "trade",
}
"""Kinds of notices to the kinds of events of `storage.preferences.PINGS`. A freeze is called out before it comes."""


def placed(kind: str, reply: Reply) -> Reply:
    """A notice's reply with how it is placed."""
    if reply.audience is not Audience.CHAT:
        return reply
    return replace(reply, pin=kind == "board", aside=kind in ASIDE, ping=PINGED.get(kind))


PING_MS = 15 * 60_000  # a ping that comes later is none


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeContext:
    """One row, its market, and the unit to look things up in."""

    uow: UnitOfWork
    market: Market
    facts: Mapping[str, Any]  # the payload; shapes in scheduler.notices and scheduler.watch
    now_ms: int
    person: int | None = None  # whom it is told to alone
    platform: str = ""  # where

    async def state(self) -> MarketState:
        return await self.uow.markets.state(self.market.id)


async def render_notice(uow: UnitOfWork, row: OutboxRow, now_ms: int, market: Market) -> Reply | None:
    """What to say of this market; None where there is nothing (any more). Raises LookupError for a kind nobody has
    words for."""
    say = _KINDS.get(row.kind)
    if say is None:
        raise LookupError(f"no words for a notice of kind {row.kind!r}")
    if await muted(uow, row):
        return None
    told = NoticeContext(
        uow=uow, market=market, facts=row.payload, now_ms=now_ms, person=row.person, platform=row.platform
    )
    reply = await say(told)
    return placed(row.kind, reply) if reply is not None else None


async def read_ahead(uow: UnitOfWork, rows: Sequence[OutboxRow]) -> None:
    """What the private ones among these ask for, with a statement for all of them instead of several for each."""
    numbers: dict[int, set[int]] = {}
    people = {row.person for row in rows if row.person is not None and row.ticket is None}
    for row in rows:
        number = row.payload.get("order") if row.kind == "order" else None
        if isinstance(number, int) and row.market is not None:
            numbers.setdefault(row.market, set()).add(number)
    for market, its in numbers.items():
        theirs = {order.person for order in await uow.orders.ahead(market, its)}
        await uow.members.ahead(market, theirs)
        await uow.trades.ahead(market, its)
        await uow.people.ahead(theirs)
    await uow.preferences.ahead(people)


async def _board(told: NoticeContext) -> Reply:
    return words_views.board(await board_of(told.uow, told.market, told.now_ms), Audience.CHAT)


async def _order(told: NoticeContext) -> Reply | None:
    """It ran, or it was met where it waited, in the tick the payload names."""
    order = await told.uow.orders.get(told.market.id, int(told.facts["order"]))
    return await receipt(told.uow, order, told.market, told.facts.get("tick")) if order else None


async def _eliminated(told: NoticeContext) -> Reply:
    gone = list(told.facts["outcomes"])
    leader = max(told.facts["prices_after"], key=lambda one: int(one[1]), default=None)
    left = whose(listed([name_of(told.market.params, number) for number in gone]))
    alt = f"Prices after {left} exit"
    if leader is not None:
        alt = f"{name_of(told.market.params, leader[0])} leads after {left} exit"
    return words_announcements.ceremony(
        told.market, told.facts, _prices(told.market, alt), await _reason(told, "eliminate", gone)
    )


async def _resolved(told: NoticeContext) -> Reply:
    names = await told.uow.members.names(told.market.id)
    winner = int(told.facts["winner"])
    alt = f"{name_of(told.market.params, winner)} wins: every price from the start to the end"
    reason = await _reason(told, "correct", [winner]) or await _reason(told, "resolve", [winner])
    return words_announcements.resolved(told.market, told.facts, names, _prices(told.market, alt), reason)


async def _claimed(told: NoticeContext) -> Reply:
    reason = await _reason(told, "resolve", [int(told.facts["winner"])])
    return words_decisions.claimed(told.market, told.facts, reason)


async def _corrected(told: NoticeContext) -> Reply:
    reason = await _reason(told, "correct", [int(told.facts["winner"])])
    return words_decisions.corrected(told.market, told.facts, reason)


async def _proposal(told: NoticeContext) -> Reply | None:
    """To another admin; nothing where it has been decided or has lapsed meanwhile."""
    one = await told.uow.approvals.get(told.market.id, int(told.facts["number"]))
    state = await told.state()
    if one is None or one.status is not ApprovalStatus.WAITING or not decisions.stands(one, state):
        return None
    proposer = await told.uow.people.get(one.proposer)
    part = await decisions.part_of(told.uow, told.market, state, told.person)
    name = proposer.name if proposer else "an admin"
    shared = told.platform == "room"  # elsewhere it is told in private, where nobody is an admin
    return words_decisions.to_approve(told.market, one, name, part, told.now_ms, here=shared)


async def _given_back(told: NoticeContext) -> Reply | None:
    return await given_back(told.uow, list(told.facts["orders"]), told.market)


async def _granted(told: NoticeContext) -> Reply:
    """With the reason, where the admin gave one."""
    wanted = (told.person, told.facts["cash"])
    for row in await told.uow.audit.of(told.market.id, n=20):
        if row.action == "grant" and (row.after.get("user"), row.after.get("cash")) == wanted:
            return words_announcements.granted(told.facts, row.reason)
    return words_announcements.granted(told.facts)


def _prices(market: Market, alt: str) -> Picture:
    return Picture(kind="prices", market=market.id, tick=market.tick, alt=alt)


async def _reason(told: NoticeContext, deed: str, outcomes: list[int]) -> str:
    """What the admin who named these outcomes gave as the reason."""
    for row in await told.uow.audit.of(told.market.id, n=10):
        named: Any = row.after.get("outcomes")  # Any: JSON
        if row.action == deed and list(named or ()) == outcomes:
            return row.reason
    return ""


async def _round_asked(told: NoticeContext) -> Reply | None:
    state = await told.state()
    if not state.asked:
        return None
    return words_announcements.round_asked(told.market, told.facts, state.active)


async def _refused(told: NoticeContext) -> Reply | None:
    if told.facts["kind"] == "cancel":  # what was to be cancelled had traded in the same tick: its receipt says so
        number = told.facts["asked"]["order"]
        return None if number is None else words_orders.nothing_left(int(number))
    return words_admin.control_refused(told.market, told.facts, await told.state())


async def _resumed(told: NoticeContext) -> Reply | None:
    """After a round the ceremony has said it."""
    return words_announcements.resumed(await _by_hand(told, "resume")) if told.facts["round"] is None else None


async def _frozen(told: NoticeContext) -> Reply:
    return words_announcements.frozen(told.facts, await _by_hand(told, "freeze") if told.facts["round"] is None else "")


async def _paused(told: NoticeContext) -> Reply:
    return words_announcements.paused(await _by_hand(told, "pause"))


async def _voided(told: NoticeContext) -> Reply:
    return words_announcements.voided(told.facts, await _by_hand(told, "void"))


async def _by_hand(told: NoticeContext, deed: str) -> str:
    """The reason an admin gave for the deed this tells of: the last one of its kind that was asked for by then."""
    for row in await told.uow.audit.of(told.market.id, n=20):
        if row.action == deed and row.ts_ms <= int(told.facts["at_ms"]):
            return row.reason
    return ""


async def _ping(told: NoticeContext) -> Reply | None:
    """To somebody who asked to be told of such events: the news itself, while it is news."""
    kind, at_ms = str(told.facts["kind"]), int(told.facts["at_ms"])
    if told.now_ms - at_ms > PING_MS or kind not in PINGED:
        return None
    news = await _KINDS[kind](replace(told, facts=told.facts["facts"], person=None))
    return None if news is None else words_chats.pinged(told.market.title, news)


async def _countdown(told: NoticeContext) -> Reply | None:
    """Not once it has happened."""
    return words_announcements.countdown(told.facts) if int(told.facts["at_ms"]) > told.now_ms else None


async def _linked(told: NoticeContext) -> Reply:
    closed = [(await told.uow.markets.known(int(market)), int(cash)) for market, cash in told.facts["closed"]]
    return words_identity.told(str(told.facts["platform"]), closed)


def _simple(say: Callable[[NoticeContext], Reply | None]) -> Callable[[NoticeContext], Awaitable[Reply | None]]:
    async def run(told: NoticeContext) -> Reply | None:
        return say(told)

    return run


_KINDS: Mapping[str, Callable[[NoticeContext], Awaitable[Reply | None]]] = {
    "opened": _simple(lambda told: words_announcements.opened(told.market)),
    "arrived": _simple(lambda told: words_chats.arrived(told.market)),
    "announcement": _simple(lambda told: words_chats.announcement(told.market, str(told.facts["text"]))),
    "started": _simple(lambda told: words_announcements.started(told.market, told.facts)),
    "order": _order,
    "given_back": _given_back,
    "granted": _granted,
    "paid": _simple(lambda told: words_announcements.paid(told.market, told.facts)),
    "refunded": _simple(lambda told: words_announcements.refunded(told.market, told.facts)),
    "refused": _refused,
    "frozen": _frozen,
    "round_asked": _round_asked,
    "round_skipped": _simple(lambda told: words_announcements.round_skipped(told.facts)),
    "eliminated": _eliminated,
    "resumed": _resumed,
    "paused": _paused,
    "resolved": _resolved,
    "claimed": _claimed,
    "corrected": _corrected,
    "proposal": _proposal,
    "voided": _voided,
    "retuned": _simple(lambda told: words_announcements.retuned(list(told.facts["fields"]))),
    "big_trade": _simple(lambda told: words_announcements.big_trade(told.market.params, told.facts)),
    "halted": _simple(lambda told: words_admin.halted(told.market, told.facts)),
    "linked": _linked,
    "board": _board,
    "lead_change": _simple(lambda told: words_announcements.lead_change(told.market.params, told.facts)),
    "digest": _simple(lambda told: words_announcements.digest(told.market.params, told.facts, told.now_ms)),
    "countdown": _countdown,
    "ping": _ping,
    "unreachable": _simple(lambda told: words_chats.unreachable(told.market.title, told.facts)),
}
