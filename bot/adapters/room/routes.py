"""What a browser can ask the room for, one method an address."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from aiohttp import web

from bot.adapters.room import assets, event_stream, page_events, render, request_body, security
from bot.adapters.room.handlers import Handlers
from bot.adapters.room.joining import Newcomers
from bot.adapters.room.limits import Counted, Limits, RefusalError
from bot.adapters.room.market_routes import asked_market
from bot.adapters.room.market_theatre import MarketTheatre
from bot.adapters.room.message_log import MessageLog
from bot.adapters.room.responses import Answer, person_of
from bot.adapters.room.security import Sessions, Visitor, new_token
from bot.adapters.room.visitors import APP, Visitors
from bot.chat.reply import Picture
from bot.text.names import LONGEST_NAME, clean, folded
from bot.words import room as words
from bot.words.identity import platform_name
from storage.database import Database
from storage.records import Json, Payload

# a chart as PNG in a theme (dark, light), or None: it cannot be drawn
DrawThemed = Callable[[Picture, str], Awaitable[bytes | None]]

RETRY_CHART_S = 4
CHART_S = 10.0  # a request waits no longer for a chart; it goes on being drawn, and the page asks again


class ApiPart(Protocol):
    """Addresses below `api/v1`."""

    def routes(self, base: str) -> list[web.RouteDef]:
        """Below `/` or `/r/<name>/`."""
        ...


class Routes:
    """`titles` are the chats the room holds: the first of them at `/`, others at `/r/<name>/`. `api` is what can be
    asked below `api/v1`."""

    def __init__(
        self,
        db: Database,
        clock: Callable[[], int],
        titles: Mapping[str, str],
        *,
        log: MessageLog,
        handlers: Handlers,
        sessions: Sessions,
        streams: event_stream.EventStreams,
        events: page_events.PageEvents,
        draw: DrawThemed,
        limits: Limits,
        visitors: Visitors,
        api: Sequence[ApiPart],
    ) -> None:
        self._titles = titles
        self._log = log
        self._handlers = handlers
        self._sessions = sessions
        self._newcomers = Newcomers(clock, log, sessions)
        self._streams = streams
        self._events = events
        self._draw = draw
        self._limits = limits
        self._visitors = visitors
        self._api = api
        self.theatre = MarketTheatre(db, clock, visitors.asks, limits)
        self.assets = assets.load()

    def routes(self) -> list[web.RouteDef]:
        message_path = "{message:[0-9]{1,15}}/{index:[0-9]{1,2}}"
        routes = [
            web.get("/healthz", self._health),
            web.get("/static/{name}", self._static),
            web.get("/enter", self._link),
        ]
        for base in ("/", "/r/{room}/"):
            routes += [web.get(base, self._page), web.post(f"{base}api/join", self._join)]
        for base in ("/", "/r/{room}/", APP):
            routes += [
                web.get(f"{base}api/me", self._me),
                web.get(f"{base}api/stream", self._stream, allow_head=False),
                web.get(f"{base}chart/{message_path}", self._chart),
                web.get(f"{base}file/{message_path}", self._file),
                web.post(f"{base}api/say", self._say),
                web.post(f"{base}api/press", self._press),
                web.post(f"{base}api/fill", self._fill),
                web.post(f"{base}api/complete", self._complete),
                *self.theatre.routes(base),
                *(route for part in self._api for route in part.routes(base)),
            ]
        return routes

    async def _health(self, request: web.Request) -> web.Response:
        """It answers, so it is alive; whether it does its work, `/readyz` tells."""
        return web.json_response({"ok": True})

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return self._asset(request, request.match_info["name"])

    async def _page(self, request: web.Request) -> web.StreamResponse:
        self._visitors.room(request)
        if "admin" in request.query:
            return await self._admin(request, request.query["admin"])
        return self._asset(request, "index.html")

    async def _link(self, request: web.Request) -> web.StreamResponse:
        """The page of a link of `/room`, the same for everybody: which link it is, is in no request for it."""
        return self._asset(request, "enter.html")

    def _asset(self, request: web.Request, name: str) -> web.Response:
        asset = self.assets.get(name)
        if asset is None:
            raise web.HTTPNotFound
        return asset.response(request)

    async def _admin(self, request: web.Request, token_given: str) -> web.Response:
        """The admin link: rights into a cookie, and the token out of the address bar and the history."""
        visitor = await self._visitors.visitor(request)
        if not await self._sessions.is_admin_token(token_given, visitor.whose):
            raise RefusalError(403, words.admin_link_wrong())
        token = visitor.token or new_token()
        response = web.Response(status=303, headers={"Location": request.path})
        self._visitors.cookies.set(response, "session", token)
        self._visitors.cookies.set(response, "admin", self._sessions.admin_cookie(token))
        return response

    async def _me(self, request: web.Request) -> web.Response:
        room, visitor = self._visitors.room(request), await self._visitors.visitor(request)
        name = visitor.person.name if visitor.person else None
        me: dict[str, Json] = {"name": name, "admin": visitor.admin, "room": self._titles[room]}
        if visitor.came_as is not None and "Authorization" not in request.headers:  # by a link, and may sign out
            me["from"] = platform_name(visitor.came_as.platform)
        response = web.json_response(me)
        self._visitors.cookies.renew(request, response, "session", visitor.token)
        if visitor.admin:
            self._visitors.cookies.renew(request, response, "admin", self._sessions.admin_cookie(visitor.token))
        return response

    async def _join(self, request: web.Request) -> web.Response:
        """A name for this browser, and with it an account in the market that is on, if any."""
        room, visitor, body = (
            self._visitors.room(request),
            await self._visitors.visitor(request),
            await request_body.read(request),
        )
        name = clean(request_body.text(body, "name"), LONGEST_NAME)
        if not any(sign.isalnum() for sign in folded(name)):
            raise RefusalError(400, words.name_missing())
        fields, request_id = {}, request_body.request_id(body)
        if visitor.person is None:  # who has a name keeps it, whatever another window of theirs asks for
            visitor = await self._newcomers.come(room, visitor, name, request_id)
            fields = {"name": person_of(visitor).name}
        request_id = security.external_id(request_id)  # what it is kept under opens no session, see `token_of`
        await self._handlers.handle_form(
            room, visitor, "join", fields, request_id, is_retry=request_body.is_retry(body)
        )
        response = web.json_response(
            {"name": person_of(visitor).name, "admin": visitor.admin, "room": self._titles[room]}
        )
        self._visitors.cookies.set(response, "session", visitor.token)
        return response

    async def _say(self, request: web.Request) -> web.Response:
        room, visitor, body = (
            self._visitors.room(request),
            await self._visitors.person(request),
            await request_body.read(request),
        )
        answer = await self._handlers.handle_line(
            room,
            visitor,
            request_body.text(body, "text"),
            request_body.request_id(body),
            market=request_body.market(body),
            is_retry=request_body.is_retry(body),
        )
        return self._answer(answer, visitor)

    async def _press(self, request: web.Request) -> web.Response:
        room, visitor, body = (
            self._visitors.room(request),
            await self._visitors.person(request),
            await request_body.read(request),
        )
        answer = await self._handlers.handle_button(
            room,
            visitor,
            request_body.text(body, "text"),
            request_body.request_id(body),
            request_body.message_id(body),
            market=request_body.market(body),
            is_retry=request_body.is_retry(body),
        )
        return self._answer(answer, visitor)

    async def _fill(self, request: web.Request) -> web.Response:
        room, visitor, body = (
            self._visitors.room(request),
            await self._visitors.person(request),
            await request_body.read(request),
        )
        fields = body.get("args")
        args = (
            {request_body.well_formed(str(key)): request_body.well_formed(str(value)) for key, value in fields.items()}
            if isinstance(fields, dict)
            else {}
        )
        answer = await self._handlers.handle_form(
            room,
            visitor,
            request_body.text(body, "command"),
            args,
            request_body.request_id(body),
            request_body.message_id(body),
            market=request_body.market(body),
            is_retry=request_body.is_retry(body),
        )
        return self._answer(answer, visitor)

    async def _complete(self, request: web.Request) -> web.Response:
        room, visitor, body = (
            self._visitors.room(request),
            await self._visitors.visitor(request),
            await request_body.read(request),
        )
        self._limits.count(Counted.COMPLETION, visitor.whose)
        suggestions = await self._handlers.complete(
            room, visitor, request_body.text(body, "text"), request_body.market(body)
        )
        return web.json_response(
            [
                {"line": suggestion.line, "label": suggestion.label, "hint": suggestion.hint}
                for suggestion in suggestions
            ]
        )

    def _answer(self, answer: Answer, visitor: Visitor) -> web.Response:
        """The message as the streams show it to them, and the form to ask at once."""
        body = self._events.answer(answer.message, answer.form, visitor.person.id if visitor.person else None)
        return web.Response(body=body, content_type="application/json", charset="utf-8")

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        last_seq = request.headers.get("Last-Event-ID") or request.query.get("since", "")
        since = int(last_seq) if last_seq.isascii() and last_seq.isdigit() and len(last_seq) < 16 else None
        room, visitor = self._visitors.room(request), await self._visitors.visitor(request)
        self._limits.count(Counted.STREAM, visitor.whose)
        return await self._streams.serve(request, room, visitor, since, asked_market(request))

    async def _stored_reply(self, request: web.Request, visitor: Visitor) -> Payload | None:
        """The reply kept in the message an address names, where this visitor may see it."""
        room = self._visitors.room(request)
        message = await self._log.get(int(request.match_info["message"]))
        if message is None or message.room != room:
            return None
        if message.person is not None and (visitor.person is None or message.person != visitor.person.id):
            return None
        stored = message.body.get("reply")
        return stored if isinstance(stored, dict) else None

    async def _chart(self, request: web.Request) -> web.Response:
        visitor = await self._visitors.visitor(request)
        self._limits.count(Counted.CHART, visitor.whose)
        stored = await self._stored_reply(request, visitor)
        picture = render.picture_at(stored, int(request.match_info["index"])) if stored is not None else None
        data = None
        if picture is not None:
            try:
                async with asyncio.timeout(CHART_S):
                    data = await self._draw(picture, request.query.get("theme", "dark"))
            except TimeoutError:
                raise RefusalError(503, words.chart_late(), RETRY_CHART_S) from None
        if data is None:
            raise RefusalError(404, words.chart_gone())
        headers = {"Cache-Control": "private, max-age=86400"}  # its address names the state it shows
        return web.Response(body=data, content_type="image/png", headers=headers)

    async def _file(self, request: web.Request) -> web.Response:
        stored = await self._stored_reply(request, await self._visitors.visitor(request))
        attachment = render.attachment_at(stored, int(request.match_info["index"])) if stored is not None else None
        if attachment is None:
            raise RefusalError(404, words.file_gone())
        name = re.sub(r"[^A-Za-z0-9._-]", "_", attachment.name) or "file"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Type": attachment.media_type}
        return web.Response(body=attachment.data, headers=headers)
