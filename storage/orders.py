"""Orders as they were accepted, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence

from storage.records import Declined, OrderDraft, OrderRow
from storage.repository import Repository


class Orders(Repository):
    async def append(
        self,
        market: int,
        person: int,
        draft: OrderDraft,
        *,
        request_id: str,
        reserve: int,
        now_ms: int,
        ticket: int | None = None,
    ) -> OrderRow | Declined:
        """Accept an order for the next tick and set its worst cost aside (micro-dollars, gas in; for a sale the gas).

        The same `request_id` returns the order that exists, `created` False, whatever else is asked. Otherwise
        Declined(not_member | not_running | frozen | paused | no_cash), and nothing is stored. Accepted at `now_ms`, or
        at the last tick where that was later: an order never lands in a tick that has run."""
        raise NotImplementedError

    async def get(self, market: int, number: int) -> OrderRow | None:
        raise NotImplementedError

    async def by_request(self, request_id: str) -> OrderRow | None:
        raise NotImplementedError

    async def pending(self, market: int) -> list[OrderRow]:
        """Accepted and not yet run, in the order of the tick."""
        raise NotImplementedError

    async def of(self, market: int, person: int, *, open_only: bool = False, n: int = 50) -> list[OrderRow]:
        """Hers, newest first."""
        raise NotImplementedError

    async def of_tick(self, market: int, tick: int) -> list[OrderRow]:
        raise NotImplementedError

    async def withdraw(self, market: int, person: int, number: int | None) -> Sequence[OrderRow]:
        """Take back pending orders (None: all of hers) that no tick has run; returns those taken back. Orders that rest
        in the book are cancelled by an action instead."""
        raise NotImplementedError
