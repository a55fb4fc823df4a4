"""Empties the outbox into chats: claims what is due, renders it, keeps to each platform's budget, edits where it can.

Delivery is at least once and harmless when repeated: a ticket's fill and the board are edits, a post carries a nonce,
and a row leaves the outbox only after its message stands. Nothing is dropped for a budget's sake: what does not fit now
is due later. Each chat and each person has one queue, sixteen queues are sent side by side, and a slow one holds up
nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Collection, Mapping

from bot.chat.platform import Draw, Platform
from bot.chat.rate_limits import Budget
from bot.chat.reply import Reply
from bot.notifications import delivery
from bot.notifications.delivery import (
    FIRST_RETRY_MS,
    ChatKey,
    Delivery,
    DeliveryResult,
    OutgoingMessage,
    Postponed,
    Sent,
    fingerprint,
)
from bot.notifications.delivery_results import DeliveryResults
from bot.notifications.notices import read_ahead, render_notice
from storage.clock import Clock
from storage.database import Database
from storage.records import Chat, Market, NoticeAudience, OutboxRow
from storage.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

LEASE_MS = 60_000
IN_FLIGHT = 16
IDLE_S = 5.0
GATHER_S = 0.02
STOP_S = 2.0
EXPIRE_EVERY_MS = 60_000
NEWS_MS = 3_600_000  # announcements that could not be made for so long are not made later
LASTING_NEWS_MS = 24 * NEWS_MS
LASTING_NEWS = frozenset(
    {"eliminated", "claimed", "corrected", "cut", "resolved", "voided"}
)  # these are told for a day
TICKET_MESSAGE_MS = 4_000  # so long a fill waits for its ticket to stand somewhere, so that it can take its place
TICKET_MESSAGE_RETRY_MS = 200
BOARD_SLOWER = 3  # times further apart are a board's edits where its group's minute is nearly full


class Announcer:
    """`platforms` by name; `draw` makes a chart's PNG, or None where it cannot (the
    message then goes without). Rows of a platform that is not in `platforms` wait until it is; rows of a `muted` one
    are thrown away, for people nobody reads for. `budgets` are shared with the adapters; a platform without one gets
    its own."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        platforms: Mapping[str, Platform],
        draw: Draw | None = None,
        muted: Collection[str] = (),
        budgets: Mapping[str, Budget] | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._platforms = platforms
        self._muted = frozenset(muted)
        self._budgets = {name: Budget.of(name) for name in platforms} | dict(budgets or {})
        self._delivery = Delivery(clock, platforms, self._budgets, draw)
        self.results = DeliveryResults(clock, self._delivery.lacks_pictures)
        self._loaded = False
        self._queues: dict[ChatKey, deque[OutgoingMessage]] = {}
        self._senders: dict[ChatKey, asyncio.Task[None]] = {}
        self._leases: dict[int, tuple[OutboxRow, int]] = {}  # rows on their way, and until when they are ours
        self._expired_ms: int | None = None
        self._stopping = False
        self._delivered = asyncio.Event()

    async def step(self) -> int:
        """Deliver what is due now and within budget; returns how many messages left."""
        before = self.results.sent
        while await self._claim_and_queue() or self._senders or self.results.unsaved:
            if self._senders:
                await asyncio.wait(self._senders.values(), return_when=asyncio.FIRST_COMPLETED)
        return self.results.sent - before

    async def run(self) -> None:
        """Deliver for ever, woken by commits, by deliveries and by the clock; ends by cancellation, after what is on
        its way has arrived or two seconds have passed."""
        try:
            while True:
                try:
                    seconds = 0.0 if await self._claim_and_queue() else await self._until_next_due()
                except Exception:
                    log.exception("the announcer stumbled; it goes on")
                    seconds = FIRST_RETRY_MS / 1_000
                await self._wait(seconds)
        finally:
            await self._stop()

    async def _wait(self, seconds: float) -> None:
        """Until a commit fills the outbox, something has been delivered, or the time is over."""
        if self.results.unsaved:
            return
        events = [asyncio.create_task(self._db.outbox_filled(seconds)), asyncio.create_task(self._delivered.wait())]
        try:
            await asyncio.wait(events, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for event in events:
                event.cancel()
            await asyncio.gather(*events, return_exceptions=True)
            if self._senders:  # what arrives together is written down together
                await asyncio.sleep(GATHER_S)
            self._delivered.clear()

    async def _until_next_due(self) -> float:
        """Seconds until something can be due."""
        if len(self._senders) >= IN_FLIGHT:
            return IDLE_S
        now, waits_ms = self._clock.now_ms(), [int(IDLE_S * 1_000)]
        async with self._db.reading() as uow:
            for platform, budget in self._budgets.items():
                due = await uow.deliveries.next_due([platform]) if platform in self._platforms else None
                if due is not None:
                    waits_ms.append(max(due - now, budget.overall_wait(self._clock.monotonic_ms())))
        return max(20, min(waits_ms)) / 1_000

    async def _stop(self) -> None:
        """What is on its way may arrive; what came of it is written down."""
        if self._senders:
            await asyncio.wait(self._senders.values(), timeout=STOP_S)
        self._stopping = True
        for sender in self._senders.values():
            sender.cancel()
        with contextlib.suppress(Exception):
            async with self._db.writing() as uow:
                await self._save_results(uow)
                await uow.commit()

    # -- write down what came of earlier messages, take what is due, render and queue it

    async def _claim_and_queue(self) -> bool:
        """Whether there was anything to take."""
        claimed: list[OutboxRow] = []
        async with self._db.writing() as uow:
            if not self._loaded:
                await self._load(uow)
            saved = await self._save_results(uow)
            await self._renew_and_expire(uow, saved)
            now, free = self._clock.now_ms(), IN_FLIGHT - len(self._senders)
            for platform in self._platforms:
                budget = self._budgets[platform]
                most = min(free - len(claimed), budget.room(self._clock.monotonic_ms()))
                if most > 0:
                    claimed += await self._claim(uow, platform, budget, now, most)
            await uow.commit()
        self._loaded = True
        for row in claimed:
            self._leases[row.id] = (row, now + LEASE_MS)
        if claimed:
            try:
                await self._queue_all(claimed, now)
            except Exception as error:
                log.exception("%s notices could not be looked up", len(claimed))
                for row in claimed:
                    self.results.add_unsent(row, Postponed(now, type(error).__name__, failed=True))
        return bool(claimed)

    async def _load(self, uow: UnitOfWork) -> None:
        """On SQLite we are alone, and whoever held rows before us is dead."""
        if self._db.is_sqlite:
            await uow.deliveries.release()
        await self.results.load(uow)

    async def _save_results(self, uow: UnitOfWork) -> frozenset[int]:
        """The rows that are on their way no more."""
        saved = frozenset(row.id for row in await self.results.save(uow))
        uow.after_commit(lambda: self._end_leases(saved))
        return saved

    def _end_leases(self, saved: Collection[int]) -> None:
        for row in saved:
            self._leases.pop(row, None)

    async def _claim(self, uow: UnitOfWork, platform: str, budget: Budget, now: int, most: int) -> list[OutboxRow]:
        """With those that could leave in one message with them, where each message counts."""
        rows = await uow.deliveries.claim([platform], now, LEASE_MS, most)
        if budget.allowance.chat:
            taken = {row.id for row in rows}
            for row in list(rows):
                if delivery.joinable(row):
                    behind = await uow.deliveries.claim_with(
                        row, now, LEASE_MS, delivery.MOST_JOINED, delivery.JOINABLE_IN_CHATS
                    )
                    rows += [following for following in behind if following.id not in taken]
                    taken |= {following.id for following in behind}
        return rows

    async def _renew_and_expire(self, uow: UnitOfWork, saved: Collection[int]) -> None:
        """Hold on to what is still on its way; forget what no lost chat will hear any more."""
        now, monotonic_ms = self._clock.now_ms(), self._clock.monotonic_ms()
        held = [(row, until) for number, (row, until) in self._leases.items() if number not in saved]
        ending = [row for row, until in held if until - now < 2 * LEASE_MS // 3]
        if ending:
            await uow.deliveries.renew(ending, now + LEASE_MS)
            self._leases.update({row.id: (row, now + LEASE_MS) for row in ending})
        if self._muted:
            await uow.deliveries.discard(self._muted)
        if self._expired_ms is None or monotonic_ms - self._expired_ms >= EXPIRE_EVERY_MS:
            self._expired_ms = monotonic_ms
            await uow.deliveries.expire(now - LASTING_NEWS_MS)

    async def _queue_all(self, rows: list[OutboxRow], now: int) -> None:
        """Everything is rendered in one snapshot; then each message stands in its chat's queue."""
        messages: list[OutgoingMessage] = []
        async with self._db.reading() as uow:
            snapshot = _Snapshot(uow)
            await read_ahead(uow, rows)
            for row in rows:
                rendered = await self._render(snapshot, row, now)
                if isinstance(rendered, OutgoingMessage):
                    messages.append(rendered)
                else:
                    self.results.add_unsent(row, rendered)
        for message in delivery.join_messages(messages, self._counts_messages):
            self._queue(message)

    def _counts_messages(self, row: OutboxRow) -> bool:
        """Whether a second message to this chat or person would have to wait for the first."""
        return bool(self._budgets[row.platform].allowance.chat)

    async def _render(self, snapshot: _Snapshot, row: OutboxRow, now: int) -> OutgoingMessage | DeliveryResult:
        """The message of a row that may leave now; or why it does not."""
        postponed = self._not_yet(row, now)
        if postponed is not None:
            return postponed
        if row.market is None or _outdated(row, now):
            return Sent(None)
        try:
            market = await snapshot.market(row.market)
            reply = await render_notice(snapshot.uow, row, now, market) if market else None
        except Exception as error:
            log.exception("notice %s (%s) could not be phrased", row.id, row.kind)
            return Postponed(now, type(error).__name__, failed=True)
        if reply is None or (row.slot == "board" and row.edit_ref and await self._is_shown(snapshot.uow, row, reply)):
            return Sent(row.edit_ref if row.slot else None)
        mention_in = row.edit_chat or await snapshot.mention_in(row)
        return OutgoingMessage(row=row, reply=reply, mention_in=mention_in)

    def _not_yet(self, row: OutboxRow, now: int) -> Postponed | None:
        """What keeps a row from leaving now: its budget, or the ticket it is to replace."""
        budget, monotonic_ms = self._budgets[row.platform], self._clock.monotonic_ms()
        wait = max(budget.wait(row.target, monotonic_ms, notice=True), self._board_wait(row, budget, monotonic_ms))
        if wait > 0:
            return Postponed(now + wait, "budget")
        to_replace_ticket = row.ticket is not None and row.edit_ref is None
        if to_replace_ticket and self._counts_messages(row) and now - row.created_ms < TICKET_MESSAGE_MS:
            return Postponed(now + TICKET_MESSAGE_RETRY_MS, "its ticket is on its way")
        return None

    def _board_wait(self, row: OutboxRow, budget: Budget, monotonic_ms: int) -> int:
        sent_ms = self.results.boards.sent_at(row)
        if row.slot != "board" or sent_ms is None:
            return 0
        apart_ms = budget.allowance.board_ms * (BOARD_SLOWER if budget.nearly_full(row.target, monotonic_ms) else 1)
        return sent_ms + apart_ms - monotonic_ms

    async def _is_shown(self, uow: UnitOfWork, row: OutboxRow, reply: Reply) -> bool:
        """Whether the board says this already."""
        return await self.results.boards.fingerprint(uow, row) == fingerprint(reply)

    def _queue(self, message: OutgoingMessage) -> None:
        chat_key = (message.row.platform, message.row.target)
        self._queues.setdefault(chat_key, deque()).append(message)
        if chat_key not in self._senders:
            self._senders[chat_key] = asyncio.create_task(self._send_queue(chat_key))

    async def _send_queue(self, chat_key: ChatKey) -> None:
        """All that waits for one chat or person, in order. A sender that dies gives back what it had, so that another
        sends it: its leases would be renewed for ever."""
        queue = self._queues[chat_key]
        try:
            while queue:
                self.results.add(queue[0], await self._delivery.send(queue[0]))
                queue.popleft()
                self._delivered.set()
        except BaseException as error:
            if self._stopping:
                raise
            log.exception("the sender of %s %s ended; another takes its %s messages", *chat_key, len(queue))
            for message in queue:
                self.results.add(message, Postponed(self._clock.now_ms(), type(error).__name__, failed=True))
            if not isinstance(error, (Exception, asyncio.CancelledError)):
                raise
        finally:
            del self._queues[chat_key], self._senders[chat_key]
            self._delivered.set()


class _Snapshot:
    """One reading unit, and what several rows ask it for alike."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self._markets: dict[int, Market | None] = {}
        self._chats: dict[int, list[Chat]] = {}

    async def market(self, number: int) -> Market | None:
        if number not in self._markets:
            self._markets[number] = await self.uow.markets.get(number)
        return self._markets[number]

    async def mention_in(self, row: OutboxRow) -> str | None:
        """A chat of the market on its person's platform."""
        if row.audience is NoticeAudience.CHAT or row.market is None:
            return None
        if row.market not in self._chats:
            self._chats[row.market] = await self.uow.chats.of_market(row.market)
        chats = [chat for chat in self._chats[row.market] if chat.platform == row.platform and chat.lost is None]
        return chats[0].external_id if chats else None


def _outdated(row: OutboxRow, now: int) -> bool:
    """Too old to be announced now."""
    if row.audience is not NoticeAudience.CHAT or row.slot is not None:
        return False
    return now - row.created_ms > (LASTING_NEWS_MS if row.kind in LASTING_NEWS else NEWS_MS)
