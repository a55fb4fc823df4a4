"""One connection to PostgreSQL: asyncpg's, which ends in time, keeps its line alive and remembers what it has prepared.

Imported by who has PostgreSQL alone: asyncpg is an extra.

A pooler in transaction mode gives each transaction whichever of its servers is free, so that nothing may be left in
one: no named statement, no setting, no LISTEN. It is known by the number of the process that serves us: what the server
says of itself is not what we were told when we were let in. No setting is needed, and one who asks a pooler for more
than it gives is told so by nobody.
"""

from __future__ import annotations

import socket
import time
from collections import OrderedDict
from typing import Any
from weakref import WeakSet

from asyncpg import Connection, connect
from asyncpg.exceptions import InvalidCachedStatementError
from asyncpg.prepared_stmt import PreparedStatement

CLOSE_S = 2.0  # how long a server is asked to stop what it is at, before a connection is dropped all the same
PREPARED = 300  # statements that are kept, at most
LINE_S = {"idle": 5, "interval": 2, "count": 3}  # a line on which nothing arrives is dead after eleven seconds
UNSENT_MS = 10_000  # nor is one on which nothing sent is taken


class ServerConnection(Connection):  # type: ignore[misc]  # asyncpg has no types
    """`answer_s`: how long a statement may take. `server` is told where one takes longer."""

    __slots__ = ("_statements", "answer_s", "server")

    def __init__(self, protocol: Any, transport: Any, *others: Any) -> None:  # Any: asyncpg's own
        super().__init__(protocol, transport, *others)
        self.answer_s = 0.0
        self.server: PostgresServer | None = None
        self._statements: OrderedDict[str, PreparedStatement] = OrderedDict()
        _keep_alive(transport.get_extra_info("socket"))

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109  # asyncpg's own
        await super().close(timeout=CLOSE_S if timeout is None else min(timeout, CLOSE_S))

    async def prepared(self, sql: str) -> PreparedStatement:
        """The statement, prepared on the server once; behind a pooler it is sent anew with each execution. In one trip
        from its second time on."""
        statement = self._statements.get(sql)
        if statement is None:
            statement = self._statements[sql] = await self.prepare(sql)
            if len(self._statements) > PREPARED:
                self._statements.popitem(last=False)
        else:
            self._statements.move_to_end(sql)
        return statement

    def forget_outdated(self, error: BaseException) -> None:
        """Where tables have changed beneath what was prepared, it is prepared anew."""
        if isinstance(error, InvalidCachedStatementError):
            self._statements.clear()

    @property
    def is_pooled(self) -> bool:
        """Whether there is a pooler between us and the server."""
        return self.server is not None and bool(self.server.pooled)

    def distrust(self) -> None:
        """It did not answer."""
        if self.server is not None:
            self.server.distrust()


class PostgresServer:
    """What is known of the server of one database, and our connections to it."""

    def __init__(self) -> None:
        self.pooled: bool | None = None  # whether there is a pooler before it; None: nobody has connected yet
        self.distrusted_s = 0.0  # what was opened before then is not used again
        self._connections: WeakSet[ServerConnection] = WeakSet()

    async def connect(self, *arguments: Any, **options: Any) -> ServerConnection:  # Any: as asyncpg takes them
        """As asyncpg connects, and raises."""
        connection = await self._connect(*arguments, **options)
        if self.pooled is None:
            self.pooled = await _has_another(connection)
            if self.pooled:  # what we would prepare in it has names
                await connection.close()
                connection = await self._connect(*arguments, **options)
        if not self.pooled:
            await connection.execute(_SETTINGS)
        self._connections.add(connection)
        return connection

    def is_ours(self, process: int) -> bool:
        """Whether this process of the server works for us."""
        return any(process == other.get_server_pid() for other in self._connections if not other.is_closed())

    async def _connect(self, *arguments: Any, **options: Any) -> ServerConnection:
        if self.pooled:
            options["statement_cache_size"] = 0
        connection: ServerConnection = await connect(*arguments, **options, connection_class=ServerConnection)
        connection.server, connection.answer_s = self, options.get("command_timeout") or 0.0
        return connection

    def distrust(self) -> None:
        """A connection got no answer: those that are open may get none either."""
        self.distrusted_s = time.monotonic()


_SETTINGS = "".join(
    f"SET tcp_keepalives_{name} = {value};" for name, value in LINE_S.items()
)  # so that the server, too, sees that we are gone


async def _has_another(connection: ServerConnection) -> bool:
    """Whether another process than the one we know serves us. All in one transaction, and nothing in it has a name."""
    await connection.execute("BEGIN")
    statement = await connection.prepare("SELECT pg_backend_pid()", name="")
    process = await statement.fetchval()
    await connection.execute("ROLLBACK")
    return bool(process != connection.get_server_pid())


def _keep_alive(line: socket.socket | None) -> None:
    """Have the system ask whether there is anybody: what is cut off says nothing."""
    if line is None or line.family not in (socket.AF_INET, socket.AF_INET6):
        return
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    settings = {
        "TCP_KEEPIDLE": LINE_S["idle"],
        "TCP_KEEPINTVL": LINE_S["interval"],
        "TCP_KEEPCNT": LINE_S["count"],
        "TCP_USER_TIMEOUT": UNSENT_MS,
    }
    for name, value in settings.items():
        if hasattr(socket, name):  # not every system has all of them
            line.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
