"""Nothing that names a person is left in any table, and every number stays."""

from __future__ import annotations

from sqlalchemy import LargeBinary, String, cast, select

from bot.market import identity, membership
from engine.state import Side
from scheduler.tick import run_tick
from storage.database import Database
from storage.people import Preferences
from storage.records import Notice, NoticeAudience
from storage.schema import metadata
from storage.verify import Verified, verify
from tests.storage.worlds import START, append, buy, started

NAME, EXT = "Zyxella Quorn", "ext-zyxella"


async def everything(db: Database) -> str:
    """Every cell of every table, as text."""
    found: list[str] = []
    async with db.reading() as uow:
        for table in metadata.sorted_tables:
            readable = [column for column in table.columns if not isinstance(column.type, LargeBinary)]
            rows = await uow.rows(select(*(cast(column, String) for column in readable)))
            found += [f"{table.name}: {list(row.values())}" for row in rows]
    return "\n".join(found)


async def test_nothing_names_them_afterwards_and_the_books_are_as_they_were(db: Database) -> None:
    world = await started(db, people=1)
    async with db.writing() as uow:
        private = await uow.chats.open("telegram", EXT, "private", NAME, START)
        person = await uow.people.identify("telegram", EXT, NAME, START)
        await membership.join(uow, world.market, person.id, NAME, START)
        await uow.room.append("room", "talk", {"say": "hi", "by": person.id}, author=NAME, now_ms=START)
        await uow.room.append("room", "talk", {"reply": NAME}, author=NAME, person=person.id, now_ms=START)
        await uow.room.append("room", "talk", {"say": "yo", "by": world.people[0]}, author="Ann", now_ms=START)
        await uow.room.append("room", "main", {"head": [f"{NAME} leads."]}, author="", now_ms=START)
        why = f"{NAME} and Ann asked"
        await uow.audit.append(
            action="grant", actor=world.people[0], market=world.market, reason=why, after={"name": NAME}, now_ms=START
        )
        await uow.approvals.propose(
            world.market, "void", [], reason=why, code="c", proposer=world.people[0], now_ms=START
        )
        ticket = await uow.tickets.create(
            world.market, person.id, buy(), reserve=1, terms={}, request_id="t", now_ms=START
        )
        await uow.tickets.bind(ticket.id, "telegram", EXT, "7")
        notice = Notice(kind="order", audience=NoticeAudience.PERSON, payload={"order": 1}, person=person.id)
        await uow.outbox.add(world.market, notice, START)
        await uow.deliveries.set_ref(world.market, "telegram", EXT, "order:1", "8")
        await uow.preferences.put(person.id, Preferences(slippage=1))
        await uow.pings.put(person.id, world.chat, {"lead"})
        await uow.alerts.add(world.market, person.id, 0, Side.YES, 990_000, above=True, now_ms=START)
        await uow.codes.issue("person", "CODE", person=person.id, now_ms=START, expires_ms=START + 9)
        await uow.chats.set_admin(world.chat, person.id, admin=True, now_ms=START)
        await uow.commit()
    await run_tick(db, world.market, START + 2_000)
    await append(db, world, person.id, buy(), "o", at_ms=START + 3_000)
    await run_tick(db, world.market, START + 4_000)
    before = await everything(db)
    assert NAME in before
    assert EXT in before
    async with db.reading() as uow:
        traces = await uow.personal_data.traces(person.id)
        ledger = await uow.ledger.entries(world.market)
        head = (await uow.markets.get_one(world.market)).head
    assert (traces.messages, len(traces.admin_of), traces.alerts) == (2, 1, 1)
    async with db.writing() as uow:
        await identity.forget(uow, person.id, START + 5_000, chat=private.id)
        await uow.commit()
    after = await everything(db)
    for word in (NAME, EXT):
        assert word not in after
    (verified,) = await verify(db)
    assert isinstance(verified, Verified), verified
    assert verified.forgotten >= 5  # name, account, identity, private chat, a line of the log, a proposal
    stays = f"Member {person.id} and Ann asked"
    async with db.reading() as uow:
        line = (await uow.audit.of(world.market))[-1]
        assert (line.reason, line.after) == (stays, {"name": f"Member {person.id}"})
        assert [proposal.reason for proposal in await uow.approvals.waiting(world.market)] == [stays]
        assert f"Member {person.id} leads." in str([one.body for one in await uow.room.since("room", 0, None)])
        assert await uow.people.find("telegram", EXT) is None
        assert await uow.people.identities(person.id) == ()
        assert await uow.alerts.of(world.market, person.id) == []
        assert await uow.ledger.entries(world.market) == ledger
        assert (await uow.markets.get_one(world.market)).head == head
        assert [one.name for one in await uow.members.of(world.market)] == ["Person 0", f"Member {person.id}"]
        assert [one.author for one in await uow.room.since("room", 0, None)] == ["Ann", ""]
    async with db.writing() as uow:
        anew = await uow.people.identify("telegram", EXT, NAME, START + 6_000)
        assert anew.id != person.id
        assert await uow.members.get(world.market, anew.id) is None
