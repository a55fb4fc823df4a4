"""Where a market is announced, and what a chat has set for itself."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from bot.chat import shared_limits
from bot.chat.facts import Hint
from bot.chat.invocation import ParseContext
from bot.chat.permissions import SHARED, Role
from bot.chat.reply import Entity, Reply
from bot.chat.shared_limits import Tried
from bot.grammar.command import command
from bot.grammar.entities import RoleArg
from bot.grammar.types import ArgumentType, Text, Wrong
from bot.market import channel_routes, webhook_changes
from bot.market.context import Context, MarketView, request_id
from bot.market.decisions import note
from bot.text.global_addresses import LONGEST_URL
from bot.words import chats as words
from bot.words import settings as words_settings
from bot.words.channel_routes import ROUTES
from engine.state import Status
from storage.records import Chat, Json, Market, Notice, NoticeAudience
from storage.unit_of_work import UnitOfWork

CODE_LIFE_MS = 15 * 60_000
_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is taken for another


@dataclass(frozen=True, slots=True)
class What(Text):
    """`code`, `leave`, `webhook`, a route, `silent`, or a code from elsewhere."""

    about: str = "code, a code from elsewhere, leave, webhook, announcements, digests, results or silent"
    words: int = 1

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        return [Hint(word, about) for word, about in words.WORDS.items() if word.startswith(partial.strip().casefold())]


WhatArg = Annotated[str, What("what", 24)]
AddressArg = Annotated[
    str, Text("address", LONGEST_URL, about="with webhook: an https address, or off and its number; else on or off")
]


@dataclass(frozen=True, slots=True)
class ChannelType(ArgumentType[str]):
    """A channel as its platform writes it, a topic's link or number, or `off`; its adapter knows which that is."""

    about: str = "with announcements, digests or results: the channel they go to; off brings them back"
    named: bool = True

    shape = "#channel"
    most = 200
    entity = Entity.CHANNEL

    def parse(self, text: str, context: ParseContext) -> str | Wrong:
        return text.strip()[:LONGEST_URL]


ChannelArg = Annotated[str, ChannelType()]


@dataclass(frozen=True, slots=True)
class PingKinds(ArgumentType[tuple[str, ...]]):
    """Kinds of events, `all`, or `none`."""

    about: str = "for what: opening, freeze, elimination, resolution, lead, trade, all or none"
    named: bool = True

    shape = "resolution, elimination"
    most = 200
    words = 0

    def parse(self, text: str, context: ParseContext) -> tuple[str, ...] | Wrong:
        typed = [part.strip().casefold().replace(" ", "_") for part in text.split(",") if part.strip()]
        if typed in (["none"], ["off"]):
            return ()
        if typed == ["all"]:
            return tuple(words_settings.PING_KINDS)
        wrong = [kind for kind in typed if kind not in words_settings.PING_KINDS]
        if wrong or not typed:
            return Wrong(words_settings.not_kinds(wrong or [text]))
        return tuple(kind for kind in words_settings.PING_KINDS if kind in typed)

    def suggest(self, partial: str, context: ParseContext) -> Sequence[Hint]:
        """The kinds that could come next, behind those that are there."""
        *before, last = [part.strip().casefold() for part in partial.split(",")]
        said = "".join(f"{kind}, " for kind in before if kind in words_settings.PING_KINDS)
        rows = [Hint(f"{said}{kind}", f"when {when}") for kind, when in words_settings.PING_KINDS.items()
                if kind.startswith(last) and kind not in before]  # fmt: skip
        both = () if before else (Hint("all", "each of them"), Hint("none", "never"))
        return [*rows, *(hint for hint in both if hint.value.startswith(last))]


@command(
    "admin channel",
    role=Role.ADMIN,
    chats=SHARED,
    examples=(
        *("/admin channel", "/admin channel code", "/admin channel K7Q2-9MXT"),
        "/admin channel webhook https://hooks.example.org/outcry",
        *("/admin channel results off", "/admin channel silent off"),
    ),
)
async def channel(
    ctx: Context,
    *,
    market: MarketView | None,
    what: WhatArg | None = None,
    address: AddressArg | None = None,
    to: ChannelArg | None = None,
) -> Reply:
    """See where the market is announced; bring it to one more chat, or send its news to a program.

    In the market's chat `code` gives a code good once; said by an admin of another chat it announces the market there
    too: one book, one account a person. `leave` takes a market that came by code out of this chat.
    `webhook` and an https address sends the event's news there, signed; `webhook off 2` ends number 2.
    `announcements`, `digests` or `results` and a channel of this server (a topic of this group) posts them there, `off`
    here again. `silent off` lets small news be heard.
    """
    word = (what or "").casefold()
    if word in ROUTES:
        return await channel_routes.route(ctx, word, to or address)
    if word == "silent":
        return await channel_routes.silence(ctx, address)
    if word not in {"", "code", "leave", "webhook"}:
        return await _bring(ctx, market, (what or "").upper().replace("-", ""))
    if market is None:
        return words.no_market_here()
    if word == "code":
        return await _give_code(ctx, market.record)
    if word == "leave":
        return await _leave(ctx, market.record)
    if word == "webhook":
        return await webhook_changes.run(ctx, market.record, address)
    async with ctx.db.reading() as uow:
        chats, webhooks = await uow.chats.of_market(market.id), await uow.webhooks.of_market(market.id)
        settings = await uow.chats.settings(ctx.chat.id if ctx.chat else 0)
    return words.listing(market.record, chats, ctx.chat.id if ctx.chat else None, len(webhooks), settings)


async def _give_code(ctx: Context, record: Market) -> Reply:
    if record.over:
        return words.market_is_over(record)
    made = "".join(secrets.choice(_SIGNS) for _ in range(8))
    request = request_id(ctx.invocation)
    async with ctx.db.writing() as uow:
        person, _ = await ctx.known(uow)
        await uow.markets.lock(record.id)
        if any(row.after.get("request") == request for row in await uow.audit.of_action(record.id, "channel code")):
            return words.code_given_before()
        until = ctx.now_ms + CODE_LIFE_MS
        await uow.codes.issue("chat", made, person=person.id, market=record.id, now_ms=ctx.now_ms, expires_ms=until)
        await note(ctx, uow, record, "channel code", {}, {"expires_ms": until, "request": request})
        await uow.commit()
    return words.code_given(record, f"{made[:4]}-{made[4:]}", CODE_LIFE_MS)


async def _bring(ctx: Context, here: MarketView | None, code: str) -> Reply:
    """Announce the market behind a code in this chat. The code is used up only where that works."""
    who = ":".join(ctx.invocation.speaker)
    async with ctx.db.writing() as uow:
        wait = await shared_limits.turn(uow, Tried.CODE, who, ctx.now_ms)
        if wait > 0:
            return words.too_many(wait)
        known = await uow.codes.find("chat", code, ctx.now_ms)
        if known is None or known.market is None:
            await uow.attempts.add(Tried.CODE, who, ctx.now_ms)
            await uow.commit()
            return words.bad_code()
        _, chat = await ctx.known(uow)
        await uow.chats.lock(chat.id)
        there = await uow.markets.of_chat(chat.id)
        record = await uow.markets.get_one(known.market)
        if record.over:
            return words.bad_code()
        if there is not None and not there.over:
            return words.here_already(record) if there.id == record.id else words.chat_is_taken(there)
        record = await uow.markets.lock(record.id)
        await uow.chats.connect(record.id, chat.id)
        await _show_up(uow, record, chat, ctx.now_ms)
        if await uow.codes.take("chat", code, ctx.now_ms) is None:  # said a moment ago somewhere else
            return words.bad_code()
        await note(ctx, uow, record, "channel join", {}, {"chat": chat.title, "platform": chat.platform})
        await uow.commit()
    return words.connected(record)


async def _show_up(uow: UnitOfWork, record: Market, chat: Chat, now_ms: int) -> None:
    """The opening post and the board, in this chat alone; of a draft nothing yet."""
    if record.status is Status.DRAFT:
        return
    post = Notice(kind="arrived", audience=NoticeAudience.CHAT, payload={})
    tick: dict[str, Json] = {"tick": record.tick}
    board = Notice(kind="board", audience=NoticeAudience.CHAT, payload=tick, slot="board", key="board")
    for notice in (post, board):
        await uow.outbox.add_here(record.id, chat, notice, now_ms)


async def _leave(ctx: Context, record: Market) -> Reply:
    async with ctx.db.writing() as uow:
        _, chat = await ctx.known(uow)
        if chat.id == record.chat_id:
            return words.home_stays(record)
        await uow.markets.lock(record.id)
        await uow.chats.disconnect(record.id, chat.id)
        await uow.webhooks.end_of_chat(record.id, chat.id, ctx.now_ms)
        await note(ctx, uow, record, "channel leave", {"chat": chat.title, "platform": chat.platform}, {})
        await uow.commit()
    return words.left(record)


@command(
    "admin roles",
    role=Role.ADMIN,
    chats=SHARED,
    platforms=frozenset({"discord"}),
    examples=("/admin roles", "/admin roles admin 123456 ping 234567 kinds elimination, lead"),
)
async def roles(
    ctx: Context,
    *,
    admin: RoleArg | None = None,
    ping: RoleArg | None = None,
    kinds: Annotated[tuple[str, ...], PingKinds()] | None = None,
) -> Reply:
    """Set whose role makes an admin of this channel, and which role is mentioned for what.

    admin: holders of this role are admins here, as @role or its number; none takes it away
    ping: this role is mentioned, as @role or its number; none takes it away
    """
    changed = not (admin is None and ping is None and kinds is None)
    if not changed:
        async with ctx.db.reading() as uow:
            return words_settings.shown(
                await uow.chats.settings(ctx.chat.id if ctx.chat else 0), ctx.person_id, changed=False
            )
    async with ctx.db.writing() as uow:
        person, chat = await ctx.known(uow)
        before = await uow.chats.settings(chat.id)
        after = replace(
            before,
            admin_role=before.admin_role if admin is None else admin or None,
            ping_role=before.ping_role if ping is None else ping or None,
            ping_kinds=before.ping_kinds if kinds is None else kinds,
        )
        if after == before:  # so already, or the same request once more
            return words_settings.shown(after, person.id, changed=True)
        await uow.chats.set_settings(chat.id, after)
        await uow.audit.append(
            action="roles",
            actor=person.id,
            chat=chat.id,
            now_ms=ctx.now_ms,
            before={"admin": before.admin_role, "ping": before.ping_role, "kinds": list(before.ping_kinds)},
            after={"admin": after.admin_role, "ping": after.ping_role, "kinds": list(after.ping_kinds)},
        )
        await uow.commit()
    return words_settings.shown(after, person.id, changed=True)
