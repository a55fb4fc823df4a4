"""Chats, which market speaks in which of them, and who is known as an admin there."""

from __future__ import annotations

from storage.records import Chat
from storage.repository import Repository


class Chats(Repository):
    async def open(self, platform: str, external_id: str, kind: str, title: str, now_ms: int) -> Chat:
        """The chat with a platform's id, made at first sight. Needs a writing unit."""
        raise NotImplementedError

    async def find(self, platform: str, external_id: str) -> Chat | None:
        raise NotImplementedError

    async def get(self, chat: int) -> Chat | None:
        raise NotImplementedError

    async def of_market(self, market: int) -> list[Chat]:
        """Where the market is announced: its home first."""
        raise NotImplementedError

    async def connect(self, market: int, chat: int) -> None:
        """Announce the market in this chat too; repeating it changes nothing."""
        raise NotImplementedError

    async def disconnect(self, market: int, chat: int) -> None:
        raise NotImplementedError

    async def vouch(self, chat: int, person: int, *, admin: bool, now_ms: int) -> None:
        """What the platform said about her rights in this chat just now; admins' notices go to those it vouched for."""
        raise NotImplementedError

    async def admins(self, chat: int) -> list[int]:
        """People the platform has vouched for as admins of this chat, by id."""
        raise NotImplementedError
