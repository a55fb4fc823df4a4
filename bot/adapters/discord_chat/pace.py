"""Rates as Discord tells them, kept by discord.py, without two of its assumptions.

Told to wait for no longer than so long, the library gives up on every further request of a window that ends later than
that, although the window has room left (a second message within five seconds, a second conversation within a minute);
and where a window is full it forgets it, asks all the same and is refused with a 429.
"""

from __future__ import annotations

import asyncio
import contextlib

import discord.http
from discord import RateLimited

UNKNOWN_S = 30.0  # for the first answer of a route, which tells its rate


class Bucket(discord.http.Ratelimit):
    """Lets through what has room; what has none waits, or is told at once how long it would have to."""

    async def acquire(self) -> None:
        self._last_request = asyncio.get_running_loop().time()
        while True:
            if self.is_expired():
                self._begin()
            if self.remaining > 0:
                self.remaining -= 1
                self.outgoing += 1
                return
            await self._turn()

    async def _turn(self) -> None:
        """Until there may be room; RateLimited where that is too long."""
        loop = asyncio.get_running_loop()
        wait = UNKNOWN_S if self.expires is None else max(0.0, self.expires - loop.time()) + 0.001
        if self.expires is not None and self._max_ratelimit_timeout is not None and wait > self._max_ratelimit_timeout:
            raise RateLimited(wait)
        future: asyncio.Future[None] = loop.create_future()
        self._pending_requests.append(future)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(future, wait)
        except asyncio.CancelledError:
            if self.remaining > 0:  # whoever woke us meant somebody
                self._wake_next()
            raise

    def _begin(self) -> None:
        """A new window."""
        self.remaining, self.expires = self.limit - self.outgoing, None
        self.reset_after, self.dirty = 0.0, False

    async def _refresh(self) -> None:
        """The window is full: those who wait look for themselves how long it is. No answer came: it begins anew."""
        if self.expires is None:
            self._begin()
        self._wake(len(self._pending_requests))


def install() -> None:
    """Before a client starts."""
    vars(discord.http)["Ratelimit"] = Bucket
