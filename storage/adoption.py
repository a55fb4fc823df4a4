"""What stood in a database before it had a journal is recorded as it stands, once."""

from __future__ import annotations

from sqlalchemy import select, update

from storage.journal import notice_digest
from storage.journal_kinds import TABLES, Kind
from storage.records import ActionStatus
from storage.schema import actions, config, journal_heads, outbox, people
from storage.unit_of_work import UnitOfWork


async def adopt(uow: UnitOfWork) -> bool:
    """Record every row the journal speaks of, unless a journal has been begun or there is nobody yet; returns whether
    there is something to commit. Needs a writing unit."""
    await uow.serialise("adoption")
    begun = await uow.row(select(journal_heads.c.market).limit(1))
    if begun is not None or await uow.row(select(people.c.id).limit(1)) is None:
        return False
    await uow.markets.lock_all()
    for kind, recorded in TABLES.items():
        query = select(recorded.table).order_by(*recorded.table.primary_key.columns)
        if kind is Kind.SETTLED:
            query = query.where(actions.c.tick_id.is_(None), actions.c.status != ActionStatus.PENDING.value)
        for row in await uow.rows(query):
            uow.journal.record(kind, row)
    for market in await uow.rows(select(config).order_by(config.c.market)):
        number, content = market["market"], {name: market[name] for name in ("rules", "tick", "head")}
        uow.journal.append(number, Kind.STATUS, "", {"status": market["status"]})
        if market["start_ts"] is not None:
            uow.journal.append(number, Kind.ADOPTED, market["tick"], content)
    salt = uow.draw(16).hex()
    await uow.run(update(outbox).values(salt=salt))
    for row in await uow.rows(select(outbox).where(outbox.c.market.is_not(None)).order_by(outbox.c.id)):
        uow.journal.append(row["market"], Kind.NOTICES, "", {"digests": [notice_digest(row)]})
    return True
