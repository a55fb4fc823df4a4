"""Whether this process serves Telegram: by the lease `telegram`, which the announcer wants too; the rates go with it
from holder to holder (`bot.notifications.held_platforms`)."""

from __future__ import annotations

import asyncio

from bot.adapters.telegram_chat import NAME
from storage.holding import Holder, Wish
from storage.leases import FencedError, Lease
from storage.records import Payload
from storage.unit_of_work import UnitOfWork

LOOK_S = 0.1


class Tenure:
    """Without a `holder` it is this process's for ever."""

    def __init__(self, holder: Holder | None) -> None:
        self._can_serve = False
        self._holder = holder
        self._begun = asyncio.Event()
        self._over = asyncio.Event()
        if holder is None:
            self._begun.set()

    def want(self) -> None:
        """Whenever it is free and this process can serve."""
        if self._holder is not None:
            self._holder.want(NAME, Wish(gained=self._gained, lost=self._lost, can=lambda: self._can_serve))

    def offer(self) -> None:
        """From now on this process can serve."""
        self._can_serve = True
        if self._holder is not None:
            self._holder.hurry()

    async def withdraw(self) -> None:
        """It cannot, for the time being: let another."""
        self._can_serve = False
        if self._holder is not None:
            await self._holder.give_up(NAME)

    def serves(self) -> bool:
        """For certain, right now."""
        return self._holder is None or self._holder.lease(NAME) is not None

    async def begun(self) -> None:
        """Wait until this process serves."""
        await self._begun.wait()
        while not self.serves():
            await asyncio.sleep(LOOK_S)
            await self._begun.wait()

    async def over(self) -> None:
        """Wait until another one may."""
        await self._over.wait()

    async def fence(self, uow: UnitOfWork) -> None:
        """As the first statement of a unit. Raises FencedError."""
        if self._holder is None:
            return
        lease = self._holder.lease(NAME)
        if lease is None:
            raise FencedError("another process may serve Telegram now")
        await self._holder.fence(uow, lease)

    async def lose(self) -> None:
        """A fence has found out that it is another's."""
        if self._holder is not None and self.serves():
            await self._holder.lose(NAME)

    async def _gained(self, lease: Lease, state: Payload | None) -> None:
        self._over.clear()
        self._begun.set()

    async def _lost(self) -> None:
        self._begun.clear()
        self._over.set()
