"""The local room keeps its own messages: it is a platform like the others, and has no server elsewhere."""

from __future__ import annotations

from storage.records import Payload, RoomMessage
from storage.repository import Repository


class Room(Repository):
    async def append(
        self, room: str, channel: str, body: Payload, *, author: str = "", person: int | None = None, now_ms: int
    ) -> RoomMessage:
        """A new message; `person` set makes it hers alone."""
        raise NotImplementedError

    async def replace(self, message: int, body: Payload, now_ms: int) -> RoomMessage | None:
        """New body in place, with a new `seq`, so that `since` brings it again. None: no such message."""
        raise NotImplementedError

    async def get(self, message: int) -> RoomMessage | None:
        raise NotImplementedError

    async def since(self, room: str, seq: int, person: int | None, n: int = 200) -> list[RoomMessage]:
        """The latest n messages changed after `seq` that she may see, by `seq`. Private ones of others never."""
        raise NotImplementedError

    async def latest_seq(self) -> int:
        raise NotImplementedError
