"""Messages on their way: a queue for each chat and each person, in order, so that a slow one holds up nobody; one batch
at a time to a platform that takes many messages as easily as one.

A sender that dies gives back what it had, so that another sends it: its leases would be renewed for ever.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence

from bot.chat.platform import BatchPlatform, Platform
from bot.notifications.delivery import ChatKey, Delivery, OutgoingMessage, Postponed
from bot.notifications.delivery_results import DeliveryResults
from storage.clock import Clock

log = logging.getLogger(__name__)

IN_FLIGHT = 16  # chats and people of one platform that are sent to side by side
MOST_QUEUED = 64  # and that have a queue: those behind need no round of the announcer's to themselves
EVERYBODY = ""  # the target of a batch


class Senders:
    """`delivered` is set whenever something has arrived or a sender has ended. `may` is asked of a platform before each
    message: a process that was frozen wakes up with messages another has taken over, and then `let_go` is told which
    rows are on their way no more."""

    def __init__(
        self,
        clock: Clock,
        platforms: Mapping[str, Platform],
        delivery: Delivery,
        results: DeliveryResults,
        may: Callable[[str], bool],
        let_go: Callable[[Collection[int]], None],
    ) -> None:
        self.delivered = asyncio.Event()
        self._clock = clock
        self._may = may
        self._let_go = let_go
        self._batching = {name: platform for name, platform in platforms.items() if isinstance(platform, BatchPlatform)}
        self._delivery = delivery
        self._results = results
        self._queues: dict[ChatKey, deque[OutgoingMessage]] = {}
        self._senders: dict[ChatKey, asyncio.Task[None]] = {}
        self._slots = {name: asyncio.Semaphore(IN_FLIGHT) for name in platforms}
        self._begun: set[ChatKey] = set()  # of which the first message is being sent
        self._stopping = False

    def __bool__(self) -> bool:
        """Whether anything is on its way."""
        return bool(self._senders)

    def takes_batches(self, platform: str) -> bool:
        return platform in self._batching

    def queued(self, platform: str) -> int:
        """How many chats and people of this platform have something on its way; of a batch 1."""
        return sum(1 for name, _ in self._senders if name == platform)

    def free(self, platform: str) -> int:
        """How many more may have; for batches 1 or 0."""
        return (1 if platform in self._batching else MOST_QUEUED) - self.queued(platform)

    async def wait(self, timeout_s: float | None = None) -> None:
        """Until the first of those that are on their way has ended."""
        if self._senders:
            await asyncio.wait(self._senders.values(), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)

    async def stop(self, timeout_s: float) -> None:
        """What is on its way may arrive within this time; what has not left is given back."""
        for chat_key, queue in self._queues.items():
            begun = len(queue) if chat_key[1] == EVERYBODY else int(chat_key in self._begun)
            while len(queue) > begun:
                self._results.add(queue.pop(), Postponed(self._clock.now_ms(), "the process ends"))
        if self._senders:
            await asyncio.wait(self._senders.values(), timeout=timeout_s)
        self._stopping = True
        for sender in self._senders.values():
            sender.cancel()

    def send(self, messages: Sequence[OutgoingMessage]) -> None:
        """Each stands in its chat's queue, in the order given; those of one batch are handed over together."""
        batches: dict[str, list[OutgoingMessage]] = {}
        for message in messages:
            if message.row.platform in self._batching:
                batches.setdefault(message.row.platform, []).append(message)
            else:
                self._queue((message.row.platform, message.row.target), message, self._send_queue)
        for platform, batch in batches.items():
            for message in batch:
                self._queue((platform, EVERYBODY), message, self._send_batch)

    def _queue(
        self, chat_key: ChatKey, message: OutgoingMessage, run: Callable[[ChatKey], Coroutine[None, None, None]]
    ) -> None:
        self._queues.setdefault(chat_key, deque()).append(message)
        if chat_key not in self._senders:
            self._senders[chat_key] = asyncio.create_task(self._run(chat_key, run))

    async def _run(self, chat_key: ChatKey, send: Callable[[ChatKey], Coroutine[None, None, None]]) -> None:
        queue = self._queues[chat_key]
        try:
            await send(chat_key)
        except BaseException as error:
            if self._stopping:
                raise
            log.exception("the sender of %s %s ended; another takes its %s messages", *chat_key, len(queue))
            for message in queue:
                self._results.add(message, Postponed(self._clock.now_ms(), type(error).__name__, failed=True))
            if not isinstance(error, (Exception, asyncio.CancelledError)):
                raise
        finally:
            del self._queues[chat_key], self._senders[chat_key]
            self.delivered.set()

    async def _send_queue(self, chat_key: ChatKey) -> None:
        """All that waits for one chat or person, in order."""
        queue = self._queues[chat_key]
        while queue:
            async with self._slots[chat_key[0]]:
                if not queue or self._given_back(chat_key):
                    return
                self._begun.add(chat_key)
                try:
                    self._results.add(queue[0], await self._delivery.send(queue[0]))
                    queue.popleft()
                finally:
                    self._begun.discard(chat_key)
            self.delivered.set()

    def _given_back(self, chat_key: ChatKey) -> bool:
        """Whether another process sends to this platform now: it has taken over what waits here."""
        if self._may(chat_key[0]):
            return False
        queue = self._queues[chat_key]
        self._let_go({row.id for message in queue for row in message.rows})
        queue.clear()
        return True

    async def _send_batch(self, chat_key: ChatKey) -> None:
        """All that waits for a platform."""
        queue, platform = self._queues[chat_key], self._batching[chat_key[0]]
        while queue and not self._given_back(chat_key):
            batch = list(queue)
            for message, result in await self._delivery.send_batch(platform, batch):
                self._results.add(message, result)
                queue.remove(message)
            self.delivered.set()
