"""Cutting a market back to the moment when a result was known: worked out, shown in numbers, decided or proposed.

Orders accepted after that moment never were; the market is what a replay without them gives (`engine.cut`). Who may
decide it is as for decisions: an admin with a part in the market proposes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.chat.facts import CutFigures, CutPreview, Involvement
from bot.chat.reply import Reply
from bot.grammar.types import code_of
from bot.market.approvals import settle
from bot.market.context import Context, MarketView, request_id
from bot.market.decisions import (
    note,
    prices_of,
    put_forward,
    refused_now,
)
from bot.market.involvement import how_many_could, involvement_of, proposal_code
from bot.text.numbers import shown_money, typed_moment
from bot.words import admin as words_admin
from bot.words import cuts as words
from bot.words import proposals as words_proposals
from engine.branch import Branch, Course
from engine.events import ControlRefused, Cut, OrderDone, Reason
from engine.intents import Control
from engine.orders import apply_orders
from engine.risk import worst_loss
from engine.schedule import is_final, losers_left
from engine.state import MarketState, Side, price_micro
from storage.records import ActionStatus, Approval, Declined, Json, Market


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What a cut would do as the market stands: the engine's event, and the figures that are shown of it."""

    event: Cut
    figures: CutFigures

    @property
    def code(self) -> str:
        """Stands for all that is shown: another result is another code, however much else has happened."""
        event = self.event
        done = (event.moment_ms, event.accounts, event.tokens, event.profit, event.left_out, event.book)
        return code_of("cut", *done, self.figures.prices, event.until_ms is None)


async def cut(ctx: Context, market: MarketView, at_ms: int, reason: str, confirm: str | None) -> Reply:
    """`/admin cut`: preview, then Confirm, which decides it or proposes it. `at_ms` is epoch."""
    record, moment_ms = market.record, market.record.engine_ms(at_ms)
    again = f"/admin cut {typed_moment(at_ms)} {reason}"
    refused = _refused_at_once(market, moment_ms)
    if refused is not None:
        return refused
    if ctx.invocation.nameless:
        return words_proposals.nameless(again)
    look = await _look(ctx, market, moment_ms, again)
    if isinstance(look, Reply):
        return look
    async with ctx.db.reading() as uow:
        part = await involvement_of(uow, record, market.state, ctx.person_id)
        could = await how_many_could(ctx, uow, record, market.state) if part else 0
    code = code_of(look.code, reason, bool(part))
    if confirm != code:
        return words.preview(
            CutPreview(
                record=record,
                figures=look.figures,
                reason=reason,
                again=f"{again} confirm={code}",
                person=ctx.person_id,
                stale=bool(confirm),
                now_ms=ctx.now_ms,
                part=part or None,
                others=could,
            )
        )
    if part:
        return await _propose(ctx, market, moment_ms, reason, part, could)
    return await _queue(ctx, market, look, reason, f"cut:{record.id}:{code}")


async def approve(ctx: Context, market: MarketView, proposal: Approval, proposer: str, confirm: str | None) -> Reply:
    """What another admin proposed, shown as it would be now, and carried out."""
    record, moment_ms = market.record, int(str(proposal.asked["moment"]))
    refused = _refused_at_once(market, moment_ms)
    if refused is not None:
        return refused
    again = f"/admin approve {proposal.number}"
    look = await _look(ctx, market, moment_ms, again)
    if isinstance(look, Reply):
        return look
    code = code_of("approve", proposal.number, look.code)
    if confirm != code:
        return words.preview(
            CutPreview(
                record=record,
                figures=look.figures,
                reason=proposal.reason,
                again=f"{again} confirm={code}",
                person=ctx.person_id,
                stale=bool(confirm),
                now_ms=ctx.now_ms,
                proposal=proposal,
                proposer=proposer,
            )
        )
    return await _queue(ctx, market, look, proposal.reason, f"approval:{record.id}:{proposal.number}", proposal)


def _refused_at_once(market: MarketView, moment_ms: int) -> Reply | None:
    """Why there is no cut here, whatever it would do; the engine says it, which looks for the replay last."""
    record = market.record
    if record.halted is not None:
        return words.halted()
    event = _simulate(market.state, record, market.engine_ms, moment_ms, None)
    if isinstance(event, ControlRefused) and event.reason is not Reason.STALE:
        return refused_now(record, "cut", event.reason.value, market.state)
    return None


async def _look(ctx: Context, market: MarketView, moment_ms: int, again: str) -> _Look | Reply:
    """Worked out beside everything else; who asks waits a moment, and is told when it takes longer."""
    branch, running = await ctx.cutter.ask(market.record, moment_ms, again, ctx.asker(market.id))
    if branch is None:
        return words.under_way(market.record, again, ctx.person_id) if running else words.could_not(again)
    event = _simulate(market.state, market.record, market.engine_ms, moment_ms, branch)
    if not isinstance(event, Cut):
        if event.reason is Reason.REPLAY_DIFFERS and await _moved_on(ctx, market):
            return words.moved_on(again)
        return refused_now(market.record, "cut", event.reason.value, market.state)
    if not (event.left_out or event.accounts or event.book):
        return words.nothing_to_undo(market.record.epoch_ms(moment_ms))
    return _Look(event=event, figures=_figures(market, branch, event))


async def _moved_on(ctx: Context, market: MarketView) -> bool:
    """Whether the market has ticked since it was looked up, so that what was worked out is of another one."""
    async with ctx.db.reading() as uow:
        return (await uow.markets.get_one(market.id)).head != market.record.head


def _simulate(
    state: MarketState, record: Market, now_ms: int, moment_ms: int, branch: Branch | None
) -> Cut | ControlRefused:
    """What the next tick would make of it if nothing else came."""
    control = Control(id="preview", accepted_ms=now_ms, kind="cut", moment_ms=moment_ms)
    _, _, events = apply_orders(state, (control,), record.params, now_ms, branch=branch)
    return next(
        event for event in reversed(events) if isinstance(event, Cut | ControlRefused) and event.id == control.id
    )


def _figures(market: MarketView, branch: Branch, event: Cut) -> CutFigures:
    record, params, before, after = market.record, market.record.params, market.state, branch.state
    money = {user: _to_spend(before, user, cash) for user, cash, _ in event.accounts}
    returned, taken = [m for m in money.values() if m > 0], [-m for m in money.values() if m < 0]
    moved = [change for _, _, *both in event.tokens for change in both]
    was, would = [_yes(state, market) for state in (before, after)]
    concerned = {*money, *(user for user, *_ in event.tokens), *(user for _, user, *_ in event.book)}
    return CutFigures(
        moment_ms=record.epoch_ms(event.moment_ms),
        orders=len(event.left_out),
        owners=len(_owners(branch.was, set(event.left_out))),
        trades=(_trades(branch.was), _trades(branch.would)),
        volume=(_volume(branch.was), _volume(branch.would)),
        people=len(concerned),
        returned=(sum(returned), len(returned)),
        taken=(sum(taken), len(taken)),
        most=(max(returned, default=0), max(taken, default=0)),
        tokens=(sum(change for change in moved if change > 0), -sum(change for change in moved if change < 0)),
        waiting=(sum(not rest for _, _, rest, _ in event.book), sum(not rest for *_, rest in event.book)),
        prices=tuple((i, was[i], would[i]) for i in was),
        profit=(sum(before.profit.values()), sum(after.profit.values())),
        risk=(max(0, worst_loss(before, params)), max(0, worst_loss(after, params))),
        until_ms=None if event.until_ms is None else record.epoch_ms(event.until_ms),
        round=after.frozen_for,
        final=bool(after.claim.winners) if after.claim is not None else is_final(after, params),
        takes=0 if after.frozen_for is None else losers_left(after, params, after.frozen_for),
    )


def _to_spend(before: MarketState, user: int, change: int) -> int:
    """How much more somebody would have to spend, of the amounts as their own note shows them (`words.cuts.own`)."""
    cash = before.accounts[user].cash
    return shown_money(cash + change) - shown_money(cash)


def _yes(state: MarketState, market: MarketView) -> dict[int, int]:
    return {i: price_micro(state, market.record.params, i, Side.YES) for i in state.active}


def _owners(courses: Iterable[Course], orders: set[str]) -> set[int]:
    return {
        event.user
        for course in courses
        for event in course.events
        if isinstance(event, OrderDone) and event.order in orders
    }


def _trades(courses: Iterable[Course]) -> int:
    return sum(len(course.fills) for course in courses)


def _volume(courses: Iterable[Course]) -> int:
    return sum(fill.amount for course in courses for fill in course.fills)


async def _propose(
    ctx: Context, market: MarketView, moment_ms: int, reason: str, part: Involvement, could: int
) -> Reply:
    at_ms = market.record.epoch_ms(moment_ms)
    return await put_forward(
        ctx,
        market,
        "cut",
        part,
        could,
        asked={"moment": moment_ms, "at_ms": at_ms},
        reason=reason,
        code=proposal_code("cut", (), market.state),
        deed={"kind": "cut", "moment_ms": at_ms},
    )


async def _queue(
    ctx: Context, market: MarketView, look: _Look, reason: str, request: str, proposal: Approval | None = None
) -> Reply:
    """For the next tick, once; before and after stand in the log."""
    record, figures = market.record, look.figures
    numbers: dict[str, Json] = {"kind": "cut", "outcomes": [], "moment": look.event.moment_ms}
    before: dict[str, Json] = {
        "status": record.status.value,
        "prices": prices_of(market),
        "profit": figures.profit[0],
        "risk": figures.risk[0],
        "trades": figures.trades[0],
    }
    if proposal is not None:
        before |= {"approval": proposal.number, "proposer": proposal.proposer}
    would = {i: yes for i, _, yes in figures.prices}
    after: dict[str, Json] = {
        "kind": "cut",
        "moment_ms": figures.moment_ms,
        "orders": figures.orders,
        "people": figures.people,
        "prices": [would.get(i, market.price(i, Side.YES)) for i in range(len(market.names))],
        "profit": figures.profit[1],
        "risk": figures.risk[1],
        "trades": figures.trades[1],
    }
    async with ctx.db.writing() as uow:
        person, _ = await ctx.known(uow)
        row = await uow.actions.append(
            record.id, "control", numbers, actor=person.id, request_id=request, now_ms=ctx.now_ms
        )
        if isinstance(row, Declined):
            return words_admin.not_running(record)
        if not row.created and row.status is ActionStatus.REFUSED:
            again = request_id(ctx.invocation)
            row = await uow.actions.append(
                record.id, "control", numbers, actor=person.id, request_id=again, now_ms=ctx.now_ms
            )
        if isinstance(row, Declined):
            return words_admin.not_running(record)
        if proposal is not None and not await settle(uow, record, proposal, person.id, ctx.now_ms):
            return words_proposals.approved_already(record, proposal)
        if row.created:
            await note(ctx, uow, record, "cut", before, after, reason, intent=row.number)
        await uow.commit()
    return words.decided(figures)
