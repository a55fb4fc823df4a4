"""What Telegram reported is worked through so that one person's holds up nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.telegram_chat.inbox import AT_ONCE, OF_ONE, Inbox, RawUpdate
from storage.clock import ManualClock
from storage.database import Database
from storage.unit_of_work import UnitOfWork
from tests.storage.databases import migrated_file

LOUD, QUIET = 1, 2


def _update(number: int, person: int) -> RawUpdate:
    return {"update_id": number, "message": {"from": {"id": person}}}


async def _fence(_: UnitOfWork) -> None:
    """Nobody else serves."""


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    db = Database.open(migrated_file(tmp_path / "town.db"))
    yield db
    await db.close()


async def test_who_sends_more_than_can_be_answered_keeps_nobody_else_from_being_heard(db: Database) -> None:
    inbox = Inbox(db, ManualClock(0), lambda: True, _fence)
    held, heard, loud = asyncio.Event(), asyncio.Event(), list[object]()

    async def handle(update: RawUpdate) -> None:
        if update["update_id"] == 3 * AT_ONCE:
            heard.set()
            return
        loud.append(update["update_id"])
        await held.wait()

    await inbox.receive([_update(number, LOUD) for number in range(3 * AT_ONCE)])
    await inbox.receive([_update(3 * AT_ONCE, QUIET)])
    working = asyncio.create_task(inbox.work(handle))
    try:
        await heard.wait()
        assert loud == list(range(OF_ONE))
    finally:
        held.set()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
