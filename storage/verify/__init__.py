"""A market run again from what was asked of it, against every row that is said to have come of it.

What is taken as given: `start_params` and the time of the start, orders and actions as people sent them, the time of
each tick. All else follows, and is worked out with the functions the tick itself writes with: the first row that is
otherwise is named. The chain of hashes ties what was given to the head; a database rewritten whole has another head, so
one that was posted while the market ran (`wanted`) is not in its chain.

A market of older rules (`config.rules`) is not replayed but `Skipped`, if the journal found it so when the database was
brought up to it: nobody hides a wrong row by calling a market older than it is.

What follows from nothing (names, titles, the log, what is told) must be what the journal recorded of it last. What is
not looked at stands in `NOT_COVERED`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import RowMapping, false, select
from sqlalchemy.exc import DBAPIError

from engine.params import params_from_json, params_to_json
from engine.state import fingerprint, open_market
from engine.terms import MarketParams
from engine.units import RULES
from storage import replay as chain
from storage.database import Database
from storage.journal_kinds import SHARED
from storage.schema import config, metadata, ticks
from storage.trouble import TroubleError
from storage.unit_of_work import UnitOfWork
from storage.verify.compare import Check, Mismatch, Rows, WrongRowError, difference
from storage.verify.final_state import check_end, check_numbers, check_unstarted
from storage.verify.journals import Journals, ReadJournal, check_recorded, read_journal
from storage.verify.replay import Replay, ReplayState, cuts_asked, open_history
from storage.verify.tree import GrownTree

__all__ = [
    "NOT_COVERED",
    "Mismatch",
    "Progress",
    "Result",
    "Skipped",
    "UnreadableError",
    "Verified",
    "verify",
    "verify_market",
]

Progress: TypeAlias = Callable[[int, int, int], None]  # market, ticks done, ticks in all
# tables whose rows no reference ties to a market
WITHOUT_FOREIGN_KEY = tuple(
    table
    for name, table in sorted(metadata.tables.items())
    if table is not config and "market" in table.c and not table.c.market.nullable and not table.c.market.foreign_keys
)


class UnreadableError(Exception):
    """The database cannot be opened, or is not one of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Every row is what it must be. `holds`: whether the hash or root that was asked for is one of its ticks',
    and of which it is (`held`);
    `records`: of the journals, `forgotten` of them without what they said, at somebody's wish; `restored_ms`: when it
    was restored from a backup last, if ever."""

    market: int
    ticks: int
    orders: int
    head: str
    holds: bool = False
    held: int | None = None
    records: int = 0
    forgotten: int = 0
    restored_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Of older rules, which this version cannot play: nothing was checked. `holds`: whether the hash that was asked for
    stands in its chain, as it is stored."""

    market: int
    ticks: int
    rules: int
    holds: bool = False


Result: TypeAlias = Verified | Skipped | Mismatch


async def verify(
    db: Database, market: int | None = None, wanted: str | None = None, progress: Progress | None = None
) -> list[Result]:
    """Every market, or one, in one snapshot; ends with the first Mismatch. `wanted` is a hash or the beginning of one,
    or the root of a posted head, that must be some tick's. Raises LookupError for an unknown market, UnreadableError.
    """
    await check_readable(db)
    results: list[Result] = []
    try:
        async with db.reading(at_length=True) as uow:
            known = [row["market"] for row in await uow.rows(select(config.c.market).order_by(config.c.market))]
            if market is not None and market not in known:
                raise LookupError(f"there is no market {market}")
            shared = await read_journal(uow, SHARED)
            await check_recorded(uow, shared, shared)
            for number in known if market is None else [market]:
                results.append(await verify_market(uow, number, shared, wanted=wanted, progress=progress))
                if isinstance(results[-1], Mismatch):
                    return results
            if market is None and (orphan := await _orphan_row(uow)) is not None:
                return [*results, orphan]
    except WrongRowError as wrong:
        return [*results, wrong.mismatch]
    except (DBAPIError, TroubleError) as error:
        raise UnreadableError(str(getattr(error, "orig", error))) from error
    if wanted is not None and not any(result.holds for result in results if not isinstance(result, Mismatch)):
        check = Check(market=results[0].market if len(results) == 1 else 0)
        return [*results, check.wrong("ticks", "any", "hash", wanted, "not in the chain").mismatch]
    return results


async def verify_market(
    uow: UnitOfWork,
    number: int,
    shared: ReadJournal,
    *,
    wanted: str | None = None,
    progress: Progress | None = None,
) -> Result:
    """Run one market again. Raises LookupError for an unknown one; whether `wanted` is in its chain is in `holds`."""
    check = Check(market=number)
    try:
        stored = await _stored(uow, check)
        journals = Journals(market=await read_journal(uow, number), shared=shared)
        try:
            async with AsyncExitStack() as stack:
                history = await open_history(stack, uow.connection, check)
                if stored["start_ts"] is None:
                    await _check_unstarted(uow, check, stored, history)
                    await check_recorded(uow, journals.market, shared)
                    records, forgotten = journals.records, journals.forgotten
                    return Verified(market=number, ticks=0, orders=0, head="", records=records, forgotten=forgotten)
                if stored["rules"] < RULES:
                    return await _skipped(uow, check, stored, journals, wanted)
                if stored["rules"] > RULES:
                    check.chained = False
                    raise check.wrong("config", number, "rules", RULES, stored["rules"])
                past = ReplayState.opening(stored, check, cuts=await cuts_asked(uow, number))
                tree = await GrownTree.empty(uow, check)
                await _run(Replay(check, past, history, tree, journals, wanted, uow), stored, progress)
            await check_end(uow, check, past, stored, journals.market.status)
            await tree.check_end(uow)
            await check_recorded(uow, journals.market, shared)
        except WrongRowError as wrong:
            if not wrong.mismatch.chained:  # rather name what is gone than what is missing because of it
                await check_numbers(uow, check, stored["intents"])
            raise
    except WrongRowError as wrong:
        return wrong.mismatch
    return Verified(
        market=number,
        ticks=past.market.tick,
        orders=past.orders,
        head=past.market.head,
        holds=past.held is not None,
        held=past.held,
        records=journals.records,
        forgotten=journals.forgotten,
        restored_ms=max((restore.ts_ms for restore in journals.market.restores), default=None),
    )


async def _stored(uow: UnitOfWork, check: Check) -> RowMapping:
    with check.readable("config", check.market):
        row = await uow.row(select(config).where(config.c.market == check.market))
    if row is None:
        raise LookupError(f"there is no market {check.market}")
    return row


async def _skipped(
    uow: UnitOfWork, check: Check, stored: RowMapping, journals: Journals, wanted: str | None
) -> Skipped:
    """Raises WrongRowError where the journal did not find it begun by these older rules: then it is not older."""
    heads = select(ticks.c.hash).where(ticks.c.market == check.market)
    adopted = journals.market.adopted
    if adopted is None or adopted["rules"] != stored["rules"]:
        raise check.wrong("config", check.market, "rules", adopted["rules"] if adopted else RULES, stored["rules"])
    last = await uow.row(heads.where(ticks.c.tick_id == adopted["tick"]))
    if last is None or last["hash"] != adopted["head"]:
        raise check.wrong("ticks", adopted["tick"], "hash", adopted["head"], last["hash"] if last else None)
    await check_recorded(uow, journals.market, journals.shared)
    holds = wanted is not None and await uow.row(heads.where(ticks.c.hash.startswith(wanted)).limit(1)) is not None
    return Skipped(market=check.market, ticks=stored["tick"], rules=stored["rules"], holds=holds)


async def _run(replay: Replay, stored: RowMapping, progress: Progress | None) -> None:
    """From the start to the tick `config` has as its last."""
    await _check_start(replay, stored)
    await replay.start(stored["start_ts"])
    for number in range(1, stored["tick"] + 1):
        if progress is not None:
            progress(replay.check.market, number - 1, stored["tick"])
        await replay.tick()
        await asyncio.sleep(0)  # whatever else runs on this loop goes on between two ticks
    await replay.end()


async def _check_start(replay: Replay, stored: RowMapping) -> None:
    """What the first hash is made of: parameters and time. Where it is not theirs, what it would be with the other
    copy of each says which was changed; else the rows of tick 0 tell."""
    check, start_ms, params = replay.check, stored["start_ts"], replay.past.market.params
    first, recorded = await replay.first(), await replay.recorded()

    def fits(at_ms: int, terms: MarketParams) -> bool:
        return str(first["hash"]) == chain.genesis(
            check.market, at_ms, terms, fingerprint(open_market(terms)), recorded
        )

    if fits(start_ms, params):
        return
    check.chained = False
    if fits(first["ts_ms"], params):
        raise check.wrong("config", check.market, "start_ts", first["ts_ms"], start_ms)
    with check.readable("config", check.market):
        later = params_from_json(stored["params"])
    if fits(start_ms, later):
        given = difference("start_params", params_to_json(later), stored["start_params"])
        raise check.wrong("config", check.market, *given)


async def _check_unstarted(uow: UnitOfWork, check: Check, stored: RowMapping, history: Mapping[str, Rows]) -> None:
    await check_unstarted(uow, check, stored)
    for rows in history.values():
        await rows.expect_end()


async def _orphan_row(uow: UnitOfWork) -> Mismatch | None:
    """A row of a market there is not."""
    known = select(config.c.market)
    for table in WITHOUT_FOREIGN_KEY:
        row = await uow.row(select(table).where(table.c.market.not_in(known), table.c.market != SHARED).limit(1))
        if row is not None:
            keys = [row[column.name] for column in table.primary_key.columns if column.name != "market"]
            check = Check(market=row["market"])
            return check.surplus(table.name, "/".join(map(str, keys))).mismatch
    return None


async def check_readable(db: Database) -> None:
    """Raises UnreadableError, whatever the driver calls it: each has errors of its own for a server that does not
    answer, a password, a file that is something else."""
    try:
        async with db.reading(at_length=True) as uow:
            await uow.row(select(config).where(false()))
    except Exception as error:
        raise UnreadableError(str(getattr(error, "orig", None) or error)) from error
