"""Forgetting a person: what names her goes, what counts stays under a number.

Orders, trades, positions, the ledger, the audit chain and the audit log hold numbers only and are never rewritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from storage.records import Identity
from storage.schema import (
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
from storage.session import Repository

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
    async def traces(self, person: int) -> Traces:
        selves, run = await self._uow.people.selves(person), self._uow.number
        identities = await self._uow.people.identities(person)
        by = room_messages.c.body["by"].as_integer()
        said = or_(room_messages.c.person.in_(selves), by.in_(selves))
        admin = select(chats.c.title).join(chat_admins, chat_admins.c.chat == chats.c.id)
        rows = await self._uow.rows(admin.where(chat_admins.c.person.in_(selves)).order_by(chats.c.id))
        return Traces(
            messages=await run(select(func.count()).select_from(room_messages).where(said)),
            admin_of=tuple(str(row["title"]) for row in rows),
            lines=await run(select(func.count()).select_from(lines).where(_kept_of(selves, identities))),
        )

    async def erase(self, person: int, now_ms: int, *, chat: int | None = None) -> None:
        """Everything that names her: identities, names, settings, pings, codes, kept lines, what she typed in the room,
        private chats (`chat` is the one she is in now), what waits to be told to her. Her accounts and their numbers
        stay. Who had been told to her before is a stranger from here on. Her orders are the caller's to cancel."""
        uow = self._uow
        await uow.people.hold(person)
        person = await uow.people.owner(person)
        selves, identities = await uow.people.selves(person), await uow.people.identities(person)
        await self._private_chats(selves, identities, chat)
        await self._messages(selves, identities)
        await uow.run(delete(lines).where(_kept_of(selves, identities)))
        for table in (chat_admins, codes, links, pings, preferences):
            await uow.run(delete(table).where(table.c.person.in_(selves)))
        await uow.run(update(people).where(people.c.id.in_(selves)).values(market=None))
        for number in selves:
            await uow.run(update(people).where(people.c.id == number).values(name=nameless(number)))
            await uow.run(update(users).where(users.c.user == number).values(display_name=nameless(number)))
        await uow.audit.append(action="forget", actor=person, now_ms=now_ms)
        self._uow.after_commit.append(self._uow.cache.forget_people)

    async def _private_chats(self, selves: Sequence[int], identities: Sequence[Identity], chat: int | None) -> None:
        """A private chat's id leads to her: its row stays for those that point to it, and says nothing."""
        uow = self._uow
        hers = [and_(chats.c.platform == one.platform, chats.c.external_id == one.external_id) for one in identities]
        stood = select(tickets.c.platform, tickets.c.chat_ext).where(tickets.c.person.in_(selves)).distinct()
        hers += [
            and_(chats.c.platform == row["platform"], chats.c.external_id == row["chat_ext"])
            for row in await uow.rows(stood.where(tickets.c.chat_ext.is_not(None)))
        ]
        if chat is not None:
            hers.append(chats.c.id == chat)
        if hers:
            found = await uow.rows(select(chats.c.id).where(chats.c.kind == PRIVATE, or_(*hers)))
            for row in found:
                values = {"external_id": f"forgotten:{row['id']}", "title": ""}
                await uow.run(update(chats).where(chats.c.id == row["id"]).values(**values))
        nowhere = {"platform": None, "chat_ext": None, "ref": None}
        await uow.run(update(tickets).where(tickets.c.person.in_(selves)).values(**nowhere))

    async def _messages(self, selves: Sequence[int], identities: Sequence[Identity]) -> None:
        """What was said by her or to her, and what waits to be."""
        uow = self._uow
        by = room_messages.c.body["by"].as_integer()
        await uow.run(delete(room_messages).where(or_(room_messages.c.person.in_(selves), by.in_(selves))))
        await uow.run(delete(outbox).where(outbox.c.person.in_(selves)))
        for one in identities:
            to_her = and_(outbox.c.platform == one.platform, outbox.c.target == one.external_id)
            await uow.run(delete(outbox).where(to_her))
            stood = and_(message_refs.c.platform == one.platform, message_refs.c.chat_ext == one.external_id)
            await uow.run(delete(message_refs).where(stood))


def _kept_of(selves: Sequence[int], identities: Sequence[Identity]) -> ColumnElement[bool]:
    """Lines kept for her, said in her private chat, or with her id on a platform in them."""
    exts = [one.external_id for one in identities]
    named = [lines.c.line.contains(f'"{ext}"', autoescape=True) for ext in exts]
    return or_(lines.c.person.in_(selves), lines.c.chat_ext.in_(exts), *named)
