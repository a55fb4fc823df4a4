"""Which shards this process connects: those whose leases it holds, for as long as it does.

`discord shard 0/2` is the lease of the first of two. The processes that serve Discord share them out evenly; what one
must know to go on where another stopped (the gateway's session) stands in the lease's state.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from functools import partial

import discord

from bot.adapters.discord_chat import library_patches
from bot.adapters.discord_chat.gateway import Shard
from bot.adapters.discord_chat.identify_window import IdentifyWindow
from bot.adapters.discord_chat.library_patches import GatewaySession
from storage.clock import Clock
from storage.database import Database
from storage.holding import Holder, Wish
from storage.leases import Lease
from storage.records import Json, Payload
from storage.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

GROUP = "discord shard"
CONNECTED = "discord shards"  # what the processes tell each other
LOOK_S = 0.25
FRESH_MS = 120_000  # a session that nobody has kept up for longer is gone
_COARSE_MS = 30_000  # so that a lease's state is not written anew in every round


class Shards:
    """`numbers`: those this process may have. `ready` is called when it serves, or stands by because the others do."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        holder: Holder,
        *,
        numbers: Collection[int],
        count: int,
        lenient: bool,
        ready: Callable[[], None],
    ) -> None:
        self.count = count
        self._names = {f"{GROUP} {number}/{count}": number for number in numbers}
        self._every = len(self._names) == count
        self._clock = clock
        self._holder = holder
        self._lenient = lenient
        self._ready = ready
        self._window = IdentifyWindow(db, clock, holder.process)
        self._client: discord.AutoShardedClient | None = None
        self._shards: dict[int, Shard] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._left: dict[int, Shard] = {}  # not connected any more; what they were told may still be under way
        self._sessions: dict[int, GatewaySession] = {}  # where other processes have left them
        self._refused: asyncio.Future[None] | None = None
        self._is_asked_for = False
        self._is_divided = False  # the processes do not agree on the count

    @property
    def complete(self) -> bool:
        """Whether the gateway tells this process of every server."""
        known = [shard for shard in self._shards.values() if shard.is_up and shard.knows_guilds]
        return len(known) == self.count

    def connected(self) -> list[Shard]:
        """Those of this process."""
        return list(self._shards.values())

    def of_guild(self, guild_id: int | None) -> int:
        """Direct messages are the first shard's."""
        return 0 if guild_id is None else (guild_id >> 22) % self.count

    async def serve(self, client: discord.AutoShardedClient) -> None:
        """With this login: connect what is held, and what will be. Raises what Discord refused for good."""
        self._client = client
        self._refused = asyncio.get_running_loop().create_future()
        self._ask_for_leases()
        while not self._refused.done():
            for name in self._names:
                if self._holder.lease(name) is not None:
                    self._begin(name)
            self._compare_counts()
            if not self._shards and self._others_serve():
                self._ready()
            await asyncio.wait({self._refused}, timeout=LOOK_S)
        self._refused.result()

    async def leave(self) -> None:
        """Disconnect all. What is held stays held, and the next holder can go on from here."""
        self._client = None
        for number in list(self._shards):
            await self._end(number)

    def came_up(self, number: int, *, resumed: bool) -> None:
        if number in self._shards:
            self._shards[number].came_up(resumed=resumed)
            if resumed:
                self._ready()

    def knows_guilds(self, number: int) -> None:
        """A new session has told of all its servers."""
        if number in self._shards:
            self._shards[number].knows_guilds = True
            self._ready()

    def began(self, interaction: discord.Interaction) -> None:
        """It came, and has no answer yet."""
        shard = self._shards.get(self.of_guild(interaction.guild_id))
        if shard is not None:
            shard.began(interaction.id)

    def ended(self, interaction: discord.Interaction) -> None:
        number = self.of_guild(interaction.guild_id)
        shard = self._shards.get(number) or self._left.get(number)
        if shard is not None:
            shard.ended(interaction.id)

    # -- leases

    def _ask_for_leases(self) -> None:
        """Once, with the first login: who cannot connect leaves the shards to others."""
        if self._is_asked_for:
            return
        self._is_asked_for = True
        self._holder.tell(CONNECTED, self._connected)
        if self._every:
            self._holder.want_share(GROUP, self._all_names, self._wish)
        else:
            for name in self._names:
                self._holder.want(name, self._wish(name))
        self._holder.hurry()

    def _connected(self) -> list[Json]:
        return [name for name, number in self._names.items() if number in self._shards and self._shards[number].is_up]

    async def _all_names(self, uow: UnitOfWork) -> Collection[str]:
        return self._names.keys()

    def _wish(self, name: str) -> Wish:
        return Wish(
            gained=partial(self._gained, name), lost=partial(self._lost, name), state=partial(self._state, name)
        )

    async def _gained(self, name: str, lease: Lease, state: Payload | None) -> None:
        session = self._session_left(state)
        if session is not None:
            self._left.pop(self._names[name], None)
            self._sessions[self._names[name]] = session
        if self._client is not None:
            self._begin(name)

    async def _lost(self, name: str) -> None:
        await self._end(self._names[name])

    def _state(self, name: str) -> Payload | None:
        session = self._session(self._names[name])
        if session is None:
            return None
        at_ms = self._clock.now_ms() // _COARSE_MS * _COARSE_MS
        return {"session": session.id, "sequence": session.sequence, "gateway": session.gateway, "at_ms": at_ms}

    def _session(self, number: int) -> GatewaySession | None:
        """Where it is to go on."""
        shard = self._shards.get(number) or self._left.get(number)
        return shard.session() if shard is not None else self._sessions.get(number)

    def _session_left(self, state: Payload | None) -> GatewaySession | None:
        match state:
            case {"session": str(key), "sequence": int(sequence), "gateway": str(gateway), "at_ms": int(at_ms)}:
                if self._clock.now_ms() - at_ms < FRESH_MS:
                    return GatewaySession(id=key, sequence=sequence, gateway=gateway)
        return None

    def _others_serve(self) -> bool:
        """Whether every shard this process may have is connected by another."""
        return set(self._names) <= self._of_others()

    def _of_others(self) -> set[str]:
        told = self._holder.told(CONNECTED).values()
        return {name for names in told if isinstance(names, list) for name in names if isinstance(name, str)}

    def _compare_counts(self) -> None:
        """Shards of different divisions overlap: both processes would be told the same."""
        differing = sorted(name for name in self._of_others() if not name.endswith(f"/{self.count}"))
        if differing and not self._is_divided:
            log.error(
                "another process serves %s, this one divides Discord by %s: set the same DISCORD_SHARD_COUNT for all",
                differing[0],
                self.count,
            )
        self._is_divided = bool(differing)

    # -- connections

    def _begin(self, name: str) -> None:
        number, client = self._names[name], self._client
        if client is None or number in self._shards:
            return
        shard = Shard(
            client,
            number,
            self._session(number),
            is_ours=lambda: self._holder.lease(name) is not None,
            window=self._window,
            monotonic_ms=self._clock.monotonic_ms,
            lenient=self._lenient,
        )
        self._left.pop(number, None)
        self._sessions.pop(number, None)
        self._shards[number] = shard
        self._tasks[number] = asyncio.create_task(shard.run())
        self._tasks[number].add_done_callback(partial(self._task_ended, number))

    async def _end(self, number: int) -> None:
        """Nothing more comes by this connection when it returns."""
        shard, task = self._shards.get(number), self._tasks.pop(number, None)
        if shard is None or task is None:
            return
        task.cancel()
        await asyncio.wait({task}, timeout=library_patches.CLOSE_S * 2)
        self._forget(number)
        if self._client is not None:
            library_patches.forget_guilds(self._client, number)

    def _task_ended(self, number: int, task: asyncio.Task[None]) -> None:
        """By itself: it is refused, or not ours any more."""
        if self._tasks.get(number) is not task:
            return
        del self._tasks[number]
        self._forget(number)
        error = None if task.cancelled() else task.exception()
        if error is not None and self._refused is not None and not self._refused.done():
            self._refused.set_exception(error)

    def _forget(self, number: int) -> None:
        """All but where it stopped."""
        self._left[number] = self._shards.pop(number)
