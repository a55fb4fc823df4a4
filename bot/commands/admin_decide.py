"""Deciding a market by hand. What cannot be undone is shown in numbers first, by the function that will do it."""

from __future__ import annotations

from typing import Annotated

from bot.chat.facts import Involvement
from bot.chat.permissions import Role
from bot.chat.reply import Reply
from bot.grammar.command import command
from bot.grammar.listed import ProposalArg
from bot.grammar.outcomes import OutcomesArg, WinnersArg
from bot.grammar.types import Choice, ConfirmArg, ReasonArg, code_of
from bot.market import approvals, cuts, decisions, grants, terms, wording
from bot.market.context import Context, MarketView
from bot.market.decisions import Decision, decide, note, prices_of, refused_now, simulate, undecidable, update_board
from bot.market.involvement import NOTHING, involvement_of, still_valid
from bot.text.outcome_names import typed_outcome
from bot.words import admin as words_admin
from bot.words import decisions as words
from bot.words import proposals as words_proposals
from bot.words import setup as words_setup
from engine.events import ControlRefused
from engine.intents import ControlKind
from engine.state import Status
from storage.keys import Scope
from storage.markets import BEFORE_START
from storage.records import Approval, ApprovalStatus, Declined, Json, Payload

AnswerArg = Annotated[str, Choice("answer", lambda: {"no": "turn it down, or take back your own"})]
_OTHERS = {"retune": terms.approve, "about": wording.approve, "grant": grants.approve, "cut": cuts.approve}


@command(
    "admin eliminate",
    role=Role.ADMIN,
    by_key=[Scope.RUN],
    ready=undecidable,
    examples=("/admin eliminate brazil 7-1", "/admin eliminate brazil, chile"),
)
async def eliminate(
    ctx: Context,
    *,
    market: MarketView,
    outcomes: OutcomesArg,
    reason: ReasonArg | None = None,
    confirm: ConfirmArg | None = None,
) -> Reply:
    """Name who is out: holders of NO are paid, trading goes on with the rest. Shows the numbers first.

    With a round window they are paid when it has passed; until then trading is frozen, and a wrong name can be
    corrected.

    outcomes: who is out, several with commas between
    """
    return await _decide(ctx, market, "eliminate", outcomes, reason, confirm)


@command(
    "admin resolve",
    role=Role.ADMIN,
    by_key=[Scope.RUN],
    ready=undecidable,
    examples=("/admin resolve germany", "/admin resolve 4 1-0 after extra time", "/admin resolve germany, brazil"),
)
async def resolve(
    ctx: Context,
    *,
    market: MarketView,
    winner: WinnersArg,
    reason: ReasonArg | None = None,
    confirm: ConfirmArg | None = None,
) -> Reply:
    """Name the winner: everybody is paid and the market ends. Shows the numbers first.

    Several who share the win (a dead heat) are named with commas between: each YES of theirs pays an equal part of the
    dollar. With a dispute window everybody is paid when it has passed, and until then a wrong result can be corrected.

    winner: who has won, several with commas between if they share
    """
    return await _decide(ctx, market, "resolve", winner, reason, confirm)


@command(
    "admin correct",
    role=Role.ADMIN,
    by_key=[Scope.RUN],
    ready=undecidable,
    examples=("/admin correct brazil", "/admin correct 2 the goal was offside", "/admin correct brazil, chile"),
)
async def correct(
    ctx: Context,
    *,
    market: MarketView,
    outcomes: WinnersArg,
    reason: ReasonArg | None = None,
    confirm: ConfirmArg | None = None,
) -> Reply:
    """Name another winner, or others who are out, before anybody is paid. Shows the numbers first.

    While a claim stands: the winner of the final with a dispute window, who is out of a round with a round window. The
    window begins anew, and everybody is told whom the claim was told to.

    outcomes: who has won instead, or who is out instead, several with commas between
    """
    return await _decide(ctx, market, "correct", outcomes, reason, confirm)


@command(
    "admin approve",
    role=Role.ADMIN,
    ready=undecidable,
    examples=("/admin approve", "/admin approve 3", "/admin approve 3 no"),
)
async def approve(
    ctx: Context,
    *,
    market: MarketView,
    number: ProposalArg | None = None,
    answer: AnswerArg | None = None,
    confirm: ConfirmArg | None = None,
) -> Reply:
    """Approve what another admin proposed; without a number, list what waits. Shows the numbers first.

    An admin with a part in the market (tokens of an outcome still in, an order that waits) does not do alone what no
    round asked for: eliminate, resolve, correct, cut, change a term, add to what decides; nor
    does anybody give themselves money. It is proposed, and an admin
    without a part approves it; when the market moves on first, it lapses and the admins are told. Freezing, pausing,
    postponing and calling off anybody can alone.

    number: the proposal's
    answer: no turns it down, or takes back your own
    """
    if ctx.invocation.nameless:
        return words_proposals.nameless("/admin approve" if number is None else f"/admin approve {number}")
    if number is None:
        return await _list(ctx, market)
    async with ctx.db.reading() as uow:
        proposal = await uow.approvals.get(market.id, number)
        if proposal is None:
            return words_proposals.no_such_proposal(number)
        part = await involvement_of(uow, market.record, market.state, ctx.person_id)
        proposer = await approvals.name_of(uow, market, proposal.proposer)
        own = await uow.people.primary_id(proposal.proposer) == ctx.person_id
        by = "" if proposal.decided_by is None else await approvals.name_of(uow, market, proposal.decided_by)
    if answer == "no" and proposal.declined and proposal.decided_by == ctx.person_id:
        return words_proposals.declined(market.record, proposal, own=own)
    taken_back = own and answer == "no"
    part = NOTHING if taken_back else part
    refused = _refused(ctx, market, proposal, part, by, own=own and not taken_back)
    if refused is not None:
        return refused
    if answer == "no":
        return await approvals.decline(ctx, market, proposal, own=own)
    if proposal.kind in _OTHERS:
        return await _OTHERS[proposal.kind](ctx, market, proposal, proposer, confirm)
    kind = decisions.KINDS[proposal.kind]
    event = simulate(market, kind, proposal.outcomes)
    if isinstance(event, ControlRefused):
        return refused_now(market.record, kind, event.reason.value, market.state, proposal.outcomes)
    code = code_of("approve", market.id, number, proposal.code, market.status.value)
    if confirm != code:
        again = f"/admin approve {number} confirm={code}"
        shown = decisions.preview_of(
            market, proposal, proposer, event, again=again, person=ctx.person_id, stale=bool(confirm)
        )
        return words.preview(shown)
    return await _approved(ctx, market, proposal, decisions.logged_rounds(market, event))


async def _list(ctx: Context, market: MarketView) -> Reply:
    async with ctx.db.reading() as uow:
        standing = [
            proposal for proposal in await uow.approvals.waiting(market.id) if still_valid(proposal, market.state)
        ]
        named = [(proposal, await approvals.name_of(uow, market, proposal.proposer)) for proposal in standing]
    return words_proposals.proposals(market.record, named, ctx.now_ms)


def _refused(
    ctx: Context, market: MarketView, proposal: Approval, part: Involvement, by: str, *, own: bool
) -> Reply | None:
    """Why this is not theirs to approve, or to turn down, now; `by`: who decided it, where somebody has."""
    record = market.record
    if proposal.status is ApprovalStatus.APPROVED:
        if proposal.decided_by == ctx.person_id and proposal.kind not in decisions.KINDS:
            return words_proposals.approved_by_you(record, proposal)
        if proposal.decided_by == ctx.person_id:
            at_ms, window = proposal.decided_ms or ctx.now_ms, decisions.window_of(market, proposal.kind)
            return words.decided(record, proposal.kind, proposal.outcomes, at_ms, window)
        return words_proposals.approved_already(record, proposal, by)
    if proposal.declined:
        return words_proposals.declined_already(record, proposal, by)
    if record.over:
        return words_admin.not_running(record)
    if record.halted is not None:
        return words_setup.halted(record)
    if proposal.status is ApprovalStatus.LAPSED or not still_valid(proposal, market.state):
        return words_proposals.lapsed(record, proposal)
    if own:
        return words_proposals.own_proposal(record, proposal)
    return words_proposals.has_part(record, part) if part else None


async def _approved(ctx: Context, market: MarketView, proposal: Approval, beside: Payload) -> Reply:
    """Settle the proposal and queue what it asks for: one unit, once. The log has `beside` too."""
    record, outcomes = market.record, list[Json](proposal.outcomes)
    payload: dict[str, Json] = {"kind": proposal.kind, "outcomes": outcomes}
    before: dict[str, Json] = {
        "status": record.status.value,
        "prices": prices_of(market),
        "approval": proposal.number,
        "proposer": proposal.proposer,
    }
    async with ctx.db.writing() as uow:
        person, _ = await ctx.known(uow)
        row = await uow.actions.append(
            record.id,
            "control",
            payload,
            actor=person.id,
            request_id=f"approval:{record.id}:{proposal.number}",
            now_ms=ctx.now_ms,
        )
        if isinstance(row, Declined):
            return words_admin.not_running(record)
        if not await approvals.settle(uow, record, proposal, person.id, ctx.now_ms):
            return words_proposals.approved_already(record, proposal)
        await note(ctx, uow, record, proposal.kind, before, {**payload, **beside}, proposal.reason, intent=row.number)
        await uow.commit()
    window = decisions.window_of(market, proposal.kind)
    return words.decided(record, proposal.kind, proposal.outcomes, row.ts_ms, window)


@command("admin void", role=Role.ADMIN, any_rules=True, examples=("/admin void", "/admin void the match was abandoned"))
async def void(
    ctx: Context, *, market: MarketView, reason: ReasonArg | None = None, confirm: ConfirmArg | None = None
) -> Reply:
    """Call the market off as if it had never been; everybody has what they were given. Numbers first."""
    record = market.record
    if record.status not in BEFORE_START:
        return await _decide(ctx, market, "void", (), reason, confirm)
    code = code_of(record.id, "void", record.status.value)
    if confirm != code:
        return words_admin.draft_void_preview(record, f"/admin void confirm={code}", ctx.person_id)
    async with ctx.db.writing() as uow:
        await ctx.known(uow)
        updated = await uow.markets.update(record.id, status=Status.VOIDED)
        if isinstance(updated, Declined):
            return words_admin.already_started(record)
        await note(ctx, uow, record, "void", {"status": record.status.value}, {"status": "VOIDED"}, reason or "")
        if record.status is Status.LOBBY:
            await uow.outbox.add(record.id, decisions.called_off(ctx.now_ms), ctx.now_ms)
        await update_board(uow, record, ctx.now_ms)
        await uow.commit()
    return words_admin.draft_voided(record)


async def _decide(
    ctx: Context,
    market: MarketView,
    kind: ControlKind,
    outcomes: tuple[int, ...],
    reason: str | None,
    confirm: str | None,
) -> Reply:
    """Preview, then what Confirm makes of it."""
    named = ", ".join(typed_outcome(market.names, outcome) for outcome in outcomes)
    return await decide(ctx, market, Decision(kind=kind, outcomes=outcomes, named=named, reason=reason), confirm)
