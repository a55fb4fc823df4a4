"""Updates from their arrival until they are done with: kept in the database by whichever process they reach, worked
through by the one that serves Telegram, in the order in which Telegram counts them.

An update is done with when it was handled by a process that served Telegram to the end of it. What a process leaves
half done, because it ended or another serves by now, the next one handles anew, under the same request id.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from storage.clock import Clock
from storage.database import Database
from storage.quiet_log import QuietLog
from storage.telegram_inbox import NUMBER_KEPT_MS, StoredUpdate
from storage.trouble import TroubleError
from storage.unit_of_work import UnitOfWork
from storage.waking import Topic

log = logging.getLogger(__name__)

AT_ONCE = 32  # updates that are handled side by side
OF_ONE = 4  # of them one person's: who is loud, or whose answers have to wait, takes no other's place
LOOK_S = 1.0  # how often one looks for what another process received, where nobody is woken
TROUBLE_S = 0.5
LAST_MOMENT_S = 0.8  # for what is being handled when this process is to end

RawUpdate = Mapping[str, object]
Handle = Callable[[RawUpdate], Awaitable[None]]
Fence = Callable[[UnitOfWork], Awaitable[None]]


class Inbox:
    """`serves`: whether this process serves Telegram; `fence` makes sure of it as the first statement of a unit, and
    raises FencedError where another does."""

    def __init__(self, db: Database, clock: Clock, serves: Callable[[], bool], fence: Fence) -> None:
        self._db = db
        self._clock = clock
        self._serves = serves
        self._fence = fence
        self._arrived = db.subscribe(Topic.TELEGRAM_INBOX)
        self._handle: Handle | None = None
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._done: set[int] = set()
        self._forgot_ms: int | None = None
        self._quiet = QuietLog(log)

    async def receive(self, updates: Sequence[RawUpdate], *, fenced: bool = False) -> bool:
        """Keep what has arrived; whether Telegram may forget it. `fenced`: only while this process serves Telegram.

        Raises ValueError (nothing of Telegram's) and FencedError. Where the database takes nothing and this process
        serves, people are answered all the same, that nothing could be done."""
        stored = [_stored(update) for update in updates]
        try:
            async with self._db.writing() as uow:
                if fenced:
                    await self._fence(uow)
                if not await uow.telegram_inbox.has_room(len(stored)):
                    return False
                await uow.telegram_inbox.add(stored, self._clock.now_ms())
                await uow.commit()
        except TroubleError:
            handle = self._handle
            if handle is None or not self._serves():
                return False
            await asyncio.gather(*(handle(update) for update in updates))
        return True

    async def work(self, handle: Handle) -> None:
        """Handle what has arrived, for ever; what is being handled in the end gets a moment, and is left to the next
        process where that does not do. Raises FencedError."""
        self._handle, self._done = handle, set()
        try:
            while True:
                try:
                    await self._write_down()
                    await self._begin(handle)
                except TroubleError:
                    await asyncio.sleep(TROUBLE_S)
                    continue
                await self._arrived.woken(LOOK_S)
        finally:
            self._handle = None
            await self._end()

    async def _begin(self, handle: Handle) -> None:
        """Those that wait and are not being handled, as many as may be at once."""
        room = AT_ONCE - len(self._tasks)
        if room <= 0:
            return
        async with self._db.reading() as uow:
            waiting = await uow.telegram_inbox.waiting(AT_ONCE + len(self._done), OF_ONE)
        fresh = [item for item in waiting if item.update_id not in self._tasks and item.update_id not in self._done]
        for item in fresh[:room]:
            self._tasks[item.update_id] = asyncio.create_task(self._do(item, handle))

    async def _do(self, item: StoredUpdate, handle: Handle) -> None:
        try:
            await handle(json.loads(item.payload))
        except Exception:
            log.exception("update %s could not be handled", item.update_id)
        finally:
            del self._tasks[item.update_id]
        if self._serves():
            self._done.add(item.update_id)
        self._arrived.wake()

    async def _write_down(self) -> None:
        """Nothing of what is done with is kept."""
        done, now = frozenset(self._done), self._clock.monotonic_ms()
        forgets = self._forgot_ms is None or now - self._forgot_ms >= NUMBER_KEPT_MS
        if not done and not forgets:
            return
        async with self._db.writing() as uow:
            await self._fence(uow)
            await uow.telegram_inbox.done_with(done)
            if forgets:
                await uow.telegram_inbox.forget_numbers(self._clock.now_ms())
            await uow.commit()
        self._done -= done
        if forgets:
            self._forgot_ms = now

    async def _end(self) -> None:
        tasks: Collection[asyncio.Task[None]] = list(self._tasks.values())
        if tasks and self._serves():
            await asyncio.wait(tasks, timeout=LAST_MOMENT_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            if self._serves():
                await self._write_down()
        except Exception as error:
            self._quiet.error("end", "updates that are done with will come again", error=error)


def _stored(update: RawUpdate) -> StoredUpdate:
    """Raises ValueError for what is no update."""
    number = update.get("update_id")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**63:
        raise ValueError("an update has a number")
    return StoredUpdate(update_id=number, payload=json.dumps(update, separators=(",", ":")), person=_person(update))


def _person(update: RawUpdate) -> str | None:
    """Whose doing it is: their id, as text."""
    for happening in update.values():
        sender = happening.get("from") if isinstance(happening, dict) else None
        if isinstance(sender, dict) and isinstance(sender.get("id"), int):
            return str(sender["id"])
    return None
