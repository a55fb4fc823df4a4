"""One identify in five seconds, over all processes: Discord refuses a second one."""

from __future__ import annotations

import asyncio

from storage.clock import Clock
from storage.database import Database

LEASE = "discord identify"
WINDOW_MS = 5_500  # five seconds from one identify's arrival to the next one's, however long each is on its way
LOOK_S = 0.25


class IdentifyWindow:
    """A lease that is taken for the length of the window and never renewed: it holds though its process dies."""

    def __init__(self, db: Database, clock: Clock, process: str) -> None:
        self._db = db
        self._clock = clock
        self._holder = f"{process} identifies"  # not the process itself, which would renew it

    async def passed(self) -> None:
        """When this returns the next identify is this process's."""
        while True:
            if await self._taken():
                return
            await asyncio.sleep(LOOK_S)

    async def _taken(self) -> bool:
        async with self._db.writing() as uow:
            taken = await uow.leases.take([LEASE], self._holder, self._clock.now_ms(), lease_ms=WINDOW_MS)
            await uow.commit()
        return bool(taken)
