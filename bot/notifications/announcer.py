"""Empties the outbox into chats: claims what is due, phrases it, keeps to each platform's budget, edits where it can.

Delivery is at least once and harmless when repeated: a ticket's fill and the board are edits, a post carries a nonce,
and a row leaves the outbox only after its message stands. Nothing is dropped for a budget's sake: what does not fit now
is due later. One place (a chat or a person) is served at a time, side by side with fifteen others, so that a slow one
holds up nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.chat.platform import Platform, Unreachable
from bot.chat.rate_limits import Budget
from bot.chat.reply import Reply
from bot.notifications import delivery, reachability
from bot.notifications.delivery import (
    FIRST_RETRY_MS,
    Delivery,
    DeliveryResult,
    Draw,
    Later,
    OutgoingMessage,
    Sent,
    fingerprint,
)
from bot.notifications.notices import PINGED, read_ahead, render_notice
from storage.database import Database
from storage.records import Chat, Market, Notice, NoticeAudience, OutboxRow, Payload
from storage.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

LEASE_MS = 60_000
IN_FLIGHT = 16
LONGEST_RETRY_MS = 300_000
TRIES = 10  # that failed for no reason anybody knows; then the row is laid aside, so that others can pass
IDLE_S = 5.0
GATHER_S = 0.02
STOP_S = 2.0
SWEEP_MS = 60_000
STALE_MS = 3_600_000  # announcements that could not be made are not poured out later
KEPT_MS = 24 * STALE_MS
PLACING_MS = 4_000  # so long a fill waits for its ticket to stand somewhere, so that it can take its place
PLACED_MS = 200
KEPT = frozenset({"eliminated", "claimed", "corrected", "resolved", "voided"})  # these are told for a day
PINGED_KEPT = 1_000
TIGHT_BOARD = 3  # times further apart are a board's edits where its group's minute is nearly full

ChatKey = tuple[str, str]  # platform, external id of a chat or a person


@dataclass(slots=True)
class _Shown:
    """A board as it stands in a chat: when it was last sent, and what it says."""

    at_ms: int
    says: str


class Announcer:
    """`clock` gives epoch milliseconds; `platforms` by name; `draw` makes a chart's PNG, or None where it cannot (the
    message then goes without). Rows of a platform that is not in `platforms` wait until it is; rows of a `muted` one
    are thrown away, for people nobody reads for. `budgets` are shared with the adapters; a platform without one gets
    its own."""

    def __init__(
        self,
        db: Database,
        clock: Callable[[], int],
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
        self._boards: dict[ChatKey, _Shown] = {}
        self._failures: dict[int, int] = {}
        self._begun = False
        self._troubled: set[ChatKey] = set()  # chats known not to be reached
        self._queues: dict[ChatKey, deque[OutgoingMessage]] = {}
        self._workers: dict[ChatKey, asyncio.Task[None]] = {}
        self._held: dict[int, tuple[OutboxRow, int]] = {}  # rows on their way, and until when they are ours
        self._outcomes: list[tuple[OutgoingMessage, DeliveryResult]] = []
        self._pinged: OrderedDict[tuple[int | None, str, int], None] = OrderedDict()  # events people were told of
        self._sent = 0
        self._swept_ms = 0
        self._turned = asyncio.Event()  # something has been delivered

    async def step(self) -> int:
        """Deliver what is due now and within budget; returns how many messages left."""
        before = self._sent
        while await self._round() or self._workers or self._outcomes:
            if self._workers:
                await asyncio.wait(self._workers.values(), return_when=asyncio.FIRST_COMPLETED)
        return self._sent - before

    async def run(self) -> None:
        """Deliver for ever, woken by commits, by deliveries and by the clock; ends by cancellation, after what is on
        its way has arrived or two seconds have passed."""
        try:
            while True:
                try:
                    wait = 0.0 if await self._round() else await self._idle()
                except Exception:
                    log.exception("the announcer stumbled; it goes on")
                    wait = FIRST_RETRY_MS / 1_000
                await self._wait(wait)
        finally:
            await self._stop()

    async def _wait(self, seconds: float) -> None:
        """Until a commit fills the outbox, something has been delivered, or the time is over."""
        if self._outcomes:
            return
        signs = [asyncio.create_task(self._db.outbox_filled(seconds)), asyncio.create_task(self._turned.wait())]
        try:
            await asyncio.wait(signs, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for sign in signs:
                sign.cancel()
            await asyncio.gather(*signs, return_exceptions=True)
            if self._workers:  # what arrives together is written down together
                await asyncio.sleep(GATHER_S)
            self._turned.clear()

    async def _idle(self) -> float:
        """Seconds until something can be due."""
        if len(self._workers) >= IN_FLIGHT:
            return IDLE_S
        now, waits = self._clock(), [int(IDLE_S * 1_000)]
        async with self._db.reading() as uow:
            for name, budget in self._budgets.items():
                due = await uow.outbox.next_due([name]) if name in self._platforms else None
                if due is not None:
                    waits.append(max(due - now, budget.overall_wait(now)))
        return max(20, min(waits)) / 1_000

    async def _stop(self) -> None:
        """What is on its way may arrive; what came of it is written down."""
        if self._workers:
            await asyncio.wait(self._workers.values(), timeout=STOP_S)
        for worker in self._workers.values():
            worker.cancel()
        with contextlib.suppress(Exception):
            async with self._db.writing() as uow:
                await self._book(uow)
                await uow.commit()

    # -- a round: write down what came of the last ones, take what is due

    async def _round(self) -> bool:
        """Whether there was anything to take."""
        claimed: list[OutboxRow] = []
        async with self._db.writing() as uow:
            if not self._begun:
                await self._begin(uow)
            await self._book(uow)
            await self._sweep(uow)
            now, free = self._clock(), IN_FLIGHT - len(self._workers)
            for name in self._platforms:
                budget = self._budgets[name]
                most = min(free - len(claimed), budget.room(now))
                if most > 0:
                    claimed += await self._claim(uow, name, budget, now, most)
            await uow.commit()
        self._begun = True
        for row in claimed:
            self._held[row.id] = (row, now + LEASE_MS)
        if claimed:
            try:
                await self._plan(claimed, now)
            except Exception as error:
                log.exception("%s notices could not be looked up", len(claimed))
                again = Later(now, type(error).__name__, failed=True)
                self._outcomes += [(OutgoingMessage(row=row, reply=_NOTHING), again) for row in claimed]
        return bool(claimed)

    async def _begin(self, uow: UnitOfWork) -> None:
        """On SQLite we are alone, and whoever held rows before us is dead."""
        if self._db.is_sqlite:
            await uow.outbox.release()
        self._troubled = {(chat.platform, chat.external_id) for chat in await uow.chats.lost()}

    async def _claim(self, uow: UnitOfWork, name: str, budget: Budget, now: int, most: int) -> list[OutboxRow]:
        """With those that could leave in one message with them, where each message counts."""
        rows = await uow.outbox.claim([name], now, LEASE_MS, most)
        if budget.allowance.chat:
            taken = {row.id for row in rows}
            for row in list(rows):
                if delivery.joinable(row):
                    behind = await uow.outbox.behind(row, now, LEASE_MS, delivery.MOST, delivery.IN_CHATS)
                    rows += [one for one in behind if one.id not in taken]
                    taken |= {one.id for one in behind}
        return rows

    async def _sweep(self, uow: UnitOfWork) -> None:
        """Hold on to what is still on its way; forget what no lost chat will hear any more."""
        now = self._clock()
        late = [row for row, until in self._held.values() if until - now < 2 * LEASE_MS // 3]
        if late:
            await uow.outbox.renew(late, now + LEASE_MS)
            self._held.update({row.id: (row, now + LEASE_MS) for row in late})
        if self._muted:
            await uow.outbox.discard(self._muted)
        if now - self._swept_ms >= SWEEP_MS:
            self._swept_ms = now
            await uow.outbox.expire(now - KEPT_MS)

    async def _plan(self, rows: list[OutboxRow], now: int) -> None:
        """Everything is phrased in one snapshot; then each message stands in its place's queue."""
        messages: list[OutgoingMessage] = []
        async with self._db.reading() as uow:
            look = _Look(uow)
            await read_ahead(uow, rows)
            for row in rows:
                found = await self._phrased(look, row, now)
                if isinstance(found, OutgoingMessage):
                    messages.append(found)
                else:
                    self._outcomes.append((OutgoingMessage(row=row, reply=_NOTHING), found))
        for message in delivery.joined(messages, self._tight):
            self._enqueue(message)

    def _tight(self, row: OutboxRow) -> bool:
        """Whether a second message to this place would have to wait for the first."""
        return bool(self._budgets[row.platform].allowance.chat)

    async def _phrased(self, look: _Look, row: OutboxRow, now: int) -> OutgoingMessage | DeliveryResult:
        """The words of a row that may leave now; or why it does not."""
        budget = self._budgets[row.platform]
        wait = max(budget.wait(row.target, now, notice=True), self._board_wait(row, budget, now))
        if wait > 0:
            return Later(now + wait, "budget")
        if row.ticket is not None and row.edit_ref is None and self._tight(row) and now - row.created_ms < PLACING_MS:
            return Later(now + PLACED_MS, "its ticket is on its way")
        if row.market is None or _stale(row, now):
            return Sent(None)
        try:
            market = await look.market(row.market)
            reply = await render_notice(look.uow, row, now, market) if market else None
        except Exception as error:
            log.exception("notice %s (%s) could not be phrased", row.id, row.kind)
            return Later(now, type(error).__name__, failed=True)
        if reply is None or (row.slot == "board" and row.edit_ref and await self._says(look.uow, row, reply)):
            return Sent(row.edit_ref if row.slot else None)
        return OutgoingMessage(row=row, reply=reply, mention_in=row.edit_chat or await look.mention_in(row))

    def _board_wait(self, row: OutboxRow, budget: Budget, now: int) -> int:
        shown = self._boards.get((row.platform, row.target))
        if row.slot != "board" or shown is None:
            return 0
        apart = budget.allowance.board_ms * (TIGHT_BOARD if budget.nearly_full(row.target, now) else 1)
        return shown.at_ms + apart - now

    async def _says(self, uow: UnitOfWork, row: OutboxRow, reply: Reply) -> bool:
        """Whether the board says this already; a fact remembers it over a restart."""
        shown = self._boards.get((row.platform, row.target))
        says = shown.says if shown is not None else await uow.facts.get(_fact(row))
        return says == fingerprint(reply)

    def _enqueue(self, message: OutgoingMessage) -> None:
        place = (message.row.platform, message.row.target)
        self._queues.setdefault(place, deque()).append(message)
        if place not in self._workers:
            self._workers[place] = asyncio.create_task(self._serve(place))

    async def _serve(self, place: ChatKey) -> None:
        """All that stands in one place's queue, in order."""
        queue = self._queues[place]
        try:
            while queue:
                message = queue.popleft()
                outcome = await self._delivery.send(message)
                self._outcomes.append((message, outcome))
                self._turned.set()
        finally:
            del self._queues[place], self._workers[place]
            self._turned.set()

    # -- the books

    async def _book(self, uow: UnitOfWork) -> None:
        """Write down what became of each message."""
        outcomes, self._outcomes = self._outcomes, []
        try:
            await self._gone(uow, outcomes)
            for message, outcome in outcomes:
                await self._note(uow, message, outcome)
        except BaseException:
            self._outcomes = outcomes + self._outcomes  # the unit is rolled back: all of it is to be written again
            raise
        for message, outcome in outcomes:
            for row in message.rows:
                self._held.pop(row.id, None)
            self._sent += isinstance(outcome, Sent) and outcome.ref is not None and message.reply is not _NOTHING

    async def _gone(self, uow: UnitOfWork, outcomes: Sequence[tuple[OutgoingMessage, DeliveryResult]]) -> None:
        """What has been delivered leaves the outbox, all of it at once."""
        sent = [(message, outcome.ref) for message, outcome in outcomes if isinstance(outcome, Sent)]
        gone = [(row, None if message.joined else ref) for message, ref in sent for row in message.rows]
        await uow.outbox.done_many(gone, self._clock())

    async def _note(self, uow: UnitOfWork, message: OutgoingMessage, outcome: DeliveryResult) -> None:
        now = self._clock()
        if isinstance(outcome, Sent):
            await self._arrived(uow, message, outcome, now)
        elif isinstance(outcome, Later):
            await self._postponed(uow, message, outcome, now)
        elif outcome.why is Unreachable.PERSON:
            for row in message.rows:
                log.info("notice %s (%s) is laid aside: she cannot be reached", row.id, row.kind)
                await uow.outbox.drop(row, f"{outcome.why.value} {outcome.detail}")
        else:
            await self._trouble(uow, message.row, Unreachable.CHAT, outcome.detail, now)
            await uow.outbox.retry(message.row, now, outcome.why.value)

    async def _arrived(self, uow: UnitOfWork, message: OutgoingMessage, outcome: Sent, now: int) -> None:
        row, place = message.row, (message.row.platform, message.row.target)
        for one in message.rows:
            self._failures.pop(one.id, None)
        if row.ticket is not None and outcome.ref not in (None, row.edit_ref):
            await uow.tickets.bind(row.ticket, row.platform, row.edit_chat or row.target, str(outcome.ref))
        if row.slot == "board" and outcome.says is not None:
            self._boards[place] = _Shown(now, outcome.says)
            await uow.facts.put(_fact(row), outcome.says)
            if row.edit_ref is None and row.attempts > 1:
                await self._say_again(uow, row, now)
        if message.reply.ping is not None:
            for one in message.rows:
                await self._ping(uow, one, PINGED[one.kind], now)
        if outcome.without is not None:
            await self._trouble(uow, row, Unreachable.FORBIDDEN, outcome.without, now)
        elif row.audience is not NoticeAudience.CHAT or outcome.ref is None or self._delivery.lacks_pictures(row):
            return
        elif place in self._troubled:
            await reachability.found(uow, row.platform, row.target)
            self._troubled.discard(place)

    async def _say_again(self, uow: UnitOfWork, row: OutboxRow, now: int) -> None:
        """An earlier try may have posted it, and the platform kept what that one said: it is edited next."""
        if row.market is not None:
            self._boards[row.platform, row.target] = _Shown(now, "")
            await uow.facts.put(_fact(row), "")
            board = Notice(kind=row.kind, audience=row.audience, payload=row.payload, slot="board", key="board")
            chat = await uow.chats.find(row.platform, row.target)
            if chat is not None:
                await uow.outbox.add_here(row.market, chat, board, now)

    async def _ping(self, uow: UnitOfWork, row: OutboxRow, kind: str, now: int) -> None:
        """Whoever asked to be told of such events is, once an event, however many chats hear of it."""
        event = (row.market, row.kind, row.created_ms)
        if row.market is None or event in self._pinged:
            return
        self._pinged[event] = None
        while len(self._pinged) > PINGED_KEPT:
            self._pinged.popitem(last=False)
        chats = [chat.id for chat in await uow.chats.of_market(row.market)]
        payload: Payload = {"kind": row.kind, "facts": dict(row.payload), "at_ms": row.created_ms}
        notices = [
            Notice(kind="ping", audience=NoticeAudience.PERSON, payload=payload, person=person)
            for person in await uow.pings.wanted(chats, kind)
        ]
        await uow.outbox.add_many(row.market, notices, now)

    async def _postponed(self, uow: UnitOfWork, message: OutgoingMessage, outcome: Later, now: int) -> None:
        for row in message.rows:
            at_ms = outcome.at_ms
            if outcome.failed:
                failures = self._failures[row.id] = self._failures.get(row.id, 0) + 1
                at_ms = now + min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** min(failures - 1, 20))
                if failures >= TRIES:
                    log.error("notice %s (%s) is laid aside after %s tries", row.id, row.kind, failures)
                    await uow.outbox.drop(row, outcome.why)
                    self._failures.pop(row.id, None)
                    continue
            if outcome.anew and row.slot is not None and row.market is not None:
                await uow.outbox.set_ref(row.market, row.platform, row.target, row.slot, None)
            await uow.outbox.retry(row, at_ms, outcome.why, tried=outcome.failed)
        if outcome.forbidden is not None:
            await self._trouble(uow, message.row, Unreachable.FORBIDDEN, outcome.forbidden, now)

    async def _trouble(self, uow: UnitOfWork, row: OutboxRow, why: Unreachable, detail: str, now: int) -> None:
        """Admins are told once that a chat cannot be reached, or what is missing there."""
        self._troubled.add((row.platform, row.target))
        await reachability.lost(uow, row.platform, row.target, why, detail, now)


class _Look:
    """What several rows of one snapshot ask for alike."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self._markets: dict[int, Market | None] = {}
        self._chats: dict[int, list[Chat]] = {}

    async def market(self, number: int) -> Market | None:
        if number not in self._markets:
            self._markets[number] = await self.uow.markets.get(number)
        return self._markets[number]

    async def mention_in(self, row: OutboxRow) -> str | None:
        """A chat of the market on her platform."""
        if row.audience is NoticeAudience.CHAT or row.market is None:
            return None
        if row.market not in self._chats:
            self._chats[row.market] = await self.uow.chats.of_market(row.market)
        here = [chat for chat in self._chats[row.market] if chat.platform == row.platform and chat.lost is None]
        return here[0].external_id if here else None


_NOTHING = Reply(head=())


def _stale(row: OutboxRow, now: int) -> bool:
    """Too old to be announced now."""
    if row.audience is not NoticeAudience.CHAT or row.slot is not None:
        return False
    return now - row.created_ms > (KEPT_MS if row.kind in KEPT else STALE_MS)


def _fact(row: OutboxRow) -> str:
    """The name of the fact that says what a board says."""
    return f"board:{row.market}:{row.platform}:{row.target}"[:200]
