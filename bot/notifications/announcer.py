"""Empties the outbox into chats: claims what is due, phrases it, keeps to each platform's budget, edits where it can.

Delivery is at least once and harmless when repeated: a ticket's fill and the board are edits, a post carries a nonce,
and a row leaves the outbox only after its message stands. Nothing is dropped for a budget's sake: what does not fit now
is due later. What one tick has to tell is claimed, phrased, handed over and marked together, as far as a platform takes
it so.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection, Mapping, Sequence

from bot.chat.pictures import Draw
from bot.chat.platform import Platform
from bot.chat.rate_limits import Budget
from bot.grammar.command import Command
from bot.notifications import delivery
from bot.notifications.claims import Claims
from bot.notifications.delivery import FIRST_RETRY_MS, Delivery, OutgoingMessage, Postponed
from bot.notifications.delivery_results import DeliveryResults
from bot.notifications.held_platforms import HeldPlatforms
from bot.notifications.phrasing import Phrasing
from bot.notifications.senders import Senders
from storage.again import again
from storage.clock import Clock
from storage.database import Database
from storage.holding import Holder
from storage.leases import FencedError
from storage.quiet_log import QuietLog
from storage.records import OutboxRow
from storage.trouble import TroubleError

log = logging.getLogger(__name__)

IDLE_S = 5.0
GATHER_S = 0.02
STOP_S = 2.0


class Announcer:
    """`platforms` by name; `draw` makes a chart's PNG, or None where it cannot (the
    message then goes without). Rows of a platform that is not in `platforms` wait until it is; rows of a `muted` one
    are thrown away, for people nobody reads for. `budgets` are shared with the adapters; a platform without one gets
    its own. With a `holder` only to those platforms is sent whose lease is ours. Of `commands` people are offered
    what to do next."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        platforms: Mapping[str, Platform],
        draw: Draw | None = None,
        muted: Collection[str] = (),
        budgets: Mapping[str, Budget] | None = None,
        holder: Holder | None = None,
        commands: Sequence[Command] = (),
    ) -> None:
        self._db = db
        self._clock = clock
        self._budgets = {name: Budget.of(name) for name in platforms} | dict(budgets or {})
        sending = Delivery(clock, platforms, self._budgets, draw)
        self.results = DeliveryResults(clock, sending.lacks_pictures)
        self._phrasing = Phrasing(db, clock, self._budgets, self.results.shown, {one.name: one for one in commands})
        self._held = HeldPlatforms(holder, clock, tuple(platforms), self._budgets, self._wake)
        self._senders = Senders(clock, platforms, sending, self.results, self._held.may, self._let_go)
        self._claims = Claims(clock, self._budgets, self._senders, muted)
        self._quiet = QuietLog(log)

    def _wake(self) -> None:
        """Something can be sent that could not before."""
        self._senders.delivered.set()

    def _let_go(self, rows: Collection[int]) -> None:
        self._claims.end(rows)

    async def step(self) -> int:
        """Deliver what is due now and within budget; returns how many messages left."""
        before = self.results.sent
        while await again(self._claim_and_send) or self._senders or self.results.unsaved:
            await self._senders.wait()
        return self.results.sent - before

    async def run(self) -> None:
        """Deliver for ever, woken by commits, by deliveries and by the clock; ends by cancellation, after what is on
        its way has arrived or two seconds have passed."""
        trouble_s = 0.0
        try:
            while True:
                try:
                    seconds = 0.0 if await again(self._claim_and_send) else await self._until_next_due()
                    trouble_s = 0.0
                except TroubleError:
                    trouble_s = min(IDLE_S, max(FIRST_RETRY_MS / 1_000, trouble_s * 2))
                    await asyncio.sleep(trouble_s)  # not `_wait`: what cannot be written down ends that at once
                    continue
                except Exception as error:
                    self._quiet.error("run", "the announcer stumbled; it goes on", error=error)
                    await asyncio.sleep(FIRST_RETRY_MS / 1_000)
                    continue
                await self._wait(seconds)
        finally:
            await self._stop()

    async def _wait(self, seconds: float) -> None:
        """Until a commit fills the outbox, something has been delivered, or the time is over."""
        if self.results.unsaved:
            return
        delivered = self._senders.delivered
        events = [asyncio.create_task(self._db.outbox_filled(seconds)), asyncio.create_task(delivered.wait())]
        try:
            await asyncio.wait(events, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for event in events:
                event.cancel()
            await asyncio.gather(*events, return_exceptions=True)
            if self._senders:  # what arrives together is written down together
                await asyncio.sleep(GATHER_S)
            delivered.clear()

    async def _until_next_due(self) -> float:
        """Seconds until something can be due that can be sent then; what is on its way wakes us when it has arrived."""
        now, waits_ms = self._clock.now_ms(), [int(IDLE_S * 1_000)]
        async with self._db.reading() as uow:
            for platform in self._held.names():
                due = await uow.deliveries.next_due([platform]) if self._senders.free(platform) > 0 else None
                if due is not None:
                    waits_ms.append(max(due - now, self._budgets[platform].overall_wait(self._clock.monotonic_ms())))
        return max(20, min(waits_ms)) / 1_000

    async def _stop(self) -> None:
        """What is on its way may arrive; what came of it is written down."""
        await self._senders.stop(STOP_S)
        with contextlib.suppress(Exception):
            async with self._db.writing() as uow:
                await self.results.save(uow)
                await uow.commit()

    async def _claim_and_send(self) -> bool:
        """Write down what came of earlier messages, take what is due, and send it on its way; whether there was
        anything to take."""
        arrived = frozenset(row.id for message, _ in self.results.unsaved for row in message.rows)
        if self._claims.wants_renewal(arrived):
            async with self._db.writing() as uow:
                await self._claims.renew_and_expire(uow, arrived)
                await uow.commit()
        try:
            claimed = await self._save_and_claim(self._held.names())
        except FencedError:  # what came of earlier messages is written down with the next try
            return True
        if claimed:
            await self._send(claimed)
        return bool(claimed)

    async def _save_and_claim(self, platforms: list[str]) -> list[OutboxRow]:
        taken_over = self._held.taken_over & set(platforms)
        self._let_go(self.results.keep_sent(self._held.may))
        async with self._db.writing() as uow:
            await self._held.fence(uow, platforms)
            if taken_over:
                await self.results.take_over(uow, taken_over)
            saved = frozenset(row.id for row in await self.results.save(uow))
            uow.after_commit(lambda: self._claims.end(saved))
            if taken_over:
                await self._claims.take_over(uow, taken_over)
            claimed = await self._claims.claim(uow, platforms)
            await uow.commit()
        self._held.settle(taken_over)
        return claimed

    async def _send(self, rows: list[OutboxRow]) -> None:
        try:
            phrased = await self._phrasing.phrase(rows)
        except TroubleError:
            for row in rows:
                self.results.add_unsent(row, delivery.without_database(self._clock.now_ms()))
            return
        except Exception as error:
            log.exception("%s notices could not be looked up", len(rows))
            for row in rows:
                self.results.add_unsent(row, Postponed(self._clock.now_ms(), type(error).__name__, failed=True))
            return
        messages: list[OutgoingMessage] = []
        for row, result in phrased:
            if isinstance(result, OutgoingMessage):
                messages.append(result)
            else:
                self.results.add_unsent(row, result)
        self._senders.send(delivery.join_messages(messages, self._phrasing.counts_messages))
