"""Addresses that are sent a market's news: set up, listed, ended. `/admin channel webhook`"""

from __future__ import annotations

from bot.chat.reply import Reply
from bot.market.context import Context, request_id
from bot.market.decisions import note
from bot.text.global_addresses import Url, UrlProblem, host_of, read_url
from bot.words import chats as words_chats
from bot.words import webhooks as words
from storage.records import Market, Notice, NoticeAudience
from storage.unit_of_work import UnitOfWork
from storage.webhooks import ADDED, MOST, Webhook

ON, OFF = "webhook on", "webhook off"


async def run(ctx: Context, record: Market, address: str | None) -> Reply:
    """`address`: one to send to, `off` and a number, or None for the list."""
    typed = (address or "").strip()
    if not typed:
        return await _list(ctx, record)
    word, _, number = typed.partition(" ")
    if word.casefold() == "off":
        return await _end(ctx, record, number.strip())
    url = read_url(typed, private=ctx.private_webhooks)
    return words.refused(url) if isinstance(url, UrlProblem) else await _add(ctx, record, url)


async def _list(ctx: Context, record: Market) -> Reply:
    async with ctx.db.reading() as uow:
        rows = [
            (webhook.id, host_of(webhook.url), webhook.failing_ms, await uow.webhooks.trouble(webhook))
            for webhook in await uow.webhooks.of_market(record.id)
        ]
    return words.listing(record, rows, ctx.now_ms)


async def _add(ctx: Context, record: Market, url: Url) -> Reply:
    if record.over:
        return words_chats.market_is_over(record)
    request = request_id(ctx.invocation)
    async with ctx.db.writing() as uow:
        person, chat = await ctx.known(uow)
        await uow.markets.lock(record.id)
        for row in await uow.audit.of_action(record.id, ON):
            if row.after.get("request") == request:
                return words.given_before(int(str(row.after["webhook"])))
        webhooks = await uow.webhooks.of_market(record.id)
        if len(webhooks) >= MOST:
            return words.too_many(MOST, webhooks[0].id)
        webhook = await uow.webhooks.add(record.id, chat.id, person.id, url.text, ctx.now_ms)
        await uow.outbox.add_to_webhook(
            webhook, Notice(kind=ADDED, audience=NoticeAudience.CHAT, payload={}), ctx.now_ms
        )
        await note(ctx, uow, record, ON, {}, {"webhook": webhook.id, "host": url.host, "request": request})
        secret = await uow.webhooks.secret(webhook)
        await uow.commit()
    return words.given(record, webhook.id, url.host, secret)


async def _end(ctx: Context, record: Market, number: str) -> Reply:
    async with ctx.db.writing() as uow:
        await ctx.known(uow)
        await uow.markets.lock(record.id)
        webhook = await _find(uow, record, number)
        if webhook is None:
            return words.not_there(number)
        if not webhook.ended:  # else it is the same request once more, or somebody was faster
            await uow.webhooks.end(webhook, ctx.now_ms)
            await note(ctx, uow, record, OFF, {"webhook": webhook.id, "host": host_of(webhook.url)}, {})
            await uow.commit()
    return words.ended(webhook.id, host_of(webhook.url))


async def _find(uow: UnitOfWork, record: Market, number: str) -> Webhook | None:
    known = number.isascii() and number.isdigit() and len(number) < 16
    webhook = await uow.webhooks.get(int(number)) if known else None
    return webhook if webhook is not None and webhook.market == record.id else None
