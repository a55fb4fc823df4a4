"""Chats, which market speaks in which of them, and who is known as an admin there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import ColumnElement, RowMapping, and_, bindparam, delete, insert, select, tuple_, update

from engine.state import Status
from storage.journal import Journal
from storage.journal_kinds import Kind
from storage.records import Chat, NoticeAudience
from storage.schema import announcements, chat_admins, chat_settings, chats, config, message_refs, outbox, tickets
from storage.session import Repository, Session, clean

SEEN_EVERY_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSettings:
    """What the admins of a chat have set for it: the platform's ids of the role whose holders are admins here and of
    the role to mention, and for which kinds of events (`Reply.ping`); `routes`: the platform's id of the channel some
    kinds of posts go to instead; `silent`: small news makes no sound."""

    admin_role: str | None = None
    ping_role: str | None = None
    ping_kinds: tuple[str, ...] = ()
    routes: Mapping[str, str] = field(default_factory=dict)
    silent: bool = True


class Chats(Repository):
    def __init__(self, session: Session, journal: Journal) -> None:
        super().__init__(session)
        self._journal = journal
        self._opened: dict[tuple[str, str, str, str], Chat] = {}  # in this unit

    async def open(self, platform: str, external_id: str, kind: str, title: str, now_ms: int) -> Chat:
        """The chat with a platform's id, made at first sight. Needs a writing unit, and comes before anybody is
        identified in it."""
        asked = (platform, external_id, kind, clean(title))
        if asked not in self._opened:
            self._session.locks.may("chats")
            self._opened[asked] = await self._open(*asked, now_ms)
        return self._opened[asked]

    async def _open(self, platform: str, external_id: str, kind: str, title: str, now_ms: int) -> Chat:
        chat = await self.find(platform, external_id)
        if chat is None:
            await self._session.serialise("first sight of a chat", f"{platform}:{external_id}")
            chat = await self.find(platform, external_id)
        if chat is None:
            values = {"platform": platform, "external_id": external_id, "kind": kind, "title": title}
            chat = Chat(id=await self._session.add(insert(chats), {**values, "created_ms": now_ms}), **values)
            self._journal.record(Kind.CHAT, {**values, "id": chat.id})
            return chat
        if (chat.kind, chat.title) == (kind, title):
            return chat
        await self._session.run(update(chats).where(chats.c.id == chat.id).values(kind=kind, title=title))
        if chat.kind != kind:
            await self._record(chat.id)
        return replace(chat, kind=kind, title=title)

    async def _record(self, chat: int) -> None:
        row = await self._session.row(select(chats).where(chats.c.id == chat))
        if row is not None:
            self._journal.record(Kind.CHAT, row)

    async def lock(self, chat: int) -> None:
        """Nobody else makes a market here until the unit ends."""
        await self._session.serialise("market of a chat", chat)

    async def find(self, platform: str, external_id: str) -> Chat | None:
        row = await self._session.row(_FIND, {"on": platform, "as": external_id})
        return None if row is None else _chat(row)

    async def get(self, chat: int) -> Chat | None:
        row = await self._session.row(select(chats).where(chats.c.id == chat))
        return None if row is None else _chat(row)

    async def of_market(self, market: int) -> list[Chat]:
        """Where the market is announced: its home first."""
        return [_chat(row) for row in await self._session.rows(_OF_MARKET, {"market": market})]

    async def trading(self, platform: str) -> list[tuple[int, str]]:
        """The markets that trade, or will go on to, with the platform's id of each chat there they are announced in."""
        return [(row["market"], row["external_id"]) for row in await self._session.rows(_TRADING, {"on": platform})]

    async def announcing(self, markets: Collection[int]) -> dict[int, frozenset[int]]:
        """The chats in which each of these is announced; those announced nowhere are left out."""
        return await self._announced(announcements.c.market.in_(sorted(markets)))

    async def announced_in(self, chats_: Collection[int]) -> set[int]:
        """The markets announced in any of these chats."""
        return set(await self._announced(announcements.c.chat.in_(sorted(chats_))))

    async def _announced(self, condition: ColumnElement[bool]) -> dict[int, frozenset[int]]:
        places: dict[int, frozenset[int]] = {}
        for row in await self._session.rows(select(announcements).where(condition)):
            places[row["market"]] = places.get(row["market"], frozenset()) | {row["chat"]}
        return places

    async def where_admin(self, people: Collection[int]) -> frozenset[int]:
        """The chats of which a platform has vouched for one of these people as an admin."""
        query = select(chat_admins.c.chat).where(chat_admins.c.person.in_(sorted(people)))
        return frozenset(row["chat"] for row in await self._session.rows(query))

    async def hold(self, places: Collection[tuple[str, str]]) -> None:
        """Lock these (platform, external id), to mark them later in this unit."""
        await self._session.hold(chats, tuple_(chats.c.platform, chats.c.external_id).in_(sorted(places)))

    async def mark_lost(self, chat: int, why: str, now_ms: int) -> None:
        """Nothing reaches it any more: `why` is one of bot.platform.Why."""
        await self._session.run(update(chats).where(chats.c.id == chat).values(lost_ms=now_ms, lost_why=why))

    async def lost(self) -> list[Chat]:
        """All that cannot be reached now."""
        return [_chat(row) for row in await self._session.rows(select(chats).where(chats.c.lost_why.is_not(None)))]

    async def mark_reachable(self, chat: int) -> None:
        """It can be reached (again)."""
        await self._session.run(update(chats).where(chats.c.id == chat).values(lost_ms=None, lost_why=None))

    async def move(self, platform: str, old_ext: str, new_ext: str) -> None:
        """The same chat under another id: its messages, what waits for it and its tickets go along. Where the new id
        is known already (it was written to before the word came), that row steps aside."""
        await self._session.serialise("first sight of a chat", f"{platform}:{new_ext}")
        chat = await self.find(platform, old_ext)
        if chat is None:
            return
        twin = await self.find(platform, new_ext)
        if twin is not None:
            aside = {"external_id": f"{new_ext} (now {chat.id})"}
            await self._session.run(update(chats).where(chats.c.id == twin.id).values(**aside))
            await self._record(twin.id)
        await self._session.run(update(chats).where(chats.c.id == chat.id).values(external_id=new_ext))
        await self._record(chat.id)
        for table, column in ((tickets, "chat_ext"), (outbox, "target"), (message_refs, "chat_ext")):
            condition = and_(table.c.platform == platform, table.c[column] == old_ext)
            await self._session.hold(table, condition)
            await self._session.run(update(table).where(condition).values({column: new_ext}))

    async def connect(self, market: int, chat: int) -> None:
        """Announce the market, which is locked, in this chat too; repeating it changes nothing."""
        row = {"market": market, "chat": chat}
        await self._session.upsert(announcements, ("market", "chat"), row)
        self._journal.record(Kind.ANNOUNCED, row)

    async def disconnect(self, market: int, chat: int) -> None:
        """Announce it (locked) there no more: what waits for the chat goes, what stands there is nobody's to edit."""
        condition = and_(announcements.c.market == market, announcements.c.chat == chat)
        await self._session.run(delete(announcements).where(condition))
        self._journal.record(Kind.ANNOUNCED, {"market": market, "chat": chat}, gone=True)
        record = await self.get(chat)
        if record is None:
            return
        for table, column in ((outbox, "target"), (message_refs, "chat_ext")):
            place = and_(table.c.platform == record.platform, table.c[column] == record.external_id)
            of_chat = place if table is message_refs else and_(place, outbox.c.audience == NoticeAudience.CHAT.value)
            await self._session.hold(table, and_(table.c.market == market, of_chat))
            await self._session.run(delete(table).where(table.c.market == market, of_chat))

    async def settings(self, chat: int) -> ChatSettings:
        """What was set for it; nothing is what a chat begins with."""
        row = await self._session.row(select(chat_settings).where(chat_settings.c.chat == chat))
        if row is None:
            return ChatSettings()
        kinds = tuple(str(kind) for kind in row["ping_kinds"])
        return ChatSettings(
            admin_role=row["admin_role"],
            ping_role=row["ping_role"],
            ping_kinds=kinds,
            routes={str(kind): str(channel) for kind, channel in (row["routes"] or {}).items()},
            silent=row["silent"],
        )

    async def set_settings(self, chat: int, wanted: ChatSettings) -> None:
        row = {
            "chat": chat,
            "admin_role": wanted.admin_role,
            "ping_role": wanted.ping_role,
            "ping_kinds": list(wanted.ping_kinds),
            "routes": dict(wanted.routes) or None,
            "silent": wanted.silent,
        }
        await self._session.upsert(chat_settings, ("chat",), row)
        self._journal.record(Kind.CHAT_SETTINGS, row)

    async def set_admin(self, chat: int, person: int, *, admin: bool, now_ms: int) -> None:
        """Whether the platform just said that they are an admin of this chat: admins' notices go to those who are."""
        condition = and_(chat_admins.c.chat == chat, chat_admins.c.person == person)
        seen = await self._session.row(select(chat_admins).where(condition))
        if not admin:
            if seen is not None:
                await self._session.run(delete(chat_admins).where(condition))
        elif seen is None or seen["seen_ms"] + SEEN_EVERY_MS <= now_ms:
            row = {"chat": chat, "person": person, "seen_ms": now_ms}
            await self._session.upsert(chat_admins, ("chat", "person"), row)

    async def admins(self, chat: int) -> list[int]:
        """People the platform has vouched for as admins of this chat, by id."""
        query = select(chat_admins.c.person).where(chat_admins.c.chat == chat).order_by(chat_admins.c.person)
        return [row["person"] for row in await self._session.rows(query)]


_FIND = select(chats).where(chats.c.platform == bindparam("on"), chats.c.external_id == bindparam("as"))
_TRADING = (
    select(announcements.c.market, chats.c.external_id)
    .join(chats, announcements.c.chat == chats.c.id)
    .join(config, config.c.market == announcements.c.market)
    .where(chats.c.platform == bindparam("on"), chats.c.lost_why.is_(None), config.c.halted.is_(None))
    .where(config.c.status.in_([Status.RUNNING.value, Status.FROZEN.value, Status.PAUSED.value]))
    .order_by(announcements.c.market, chats.c.id)
)
_OF_MARKET = (  # both are built once: every line and every tick asks them
    select(chats)
    .join(announcements, announcements.c.chat == chats.c.id)
    .join(config, config.c.market == announcements.c.market)
    .where(announcements.c.market == bindparam("market"))
    .order_by((chats.c.id == config.c.chat).desc(), chats.c.id)
)


def _chat(row: RowMapping) -> Chat:
    return Chat(
        id=row["id"],
        platform=row["platform"],
        external_id=row["external_id"],
        kind=row["kind"],
        title=row["title"],
        lost=row["lost_why"],
    )
