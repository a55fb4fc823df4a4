"""From an outbox row to the reply that is sent: looks up what the sentence needs and hands it to the words.

Read at the moment of delivery, so that a board or a receipt that waited shows how things stand when it arrives. Here is
also which private notices a person has switched off, which announcements are pinned or go beside the channel, and which
kind of event an announcement is to people who asked to be pinged.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.chat.platform import ADMINS
from bot.chat.reply import Audience, Reply
from bot.grammar.command import Command
from bot.grammar.next_steps import of_market, with_next_steps
from bot.market.which_market import place_told
from bot.notifications import chat_notices as in_chat
from bot.notifications import private_notices as private
from bot.notifications import questions
from bot.notifications.news import as_news
from bot.notifications.notice_context import NoticeContext
from bot.words import admin as words_admin
from bot.words import announcements as words_announcements
from bot.words import backups as words_backups
from bot.words import channel_routes as words_routes
from bot.words import chats as words_chats
from bot.words import cuts as words_cuts
from bot.words import keys as words_keys
from bot.words import members as words_members
from bot.words import webhooks as words_webhooks
from storage.chats import ChatSettings
from storage.rankings import Tokens
from storage.records import Market, NoticeAudience, OrderStatus, OutboxRow
from storage.unit_of_work import UnitOfWork
from storage.webhooks import ADDED, PLATFORM

_QUIET: Mapping[str, str] = {"paid": "payouts", "refunded": "payouts", "given_back": "cancels", "watched": "watching"}
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
    kind = _QUIET.get(row.kind)
    if row.kind == "order":
        number = row.payload["order"]
        order = await uow.orders.get(row.market, number) if isinstance(number, int) else None
        if order is not None and order.key is not None:  # its program hears of it
            return True
        kind = _BY_STATUS.get(order.status) if order is not None else None
    return kind is not None and kind in (await uow.preferences.of(row.person)).quiet


ASIDE = frozenset({"digest"})  # only fill the time between the posts people come for

RESULTS = frozenset({"eliminated", "claimed", "corrected", "cut", "resolved", "voided"})
STAYS = frozenset({"board", "arrived"})  # where people play


def route_of(kind: str) -> str | None:
    """Of a post to a chat: by which of `words.channel_routes.ROUTES` it can go to another channel."""
    if kind in STAYS:
        return None
    return "results" if kind in RESULTS else "digests" if kind in ASIDE else "announcements"


def as_set_for_chat(row: OutboxRow, reply: Reply, settings: ChatSettings) -> Reply | None:
    """A post to a chat, as its admins have set it: where it goes, and whether small news makes no sound. Doors open in
    one post: the board's first, or where announcements go elsewhere, one there; None for the other."""
    route = settings.routes.get(route_of(row.kind) or "", "")
    if row.kind == "opened" and not route:
        return None
    if row.kind == "board":
        opens = reply.ping is not None and row.edit_ref is None and not settings.routes.get("announcements")
        return reply if opens else replace(reply, ping=None, silent=True)
    return replace(reply, route=route, silent=reply.silent and settings.silent)


SMALL = frozenset({"digest", "board", "lead_change", "big_trade"})  # they come without a sound

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
    if kind == "admins_wanted":
        return ADMINS
    return "elimination" if of_round else PINGED.get(kind)


def with_placement(kind: str, payload: Mapping[str, object], reply: Reply) -> Reply:
    """An announcement, with whether it is pinned, goes beside the channel or makes no sound, and the kind of event."""
    if reply.audience is not Audience.CHAT:
        return reply
    ping, silent = reply.ping or ping_kind(kind, payload), kind in SMALL and reply.ping is None
    return replace(reply, pin=kind == "board", aside=kind in ASIDE, silent=silent, ping=ping)


ENDS = frozenset({"question_over"})  # of which nothing follows in the same place
EDITS_ONLY = ENDS | {"countdown_over"}  # are told where something stands, and nowhere else

PING_MS = 15 * 60_000  # a ping that comes later is none


ROOM = "room"  # where a line is about the market that is shown


async def render_notice(
    uow: UnitOfWork,
    row: OutboxRow,
    now_ms: int,
    market: Market,
    worths: Mapping[int, Tokens] = MappingProxyType({}),
    commands: Mapping[str, Command] = MappingProxyType({}),
) -> Reply | None:
    """What to say of this market; None where there is nothing (any more). `worths`: see `read_ahead`; of `commands` by
    name people are offered next steps. Raises LookupError for a kind nobody has words for."""
    render = _RENDERERS.get(row.kind)
    if render is None:
        raise LookupError(f"no words for a notice of kind {row.kind!r}")
    if await is_muted(uow, row) or (row.kind in EDITS_ONLY and row.edit_ref is None):  # it was never posted
        return None
    notice = NoticeContext(
        uow=uow,
        market=market,
        payload=row.payload,
        now_ms=now_ms,
        person=row.person,
        platform=row.platform,
        in_chat=row.audience is NoticeAudience.CHAT,
        worths=worths,
    )
    reply = await render(notice)
    if reply is not None and row.platform == PLATFORM:
        return await as_news(uow, market, row, reply)
    if reply is None:
        return None
    reply = with_next_steps(reply, commands)
    if row.person is not None and row.platform != ROOM:
        reply = of_market(reply, market.id, commands)
        place = await place_told(uow, row.person, market)
        reply = reply if place is None else words_chats.about(reply, market.title, place.chat, place.number)
    return with_placement(row.kind, row.payload, reply)


async def _ping(notice: NoticeContext) -> Reply | None:
    """To somebody who asked to be told of such events: the news itself, while it is news."""
    kind, at_ms = str(notice.payload["kind"]), int(notice.payload["at_ms"])
    if notice.now_ms - at_ms > PING_MS or kind not in PINGED:
        return None
    news = await _RENDERERS[kind](replace(notice, payload=notice.payload["facts"], person=None))
    return None if news is None else words_chats.pinged(notice.market.title, news)


Renderer = Callable[[NoticeContext], Awaitable[Reply | None]]


def _plain(render: Callable[[NoticeContext], Reply | None]) -> Renderer:
    """A kind whose sentence needs no more than the payload and the market."""

    async def run(notice: NoticeContext) -> Reply | None:
        return render(notice)

    return run


_RENDERERS: Mapping[str, Renderer] = {
    "opened": in_chat.opened,
    "arrived": in_chat.arrived,
    "worded": in_chat.worded,
    "announcement": _plain(lambda notice: words_chats.announcement(notice.market, str(notice.payload["text"]))),
    "started": _plain(lambda notice: words_announcements.started(notice.market, notice.payload)),
    "order": private.order,
    "given_back": private.given_back,
    "alert": private.alert,
    "granted": private.granted,
    "paid": _plain(lambda notice: words_announcements.paid(notice.market, notice.payload)),
    "refunded": _plain(lambda notice: words_announcements.refunded(notice.market, notice.payload)),
    "refused": private.refused,
    "frozen": in_chat.frozen,
    "round_asked": questions.round_asked,
    "overdue": in_chat.overdue,
    "round_skipped": _plain(lambda notice: words_announcements.round_skipped(notice.payload)),
    "eliminated": in_chat.eliminated,
    "resumed": in_chat.resumed,
    "paused": in_chat.paused,
    "resolved": in_chat.resolved,
    "claimed": in_chat.claimed,
    "corrected": in_chat.corrected,
    "proposal": questions.proposal,
    "admins_wanted": questions.admins_wanted,
    "nobody_could": questions.nobody_could,
    "lapsed": questions.lapsed,
    "question_over": questions.over,
    "cut": in_chat.cut,
    "cut_own": private.cut_own,
    "cut_ready": _plain(
        lambda notice: (words_cuts.ready if notice.payload["ready"] else words_cuts.could_not)(
            str(notice.payload["again"])
        )
    ),
    "voided": in_chat.voided,
    "retuned": in_chat.retuned,
    "big_trade": _plain(lambda notice: words_announcements.big_trade(notice.market.params, notice.payload)),
    "halted": _plain(lambda notice: words_admin.halted(notice.market, notice.payload)),
    "restored": _plain(lambda notice: words_backups.notice(notice.market, notice.payload)),
    "outdated": _plain(lambda notice: words_admin.outdated(notice.market)),
    "asks_now": _plain(lambda notice: words_admin.asks_now(notice.market, list(notice.payload["rounds"]))),
    "linked": private.linked,
    "checked": private.checked,
    "rehearsed": private.rehearsed,
    "account_changed": _plain(
        lambda notice: words_members.told(notice.market, str(notice.payload["change"]), str(notice.payload["text"]))
    ),
    "board": in_chat.board,
    "keys": _plain(lambda notice: words_keys.told_switched(str(notice.payload["keys"]))),
    "public": in_chat.public,
    "watched": private.watched,
    "lead_change": _plain(lambda notice: words_announcements.lead_change(notice.market.params, notice.payload)),
    "digest": in_chat.digest,
    "countdown": in_chat.countdown,
    "countdown_over": _plain(lambda notice: words_announcements.countdown_over(notice.payload)),
    "ping": _ping,
    ADDED: _plain(lambda notice: words_webhooks.hello(notice.market)),
    "webhook_ended": _plain(lambda notice: words_webhooks.given_up(notice.market, notice.payload, notice.now_ms)),
    "route_lost": _plain(lambda notice: words_routes.route_lost(notice.market.title, notice.payload)),
    "not_pinned": _plain(lambda notice: words_chats.not_pinned(notice.market.title, notice.payload)),
    "unreachable": _plain(lambda notice: words_chats.unreachable(notice.market.title, notice.payload)),
}
