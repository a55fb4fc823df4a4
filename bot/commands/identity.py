"""One person on several platforms, by a code from one that is said on the other; what is stored of them; forgetting."""

from __future__ import annotations

import secrets
import unicodedata
from typing import Annotated

from bot.chat import shared_limits
from bot.chat.facts import AccountSummary, StoredPerson
from bot.chat.invocation import ChatKind
from bot.chat.permissions import Role
from bot.chat.reply import Reply
from bot.chat.shared_limits import Tried
from bot.grammar.command import command
from bot.grammar.types import ConfirmArg, Text, code_of
from bot.market import identity, membership
from bot.market.context import Context, Snapshot, speaker
from bot.market.identity import LinkDeclined, Linked
from bot.words import identity as words
from storage.personal_data import placeholder_name
from storage.records import Declined, Identity, Json, Notice, NoticeAudience, OrderStatus, Person
from storage.unit_of_work import UnitOfWork

CODE_LIFE_MS = 10 * 60_000
LENGTH = 8
SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that looks like another
KIND = "person"

CodeArg = Annotated[str, Text("code", 24, about="the code your other account was shown; left out: get one")]


@command("link", role=Role.ANYONE, examples=("/link", "/link K7QM-4TXR"))
async def link(ctx: Context, *, code: CodeArg | None = None) -> Reply:
    """Be one person on Discord, on Telegram and in the room: get a code here, say it there.

    Your accounts in different markets are all yours then. In one market a person has one: of two, one that was never
    used is closed; where both were used, they cannot be joined.
    """
    if code is None:
        return await _give(ctx)
    return await _use(ctx, ":".join(ctx.invocation.speaker), _plain(code))


def _plain(code: str) -> str:
    """As it was made, however it was copied."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", code).upper() if sign.isalnum())


async def _give(ctx: Context) -> Reply:
    invocation, code = ctx.invocation, "".join(secrets.choice(SIGNS) for _ in range(LENGTH))
    async with ctx.db.writing() as uow:
        person = await speaker(uow, invocation, ctx.now_ms)
        until = ctx.now_ms + CODE_LIFE_MS
        await uow.codes.issue(KIND, code, person=person.id, now_ms=ctx.now_ms, expires_ms=until)
        await uow.commit()
    return words.code_given(f"{code[:4]}-{code[4:]}", CODE_LIFE_MS)


async def _use(ctx: Context, who: str, code: str) -> Reply:
    """Whoever made the code stays, who says it joins them; of a refusal nothing is kept but that a code was wrong."""
    invocation = ctx.invocation
    async with ctx.db.writing() as uow:
        wait = await shared_limits.turn(uow, Tried.CODE, who, ctx.now_ms)
        if wait > 0:
            return words.too_many(wait)
        known = await uow.codes.find(KIND, code, ctx.now_ms)
        if known is None:
            await uow.attempts.add(Tried.CODE, who, ctx.now_ms)
            await uow.commit()
            return words.bad_code()
        me = await speaker(uow, invocation, ctx.now_ms)
        theirs = await uow.people.identities(known.person)
        await uow.personal_data.hold(known.person, me.id)
        if await uow.codes.find(KIND, code, ctx.now_ms) is None:  # said a moment ago by somebody else
            return words.bad_code()
        linked = await identity.link(uow, known.person, me.id, ctx.now_ms)
        if isinstance(linked, LinkDeclined):
            return words.both_used(linked.market) if linked.market is not None else words.own_code()
        await _tell(ctx, uow, linked, theirs)
        identities = await uow.people.identities(linked.person)
        await uow.commit()
    return words.linked(identities, linked.markets, linked.closed)


async def _tell(ctx: Context, uow: UnitOfWork, linked: Linked, theirs: tuple[Identity, ...]) -> None:
    """Word to where the code came from, by way of a market of theirs: notices are a market's."""
    if not theirs or not linked.markets:
        return
    closed: list[Json] = [[market.id, cash] for market, cash in linked.closed]
    payload: dict[str, Json] = {"platform": ctx.invocation.platform, "closed": closed}
    notice = Notice(kind="linked", audience=NoticeAudience.PERSON, payload=payload, person=linked.person)
    await uow.outbox.add_to(linked.markets[0].id, theirs[0], notice, ctx.now_ms)


_WAITING = 1_000  # more than anybody keeps in the book


@command("privacy", role=Role.ANYONE, examples=("/privacy",))
async def privacy(ctx: Context, *, snapshot: Snapshot) -> Reply:
    """See what is stored about you: ids, names, markets, settings."""
    if ctx.person is None:
        return words.stranger()
    return words.stored(await _stored(snapshot.uow, ctx.person))


async def _stored(uow: UnitOfWork, person: Person) -> StoredPerson:
    accounts = []
    for market in await uow.markets.of_person(person.id):
        member = await uow.members.get(market.id, person.id)
        if member is not None:
            accounts.append((market, member))
    titles: dict[str, frozenset[str]] = {}
    for chat, kinds in (await uow.pings.of(person.id)).items():
        known = await uow.chats.get(chat)
        titles[known.title if known else ""] = kinds
    return StoredPerson(
        person=person,
        identities=await uow.people.identities(person.id),
        accounts=accounts,
        kept=await uow.preferences.of(person.id),
        pings=titles,
        traces=await uow.personal_data.traces(person.id),
    )


@command("forget", role=Role.ANYONE, examples=("/forget",))
async def forget(ctx: Context, *, confirm: ConfirmArg | None = None) -> Reply:
    """Erase all that names you here; the books keep a number.

    It shows first what you would give up, and asks for a confirmation. Orders of yours that wait are cancelled.
    """
    if ctx.person is None:
        return words.stranger()
    person = ctx.person
    private = ctx.chat.id if ctx.chat is not None and ctx.invocation.chat_kind is ChatKind.PRIVATE else None
    async with ctx.db.writing() as uow:
        if confirm is not None:
            await uow.personal_data.hold_all(person.id, chat=private)
        accounts = await _accounts(uow, person)
        expected = _code(person, accounts)
        if confirm is None:
            return words.preview(accounts, placeholder_name(person.id), expected, person.id)
        if confirm != expected:
            return words.changed()
        kept = 0
        for account in accounts:
            kept += await _close(ctx, uow, account, person)
        await identity.forget(uow, person.id, ctx.now_ms, chat=private)
        await uow.commit()
    return words.forgotten(placeholder_name(person.id), kept)


def _code(person: Person, accounts: list[AccountSummary]) -> str:
    """Of what the preview says, but for the course of prices and fills: what they hold changes with every tick."""
    return code_of("forget", person.id, *((account.market.id, account.used) for account in accounts))


async def _accounts(uow: UnitOfWork, person: Person) -> list[AccountSummary]:
    summaries = []
    for market in await uow.markets.of_person(person.id):
        member = await uow.members.get(market.id, person.id)
        if member is None:
            continue
        waiting = await uow.orders.of(market.id, member.person, open_only=True, n=_WAITING)
        used = await uow.members.was_used(market.id, member.person)
        summaries.append(AccountSummary(market=market, member=member, waiting=len(waiting), used=used))
    return summaries


async def _close(ctx: Context, uow: UnitOfWork, account: AccountSummary, person: Person) -> int:
    """Take back what waits, close what was never used; 1 where an account stays."""
    market, number = account.market.id, account.member.person
    if account.market.over:
        return 1
    if not account.used:
        left = await membership.leave(uow, market, number, f"forget:{market}:{number}", ctx.now_ms, person.id)
        return int(isinstance(left, Declined))
    resting = [
        row
        for row in await uow.orders.of(market, number, open_only=True, n=_WAITING)
        if row.status is OrderStatus.RESTING
    ]
    await uow.orders.withdraw(market, number, None)
    if resting:  # where the market stands still for good, they come back with its end
        payload: dict[str, Json] = {"user": number, "order": None}
        request = f"forget:{market}:{number}"
        await uow.actions.append(market, "cancel", payload, actor=person.id, request_id=request, now_ms=ctx.now_ms)
    return 1
