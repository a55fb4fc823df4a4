"""Every intent that is not an order: joins while running, cancels, admin controls, retunes."""

from __future__ import annotations

from storage.records import ActionRow, Declined, Payload
from storage.repository import Repository


class Actions(Repository):
    async def append(
        self, market: int, kind: str, payload: Payload, *, actor: int | None, request_id: str, now_ms: int
    ) -> ActionRow | Declined:
        """Queue an intent for the next tick; the same `request_id` returns the row that exists.

        kind and payload: `join` {user, cash} (later joins of her are grants) · `cancel` {user, order: number | None} ·
        `control` {kind: freeze | resume | pause | eliminate | resolve | void, outcomes: [..]} ·
        `retune` {values: {..}}.
        Declined(not_running) unless the market is RUNNING, FROZEN or PAUSED."""
        raise NotImplementedError

    async def get(self, market: int, number: int) -> ActionRow | None:
        raise NotImplementedError

    async def pending(self, market: int) -> list[ActionRow]:
        raise NotImplementedError

    async def of_tick(self, market: int, tick: int) -> list[ActionRow]:
        raise NotImplementedError
