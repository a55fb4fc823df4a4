"""The people of a market, what is said to all of them, and the log of what admins did."""

from __future__ import annotations

import secrets
from typing import Annotated

from bot.chat.reply import Reply
from bot.commands.deeds import note
from bot.confirm import code_of
from bot.grammar.command import command
from bot.grammar.types import Text, WholeNumber
from bot.market.context import Ctx, MarketView
from bot.paging import Page, PageArg, cut, window
from bot.text.names import folded
from bot.words import log as words_log
from bot.words import news as words_news
from bot.words import usage as words_usage
from bot.words import users as words
from engine.state import Status
from storage.export import standings
from storage.key_value import KeptLine
from storage.records import Audience, Notice

NameArg = Annotated[str, Text("name", 40, about="a part of a name; everybody if left out")]
NewsArg = Annotated[str, Text("text", 1_000, about="what everybody should read, as it is to stand there")]
KeyArg = Annotated[str, Text("key", 20, words=1, about="what stands behind the preview's button")]
CountArg = Annotated[int, WholeNumber("n", high=25, about="how many deeds a page, 8 if left out")]

_PEOPLE = 15
_DEEDS = 8


@command("admin users", examples=("/admin users", "/admin users ada", "/admin users page 2"))
async def users(ctx: Ctx, *, market: MarketView, name: NameArg | None = None, page: PageArg | None = None) -> Reply:
    """See who is in the market: balance, worth, gain and trades of each, best first."""
    async with ctx.db.reading() as uow:
        members = {one.person: one for one in await uow.members.of(market.id)}
        latest = None if market.record.over else await uow.ticks.latest(market.id)
    if not members:
        return words.nobody(market.record.title)
    found = [one for one in standings(members.values(), latest) if name is None or folded(name) in folded(one.name)]
    if not found:
        return words.nobody_called(name or "")
    rows = [
        words.Row(
            person=one.person,
            name=one.name,
            balance=members[one.person].balance + members[one.person].coming,
            worth=one.final,
            stake=one.stake or members[one.person].coming,
            trades=one.trades,
        )
        for one in found
    ]
    return words.users(market.record.title, cut(rows, page or 1, _PEOPLE), name, ctx.person_id)


@command("admin announce", examples=("/admin announce Kick-off is at nine, bring friends",))
async def announce(ctx: Ctx, *, market: MarketView, text: NewsArg) -> Reply:
    """Post something in every chat of the market. Shows it first."""
    record = market.record
    if record.status is Status.DRAFT:
        return words_news.still_a_draft(record)
    async with ctx.db.writing() as uow:
        person, _ = await ctx.known(uow)
        chats = await uow.chats.of_market(record.id)
        key = code_of(record.id, text, ctx.now_ms, secrets.token_hex(8))
        kept = KeptLine(line=text, person=person.id, chat_ext=ctx.invocation.chat_ext)
        await uow.lines.keep(f"news{record.id}{key}", kept, ctx.now_ms)
        await uow.commit()
    return words_news.preview(text, chats, f"/admin post {key}", person.id)


@command("admin post", examples=("/admin post 1a2b3c4d",), hidden=True)
async def post(ctx: Ctx, *, market: MarketView, key: KeyArg) -> Reply:
    """Post an announcement that was shown before; the button of its preview says this."""
    record = market.record
    async with ctx.db.writing() as uow:
        await uow.markets.lock(record.id)
        kept = await uow.lines.get(f"news{record.id}{key}")
        if kept is None:
            return words_news.nothing_to_post()
        if kept.person is not None and kept.person != ctx.person_id:
            return words_usage.not_your_button()
        chats = await uow.chats.of_market(record.id)
        done = [row.after.get("key") for row in await uow.audit.deeds(record.id, "announce")]
        if key not in done:
            notice = Notice(kind="announcement", audience=Audience.CHAT, payload={"text": kept.line})
            await uow.outbox.add(record.id, notice, ctx.now_ms)
            await note(ctx, uow, record, "announce", {}, {"text": kept.line, "key": key})
            await uow.commit()
    return words_news.posted(len(chats))


@command("admin log", examples=("/admin log", "/admin log 20", "/admin log page 2"))
async def log(ctx: Ctx, *, market: MarketView | None, n: CountArg | None = None, page: PageArg | None = None) -> Reply:
    """See what was done here: who, what, why, what it changed, when."""
    chat, record = ctx.chat.id if ctx.chat else 0, market.id if market else None
    size = n or _DEEDS
    async with ctx.db.reading() as uow:
        total = await uow.audit.count(record, chat)
        shown, pages, before = window(total, page or 1, size)
        rows = await uow.audit.page(record, chat, size, before)
        names = await uow.people.names(row.actor for row in rows if row.actor is not None)
    found = Page(rows=tuple(rows), number=shown, pages=pages, total=total)
    return words_log.log(found, names, f"/admin log {size}", ctx.person_id, market.names if market else ())
