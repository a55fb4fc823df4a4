"""Empties the outbox into chats: claims what is due, phrases it, keeps to each platform's budget, edits where it can.

Delivery is at least once and harmless when repeated: a ticket's fill and the board are edits, and a row leaves the
outbox only after its message stands.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bot.platform import Platform
from bot.reply import Picture
from storage.database import Database

Draw = Callable[[Picture], Awaitable[bytes | None]]


class Announcer:
    """`clock` gives epoch milliseconds; `platforms` by name; `draw` makes a chart's PNG, or None where it cannot (the
    message then goes without). A platform that is not in `platforms` keeps its rows until it is."""

    def __init__(
        self,
        db: Database,
        clock: Callable[[], int],
        platforms: Mapping[str, Platform],
        draw: Draw | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._platforms = platforms
        self._draw = draw

    async def step(self) -> int:
        """Deliver what is due now and within budget; returns how many messages left."""
        raise NotImplementedError

    async def run(self) -> None:
        """Deliver for ever, woken by commits and by the clock; ends by cancellation."""
        raise NotImplementedError
