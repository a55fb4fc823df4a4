"""The room as a web server on this machine: puts its parts together, listens and stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence

from aiohttp import web

from bot.adapters.http_server import HttpServer
from bot.adapters.room import security
from bot.adapters.room.api.openapi import OpenApiRoutes
from bot.adapters.room.api.orders import OrderRoutes
from bot.adapters.room.api.prices import PriceRoutes
from bot.adapters.room.api.stream import TickStreams
from bot.adapters.room.bearer import Bearers
from bot.adapters.room.cookies import Cookies
from bot.adapters.room.entering import EnterRoutes
from bot.adapters.room.event_stream import EventStreams
from bot.adapters.room.handlers import Handlers
from bot.adapters.room.limits import CLOCK, Limits
from bot.adapters.room.live_events import LiveEvents
from bot.adapters.room.market_charts import MarketCharts
from bot.adapters.room.market_routes import MarketRoutes
from bot.adapters.room.mini_app import MiniApp
from bot.adapters.room.page_events import PageEvents
from bot.adapters.room.platform import MAIN, RoomPlatform
from bot.adapters.room.presence import Presence
from bot.adapters.room.quotes import QuoteRoutes
from bot.adapters.room.routes import DrawThemed, Routes
from bot.adapters.room.run_by_key import RunByKey, end_old_rights
from bot.adapters.room.run_routes import RunRoutes
from bot.adapters.room.security import Sessions
from bot.adapters.room.visitors import Visitors
from bot.adapters.room.watch_pages import WatchPages
from bot.adapters.room.watch_routes import WatchRoutes
from bot.adapters.room.watch_streams import WatchStreams
from bot.charts.price_history import PriceHistory
from bot.chat.rights import UNASKED, Rights
from bot.dispatcher import Dispatcher
from bot.market.live_markets import LiveMarkets
from bot.market.live_quotes import LiveQuotes
from bot.market.vouching import Vouching
from bot.settings import Network
from storage.database import Database
from storage.holding import Holder


class RoomService:
    """`clock` gives epoch milliseconds of market time, `speed` how many of them pass in a millisecond of the wall's.

    `names` are host names besides `localhost` under which it may be asked for; `public_url` is the https address under
    which a proxy serves it to everybody: posts come from there alone, and cookies go there alone. `titles` are the
    chats it holds by their external id, the first of them at `/`; `more` are routes of others, served beside them.
    `trusted_proxies` are believed whom they speak for. `holder` knows the other processes that serve the room.
    `rights` asks the platforms others come from. `telegram_token` is the bot's, for which Telegram signs who opens the
    Mini App. The announcer speaks through `platform`.
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
        public_url: str | None = None,
        trusted_proxies: Sequence[Network] = (),
        titles: Mapping[str, str] | None = None,
        more: Sequence[web.RouteDef] = (),
        holder: Holder | None = None,
        rights: Rights = UNASKED,
        telegram_token: str | None = None,
    ) -> None:
        self._db = db
        self._host = host
        self._secure = public_url is not None
        self._admin_token = admin_token
        self._clock = clock
        self.platform = RoomPlatform(db, clock)
        self._log = self.platform.log
        app = web.Application(
            middlewares=[security.in_words, security.middleware(names, public_url)],
            client_max_size=security.LARGEST_BODY,
        )
        self._server = HttpServer(app, host, port)
        events = PageEvents()
        presence = Presence(None if db.alone else holder)
        hold = self._server.connections.hold
        self._live = LiveMarkets(db, clock)
        titles, limits = dict(titles or {MAIN: "The room"}), Limits()
        self._sessions = Sessions(db, admin_token, clock)
        bearers, vouching = Bearers(db, clock), Vouching(db, rights)
        self._visitors = Visitors(self._sessions, limits, titles, trusted_proxies, rights, bearers, vouching)
        live_events = LiveEvents(db, self._live, self._visitors.vouched)
        self._streams = EventStreams(self._log, events, live_events, clock, speed, hold, presence.elsewhere)
        presence.tell(lambda: self._streams.here)
        self._following: list[asyncio.Task[None]] = []
        handlers = Handlers(self._log, dispatcher, titles, limits)
        commands = {command.name: command for command in dispatcher.commands}
        quotes = LiveQuotes(db, self._live, commands, CLOCK.monotonic_ms)
        self._ticks = TickStreams(db, self._live, limits, self._visitors, hold)
        history = PriceHistory()
        charts = MarketCharts(db, self._visitors.asks, history)
        self._routes = Routes(
            db,
            clock,
            titles,
            log=self._log,
            handlers=handlers,
            sessions=self._sessions,
            streams=self._streams,
            events=events,
            draw=draw,
            limits=limits,
            visitors=self._visitors,
            api=(
                MarketRoutes(db, self._visitors, self._live, live_events),
                charts,
                PriceRoutes(db, self._visitors, self._live, history),
                QuoteRoutes(db, quotes, limits, self._visitors),
                OrderRoutes(db, quotes, handlers, dispatcher, limits, self._visitors, events),
                OpenApiRoutes(self._visitors),
                RunRoutes(db, clock, self._visitors, handlers),
                RunByKey(db, dispatcher, self._visitors, limits),
                self._ticks,
            ),
        )
        self._watching = WatchStreams(self._live, clock, speed, hold)
        watch = WatchRoutes(
            db,
            self._live,
            self._watching,
            charts,
            WatchPages(self._routes.assets, public_url),
            draw,
            limits,
            trusted_proxies,
        )
        app.on_response_prepare.append(security.add_headers)
        mini_app = MiniApp(
            db,
            clock,
            page=self._routes.assets["app.html"],
            sessions=self._sessions,
            visitors=self._visitors,
            token=telegram_token,
        )
        entering = EnterRoutes(db, clock, self._sessions, self._visitors)
        app.add_routes([*self._routes.routes(), *mini_app.routes(), *entering.routes(), *watch.routes(), *more])

    async def start(self) -> tuple[str, str]:
        """Listen; returns the room's address and the one that also gives admin rights. OSError: the port is taken."""
        await self._log.open()
        secret = await self._secret()
        self._sessions.open(secret)
        await end_old_rights(self._db, self._admin_token, secret, self._clock())
        port = await self._server.start()
        self._visitors.cookies = Cookies.of(secret, port, secure=self._secure)
        self._following = [asyncio.create_task(work) for work in (self._log.follow(), self._live.follow())]
        self._streams.keep_within(self._server.connections.most)
        self._ticks.keep_within(self._server.connections.most)
        self._watching.keep_within(self._server.connections.most)
        host = f"[{self._host}]" if ":" in self._host else self._host
        url = f"http://{host}:{port}/"
        return url, f"{url}?admin={self._admin_token}"

    async def _secret(self) -> bytes:
        async with self._db.writing() as uow:
            secret = await uow.room.secret()
            await uow.commit()
        return secret

    @property
    def routes(self) -> Sequence[web.RouteDef]:
        """All that is served, but what others added."""
        return self._routes.routes()

    @property
    def streams_open(self) -> int:
        """Browsers that listen, strangers' too, and those of who watches."""
        return self._streams.open + self._watching.open

    async def stop(self) -> None:
        """Close the streams and stop listening, within about a second."""
        self._streams.close()
        self._ticks.close()
        self._watching.close()
        await self._routes.theatre.close()
        for task in self._following:
            task.cancel()
        if self._following:
            await asyncio.wait(self._following)
        await self._server.stop()
