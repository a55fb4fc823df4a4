"""A chat that cannot be reached, or can again: marked once, and its admins told once."""

from __future__ import annotations

from bot.chat.platform import Why
from engine.state import Status
from storage.records import Audience, Chat, Notice, Payload
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


async def hang_up(uow: UnitOfWork, chat: Chat, now_ms: int) -> None:
    """Post the boards of its markets anew: whatever hung there is far up by now, or gone."""
    for market in await uow.markets.announced_in(chat.id):
        if not market.over and market.status is not Status.DRAFT:
            await uow.outbox.set_ref(market.id, chat.platform, chat.external_id, "board", None)
            board = Notice(
                kind="board", audience=Audience.CHAT, payload={"tick": market.tick}, slot="board", key="board"
            )
            await uow.outbox.add_here(market.id, chat, board, now_ms)


def _notice(chat: Chat, why: Why, detail: str) -> Notice:
    payload: Payload = {"platform": chat.platform, "title": chat.title, "why": why.value, "detail": detail}
    return Notice(kind="unreachable", audience=Audience.ADMINS, payload=payload, key=f"unreachable:{chat.id}")
