"""What decides a market, in its admins' words: written freely before the start, then shown first and only added to."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.chat.reply import Reply
from bot.grammar.types import code_of
from bot.market.approvals import settle
from bot.market.context import Context, MarketView
from bot.market.decisions import note, put_forward, update_board
from bot.market.involvement import how_many_could, involvement_of
from bot.market.setup_steps import left_of
from bot.text.names import folded
from bot.words import proposals as words_proposals
from bot.words import setup as words_setup
from bot.words import usage as words_usage
from bot.words import wording as words
from engine.state import Status
from storage.key_value import KeptLine
from storage.markets import BEFORE_START
from storage.records import Approval, Declined, Market, Notice, NoticeAudience, Payload, Ticket, Wording
from storage.tickets import NEWER_THAN_ALL
from storage.unit_of_work import UnitOfWork

NOTHING = ("none", "off", "nothing")
"""Said instead of a text: it is taken away again."""


async def read_names(uow: UnitOfWork, wordings: Sequence[Wording]) -> Mapping[int, str]:
    """Who wrote them, by number."""
    return await uow.people.names(wording.actor for wording in wordings)


async def unread(uow: UnitOfWork, ticket: Ticket) -> Sequence[Wording]:
    """What was written since the ticket that its owner was shown before this one in its market, so all of it on their
    first: nobody buys unread."""
    return await unread_by(uow, ticket.market, ticket.person, before=ticket.id)


async def unread_by(uow: UnitOfWork, market: int, person: int, *, before: int = NEWER_THAN_ALL) -> Sequence[Wording]:
    """The same for somebody who is about to be shown a ticket."""
    wordings = await uow.wordings.of(market)
    if not wordings:
        return ()
    since = await uow.tickets.last_shown(market, await uow.people.all_ids(person), before=before)
    return tuple(wording for wording in wordings if since is None or wording.ts_ms >= since)


async def about(ctx: Context, market: MarketView, text: str | None, confirm: str | None) -> Reply:
    """`/admin set about`: asks, replaces it before the start, shows an addition, adds it."""
    record = market.record
    if record.over:
        return words_setup.market_is_over()
    if text is None and confirm is None:
        async with ctx.db.reading() as uow:
            return words.ask(record, await uow.wordings.of(record.id))
    if record.status in BEFORE_START:
        return await _replace(ctx, record, text or "")
    if text is not None:
        return words.cannot_be_taken_back() if folded(text) in NOTHING else await _preview(ctx, market, text)
    return await _add(ctx, market, confirm or "")


async def _replace(ctx: Context, record: Market, text: str) -> Reply:
    wanted = "" if folded(text) in NOTHING else text
    async with ctx.db.writing() as uow:
        person, _ = await ctx.known(uow)
        before = "".join(wording.text for wording in await uow.wordings.of(record.id))
        if wanted == before:
            return words.set_already(record)
        written = await uow.wordings.replace(record.id, wanted, actor=person.id, now_ms=ctx.now_ms)
        if isinstance(written, Declined):
            return words.begun_meanwhile()
        await note(ctx, uow, record, "set", {"about": before}, {"about": wanted})
        if record.status is Status.LOBBY:
            await uow.outbox.add(record.id, replace(_told(written), key="worded"), ctx.now_ms)
        await update_board(uow, record, ctx.now_ms)
        steps = await left_of(uow, record) if record.status is Status.DRAFT else ()
        await uow.commit()
    return words.was_set(record, written, words_setup.next_steps(steps))


async def _preview(ctx: Context, market: MarketView, text: str) -> Reply:
    """The text waits under a key, so that its lines stay as they are however the button carries it."""
    record, state = market.record, market.state
    if ctx.invocation.nameless:
        return words_proposals.nameless("/admin set about")
    async with ctx.db.writing() as uow:
        person, _ = await ctx.known(uow)
        key = code_of(record.id, text, ctx.now_ms, secrets.token_hex(8))
        kept = KeptLine(line=text, person=person.id, chat_ext=ctx.invocation.chat_ext)
        await uow.lines.keep(_key(record, key), kept, ctx.now_ms)
        first = not await uow.wordings.of(record.id)
        holders = len(await _holders(uow, market))
        part = await involvement_of(uow, record, state, person.id)
        could = await how_many_could(ctx, uow, record, state) if part else 0
        await uow.commit()
    again = f"/admin set about confirm={key}"
    rows = words_proposals.second_eyes(record.params, part, could) if part else ()
    return words.addition_preview(record, text, holders, again, person.id, first=first, rows=rows)


async def _add(ctx: Context, market: MarketView, key: str) -> Reply:
    """Once a key, however often its button is pressed; by one who has a part in the market it is proposed."""
    record, state = market.record, market.state
    async with ctx.db.writing() as uow:
        await ctx.known(uow)
        await uow.markets.lock(record.id)
        kept = await uow.lines.get(_key(record, key))
        if kept is None or kept.person is None:
            return words.nothing_to_confirm()
        if kept.person != ctx.person_id:
            return words_usage.not_your_button()
        if key in [row.after.get("key") for row in await uow.audit.of_action(record.id, "add")]:
            return words.added(record)
        part = await involvement_of(uow, record, state, kept.person)
        if not part:
            return await _write(ctx, uow, market, kept.line, {}, {"key": key})
        could = await how_many_could(ctx, uow, record, state)
    asked: Payload = {"text": kept.line}
    return await put_forward(ctx, market, "about", part, could, asked=asked, deed={"about": kept.line})


async def approve(ctx: Context, market: MarketView, proposal: Approval, proposer: str, confirm: str | None) -> Reply:
    """A proposed addition: shown, then written down."""
    record, text = market.record, str(proposal.asked["text"])
    code = code_of("approve", record.id, proposal.number, text)
    if confirm != code:
        again = f"/admin approve {proposal.number} confirm={code}"
        return words_proposals.text_preview(proposal, proposer, again, ctx.person_id, ctx.now_ms)
    async with ctx.db.writing() as uow:
        person, _ = await ctx.known(uow)
        await uow.markets.lock(record.id)
        if not await settle(uow, record, proposal, person.id, ctx.now_ms):
            return words_proposals.approved_already(record, proposal)
        before: Payload = {"approval": proposal.number, "proposer": proposal.proposer}
        return await _write(ctx, uow, market, text, before, {})


async def _write(
    ctx: Context, uow: UnitOfWork, market: MarketView, text: str, before: Payload, after: Payload
) -> Reply:
    """Add it, tell everybody concerned, and commit."""
    record = market.record
    person, _ = await ctx.known(uow)
    written = await uow.wordings.add(record.id, text, actor=person.id, now_ms=ctx.now_ms)
    if isinstance(written, Declined):
        return words_setup.market_is_over()
    await note(ctx, uow, record, "add", before, {"about": written.text, **after})
    told = [_told(written, holder) for holder in await _holders(uow, market)]
    await uow.outbox.add_many(record.id, [_told(written), *told], ctx.now_ms)
    await update_board(uow, record, ctx.now_ms)
    await uow.commit()
    return words.added(record)


def _key(record: Market, key: str) -> str:
    return f"about{record.id}{key}"


def _told(written: Wording | None, person: int | None = None) -> Notice:
    """To the chats, or to one who has a part in the market; number 0 where the text was taken back."""
    audience = NoticeAudience.CHAT if person is None else NoticeAudience.PERSON
    number = 0 if written is None else written.number
    return Notice(kind="worded", audience=audience, payload={"number": number}, person=person)


async def _holders(uow: UnitOfWork, market: MarketView) -> list[int]:
    """Accounts that hold a token of an outcome still in, or have an order waiting."""
    state = market.state
    active = set(market.active())
    holding = {
        person
        for person, account in state.accounts.items()
        if any(yes or no for number, (yes, no) in enumerate(account.tokens) if number in active)
        or state.resting.of(person)
    }
    return sorted(holding | {order.person for order in await uow.orders.pending(market.id)})
