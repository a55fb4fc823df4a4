"""The rows that name a person, in whichever table they are: merged with another's, counted, erased.

Orders, trades, positions, the ledger and the audit chain hold numbers only and are never rewritten; a name typed into a
line of the log or a proposal is taken out of it. What the journal recorded of names is deleted there with its salt.
`bot.market.identity` decides when any of this happens.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, and_, delete, func, not_, or_, select, tuple_, update

from storage.journal import Forgettable, Journal
from storage.journal_kinds import TABLES, Kind
from storage.key_value import SIGNED
from storage.markets import Markets
from storage.people import People
from storage.personal_texts import NamedIn, names_of, naming, told_of, without
from storage.records import Identity
from storage.room_messages import PEOPLE, RoomMessages, count
from storage.schema import (
    alerts,
    approvals,
    chat_admins,
    chats,
    codes,
    keys,
    lines,
    links,
    message_refs,
    outbox,
    people,
    pings,
    preferences,
    room_messages,
    sessions,
    telegram_inbox,
    tickets,
    users,
)
from storage.session import Repository, Session, upsert
from storage.waking import Topic
from storage.webhooks import Webhooks

PRIVATE = "private"


def placeholder_name(person: int) -> str:
    """What stands where the name of an erased person stood."""
    return f"Member {person}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What else names a person beside identities, accounts and settings."""

    messages: int  # in the room, by them or to them
    admin_of: tuple[str, ...]  # titles of chats
    lines: int  # kept for buttons and links of theirs
    sessions: int  # by links of /room and as a Mini App
    alerts: int  # that wait, in all markets
    keys: int  # of programs of theirs, that are good
    webhooks: int  # addresses they gave, to be sent news


class PersonalData(Repository):
    def __init__(
        self, session: Session, people: People, markets: Markets, webhooks: Webhooks, journal: Journal
    ) -> None:
        super().__init__(session)
        self._people, self._markets, self._webhooks, self._journal = people, markets, webhooks, journal

    async def shared_markets(self, person: int, other: int) -> list[int]:
        """Markets in which both have an account."""
        others = select(users.c.market).where(users.c.user.in_(await self._people.all_ids(other)))
        own = select(users.c.market).where(users.c.user.in_(await self._people.all_ids(person)))
        query = own.where(users.c.market.in_(others)).distinct().order_by(users.c.market)
        return [row["market"] for row in await self._session.rows(query)]

    async def hold(self, person: int, other: int) -> None:
        """Nobody else joins or is merged under these ids, and none of their identities moves, until the unit ends. Then
        their markets may be locked."""
        await self._session.hold(links, links.c.person.in_((person, other)))
        await self._people.lock(person, other)

    async def markets_naming(self, other: int) -> list[int]:
        """Those in which `merge` writes: they are to be locked before."""
        deciding = select(approvals.c.market).where(_deciding(other))
        rows = await self._session.rows(deciding.union(select(keys.c.market).where(keys.c.person == other)))
        return [row["market"] for row in rows]

    async def hold_messages(self, other: int) -> None:
        """What was said to them in the room, for `merge`: after their markets, before their tickets."""
        await count(self._session, PEOPLE, 1)
        await self._session.hold(room_messages, room_messages.c.person == other)

    async def merge(self, person: int, other: int) -> None:
        """`other` is merged into `person`, both primary and held: what belongs to the human and not to an account
        moves. The person's own settings win over the other's."""
        session = self._session
        merged = or_(people.c.id == other, people.c.merged_into == other)
        used_last = await session.number(select(people.c.market).where(people.c.id == other))
        await session.run(update(people).where(merged).values(merged_into=person))
        await self._record(Kind.PERSON, people, people.c.merged_into == person)
        if used_last:
            without = and_(people.c.id == person, people.c.market.is_(None))
            await session.run(update(people).where(without).values(market=used_last))
        await session.run(update(links).where(links.c.person == other).values(person=person))
        await self._record(Kind.LINK, links, links.c.person == person)
        await self._merge_settings(person, other)
        await session.hold(codes, codes.c.person.in_((person, other)))
        await session.run(delete(codes).where(codes.c.kind == "person", codes.c.person.in_((person, other))))
        await session.run(update(codes).where(codes.c.person == other).values(person=person))
        await session.run(update(sessions).where(sessions.c.person == other).values(person=person))
        await self._merge_keyed(chat_admins, ("chat", "person"), person, other)
        await session.run(update(room_messages).where(room_messages.c.person == other).values(person=person))
        await self._merge_proposals(person, other)
        if await session.row(select(keys.c.id).where(keys.c.person == other).limit(1)) is not None:
            # their markets are held
            await session.run(update(keys).where(keys.c.person == other).values(person=person))
        session.wakes(Topic.PEOPLE)

    async def _merge_proposals(self, person: int, other: int) -> None:
        key = (approvals.c.market, approvals.c.number)
        rows = await self._session.rows(select(*key).where(_deciding(other)))
        if not rows:
            return
        for column in (approvals.c.proposer, approvals.c.decided_by):
            await self._session.run(update(approvals).where(column == other).values({column.name: person}))
        await self._record(Kind.APPROVAL, approvals, tuple_(*key).in_([tuple(row.values()) for row in rows]))

    async def _record(self, kind: Kind, table: Table, condition: ColumnElement[bool]) -> None:
        """The rows as they have just become."""
        for row in await self._session.rows(select(table).where(condition).order_by(*table.primary_key.columns)):
            self._journal.record(kind, row)

    async def _merge_settings(self, person: int, other: int) -> None:
        """Rows of which a person may have one a key: the person's stay, the other's take the free keys."""
        session = self._session
        count = select(func.count()).select_from(preferences).where(preferences.c.person == person)
        if await session.number(count):
            await session.run(delete(preferences).where(preferences.c.person == other))
        else:
            await session.run(update(preferences).where(preferences.c.person == other).values(person=person))
        await self._merge_keyed(pings, ("person", "chat", "kind"), person, other)

    async def _merge_keyed(self, table: Table, keys: tuple[str, ...], person: int, other: int) -> None:
        session, of_other = self._session, table.c.person == other
        await session.hold(table, of_other)
        for row in await session.rows(select(table).where(of_other).order_by(*table.primary_key.columns)):
            await session.run(upsert(session.dialect, table, keys, keys), {**row, "person": person})
        await session.run(delete(table).where(of_other))

    async def traces(self, person: int) -> Traces:
        ids, number = await self._people.all_ids(person), self._session.number
        identities = await self._people.identities(person)
        admin = select(chats.c.title).join(chat_admins, chat_admins.c.chat == chats.c.id)
        rows = await self._session.rows(admin.where(chat_admins.c.person.in_(ids)).order_by(chats.c.id))
        return Traces(
            messages=await number(select(func.count()).select_from(room_messages).where(_messages_of(ids))),
            admin_of=tuple(str(row["title"]) for row in rows),
            lines=await number(select(func.count()).select_from(lines).where(_lines_of(ids, identities))),
            sessions=await number(select(func.count()).select_from(sessions).where(sessions.c.person.in_(ids))),
            alerts=await number(select(func.count()).select_from(alerts).where(alerts.c.user.in_(ids))),
            keys=await number(
                select(func.count()).select_from(keys).where(keys.c.person.in_(ids), keys.c.revoked_ms.is_(None))
            ),
            webhooks=await self._webhooks.count_of(ids),
        )

    async def hold_all(self, person: int, *, chat: int | None = None) -> None:
        """All that `erase` needs to itself, every market among it, locked until the unit ends."""
        session = self._session
        ids, identities = await self._people.all_ids(person), await self._people.identities(person)
        await session.hold(chats, chats.c.id.in_(await self._private_chats(ids, identities, chat)))
        await session.hold(links, links.c.person.in_(ids))
        await self._people.lock(*ids)
        await self._markets.lock_all()

    async def erase(self, person: int, *, chat: int | None = None) -> None:
        """Identities, names, settings, pings, alerts, keys, webhooks, codes, sessions, kept lines, what they typed in
        the room and their name in what others said there and in the log, private chats (`chat` is the one they are in
        now), what waits to be told to them. Accounts and their numbers stay. All of it has been held."""
        session = self._session
        ids, identities = await self._people.all_ids(person), await self._people.identities(person)
        instead, private = placeholder_name(ids[0]), await self._private_chats(ids, identities, chat)
        names = await names_of(session, self._journal, ids)
        texts = await naming(session, ids, names, instead)
        kinds = (Kind.MEMBER, Kind.PERSON, Kind.LINK)
        forgotten = [Forgettable(None, kind, str(number)) for kind in kinds for number in ids]
        forgotten += [Forgettable(None, Kind.CHAT, str(number)) for number in private]
        await self._erase_private_chats(private)
        await session.run(delete(links).where(links.c.person.in_(ids)))
        await self._erase_names(ids, names, instead)
        await self._erase_messages(ids, names, instead)
        await self._erase_waiting(ids, identities)
        await self._erase_settings(ids)
        await self._erase_from_texts(texts)
        await self._journal.forget(person, [*forgotten, *(text.record for text in texts)])
        for text in texts:
            self._journal.record(text.kind, {**text.row, **text.texts})
        await self._record(Kind.CHAT, chats, chats.c.id.in_(private))
        await self._record(Kind.PERSON, people, people.c.id.in_(ids))
        await self._record(Kind.MEMBER, users, users.c.user.in_(ids))
        session.wakes(Topic.PEOPLE)

    async def _erase_names(self, ids: Sequence[int], names: Collection[str], instead: str) -> None:
        """What they are called, everywhere, and in why they were barred."""
        session = self._session
        await session.run(update(people).where(people.c.id.in_(ids)).values(market=None))
        for number in ids:
            name = placeholder_name(number)
            await session.run(update(people).where(people.c.id == number).values(name=name))
            await session.run(update(users).where(users.c.user == number).values(display_name=name))
            barred = and_(users.c.user == number, users.c.barred.is_not(None))
            for row in await session.rows(select(users.c.market, users.c.barred).where(barred)):
                reason = without(row["barred"], names, instead)
                await session.run(update(users).where(barred, users.c.market == row["market"]).values(barred=reason))

    async def _erase_from_texts(self, texts: Sequence[NamedIn]) -> None:
        """The log and proposals say who by number; a name that was typed into them goes."""
        for kind, row, values in texts:
            table = TABLES[kind].table
            same = and_(*(column == row[column.name] for column in table.primary_key.columns))
            await self._session.run(update(table).where(same).values(**values))

    async def _private_chats(self, ids: Sequence[int], identities: Sequence[Identity], chat: int | None) -> list[int]:
        session = self._session
        private = [
            and_(chats.c.platform == identity.platform, chats.c.external_id == identity.external_id)
            for identity in identities
        ]
        ticket_chats = select(tickets.c.platform, tickets.c.chat_ext).where(tickets.c.person.in_(ids)).distinct()
        private += [
            and_(chats.c.platform == row["platform"], chats.c.external_id == row["chat_ext"])
            for row in await session.rows(ticket_chats.where(tickets.c.chat_ext.is_not(None)))
        ]
        if chat is not None:
            private.append(chats.c.id == chat)
        if not private:
            return []
        query = select(chats.c.id).where(chats.c.kind == PRIVATE, or_(*private)).order_by(chats.c.id)
        return [row["id"] for row in await session.rows(query)]

    async def _erase_private_chats(self, private: Sequence[int]) -> None:
        """A private chat's id leads to the person: its row stays for those that refer to it, and says nothing."""
        for number in private:
            values = {"external_id": f"forgotten:{number}", "title": ""}
            await self._session.run(update(chats).where(chats.c.id == number).values(**values))

    async def _erase_waiting(self, ids: Sequence[int], identities: Sequence[Identity]) -> None:
        """What is kept for them, what waits to be told to them, where what they were told stands, and what they said
        that is not done with."""
        session = self._session
        await self._delete(lines, _lines_of(ids, identities))
        nowhere = {"platform": None, "chat_ext": None, "ref": None}
        await session.hold(tickets, tickets.c.person.in_(ids))
        await session.run(update(tickets).where(tickets.c.person.in_(ids)).values(**nowhere))
        places = [
            and_(outbox.c.platform == identity.platform, outbox.c.target == identity.external_id)
            for identity in identities
        ]
        await self._delete(outbox, or_(outbox.c.person.in_(ids), *places))
        await self._webhooks.erase_of(ids)
        for identity in identities:
            sent = and_(message_refs.c.platform == identity.platform, message_refs.c.chat_ext == identity.external_id)
            await self._delete(message_refs, sent)
        telegram = [identity.external_id for identity in identities if identity.platform == "telegram"]
        await self._delete(telegram_inbox, telegram_inbox.c.person.in_(telegram))

    async def _erase_settings(self, ids: Sequence[int]) -> None:
        await self._session.run(delete(alerts).where(alerts.c.user.in_(ids)))
        await self._session.run(delete(keys).where(keys.c.person.in_(ids)))
        # what Telegram signed stays used, or it would open the room once more; a number and a hash name nobody
        kept = and_(codes.c.kind == SIGNED, codes.c.used_ms.is_not(None))
        for table in (preferences, pings, codes, sessions, chat_admins):
            theirs = table.c.person.in_(ids)
            await self._delete(table, and_(theirs, not_(kept)) if table is codes else theirs)

    async def _erase_messages(self, ids: Sequence[int], names: Collection[str], instead: str) -> None:
        """What was said by them or to them, and their name in what others said."""
        await count(self._session, PEOPLE, 1)
        await RoomMessages(self._session).lock()  # a message that is being replaced is replaced before
        await self._delete(room_messages, _messages_of(ids))
        for number, body in await told_of(self._session, names, instead):
            await self._session.run(update(room_messages).where(room_messages.c.id == number).values(body=body))

    async def _delete(self, table: Table, condition: ColumnElement[bool]) -> None:
        await self._session.hold(table, condition)
        await self._session.run(delete(table).where(condition))


def _deciding(person: int) -> ColumnElement[bool]:
    """Proposals by them or settled by them."""
    return or_(approvals.c.proposer == person, approvals.c.decided_by == person)


def _messages_of(ids: Sequence[int]) -> ColumnElement[bool]:
    """Messages of the room by them or to them."""
    author = room_messages.c.body["by"].as_integer()
    return or_(room_messages.c.person.in_(ids), author.in_(ids))


def _lines_of(ids: Sequence[int], identities: Sequence[Identity]) -> ColumnElement[bool]:
    """Lines kept for them, said in their private chat, or with their id on a platform in them."""
    external = [identity.external_id for identity in identities]
    naming = [lines.c.line.contains(f'"{ext}"', autoescape=True) for ext in external]
    return or_(lines.c.person.in_(ids), lines.c.chat_ext.in_(external), *naming)
