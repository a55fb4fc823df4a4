"""Proof that nothing was changed: for anybody, spectators too."""

from __future__ import annotations

from bot.chat.invocation import ChatKind
from bot.chat.reply import Audience, Reply
from bot.grammar.command import command
from bot.market.context import Ctx, MarketView
from bot.words import audit as words
from storage.verify import Mismatch


@command("verify", examples=("/verify",))
async def verify(ctx: Ctx, *, market: MarketView) -> Reply:
    """Have the market run again from its first tick and every balance, price and payout compared.

    Every tick is sealed by a hash that holds all before it. The heads of this chain are posted with each elimination:
    a history that was changed afterwards cannot have them.
    """
    record = market.record
    if record.start_ms is None:
        return words.not_begun()
    audience = Audience.PRIVATE if ctx.invocation.chat_kind is ChatKind.PRIVATE else Audience.CHAT
    checked, running = await ctx.auditor.ask(market.id, record.tick)
    if checked is None:
        return words.checking(record.head, audience)
    if checked.found is None:
        return words.checking(record.head, audience) if running else words.could_not_check(record.head)
    if isinstance(checked.found, Mismatch):
        return words.not_in_order(checked.found, checked.at_ms, audience)
    return words.in_order(checked.found, checked.at_ms, record.head, audience, running=running)
