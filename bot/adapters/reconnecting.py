"""One login to a platform, kept up: connects, tries again with a growing pause, closes cleanly."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from bot.chat.platform import Platform
from storage.trouble import TroubleError

FIRST_RETRY_S = 2.0
LONGEST_RETRY_S = 300.0
REFUSED_RETRY_S = 60.0  # a wrong token does not become right soon, and platforms count attempts


class ReconnectingService(ABC):
    """What Discord's and Telegram's services share. `on_ready` is called once, when the first login is complete.

    An implementation says how one connection is served (`_connect`), which words a broken one deserves in the log
    (`_log_failure`), and what is to be done before and after the end (`_finish`, `_close`).
    """

    close_timeout_s: ClassVar[float | None] = None  # how long a stop waits for the connection to end

    def __init__(self, on_ready: Callable[[], None]) -> None:
        self._on_ready = on_ready
        self._was_ready = False
        self._task: asyncio.Task[None] | None = None

    @property
    @abstractmethod
    def platform(self) -> Platform:
        """The announcer's way in."""

    async def start(self) -> None:
        """Begin to connect, and stay connected from then on."""
        self._task = asyncio.create_task(self._stay_connected())

    async def stop(self) -> None:
        """Leave; what does not end in time is dropped."""
        await self._finish()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=self.close_timeout_s)
        await self._close()

    @abstractmethod
    async def _connect(self) -> None:
        """One connection, from the login until it ends (returns) or breaks (raises what the library raises)."""

    @abstractmethod
    def _log_failure(self, error: Exception) -> bool:
        """Say in the log why a connection broke; whether the platform refused the token."""

    @abstractmethod
    async def _finish(self) -> None:
        """Before the end: answers that are on their way get a moment, waits are cut short."""

    @abstractmethod
    async def _close(self) -> None:
        """After a connection, however it ended: let go of what it held."""

    def _ready(self) -> None:
        """For `_connect`: the login is complete."""
        if not self._was_ready:
            self._was_ready = True
            self._on_ready()

    async def _stay_connected(self) -> None:
        loop = asyncio.get_running_loop()
        pause = FIRST_RETRY_S
        while True:
            began = loop.time()
            try:
                await self._connect()
            except TroubleError:  # with our own database, which says so itself: the platform counts nothing
                pause = FIRST_RETRY_S
            except Exception as error:
                if self._log_failure(error):
                    pause = max(pause, REFUSED_RETRY_S)
            await self._close()
            if loop.time() - began > LONGEST_RETRY_S:
                pause = FIRST_RETRY_S  # it had been up
            await asyncio.sleep(pause)
            pause = min(LONGEST_RETRY_S, pause * 2)
