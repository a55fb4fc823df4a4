"""Decisions of admins: tried, shown, confirmed, proposed or queued; and who may decide what alone.

An admin with a part in a market (a token of an outcome still in, an order that waits) does not decide alone what no
round asked for at its planned time; another admin without a part approves it. Nor do they plan such a round for
themselves: of a running timetable they can only postpone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.chat.facts import ROUNDS_LEFT, DecisionEvent, DecisionPreview, Involvement
from bot.chat.reply import Reply
from bot.grammar.types import code_of
from bot.market.context import Context, MarketView, request_id
from bot.market.involvement import NOTHING, how_many_could, involvement_of, possible_approvers, proposal_code
from bot.words import admin as words_admin
from bot.words import decisions as words
from bot.words import proposals as words_proposals
from bot.words import setup as words_setup
from engine.events import Claimed, ControlRefused, Corrected, Eliminated, Reason, Resolved, Voided
from engine.intents import Control, ControlKind
from engine.orders import apply_orders
from engine.resolution import trigger_resolution, void_market
from engine.risk import InvariantBroken
from engine.schedule import losers_left, used_up
from engine.state import MarketState, Side, Status
from engine.terms import Round
from storage.questions import proposal_asked
from storage.records import (
    ActionRow,
    ActionStatus,
    Approval,
    Declined,
    Json,
    Market,
    Notice,
    NoticeAudience,
    Payload,
)
from storage.unit_of_work import UnitOfWork

DECISIONS = ("eliminate", "resolve", "correct")
KINDS: Mapping[str, ControlKind] = {"eliminate": "eliminate", "resolve": "resolve", "correct": "correct"}


def scheduled(kind: str, market: Market, state: MarketState) -> bool:
    """Whether a round asks for just this, at or after its planned time."""
    if state.frozen_for is None or not state.asked:
        return False
    return kind == ("resolve" if market.params.rounds[state.frozen_for].is_final else "eliminate")


def brings_forward(before: Sequence[Round], after: Sequence[Round], begun: int) -> bool:
    """Whether a new timetable has more than a postponement in it, from round `begun` on: then it could make an unasked
    decision look like a planned one."""
    if len(before) != len(after):
        return True
    for old, new in zip(before[begun:], after[begun:], strict=True):
        sooner = new.freeze_at < old.freeze_at or new.decide_at < old.decide_at
        if sooner or (new.count, new.losers, new.winner) != (old.count, old.losers, old.winner):
            return True
    return False


async def note(
    ctx: Context,
    uow: UnitOfWork,
    record: Market,
    action: str,
    before: Payload,
    after: Payload,
    reason: str = "",
    *,
    intent: int | None = None,
) -> None:
    """Write down who did it, why, and what it changed; or what it asks the next tick for, and the number of that
    action, so that the log says what became of it."""
    person, chat = await ctx.known(uow)
    await uow.audit.append(
        action=action,
        actor=person.id,
        now_ms=ctx.now_ms,
        market=record.id,
        chat=chat.id,
        reason=reason,
        before=before,
        after=after if intent is None else {**after, "intent": intent},
    )


async def update_board(uow: UnitOfWork, record: Market, now_ms: int) -> None:
    """What the pinned board says may have changed; a draft has none."""
    if record.status is not Status.DRAFT:
        board = Notice(
            kind="board", audience=NoticeAudience.CHAT, payload={"tick": record.tick}, slot="board", key="board"
        )
        await uow.outbox.add(record.id, board, now_ms)


def called_off(now_ms: int) -> Notice:
    """To those who wait in a lobby: what a tick tells of a market that has begun."""
    payload: Payload = {"at_ms": now_ms, "amounts": []}
    return Notice(kind="voided", audience=NoticeAudience.CHAT, payload=payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What an admin typed: `named` is how the outcomes are typed again."""

    kind: ControlKind
    outcomes: tuple[int, ...]
    named: str
    reason: str | None

    @property
    def again(self) -> str:
        """The line as it was typed."""
        parts = (f"/admin {self.kind}", self.named, self.reason or "")
        return " ".join(part for part in parts if part)

    def line(self, code: str) -> str:
        """The line behind the preview's button."""
        return f"{self.again} confirm={code}"


def refused_now(market: Market, kind: str, reason: str, state: MarketState, outcomes: Sequence[int] = ()) -> Reply:
    """Why the engine does not do what an admin asked for of these outcomes, as the market stands."""
    asked = state.frozen_for
    wanted = 1 if asked is None else max(1, losers_left(state, market.params, asked))
    if reason == Reason.DECIDED:
        return words_admin.nothing_so_early(market, state.last_decision_ms if state.out else None)
    gone = [outcome for outcome in outcomes if outcome not in state.active]
    return words_admin.control_refused(market, kind, reason, state.active, wanted, gone)


def undecidable(market: MarketView) -> Reply | None:
    """Why nothing can be decided here at all, or None; for a command's `ready`."""
    record = market.record
    return words_admin.not_running(record) if record.start_ms is None or record.over else None


async def decide(ctx: Context, market: MarketView, decision: Decision, confirm: str | None) -> Reply:
    """Eliminate, resolve, correct, void: preview, then Confirm, which decides it or proposes it."""
    record, state = market.record, market.state
    shut = undecidable(market)
    if shut is not None:
        return shut
    if record.halted is not None and decision.kind != "void":
        return words_setup.halted(record)
    event = simulate(market, decision.kind, decision.outcomes)
    if isinstance(event, ControlRefused):
        return refused_now(record, decision.kind, event.reason.value, state, decision.outcomes)
    if ctx.invocation.nameless and not decides_alone(market, decision.kind):
        return words_proposals.nameless(decision.again)
    async with ctx.db.reading() as uow:
        part = await _in_the_way(uow, market, decision, ctx.person_id)
        could = await how_many_could(ctx, uow, record, state) if part else 0
    code = code_of(*_facts(market, decision), bool(part))
    if confirm != code:
        return words.preview(
            DecisionPreview(
                record=record,
                kind=decision.kind,
                event=event,
                again=decision.line(code),
                person=ctx.person_id,
                stale=bool(confirm),
                now_ms=ctx.now_ms,
                part=part or None,
                others=could,
                paid=paid_later(market, event),
                used=used_by_hand(market, event),
            )
        )
    if part:
        return await propose(ctx, market, decision, part, could)
    before: dict[str, Json] = {"prices": prices_of(market)}
    request, beside = f"{decision.kind}:{record.id}:{code}", logged_rounds(market, event)
    queued = await queue(ctx, record, decision.kind, decision.outcomes, decision.reason, before, request, beside=beside)
    if queued is None:
        return words_admin.not_running(record)
    window = window_of(market, decision.kind)
    used = used_by_hand(market, event)
    return words.decided(record, decision.kind, decision.outcomes, queued.ts_ms, window, used)


def preview_of(
    market: MarketView,
    proposal: Approval,
    proposer: str,
    event: DecisionEvent,
    *,
    again: str,
    person: int | None,
    stale: bool,
) -> DecisionPreview:
    """Of a proposed decision, as the market stands."""
    return DecisionPreview(
        record=market.record,
        kind=proposal.kind,
        event=event,
        again=again,
        person=person,
        stale=stale,
        now_ms=market.now_ms,
        proposal=proposal,
        proposer=proposer,
        paid=paid_later(market, event),
        used=used_by_hand(market, event),
    )


def _facts(market: MarketView, decision: Decision) -> tuple[object, ...]:
    """What a preview rests on."""
    state = market.state
    where = (state.status.value, state.next_round, state.out, state.claim)
    return (market.id, decision.kind, decision.outcomes, decision.reason, *where)


def window_of(market: MarketView, kind: str) -> int:
    """How long what is decided so can still be corrected, ms; 0: it is carried out and paid at once."""
    params, claim = market.record.params, market.state.claim
    if kind == "eliminate" or (kind == "correct" and claim is not None and claim.losers):
        return params.round_window
    return params.dispute_window if kind in ("resolve", "correct") else 0


def paid_later(market: MarketView, event: DecisionEvent) -> Eliminated | None:
    """What a round's claim comes to when it is paid, as the market stands; None for all else."""
    if not isinstance(event, Claimed | Corrected) or not event.losers:
        return None
    _, _, events = trigger_resolution(market.state, market.record.params, elim_outcomes=event.losers)
    return next(part for part in events if isinstance(part, Eliminated))


def used_by_hand(market: MarketView, event: DecisionEvent) -> list[tuple[int, int, int, int]]:
    """What an elimination uses up of the rounds to come, as in `DecisionPreview`."""
    record, state = market.record, market.state
    if isinstance(event, Eliminated | Claimed):
        of_round, gone = event.round, event.outcomes if isinstance(event, Eliminated) else event.losers
    elif isinstance(event, Corrected):
        of_round, gone = None if state.claim is None else state.claim.round, event.losers
    else:
        return []
    return [
        (number, record.epoch_ms(record.params.rounds[number].freeze_at), took, takes)
        for number, took, takes in used_up(state.active, gone, record.params, state.next_round, of_round)
    ]


def logged_rounds(market: MarketView, event: DecisionEvent) -> Payload:
    """The same for the log: [number, how many it took, how many it takes]; nothing where nothing is used up."""
    used: list[Json] = [[number, took, takes] for number, _, took, takes in used_by_hand(market, event)]
    return {ROUNDS_LEFT: used} if used else {}


def prices_of(market: MarketView) -> list[Json]:
    """Every YES price, for the log."""
    return [market.price(i, Side.YES) for i in range(len(market.names))]


def decides_alone(market: MarketView, kind: str) -> bool:
    """Whether any admin decides this alone, whatever their part in the market."""
    return kind not in DECISIONS or scheduled(kind, market.record, market.state)


async def _in_the_way(uow: UnitOfWork, market: MarketView, decision: Decision, person: int | None) -> Involvement:
    """The admin's part, where it keeps them from deciding this alone."""
    if decides_alone(market, decision.kind):
        return NOTHING
    return await involvement_of(uow, market.record, market.state, person)


async def propose(ctx: Context, market: MarketView, decision: Decision, part: Involvement, could: int) -> Reply:
    """A decision that is not theirs alone."""
    numbers: list[Json] = list(decision.outcomes)
    return await put_forward(
        ctx,
        market,
        decision.kind,
        part,
        could,
        outcomes=decision.outcomes,
        reason=decision.reason or "",
        code=proposal_code(decision.kind, decision.outcomes, market.state),
        deed={"kind": decision.kind, "outcomes": numbers},
    )


async def put_forward(
    ctx: Context,
    market: MarketView,
    kind: str,
    part: Involvement,
    could: int,
    *,
    outcomes: Sequence[int] = (),
    asked: Payload | None = None,
    reason: str = "",
    code: str = "",
    deed: Payload,
) -> Reply:
    """Write the proposal down and tell the other admins, once. `deed` is how the log has it."""
    record = market.record
    async with ctx.db.writing() as uow:
        person, _ = await ctx.known(uow)
        approval = await uow.approvals.propose(
            record.id,
            kind,
            outcomes,
            asked=asked,
            reason=reason,
            code=code,
            proposer=person.id,
            now_ms=ctx.now_ms,
        )
        chats = await uow.chats.of_market(record.id)
        asked_of = sorted({chat.platform for chat in chats if ctx.rights.asks(chat.platform)})
        if approval.created:
            before: dict[str, Json] = {"status": record.status.value, "prices": prices_of(market)}
            await note(ctx, uow, record, "propose", before, {**deed, "approval": approval.number}, reason)
            if not asked_of:
                could_be = await possible_approvers(uow, record, market.state, person.id)
                notices = [proposal_asked(approval, other) for other in could_be]
                await uow.outbox.add_many(record.id, notices, ctx.now_ms)
        await uow.commit()
    if approval.created and asked_of:
        ctx.ask_approvers(record.id, approval.number)
    return words_proposals.proposed(record, approval, part, could, asked_of)


async def queue(
    ctx: Context,
    record: Market,
    kind: ControlKind,
    outcomes: tuple[int, ...],
    reason: str | None,
    before: Mapping[str, Json],
    request: str,
    *,
    beside: Payload | None = None,
) -> ActionRow | None:
    """Append the control for the next tick, once a request; what was refused before is a new try. None: too late. The
    log has what it was `before`, and what comes of it `beside` what was asked for."""
    numbers: list[Json] = list(outcomes)
    payload: dict[str, Json] = {"kind": kind, "outcomes": numbers}
    queued: ActionRow | None = None
    async with ctx.db.writing() as uow:
        person, _ = await ctx.known(uow)
        for wanted in (request, request_id(ctx.invocation)):
            row = await uow.actions.append(
                record.id, "control", payload, actor=person.id, request_id=wanted, now_ms=ctx.now_ms
            )
            if isinstance(row, Declined):
                return None
            if row.created:
                was = {"status": record.status.value, **before}
                await note(ctx, uow, record, kind, was, {**payload, **(beside or {})}, reason or "", intent=row.number)
            queued = row
            if row.status is not ActionStatus.REFUSED:
                break
        await uow.commit()
    return queued


def simulate(market: MarketView, kind: ControlKind, outcomes: tuple[int, ...] = ()) -> DecisionEvent:
    """What the next tick would make of it if nothing else came: the engine itself, thrown away. None where it cannot
    say: a halted market may not even bear the look."""
    if market.record.outdated and kind == "void":
        return next(event for event in void_market(market.state)[1] if isinstance(event, Voided))
    control = Control(id="preview", accepted_ms=market.engine_ms, kind=kind, outcomes=outcomes)
    try:
        _, _, events = apply_orders(market.state, (control,), market.record.params, market.engine_ms)
    except InvariantBroken:
        return None
    for event in reversed(events):
        if isinstance(event, Eliminated | Resolved | Claimed | Corrected | Voided) or (
            isinstance(event, ControlRefused) and event.id == control.id
        ):
            return event
    return None
