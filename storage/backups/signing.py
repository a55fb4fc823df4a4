"""What a restore writes into a database that is brought back, before anybody sees it: that it was restored.

Of every market that may go on: a record in its journal, which the next tick's hash covers, a leaf of its tree
(`storage.proofs.restores`), a line of the audit log, and a message to its chats and its admins.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select, update

from engine.state import Status
from storage.backups.contents import MarketContents
from storage.entrances import KIND as LINK
from storage.journal_kinds import Kind
from storage.markets import TICKING
from storage.proofs.proving import checkpoint_now, newest_head
from storage.proofs.repository import append
from storage.proofs.restores import Restore
from storage.records import Notice, NoticeAudience, Payload, TicketStatus
from storage.room_messages import COUNTER
from storage.schema import codes, config, counters, keys, leases, outbox, room_messages, sessions, tickets
from storage.unit_of_work import UnitOfWork

ACTION = "restore"
NOTICE = "restored"
FAR = 1_000_000_000
"""What screens may still show of the lost history has numbers: of messages, of tickets. The next ones are this much
larger, so that none of them means something else now, and no browser waits for what it believes to have had."""
NOBODY = -1


async def sign_restore(uow: UnitOfWork, contents: Sequence[MarketContents], now_ms: int) -> None:
    """Write it down for every market that is not over. `contents`: as they stand in this database."""
    await uow.run(delete(leases))  # of processes that are no more
    await uow.markets.lock_all()
    going_on = [market for market in contents if market.status in (*TICKING, Status.DRAFT, Status.LOBBY)]
    for market in going_on:
        if market.status in TICKING and market.size:
            await _sign(uow, market, now_ms)
    await _count_far_on(uow, now_ms)
    await uow.run(update(outbox).values(lease_ms=0))
    for market in going_on:
        await _tell(uow, market, now_ms)
    await _end_entrances(uow, now_ms)
    for market in going_on:
        stood: Payload = {"tick": market.tick, "size": market.size}
        await uow.audit.append(action=ACTION, actor=None, market=market.market, now_ms=now_ms, after=stood)


async def _end_entrances(uow: UnitOfWork, now_ms: int) -> None:
    """Who has signed out since is not signed in again; a link of /room that was used since, and a key that was revoked,
    perhaps because somebody else had it, are not good again."""
    await uow.run(update(keys).where(keys.c.revoked_ms.is_(None)).values(revoked_ms=now_ms))
    await uow.run(delete(codes).where(codes.c.kind == LINK, codes.c.used_ms.is_(None)))
    await uow.run(delete(sessions))


async def _sign(uow: UnitOfWork, market: MarketContents, now_ms: int) -> None:
    stands, head = await checkpoint_now(uow, market.market), await _hash(uow, market.market)
    assert stands is not None, "a market with leaves has a root"
    assert market.tick is not None, "a market with leaves has begun"
    restore = Restore(tick=market.tick, size=stands.size, root=stands.root.hex(), head=head, ts_ms=now_ms)
    size, _ = await append(uow, restore.stamp(market.market), stands.size, [restore.leaf])
    await uow.run(update(config).where(config.c.market == market.market).values(leaves=size))
    uow.journal.append(market.market, Kind.RESTORED, restore.tick, restore.to_json())


async def _hash(uow: UnitOfWork, market: int) -> str:
    row = await uow.row(select(config.c.head).where(config.c.market == market))
    return "" if row is None else str(row["head"])


async def _tell(uow: UnitOfWork, market: MarketContents, now_ms: int) -> None:
    """Chats and admins. `head`: the signed head that seals the restore, where there is one."""
    payload: Payload = {
        "tick": market.tick,
        "tick_ms": market.tick_ms,
        "size": market.size,
        "head": await newest_head(uow, market.market),
        "at_ms": now_ms,
    }
    for audience in (NoticeAudience.CHAT, NoticeAudience.ADMINS):
        if audience is NoticeAudience.ADMINS or market.status is not Status.DRAFT:
            notice = Notice(kind=NOTICE, audience=audience, payload={**payload, "admins": audience.value == "admins"})
            await uow.outbox.add(market.market, notice, now_ms)


async def _count_far_on(uow: UnitOfWork, now_ms: int) -> None:
    """Rows that nobody is shown hold the places from which the numbers of messages and tickets go on."""
    counter = await uow.row(select(counters.c.value).where(counters.c.name == COUNTER))
    if counter is not None:
        seq = counter["value"] + FAR
        await uow.run(update(counters).where(counters.c.name == COUNTER).values(value=seq))
        last = await uow.row(select(room_messages).order_by(room_messages.c.id.desc()).limit(1))
        row = {"id": (last["id"] if last else 0) + FAR, "seq": seq, "room": "", "channel": "", "person": NOBODY}
        await uow.run(delete(room_messages).where(room_messages.c.person == NOBODY))
        await uow.run(insert(room_messages).values(**row, author="", body={}, ts_ms=now_ms))
    ticket = await uow.row(select(tickets).order_by(tickets.c.id.desc()).limit(1))
    if ticket is not None:
        named = {"id": ticket["id"] + FAR, "request_id": f"restored:{now_ms}", "ref": None, "order": None}
        status = TicketStatus.REPLACED.value
        await uow.run(insert(tickets).values(**{**ticket, **named, "status": status}))
