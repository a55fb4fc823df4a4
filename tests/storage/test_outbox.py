"""Messages leave at least once, in order per place, newest board only."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from storage.database import Database
from storage.deliveries import LONGEST_RETRY_MS
from storage.records import Notice, NoticeAudience, OutboxRow, Payload
from tests.storage.worlds import START, World, buy, lobby

LEASE = 1_000


def _note(kind: str, payload: Payload | None = None, **more: str) -> Notice:
    return Notice(
        kind=kind, audience=NoticeAudience.CHAT, payload=payload or {}, slot=more.get("slot"), key=more.get("key")
    )


async def _add(db: Database, world: World, *notices: Notice) -> int:
    async with db.writing() as uow:
        count = await uow.outbox.add_many(world.market, notices, START)
        await uow.commit()
    return count


async def _claim(db: Database, now_ms: int = START, n: int = 20) -> Sequence[OutboxRow]:
    async with db.writing() as uow:
        rows = await uow.deliveries.claim(["room", "telegram"], now_ms, LEASE, n)
        await uow.commit()
    return rows


async def _done(db: Database, row: OutboxRow, ref: str | None = None) -> None:
    async with db.writing() as uow:
        await uow.deliveries.done(row, ref, START)
        await uow.commit()


async def _second_chat(db: Database, world: World) -> None:
    async with db.writing() as uow:
        chat = await uow.chats.open("telegram", "-100", "group", "Friends", START)
        await uow.markets.lock(world.market)
        await uow.chats.connect(world.market, chat.id)
        await uow.commit()


async def test_rows_of_one_place_leave_one_after_the_other(db: Database) -> None:
    world = await lobby(db)
    await _second_chat(db, world)
    assert await _add(db, world, _note("a"), _note("b")) == 4
    first = await _claim(db)
    assert [(row.platform, row.kind) for row in first] == [("room", "a"), ("telegram", "a")]
    assert await _claim(db) == []
    await _done(db, first[0])
    assert [(row.platform, row.kind) for row in await _claim(db)] == [("room", "b")]


async def test_a_row_that_waits_for_a_retry_holds_back_what_follows_it(db: Database) -> None:
    world = await lobby(db)
    await _add(db, world, _note("a"), _note("b"))
    (row,) = await _claim(db)
    async with db.writing() as uow:
        await uow.deliveries.retry(row, START + 500, "429")
        await uow.commit()
    assert await _claim(db, START + 499) == []
    (again,) = await _claim(db, START + 500)
    assert (again.id, again.attempts) == (row.id, 2)
    async with db.writing() as uow:
        await uow.deliveries.drop(again, "blocked")
        assert await uow.outbox.backlog() == 1
        await uow.commit()
    assert [one.kind for one in await _claim(db, START + 500)] == ["b"]


async def test_a_lease_that_ran_out_is_handed_out_again(db: Database) -> None:
    world = await lobby(db)
    await _add(db, world, _note("a"))
    await _claim(db)
    assert await _claim(db, START + LEASE - 1) == []
    assert len(await _claim(db, START + LEASE)) == 1


async def test_of_a_board_only_the_newest_waits_and_none_newer_is_lost_while_one_is_sent(db: Database) -> None:
    world = await lobby(db)
    for tick in (1, 2, 3):
        await _add(db, world, _note("board", {"tick": tick}, slot="board", key="board"))
    (row,) = await _claim(db)
    assert (row.payload, row.edit_ref) == ({"tick": 3}, None)
    await _add(db, world, _note("board", {"tick": 4}, slot="board", key="board"))
    await _done(db, row, "m1")
    (newer,) = await _claim(db)
    assert (newer.payload, newer.edit_ref, newer.edit_chat) == ({"tick": 4}, "m1", "town")
    await _done(db, newer, "m1")
    assert await _claim(db) == []


async def test_a_board_overtakes_and_holds_up_nobody(db: Database) -> None:
    world = await lobby(db)
    await _add(db, world, _note("board", slot="board", key="board"), _note("a"), _note("b"))
    assert [row.kind for row in await _claim(db)] == ["board", "a"]


async def test_what_is_urgent_overtakes_in_its_place_and_goes_first_in_its_own_order(db: Database) -> None:
    world = await lobby(db)
    await _second_chat(db, world)
    await _add(db, world, _note("big_trade"), _note("lead_change"), _note("frozen"), _note("eliminated"))
    first = await _claim(db)
    assert [(row.platform, row.kind) for row in first] == [
        *(("room", "frozen"), ("telegram", "frozen")),
        *(("room", "big_trade"), ("telegram", "big_trade")),
    ]
    await _done(db, first[0])
    assert [(row.platform, row.kind) for row in await _claim(db)] == [("room", "eliminated")]


async def test_what_is_urgent_can_be_claimed_alone_and_is_a_chats_matter(db: Database) -> None:
    world = await lobby(db)
    to_one = Notice(kind="frozen", audience=NoticeAudience.PERSON, payload={}, person=world.people[0])
    await _add(db, world, to_one, _note("big_trade"), _note("frozen"))
    async with db.writing() as uow:
        rows = await uow.deliveries.claim(["room"], START, LEASE, urgent=True)
        await uow.commit()
    assert [(row.audience, row.kind) for row in rows] == [(NoticeAudience.CHAT, "frozen")]
    assert [row.kind for row in await _claim(db)] == ["frozen", "big_trade"]


async def test_an_answer_to_a_ticket_goes_where_the_ticket_stands(db: Database) -> None:
    world = await lobby(db)
    ann = world.people[0]
    async with db.writing() as uow:
        ticket = await uow.tickets.create(
            world.market, ann, buy(), reserve=1, terms={}, request_id="room:1", now_ms=START
        )
        await uow.tickets.bind(ticket.id, "room", "town", "m7")
        await uow.commit()
    async with db.writing() as uow:
        notice = Notice(
            kind="order", audience=NoticeAudience.PERSON, payload={"order": 1}, person=ann, ticket=ticket.id
        )
        await uow.outbox.add(world.market, notice, START)
        await uow.commit()
    (row,) = await _claim(db)
    assert (row.target, row.person, row.edit_chat, row.edit_ref) == ("town-0", ann, "town", "m7")


async def test_admins_are_those_vouched_for_else_the_creator(db: Database) -> None:
    world = await lobby(db)
    ann, bob, cat = world.people
    told = Notice(kind="halted", audience=NoticeAudience.ADMINS, payload={})
    await _add(db, world, told)
    assert [row.person for row in await _claim(db)] == [ann]
    async with db.writing() as uow:
        await uow.chats.set_admin(world.chat, cat, admin=True, now_ms=START)
        await uow.chats.set_admin(world.chat, bob, admin=True, now_ms=START)
        await uow.commit()
    await _add(db, world, told)
    assert [row.person for row in await _claim(db)] == [bob, cat]


async def test_what_is_rolled_back_is_not_sent(db: Database) -> None:
    world = await lobby(db)
    async with db.writing() as uow:
        await uow.outbox.add(world.market, _note("a"), START)
    assert await _claim(db) == []
    assert not await db.outbox_filled(0.01)
    await _add(db, world, _note("a"))
    assert await db.outbox_filled(1)
    async with db.reading() as uow:
        assert (await uow.outbox.backlog(), await uow.deliveries.next_due()) == (1, START)


HOUR = 3_600_000
AT_ANOTHER_TIME = {  # what became of a row at START, when the wall's clock says so much later: whether it is handed out
    "written; the clock is set back": ("written", -HOUR, True),
    "written; another machine's clock is behind": ("written", -500, True),
    "leased": ("leased", 0, False),
    "leased; almost over": ("leased", LEASE - 1, False),
    "leased; over": ("leased", LEASE, True),
    "leased; another machine's clock is behind": ("leased", -LEASE, False),
    "leased; the clock is set back": ("leased", -HOUR, True),
    "put off": ("put off", 0, False),
    "put off; almost due": ("put off", LONGEST_RETRY_MS - 1, False),
    "put off; due": ("put off", LONGEST_RETRY_MS, True),
    "put off; the clock is set back": ("put off", -HOUR, True),
}


@pytest.mark.parametrize(("state", "later_ms", "claimed"), AT_ANOTHER_TIME.values(), ids=AT_ANOTHER_TIME)
async def test_a_time_further_ahead_than_it_can_be_meant_is_over(
    db: Database, state: str, later_ms: int, claimed: bool
) -> None:
    """Who reads a lease or a time to try again may have another clock than who wrote it."""
    await _add(db, await lobby(db), _note("a"))
    if state != "written":
        (row,) = await _claim(db)
        if state == "put off":
            async with db.writing() as uow:
                await uow.deliveries.retry(row, START + LONGEST_RETRY_MS, "later")
                await uow.commit()
    assert [row.kind for row in await _claim(db, START + later_ms)] == ["a"] * claimed
