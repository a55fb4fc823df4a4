"""What is in a database that is to be kept or brought back, and whether it agrees with the heads it would sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from engine.state import Status
from storage.backups.problems import BackupError
from storage.proofs.checkpoints import SignedCheckpoint
from storage.proofs.proving import newest_head
from storage.proofs.restores import restores_of
from storage.schema import config, journal, journal_heads, ticks
from storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketContents:
    """`tick` and `tick_ms` of its last tick, None before the start; `size` of its tree."""

    market: int
    title: str
    status: Status
    tick: int | None
    tick_ms: int | None
    size: int


async def read_contents(uow: UnitOfWork) -> Sequence[MarketContents]:
    """Every market. Raises BackupError where a head (of a chain, a tree, a journal) is not what the rows below it give;
    whether every row is right only `outcry verify` says, which takes as long as the markets did."""
    await _check_journals(uow)
    contents = []
    for row in await uow.rows(select(config).order_by(config.c.market)):
        number, started = row["market"], row["start_ts"] is not None
        if started:
            await _check_heads(uow, number, row["tick"], row["head"], row["leaves"])
        contents.append(
            MarketContents(
                market=number,
                title=row["title"],
                status=Status(row["status"]),
                tick=row["tick"] if started else None,
                tick_ms=row["tick_ms"] or row["start_ts"],
                size=row["leaves"],
            )
        )
    return contents


async def _check_heads(uow: UnitOfWork, market: int, tick: int, head: str, size: int) -> None:
    last = await uow.row(select(ticks).where(ticks.c.market == market).order_by(ticks.c.tick_id.desc()).limit(1))
    if last is None or (last["tick_id"], last["hash"]) != (tick, head):
        raise BackupError(f"It is not sound: market {market} does not end with the tick it names.")
    if not size:
        return  # begun before there were trees
    try:
        note = await newest_head(uow, market)
    except (KeyError, IndexError):
        note = None
    signed = None if note is None else SignedCheckpoint.read(note)
    restores = [restore for restore in await restores_of(uow, market) if restore.tick == tick]
    grown = max([last["leaves"], *(restore.size + 1 for restore in restores)])
    if not isinstance(signed, SignedCheckpoint) or size != grown:
        raise BackupError(f"It is not sound: the tree of market {market} is not the one its last tick names.")
    if not restores and signed.checkpoint.root.hex() != last["root"]:
        raise BackupError(f"It is not sound: the tree of market {market} has another root than its last tick names.")


async def _check_journals(uow: UnitOfWork) -> None:
    for head in await uow.rows(select(journal_heads)):
        last = select(journal.c.number, journal.c.hash).where(journal.c.market == head["market"])
        row = await uow.row(last.order_by(journal.c.number.desc()).limit(1))
        if row is None or (row["number"], row["hash"]) != (head["number"], head["hash"]):
            raise BackupError(f"It is not sound: the journal of market {head['market']} does not end as it says.")
