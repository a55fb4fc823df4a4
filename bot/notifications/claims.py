"""Which rows of the outbox this process has on their way: claimed, leased, given up where nobody will hear.

Of each chat and each person only what is next is taken, so that order is kept; for a platform that takes many messages
as easily as one, everybody's at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.chat.rate_limits import Budget, Urgency
from bot.notifications import delivery
from bot.notifications.senders import Senders
from storage.clock import Clock
from storage.records import OutboxRow
from storage.unit_of_work import UnitOfWork

LEASE_MS = 60_000
MOST_AT_ONCE = 250  # rows in one batch: phrasing them must not hold up what else runs here
EXPIRE_EVERY_MS = 60_000
NEWS_MS = 3_600_000  # announcements that could not be made for so long are not made later
LASTING_NEWS_MS = 24 * NEWS_MS


class Claims:
    """`muted`: platforms nobody reads, whose rows are thrown away."""

    def __init__(
        self,
        clock: Clock,
        budgets: Mapping[str, Budget],
        senders: Senders,
        muted: Collection[str],
    ) -> None:
        self._clock = clock
        self._budgets = budgets
        self._senders = senders
        self._muted = frozenset(muted)
        self._leases: dict[int, tuple[OutboxRow, int]] = {}  # rows on their way, and until when they are ours
        self._expired_ms: int | None = None

    async def take_over(self, uow: UnitOfWork, platforms: Collection[str]) -> None:
        """Whoever held rows of these before us is dead, or gives back what it has."""
        await uow.deliveries.release(platforms, but=self._leases)

    async def claim(self, uow: UnitOfWork, platforms: Collection[str]) -> list[OutboxRow]:
        """What is due now and can be sent now to any of these platforms. Ours once this unit is committed."""
        now, monotonic_ms = self._clock.now_ms(), self._clock.monotonic_ms()
        claimed: list[OutboxRow] = []
        if self._muted:
            await uow.deliveries.discard(self._muted)
        for name in platforms:
            free, queued, budget = self._senders.free(name), self._senders.queued(name), self._budgets[name]
            most = min(free, budget.room(monotonic_ms) - queued)
            most_urgent = min(free, budget.room(monotonic_ms, Urgency.URGENT) - queued)
            if most > 0:
                batch = self._senders.takes_batches(name)
                claimed += await self._claim_of(uow, name, now, MOST_AT_ONCE if batch else most)
            elif most_urgent > 0:
                claimed += await uow.deliveries.claim([name], now, LEASE_MS, most_urgent, urgent=True)
        uow.after_commit(lambda: self._leases.update({row.id: (row, now + LEASE_MS) for row in claimed}))
        return claimed

    async def _claim_of(self, uow: UnitOfWork, platform: str, now: int, most: int) -> list[OutboxRow]:
        """With those that could leave in one message with them, where each message counts."""
        rows = await uow.deliveries.claim([platform], now, LEASE_MS, most)
        if not self._budgets[platform].allowance.chat:
            return rows
        taken = {row.id for row in rows}
        for row in list(rows):
            if delivery.joinable(row):
                behind = await uow.deliveries.claim_with(
                    row, now, LEASE_MS, delivery.MOST_JOINED, delivery.JOINABLE_IN_CHATS
                )
                rows += [following for following in behind if following.id not in taken]
                taken |= {following.id for following in behind}
        return rows

    def end(self, rows: Collection[int]) -> None:
        """These are on their way no more."""
        for row in rows:
            self._leases.pop(row, None)

    def wants_renewal(self, arrived: Collection[int]) -> bool:
        """Whether there is anything for `renew_and_expire`; mostly there is not."""
        return bool(self._ending(arrived)) or self._expires()

    async def renew_and_expire(self, uow: UnitOfWork, arrived: Collection[int]) -> None:
        """Hold on to what is still on its way, wherever the wall's clock was set meanwhile; forget what no lost chat
        will hear any more. In a unit of its own: these rows come in another order than those that have arrived."""
        now, ending = self._clock.now_ms(), self._ending(arrived)
        await uow.deliveries.renew(ending, now + LEASE_MS)
        self._leases.update({row.id: (row, now + LEASE_MS) for row in ending})
        if self._expires():
            self._expired_ms = self._clock.monotonic_ms()
            await uow.deliveries.expire(now - LASTING_NEWS_MS)

    def _ending(self, arrived: Collection[int]) -> list[OutboxRow]:
        now = self._clock.now_ms()
        held = [(row, until) for number, (row, until) in self._leases.items() if number not in arrived]
        return [row for row, until in held if not 2 * LEASE_MS // 3 <= until - now <= LEASE_MS]

    def _expires(self) -> bool:
        return self._expired_ms is None or self._clock.monotonic_ms() - self._expired_ms >= EXPIRE_EVERY_MS
