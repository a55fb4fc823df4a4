"""The one writer of a SQLite file: units of work in turn, each under its savepoint, one durable commit for all.

While a commit waits for the disk other units arrive; they are the next group. So a slow disk makes groups longer, not
people's waiting, and nobody waits for company that does not come. A unit that fails is undone alone. Nobody goes on
from a unit before its group is on disk, not even one that wrote nothing: it may have seen what its neighbours wrote.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from storage.in_place import InPlace


def _nothing() -> None:
    """For a unit that kept nothing."""


class Turn:
    """A unit's turn: `begun` with the connection when it may write, `ended` when it has, `durable` when what it and its
    neighbours wrote is on disk (or raises why it is not)."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.begun: asyncio.Future[InPlace] = loop.create_future()
        self.ended: asyncio.Future[bool] = loop.create_future()
        self.durable: asyncio.Future[None] = loop.create_future()
        self.on_durable: Callable[[], None] = _nothing

    def keep(self, on_durable: Callable[[], None]) -> asyncio.Future[None]:
        """The unit is whole. `on_durable` is called once it is on disk, before any later unit begins."""
        self.on_durable = on_durable
        self.ended.set_result(True)
        return self.durable

    def undo(self) -> asyncio.Future[None]:
        """What the unit wrote never was; nothing to do for one that has been kept."""
        if not self.ended.done():
            self.ended.set_result(False)
        return self.durable

    def fail(self, error: BaseException) -> None:
        for future in (self.begun, self.durable):
            if not future.done():
                future.set_exception(error)
                future.exception()  # retrieved: who was cancelled meanwhile does not ask any more


class GroupCommit:
    """Gives out turns. `open_connection` is awaited once, at the first of them."""

    def __init__(self, open_connection: Callable[[], Awaitable[InPlace]]) -> None:
        self._open = open_connection
        self.writer: InPlace | None = None
        self._waiting: deque[Turn] = deque()
        self._group: list[Turn] = []
        self._working: asyncio.Task[None] | None = None
        self._closed = False

    async def turn(self, *, first: bool = False) -> tuple[Turn, InPlace]:
        """Wait for a turn; `first`: before all others that wait. Raises why none can begin."""
        turn = Turn()
        if first:
            self._waiting.appendleft(turn)
        else:
            self._waiting.append(turn)
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        try:
            return turn, await turn.begun
        except asyncio.CancelledError:
            turn.undo()
            raise

    async def close(self, *, wait: bool) -> None:
        """Close the connection; without `wait`, whatever is under way closes it when it ends."""
        self._closed = True
        if self._working is not None and wait:
            await asyncio.wait({self._working})
        if self._working is None:
            await self._close_writer()

    async def _work(self) -> None:
        """Groups until nobody waits. Whatever happens, everybody is told."""
        try:
            while self._waiting:
                await self._run_group()
        except BaseException as error:
            for turn in (*self._group, *self._waiting):
                turn.fail(error)
            self._waiting.clear()
            if not isinstance(error, Exception):
                raise
        finally:
            self._group = []
            self._working = None
        if self._closed:
            await self._close_writer()

    async def _run_group(self) -> None:
        if self.writer is None:
            self.writer = await self._open()
        await self.writer.begin("BEGIN IMMEDIATE")
        try:
            await self._run_units(self.writer)
            if any(turn.ended.result() for turn in self._group):
                await self.writer.commit()
            else:
                self.writer.undo()  # nothing was kept
        except Exception as error:
            self.writer.undo()  # else the next group could not begin
            for turn in self._group:
                turn.fail(error)
        else:
            for turn in self._group:
                turn.on_durable()
            for turn in self._group:
                turn.durable.set_result(None)
                await asyncio.sleep(0)  # whoever is told has more to do: one at a time, so that others get their turn
        self._group = []

    async def _run_units(self, writer: InPlace) -> None:
        """Those that wait now, one after the other. Raises the failure that undid the transaction of all."""
        for _ in range(len(self._waiting)):
            turn = self._waiting.popleft()
            if turn.begun.cancelled():
                continue
            self._group.append(turn)  # from here on it is told whatever happens
            writer.savepoint()
            turn.begun.set_result(writer)
            keep = await turn.ended
            if not writer.raw.in_transaction:
                raise writer.failure or RuntimeError("a unit of work ended the transaction it shares with others")
            writer.end_savepoint(keep=keep)

    async def _close_writer(self) -> None:
        writer, self.writer = self.writer, None
        if writer is not None:
            await writer.close()
