"""What became of each message, written into the database: the row leaves the outbox, waits longer or is laid aside.

Also remembered here: what each board says, which chats could not be reached, and which events people were pinged for.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from bot.chat.platform import Unreachable
from bot.notifications import reachability
from bot.notifications.delivery import (
    FIRST_RETRY_MS,
    NOTHING_TO_SEND,
    ChatKey,
    DeliveryResult,
    OutgoingMessage,
    Postponed,
    Sent,
)
from bot.notifications.notices import ENDS, ping_kind
from storage.clock import Clock
from storage.deliveries import LONGEST_RETRY_MS
from storage.records import Identity, Notice, NoticeAudience, OutboxRow, Payload
from storage.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

PingedEvent: TypeAlias = tuple[int, str, int]  # market, kind, time
SlotKey: TypeAlias = tuple[int | None, str, str, str | None]  # market, platform, target, slot

MOST_FAILURES = 10  # for no reason anybody knows; then the row is laid aside, so that others can pass
EVENTS_REMEMBERED = 1_000
SLOTS_REMEMBERED = 5_000


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """What stands in a slot: when it was last sent (monotonic), and the fingerprint of what it says."""

    at_ms: int
    fingerprint: str


class ShownMessages:
    """What stands in the slots of all chats and people. A stored fact keeps what a board says over a restart; of the
    others the latest are remembered."""

    def __init__(self) -> None:
        self._shown: OrderedDict[SlotKey, ShownMessage] = OrderedDict()

    def forget(self, platforms: Collection[str]) -> None:
        """Somebody else may have shown something newer there."""
        for key in [key for key in self._shown if key[1] in platforms]:
            del self._shown[key]

    def sent_at(self, row: OutboxRow) -> int | None:
        """When what stands in this row's slot was last sent by this process."""
        shown = self._shown.get(_slot_key(row))
        return shown.at_ms if shown is not None else None

    async def fingerprint(self, uow: UnitOfWork, row: OutboxRow) -> str | None:
        """What stands in this row's slot."""
        shown = self._shown.get(_slot_key(row))
        if shown is not None or row.slot != "board":
            return None if shown is None else shown.fingerprint
        return await uow.key_values.get(_fact_name(row))

    async def remember(self, uow: UnitOfWork, row: OutboxRow, fingerprint: str, monotonic_ms: int) -> None:
        self._shown[_slot_key(row)] = ShownMessage(monotonic_ms, fingerprint)
        self._shown.move_to_end(_slot_key(row))
        while len(self._shown) > SLOTS_REMEMBERED:
            self._shown.popitem(last=False)
        if row.slot == "board":
            name = _fact_name(row)
            uow.before_commit("facts", partial(uow.key_values.put, name, fingerprint), name)


def _slot_key(row: OutboxRow) -> SlotKey:
    return row.market, row.platform, row.target, row.slot


@dataclass(frozen=True, slots=True)
class Learned:
    """What one `save` learned, remembered when it is committed: a unit that is rolled back is saved again, and must
    find everything as it was."""

    failures: dict[int, int] = field(default_factory=dict)  # by row; 0: none any more
    unreachable: dict[ChatKey, bool] = field(default_factory=dict)
    pinged: set[PingedEvent] = field(default_factory=set)


class DeliveryResults:
    """Collects what became of messages until `save` writes all of it down at once. `lacks_pictures` says of a row
    whether its chat took no pictures when it was last sent one."""

    def __init__(self, clock: Clock, lacks_pictures: Callable[[OutboxRow], bool]) -> None:
        self.shown = ShownMessages()
        self.unsaved: list[tuple[OutgoingMessage, DeliveryResult]] = []
        self.sent = 0  # messages that left, and are written down
        self.delivered_at: dict[str, int] = {}  # by platform: when (monotonic) the last of them was written down
        self._clock = clock
        self._lacks_pictures = lacks_pictures
        self._failures: dict[int, int] = {}  # by row
        self._unreachable: set[ChatKey] = set()
        self._pinged: OrderedDict[PingedEvent, None] = OrderedDict()
        self._learned = Learned()

    async def take_over(self, uow: UnitOfWork, platforms: Collection[str]) -> None:
        """What another process, or an earlier life of this one, learned of these: which chats are out of reach. What it
        showed since is not remembered here."""
        self.shown.forget(platforms)
        lost = {(chat.platform, chat.external_id) for chat in await uow.chats.lost()}
        kept = {chat_key for chat_key in self._unreachable if chat_key[0] not in platforms}
        self._unreachable = kept | {chat_key for chat_key in lost if chat_key[0] in platforms}

    def add(self, message: OutgoingMessage, result: DeliveryResult) -> None:
        self.unsaved.append((message, result))

    def keep_sent(self, may: Callable[[str], bool]) -> set[int]:
        """Of platforms that another process sends to now, what has not arrived is its to try again: forgotten here.
        Returns those rows."""
        let_go = [
            message for message, result in self.unsaved if not (isinstance(result, Sent) or may(message.row.platform))
        ]
        self.unsaved = [(message, result) for message, result in self.unsaved if message not in let_go]
        return {row.id for message in let_go for row in message.rows}

    def add_unsent(self, row: OutboxRow, result: DeliveryResult) -> None:
        """A row for which no message was made."""
        self.add(OutgoingMessage(row=row, reply=NOTHING_TO_SEND), result)

    async def save(self, uow: UnitOfWork) -> list[OutboxRow]:
        """Needs a writing unit. Returns the rows whose result is written down once that is committed; until then all of
        it is kept, to be written again."""
        results, self._learned = list(self.unsaved), Learned()
        if results:
            await self._lock(uow, results)
        await self._remove_sent(uow, results)
        for message, result in results:
            await self._save_result(uow, message, result)
        uow.after_commit(partial(self._saved, results, self._learned))
        return [row for message, _ in results for row in message.rows]

    async def _lock(self, uow: UnitOfWork, results: list[tuple[OutgoingMessage, DeliveryResult]]) -> None:
        """All that is written below, in the order of locks: chats that are lost or found, the markets of which more is
        told, tickets that stand elsewhere now, the rows."""
        places, markets = set[ChatKey](), set[int]()
        tickets, rows = set[int](), [row for message, _ in results for row in message.rows]
        for message, result in results:
            row = message.row
            place = (row.platform, row.target)
            if row.market is not None and self._tells_more(message, result):
                markets.add(row.market)
            if isinstance(result, Sent) and row.ticket is not None and result.ref not in (None, row.edit_ref):
                tickets.add(row.ticket)
            lost_route = isinstance(result, Sent) and result.lost_route is not None
            lost = not isinstance(result, Postponed | Sent) or lost_route or result.missing is not None
            if lost or place in self._unreachable:
                places.add(place)
        if places:
            await uow.chats.hold(places)
            for platform, target in places:
                chat = await uow.chats.find(platform, target)
                announced = await uow.markets.announced_in(chat.id) if chat is not None else []
                markets |= {market.id for market in announced if not market.over}
        for market in sorted(markets):
            await uow.markets.lock(market)
        if tickets:
            await uow.tickets.hold(tickets)
        await uow.deliveries.hold(rows)

    def _tells_more(self, message: OutgoingMessage, result: DeliveryResult) -> bool:
        """Whether what became of it is followed by another notice: to who asked for such events, or of the board."""
        return isinstance(result, Sent) and (message.reply.ping is not None or _may_say_less(message.row, result))

    def _saved(self, results: list[tuple[OutgoingMessage, DeliveryResult]], learned: Learned) -> None:
        """It is committed; what came meanwhile stands behind it."""
        del self.unsaved[: len(results)]
        for message, result in results:
            if isinstance(result, Sent) and result.ref is not None and message.reply is not NOTHING_TO_SEND:
                self.sent += 1
                self.delivered_at[message.row.platform] = self._clock.monotonic_ms()
        self._failures = {row: count for row, count in (self._failures | learned.failures).items() if count}
        self._unreachable |= {chat for chat, lost in learned.unreachable.items() if lost}
        self._unreachable -= {chat for chat, lost in learned.unreachable.items() if not lost}
        self._pinged |= OrderedDict.fromkeys(sorted(learned.pinged))
        while len(self._pinged) > EVENTS_REMEMBERED:
            self._pinged.popitem(last=False)

    async def _remove_sent(self, uow: UnitOfWork, results: list[tuple[OutgoingMessage, DeliveryResult]]) -> None:
        """What has been delivered leaves the outbox, all of it at once."""
        sent = [(message, result.ref) for message, result in results if isinstance(result, Sent)]
        refs = [(row, None if message.joined else ref) for message, ref in sent for row in message.rows]
        await uow.deliveries.done_many(refs, self._clock.now_ms())

    async def _save_result(self, uow: UnitOfWork, message: OutgoingMessage, result: DeliveryResult) -> None:
        now = self._clock.now_ms()
        if isinstance(result, Sent):
            await self._save_sent(uow, message, result, now)
        elif isinstance(result, Postponed):
            await self._save_postponed(uow, message, result, now)
        elif result.reason is Unreachable.PERSON:
            for row in message.rows:
                log.info("notice %s (%s) is laid aside: its person cannot be reached", row.id, row.kind)
                await uow.deliveries.drop(row, f"{result.reason.value} {result.detail}")
        else:
            await self._mark_unreachable(uow, message.row, Unreachable.CHAT, result.detail, now)
            await uow.deliveries.retry(message.row, now, result.reason.value)

    async def _save_sent(self, uow: UnitOfWork, message: OutgoingMessage, result: Sent, now: int) -> None:
        row = message.row
        self._learned.failures.update({sent_row.id: 0 for sent_row in message.rows})
        if row.ticket is not None and result.ref not in (None, row.edit_ref):
            await uow.tickets.bind(row.ticket, row.platform, row.edit_chat or row.target, str(result.ref))
        if row.kind in ENDS and row.slot is not None and row.market is not None:  # asked anew, it is a new message
            await uow.deliveries.set_ref(row.market, row.platform, row.target, row.slot, None)
        if row.slot is not None and result.fingerprint is not None:
            await self.shown.remember(uow, row, result.fingerprint, self._clock.monotonic_ms())
            if _may_say_less(row, result):
                await self._edit_again(uow, row, now)
        if message.reply.ping is not None:
            for sent_row in message.rows:
                await self._ping(uow, sent_row, ping_kind(sent_row.kind, sent_row.payload) or message.reply.ping, now)
        if result.lost_route is not None:
            channel, why = result.lost_route
            await reachability.end_route(uow, row, channel, why, now)
        if result.missing is not None:
            await self._mark_unreachable(uow, row, Unreachable.FORBIDDEN, result.missing, now)
        elif row.audience is NoticeAudience.CHAT and result.ref is not None and not self._lacks_pictures(row):
            await self._mark_reachable(uow, row)

    async def _edit_again(self, uow: UnitOfWork, row: OutboxRow, now: int) -> None:
        """It may say less than it should: it is edited next."""
        if row.market is None:
            return
        await self.shown.remember(uow, row, "", self._clock.monotonic_ms())
        notice = Notice(
            kind=row.kind,
            audience=row.audience,
            payload=row.payload,
            person=row.person,
            slot=row.slot,
            key=row.slot,  # what is newer by then takes its place
        )
        if row.audience is NoticeAudience.CHAT:
            chat = await uow.chats.find(row.platform, row.target)
            if chat is not None:
                await uow.outbox.add_here(row.market, chat, notice, now)
        elif row.person is not None:
            who = Identity(person=row.person, platform=row.platform, external_id=row.target, name="")
            await uow.outbox.add_to(row.market, who, notice, now)

    async def _ping(self, uow: UnitOfWork, row: OutboxRow, kind: str, now: int) -> None:
        """Whoever asked to be told of such events is, once an event, however many chats hear of it."""
        if row.market is None:
            return
        told = "opened" if row.kind == "board" else row.kind  # with its first post
        event = (row.market, told, row.created_ms)
        if event in self._pinged or event in self._learned.pinged:
            return
        self._learned.pinged.add(event)
        chats = [chat.id for chat in await uow.chats.of_market(row.market)]
        payload: Payload = {"kind": told, "facts": dict(row.payload), "at_ms": row.created_ms}
        notices = [
            Notice(kind="ping", audience=NoticeAudience.PERSON, payload=payload, person=person)
            for person in await uow.pings.wanted(chats, kind)
        ]
        await uow.outbox.add_many(row.market, notices, now)

    async def _save_postponed(self, uow: UnitOfWork, message: OutgoingMessage, result: Postponed, now: int) -> None:
        for row in message.rows:
            at_ms = min(result.at_ms, now + LONGEST_RETRY_MS)
            if result.failed:
                failures = self._failures.get(row.id, 0) + 1
                at_ms = now + min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** min(failures - 1, 20))
                if failures >= MOST_FAILURES:
                    log.error("notice %s (%s) is laid aside after %s tries", row.id, row.kind, failures)
                    await uow.deliveries.drop(row, result.reason)
                    self._learned.failures[row.id] = 0
                    continue
                self._learned.failures[row.id] = failures
            if result.post_anew and row.slot is not None and row.market is not None:
                await uow.deliveries.set_ref(row.market, row.platform, row.target, row.slot, None)
            await uow.deliveries.retry(row, at_ms, result.reason, tried=result.failed)
        if result.missing is not None:
            await self._mark_unreachable(uow, message.row, Unreachable.FORBIDDEN, result.missing, now)

    async def _mark_unreachable(
        self, uow: UnitOfWork, row: OutboxRow, reason: Unreachable, detail: str, now: int
    ) -> None:
        """Admins are told once that a chat cannot be reached, or what is missing there."""
        self._learned.unreachable[row.platform, row.target] = True
        await reachability.mark_chat_lost(uow, row.platform, row.target, reason, detail, now)

    async def _mark_reachable(self, uow: UnitOfWork, row: OutboxRow) -> None:
        chat_key = (row.platform, row.target)
        if self._learned.unreachable.get(chat_key, chat_key in self._unreachable):
            await reachability.mark_chat_found(uow, *chat_key)
            self._learned.unreachable[chat_key] = False


def _may_say_less(row: OutboxRow, result: Sent) -> bool:
    """What changes in its place and an earlier try may have posted: the platform kept what that one said."""
    return row.slot is not None and result.fingerprint is not None and row.edit_ref is None and row.attempts > 1


def _fact_name(row: OutboxRow) -> str:
    """Of the fact that keeps what a board says."""
    return f"board:{row.market}:{row.platform}:{row.target}"[:200]
