"""One person on several platforms: a code from one, said on the other."""

from __future__ import annotations

import secrets
import unicodedata
from typing import Annotated

from bot.chat.reply import Reply
from bot.grammar.command import command
from bot.grammar.types import Text
from bot.market.context import Ctx
from bot.words import link as words
from storage.identity import LinkDeclined, Linked
from storage.records import Audience, Identity, Json, Notice
from storage.unit_of_work import UnitOfWork

CODE_LIFE_MS = 10 * 60_000
LENGTH = 8
SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that looks like another
KIND = "person"

CodeArg = Annotated[str, Text("code", 24, about="the code your other account was shown; left out: get one")]


@command("link", examples=("/link", "/link K7QM-4TXR"))
async def link(ctx: Ctx, *, code: CodeArg | None = None) -> Reply:
    """Be one person on Discord, on Telegram and in the room: get a code here, say it there.

    Your accounts in different markets are all yours then. In one market a person has one: of two, one that was never
    used is closed; where both were used, they cannot be joined.
    """
    if code is None:
        return await _give(ctx)
    who = f"{ctx.invocation.platform}:{ctx.invocation.person_ext}"
    wait = ctx.tries.wait(who, ctx.now_ms)
    if wait > 0:
        return words.too_many(wait)
    return await _use(ctx, who, _plain(code))


def _plain(code: str) -> str:
    """As it was made, however it was copied."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", code).upper() if sign.isalnum())


async def _give(ctx: Ctx) -> Reply:
    said, made = ctx.invocation, "".join(secrets.choice(SIGNS) for _ in range(LENGTH))
    async with ctx.db.writing() as uow:
        person = await uow.people.identify(said.platform, said.person_ext, said.person_name, ctx.now_ms)
        until = ctx.now_ms + CODE_LIFE_MS
        await uow.codes.issue(KIND, made, person=person.id, now_ms=ctx.now_ms, expires_ms=until)
        await uow.commit()
    return words.code_given(f"{made[:4]}-{made[4:]}", CODE_LIFE_MS)


async def _use(ctx: Ctx, who: str, code: str) -> Reply:
    """Whoever made the code stays, who says it joins her; nothing is kept of a refusal."""
    said = ctx.invocation
    async with ctx.db.writing() as uow:
        known = await uow.codes.find(KIND, code, ctx.now_ms)
        if known is None:
            ctx.tries.use(who, ctx.now_ms)
            return words.bad_code()
        me = await uow.people.identify(said.platform, said.person_ext, said.person_name, ctx.now_ms)
        theirs = await uow.people.identities(known.person)
        if await uow.codes.take(KIND, code, ctx.now_ms) is None:
            return words.bad_code()
        found = await uow.linking.join(known.person, me.id, ctx.now_ms)
        if isinstance(found, LinkDeclined):
            return words.both_used(found.market) if found.market is not None else words.own_code()
        await _tell(ctx, uow, found, theirs)
        identities = await uow.people.identities(found.person)
        await uow.commit()
    return words.linked(identities, found.markets, found.closed)


async def _tell(ctx: Ctx, uow: UnitOfWork, found: Linked, theirs: tuple[Identity, ...]) -> None:
    """Word to where the code came from, by way of a market of hers: notices are a market's."""
    if not theirs or not found.markets:
        return
    closed: list[Json] = [[market.id, cash] for market, cash in found.closed]
    payload: dict[str, Json] = {"platform": ctx.invocation.platform, "closed": closed}
    notice = Notice(kind="linked", audience=Audience.PERSON, payload=payload, person=found.person)
    await uow.outbox.add_to(found.markets[0].id, theirs[0], notice, ctx.now_ms)
