"""Cutting a market back to the moment when a result was known. Shown in numbers first, worked out by the engine."""

from __future__ import annotations

from typing import Annotated

from bot.chat.permissions import Role
from bot.chat.reply import Reply
from bot.grammar.command import command
from bot.grammar.past_times import PastMomentArg, zone_in_reason
from bot.grammar.types import ConfirmArg, Text
from bot.market import cuts
from bot.market.context import Context, MarketView
from bot.market.decisions import undecidable
from bot.words.shared import no

WhyArg = Annotated[str, Text("reason", 120, about="why, as it is told with it")]


@command(
    "admin cut",
    role=Role.ADMIN,
    ready=undecidable,
    examples=("/admin cut 21:03 the result was out", "/admin cut 5m ago the whistle had gone"),
)
async def cut(
    ctx: Context, *, market: MarketView, moment: PastMomentArg, reason: WhyArg, confirm: ConfirmArg | None = None
) -> Reply:
    """Undo every order that came after the result was known. Shows the numbers first.

    Only while trading is shut: frozen, paused, or with a winner named (`/admin freeze` first), and back to the last
    round that was paid at most. The market becomes what it would be had those orders never come; cancels stand.
    Everybody concerned is told in private, the chat hears the moment and the reason. Charts keep the prices that were
    shown; trades, ranks and files do not count what is undone.

    moment: when the result was known; a time alone is the last one that was
    """
    wrong = zone_in_reason(reason, ctx.now_ms)
    if wrong is not None:
        return no(wrong)
    return await cuts.cut(ctx, market, moment, reason, confirm)
