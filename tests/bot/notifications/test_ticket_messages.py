"""Where tickets stand is written down in few transactions, however many people press at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from bot.notifications.ticket_messages import TicketMessage, TicketMessages
from storage.database import Database
from storage.key_value import KeptLine
from storage.unit_of_work import UnitOfWork
from tests.bot.harness import chat_harness

TOKEN = KeptLine(line="token", person=None, chat_ext="ada")


def placement(ticket: int, ref: str) -> TicketMessage:
    return TicketMessage(ticket=ticket, platform="room", chat_ext="room", ref=ref, at_ms=1, lines={f"k{ref}": TOKEN})


@contextmanager
def counted() -> Iterator[list[None]]:
    """One for each transaction that is begun meanwhile."""
    begun: list[None] = []
    writing = Database.writing

    @asynccontextmanager
    async def count(db: Database) -> AsyncIterator[UnitOfWork]:
        begun.append(None)
        async with writing(db) as uow:
            yield uow

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "writing", count)
        yield begun


async def test_what_comes_at_once_is_written_at_once(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        placements = TicketMessages(harness.db)
        with counted() as units:
            async with harness.db.writing():  # somebody else's: the writer is busy
                asked = [asyncio.create_task(placements.put(placement(9, str(number)))) for number in range(200)]
                await asyncio.sleep(0)  # each has asked
            await asyncio.gather(*asked)
        assert len(units) == 2
        async with harness.db.reading() as uow:
            assert all([await uow.lines.get(f"k{number}") == TOKEN for number in range(200)])


async def test_a_failure_is_everybodys_and_the_next_one_is_written(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        placements = TicketMessages(harness.db)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Database, "writing", broken)
            found = await asyncio.gather(*(placements.put(placement(9, "1")) for _ in range(2)), return_exceptions=True)
        assert [type(one) for one in found] == [OSError, OSError]
        await placements.put(placement(9, "2"))
        async with harness.db.reading() as uow:
            assert (await uow.lines.get("k1"), await uow.lines.get("k2")) == (None, TOKEN)


async def test_who_is_cancelled_holds_up_nobody(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        placements = TicketMessages(harness.db)
        async with harness.db.writing():
            first, second = (asyncio.create_task(placements.put(placement(9, ref))) for ref in "12")
            await asyncio.sleep(0)  # both have asked
            first.cancel()
        await second
        assert first.cancelled()


def broken(db: Database) -> object:
    raise OSError("disk full")
