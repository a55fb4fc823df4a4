"""What every command of an admin does beside its deed: write down who did it, and let the board follow."""

from __future__ import annotations

from bot.market.context import Ctx
from engine.state import Status
from storage.records import Audience, Market, Notice, Payload
from storage.unit_of_work import UnitOfWork


async def note(
    ctx: Ctx, uow: UnitOfWork, record: Market, deed: str, before: Payload, after: Payload, reason: str = ""
) -> None:
    """Write down who did it, why, and what it changed."""
    person, chat = await ctx.known(uow)
    await uow.audit.append(
        action=deed,
        actor=person.id,
        now_ms=ctx.now_ms,
        market=record.id,
        chat=chat.id,
        reason=reason,
        before=before,
        after=after,
    )


async def tell_board(uow: UnitOfWork, record: Market, now_ms: int) -> None:
    """What the pinned board says may have changed; a draft has none."""
    if record.status is not Status.DRAFT:
        board = Notice(kind="board", audience=Audience.CHAT, payload={"tick": record.tick}, slot="board", key="board")
        await uow.outbox.add(record.id, board, now_ms)
