"""The way from a chat to the room in a browser, as oneself: a private link, and an end to all that came by one."""

from __future__ import annotations

import secrets
from typing import Annotated

from bot.chat.invocation import ChatKind
from bot.chat.permissions import Role
from bot.chat.reply import Reply
from bot.grammar.command import command
from bot.grammar.types import Choice
from bot.market.context import Context, MarketView, speaker
from bot.words import entering as words
from storage.entrances import LINK_LIFE_MS, RoomLink, give_room_link
from storage.unit_of_work import UnitOfWork

SECRET_BYTES = 32
_WORDS = {"out": "sign out in every browser that a link of yours opened, and in Telegram's app"}

DeedArg = Annotated[
    str, Choice("deed", lambda: _WORDS, shape="out", about="out: sign out wherever you came in; left out: a link")
]


@command("room", role=Role.ANYONE, any_rules=True, examples=("/room", "/room out"))
async def room(ctx: Context, *, market: MarketView | None, deed: DeedArg | None = None) -> Reply:
    """Open the room in a browser as yourself: you get a private link, good once and for ten minutes.

    It is you there, in your markets; that browser is nobody else meanwhile. `/room out` signs you out everywhere.
    """
    if deed is not None:
        return await _sign_out(ctx)
    if ctx.invocation.chat_kind is ChatKind.ROOM:
        return words.here_already(linked=ctx.invocation.came_as is not None)
    if ctx.invocation.nameless:
        return words.nameless()
    if ctx.public_url is None:
        return words.no_address(admin=ctx.invocation.is_admin)
    code = secrets.token_urlsafe(SECRET_BYTES)
    async with ctx.db.writing() as uow:
        person = await speaker(uow, ctx.invocation, ctx.now_ms)
        platform, external_id = ctx.invocation.speaker
        link = RoomLink(
            platform=platform,
            external_id=external_id,
            chat=await _chat(ctx, uow, market),
            market=market.id if market else None,
        )
        await give_room_link(uow, code, person.id, link, ctx.now_ms)
        await uow.commit()
    app = f"m{market.id}" if market else ""
    return words.link_given(f"{ctx.public_url}/enter#{code}", LINK_LIFE_MS, app)


async def _chat(ctx: Context, uow: UnitOfWork, market: MarketView | None) -> int | None:
    """Where they come from: the chat they said it in; in private, the first one on this platform in which the market is
    announced. Whether they are in it is asked when it matters."""
    if ctx.invocation.chat_kind is not ChatKind.PRIVATE:
        return ctx.chat.id if ctx.chat else None
    chats = await uow.chats.of_market(market.id) if market else []
    return next((chat.id for chat in chats if chat.platform == ctx.invocation.speaker[0]), None)


async def _sign_out(ctx: Context) -> Reply:
    if ctx.person is None:
        return words.signed_out(0)
    async with ctx.db.writing() as uow:
        await uow.codes.withdraw("room", ctx.person.id)
        ended = await uow.sessions.end_all(ctx.person.id)
        await uow.commit()
    return words.signed_out(ended)
