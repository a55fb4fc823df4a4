"""Every request the bot made, with what was answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .json_values import Json
from .request_bodies import Upload

# what counts as a message in a channel: each of these is a request in the channel's windows
WRITES = ("POST /channels/{channel}/messages", "PATCH /channels/{channel}/messages/{message}")


@dataclass(slots=True, eq=False)
class Call:
    """One request; `route` is its pattern (`POST /channels/{channel}/messages`), `args` what filled it."""

    method: str
    path: str
    route: str
    at_ms: int
    args: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: Json | list[Json] | None = None
    uploads: list[Upload] = field(default_factory=list, repr=False)
    authorized: bool = False
    status: int = 0  # 0 where the line was cut
    answer: object = field(default=None, repr=False)
    code: int = 0  # Discord's error code
    scripted: bool = False  # a fault of the test's, no doing of the bot's

    @property
    def refused(self) -> bool:
        return 400 <= self.status < 500 and not self.scripted

    def json(self) -> Json:
        assert isinstance(self.body, dict), f"{self.route} had {self.body!r}"
        return self.body


class RequestLog:
    def __init__(self) -> None:
        self.calls: list[Call] = []

    def of(self, route: str) -> list[Call]:
        """Calls of one route, by its pattern."""
        return [call for call in self.calls if call.route == route]

    @property
    def refused(self) -> list[Call]:
        """What the bot should not have asked for."""
        return [call for call in self.calls if call.refused]

    def most_in_a_window(self, channel_id: int, window_ms: int = 5_000, routes: Iterable[str] = WRITES) -> int:
        """The most requests to one channel that any `window_ms` held."""
        wanted = set(routes)
        times = sorted(
            call.at_ms for call in self.calls if call.route in wanted and call.args.get("channel") == str(channel_id)
        )
        most = begin = 0
        for end, at in enumerate(times):
            while times[begin] <= at - window_ms:
                begin += 1
            most = max(most, end - begin + 1)
        return most
