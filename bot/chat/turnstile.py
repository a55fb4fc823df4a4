"""One at a time through the loop, in order of arrival, so that a crowd does not hold up what is quicker than it.

A command runs without a pause from its look-ups to its price. Of two hundred that wait, each that begins in the same
turn of the loop would delay what the others need at once: the acknowledgement that Discord wants within three seconds,
a page's heartbeat. So one begins a turn, and in between the loop reads and sends what is ready.
"""

from __future__ import annotations

import asyncio
from collections import deque


class Turnstile:
    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._taken = False

    async def passed(self) -> None:
        """Wait until it is the caller's turn; at once where nobody else came in this turn of the loop."""
        loop = asyncio.get_running_loop()
        if not self._taken:
            self._taken = True
            loop.call_soon(self._next)
            return
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # or its caller was cancelled
                turn.set_result(None)
                asyncio.get_running_loop().call_soon(self._next)
                return
        self._taken = False
