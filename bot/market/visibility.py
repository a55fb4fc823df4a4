"""Who may see which market: those of the chat they look from, those they are in, and those of chats they are in.

Of who is native to where they look from nobody is asked who is in which chat: an account shows it. Whoever is in a
market came from a chat in which it is announced; where all of those also announce another market, they could see that
one there. A known admin of a chat is in it. Of who came in from elsewhere their platform is asked (`vouching`). Drafts
are their admins' alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.chat.invocation import ChatKind, Invocation
from bot.chat.rights import Standing
from engine.state import Status
from storage.records import Market
from storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks: `person` None is a stranger. `chat` is where they look from, None where nobody has spoken there yet;
    `admin`: whether they are an admin there at this moment. `only`: the one market that is shown to them, of those they
    may see; None: all. `vouched`: of who came in from elsewhere, what their platform says they are at this moment in
    the chats it was asked about: what was known of them as an admin before counts nothing then. None for all others."""

    person: int | None
    chat: int | None
    admin: bool
    only: int | None = None
    vouched: Mapping[int, Standing] | None = None

    def chats_as(self, standing: Standing) -> frozenset[int]:
        """Those their platform vouches for as that or more."""
        return frozenset(chat for chat, known in (self.vouched or {}).items() if known >= standing)


async def visible(uow: UnitOfWork, market: int, viewer: Viewer) -> Market | None:
    """The market of this number if they may see it."""
    record = await uow.markets.get(market)
    if record is None:
        return None
    seen = await _seen(uow, [record], viewer)
    return seen[0] if seen else None


async def visible_markets(uow: UnitOfWork, viewer: Viewer) -> list[Market]:
    """All they may see: those of the chat they look from first, then newest first."""
    chats = set() if viewer.chat is None else {viewer.chat}
    joined = set[int]()
    if viewer.person is not None:
        people = await uow.people.all_ids(viewer.person)
        joined = await uow.markets.joined(people)
        chats |= await _runs(uow, viewer, people) | viewer.chats_as(Standing.MEMBER)
        for places in (await uow.chats.announcing(joined)).values():
            chats |= places
    records = await uow.markets.many(joined | await uow.chats.announced_in(chats))
    return await _seen(uow, records, viewer)


async def own_markets(uow: UnitOfWork, person: int) -> list[Market]:
    """Those a private line of theirs can be about: the ones they are in, and what is on in chats they are known to run,
    newest first."""
    people = await uow.people.all_ids(person)
    joined = await uow.markets.joined(people)
    run = await uow.chats.announced_in(await uow.chats.where_admin(people))
    return [record for record in await uow.markets.many(joined | run) if record.id in joined or not record.over]


async def is_named_admins_commands(uow: UnitOfWork, invocation: Invocation) -> bool:
    """Whether an admin's commands are named to them where they speak: to its admins; in private, to whom a platform has
    ever vouched for as an admin anywhere, as each of those commands asks."""
    if invocation.chat_kind is not ChatKind.PRIVATE or invocation.visited:
        return invocation.is_admin
    person = await uow.people.find(*invocation.speaker)
    return person is not None and bool(await uow.chats.where_admin(await uow.people.all_ids(person.id)))


async def is_own(uow: UnitOfWork, market: int, chat: int | None) -> bool:
    """Whether it is a market of this chat."""
    return chat is not None and chat in (await uow.chats.announcing([market])).get(market, frozenset())


async def _seen(uow: UnitOfWork, records: Collection[Market], viewer: Viewer) -> list[Market]:
    records = [record for record in records if viewer.only in (None, record.id)]
    announced = await uow.chats.announcing([record.id for record in records])
    own = [record for record in records if viewer.chat in announced.get(record.id, frozenset())]
    others = [record for record in records if viewer.chat not in announced.get(record.id, frozenset())]
    seen = [record for record in own if record.status is not Status.DRAFT or viewer.admin]
    if viewer.person is None or not others:
        return seen
    people = await uow.people.all_ids(viewer.person)
    admin_in, joined = await _runs(uow, viewer, people), await uow.markets.joined(people)
    member_in = viewer.chats_as(Standing.MEMBER)
    came_from = (await uow.chats.announcing(joined)).values()

    def may_see(record: Market) -> bool:
        chats = announced.get(record.id, frozenset())
        if chats & admin_in:
            return True
        if record.status is Status.DRAFT:
            return False
        if chats & member_in:
            return True
        return record.id in joined or any(places <= chats for places in came_from)

    return seen + [record for record in others if may_see(record)]


async def _runs(uow: UnitOfWork, viewer: Viewer, people: Collection[int]) -> frozenset[int]:
    """The chats they are an admin of, as their platform said last; of who came in from elsewhere, as it says now."""
    return await uow.chats.where_admin(people) if viewer.vouched is None else viewer.chats_as(Standing.ADMIN)
