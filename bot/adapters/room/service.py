"""The room as a web server on this machine: puts its parts together, listens and stops."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from aiohttp import web

from bot.adapters.room import security
from bot.adapters.room.event_stream import EventStreams
from bot.adapters.room.handlers import Handlers
from bot.adapters.room.platform import MAIN, RoomPlatform
from bot.adapters.room.routes import DrawThemed, Routes
from bot.adapters.room.security import Sessions
from bot.dispatcher import Dispatcher
from storage.database import Database

CLOSE_S = 1.0


class RoomService:
    """`clock` gives epoch milliseconds of market time, `speed` how many of them pass in a millisecond of the wall's.

    `names` are host names besides `localhost` under which a proxy serves the room; `titles` the chats it holds by their
    external id, the first of them at `/`; `more` are routes of others, served beside them. The announcer speaks
    through `platform`.
    """

    def __init__(
        self,
        db: Database,
        dispatcher: Dispatcher,
        clock: Callable[[], int],
        *,
        host: str = "127.0.0.1",
        port: int = 8080,
        admin_token: str,
        draw: DrawThemed,
        speed: Callable[[], float] = lambda: 1.0,
        names: Collection[str] = (),
        titles: Mapping[str, str] | None = None,
        more: Sequence[web.RouteDef] = (),
    ) -> None:
        self._host, self._port = host, port
        self._admin_token = admin_token
        self.platform = RoomPlatform(db, clock)
        self._log = self.platform.log
        self._streams = EventStreams(self._log, clock, speed)
        titles = dict(titles or {MAIN: "The room"})
        self._routes = Routes(
            db,
            clock,
            titles,
            log=self._log,
            handlers=Handlers(self._log, dispatcher, titles),
            sessions=Sessions(db, admin_token),
            streams=self._streams,
            draw=draw,
        )
        app = web.Application(middlewares=[security.middleware(names)], client_max_size=security.LARGEST_BODY)
        app.on_response_prepare.append(security.add_headers)
        app.add_routes([*self._routes.routes(), *more])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSE_S)

    async def start(self) -> tuple[str, str]:
        """Listen; returns the room's address and the one that also gives admin rights. OSError: the port is taken."""
        await self._log.open()
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self._routes.port = self._runner.addresses[0][1]
        host = f"[{self._host}]" if ":" in self._host else self._host
        url = f"http://{host}:{self._routes.port}/"
        return url, f"{url}?admin={self._admin_token}"

    @property
    def streams_open(self) -> int:
        """Browsers that listen, strangers' too."""
        return self._streams.open

    async def stop(self) -> None:
        """Close the streams and stop listening, within about a second."""
        self._streams.close()
        await self._runner.cleanup()
