"""One process at a time sends for a platform; what a frozen one had on its way is sent by the next, and by it alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from bot.chat.reply import Reply
from bot.notifications.announcer import Announcer
from storage.holding import Holder
from storage.leases import LEASE_MS
from tests.bot.harness import ChatHarness, RecordingPlatform, chat_harness, opened
from tests.bot.notifications.test_announcer import paid
from tests.storage.processes import Processes


@dataclass
class SlowPlatform(RecordingPlatform):
    """Takes a message to a person when it is let."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    going: asyncio.Event = field(default_factory=asyncio.Event)

    async def tell(
        self, person_ext: str, reply: Reply, *, edit_ref: str | None, chat_ext: str | None, nonce: str = ""
    ) -> str:
        self.reached.set()
        await self.going.wait()
        return await super().tell(person_ext, reply, edit_ref=edit_ref, chat_ext=chat_ext, nonce=nonce)


async def test_what_a_frozen_process_had_on_its_way_is_sent_by_the_next_and_not_again(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await opened(harness)
        await harness.announcer.step()
        processes = Processes(harness.db, harness.now)
        processes.clock = harness.clock
        frozen, other = SlowPlatform(), RecordingPlatform()
        ada, bob = (Holder(harness.db, harness.clock, name, alone=False) for name in ("ada", "bob"))
        first = Announcer(harness.db, harness.clock, {"room": frozen}, holder=ada)
        second = Announcer(harness.db, harness.clock, {"room": other}, holder=bob)
        await ada.round()
        await bob.round()
        async with harness.db.writing() as uow:
            await uow.outbox.add_many(1, [paid(2, 1), paid(2, 2), paid(3, 3)], harness.now)
            await uow.commit()
        assert await second.step() == 0  # ada sends to the room
        sending = asyncio.create_task(first.step())
        await frozen.reached.wait()
        await processes.pass_time(LEASE_MS)
        await bob.round()
        while await backlog(harness):
            await second.step()
        assert [where for _, where, _, _ in other.sent] == ["ada", "bob", "ada"]
        frozen.going.set()
        await ada.round()
        await asyncio.wait_for(sending, 120)
        assert sorted(where for _, where, _, _ in frozen.sent) == ["ada", "bob"]  # these had left when it froze
        await second.step()
        assert len(other.sent) == 3


async def backlog(harness: ChatHarness) -> int:
    async with harness.db.reading() as uow:
        return await uow.outbox.backlog()
