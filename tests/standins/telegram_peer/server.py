"""The server: a Bot API on loopback that the real client talks to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web

# each of these files its methods
from . import api_chats, api_edits, api_inline, api_messages, api_profile, api_reactions, api_updates, ephemeral
from .changes import wall_clock
from .ephemeral import EphemeralFaults
from .errors import Json, RefusedError
from .faults import Fault, Faults
from .limits import Limits, most_in_window
from .params import NEWEST, Params, Upload, read_params
from .people import Tap
from .registry import IGNORED, METHODS, SINCE
from .webhook import Webhook, push
from .world import World

METHOD_MODULES = (
    api_chats,
    api_edits,
    api_inline,
    api_messages,
    api_profile,
    api_reactions,
    api_updates,
    ephemeral,
)
TOKEN = "7000000001:AAF-peer_of_the_tests_0123456789abcd"  # its own, no secret
LARGEST_REQUEST = 60 * 1024 * 1024
MESSAGES = frozenset(
    {
        "sendMessage",
        "sendPhoto",
        "sendDocument",
        "sendMediaGroup",
        "editMessageText",
        "editMessageCaption",
        "editMessageMedia",
        "editMessageReplyMarkup",
        "editEphemeralMessageText",
        "editEphemeralMessageCaption",
        "editEphemeralMessageMedia",
        "editEphemeralMessageReplyMarkup",
    }
)


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """One request as it came, and how it was answered (`code` 0: not yet, or the connection was cut)."""

    number: int
    method: str
    params: Json
    files: dict[str, Upload]
    chat_id: int | None
    at: float
    code: int = 0
    description: str = ""
    result: object = None
    cut: bool = False

    @property
    def ok(self) -> bool:
        return self.code == 200


def _no_rights() -> dict[bool, set[str]]:
    return {False: set(), True: set()}


@dataclass(slots=True, eq=False, repr=False)
class TelegramPeer:
    """`async with TelegramPeer() as peer`: then point the client at `peer.base_url` and `peer.file_url` with
    `peer.token`.

    `clock` gives seconds since 1970 (a ManualClock or the wall clock). `local` lets webhooks be plain HTTP on any
    port, as the self-hosted server does. `version` is that of the Bot API it speaks. `complaints` are
    requests the real server would take though they are wrong.
    """

    clock: Callable[[], float] = wall_clock
    token: str = TOKEN
    username: str = "outcry_bot"
    local: bool = True
    version: tuple[int, int] = NEWEST
    world: World = field(init=False)
    limits: Limits = field(init=False)
    faults: Faults = field(init=False, default_factory=Faults)
    ephemeral: EphemeralFaults = field(init=False, default_factory=EphemeralFaults)
    calls: list[Call] = field(init=False, default_factory=list)
    complaints: list[str] = field(init=False, default_factory=list)
    commands: dict[tuple[str, str], list[tuple[str, str]]] = field(init=False, default_factory=dict)
    menu_buttons: dict[int | None, Json] = field(init=False, default_factory=dict)  # by private chat; None: all others
    about: dict[tuple[str, str], str] = field(init=False, default_factory=dict)
    default_rights: dict[bool, set[str]] = field(init=False, default_factory=_no_rights)  # for channels: True
    poll: object | None = field(init=False, default=None)
    hook: Webhook | None = field(init=False, default=None)
    address: str = field(init=False, default="")
    _runner: web.AppRunner | None = field(init=False, default=None)
    _pusher: asyncio.Task[None] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.world = World(self.clock, int(self.token.split(":")[0]), self.username)
        self.limits = Limits(clock=self.clock)

    # what a test reads

    @property
    def base_url(self) -> str:
        """What goes before the token: ApplicationBuilder().base_url(...), TELEGRAM_API_BASE."""
        return f"{self.address}/bot"

    @property
    def file_url(self) -> str:
        """Likewise for downloads: base_file_url(...), TELEGRAM_FILE_BASE."""
        return f"{self.address}/file/bot"

    def called(self, method: str, chat_id: int | None = None) -> list[Call]:
        """The calls of one method (to one chat), as they came."""
        return [one for one in self.calls if one.method == method and chat_id in (None, one.chat_id)]

    def most_asked(self, seconds: float, chat_id: int | None = None) -> int:
        """The most messages and edits the bot asked for in any window so long, refused ones too."""
        asked = [one for one in self.calls if one.method in MESSAGES and chat_id in (None, one.chat_id)]
        return most_in_window((one.at for one in asked), seconds)

    def unanswered(self) -> list[Tap]:
        """Presses that the bot has left without an answer: their buttons still turn."""
        return [tap for tap in self.world.taps.values() if tap.answer is None]

    def refused(self) -> list[Call]:
        """The calls that were answered with an error, whether by rule or by order."""
        return [one for one in self.calls if one.code >= 400]

    async def until(self, look: Callable[[], bool], within: float = 30.0) -> None:
        """Waits for a condition on the world or on `calls`, looked at after every change."""
        try:
            await self.world.changes.until(lambda: look() or None, within)
        except TimeoutError:
            raise AssertionError("it did not come about") from None

    def complain(self, text: str) -> None:
        self.complaints.append(text)

    # the server

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=LARGEST_REQUEST)
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.new_poll()  # a poll that still waits ends
        await self.set_hook(None)
        assert self._runner is not None
        await self._runner.cleanup()

    def new_poll(self) -> object:
        self.poll = object()
        self.world.changes.notify()
        return self.poll

    async def set_hook(self, hook: Webhook | None) -> None:
        if self._pusher:
            self._pusher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pusher
            self._pusher = None
        self.hook = hook
        if hook:
            self.new_poll()
            self._pusher = asyncio.create_task(push(self, hook))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        try:
            self._check_token(request.match_info["token"])
            params = await read_params(request)
            params.version = self.version
        except RefusedError as refusal:
            return _refusal(refusal)
        call = self._record(request.match_info["method"], params)
        fault = self.faults.meet(call.method, call.chat_id)
        if fault and fault.hold:
            await fault.hold.wait()
        if fault and fault.drop:
            return self._cut(request, call)
        if fault and fault.code:
            return self._ordered(call, fault)
        response = await self._perform(call, params)
        if fault and fault.late:
            await fault.late.wait()
        return self._cut(request, call) if fault and fault.lose else response

    def _check_token(self, token: str) -> None:
        number = token.split(":", maxsplit=1)[0]
        if not number.isdigit() or ":" not in token:
            raise RefusedError(404, "Not Found")
        if token != self.token:
            raise RefusedError(401, "Unauthorized")

    def _record(self, method: str, params: Params) -> Call:
        name = METHODS[method.lower()][0] if method.lower() in METHODS else method
        call = Call(
            number=len(self.calls) + 1,
            method=name,
            params=params.given,
            files=params.files,
            chat_id=self._meant(str(params.given.get("chat_id", "")).strip()),
            at=self.clock(),
        )
        self.calls.append(call)
        self.world.changes.notify()
        return call

    def _meant(self, given: str) -> int | None:
        """The chat's number, whether it is known or not; None for no chat and for unknown names."""
        if given.startswith("@"):
            named = (
                one for one in self.world.chats.values() if one.username and one.username.lower() == given[1:].lower()
            )
            return next((one.id for one in named), None)
        return int(given) if given.lstrip("-").isdigit() else None

    async def _perform(self, call: Call, params: Params) -> web.Response:
        try:
            if call.method.lower() not in METHODS or SINCE.get(call.method, self.version) > self.version:
                raise RefusedError(404, "Not Found: method not found")
            call.result = await METHODS[call.method.lower()][1](self, params)
        except RefusedError as refusal:
            call.code, call.description = refusal.code, refusal.description
            self.world.changes.notify()
            return _refusal(refusal)
        except asyncio.CancelledError:  # who asked has hung up
            call.cut = True
            raise
        except Exception as error:  # a mistake of the peer itself must not look like one of Telegram
            self.complain(f"{call.method}: the peer broke: {error!r}")
            raise
        params.read.update(IGNORED)
        for name in params.strangers():
            self.complain(f"{call.method}: nobody reads the parameter {name!r}")
        call.code = 200
        self.world.changes.notify()
        return web.json_response({"ok": True, "result": call.result})

    async def perform(self, method: str, given: Json) -> None:
        """A method called in a webhook's answer: nobody hears how it went."""
        params = Params(given=given)
        await self._perform(self._record(method, params), params)

    def _ordered(self, call: Call, fault: Fault) -> web.Response:
        call.code = fault.code
        self.world.changes.notify()
        if fault.code in (502, 503, 504):
            page = "<html><head><title>Bad Gateway</title></head></html>"
            return web.Response(status=fault.code, text=page, content_type="text/html")
        described = fault.description or _PHRASES.get(fault.code, "Bad Request: ordered by the test")
        if fault.retry_after:
            refusal = RefusedError(
                429, f"Too Many Requests: retry after {fault.retry_after}", retry_after=fault.retry_after
            )
        else:
            refusal = RefusedError(fault.code, described)
        call.description = refusal.description
        return _refusal(refusal)

    def _cut(self, request: web.Request, call: Call) -> web.StreamResponse:
        call.cut = True
        if request.transport:
            request.transport.abort()
        self.world.changes.notify()
        return web.Response()

    async def _download(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != self.token:
            return _refusal(RefusedError(401, "Unauthorized"))
        for file in self.world.files.values():
            if file.path == request.match_info["path"]:
                return web.Response(body=file.data, content_type="application/octet-stream")
        return _refusal(RefusedError(404, "Not Found"))


_PHRASES = {
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    500: "Internal Server Error",
}


def _refusal(refusal: RefusedError) -> web.Response:
    body: Json = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    headers = {}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    if "retry_after" in refusal.parameters:
        headers["Retry-After"] = str(refusal.parameters["retry_after"])
    return web.json_response(body, status=refusal.code, headers=headers)
