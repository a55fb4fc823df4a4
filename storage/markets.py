"""Markets: their configuration, life and state."""

from __future__ import annotations

from engine.params import MarketParams
from engine.state import MarketState, Status

from storage.records import Declined, Market, Payload
from storage.repository import Repository


class Markets(Repository):
    async def create(
        self, *, chat: int, title: str, params: MarketParams, draft: Payload, creator: int, now_ms: int
    ) -> Market:
        """A new market in DRAFT, announced in its home chat. Whether the chat may have one more is the caller's to ask
        (`of_chat`, then `Market.over`)."""
        raise NotImplementedError

    async def get(self, market: int) -> Market | None:
        raise NotImplementedError

    async def of_chat(self, chat: int) -> Market | None:
        """The unresolved market announced in this chat, else the latest one, else None."""
        raise NotImplementedError

    async def last_of_person(self, person: int) -> Market | None:
        """The market she used last (joined, ordered, or chose by `use`)."""
        raise NotImplementedError

    async def of_person(self, person: int) -> list[Market]:
        """Those she has joined, newest first."""
        raise NotImplementedError

    async def use(self, person: int, market: int, now_ms: int) -> None:
        """Make it the market her private commands speak of."""
        raise NotImplementedError

    async def all(self) -> list[Market]:
        raise NotImplementedError

    async def running(self) -> list[Market]:
        """Markets a tick may change: RUNNING, FROZEN, PAUSED; halted ones too."""
        raise NotImplementedError

    async def waiting(self, now_ms: int) -> list[Market]:
        """Markets in LOBBY whose planned start has come."""
        raise NotImplementedError

    async def update(
        self,
        market: int,
        *,
        title: str | None = None,
        params: MarketParams | None = None,
        draft: Payload | None = None,
        status: Status | None = None,
        planned_start_ms: int | None = None,
    ) -> Market | Declined:
        """Change a market that has not started: None leaves a field alone. `status` moves between DRAFT, LOBBY and
        VOIDED. Declined(bad_status) once it has started."""
        raise NotImplementedError

    async def start(self, market: int, now_ms: int) -> Market | Declined:
        """LOBBY to RUNNING at `now_ms`: the stake goes from the bank to the house, and every member's join waits for
        the first tick at engine time 0, so that a replay meets it too. Declined(bad_status) from elsewhere."""
        raise NotImplementedError

    async def close(self, market: int, now_ms: int) -> Market | Declined:
        """RESOLVED to CLOSED."""
        raise NotImplementedError

    async def state(self, market: int) -> MarketState:
        """The engine's state as of the last tick; of a market that has not started, a fresh one with no accounts.
        Cached by (market, tick, head)."""
        raise NotImplementedError

    async def halt(self, market: int, reason: str, now_ms: int) -> None:
        """Stand still, whatever is queued: shown as FROZEN until an admin resumes or voids it."""
        raise NotImplementedError
