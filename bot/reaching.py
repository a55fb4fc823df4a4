"""A chat that cannot be reached, or can again: marked once, and its admins told once."""

from __future__ import annotations

from bot.platform import Why
from storage.records import Audience, Chat, Notice
from storage.unit_of_work import UnitOfWork


async def lost(uow: UnitOfWork, platform: str, chat_ext: str, why: Why, detail: str, now_ms: int) -> None:
    """Needs a writing unit. Where it is known already nothing happens, unless it has become worse."""
    chat = await uow.chats.find(platform, chat_ext)
    if chat is None or chat.lost in (why.value, Why.CHAT.value):
        return
    await uow.chats.lose(chat.id, why.value, now_ms)
    for market in await uow.markets.announced_in(chat.id):
        if not market.over:
            await uow.outbox.add(market.id, _notice(chat, why, detail), now_ms)


async def found(uow: UnitOfWork, platform: str, chat_ext: str) -> None:
    """Something arrived there."""
    chat = await uow.chats.find(platform, chat_ext)
    if chat is not None and chat.lost is not None:
        await uow.chats.found(chat.id)


def _notice(chat: Chat, why: Why, detail: str) -> Notice:
    payload = {"platform": chat.platform, "title": chat.title, "why": why.value, "detail": detail}
    return Notice(kind="unreachable", audience=Audience.ADMINS, payload=payload, key=f"unreachable:{chat.id}")
