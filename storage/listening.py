"""What other processes commit, heard over a connection of its own: LISTEN on PostgreSQL.

The triggers of migrations 0005 to 0007 tell every process which topic a commit has changed. While nobody can be heard
(a server that is away, a line that is cut) whoever waits looks from time to time, and once it can be heard again
everything counts as changed. Behind a pooler in transaction mode nobody is heard at all, so looking is what is left.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from storage.quiet_log import QuietLog
from storage.trouble import trouble_of
from storage.waking import Topic, Waking

if TYPE_CHECKING:
    from storage.postgres_connection import ServerConnection

log = logging.getLogger(__name__)

CHANNEL = "outcry"
_TOPICS = frozenset(topic.value for topic in Topic)  # a newer process may know others
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0  # between two tries to connect


class Listening:
    """`connect` opens a connection for it alone; `is_ours` knows the processes of the server that work for us: what
    they commit has been told already."""

    def __init__(
        self, connect: Callable[[], Awaitable[ServerConnection]], is_ours: Callable[[int], bool], waking: Waking
    ) -> None:
        self._connect = connect
        self._is_ours = is_ours
        self._waking = waking
        self._quiet = QuietLog(log)

    async def run(self) -> None:
        """For ever, or until it is clear that nobody can be heard; ends by cancellation."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                connection = await self._connect()
            except Exception as error:
                self._say(error)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                continue
            try:
                if connection.is_pooled:
                    log.info("a pooler keeps other processes from waking this one: it looks every second instead")
                    return
                await self._listen(connection)
                pause_s = FIRST_PAUSE_S
            except Exception as error:
                self._say(error)
                await asyncio.sleep(pause_s)
            finally:
                with suppress(Exception):
                    await connection.close()

    async def _listen(self, connection: ServerConnection) -> None:
        """Until the connection ends."""
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        await connection.add_listener(CHANNEL, self._heard)
        self._waking.wake_all()  # whatever was said before nobody has heard
        await ended.wait()

    def _heard(self, _: object, process: int, __: str, topic: str) -> None:
        if topic in _TOPICS and not self._is_ours(process):
            self._waking.wake(Topic(topic))

    def _say(self, error: Exception) -> None:
        """What is trouble of the database is said by its watch."""
        if trouble_of(error) is None:
            self._quiet.error("listen", "other processes cannot be heard", error=error)
