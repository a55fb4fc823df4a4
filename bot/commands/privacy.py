"""What is stored about a person, and forgetting her."""

from __future__ import annotations

from bot.chat.invocation import ChatKind
from bot.chat.reply import Reply
from bot.confirm import ConfirmArg, code_of
from bot.grammar.command import command
from bot.market.context import Ctx
from bot.words import identity as words
from storage.records import Declined, Json, OrderStatus, Person
from storage.unit_of_work import UnitOfWork

_WAITING = 1_000  # more than anybody keeps in the book


@command("privacy", examples=("/privacy",))
async def privacy(ctx: Ctx) -> Reply:
    """See what is stored about you: ids, names, markets, settings."""
    if ctx.person is None:
        return words.stranger()
    async with ctx.db.reading() as uow:
        return words.stored(await _stored(uow, ctx.person))


async def _stored(uow: UnitOfWork, person: Person) -> words.Stored:
    accounts = []
    for market in await uow.markets.of_person(person.id):
        member = await uow.members.get(market.id, person.id)
        if member is not None:
            accounts.append((market, member))
    titles: dict[str, frozenset[str]] = {}
    for chat, kinds in (await uow.pings.of(person.id)).items():
        found = await uow.chats.get(chat)
        titles[found.title if found else ""] = kinds
    return words.Stored(
        person=person,
        identities=await uow.people.identities(person.id),
        accounts=accounts,
        kept=await uow.preferences.of(person.id),
        pings=titles,
        traces=await uow.forgetting.traces(person.id),
    )


@command("forget", examples=("/forget",))
async def forget(ctx: Ctx, *, confirm: ConfirmArg | None = None) -> Reply:
    """Erase all that names you here; the books keep a number.

    It shows first what you would give up, and asks for a confirmation. Orders of yours that wait are cancelled.
    """
    if ctx.person is None:
        return words.stranger()
    person = ctx.person
    async with ctx.db.writing() as uow:
        accounts = await _accounts(uow, person)
        expected = _code(person, accounts)
        if confirm is None:
            return words.preview(accounts, person.id, expected, person.id)
        if confirm != expected:
            return words.changed()
        kept = 0
        for account in accounts:
            kept += await _close(ctx, uow, account, person)
        private = ctx.invocation.chat_kind is ChatKind.PRIVATE and ctx.chat is not None
        await uow.forgetting.erase(person.id, ctx.now_ms, chat=ctx.chat.id if private and ctx.chat else None)
        await uow.commit()
    return words.forgotten(person.id, kept)


def _code(person: Person, accounts: list[words.Account]) -> str:
    """Of what the preview says, but for the course of prices and fills: what she holds changes with every tick."""
    return code_of("forget", person.id, *((one.market.id, one.used) for one in accounts))


async def _accounts(uow: UnitOfWork, person: Person) -> list[words.Account]:
    found = []
    for market in await uow.markets.of_person(person.id):
        member = await uow.members.get(market.id, person.id)
        if member is None:
            continue
        waiting = await uow.orders.of(market.id, member.person, open_only=True, n=_WAITING)
        used = await uow.members.used(market.id, member.person)
        found.append(words.Account(market=market, member=member, waiting=len(waiting), used=used))
    return found


async def _close(ctx: Ctx, uow: UnitOfWork, one: words.Account, person: Person) -> int:
    """Take back what waits, close what was never used; 1 where an account stays."""
    market, number = one.market.id, one.member.person
    if one.market.over:
        return 1
    if not one.used:
        left = await uow.members.leave(market, number, f"forget:{market}:{number}", ctx.now_ms, person.id)
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
