"""Whether chats and people can be reached, and what happens when that changes.

A chat that is lost, or found again, is marked once, and its admins are told once. What a person could not be told is
told below the answer to their next command, where only they read it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from bot.chat.invocation import ChatKind, Invocation
from bot.chat.platform import Unreachable, UnreachableError
from bot.chat.reply import Audience, Reply
from bot.notifications.notices import render_notice
from bot.words import chats as words
from engine.state import Status
from storage.database import Database
from storage.records import Chat, Market, Notice, NoticeAudience, OutboxRow, Payload
from storage.trouble import TroubleError
from storage.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)


async def mark_chat_lost(
    uow: UnitOfWork, platform: str, chat_ext: str, reason: Unreachable, detail: str, now_ms: int
) -> None:
    """Needs a writing unit. Where it is known already nothing happens, unless it has become worse."""
    chat = await uow.chats.find(platform, chat_ext)
    if chat is None or chat.lost in (reason.value, Unreachable.CHAT.value):
        return
    await uow.chats.mark_lost(chat.id, reason.value, now_ms)
    for market in await lock_markets_of(uow, chat):
        await uow.outbox.add(market.id, _unreachable_notice(chat, reason, detail), now_ms)


async def lock_markets_of(uow: UnitOfWork, chat: Chat) -> list[Market]:
    """Those announced there that are not over, by number: something is to be told of them."""
    numbers = sorted(market.id for market in await uow.markets.announced_in(chat.id) if not market.over)
    return [await uow.markets.lock(number) for number in numbers]


async def mark_chat_found(uow: UnitOfWork, platform: str, chat_ext: str) -> None:
    """Needs a writing unit. A message arrived there."""
    chat = await uow.chats.find(platform, chat_ext)
    if chat is not None and chat.lost is not None:
        await uow.chats.mark_reachable(chat.id)


async def repost_boards(uow: UnitOfWork, chat: Chat, now_ms: int) -> None:
    """Post the boards of its markets anew: whatever stood there is far up by now, or gone."""
    markets = [market for market in await lock_markets_of(uow, chat) if market.status is not Status.DRAFT]
    for market in markets:
        board = Notice(
            kind="board", audience=NoticeAudience.CHAT, payload={"tick": market.tick}, slot="board", key="board"
        )
        await uow.outbox.add_here(market.id, chat, board, now_ms)
    for market in markets:
        await uow.deliveries.set_ref(market.id, chat.platform, chat.external_id, "board", None)


async def end_route(uow: UnitOfWork, row: OutboxRow, channel: str, why: UnreachableError, now_ms: int) -> None:
    """Needs a writing unit that holds the chat and its markets. What was to go to that channel goes to the chat itself
    from now on; its admins are told once."""
    chat = await uow.chats.find(row.platform, row.target)
    settings = await uow.chats.settings(chat.id) if chat is not None else None
    if chat is None or settings is None or channel not in settings.routes.values() or row.market is None:
        return
    ended = sorted(name for name, ext in settings.routes.items() if ext == channel)
    payload: Payload = {
        "title": chat.title, "platform": chat.platform, "routes": list(ended),
        "why": why.why.value, "detail": why.detail,
    }  # fmt: skip
    notice = Notice(
        kind="route_lost", audience=NoticeAudience.ADMINS, payload=payload, key=f"route:{chat.id}:{channel}"[:100]
    )
    await uow.outbox.add(row.market, notice, now_ms)
    uow.before_commit("chat_settings", partial(_without_route, uow, chat.id, channel), f"{chat.id}:{channel}")


async def _without_route(uow: UnitOfWork, chat: int, channel: str) -> None:
    settings = await uow.chats.settings(chat)
    left = {name: ext for name, ext in settings.routes.items() if ext != channel}
    await uow.chats.set_settings(chat, replace(settings, routes=left))


def _unreachable_notice(chat: Chat, reason: Unreachable, detail: str) -> Notice:
    payload: Payload = {"platform": chat.platform, "title": chat.title, "why": reason.value, "detail": detail}
    return Notice(kind="unreachable", audience=NoticeAudience.ADMINS, payload=payload, key=f"unreachable:{chat.id}")


class ChatPresence:
    """What an adapter learns about the chats it is in. `now_ms` gives epoch milliseconds. Every method may be
    repeated; a repetition changes nothing."""

    def __init__(self, db: Database, now_ms: Callable[[], int]) -> None:
        self._db = db
        self._now_ms = now_ms

    async def arrived(self, platform: str, chat_ext: str, kind: str, title: str) -> bool:
        """The bot is in this chat (again): what waits for it may leave. True where it was not known to be."""
        async with self._db.writing() as uow:
            before = await uow.chats.find(platform, chat_ext)
            chat = await uow.chats.open(platform, chat_ext, kind, title, self._now_ms())
            known = before is not None and before.lost is None
            if not known:
                await uow.chats.mark_reachable(chat.id)
                await lock_markets_of(uow, chat)
                await uow.deliveries.retry_now(platform, chat_ext, self._now_ms())
                await repost_boards(uow, chat, self._now_ms())
            await uow.commit()
        return not known

    async def left(self, platform: str, chat_ext: str, reason: Unreachable = Unreachable.CHAT) -> None:
        """Nothing reaches this chat any more until `arrived`; its admins are told where else they can be found."""
        async with self._db.writing() as uow:
            await mark_chat_lost(uow, platform, chat_ext, reason, "", self._now_ms())
            await uow.commit()

    async def moved(self, platform: str, old_ext: str, new_ext: str) -> None:
        """The platform gave the chat another id (a group became a supergroup); all that was there goes along."""
        async with self._db.writing() as uow:
            await uow.chats.move(platform, old_ext, new_ext)
            await uow.commit()


MOST_MISSED = 5  # told in full, the newest
PRIVATE_EVERYWHERE = frozenset({"discord", "room"})  # a private answer is seen by one person alone, also in a chat


async def anything_missed(uow: UnitOfWork, invocation: Invocation) -> bool:
    """Whether something was laid aside for this person, who could read it in an answer here. Not where they have but
    installed the bot: an admin's question could not be answered there."""
    if invocation.visited:
        return False
    private = invocation.chat_kind is ChatKind.PRIVATE or invocation.platform in PRIVATE_EVERYWHERE
    return private and await uow.deliveries.has_dropped(invocation.platform, invocation.person_ext)


async def with_missed_notices(db: Database, invocation: Invocation, reply: Reply, now_ms: int) -> Reply:
    """The answer, and what was laid aside for its person while they could not be reached; it is laid aside no longer. A
    refusal and an answer that will be replaced (a ticket, a form) carry nothing. Never raises."""
    lasting = reply.ok and reply.ticket is None and reply.form is None and reply.audience is Audience.PRIVATE
    if not lasting:
        return reply
    try:
        missed = await _take_missed(db, invocation, now_ms)
    except TroubleError:
        return reply
    except Exception:
        log.exception("what was laid aside could not be looked up")
        return reply
    return words.missed(reply, missed[-MOST_MISSED:], max(0, len(missed) - MOST_MISSED)) if missed else reply


async def _take_missed(db: Database, invocation: Invocation, now_ms: int) -> list[Reply]:
    missed: list[Reply] = []
    async with db.writing() as uow:
        rows = await uow.deliveries.dropped(invocation.platform, invocation.person_ext)
        for row in rows:
            try:
                market = await uow.markets.get(row.market) if row.market is not None else None
                reply = await render_notice(uow, row, now_ms, market) if market else None
            except TroubleError:
                raise
            except Exception:
                log.exception("notice %s (%s) was laid aside and cannot be told", row.id, row.kind)
                reply = None
            if reply is not None:
                missed.append(reply)
        await uow.deliveries.done_many([(row, None) for row in rows], now_ms)
        await uow.commit()
    return missed
