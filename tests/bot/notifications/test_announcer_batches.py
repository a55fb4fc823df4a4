"""What one tick has to tell goes out together to a platform that takes many messages as easily as one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.adapters.room.message_log import TALK
from bot.adapters.room.platform import RoomPlatform
from bot.chat import plain_text
from bot.chat.platform import RetryLaterError, SendRequest, SendResult, Unreachable, UnreachableError
from bot.chat.reply import Reply
from bot.notifications import announcer
from bot.notifications.announcer import Announcer
from bot.notifications.claims import LEASE_MS
from bot.notifications.phrasing import OWN_MS
from bot.notifications.senders import IN_FLIGHT
from storage.records import Notice, NoticeAudience, Payload
from tests.bench.crowded import counting
from tests.bot.harness import ChatHarness, RecordingPlatform, chat_harness, running


@dataclass
class BatchingPlatform(RecordingPlatform):
    """Keeps what each batch held. What is `refused` (by what it says) makes its batch raise, or alone its own call."""

    batches: list[list[str]] = field(default_factory=list)
    refused: str = "\0"
    answers: dict[str, SendResult] = field(default_factory=dict)  # by person

    async def send_many(self, requests: Sequence[SendRequest]) -> Sequence[SendResult]:
        said = [plain_text.text(request.reply) for request in requests]
        if any(self.refused in text for text in said):
            raise ValueError("one of these cannot be written")
        self.batches.append(said)
        return [self.answers.get(request.target, f"b{number}") for number, request in enumerate(requests)]

    async def tell(
        self, person_ext: str, reply: Reply, *, edit_ref: str | None, chat_ext: str | None, nonce: str = ""
    ) -> str:
        if self.refused in plain_text.text(reply):
            raise ValueError("this cannot be written")
        return "alone"


def _granted(person: int, dollars: int, slot: str | None = None) -> Notice:
    payload: Payload = {"cash": dollars * 1_000_000}
    return Notice(kind="granted", audience=NoticeAudience.PERSON, payload=payload, person=person, slot=slot)


def _paid(person: int) -> Notice:
    payload: Payload = {"total": 5_000_000, "paid": [[0, "yes", 5_000_000, 5_000_000]]}
    return Notice(kind="paid", audience=NoticeAudience.PERSON, payload=payload, person=person)


async def _people(harness: ChatHarness, number: int) -> list[int]:
    async with harness.db.writing() as uow:
        people = [await uow.people.identify("room", f"p{at}", f"P{at}", harness.now) for at in range(number)]
        await uow.commit()
    return [person.id for person in people]


async def _queue(harness: ChatHarness, notices: Sequence[Notice]) -> None:
    async with harness.db.writing() as uow:
        await uow.outbox.add_many(1, notices, harness.now)
        await uow.commit()


async def _batching(harness: ChatHarness) -> BatchingPlatform:
    await running(harness)
    platform = BatchingPlatform()
    harness.announcer = Announcer(harness.db, harness.clock, {"room": platform})
    await harness.announcer.step()
    platform.batches.clear()
    return platform


async def _waiting(harness: ChatHarness) -> int:
    async with harness.db.reading() as uow:
        return await uow.outbox.backlog()


async def test_everybody_is_told_in_one_batch_and_each_person_in_the_order_of_what_happened(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        platform = await _batching(harness)
        ann, bob = await _people(harness, 2)
        await _queue(harness, [_granted(ann, 1), _granted(bob, 2), _granted(ann, 3)])
        await harness.announcer.step()
        first, second = platform.batches
        assert ["$1.00" in first[0], "$2.00" in first[1], "$3.00" in second[0]] == [True] * 3
        assert await _waiting(harness) == 0


async def test_one_that_cannot_be_sent_takes_none_of_those_beside_it_along(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        platform = await _batching(harness)
        ann, bob = await _people(harness, 2)
        platform.refused = "$2.00"
        await _queue(harness, [_granted(ann, 1), _granted(bob, 2)])
        await harness.announcer.step()
        assert (platform.batches, await _waiting(harness)) == ([], 2)
        harness.now += 2_000
        await harness.announcer.step()
        assert await _waiting(harness) == 1
        harness.now += 600_000
        await _queue(harness, [_granted(ann, 4)])
        await harness.announcer.step()
        assert len(platform.batches) == 1
        assert await _waiting(harness) == 1


async def test_a_word_for_each_says_what_becomes_of_it(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        platform = await _batching(harness)
        people = await _people(harness, 3)
        platform.answers = {"p0": RetryLaterError(5_000), "p1": UnreachableError(Unreachable.PERSON)}
        await _queue(harness, [_granted(person, number) for number, person in enumerate(people, 1)])
        await harness.announcer.step()
        assert [len(batch) for batch in platform.batches] == [3]
        assert await _waiting(harness) == 1  # who is to be told later; who cannot be reached is laid aside
        platform.answers = {}
        harness.now += 5_000
        await harness.announcer.step()
        assert await _waiting(harness) == 0


async def test_what_stands_in_a_persons_place_changes_with_a_shown_digit_and_once_a_second(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        platform = await _batching(harness)
        (ann,) = await _people(harness, 1)
        for cash in (1, 1, 2, 3):
            await _queue(harness, [_granted(ann, cash, slot="own")])
            await harness.announcer.step()
            harness.now += OWN_MS // 2
        harness.now += OWN_MS
        await harness.announcer.step()
        assert ["$1.00" in said for (said,) in platform.batches] == [True, False, False]
        assert await _waiting(harness) == 0


async def test_two_hundred_people_are_told_in_the_room_with_statements_that_do_not_grow_with_them(
    tmp_path: Path,
) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        room = RoomPlatform(harness.db, harness.clock.now_ms)
        await room.log.open()
        harness.announcer = Announcer(harness.db, harness.clock, {"room": room})
        await harness.announcer.step()
        counts = []
        for number in (2, 200):
            harness.now += 1_000
            people = await _people(harness, number)
            await _queue(harness, [_paid(person) for person in people])
            with counting(harness.db) as counted:
                await harness.announcer.step()
            counts.append(len(counted.statements))
            page = await room.log.after("room", None, people[-1])
            assert page.messages[-1].channel == TALK
        assert counts[1] <= counts[0]


@dataclass
class SlowPlatform(RecordingPlatform):
    """Whatever is told there never arrives."""

    begun: int = 0

    async def tell(
        self, person_ext: str, reply: Reply, *, edit_ref: str | None, chat_ext: str | None, nonce: str = ""
    ) -> str:
        self.begun += 1
        self.changed.set()
        return await asyncio.Future()


async def test_sixteen_are_told_side_by_side_and_who_waits_behind_them_when_the_process_ends_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcer, "STOP_S", 0.01)
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.announcer.step()
        platform = SlowPlatform()
        await _queue(harness, [_paid(person) for person in await _people(harness, 20)])
        sending = asyncio.create_task(Announcer(harness.db, harness.clock, {"room": platform}).run())
        await platform.until(lambda: platform.begun == IN_FLIGHT)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        assert platform.begun == IN_FLIGHT
        async with harness.db.writing() as uow:  # what had begun may have arrived: it waits for its lease to end
            assert len(await uow.deliveries.claim(["room"], harness.now, LEASE_MS, 100)) == 20 - IN_FLIGHT
