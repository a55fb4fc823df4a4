"""Which platforms this process sends to: those whose lease it holds, so that one process at a time sends for a chat and
keeps a platform's budget. Without a holder: all it serves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from bot.chat.rate_limits import Budget
from storage.clock import Clock
from storage.holding import COMPLETE, Holder, Wish
from storage.leases import FencedError, Lease
from storage.records import Payload
from storage.unit_of_work import UnitOfWork

BUDGET, WRITTEN = "budget", "written_ms"  # in what the next holder must know
CLOCKS_APART_MS = 5_000  # by which the clocks of two machines may differ


class HeldPlatforms:
    """`gained` is called whenever there is one more."""

    def __init__(
        self,
        holder: Holder | None,
        clock: Clock,
        platforms: Collection[str],
        budgets: Mapping[str, Budget],
        gained: Callable[[], None],
    ) -> None:
        self.taken_over = set[str]() if holder is not None else set(platforms)  # what another had before; see `settle`
        self._holder = holder
        self._clock = clock
        self._platforms = platforms
        self._budgets = budgets
        self._gained = gained
        self._epochs: dict[str, int] = {}
        if holder is not None:
            for platform in platforms:
                holder.want(platform, self._wish(platform, holder))

    def may(self, platform: str) -> bool:
        """Whether it is ours now, for certain."""
        return self._holder is None or self._holder.lease(platform) is not None

    def names(self) -> list[str]:
        return [platform for platform in self._platforms if self.may(platform)]

    def settle(self, platforms: Collection[str]) -> None:
        """What another process had before us is ours now."""
        self.taken_over -= set(platforms)

    async def fence(self, uow: UnitOfWork, platforms: Collection[str]) -> None:
        """As the first statements of a unit: only if all of these are still ours. Raises FencedError."""
        if self._holder is None:
            return
        for platform in sorted(platforms):
            lease = self._holder.lease(platform)
            if lease is None:
                raise FencedError(f"{platform} is another process's")
            try:
                await self._holder.fence(uow, lease)
            except FencedError:
                await self._holder.lose(platform)
                raise

    def _wish(self, platform: str, holder: Holder) -> Wish:
        async def gained(lease: Lease, state: Payload | None) -> None:
            if lease.epoch != self._epochs.get(platform):  # else nobody was there in between
                self._take_over_budget(platform, {COMPLETE: True} if state is None else state, holder.unseen_ms)
            self._epochs[platform] = lease.epoch
            self.taken_over.add(platform)
            self._gained()

        def state() -> Payload:
            windows = self._budgets[platform].to_json(self._clock.monotonic_ms())
            return {BUDGET: {**windows}} | ({WRITTEN: self._clock.now_ms()} if windows else {})

        return Wish(gained=gained, state=state)

    def _take_over_budget(self, platform: str, state: Payload, unseen_ms: int) -> None:
        """Go on within what the holder before us left of the platform's limits; where that is nothing, it may have sent
        something since all the same. Half of each window counts as used of what nothing is known of."""
        budget, written_ms = state.get(BUDGET), state.get(WRITTEN)
        elapsed_ms = self._clock.now_ms() - written_ms if isinstance(written_ms, int) else 0
        self._budgets[platform].take_over(
            budget if isinstance(budget, dict) else {},
            max(0, elapsed_ms - CLOCKS_APART_MS),
            self._clock.monotonic_ms(),
            0 if COMPLETE in state else unseen_ms,
        )
