"""The journals against their own hashes, and every table they speak of against what was recorded last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import RowMapping, select

from engine.state import Status
from storage.journal import Head, Heads, commit_to, following
from storage.journal_kinds import GONE, SHARED, TABLES, Kind, Recorded
from storage.proofs.proving import signed_head
from storage.proofs.restores import Restore
from storage.records import ActionStatus, Payload
from storage.schema import actions, config, journal, journal_heads
from storage.unit_of_work import UnitOfWork
from storage.verify.compare import PAGE, Check
from storage.verify.messages import check_messages, waiting_digests


@dataclass(slots=True, kw_only=True)
class ReadJournal:
    """One journal from its first record to its last.

    hashes: after each record, that of none first; latest: by kind and key what was recorded last, None where the row is
    gone; status: the last that no tick gave it; waiting: digests of the messages that wait, digests: those of them that
    were recorded; posted: heads by tick; restores: from backups, in their order; adopted: how a market stood that
    had begun before its journal; forgotten: numbers of records without content; given_up: those the shared journal says
    were deleted, by market.
    """

    market: int
    hashes: list[str] = field(default_factory=lambda: [""])
    latest: dict[str, dict[str, Payload | None]] = field(default_factory=dict)
    status: str = Status.DRAFT.value
    waiting: frozenset[str] = frozenset()
    digests: set[str] = field(default_factory=set)
    posted: dict[int, str] = field(default_factory=dict)
    restores: list[Restore] = field(default_factory=list)
    adopted: Payload | None = None
    forgotten: set[int] = field(default_factory=set)
    given_up: dict[int, set[int]] = field(default_factory=dict)

    def head(self, check: Check, stored: RowMapping, column: str) -> Head:
        """What a tick covers of it, by the tick's row."""
        number = stored[column]
        if number is None or not 0 <= number < len(self.hashes):
            check.chained = False
            raise check.wrong("ticks", stored["tick_id"], column, f"0 to {len(self.hashes) - 1}", number)
        return Head(number, self.hashes[number])

    def add(self, row: RowMapping) -> None:
        kind, content = row["kind"], row["content"]
        if content is None:
            self.forgotten.add(row["number"])
        elif kind in TABLES:
            ident = _name(TABLES[Kind(kind)], content, self.market)
            self.latest.setdefault(kind, {})[ident] = None if GONE in content else content
        elif kind == Kind.NOTICES:
            self.digests.update(self.waiting.intersection(content["digests"]))
        elif kind == Kind.STATUS:
            self.status = content["status"]
        elif kind == Kind.ADOPTED:
            self.adopted = content
        elif kind == Kind.POSTED:
            self.posted[content["tick"]] = content["head"]
        elif kind == Kind.RESTORED:
            self.restores.append(Restore.read(content))
        elif kind == Kind.FORGOTTEN:
            for market, numbers in content.items():
                self.given_up.setdefault(int(market), set()).update(numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Journals:
    """That of a market, and the one of what belongs to none."""

    market: ReadJournal
    shared: ReadJournal

    @property
    def records(self) -> int:
        return len(self.market.hashes) + len(self.shared.hashes) - 2

    @property
    def forgotten(self) -> int:
        return len(self.market.forgotten) + len(self.shared.forgotten)

    def heads(self, check: Check, tick: RowMapping) -> Heads:
        """Those a tick covers, by its row. Raises WrongRowError."""
        return Heads(
            market=self.market.head(check, tick, "journal"), shared=self.shared.head(check, tick, "shared_journal")
        )


async def read_journal(uow: UnitOfWork, market: int) -> ReadJournal:
    """Every record with its commitment and its place in the chain. Raises WrongRowError."""
    read = ReadJournal(market=market, waiting=await waiting_digests(uow, market))
    check, head = Check(market=market), Head()
    query = select(journal).where(journal.c.market == market).order_by(journal.c.number)
    async with uow.connection.stream(query.execution_options(yield_per=PAGE)) as streamed:
        async for row in streamed.mappings():
            number = row["number"]
            if number != head.number + 1:
                raise check.missing("journal", head.number + 1)
            head = following(head, row["kind"], row["subject"], row["commitment"])
            if head.hash != row["hash"]:
                raise check.wrong("journal", number, "hash", head.hash, row["hash"])
            if row["content"] is not None:
                with check.readable("journal", number):
                    committed = commit_to(row["salt"], row["kind"], row["subject"], row["content"])
                    if committed == row["commitment"]:
                        read.add(row)
                if committed != row["commitment"]:
                    raise check.wrong("journal", number, "content", row["commitment"], committed)
            else:
                read.add(row)
            read.hashes.append(head.hash)
    stored = await uow.row(select(journal_heads).where(journal_heads.c.market == market))
    last = Head() if stored is None else Head(stored["number"], stored["hash"])
    if last.number > head.number:
        raise check.missing("journal", head.number + 1)
    if last.number < head.number:
        raise check.surplus("journal", last.number + 1)
    if last.hash != head.hash:
        raise check.wrong("journal_heads", market, "hash", head.hash, last.hash)
    return read


async def check_recorded(uow: UnitOfWork, read: ReadJournal, shared: ReadJournal) -> None:
    """That the tables say what was recorded last, and nothing that was not. Raises WrongRowError."""
    check = Check(market=read.market)
    for number in sorted(read.forgotten ^ shared.given_up.get(read.market, set())):
        if number in read.forgotten:
            raise check.wrong("journal", number, "content", "a record", None)
        raise check.wrong("journal", number, "content", None, "a record")  # said to be forgotten, and is not
    for kind, recorded in TABLES.items():
        found = await _rows(uow, kind, recorded, read.market)
        if found is not None:
            latest = read.latest.get(kind, {})
            expected = {ident: content for ident, content in latest.items() if content is not None}
            check.same_set(recorded.table.name, expected, found)
    if read.market != SHARED:
        await _check_status(uow, check, read)
        await _check_posted(uow, check, read)
    await check_messages(uow, check, read.digests)


async def _rows(uow: UnitOfWork, kind: Kind, recorded: Recorded, market: int) -> Mapping[str, RowMapping] | None:
    """The rows of a table by name; None where the kind is not of this journal."""
    table = recorded.table
    query = select(table)
    if recorded.shared:
        if market != SHARED:
            return None
    elif market != SHARED:
        query = query.where(table.c.market == market)
    elif table.c.market.nullable:
        query = query.where(table.c.market.is_(None))
    else:
        return None
    if kind is Kind.SETTLED:
        query = query.where(actions.c.tick_id.is_(None), actions.c.status != ActionStatus.PENDING.value)
    return {_name(recorded, row, market): row for row in await uow.rows(query)}


def _name(recorded: Recorded, row: Mapping[str, object] | RowMapping, market: int) -> str:
    return "/".join(str(row[column]) for column in recorded.key) or str(market)


async def _check_status(uow: UnitOfWork, check: Check, read: ReadJournal) -> None:
    stored = await uow.row(select(config).where(config.c.market == read.market))
    if stored is not None and stored["start_ts"] is None and stored["status"] != read.status:
        raise check.wrong("config", read.market, "status", read.status, stored["status"])


async def _check_posted(uow: UnitOfWork, check: Check, read: ReadJournal) -> None:
    """Each is signed anew: the same key and the same tree give the same head."""
    for tick, head in read.posted.items():
        check.tick = tick
        stored = await signed_head(uow, read.market, tick)
        if stored != head:
            raise check.wrong("ticks", tick, "root", head, stored)
    check.tick = 0
