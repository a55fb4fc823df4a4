"""Play money given to a member, and what is posted to everybody."""

from __future__ import annotations

import secrets
from typing import Annotated

from bot.chat.permissions import Role
from bot.chat.reply import Reply
from bot.grammar.command import command
from bot.grammar.members import MemberArg, mentioned_person
from bot.grammar.types import ConfirmArg, Money, Paragraphs, ReasonArg, Text, code_of
from bot.market import grants, whom
from bot.market.context import Context, MarketView
from bot.market.decisions import note, refused_now
from bot.text.names import quoted_name
from bot.text.numbers import typed_money
from bot.words import admin as words_admin
from bot.words import chats as words_chats
from bot.words import decisions as words
from bot.words import proposals as words_proposals
from bot.words import setup as words_setup
from bot.words import usage as words_usage
from engine.state import Status
from storage.key_value import KeptLine
from storage.records import Notice, NoticeAudience

NewsArg = Annotated[str, Paragraphs("text", 1_000, about="what everybody should read, as it is to stand there")]
KeyArg = Annotated[str, Text("key", 20, words=1, about="what stands behind the preview's button")]


@command(
    "admin announce",
    role=Role.ADMIN,
    examples=("/admin announce Kick-off is at nine, bring friends",),
    may_ask=("text",),
    submit="Show it",
)
async def announce(ctx: Context, *, market: MarketView, text: NewsArg) -> Reply:
    """Post something in every chat of the market. Shows it first."""
    record = market.record
    if record.status is Status.DRAFT:
        return words_chats.still_a_draft(record)
    async with ctx.db.writing() as uow:
        person, _ = await ctx.known(uow)
        chats = await uow.chats.of_market(record.id)
        key = code_of(record.id, text, ctx.now_ms, secrets.token_hex(8))
        kept = KeptLine(line=text, person=person.id, chat_ext=ctx.invocation.chat_ext)
        await uow.lines.keep(f"news{record.id}{key}", kept, ctx.now_ms)
        await uow.commit()
    return words_chats.preview(text, chats, f"/admin post {key}", person.id)


@command("admin post", role=Role.ADMIN, examples=("/admin post 1a2b3c4d",), hidden=True)
async def post(ctx: Context, *, market: MarketView, key: KeyArg) -> Reply:
    """Post an announcement that was shown before; the button of its preview says this."""
    record = market.record
    async with ctx.db.writing() as uow:
        await ctx.known(uow)
        await uow.markets.lock(record.id)
        kept = await uow.lines.get(f"news{record.id}{key}")
        if kept is None:
            return words_chats.nothing_to_post()
        if kept.person is not None and kept.person != ctx.person_id:
            return words_usage.not_your_button()
        chats = await uow.chats.of_market(record.id)
        done = [row.after.get("key") for row in await uow.audit.of_action(record.id, "announce")]
        if key not in done:
            notice = Notice(kind="announcement", audience=NoticeAudience.CHAT, payload={"text": kept.line})
            await uow.outbox.add(record.id, notice, ctx.now_ms)
            await note(ctx, uow, record, "announce", {}, {"text": kept.line, "key": key})
            await uow.commit()
    return words_chats.posted(len(chats))


def _closed(market: MarketView) -> Reply | None:
    """Why nobody can be given anything, before anything else is said."""
    record = market.record
    if record.status is Status.DISPUTED:
        return refused_now(record, "join", "disputed", market.state)
    if record.start_ms is None:
        return words.grants_need_a_running_market(record)
    if record.halted is not None:
        return words_setup.halted(record)
    return words_admin.not_running(record) if record.over else None


GrantArg = Annotated[int, Money("amount", low=10_000, about="money, such as $50 or 2k")]


@command(
    "admin grant",
    role=Role.ADMIN,
    ready=_closed,
    may_ask=("member",),
    examples=("/admin grant bob $50", '/admin grant "Bob the Great" $50 for the drawing'),
)
async def grant(
    ctx: Context,
    *,
    market: MarketView,
    member: MemberArg,
    amount: GrantArg,
    reason: ReasonArg | None = None,
    confirm: ConfirmArg | None = None,
) -> Reply:
    """Give a member play money. Shows the numbers first.

    To yourself you propose it, and another admin approves it.

    member: a display name, its unambiguous beginning, or a number such as #12
    """
    record = market.record
    async with ctx.db.reading() as uow:
        found = await whom.fitting(uow, ctx.invocation.platform, await uow.members.of(record.id), member)
        done = await uow.actions.by_request(grants.request_of(record.id, confirm)) if confirm else None
    if len(found) != 1:
        return whom.not_one(member, found)
    [receiver] = found
    named = quoted_name(member) if mentioned_person(member) is None else f"#{receiver.person}"
    async with ctx.db.reading() as uow:
        if not await uow.people.identities(receiver.person):
            return words.nobody_behind(receiver)
    if ctx.invocation.nameless:
        return words_proposals.nameless(f"/admin grant {named} {typed_money(amount)}")
    if done is not None:
        return words.granted(receiver, amount)
    code = code_of(record.id, "grant", receiver.person, amount, reason, receiver.stake + receiver.coming)
    if confirm != code:
        parts = (f"/admin grant {named} {typed_money(amount)}", reason or "", f"confirm={code}")
        again = " ".join(part for part in parts if part)
        return words.grant_preview(receiver, amount, again, ctx.person_id, stale=bool(confirm))
    return await grants.give(ctx, market, receiver, amount, reason or "", code)
