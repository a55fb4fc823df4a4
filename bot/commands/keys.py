"""Keys by which programs act for somebody in a market: made and shown once, listed, taken back."""

from __future__ import annotations

import secrets
from typing import Annotated

from bot.chat.permissions import Role
from bot.chat.reply import Reply
from bot.grammar.command import command
from bot.grammar.types import Choice, Money, NumberArg, Text
from bot.market import programs
from bot.market.context import Context, MarketView, speaker
from bot.words import keys as words
from bot.words import usage as words_usage
from storage.allowance import Spending
from storage.keys import MOST, NAME_LENGTH, PREFIX, Key, NewKey, Scope
from storage.records import Chat, Person
from storage.unit_of_work import UnitOfWork

ScopeArg = Annotated[str, Choice("scope", lambda: {scope.value: words.MAY[scope] for scope in Scope})]
AllowanceArg = Annotated[int, Money("allowance", low=10_000, about="the most it may ever cost you, such as $200")]
NameArg = Annotated[str, Text("name", NAME_LENGTH, about="what you call it", named=True)]

AGAIN_MS = 60_000  # how long the same request may come again


@command(
    "apikey",
    role=Role.ANYONE,
    help_under=Role.MEMBER,
    examples=("/apikey", "/apikey trade $200", "/apikey read name scoreboard"),
)
async def apikey(
    ctx: Context,
    *,
    market: MarketView,
    scope: ScopeArg | None = None,
    allowance: AllowanceArg | None = None,
    name: NameArg | None = None,
) -> Reply:
    """Get a key by which a program of yours reads this market or trades in it; see and revoke yours.

    It is shown once, to you alone, and is good in this market. One that trades can never cost you more than its
    allowance, counted with the most its orders that wait can take and less what its sales brought; it sells only what
    it bought itself, and what it trades is marked. An admin of this chat can get one to run the market: each use asks
    whether they still are one.

    scope: read, trade or run; without it, your keys are listed
    """
    if scope is None:
        return await _list(ctx, market)
    wanted = Scope(scope)
    if wanted is Scope.RUN and not ctx.invocation.is_admin:
        return words_usage.only_admins("apikey run")
    if wanted is not Scope.RUN and market.member is None:
        return words_usage.not_joined("/apikey")
    if market.record.over and wanted is not Scope.READ:
        return words.is_over(market.record)
    if wanted is Scope.TRADE and allowance is None:
        return words.which_allowance()
    if wanted is not Scope.TRADE and allowance is not None:
        return words.no_allowance(wanted)
    return await _make(ctx, market, wanted, allowance, name or "")


async def _make(ctx: Context, market: MarketView, scope: Scope, allowance: int | None, name: str) -> Reply:
    """One a request: the same again is not shown again."""
    token = PREFIX + secrets.token_urlsafe(32)
    platform, external_id = ctx.invocation.speaker
    async with ctx.db.writing() as uow:
        person, chat = await _maker(ctx, uow, scope)
        record = await uow.markets.lock(market.id)
        own = await uow.keys.of(record.id, await uow.people.all_ids(person.id))
        same = [key for key in own if (key.scope, key.allowance, key.name) == (scope, allowance, name)]
        if ctx.invocation.is_retry and same and ctx.now_ms - same[-1].created_ms < AGAIN_MS:
            return words.made_before(same[-1])
        if len(own) >= MOST:
            return words.too_many()
        wanted = NewKey(
            market=record.id,
            person=person.id,
            scope=scope,
            name=name,
            allowance=allowance,
            platform=platform,
            external_id=external_id,
            chat=chat.id if chat is not None else None,
        )
        key = await uow.keys.make(wanted, token, ctx.now_ms)
        await uow.commit()
    return words.made(key, token, record, ctx.public_url)


async def _maker(ctx: Context, uow: UnitOfWork, scope: Scope) -> tuple[Person, Chat | None]:
    """Who makes it; and the chat as whose admin it runs the market."""
    if scope is Scope.RUN:
        return await ctx.known(uow)
    return await speaker(uow, ctx.invocation, ctx.now_ms), None


async def _list(ctx: Context, market: MarketView) -> Reply:
    keys: list[tuple[Key, Spending]] = []
    async with ctx.db.reading() as uow:
        people = () if ctx.person is None else await uow.people.all_ids(ctx.person.id)
        for key in await uow.keys.of(market.id, people):
            spent = Spending()
            if key.scope is Scope.TRADE and market.member is not None:
                spent = await uow.keys.spending(key, market.member.person, market.record)
            keys.append((key, spent))
    return words.listing(market.record, keys, ctx.person_id)


@command("apikey revoke", role=Role.OWNER, hidden=True)
async def revoke(ctx: Context, *, number: NumberArg) -> Reply:
    """Take back a key of one market, whichever the chat holds now; its orders that wait come back.

    number: the key's
    """
    async with ctx.db.writing() as uow:
        key = await _own(ctx, uow, number)
        if key is None or ctx.person is None:
            return words.not_yours(number)
        member = await uow.members.get(key.market, ctx.person.id)
        orders = await programs.revoke(uow, key, member, ctx.person.id, ctx.now_ms)
        await uow.commit()
    return words.revoked(key, orders)


async def _own(ctx: Context, uow: UnitOfWork, number: int) -> Key | None:
    key = await uow.keys.get(number)
    if key is None or not key.live or ctx.person is None:
        return None
    return key if key.person in await uow.people.all_ids(ctx.person.id) else None
