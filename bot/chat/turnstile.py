"""One at a time through the loop, in order of arrival, so that a crowd does not hold up what is quicker than it.

A command runs without a pause from its look-ups to its price. Of two hundred that wait, each that begins in the same
turn of the loop would delay what the others need at once: the acknowledgement that Discord wants within three seconds,
a page's heartbeat. So one begins in `TURNS` turns, and in between the loop reads and sends what is ready.
"""

from __future__ import annotations

import asyncio
from collections import deque

TURNS = 6  # an acknowledgement takes the loop as many, from its being read to its being sent


class Turnstile:
    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._taken = False

    async def passed(self) -> None:
        """Wait until it is the caller's turn; at once where nobody else has just passed."""
        loop = asyncio.get_running_loop()
        if not self._taken:
            self._taken = True
            loop.call_soon(self._next, TURNS)
            return
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _next(self, turns: int) -> None:
        loop = asyncio.get_running_loop()
        if turns > 1:
            loop.call_soon(self._next, turns - 1)
            return
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # or its caller was cancelled
                turn.set_result(None)
                loop.call_soon(self._next, TURNS)
                return
        self._taken = False
