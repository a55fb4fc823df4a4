"""Play money given to a member. To themselves nobody gives it alone: another admin without a part approves it."""

from __future__ import annotations

from bot.chat.facts import Involvement
from bot.chat.reply import Reply
from bot.grammar.types import code_of
from bot.market.approvals import settle
from bot.market.context import Context, MarketView
from bot.market.decisions import note, put_forward
from bot.market.involvement import how_many_could
from bot.words import admin as words_admin
from bot.words import decisions as words
from bot.words import proposals as words_proposals
from storage.records import Approval, Declined, Json, Member, Payload
from storage.unit_of_work import UnitOfWork

NO_PART = Involvement(held=(), orders=0)


def request_of(market: int, code: str) -> str:
    """A preview's code is one request, however often its button is pressed."""
    return f"grant:{market}:{code}"


async def give(ctx: Context, market: MarketView, whom: Member, amount: int, reason: str, code: str) -> Reply:
    """As it was shown under the code: with the next tick, or proposed where it is for the one who gives."""
    async with ctx.db.reading() as uow:
        own = ctx.person_id is not None and whom.person in await uow.people.all_ids(ctx.person_id)
        could = await how_many_could(ctx, uow, market.record, market.state) if own else 0
    if own:
        payload: dict[str, Json] = {"user": whom.person, "cash": amount}
        return await put_forward(ctx, market, "grant", NO_PART, could, asked=payload, reason=reason, deed=payload)
    async with ctx.db.writing() as uow:
        reply = await _append(ctx, uow, market, whom, amount, reason, request_of(market.id, code), {})
        if reply.ok:
            await uow.commit()
    return reply


async def approve(ctx: Context, market: MarketView, proposal: Approval, proposer: str, confirm: str | None) -> Reply:
    """A proposed grant: shown as it would be now, then given."""
    person, amount = int(str(proposal.asked["user"])), int(str(proposal.asked["cash"]))
    async with ctx.db.reading() as uow:
        whom = await uow.members.account(market.id, person)
        reached = await uow.people.identities(person)
    if whom is None:
        return words.no_such_member(f"#{person}")
    if not reached:
        return words.nobody_behind(whom)
    code = code_of("approve", market.id, proposal.number, whom.stake + whom.coming)
    if confirm != code:
        again = f"/admin approve {proposal.number} confirm={code}"
        shown = words.grant_preview(whom, amount, again, ctx.person_id, stale=bool(confirm))
        return words_proposals.with_proposer(shown, proposal, proposer, ctx.now_ms)
    async with ctx.db.writing() as uow:
        settler, _ = await ctx.known(uow)
        request = f"approval:{market.id}:{proposal.number}"
        before: Payload = {"approval": proposal.number, "proposer": proposal.proposer}
        reply = await _append(ctx, uow, market, whom, amount, proposal.reason, request, before)
        if not reply.ok:
            return reply
        if not await settle(uow, market.record, proposal, settler.id, ctx.now_ms):
            return words_proposals.approved_already(market.record, proposal)
        await uow.commit()
    return reply


async def _append(
    ctx: Context,
    uow: UnitOfWork,
    market: MarketView,
    whom: Member,
    amount: int,
    reason: str,
    request: str,
    before: Payload,
) -> Reply:
    """For the next tick, once a request; not yet committed."""
    record = market.record
    person, _ = await ctx.known(uow)
    payload: dict[str, Json] = {"user": whom.person, "cash": amount}
    row = await uow.actions.append(record.id, "join", payload, actor=person.id, request_id=request, now_ms=ctx.now_ms)
    if isinstance(row, Declined):
        return words_admin.not_running(record)
    if row.created:
        given = whom.stake + whom.coming
        was: dict[str, Json] = {"balance": whom.balance, "given": given}
        after: dict[str, Json] = {**payload, "given": given + amount}
        await note(ctx, uow, record, "grant", {**was, **before}, after, reason, intent=row.number)
    return words.granted(whom, amount)
