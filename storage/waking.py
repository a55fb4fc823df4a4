"""Who is woken by what is written: a commit of this process at once, one of another process where `listening` hears it.

A wake-up says that something may have changed, never what: whoever is woken looks. One may come twice, and one may be
missed while a connection is down, so whoever waits looks from time to time all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum
from weakref import WeakSet


class Topic(StrEnum):
    """What one can wait for; the payload of a NOTIFY on PostgreSQL (migrations 0005 to 0007)."""

    OUTBOX = "outbox"  # notices were added, or are due now
    ROOM = "room"  # messages of the room were written or changed
    PEOPLE = "people"  # two people became one or were parted, one was erased, or may be shown by name or not
    MARKET = "market"  # a market ticked or was changed by hand, or an account in it
    TELEGRAM_INBOX = "telegram_inbox"  # updates arrived by webhook


class Subscription:
    """Each subscriber has their own: none takes a wake-up away from another."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    async def woken(self, timeout_s: float) -> bool:
        """Wait until the topic has changed since this last returned True, at most `timeout_s`; True if it has."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        return True

    def wake(self) -> None:
        """It has changed."""
        self._changed.set()

    @property
    def is_woken(self) -> bool:
        """Whether `woken` would return at once."""
        return self._changed.is_set()

    def take(self) -> bool:
        """Whether it has changed since this or `woken` last returned True."""
        changed = self._changed.is_set()
        self._changed.clear()
        return changed


class Waking:
    """The subscriptions of one process."""

    def __init__(self) -> None:
        self._subscriptions: dict[Topic, WeakSet[Subscription]] = {topic: WeakSet() for topic in Topic}
        self._calls: dict[Topic, list[Callable[[], None]]] = {topic: [] for topic in Topic}

    def subscribe(self, *topics: Topic) -> Subscription:
        """To any of these; it ends when nobody refers to it any more."""
        subscription = Subscription()
        for topic in topics:
            self._subscriptions[topic].add(subscription)
        return subscription

    def call(self, topic: Topic, callback: Callable[[], None]) -> None:
        """Call it whenever the topic has changed, before whoever waits goes on."""
        self._calls[topic].append(callback)

    def wake(self, topic: Topic) -> None:
        """A commit changed it."""
        for callback in self._calls[topic]:
            callback()
        for subscription in self._subscriptions[topic]:
            subscription.wake()

    def wake_all(self) -> None:
        """Anything may have changed while nobody told us."""
        for topic in Topic:
            self.wake(topic)
