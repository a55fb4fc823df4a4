"""What a person could not be told is told at her next command, below its answer, where only she reads it."""

from __future__ import annotations

import logging

from bot.chat.invocation import ChatKind, Invocation
from bot.chat.reply import Audience, Reply
from bot.notifications.notices import phrase
from bot.words import reach as words
from storage.database import Database

log = logging.getLogger(__name__)

MOST = 5  # told in full, the newest
PRIVATE_EVERYWHERE = frozenset({"discord", "room"})  # an answer to one is seen by her alone, also in a chat


async def with_missed(db: Database, said: Invocation, reply: Reply, now_ms: int) -> Reply:
    """The answer, and what was laid aside for her while she could not be reached; it is laid aside no longer. A refusal
    and an answer that will be replaced (a ticket, a form) carry nothing. Never raises."""
    private = said.chat_kind is ChatKind.PRIVATE or said.platform in PRIVATE_EVERYWHERE
    lasting = reply.ok and reply.ticket is None and reply.form is None and reply.audience is Audience.PRIVATE
    if not (private and lasting):
        return reply
    try:
        told = await _take(db, said, now_ms)
    except Exception:
        log.exception("what was laid aside could not be looked up")
        return reply
    return words.missed(reply, told[-MOST:], max(0, len(told) - MOST)) if told else reply


async def _take(db: Database, said: Invocation, now_ms: int) -> list[Reply]:
    async with db.reading() as uow:
        if not await uow.outbox.anything_aside(said.platform, said.person_ext):
            return []
    told: list[Reply] = []
    async with db.writing() as uow:
        for row in await uow.outbox.laid_aside(said.platform, said.person_ext):
            try:
                market = await uow.markets.get(row.market) if row.market is not None else None
                news = await phrase(uow, row, now_ms, market) if market else None
            except Exception:
                log.exception("notice %s (%s) was laid aside and cannot be told", row.id, row.kind)
                news = None
            if news is not None:
                told.append(news)
            await uow.outbox.done(row, None, now_ms)
        await uow.commit()
    return told
