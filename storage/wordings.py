"""What decides a market, in its admins' words: replaced freely before the start, then only ever added to."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import RowMapping, bindparam, delete, func, insert, select

from storage.journal import Journal
from storage.journal_kinds import Kind
from storage.markets import BEFORE_START, Markets
from storage.records import Declined, Wording
from storage.schema import wordings
from storage.session import Repository, Session, clean

_LONGEST = 2_000  # characters; what may be typed is shorter


class Wordings(Repository):
    def __init__(self, session: Session, markets: Markets, journal: Journal) -> None:
        super().__init__(session)
        self._markets, self._journal = markets, journal

    async def of(self, market: int) -> tuple[Wording, ...]:
        """The first text and what was added to it, in that order; () where nothing is written."""
        return tuple(_wording(row) for row in await self._session.rows(_OF, {"market": market}))

    async def replace(self, market: int, text: str, *, actor: int, now_ms: int) -> Wording | Declined | None:
        """In place of all there is; None where `text` is empty, and then nothing is written. Declined(bad_status) once
        the market has started."""
        record = await self._markets.lock(market)
        if record.status not in BEFORE_START:
            return Declined(code="bad_status")
        for wording in await self.of(market):
            self._journal.record(Kind.WORDING, {"market": market, "number": wording.number}, gone=True)
        await self._session.run(delete(wordings).where(wordings.c.market == market))
        return await self._write(market, text, actor, now_ms) if text else None

    async def add(self, market: int, text: str, *, actor: int, now_ms: int) -> Wording | Declined:
        """After all there is. Declined(bad_status) before the start, and once the market is over."""
        record = await self._markets.lock(market)
        if record.status in BEFORE_START or record.over:
            return Declined(code="bad_status")
        return await self._write(market, text, actor, now_ms)

    async def _write(self, market: int, text: str, actor: int, now_ms: int) -> Wording:
        last = await self._session.number(select(func.max(wordings.c.number)).where(wordings.c.market == market))
        wording = Wording(market=market, number=last + 1, text=clean(text, _LONGEST), actor=actor, ts_ms=now_ms)
        row = {part.name: getattr(wording, part.name) for part in fields(wording)}
        await self._session.run(insert(wordings), row)
        self._journal.record(Kind.WORDING, row)
        return wording


_OF = select(wordings).where(wordings.c.market == bindparam("market")).order_by(wordings.c.number)


def _wording(row: RowMapping) -> Wording:
    return Wording(**{part.name: row[part.name] for part in fields(Wording)})
