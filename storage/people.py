"""People and their identities on the platforms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from storage.records import Identity, Person
from storage.repository import Repository


class People(Repository):
    async def identify(self, platform: str, external_id: str, name: str, now_ms: int) -> Person:
        """The person behind a platform's id, made at first sight. A changed name is kept. Needs a writing unit."""
        raise NotImplementedError

    async def find(self, platform: str, external_id: str) -> Person | None:
        raise NotImplementedError

    async def get(self, person: int) -> Person | None:
        raise NotImplementedError

    async def names(self, ids: Iterable[int]) -> Mapping[int, str]:
        """Names by person id; unknown ids are left out."""
        raise NotImplementedError

    async def identities(self, person: int) -> tuple[Identity, ...]:
        """Where she can be reached, the platform she used last first."""
        raise NotImplementedError
