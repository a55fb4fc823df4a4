"""What may be tried only so often is counted for all processes together, and none is lost where two count at once."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from bot.chat import shared_limits
from bot.chat.shared_limits import LIMITS, Tried
from storage import attempts, schema
from storage.attempts import KEPT_MS
from storage.database import Database
from tests.storage.worlds import START


async def counted(db: Database, now_ms: int, tried: Tried = Tried.CODE, whose: str = "eve") -> bool:
    """A wrong one, where they may try."""
    async with db.writing() as uow:
        if await shared_limits.turn(uow, tried, whose, now_ms) > 0:
            return False
        await uow.attempts.add(tried, whose, now_ms)
        await uow.commit()
    return True


async def wait(db: Database, now_ms: int, whose: str = "eve") -> int:
    async with db.reading() as uow:
        return await shared_limits.wait(uow, Tried.CODE, whose, now_ms)


async def test_two_processes_that_count_at_once_let_nobody_try_once_more_than_the_limit(
    db: Database, database_url: str
) -> None:
    (limit,) = LIMITS[Tried.CODE]
    other = Database.open(database_url) if database_url.startswith("postgres") else db
    try:
        tries = [counted(each, START) for each in (db, other) for _ in range(limit.count)]
        assert sum(await asyncio.gather(*tries)) == limit.count
        assert await wait(other, START) == limit.window_ms
        assert await counted(other, START, whose="bob")
        assert await counted(db, START, tried=Tried.JOIN)
    finally:
        if other is not db:
            await other.close()


@pytest.mark.parametrize("tried", list(Tried))
async def test_a_window_slides_and_what_is_refused_counts_for_nothing(db: Database, tried: Tried) -> None:
    limit = LIMITS[tried][0]
    for number in range(limit.count):
        assert await counted(db, START + number, tried)
    end_ms = START + limit.window_ms
    assert not await counted(db, end_ms - 1, tried)
    assert await counted(db, end_ms, tried)
    assert not await counted(db, end_ms, tried)
    assert await counted(db, end_ms + 1, tried)


async def test_a_clock_that_was_wrong_for_a_day_shuts_nobody_out(db: Database) -> None:
    (limit,) = LIMITS[Tried.CODE]
    for _ in range(limit.count):
        assert await counted(db, START + 86_400_000)
    assert await wait(db, START) == 0


async def test_what_counts_no_more_is_thrown_away_and_a_flood_is_bounded(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def kept(now_ms: int) -> int:
        async with db.writing() as uow:
            await uow.attempts.expire(now_ms)
            await uow.commit()
        async with db.reading() as uow:
            assert not await uow.attempts.expired(now_ms)
            return await uow.number(select(func.count()).select_from(schema.attempts))

    await counted(db, START)
    assert await kept(START + KEPT_MS - 1) == 1
    assert await kept(START + KEPT_MS) == 0
    assert all(limit.window_ms <= KEPT_MS for limits in LIMITS.values() for limit in limits)
    monkeypatch.setattr(attempts, "MOST_ROWS", 3)
    for number in range(5):
        await counted(db, START, whose=f"stranger {number}")
    assert await kept(START) == 3
