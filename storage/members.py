"""Accounts of people in markets."""

from __future__ import annotations

from storage.records import Declined, Member
from storage.repository import Repository


class Members(Repository):
    async def join(self, market: int, person: int, name: str, request_id: str, now_ms: int) -> Member | Declined:
        """Take part under a name (`name` empty: the person's own). In a lobby the account is funded at the start, in a
        running market by the next tick; both show as `coming`. Repeating it returns the same account, renamed.
        Declined(not_running) in DRAFT and after the end, Declined(frozen) once the final is being decided."""
        raise NotImplementedError

    async def get(self, market: int, person: int) -> Member | None:
        raise NotImplementedError

    async def of(self, market: int) -> list[Member]:
        """By person id."""
        raise NotImplementedError

    async def rename(self, market: int, person: int, name: str) -> None:
        raise NotImplementedError

    async def count(self, market: int) -> int:
        raise NotImplementedError
