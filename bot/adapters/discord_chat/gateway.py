"""One shard's connection to the gateway: made, kept, and left so that another process can go on with it.

Discord keeps a session for a while after its connection has ended, and sends again what was missed. A process that
takes a shard over resumes the session of the one before, from before the first thing that one had not answered: what is
told twice is known by its id.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

import discord

from bot.adapters.discord_chat import library_patches
from bot.adapters.discord_chat.guilds import TakenOverGuilds
from bot.adapters.discord_chat.identify_window import IdentifyWindow
from bot.adapters.discord_chat.library_patches import GatewaySession, GatewaySocket
from storage.trouble import TroubleError

log = logging.getLogger(__name__)

CONNECT_S = 20.0
FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 60.0
FORGOTTEN_MS = 60_000  # an interaction whose end nobody noticed holds a hand-over up no longer
REFUSED = {4004, 4010, 4011, 4012, 4013, 4014}  # close codes after which trying again changes nothing
WITHOUT_INTENT = 4014


class _NotOursError(Exception):
    """Another process may have this shard now."""


class Shard:
    """`is_ours`: whether nobody else may have it now, asked before each event. `session`: where to go on."""

    def __init__(
        self,
        client: discord.AutoShardedClient,
        number: int,
        session: GatewaySession | None,
        *,
        is_ours: Callable[[], bool],
        window: IdentifyWindow,
        monotonic_ms: Callable[[], int],
        lenient: bool,
    ) -> None:
        self.number = number
        self.is_up = False
        self.knows_guilds = False
        self.shown: str | None = None  # the status line of this connection
        self._client = client
        self._session = session
        self._is_ours = is_ours
        self._window = window
        self._monotonic_ms = monotonic_ms
        self._lenient = lenient
        self._socket: GatewaySocket | None = None
        self._taken_over = TakenOverGuilds(client, number, client.shard_count or 1)
        self._learning: asyncio.Task[None] | None = None
        self._unanswered: dict[int, tuple[int, int]] = {}  # interaction -> its sequence, when it came
        self._retry_s = FIRST_RETRY_S

    async def run(self) -> None:
        """Connected, and again whenever the line breaks, until it is cancelled or the shard is not ours. Raises what
        trying again would not mend."""
        while self._is_ours():
            pause_s = 0.0
            try:
                await self._read()
            except library_patches.RECONNECT:
                pause_s = 0.0 if self.is_up else self._next_retry_s()
            except discord.ConnectionClosed as error:
                if error.code == WITHOUT_INTENT:
                    raise discord.PrivilegedIntentsRequired(self.number) from None
                if error.code in REFUSED:
                    raise
                pause_s = self._next_retry_s()
            except library_patches.LINE_ERRORS as error:
                log.warning("shard %s has no line to Discord: %r", self.number, error)
                pause_s = self._next_retry_s()
            except TroubleError:  # of our own database, which says so itself
                pause_s = self._next_retry_s()
            except _NotOursError:
                break
            except Exception:
                log.exception("shard %s ended in a way that is not known; it begins anew", self.number)
                self._session, pause_s = None, self._next_retry_s()
            finally:
                self.is_up = False
                await self._hang_up()
            await asyncio.sleep(pause_s)

    async def _read(self) -> None:
        if self._session is None:
            library_patches.forget_guilds(self._client, self.number)
            self.knows_guilds, self._taken_over.is_complete = False, True  # a new session tells of them all
            await self._window.passed()
            if not self._is_ours():
                raise _NotOursError
        async with asyncio.timeout(CONNECT_S):
            socket = await library_patches.open_socket(self._client, self.number, self._session, lenient=self._lenient)
        self._socket, self.shown = socket, None
        socket.before_event = self._before_event
        try:
            while True:
                await socket.poll_event()
        finally:
            self._session = library_patches.session_of(socket)

    async def show(self, text: str | None) -> None:
        """The status line of this session from now on; None: none."""
        if self._socket is not None:
            activity = None if text is None else discord.CustomActivity(name=text)
            await self._socket.change_presence(activity=activity, status=discord.Status.online.value)
            self.shown = text

    async def _hang_up(self) -> None:
        if self._learning is not None:
            self._learning.cancel()
        socket, self._socket = self._socket, None
        if socket is not None:
            await library_patches.close_socket(socket)

    async def _before_event(self, text: str) -> None:
        if not self._is_ours():
            raise _NotOursError
        await self._taken_over.before_event(text)

    def _next_retry_s(self) -> float:
        pause_s, self._retry_s = self._retry_s, min(LONGEST_RETRY_S, self._retry_s * 2)
        return pause_s

    def came_up(self, *, resumed: bool) -> None:
        """The session has begun, or gone on."""
        self.is_up, self._retry_s = True, FIRST_RETRY_S
        if resumed and not self.knows_guilds:
            self._learning = asyncio.create_task(self._learn_guilds())

    async def _learn_guilds(self) -> None:
        await self._taken_over.learn_all()
        self.knows_guilds = self._taken_over.is_complete

    def began(self, interaction_id: int) -> None:
        """An interaction came and is not answered yet."""
        if self._socket is not None and self._socket.sequence is not None:
            self._unanswered[interaction_id] = (self._socket.sequence, self._monotonic_ms())

    def ended(self, interaction_id: int) -> None:
        self._unanswered.pop(interaction_id, None)

    def session(self) -> GatewaySession | None:
        """Where another process has to go on: nothing that came after it is lost."""
        current = library_patches.session_of(self._socket) if self._socket is not None else self._session
        if current is None:
            return None
        since_ms = self._monotonic_ms() - FORGOTTEN_MS
        self._unanswered = {key: value for key, value in self._unanswered.items() if value[1] >= since_ms}
        first = min((sequence for sequence, _ in self._unanswered.values()), default=current.sequence + 1)
        return replace(current, sequence=min(current.sequence, first - 1))
