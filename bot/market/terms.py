"""The terms of a running market: read, tried in the engine, changed with the next tick, or proposed.

An admin with a part in the market changes none of its terms alone: another admin without a part approves it. (Of the
timetable they may postpone; see `decisions.brings_forward`.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from typing import Any

from bot.chat.facts import TermChange, typed_name
from bot.chat.reply import Reply
from bot.grammar.types import code_of
from bot.market.approvals import settle
from bot.market.context import Context, MarketView, request_id
from bot.market.decisions import note, put_forward, refused_now
from bot.market.draft import warnings
from bot.market.involvement import how_many_could, involvement_of
from bot.market.settings_table import shown_value
from bot.words import admin as words_admin
from bot.words import event_file as words_event_file
from bot.words import proposals as words_proposals
from bot.words import setup as words
from bot.words.shared import as_changes
from engine.events import ControlRefused
from engine.intents import Retune
from engine.orders import apply_orders
from engine.params import retune
from engine.risk import InvariantBroken
from engine.terms import MarketParams, Problem
from storage.records import ActionRow, Approval, Declined, Json, Payload
from storage.unit_of_work import UnitOfWork

UNREADABLE = frozenset({"not_a_number", "not_whole", "not_on_or_off", "not_a_choice", "not_a_list"})
"""Codes of problems that say: these words are no such value."""
WHOLE = frozenset({"title", "outcome_names", "odds"})
"""Settings whose value is all that is typed; of all others, what follows the value is the reason."""


def with_reason(name: str, typed: str, read: Callable[[str], object]) -> tuple[str, str]:
    """`2% the crowd asked` as a value and a reason. `read` gives the problems of a value, or what it makes."""

    def unreadable(value: str) -> bool:
        problems = read(value)
        return isinstance(problems, tuple) and any(problem.code in UNREADABLE for problem in problems)

    words_typed = typed.split()
    if name in WHOLE or not unreadable(typed):
        return typed, ""
    for size in (2, 1):
        value, reason = " ".join(words_typed[:size]), " ".join(words_typed[size:])
        if reason and not unreadable(value):
            return value, reason
    return typed, ""


def changes(before: MarketParams, after: MarketParams) -> list[TermChange]:
    """Every term that is another, as people write it; the timetable has a screen of its own."""
    return [
        TermChange(
            name=typed_name(part.name), before=shown_value(before, part.name), after=shown_value(after, part.name)
        )
        for part in fields(MarketParams)
        if part.name != "rounds" and getattr(before, part.name) != getattr(after, part.name)
    ]


def kept_changes(params: MarketParams, kept: Iterable[Sequence[Any]]) -> list[TermChange]:  # Any: JSON
    """The same from a notice of `scheduler.notices`: `[term, before, after]` as they are kept."""
    return [
        change
        for name, before, after in kept
        for change in changes(replace(params, **{name: before}), replace(params, **{name: after}))
    ]


async def asked_by(uow: UnitOfWork, market: int, action: int | None) -> tuple[str, str]:
    """The name of who asked for an action, and the reason they gave; "" for what is not known."""
    row = None if action is None else await uow.actions.get(market, action)
    if row is None or row.actor is None:
        return "", ""
    reasons = [logged.reason for logged in await uow.audit.of(market, n=50) if logged.after.get("intent") == action]
    return (await uow.people.names([row.actor])).get(row.actor, ""), "".join(reasons[:1])


def refused(market: MarketView, values: Payload, again: str = "/admin set") -> Reply | None:
    """Why the next tick would not take these values if nothing else came, whatever they are worth: the engine itself,
    thrown away. None where it would."""
    record = market.record
    if record.start_ms is None or record.over:
        return words_admin.not_running(record)
    if record.halted is not None:
        return words.halted(record)
    asked = Retune(id="preview", accepted_ms=market.engine_ms, values=values)
    try:
        _, _, events = apply_orders(market.state, (asked,), record.params, market.engine_ms)
    except InvariantBroken:
        return None
    for event in events:
        if isinstance(event, ControlRefused) and event.id == asked.id:
            if event.problems:
                return words.problems(event.problems, again)
            return refused_now(record, "retune", event.reason.value, market.state)
    return None


async def expected(uow: UnitOfWork, market: MarketView, request: str = "") -> MarketParams:
    """The terms as they will be once the changes that wait for the next tick have run. What `request` itself asked for
    before is left out: asked again, it is told the same."""
    params = market.record.params
    for row in await uow.actions.pending(market.id):
        if row.kind == "retune" and row.request_id != request:
            values = row.payload["values"]
            changed = retune(params, market.state, values) if isinstance(values, dict) else ()
            params = changed if isinstance(changed, MarketParams) else params
    return params


async def change(ctx: Context, market: MarketView, name: str, typed: str) -> Reply:
    """`/admin set` while the market runs: with the next tick, or proposed by one who has a part in it."""
    record, state = market.record, market.state
    async with ctx.db.reading() as uow:
        before = await expected(uow, market, request_id(ctx.invocation))
        part = await involvement_of(uow, record, state, ctx.person_id)
        could = await how_many_could(ctx, uow, record, state) if part else 0
    if name == "title":
        return words.problems((Problem(field="title", code="fixed"),), "/admin set")
    value, reason = with_reason(name, typed, lambda text: retune(before, state, {name: text}))
    after = retune(before, state, {name: value})
    if not isinstance(after, MarketParams):
        return words.problems(after, f"/admin set {typed_name(name)}")
    no = refused(market, {name: value})
    if no is not None:
        return no
    changed = changes(before, after)
    if not changed:
        shown = name if hasattr(after, name) else f"{name}_start"
        return words.was_already(name, shown_value(after, shown))
    if ctx.invocation.nameless:
        return words_proposals.nameless(f"/admin set {typed_name(name)} {typed}")
    if part:
        asked: dict[str, Json] = {"values": {name: value}, "shown": as_changes(changed)}
        deed: dict[str, Json] = {"change": as_changes(changed)}
        return await put_forward(ctx, market, "retune", part, could, reason=reason, asked=asked, deed=deed)
    queued = await _queue(ctx, market, {name: value}, changed, reason, request_id(ctx.invocation))
    if queued is None:
        return words.market_is_over()
    return words_event_file.warned(words.will_be(changed), after, warnings(after, since=before))


async def _queue(
    ctx: Context, market: MarketView, values: Payload, changed: Sequence[TermChange], reason: str, request: str
) -> int | None:
    """The change for the next tick, once a request; its number, None where it is too late."""
    async with ctx.db.writing() as uow:
        row = await _append(ctx, uow, market, values, changed, reason, request, {})
        if row is None:
            return None
        await uow.commit()
    return row.number


async def _append(
    ctx: Context,
    uow: UnitOfWork,
    market: MarketView,
    values: Payload,
    changed: Sequence[TermChange],
    reason: str,
    request: str,
    was: Payload,
) -> ActionRow | None:
    """For the next tick and into the log, once a request; not yet committed. None where it is too late."""
    record = market.record
    person, _ = await ctx.known(uow)
    payload: dict[str, Json] = {"values": dict(values)}
    row = await uow.actions.append(record.id, "retune", payload, actor=person.id, request_id=request, now_ms=ctx.now_ms)
    if isinstance(row, Declined):
        return None
    if row.created:
        before: dict[str, Json] = {change.name: change.before for change in changed}
        after: dict[str, Json] = {change.name: change.after for change in changed}
        await note(ctx, uow, record, "set", {**before, **was}, after, reason, intent=row.number)
    return row


async def approve(ctx: Context, market: MarketView, proposal: Approval, proposer: str, confirm: str | None) -> Reply:
    """A proposed change of terms: shown as it would be now, then done as its proposer asked."""
    values = proposal.asked["values"]
    assert isinstance(values, dict), "a proposed change names its values"
    async with ctx.db.reading() as uow:
        before = await expected(uow, market)
    after = retune(before, market.state, values)
    if not isinstance(after, MarketParams):
        return words.problems(after, "/admin set")
    no = refused(market, values)
    if no is not None:
        return no
    changed = changes(before, after)
    code = code_of("approve", market.id, proposal.number, as_changes(changed))
    if confirm != code:
        again = f"/admin approve {proposal.number} confirm={code}"
        shown = words_proposals.terms_preview(
            proposal, proposer, changed, again, ctx.person_id, ctx.now_ms, stale=bool(confirm)
        )
        return words_event_file.warned(shown, after, warnings(after, since=before))
    return await _approved(ctx, market, proposal, values, changed)


async def _approved(
    ctx: Context, market: MarketView, proposal: Approval, values: Payload, changed: Sequence[TermChange]
) -> Reply:
    """Settle the proposal and queue what it asks for: one unit, once."""
    record = market.record
    async with ctx.db.writing() as uow:
        person, _ = await ctx.known(uow)
        request = f"approval:{record.id}:{proposal.number}"
        was: Payload = {"approval": proposal.number, "proposer": proposal.proposer}
        if await _append(ctx, uow, market, values, changed, proposal.reason, request, was) is None:
            return words.market_is_over()
        if not await settle(uow, record, proposal, person.id, ctx.now_ms):
            return words_proposals.approved_already(record, proposal)
        await uow.commit()
    return words.will_be(changed)
