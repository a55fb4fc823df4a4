"""Seasons: a chat counts the results of its markets together for a while."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import RowMapping, and_, func, insert, select, update

from engine.state import Status
from storage.journal import Journal
from storage.journal_kinds import Kind
from storage.markets import to_market
from storage.records import Declined, Market
from storage.schema import announcements, config, seasons
from storage.session import Repository, Session, clean

COUNTED = (Status.RESOLVED.value, Status.CLOSED.value)  # paid out; a market called off counts nowhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """`number` counts a chat's seasons from 1; `end_ms` None: it goes on."""

    id: int
    chat: int
    number: int
    title: str
    start_ms: int
    end_ms: int | None


class Seasons(Repository):
    def __init__(self, session: Session, journal: Journal) -> None:
        super().__init__(session)
        self._journal = journal

    async def of_chat(self, chat: int) -> list[Season]:
        """Newest first."""
        query = select(seasons).where(seasons.c.chat == chat).order_by(seasons.c.number.desc())
        return [_season(row) for row in await self._session.rows(query)]

    async def current(self, chat: int) -> Season | None:
        """The one that goes on, if one does."""
        query = select(seasons).where(seasons.c.chat == chat, seasons.c.end_ms.is_(None))
        row = await self._session.row(query)
        return None if row is None else _season(row)

    async def begin(self, chat: int, title: str, now_ms: int) -> Season | Declined:
        """Declined(bad_status) while one goes on."""
        await self._session.serialise("seasons of a chat", chat)
        if await self.current(chat) is not None:
            return Declined(code="bad_status")
        number = 1 + await self._session.number(select(func.max(seasons.c.number)).where(seasons.c.chat == chat))
        season = Season(id=0, chat=chat, number=number, title=clean(title), start_ms=now_ms, end_ms=None)
        values = {"chat": chat, "number": number, "title": season.title, "start_ms": now_ms}
        season = replace(season, id=await self._session.add(insert(seasons), values))
        self._journal.record(Kind.SEASON, {**values, "id": season.id, "end_ms": None})
        return season

    async def end(self, season: int, now_ms: int) -> bool:
        """False where it has ended already."""
        going = and_(seasons.c.id == season, seasons.c.end_ms.is_(None))
        if (await self._session.run(update(seasons).where(going).values(end_ms=now_ms))).rowcount == 0:
            return False
        row = await self._session.row(select(seasons).where(seasons.c.id == season))
        if row is not None:
            self._journal.record(Kind.SEASON, row)
        return True

    async def markets(self, season: Season) -> list[Market]:
        """Those announced in its chat that were paid out while it went on, oldest first."""
        query = select(config).join(announcements, announcements.c.market == config.c.market)
        query = query.where(
            announcements.c.chat == season.chat,
            config.c.status.in_(COUNTED),
            config.c.ended_ms >= season.start_ms,
        )
        if season.end_ms is not None:
            query = query.where(config.c.ended_ms < season.end_ms)
        return [to_market(row) for row in await self._session.rows(query.order_by(config.c.ended_ms, config.c.market))]


def _season(row: RowMapping) -> Season:
    return Season(
        id=row["id"],
        chat=row["chat"],
        number=row["number"],
        title=row["title"],
        start_ms=row["start_ms"],
        end_ms=row["end_ms"],
    )
