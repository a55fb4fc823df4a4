"""What the announcer costs: processor milliseconds per 100 notices, phrased, sent to a platform that takes no time, and
written down. `python -m tests.bench.announcer_bench`"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bot.notifications.announcer import Announcer
from storage.records import Notice, NoticeAudience, Payload
from tests.bot.harness import ChatHarness, RecordingPlatform, chat_harness, running

PEOPLE = 50
NOTICES = 1_000


async def people(harness: ChatHarness) -> list[int]:
    async with harness.db.writing() as uow:
        found = [await uow.people.identify("bench", f"{number}", f"P{number}", harness.now) for number in range(PEOPLE)]
        await uow.commit()
    return [person.id for person in found]


async def queued(harness: ChatHarness, audience: list[int]) -> None:
    notices = []
    for number in range(NOTICES):
        payload: Payload = {"total": number, "paid": [[0, "yes", number, number]]}
        person = audience[number % len(audience)]
        notices.append(Notice(kind="paid", audience=NoticeAudience.PERSON, payload=payload, person=person))
    async with harness.db.writing() as uow:
        await uow.outbox.add_many(1, notices, harness.now)
        await uow.commit()


async def measured(harness: ChatHarness, audience: list[int]) -> tuple[float, float]:
    """Milliseconds of processor and of time per 100 notices."""
    await queued(harness, audience)
    chat = RecordingPlatform("bench")
    announcer = Announcer(harness.db, harness.clock, {"bench": chat})
    wall, cpu = time.perf_counter(), time.process_time()
    assert await announcer.step() == NOTICES
    return 100_000 * (time.process_time() - cpu) / NOTICES, 100_000 * (time.perf_counter() - wall) / NOTICES


async def bench() -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        async with chat_harness(Path(folder)) as harness:
            await running(harness)
            audience = await people(harness)
            cpu, wall = await measured(harness, audience)
            found = {"100 notices": {"cpu": round(cpu, 1), "ms": round(wall, 1)}}
            await queued(harness, audience)
            async with harness.db.writing() as uow:
                while rows := await uow.deliveries.claim(["bench"], harness.now, 1, 500):
                    for row in rows:
                        await uow.deliveries.drop(row, "blocked")
                await uow.commit()
            cpu, wall = await measured(harness, audience)
            found[f"100 notices with {NOTICES:,} laid aside"] = {"cpu": round(cpu, 1), "ms": round(wall, 1)}
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    found = asyncio.run(bench())
    for name, row in found.items():
        print(f"{name}: {row['cpu']:.0f} ms of processor, {row['ms']:.0f} ms")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
