"""A link of `/room` becomes one session, whichever database and however many ask at once."""

from __future__ import annotations

import asyncio

from storage.database import Database
from storage.entrances import LINK_LIFE_MS, Opened, RoomLink, give_room_link, look_at_room_link, use_room_link
from tests.storage.worlds import START, lobby


async def _given(db: Database) -> int:
    """The market the link leads to."""
    world = await lobby(db)
    async with db.writing() as uow:
        ann = await uow.people.identify("discord", "7", "Ann", START)
        link = RoomLink(platform="discord", external_id="7", chat=world.chat, market=world.market)
        await give_room_link(uow, "code", ann.id, link, START)
        await uow.commit()
    return world.market


async def _used(db: Database, hash: str, now_ms: int = START) -> Opened | None:
    async with db.writing() as uow:
        opened = await use_room_link(uow, "code", hash, now_ms)
        await uow.commit()
    return opened


async def test_of_many_who_use_a_link_at_once_one_is_let_in_and_who_asks_again_too(db: Database) -> None:
    market = await _given(db)
    async with db.reading() as uow:
        looked = await look_at_room_link(uow, "code", START + LINK_LIFE_MS - 1)
        assert await look_at_room_link(uow, "code", START + LINK_LIFE_MS) is None
    assert looked is not None
    assert (looked.identity.name, looked.market) == ("Ann", market)
    tokens = [f"hash {number}" for number in range(6)]
    opened = await asyncio.gather(*(_used(db, token) for token in tokens))
    let_in = [token for token, way_in in zip(tokens, opened, strict=True) if way_in]
    assert len(let_in) == 1
    assert await _used(db, let_in[0], START + 1) == looked  # the answer was lost
    assert [await _used(db, token, START + 1) for token in tokens if token not in let_in] == [None] * 5
    async with db.reading() as uow:
        assert await uow.sessions.count(looked.identity.person, START) == 1


async def test_who_had_themselves_forgotten_is_let_in_nowhere(db: Database) -> None:
    await _given(db)
    async with db.writing() as uow:
        ann = await uow.people.find("discord", "7")
        assert ann is not None
        await uow.personal_data.hold_all(ann.id)
        await uow.personal_data.erase(ann.id)
        await uow.commit()
    assert await _used(db, "hash") is None
