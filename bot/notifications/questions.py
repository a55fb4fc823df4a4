"""What admins are asked in private, with buttons, and what those messages say once it is decided: looked up at the
moment of delivery, so that nobody is asked for what somebody has decided meanwhile."""

from __future__ import annotations

from bot.chat.reply import Line, Reply
from bot.market import decisions
from bot.market.context import MarketView
from bot.market.decisions import simulate
from bot.market.involvement import involvement_of, still_valid
from bot.notifications.notice_context import NoticeContext
from bot.words import decisions as words_decisions
from bot.words import proposals as words_proposals
from bot.words import questions as words
from engine.events import ControlRefused
from engine.state import MarketState
from storage.records import Approval, ApprovalStatus


async def proposal(notice: NoticeContext) -> Reply | None:
    """To another admin; nothing where it has been decided or has lapsed meanwhile."""
    approval = await notice.uow.approvals.get(notice.market.id, int(notice.payload["number"]))
    state = await notice.state()
    if approval is None or approval.status is not ApprovalStatus.WAITING or not still_valid(approval, state):
        return None
    proposer = await _name(notice, approval.proposer)
    if await involvement_of(notice.uow, notice.market, state, notice.person):
        return None  # by now they have a part in it
    numbers = _numbers(notice, approval, proposer, state)
    return words_proposals.to_approve(notice.market, approval, proposer, notice.now_ms, numbers)


def _numbers(notice: NoticeContext, approval: Approval, proposer: str, state: MarketState) -> list[Line]:
    """What a decision would come to now, as its preview says it; nothing for what else can be proposed."""
    kind = decisions.KINDS.get(approval.kind)
    if kind is None:
        return []
    view = MarketView(record=notice.market, state=state, member=None, now_ms=notice.now_ms)
    event = simulate(view, kind, approval.outcomes)
    if isinstance(event, ControlRefused):
        return []
    preview = words_decisions.preview(
        decisions.preview_of(view, approval, proposer, event, again="", person=None, stale=False)
    )
    return [row for row in preview.blocks if isinstance(row, tuple)]


async def admins_wanted(notice: NoticeContext) -> Reply | None:
    """To a chat whose admins have a role; nothing where it has been decided meanwhile."""
    approval = await notice.uow.approvals.get(notice.market.id, int(notice.payload["number"]))
    waits = approval is not None and approval.status is ApprovalStatus.WAITING
    return words_proposals.admins_wanted() if waits else None


async def nobody_could(notice: NoticeContext) -> Reply | None:
    """To who proposed it."""
    approval = await notice.uow.approvals.get(notice.market.id, int(notice.payload["number"]))
    if approval is None or approval.status is not ApprovalStatus.WAITING:
        return None
    return words_proposals.nobody_could(notice.market, approval, own=approval.kind == "grant")


async def lapsed(notice: NoticeContext) -> Reply | None:
    """To who proposed it."""
    approval = await notice.uow.approvals.get(notice.market.id, int(notice.payload["number"]))
    if approval is None:
        return None
    proposer, by = await _name(notice, approval.proposer), await _name(notice, approval.decided_by)
    return words_proposals.told_over(notice.market, approval, proposer, by)


async def round_asked(notice: NoticeContext) -> Reply | None:
    state = await notice.state()
    if not state.asked or state.frozen_for != notice.payload["round"]:
        return None
    return words.round_asked(notice.market, notice.payload, state.active)


async def over(notice: NoticeContext) -> Reply | None:
    """In the place of a question: what it came to; in a chat no more than that nothing waits."""
    if notice.in_chat:
        return words_proposals.admins_answered()
    if "proposal" not in notice.payload:
        by = notice.payload.get("by")
        return words.round_over(notice.market, notice.payload, "" if by is None else await _name(notice, int(by)))
    approval = await notice.uow.approvals.get(notice.market.id, int(notice.payload["proposal"]))
    if approval is None:
        return None
    return words_proposals.over(notice.market, approval, await _name(notice, approval.decided_by))


async def _name(notice: NoticeContext, person: int | None) -> str:
    """As the market knows them, else as their platform does."""
    if person is None:
        return ""
    member = await notice.uow.members.get(notice.market.id, person)
    if member is not None:
        return member.name
    known = await notice.uow.people.get(person)
    return known.name if known else "an admin"
