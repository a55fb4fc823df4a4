"""What every REST handler is given, and the table of routes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .errors import ApiError, missing_access, missing_permissions, unknown
from .json_values import Json
from .limits import Limits, TooMany
from .permissions import Permission, permissions_in
from .request_log import Call
from .world import Channel, Guild, Message, User, World


class RateLimitedError(Exception):
    """A handler found a limit of the resource exceeded: the server answers 429."""

    def __init__(self, why: TooMany) -> None:
        super().__init__(f"retry after {why.retry_after}")
        self.why = why


@dataclass(slots=True, eq=False)
class RestRequest:
    """One request under way."""

    world: World
    limits: Limits
    call: Call
    gateway_url: str
    shards: int

    def id(self, name: str) -> int:
        value = self.call.args[name]
        if not value.isdecimal():
            raise ApiError(400, 50035, "Invalid Form Body", {name: {"_errors": [{"code": "NUMBER_TYPE_COERCE"}]}})
        return int(value)

    @property
    def body(self) -> Json:
        if not isinstance(self.call.body, dict):
            raise ApiError(400, 50035, "Invalid Form Body", {"_errors": [{"code": "DICT_TYPE_CONVERT"}]})
        return self.call.body

    def guild(self) -> Guild:
        guild = self.world.guilds.get(self.id("guild"))
        if guild is None or not guild.has_bot:
            raise unknown(10004, "Guild")
        return guild

    def user(self) -> User:
        user = self.world.users.get(self.id("user"))
        if user is None:
            raise unknown(10013, "User")
        return user

    def channel(self, *rights: Permission) -> Channel:
        """The channel asked for: 10003 where it is gone, 50001 where the bot may not look, 50013 otherwise."""
        channel = self.world.channels.get(self.id("channel"))
        if channel is None:
            raise unknown(10003, "Channel")
        self.may(channel, *rights)
        return channel

    def may(self, channel: Channel, *rights: Permission) -> None:
        mine = permissions_in(channel, self.world.bot)
        if not mine & Permission.VIEW_CHANNEL:
            raise missing_access()
        if any(not mine & right for right in rights):
            raise missing_permissions()

    def message(self, channel: Channel) -> Message:
        """A message that the bot may address by its channel: an ephemeral one is none of those."""
        message = channel.messages.get(self.id("message"))
        if message is None or message.ephemeral:
            raise unknown(10008, "Message")
        return message


Handler = Callable[[RestRequest], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`open` routes carry their authority in the path (webhooks and interactions)."""

    method: str
    pattern: str
    handler: Handler
    open: bool

    @property
    def name(self) -> str:
        return f"{self.method} {self.pattern}"


ROUTES: list[tuple[re.Pattern[str], Route]] = []


def route(method: str, pattern: str, *, open: bool = False) -> Callable[[Handler], Handler]:
    """Declare a handler. It returns JSON, or None for an empty 204."""

    def declare(handler: Handler) -> Handler:
        shape = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern) + "$")
        ROUTES.append((shape, Route(method=method, pattern=pattern, handler=handler, open=open)))
        return handler

    return declare


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route of a request; more literal patterns are declared first. 404 and 405 as Discord answers them."""
    other = False
    for shape, one in ROUTES:
        found = shape.match(path)
        if found and one.method == method:
            return one, found.groupdict()
        other = other or found is not None
    raise ApiError(405, 0, "405: Method Not Allowed") if other else ApiError(404, 0, "404: Not Found")
