"""The peer itself: one loopback port with the REST API, the gateway and the files."""

from __future__ import annotations

import json
import logging
import mimetypes
import re
from collections.abc import Callable
from typing import Self, TypeVar

from aiohttp import BodyPartReader, web

from . import api_commands, api_interactions, api_messages, api_world
from .changes import Changes
from .clock import Clock
from .errors import ApiError, unauthorized
from .faults import ANSWER, DROP, HOLD, LOSE, Fault, Faults
from .gateway import Gateway
from .interaction import DEADLINE_MS, Interaction
from .json_values import Json
from .limits import Limits, TooMany
from .permissions import Permission
from .person import Person
from .request_bodies import Upload
from .request_log import Call, RequestLog
from .routing import RateLimitedError, RestRequest, find
from .world import Guild, World

T = TypeVar("T")

API = "/api/v10"
HANDLERS = (api_commands, api_interactions, api_messages, api_world)  # importing them declares their routes
BOT_PERMISSIONS = int(
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.PIN_MESSAGES
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)


class _CutError(Exception):
    """The line is to be cut."""


class DiscordPeer:
    """`async with DiscordPeer() as peer:` listens on a free port: `peer.api` and `peer.gateway_url`."""

    def __init__(self, *, token: str = "peer-token", clock: Clock | None = None) -> None:
        self.token = token
        self.clock = clock or Clock()
        self.changes = Changes()
        self.world = World(self.clock, self.changes)
        self.gateway = Gateway(self.world, self.clock, self.changes, token)
        self.limits = Limits(self.clock)
        self.faults = Faults()
        self.request_log = RequestLog()
        self.api = ""
        self.crashed: list[Exception] = []  # the peer's own faults: leaving the block raises the first
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await self.stop()
        if self.crashed and kind is None:
            raise AssertionError("the peer itself failed") from self.crashed[0]
        if self.gateway.doubled and kind is None:
            raise AssertionError(f"two connections at once for the shards {self.gateway.doubled}")

    async def start(self) -> None:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/attachments/{channel}/{attachment}/{name}", self._file)
        app.router.add_route("*", API + "/{path:.*}", self._rest)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.api = f"http://127.0.0.1:{port}{API}"
        self.gateway.url = f"ws://127.0.0.1:{port}/gateway"
        self.world.cdn = f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        self.faults.clear()
        await self.gateway.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    # worlds

    @property
    def gateway_url(self) -> str:
        return self.gateway.url

    def guild(self, name: str, *, owner: str = "owner", bot_permissions: int | None = BOT_PERMISSIONS) -> Guild:
        """A new guild, with the bot in it unless `bot_permissions` is None."""
        guild = self.world.guild(name, owner=owner)
        if bot_permissions is not None:
            guild.invite_bot(bot_permissions)
        return guild

    def person(self, name: str) -> Person:
        """Somebody who is in no guild yet."""
        return Person(self.world.user(name), self.world)

    # what happened

    @property
    def calls(self) -> list[Call]:
        return self.request_log.calls

    @property
    def refused(self) -> list[Call]:
        """Requests answered by a 4xx that no test had scripted."""
        return self.request_log.refused

    @property
    def late(self) -> list[Interaction]:
        """Interactions that were acknowledged after their 3 s, that is, too late."""
        return [one for one in self.world.interactions.values() if one.late_after_ms is not None]

    @property
    def unanswered(self) -> list[Interaction]:
        """Interactions whose person waits or waited in vain: never acknowledged in time, or still "thinking"."""
        now = self.clock.now_ms
        return [
            one
            for one in self.world.interactions.values()
            if not one.settled and (one.acked is not None or now - one.created_ms > DEADLINE_MS)
        ]

    async def until(self, look: Callable[[], T | None], seconds: float = 30.0, what: str = "it") -> T:
        """The first true answer of `look`, asked again at each request and event."""
        return await self.changes.until(look, seconds, what)

    # requests

    async def _file(self, request: web.Request) -> web.Response:
        for channel in self.world.channels.values():
            for message in channel.messages.values():
                for one in message.attachments:
                    if str(one.id) == request.match_info["attachment"]:
                        return web.Response(body=one.data, content_type=one.content_type)
        return web.Response(status=404)

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        path = "/" + request.match_info["path"]
        call = Call(request.method, path, "", self.clock.now_ms, query=dict(request.query))
        self.calls.append(call)
        try:
            response = await self._answer(request, call)
        except _CutError:
            if request.transport is not None:
                request.transport.abort()
            response = web.Response(status=500)
            call.status = 0
        except Exception as error:
            self.crashed.append(error)
            logging.getLogger(__name__).exception("%s %s", call.method, call.path)
            response = self._respond(call, 503, {"message": "the peer failed", "code": 0}, {})
        self.changes.notify()
        return response

    async def _answer(self, request: web.Request, call: Call) -> web.Response:
        if self.limits.banned:
            call.status = 429
            return web.Response(status=429, text="<html>error code: 1015</html>", content_type="text/html")
        fault = self.faults.meet(call.method, call.path)
        if fault is not None and fault.kind == DROP:
            call.scripted = True
            raise _CutError
        headers: dict[str, str] = {}
        try:
            call.body, call.uploads = await _body(request)
            if fault is not None and fault.kind == ANSWER:
                call.scripted = True
                return self._scripted(call, fault)
            if fault is not None and fault.kind == HOLD:
                await fault.released.wait()
            result = self._handle(request, call, headers)
        except ApiError as error:
            call.code = error.code
            return self._respond(call, error.status, error.body(), headers)
        except RateLimitedError as error:
            return self._too_many(call, error.why)
        if fault is not None and fault.kind == LOSE:
            call.scripted = True
            if not fault.status:
                raise _CutError
            return self._respond(call, fault.status, {"message": "scripted", "code": 0}, headers)
        return self._respond(call, 204 if result is None else 200, result, headers)

    def _handle(self, request: web.Request, call: Call, headers: dict[str, str]) -> object:
        found, call.args = find(call.method, call.path)
        call.route = found.name
        call.authorized = request.headers.get("Authorization") == f"Bot {self.token}"
        if not found.open and not call.authorized:
            raise unauthorized()
        if not request.headers.get("User-Agent"):
            raise ApiError(400, 40333, "internal network error")
        major = "+".join(call.args.get(key, "") for key in ("channel", "guild", "application", "token"))
        given, too_many = self.limits.take(found.name, major, interaction=found.open)
        headers.update(given)
        if too_many is not None:
            raise RateLimitedError(too_many)
        return found.handler(RestRequest(self.world, self.limits, call, self.gateway.url, self.gateway.shards))

    def _scripted(self, call: Call, fault: Fault) -> web.Response:
        found = re.sub(r"/\d+", "/*", call.path)
        call.route = f"{call.method} {found}"
        if fault.status == 429:
            return self._too_many(call, self.limits.refusal(fault.retry_after, fault.scope, {}))
        return self._respond(call, fault.status, {"message": "scripted", "code": 0}, {})

    def _too_many(self, call: Call, why: TooMany) -> web.Response:
        return self._respond(call, 429, why.body, why.headers)

    def _respond(self, call: Call, status: int, result: object, headers: dict[str, str]) -> web.Response:
        call.status, call.answer = status, result
        self.limits.note(status, headers.get("X-RateLimit-Scope"))
        body = b"" if status == 204 else json.dumps(result).encode()
        shown = {"Via": "1.1 google"} | headers
        if status == 204:
            return web.Response(status=status, headers=shown)
        return web.Response(status=status, body=body, content_type="application/json", headers=shown)


async def _body(request: web.Request) -> tuple[Json | list[Json] | None, list[Upload]]:
    """JSON, or the `payload_json` and `files[n]` of a multipart body."""
    if request.content_type == "multipart/form-data":
        return await _multipart(request)
    raw = await request.read()
    if not raw:
        return None, []
    if request.content_type != "application/json":
        told = {"_errors": [{"code": "CONTENT_TYPE_INVALID", "message": "Expected application/json"}]}
        raise ApiError(400, 50035, "Invalid Form Body", told)
    return _parsed(raw), []


def _parsed(raw: bytes) -> Json | list[Json]:
    try:
        value = json.loads(raw)
    except ValueError:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from None
    return value if isinstance(value, dict | list) else {}


async def _multipart(request: web.Request) -> tuple[Json | list[Json] | None, list[Upload]]:
    body: Json | list[Json] = {}
    uploads: list[Upload] = []
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        data = await part.read(decode=False)
        found = re.fullmatch(r"files\[(\d+)\]", part.name or "")
        if part.name == "payload_json":
            body = _parsed(bytes(data))
        elif found and part.filename:
            kind = mimetypes.guess_type(part.filename)[0] or "application/octet-stream"
            uploads.append(Upload(index=int(found[1]), filename=part.filename, content_type=kind, data=bytes(data)))
        else:
            told = {"_errors": [{"code": "MULTIPART_FIELD", "message": f"unknown part {part.name!r}"}]}
            raise ApiError(400, 50035, "Invalid Form Body", told)
    return body, uploads
