"""Proposals settled: approved or turned down, and every message that asked about one told so."""

from __future__ import annotations

from bot.chat.reply import Reply
from bot.market.context import Context, MarketView
from bot.market.decisions import note
from bot.words import proposals as words
from storage.questions import proposal_lapsed, proposal_over
from storage.records import Approval, ApprovalStatus, Market, Payload
from storage.unit_of_work import UnitOfWork


async def settle(uow: UnitOfWork, record: Market, proposal: Approval, by: int, now_ms: int) -> bool:
    """Approved by somebody; False where somebody was first."""
    settled = await uow.approvals.settle(record.id, proposal.number, by, now_ms)
    if settled:
        _end_questions(uow, record, proposal, now_ms)
    return settled


def _end_questions(uow: UnitOfWork, record: Market, proposal: Approval, now_ms: int) -> None:
    """At the end of the unit."""

    async def end() -> None:
        await uow.outbox.replace(record.id, proposal.slot, proposal_over(proposal), now_ms)

    uow.before_commit("outbox", end, f"{record.id}:{proposal.slot}")


async def decline(ctx: Context, market: MarketView, proposal: Approval, *, own: bool) -> Reply:
    """Turn it down, or take back one's own: nothing comes of it, and who proposed it is told by whom."""
    record = market.record
    async with ctx.db.writing() as uow:
        person, _ = await ctx.known(uow)
        await uow.markets.lock(record.id)
        if not await uow.approvals.decline(record.id, proposal.number, person.id, ctx.now_ms):
            return await what_became(uow, market, proposal.number)
        after: Payload = {"approval": proposal.number, "kind": proposal.kind, "outcomes": [*proposal.outcomes]}
        await note(ctx, uow, record, "decline", {}, after)
        if not own:
            await uow.outbox.add(record.id, proposal_lapsed(proposal), ctx.now_ms)
        _end_questions(uow, record, proposal, ctx.now_ms)
        await uow.commit()
    return words.declined(record, proposal, own=own)


async def what_became(uow: UnitOfWork, market: MarketView, number: int) -> Reply:
    """Of a proposal that waits no more."""
    proposal = await uow.approvals.get(market.id, number)
    if proposal is None:
        return words.no_such_proposal(number)
    by = "" if proposal.decided_by is None else await name_of(uow, market, proposal.decided_by)
    if proposal.status is ApprovalStatus.APPROVED:
        return words.approved_already(market.record, proposal, by)
    return (
        words.declined_already(market.record, proposal, by)
        if proposal.declined
        else words.lapsed(market.record, proposal)
    )


async def name_of(uow: UnitOfWork, market: MarketView, person: int) -> str:
    """As the market knows them, else as their platform does."""
    member = await uow.members.get(market.id, person)
    if member is not None:
        return member.name
    known = await uow.people.get(person)
    return known.name if known else "an admin"
