"""Two people turn out to be one: identities move together, accounts in markets stay under the numbers they have.

Orders, trades, the ledger and the audit chain know accounts by number and are never rewritten: whose number it is now
is asked in one place, `People.selves` and `People.owner`.

Forgetting a person: what names her goes, what counts stays under a number.

Orders, trades, positions, the ledger, the audit chain and the audit log hold numbers only and are never rewritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from storage.audit import Audit
from storage.markets import Markets
from storage.members import Members
from storage.people import People
from storage.records import Declined, Identity, Market, Member, TicketStatus
from storage.schema import (
    approvals,
    chat_admins,
    chats,
    codes,
    lines,
    links,
    message_refs,
    outbox,
    people,
    pings,
    preferences,
    room_messages,
    tickets,
    users,
)
from storage.session import Repository, Session, upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """`other` is `person` from now on. `closed`: markets in which one of two accounts was not used and goes, with the
    micro-dollars that go back to the bank; `markets`: all that are hers now."""

    person: int
    other: int
    closed: tuple[tuple[Market, int], ...]
    markets: tuple[Market, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDeclined:
    """code: same | both_used (in `market`); nothing was changed."""

    code: str
    market: Market | None = None


class Linking(Repository):
    def __init__(self, session: Session, people: People, markets: Markets, members: Members, audit: Audit) -> None:
        super().__init__(session)
        self._people, self._markets, self._members, self._audit = people, markets, members, audit

    async def join(self, person: int, other: int, now_ms: int) -> Linked | LinkDeclined:
        """Make `other` one with `person`. Where both have an account in a market, the unused one is closed: in a lobby
        at once, in a running market with the next tick. A market that is over keeps both in its books; the used one is
        hers. Everything or nothing: the caller must not commit a LinkDeclined."""
        await self._people.hold(person, other)
        person, other = await self._people.owner(person), await self._people.owner(other)
        if person == other:
            return LinkDeclined(code="same")
        leavers: list[tuple[Market, Member]] = []
        for number in await self._shared(person, other):
            market = await self._markets.lock(number)
            leaver = await self._unused(number, person, other)
            if leaver is None:
                return LinkDeclined(code="both_used", market=market)
            leavers.append((market, leaver))
        closed: list[tuple[Market, int]] = []
        for market, leaver in leavers:
            found = await self._close(market, leaver, person, now_ms)
            if isinstance(found, LinkDeclined):
                return found
            if found is not None:
                closed.append((market, found))
        await self._move(person, other)
        self._session.after_commit(self._session.cache.forget_people)
        await self._audit.append(action="link", actor=person, now_ms=now_ms, after={"person": person, "with": other})
        markets = await self._markets.of_person(person)
        return Linked(person=person, other=other, closed=tuple(closed), markets=tuple(markets))

    async def _shared(self, person: int, other: int) -> list[int]:
        """Markets in which both have an account."""
        theirs = select(users.c.market).where(users.c.user.in_(await self._people.selves(other)))
        hers = select(users.c.market).where(users.c.user.in_(await self._people.selves(person)))
        both = hers.where(users.c.market.in_(theirs)).distinct().order_by(users.c.market)
        return [row["market"] for row in await self._session.rows(both)]

    async def _unused(self, market: int, person: int, other: int) -> Member | None:
        """The account to close, the other's if neither was used; None where both were."""
        for one in (other, person):
            member = await self._members.get(market, one)
            if member is None:
                raise LookupError(f"person {one} has no account in market {market}")
            if not await self._members.used(market, member.person):
                return member
        return None

    async def _close(self, market: Market, leaver: Member, actor: int, now_ms: int) -> int | LinkDeclined | None:
        """Micro-dollars that go back; None in a market that is over."""
        here = and_(tickets.c.market == market.id, tickets.c.person == leaver.person)
        still_open = and_(here, tickets.c.status == TicketStatus.OPEN.value)
        await self._session.run(update(tickets).where(still_open).values(status=TicketStatus.CANCELLED.value))
        request = f"link:{market.id}:{leaver.person}:{now_ms}"
        left = await self._members.leave(market.id, leaver.person, request, now_ms, actor)
        if not isinstance(left, Declined):
            return left.cash
        over = left.code in {"not_running", "disputed"}
        return None if over else LinkDeclined(code="both_used", market=market)

    async def _move(self, person: int, other: int) -> None:
        """What belongs to the human and not to an account. Her own settings win over the other's."""
        session = self._session
        joined = or_(people.c.id == other, people.c.merged_into == other)
        used_last = await session.number(select(people.c.market).where(people.c.id == other))
        await session.run(update(people).where(joined).values(merged_into=person))
        if used_last:
            first = and_(people.c.id == person, people.c.market.is_(None))
            await session.run(update(people).where(first).values(market=used_last))
        await session.run(update(links).where(links.c.person == other).values(person=person))
        await self._move_rows(person, other)
        await session.run(delete(codes).where(codes.c.kind == "person", codes.c.person.in_((person, other))))
        await session.run(update(codes).where(codes.c.person == other).values(person=person))
        await session.run(update(room_messages).where(room_messages.c.person == other).values(person=person))
        for column in (approvals.c.proposer, approvals.c.decided_by):
            await session.run(update(approvals).where(column == other).values({column.name: person}))

    async def _move_rows(self, person: int, other: int) -> None:
        """Rows of which one a person may be there: hers stay, the other's take the free places."""
        session = self._session
        hers = await session.number(select(func.count()).select_from(preferences).where(preferences.c.person == person))
        if hers:
            await session.run(delete(preferences).where(preferences.c.person == other))
        else:
            await session.run(update(preferences).where(preferences.c.person == other).values(person=person))
        for table, keys in ((pings, ("person", "chat", "kind")), (chat_admins, ("chat", "person"))):
            rows = await session.rows(select(table).where(table.c.person == other))
            for row in rows:
                free = {**row, "person": person}
                await session.run(upsert(session.dialect, table, keys, keys), free)
            await session.run(delete(table).where(table.c.person == other))


PRIVATE = "private"


def nameless(number: int) -> str:
    """What stands where a name stood."""
    return f"Member {number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What else names her beside identities, accounts and settings."""

    messages: int  # in the room, by her or to her
    admin_of: tuple[str, ...]  # titles of chats
    lines: int  # kept for buttons and links of hers


class Forgetting(Repository):
    def __init__(self, session: Session, people: People, audit: Audit) -> None:
        super().__init__(session)
        self._people, self._audit = people, audit

    async def traces(self, person: int) -> Traces:
        selves, run = await self._people.selves(person), self._session.number
        identities = await self._people.identities(person)
        by = room_messages.c.body["by"].as_integer()
        said = or_(room_messages.c.person.in_(selves), by.in_(selves))
        admin = select(chats.c.title).join(chat_admins, chat_admins.c.chat == chats.c.id)
        rows = await self._session.rows(admin.where(chat_admins.c.person.in_(selves)).order_by(chats.c.id))
        return Traces(
            messages=await run(select(func.count()).select_from(room_messages).where(said)),
            admin_of=tuple(str(row["title"]) for row in rows),
            lines=await run(select(func.count()).select_from(lines).where(_kept_of(selves, identities))),
        )

    async def erase(self, person: int, now_ms: int, *, chat: int | None = None) -> None:
        """Everything that names her: identities, names, settings, pings, codes, kept lines, what she typed in the room,
        private chats (`chat` is the one she is in now), what waits to be told to her. Her accounts and their numbers
        stay. Who had been told to her before is a stranger from here on. Her orders are the caller's to cancel."""
        session = self._session
        await self._people.hold(person)
        person = await self._people.owner(person)
        selves, identities = await self._people.selves(person), await self._people.identities(person)
        await self._private_chats(selves, identities, chat)
        await self._messages(selves, identities)
        await session.run(delete(lines).where(_kept_of(selves, identities)))
        for table in (chat_admins, codes, links, pings, preferences):
            await session.run(delete(table).where(table.c.person.in_(selves)))
        await session.run(update(people).where(people.c.id.in_(selves)).values(market=None))
        for number in selves:
            await session.run(update(people).where(people.c.id == number).values(name=nameless(number)))
            await session.run(update(users).where(users.c.user == number).values(display_name=nameless(number)))
        await self._audit.append(action="forget", actor=person, now_ms=now_ms)
        self._session.after_commit(self._session.cache.forget_people)

    async def _private_chats(self, selves: Sequence[int], identities: Sequence[Identity], chat: int | None) -> None:
        """A private chat's id leads to her: its row stays for those that point to it, and says nothing."""
        session = self._session
        hers = [and_(chats.c.platform == one.platform, chats.c.external_id == one.external_id) for one in identities]
        stood = select(tickets.c.platform, tickets.c.chat_ext).where(tickets.c.person.in_(selves)).distinct()
        hers += [
            and_(chats.c.platform == row["platform"], chats.c.external_id == row["chat_ext"])
            for row in await session.rows(stood.where(tickets.c.chat_ext.is_not(None)))
        ]
        if chat is not None:
            hers.append(chats.c.id == chat)
        if hers:
            found = await session.rows(select(chats.c.id).where(chats.c.kind == PRIVATE, or_(*hers)))
            for row in found:
                values = {"external_id": f"forgotten:{row['id']}", "title": ""}
                await session.run(update(chats).where(chats.c.id == row["id"]).values(**values))
        nowhere = {"platform": None, "chat_ext": None, "ref": None}
        await session.run(update(tickets).where(tickets.c.person.in_(selves)).values(**nowhere))

    async def _messages(self, selves: Sequence[int], identities: Sequence[Identity]) -> None:
        """What was said by her or to her, and what waits to be."""
        session = self._session
        by = room_messages.c.body["by"].as_integer()
        await session.run(delete(room_messages).where(or_(room_messages.c.person.in_(selves), by.in_(selves))))
        await session.run(delete(outbox).where(outbox.c.person.in_(selves)))
        for one in identities:
            to_her = and_(outbox.c.platform == one.platform, outbox.c.target == one.external_id)
            await session.run(delete(outbox).where(to_her))
            stood = and_(message_refs.c.platform == one.platform, message_refs.c.chat_ext == one.external_id)
            await session.run(delete(message_refs).where(stood))


def _kept_of(selves: Sequence[int], identities: Sequence[Identity]) -> ColumnElement[bool]:
    """Lines kept for her, said in her private chat, or with her id on a platform in them."""
    exts = [one.external_id for one in identities]
    named = [lines.c.line.contains(f'"{ext}"', autoescape=True) for ext in exts]
    return or_(lines.c.person.in_(selves), lines.c.chat_ext.in_(exts), *named)
