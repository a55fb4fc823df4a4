"""Quoted orders that wait for Confirm."""

from __future__ import annotations

from storage.records import OrderDraft, Payload, Ticket, TicketStatus
from storage.repository import Repository


class Tickets(Repository):
    async def create(
        self,
        market: int,
        person: int,
        draft: OrderDraft,
        *,
        reserve: int,
        terms: Payload,
        request_id: str,
        now_ms: int,
    ) -> Ticket:
        """A new OPEN ticket; the same `request_id` returns the one it made."""
        raise NotImplementedError

    async def get(self, ticket: int) -> Ticket | None:
        raise NotImplementedError

    async def settle(self, ticket: int, status: TicketStatus, order: int | None = None) -> bool:
        """OPEN to `status`, once: False where it had been settled before, and nothing changes."""
        raise NotImplementedError

    async def bind(self, ticket: int, platform: str, chat_ext: str, ref: str) -> None:
        """Where the ticket stands, so that its fill can replace it. The last call wins."""
        raise NotImplementedError
