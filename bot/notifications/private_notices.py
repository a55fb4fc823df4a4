"""What is told to one person, admins among them: each function looks up what the sentence of its kind needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.chat import rehearsal_result
from bot.chat.reply import Action, Audience, Reply
from bot.market import receipts
from bot.market.background_verify import from_json
from bot.market.decisions import refused_now
from bot.market.heads import head_now
from bot.market.quotes import closed
from bot.market.terms import asked_by
from bot.notifications.notice_context import NoticeContext
from bot.words import alerts as words_alerts
from bot.words import announcements as words_announcements
from bot.words import audit as words_audit
from bot.words import cuts as words_cuts
from bot.words import identity as words_identity
from bot.words import orders as words_orders
from bot.words import terminal as words_terminal
from bot.words import watching as words_watching
from engine.state import Side, price_micro
from engine.units import whole_tenths

LATE_MS = 60_000  # news that is older says when it was


async def order(notice: NoticeContext) -> Reply | None:
    """It ran, or it was met where it waited, in the tick the payload names."""
    order = await notice.uow.orders.get(notice.market.id, int(notice.payload["order"]))
    if order is None:
        return None
    return await receipts.receipt(notice.uow, order, notice.market, notice.payload.get("tick"), notice.worths)


async def watched(notice: NoticeContext) -> Reply | None:
    """That strangers may watch, and whether they see this member's name; not where they may not any more."""
    if not notice.market.public:
        return None
    kept = await notice.uow.preferences.of(notice.person or 0)
    return words_watching.told_in_private(notice.market, notice.person, named=kept.named)


async def alert(notice: NoticeContext) -> Reply:
    """Prices that were passed, where they are now, and lines to trade on it; what is gone with its outcome."""
    state, params = await notice.state(), notice.market.params
    now = {
        (outcome, side): whole_tenths(price_micro(state, params, outcome, side))
        for outcome, binary in enumerate(state.binaries)
        for side in Side
        if binary.active and not notice.market.over
    }
    passed = [(int(row[0]), Side(row[1])) for row in notice.payload["passed"]]
    token = next((token for token in passed if token in now), None)
    actions: list[Action] = []
    if token is not None and closed(notice.market, state) is None and await _speaks_of_it(notice):
        member = await notice.uow.members.get(notice.market.id, notice.person or 0)
        held = member.tokens[token[0]][token[1] is Side.NO] if member is not None else 0
        actions = words_alerts.trade_actions(params, *token, notice.person, sells=held > 0)
    late = notice.now_ms - int(notice.payload["at_ms"]) >= LATE_MS
    return words_alerts.told(notice.market, notice.payload, now, actions, late=late)


async def _speaks_of_it(notice: NoticeContext) -> bool:
    """Whether a line said where this is read is about its market."""
    uow = notice.uow
    if notice.platform != "room":
        market = await uow.markets.last_of_person(notice.person or 0)
        return market is not None and market.id == notice.market.id
    rooms = [chat.id for chat in await uow.chats.of_market(notice.market.id) if chat.platform == "room"]
    shown = [await uow.markets.of_chat(chat) for chat in rooms]
    return any(market is not None and market.id == notice.market.id for market in shown)


async def given_back(notice: NoticeContext) -> Reply | None:
    return await receipts.given_back(notice.uow, list(notice.payload["orders"]), notice.market)


async def granted(notice: NoticeContext) -> Reply:
    """With the reason, where the admin gave one."""
    granted = (notice.person, notice.payload["cash"])
    for row in await notice.uow.audit.of(notice.market.id, n=20):
        if row.action == "grant" and (row.after.get("user"), row.after.get("cash")) == granted:
            return words_announcements.granted(notice.market, notice.payload, row.reason)
    return words_announcements.granted(notice.market, notice.payload)


async def refused(notice: NoticeContext) -> Reply | None:
    if notice.payload["kind"] == "cancel":  # what was to be cancelled had traded in the same tick: its receipt says so
        number = notice.payload["asked"]["order"]
        return None if number is None else words_orders.nothing_left(int(number))
    asked: Mapping[str, Any] = notice.payload.get("asked", {})  # Any: the action's payload
    kind, reason = str(asked.get("kind", notice.payload["kind"])), str(notice.payload["reason"])
    outcomes = [int(outcome) for outcome in asked.get("outcomes", ())]
    return refused_now(notice.market, kind, reason, await notice.state(), outcomes)


async def cut_own(notice: NoticeContext) -> Reply:
    facts = notice.payload
    orders = await notice.uow.orders.many(notice.market.id, [*facts["undone"], *facts["again"], *facts["gone"]])
    _, reason = await asked_by(notice.uow, notice.market.id, facts["action"])
    return words_cuts.own(notice.market, facts, {order.number: order for order in orders}, reason)


async def linked(notice: NoticeContext) -> Reply:
    closed = [(await notice.uow.markets.get_one(int(market)), int(cash)) for market, cash in notice.payload["closed"]]
    return words_identity.told(str(notice.payload["platform"]), closed)


async def checked(notice: NoticeContext) -> Reply:
    """To who asked for a check that took longer than a moment: how far it is, or what it found."""
    if "per_mille" in notice.payload:
        return words_audit.checking(notice.market.id, int(notice.payload["per_mille"]))
    result = notice.payload["result"]
    found = None if result is None else from_json(str(result))[-1]
    head = await head_now(notice.uow, notice.market)
    return words_audit.checked(found, int(notice.payload["at_ms"]), head, Audience.PRIVATE)


async def rehearsed(notice: NoticeContext) -> Reply:
    """To the admin who asked for a rehearsal that took longer than a moment, likewise."""
    if "per_mille" in notice.payload:
        return words_terminal.under_way(notice.market.id, int(notice.payload["per_mille"]))
    result = notice.payload["result"]
    if result is None:
        return words_terminal.could_not()
    return words_terminal.result(rehearsal_result.from_json(str(result)), list(notice.payload["warnings"]))
