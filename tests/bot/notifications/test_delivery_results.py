"""What became of messages is remembered when it is committed: a unit that is rolled back is saved again as it was."""

from __future__ import annotations

from pathlib import Path

from bot.chat.reply import Reply, line
from bot.notifications.claims import LEASE_MS
from bot.notifications.delivery import OutgoingMessage, Postponed, Sent
from bot.notifications.delivery_results import MOST_FAILURES, DeliveryResults
from storage.records import Notice, NoticeAudience, OutboxRow
from tests.bot.harness import ChatHarness, chat_harness, running

LEAD = Notice(kind="lead_change", audience=NoticeAudience.CHAT, payload={"outcome": 0})


async def _claimed(harness: ChatHarness, notice: Notice) -> OutboxRow:
    async with harness.db.writing() as uow:
        await uow.outbox.add(1, notice, harness.now)
        (row,) = await uow.deliveries.claim(["room"], harness.now, LEASE_MS)
        await uow.commit()
    return row


async def _saved(harness: ChatHarness, results: DeliveryResults, *, committed: bool) -> None:
    async with harness.db.writing() as uow:
        await results.save(uow)
        if committed:
            await uow.commit()


async def test_pings_of_a_unit_that_was_rolled_back_are_sent_by_the_next(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        async with harness.db.writing() as uow:
            ada = await uow.people.find("room", "ada")
            assert ada is not None
            await uow.pings.put(ada.id, (await uow.chats.of_market(1))[0].id, ["lead"])
            await uow.commit()
        results = DeliveryResults(harness.clock, lambda _: False)
        row = await _claimed(harness, LEAD)
        results.add(OutgoingMessage(row=row, reply=Reply(head=line("Ahead"), ping="lead")), Sent("m1"))
        for committed, sent in ((False, 0), (True, 1), (True, 1)):
            await _saved(harness, results, committed=committed)
            async with harness.db.reading() as uow:
                backlog = await uow.outbox.backlog()
            assert (results.sent, backlog) == (sent, 1)  # the notice itself, or the ping it became
        assert results.unsaved == []
        async with harness.db.writing() as uow:
            (ping,) = await uow.deliveries.claim(["room"], harness.now, LEASE_MS)
        assert (ping.kind, ping.person) == ("ping", ada.id)


async def test_a_failure_counts_once_however_often_it_is_saved(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        results = DeliveryResults(harness.clock, lambda _: False)
        row = await _claimed(harness, LEAD)
        results.add_unsent(row, Postponed(harness.now, "TypeError", failed=True))
        for committed in (*(False for _ in range(MOST_FAILURES)), True):
            await _saved(harness, results, committed=committed)
        async with harness.db.reading() as uow:
            assert await uow.outbox.backlog() == 1  # not laid aside
