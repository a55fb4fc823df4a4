"""Messages waiting to leave: written in the tick's transaction, delivered at least once, gone after delivery."""

from __future__ import annotations

from collections.abc import Collection

from storage.records import Notice, OutboxRow
from storage.repository import Repository


class Outbox(Repository):
    async def add(self, market: int, notice: Notice, now_ms: int, due_ms: int | None = None) -> int:
        """Queue a notice for everybody it is for; returns the number of rows: CHAT one per chat of the market, PERSON
        one where her ticket stands, else where she was seen last, ADMINS one per admin of the market's chats (with
        nobody vouched for: its creator). A waiting row of the same key and place takes the newer payload."""
        raise NotImplementedError

    async def claim(self, platforms: Collection[str], now_ms: int, lease_ms: int, n: int = 20) -> list[OutboxRow]:
        """Up to n due rows, nobody else's for `lease_ms`. Order is kept per place: of one chat or person only the
        oldest waiting row is handed out, keyed rows apart."""
        raise NotImplementedError

    async def done(self, row: OutboxRow, ref: str | None, now_ms: int) -> None:
        """Delivered: the row goes, unless a newer payload arrived meanwhile; then that one is due. `ref` is where it
        stands now; with a slot it is remembered and handed out as `edit_ref` next time."""
        raise NotImplementedError

    async def retry(self, row: OutboxRow, at_ms: int, error: str) -> None:
        """Not delivered: due again at `at_ms`."""
        raise NotImplementedError

    async def drop(self, row: OutboxRow, error: str) -> None:
        """Give up on a row that can never be delivered (blocked, chat gone); it is kept aside, not sent."""
        raise NotImplementedError

    async def backlog(self) -> int:
        raise NotImplementedError

    async def next_due(self) -> int | None:
        """When the next row is due, if any."""
        raise NotImplementedError

    async def ref(self, market: int, platform: str, chat_ext: str, slot: str) -> str | None:
        """Where the message of a slot (`board`) stands in a chat."""
        raise NotImplementedError

    async def set_ref(self, market: int, platform: str, chat_ext: str, slot: str, ref: str | None) -> None:
        raise NotImplementedError
