"""The gateway: hello, identify, heartbeats, events in sequence, resume with what was missed, and every way to part."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections import deque
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from . import api_objects
from .changes import Changes
from .clock import Clock
from .json_values import Json
from .world import GUILD_MEMBERS, GUILD_PRESENCES, MESSAGE_CONTENT, Guild, World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, RECONNECT, MEMBERS, INVALID_SESSION, HELLO, ACK = (
    0,
    1,
    2,
    3,
    4,
    6,
    7,
    8,
    9,
    10,
    11,
)
PRIVILEGED = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT
KNOWN_INTENTS = (1 << 17) - 1 | 3 << 20 | 3 << 24
MOST_SENT, SENT_WINDOW_MS = 120, 60_000
PRESENCES = 5  # in the same minute, a session; past it Discord parts, as with any other limit here
STATUSES = ("online", "dnd", "idle", "invisible", "offline")
PLAYING, CUSTOM, LONGEST_STATE = 0, 4, 128


@dataclass(slots=True, eq=False)
class Session:
    """What one shard is told. It outlives its connection: events are kept for a resume."""

    id: str
    shard: tuple[int, int]
    intents: int
    seq: int = 0
    kept: deque[tuple[int, Json]] = field(default_factory=lambda: deque(maxlen=5000))
    connection: Connection | None = None
    presences: list[tuple[int, Json]] = field(default_factory=list)  # when and what, the newest last

    @property
    def status_line(self) -> str | None:
        """What stands below the bot's name in the servers of this shard."""
        activities = self.presences[-1][1]["activities"] if self.presences else []
        return activities[0]["state"] if activities else None

    def tell(self, event: str, data: Json) -> None:
        self.seq += 1
        frame: Json = {"op": DISPATCH, "t": event, "s": self.seq, "d": data}
        self.kept.append((self.seq, frame))
        if self.connection is not None:
            self.connection.send(frame)


class Connection:
    """One websocket: frames go out in order, compressed as one stream if the client asked for that."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request, *, compressed: bool) -> None:
        self.socket = socket
        self.request = request
        self.session: Session | None = None
        self._deflate = zlib.compressobj() if compressed else None
        self._out: asyncio.Queue[str | int | None] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write())
        self.received: deque[int] = deque()

    def send(self, frame: Json) -> None:
        self._out.put_nowait(json.dumps(frame))

    def close(self, code: int) -> None:
        """Close with a code, after what is waiting has gone out."""
        self._part()
        self._out.put_nowait(code)

    def cut(self) -> None:
        """The connection breaks: no close code, and nothing that waits goes out."""
        self._part()
        self._out.put_nowait(None)
        if self.request.transport is not None:
            self.request.transport.abort()

    def _part(self) -> None:
        if self.session is not None and self.session.connection is self:
            self.session.connection = None

    async def _write(self) -> None:
        while isinstance(what := await self._out.get(), str | int):
            if isinstance(what, int):
                await self.socket.close(code=what)
                return
            try:
                if self._deflate is None:
                    await self.socket.send_str(what)
                else:
                    packed = self._deflate.compress(what.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
                    await self.socket.send_bytes(packed)
            except ConnectionError:
                return

    async def end(self) -> None:
        self._part()
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)


class Gateway:
    """`token` is the right one. The lists say what came: `identifies`, `resumes`, `heartbeats`."""

    def __init__(self, world: World, clock: Clock, changes: Changes, token: str) -> None:
        self.world, self.clock, self.changes, self.token = world, clock, changes, token
        self.url = ""
        self.sessions: dict[str, Session] = {}
        self.open_connections: list[Connection] = []
        self.identifies: list[Json] = []
        self.resumes: list[Json] = []
        self.heartbeats: list[int | None] = []
        self.connection_queries: list[dict[str, str]] = []
        self.closed_by_client: list[int] = []
        self.acks = True  # False: heartbeats stay unanswered
        self.answers_identify = True  # False: the gateway is silent after hello
        self.down = False  # True: no connection is taken
        self.heartbeat_ms = 41_250
        self.shards = 1  # what GET /gateway/bot recommends
        self.allowed_intents = KNOWN_INTENTS & ~PRIVILEGED
        self.identify_gap_ms: int | None = None  # 5000 enforces one identify per 5 s, whichever connection it comes by
        self.hurried: list[Json] = []  # identifies that came too soon after another
        self.doubled: list[tuple[int, int]] = []  # shards that were begun while they had a connection already
        self._identified_ms: int | None = None
        world.gateway = self.emit

    # what a test does

    def drop(self, shard: int | None = None) -> None:
        """Cut the connection without a word, in the middle of whatever is under way."""
        for session in self.live(shard):
            assert session.connection is not None
            session.connection.cut()

    def close(self, code: int, shard: int | None = None) -> None:
        for session in self.live(shard):
            assert session.connection is not None
            session.connection.close(code)

    def reconnect(self, shard: int | None = None) -> None:
        """Op 7: come back and resume."""
        for session in self.live(shard):
            assert session.connection is not None
            session.connection.send({"op": RECONNECT, "d": None})

    def invalidate(self, *, resumable: bool = False, shard: int | None = None) -> None:
        """Op 9; one that cannot be resumed is forgotten."""
        for session in self.live(shard):
            assert session.connection is not None
            session.connection.send({"op": INVALID_SESSION, "d": resumable})
            if not resumable:
                self.sessions.pop(session.id)

    def forget(self) -> None:
        """Sessions time out: the next resume is refused."""
        self.sessions.clear()

    def live(self, shard: int | None = None) -> list[Session]:
        """Sessions with a connection."""
        return [one for one in self.sessions.values() if one.connection is not None and shard in {None, one.shard[0]}]

    async def connected(self, shards: int = 1, seconds: float = 30.0) -> None:
        """Until so many shards have a session with a connection."""
        await self.changes.until(lambda: len(self.live()) >= shards, seconds, f"{shards} shards on the gateway")

    async def resumed(self, times: int, seconds: float = 30.0) -> None:
        """Until the client has resumed so often since the beginning."""
        await self.changes.until(lambda: len(self.resumes) >= times, seconds, f"{times} resumes")

    # what the world does

    def emit(self, event: str, data: Json, guild: Guild | None, intent: int) -> None:
        for session in self.sessions.values():
            at, count = session.shard
            mine = at == 0 if guild is None else (guild.id >> 22) % count == at
            if (
                mine
                and (not intent or session.intents & intent)
                and (guild is None or guild.available or "GUILD" in event)
            ):
                session.tell(event, self._censored(event, data, guild, session))
        self.changes.notify()

    def _censored(self, event: str, data: Json, guild: Guild | None, session: Session) -> Json:
        """Without the message content intent others' words are empty, except in direct messages and mentions."""
        if (
            not event.startswith("MESSAGE_")
            or guild is None
            or session.intents & MESSAGE_CONTENT
            or "author" not in data
        ):
            return data
        mine = str(self.world.bot.id)
        if data["author"]["id"] == mine or any(one["id"] == mine for one in data["mentions"]):
            return data
        return data | {"content": "", "embeds": [], "attachments": [], "components": []}

    # what the client does

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self.down:
            return web.Response(status=503)
        self.connection_queries.append(dict(request.query))
        socket = web.WebSocketResponse(max_msg_size=4096 + 64)
        await socket.prepare(request)
        connection = Connection(socket, request, compressed=request.query.get("compress") == "zlib-stream")
        self.open_connections.append(connection)
        if request.query.get("v") != "10" or request.query.get("encoding") != "json":
            connection.close(4012)
        connection.send({"op": HELLO, "d": {"heartbeat_interval": self.heartbeat_ms, "_trace": []}})
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            self._received(connection, message.data)
            self.changes.notify()
        await self._ended(connection)
        return socket

    async def _ended(self, connection: Connection) -> None:
        session, code = connection.session, connection.socket.close_code
        mine = session is not None and session.connection is connection
        await connection.end()
        self.open_connections.remove(connection)
        if mine and code is not None:
            self.closed_by_client.append(code)
        if session is not None and mine and code in {1000, 1001}:
            self.sessions.pop(session.id, None)
        self.changes.notify()

    def _received(self, connection: Connection, text: str) -> None:
        now = self.clock.now_ms
        connection.received.append(now)
        while connection.received[0] <= now - SENT_WINDOW_MS:
            connection.received.popleft()
        if self.clock.speed and len(connection.received) > MOST_SENT:
            connection.close(4008)
            return
        try:
            frame = json.loads(text)
            op, data = frame["op"], frame.get("d")
        except (ValueError, KeyError, TypeError):
            connection.close(4002)
            return
        if op == HEARTBEAT:
            self.heartbeats.append(data)
            if self.acks:
                connection.send({"op": ACK})
        elif op == IDENTIFY:
            self._identify(connection, data)
        elif op == RESUME:
            self._resume(connection, data)
        elif connection.session is None:
            connection.close(4003)
        elif op == MEMBERS:
            self._members(connection.session, data)
        elif op == PRESENCE:
            self._presence(connection, connection.session, data)
        elif op != VOICE:
            connection.close(4001)

    def _identify(self, connection: Connection, data: Json) -> None:
        self.identifies.append(data)
        if not self.answers_identify:
            return
        code = self._wrong(connection, data)
        if code:
            connection.close(code)
            return
        now = self.clock.now_ms
        if (
            self.identify_gap_ms
            and self._identified_ms is not None
            and now < self._identified_ms + self.identify_gap_ms
        ):
            self.hurried.append(data)
            connection.send({"op": INVALID_SESSION, "d": False})
            return
        self._identified_ms = now
        shard, count = data.get("shard") or (0, 1)
        if any(one.shard == (shard, count) or one.shard[1] != count for one in self.live()):
            self.doubled.append((shard, count))
        for old in [one for one in self.sessions.values() if one.shard == (shard, count) and one.connection is None]:
            del self.sessions[old.id]
        session = Session(f"session-{len(self.identifies)}", (shard, count), data["intents"])
        self.sessions[session.id] = session
        session.connection, connection.session = connection, session
        self._ready(session)

    def _wrong(self, connection: Connection, data: Json) -> int:
        """The close code a bad IDENTIFY earns, 0 for a good one."""
        if connection.session is not None:
            return 4005
        if data.get("token") != self.token:
            return 4004
        if not isinstance(data.get("properties"), dict) or not isinstance(data.get("intents"), int):
            return 4002
        if data["intents"] & ~KNOWN_INTENTS:
            return 4013
        if data["intents"] & PRIVILEGED & ~self.allowed_intents:
            return 4014
        shard, count = data.get("shard") or (0, 1)
        if not (isinstance(shard, int) and isinstance(count, int) and 0 <= shard < count):
            return 4010
        mine = [guild for guild in self.world.guilds.values() if (guild.id >> 22) % count == shard]
        return 4011 if len(mine) > 2500 else 0

    def _ready(self, session: Session) -> None:
        shard, count = session.shard
        mine = [one for one in self.world.guilds.values() if one.has_bot and (one.id >> 22) % count == shard]
        session.tell(
            "READY",
            {
                "v": 10,
                "user": api_objects.user(self.world.bot) | {"verified": True, "mfa_enabled": True, "email": None},
                "guilds": [{"id": str(one.id), "unavailable": True} for one in mine],
                "session_id": session.id,
                "resume_gateway_url": self.url,
                "shard": [shard, count],
                "application": {"id": str(self.world.application_id), "flags": 0},
                "private_channels": [],
            },
        )
        for one in mine:
            if one.available and session.intents & 1:
                session.tell("GUILD_CREATE", api_objects.guild(one, self.world.bot) | {"unavailable": False})

    def _resume(self, connection: Connection, data: Json) -> None:
        if data.get("token") != self.token:
            connection.close(4004)
            return
        session = self.sessions.get(data.get("session_id", ""))
        if session is None:
            connection.send({"op": INVALID_SESSION, "d": False})
            return
        if not isinstance(data.get("seq"), int) or data["seq"] > session.seq:
            connection.close(4007)
            return
        self.resumes.append(data)
        if session.connection is not None:  # a session has one connection: whoever holds an older one is put out
            session.connection.close(4000)
        session.connection, connection.session = connection, session
        for seq, frame in session.kept:
            if seq > data["seq"]:
                connection.send(frame)
        session.tell("RESUMED", {"_trace": []})

    def _presence(self, connection: Connection, session: Session, data: Json) -> None:
        """Op 3: a custom status has its text in `state`; what is no presence is a payload Discord cannot decode."""
        now = self.clock.now_ms
        activities = data.get("activities")
        decoded = data.get("status") in STATUSES and isinstance(activities, list) and isinstance(data.get("afk"), bool)
        for one in activities or ():
            state = one.get("state")
            named = isinstance(one.get("name"), str) and one.get("type") in range(CUSTOM + 2)
            told = one.get("type") != CUSTOM or (isinstance(state, str) and 1 <= len(state) <= LONGEST_STATE)
            decoded = decoded and named and told
        if not decoded:
            connection.close(4002)
            return
        recent = [at for at, _ in session.presences if at > now - SENT_WINDOW_MS]
        if len(recent) >= PRESENCES:
            connection.close(4008)
            return
        session.presences.append((now, data))

    def _members(self, session: Session, data: Json) -> None:
        """Op 8: the members asked for by id (a whole list needs the privileged intent)."""
        guild = self.world.guilds.get(int(data["guild_id"]))
        if guild is None:
            return
        wanted = data.get("user_ids")
        ids = {int(one) for one in (wanted if isinstance(wanted, list) else [wanted] if wanted else [])}
        found = [one for one in guild.members.values() if one.user.id in ids]
        if not ids and session.intents & GUILD_MEMBERS:
            found = list(guild.members.values())
        shown: Json = {
            "guild_id": str(guild.id),
            "members": [api_objects.member(one) for one in found],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": [str(one) for one in ids - set(guild.members)],
        }
        session.tell("GUILD_MEMBERS_CHUNK", shown | ({"nonce": data["nonce"]} if data.get("nonce") else {}))

    async def stop(self) -> None:
        for connection in list(self.open_connections):
            connection.cut()
        await self.changes.until(lambda: not self.open_connections, 60.0, "the gateway's connections to end")
