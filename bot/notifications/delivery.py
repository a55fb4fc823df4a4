"""One message on its way: drawn, counted in the budget, handed to the platform, and what came of it.

Several things to say to one person, where every message counts against a budget, are said in one; so are trades and
leads a chat is late to hear of.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from bot.chat.pictures import Draw, drawn, without_pictures
from bot.chat.platform import (
    BatchPlatform,
    Platform,
    RetryLaterError,
    SendRequest,
    SendResult,
    Unreachable,
    UnreachableError,
)
from bot.chat.rate_limits import Budget, Urgency
from bot.chat.reply import Board, Reply
from bot.words import chats as words
from storage.clock import Clock
from storage.deliveries import URGENT
from storage.records import NoticeAudience, OutboxRow
from storage.trouble import TroubleError

log = logging.getLogger(__name__)

ChatKey = tuple[str, str]  # platform, external id of a chat or a person

FIRST_RETRY_MS = 1_000
FORBIDDEN_RETRY_MS = 180_000
NO_PICTURES_MS = 600_000
DRAW_S = 10.0  # a message waits no longer for its charts
NOTHING_TO_SEND = Reply(head=())


@dataclass(frozen=True, slots=True)
class Sent:
    """Delivered, or there was nothing to say. `ref` is where it stands, `fingerprint` that of a board; `missing` the
    permission for want of which it went without pictures; `lost_route` the channel it was to go to and could not, so
    that it stands in the chat itself, and why."""

    ref: str | None
    fingerprint: str | None = None
    missing: str | None = None
    lost_route: tuple[str, UnreachableError] | None = None


@dataclass(frozen=True, slots=True)
class Postponed:
    """Not delivered. `failed`: nobody knows why, so the next attempt waits longer. `post_anew`: the message it was to
    replace is gone. `missing`: the permission that is."""

    at_ms: int
    reason: str
    failed: bool = False
    post_anew: bool = False
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """The chat put us out, or the person cannot be reached."""

    reason: Unreachable
    detail: str


DeliveryResult = Sent | Postponed | Undeliverable


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """What is to be said for a row, and for those joined to it. `mention_in`: a chat its person can be mentioned in."""

    row: OutboxRow
    reply: Reply
    joined: tuple[OutboxRow, ...] = ()
    mention_in: str | None = None

    @property
    def rows(self) -> tuple[OutboxRow, ...]:
        return (self.row, *self.joined)


def without_database(now_ms: int) -> Postponed:
    """The database takes or tells nothing: no try of the message's own, however long it lasts."""
    return Postponed(now_ms + FIRST_RETRY_MS, "database")


class Delivery:
    """Hands messages to platforms, one at a time for each chat or person (its caller sees to that)."""

    def __init__(
        self, clock: Clock, platforms: Mapping[str, Platform], budgets: Mapping[str, Budget], draw: Draw | None
    ) -> None:
        self._clock = clock
        self._platforms = platforms
        self._budgets = budgets
        self._draw = draw
        self._no_pictures: dict[ChatKey, tuple[int, str]] = {}  # until when, and what was missing

    async def send(self, message: OutgoingMessage) -> DeliveryResult:
        """Never raises but for cancellation. The budget is counted at the moment of sending."""
        row = message.row
        try:
            reply, missing = self._with_pictures_if_allowed(row, message.reply)
            if self._draw is not None and not isinstance(self._platforms[row.platform], BatchPlatform):
                reply = await self._drawn(row, reply, self._draw)
            wait = self._budgets[row.platform].wait(row.target, self._clock.monotonic_ms(), urgency_of(row))
            if wait > 0:
                return Postponed(self._clock.now_ms() + wait, "budget")
            result = await self._hand_over(message, reply)
            return replace(result, missing=missing) if isinstance(result, Sent) else result
        except TroubleError:
            return without_database(self._clock.now_ms())
        except Exception as error:
            log.exception("notice %s (%s) was not delivered", row.id, row.kind)
            return Postponed(self._clock.now_ms(), type(error).__name__, failed=True)

    async def send_batch(
        self, platform: BatchPlatform, messages: Sequence[OutgoingMessage]
    ) -> list[tuple[OutgoingMessage, DeliveryResult]]:
        """What has not failed before together, the rest each alone: one that cannot be sent must not take those beside
        it along for ever. Never raises but for cancellation."""
        fresh = [message for message in messages if message.row.attempts <= 1]
        results = [(message, await self.send(message)) for message in messages if message.row.attempts > 1]
        if not fresh:
            return results
        for message in fresh:
            self._budgets[message.row.platform].use(message.row.target, self._clock.monotonic_ms())
        try:
            sent = await platform.send_many([_request(message, message.reply) for message in fresh])
            return results + [
                (message, self._result(message, message.reply, reached))
                for message, reached in zip(fresh, sent, strict=True)
            ]
        except TroubleError:
            return results + [(message, without_database(self._clock.now_ms())) for message in fresh]
        except Exception as error:
            log.exception("%s notices were not delivered to %s", len(fresh), platform.name)
            failed = Postponed(self._clock.now_ms(), type(error).__name__, failed=True)
            return results + [(message, failed) for message in fresh]

    async def _drawn(self, row: OutboxRow, reply: Reply, draw: Draw) -> Reply:
        """With its charts, or without them where drawing fails, is cancelled or takes too long."""
        drawing = asyncio.ensure_future(drawn(reply, draw))
        try:
            await asyncio.wait([drawing], timeout=DRAW_S)
            if drawing.done() and not drawing.cancelled() and drawing.exception() is None:
                return drawing.result()
            log.warning("notice %s (%s) goes without its charts: they could not be drawn in time", row.id, row.kind)
            return without_pictures(reply)
        finally:
            drawing.cancel()

    async def _hand_over(self, message: OutgoingMessage, reply: Reply) -> DeliveryResult:
        row = message.row
        self._budgets[row.platform].use(row.target, self._clock.monotonic_ms(), urgency_of(row))
        try:
            sent: SendResult = await _call(self._platforms[row.platform], _request(message, reply))
        except (RetryLaterError, UnreachableError) as error:
            sent = error
        if reply.route and isinstance(sent, UnreachableError) and row.edit_ref is None:
            result = await self._hand_over(message, replace(reply, route=""))
            return replace(result, lost_route=(reply.route, sent)) if isinstance(result, Sent) else result
        return self._result(message, reply, sent)

    def _result(self, message: OutgoingMessage, reply: Reply, sent: SendResult) -> DeliveryResult:
        """What the platform's word means for the rows."""
        row = message.row
        if isinstance(sent, UnreachableError):
            return self._unreachable(message, reply, sent)
        if isinstance(sent, RetryLaterError):
            after_ms = max(sent.after_ms, FIRST_RETRY_MS)
            if not sent.alone:
                monotonic_ms = self._clock.monotonic_ms()
                self._budgets[row.platform].refused(row.target, after_ms, monotonic_ms, overall=sent.overall)
            return Postponed(self._clock.now_ms() + after_ms, sent.reason or "the platform asked to wait")
        if reply != without_pictures(reply):
            self._no_pictures.pop((row.platform, row.target), None)
        return Sent(sent, fingerprint=fingerprint(message.reply) if row.slot else None)

    def _unreachable(self, message: OutgoingMessage, reply: Reply, error: UnreachableError) -> DeliveryResult:
        """A missing permission may be one for pictures only: then the words go without them, and the admins hear."""
        row, now = message.row, self._clock.now_ms()
        if error.why is Unreachable.MESSAGE and row.edit_ref is not None:
            return Postponed(now, "what it was to replace is gone", post_anew=True)
        if row.audience is not NoticeAudience.CHAT:
            return Undeliverable(Unreachable.PERSON, error.detail)
        if error.why is Unreachable.CHAT:
            return Undeliverable(Unreachable.CHAT, error.detail)
        if error.why is not Unreachable.FORBIDDEN:
            return Postponed(now, str(error), failed=True)
        if reply != without_pictures(reply):
            self._no_pictures[row.platform, row.target] = (self._clock.monotonic_ms() + NO_PICTURES_MS, error.detail)
            return Postponed(now, str(error), missing=error.detail)
        return Postponed(now + FORBIDDEN_RETRY_MS, str(error), missing=error.detail)

    def lacks_pictures(self, row: OutboxRow) -> bool:
        """Whether this chat took no pictures when it was last sent one."""
        return (row.platform, row.target) in self._no_pictures

    def _with_pictures_if_allowed(self, row: OutboxRow, reply: Reply) -> tuple[Reply, str | None]:
        """Without pictures where the chat did not take them lately, and the permission that was missing."""
        until, missing = self._no_pictures.get((row.platform, row.target), (0, ""))
        plain = without_pictures(reply)
        return (plain, missing) if plain != reply and until > self._clock.monotonic_ms() else (reply, None)


def _request(message: OutgoingMessage, reply: Reply) -> SendRequest:
    row, in_chat = message.row, message.row.audience is NoticeAudience.CHAT
    return SendRequest(
        target=row.edit_chat or row.target if in_chat and row.edit_ref is not None else row.target,
        reply=reply,
        private=not in_chat,
        edit_ref=row.edit_ref,
        chat_ext=None if in_chat else message.mention_in,
        nonce=nonce_of(message.rows),
    )


async def _call(platform: Platform, request: SendRequest) -> str:
    """Where it stands."""
    if request.private:
        return await platform.tell(
            request.target, request.reply, edit_ref=request.edit_ref, chat_ext=request.chat_ext, nonce=request.nonce
        )
    if request.edit_ref is None:
        return await platform.post(request.target, request.reply, nonce=request.nonce)
    await platform.edit(request.target, request.edit_ref, request.reply)
    return request.edit_ref


def fingerprint(reply: Reply) -> str:
    """Of what a board says; the moment it was drawn does not count."""
    blocks = tuple(replace(block, now_ms=0) if isinstance(block, Board) else block for block in reply.blocks)
    return blake2b(repr(replace(reply, blocks=blocks)).encode(), digest_size=10).hexdigest()


def nonce_of(rows: Sequence[OutboxRow]) -> str:
    """The same whenever exactly these rows are sent again; row numbers alone come back once their rows are gone. What
    changes in its place is one message, however new what it says is when it is sent again."""
    identity = [
        (row.id, row.created_ms, row.market, row.target, row.slot or (row.revision, row.kind, row.payload))
        for row in rows
    ]
    return blake2b(repr(identity).encode(), digest_size=10).hexdigest()


MOST_JOINED = 9  # to the first
JOINABLE_IN_CHATS = frozenset({"big_trade", "lead_change"})  # of which one message can tell several


def urgency_of(row: OutboxRow) -> Urgency:
    """What a chat must hear at once, and all else people are told."""
    return Urgency.URGENT if row.audience is NoticeAudience.CHAT and row.kind in URGENT else Urgency.NOTICE


def joinable(row: OutboxRow) -> bool:
    """A new private message that answers no ticket (whatever is to change later must stand alone); in a chat, a line
    or two of chatter."""
    if row.audience is NoticeAudience.CHAT:
        return row.kind in JOINABLE_IN_CHATS
    return row.ticket is None and row.edit_ref is None and not is_question(row)


def is_question(row: OutboxRow) -> bool:
    """Whether it asks admins to decide something, and so has a message of its own, which ends once that is decided."""
    return row.slot is not None and row.slot.startswith("ask:")


def join_messages(
    messages: Sequence[OutgoingMessage], counts_messages: Callable[[OutboxRow], bool]
) -> list[OutgoingMessage]:
    """The messages in order, those to one chat or person joined to the first; nothing is left out. `counts_messages`
    says whether every message to a row's target counts against a budget."""
    result: list[OutgoingMessage] = []
    open_groups: dict[tuple[str, str, bool], int] = {}  # position in `result` of the group that still takes messages
    groups: dict[int, list[OutgoingMessage]] = {}
    for message in messages:
        row = message.row
        if not (joinable(row) and counts_messages(row)):
            result.append(message)
            continue
        target = (row.platform, row.target, row.audience is NoticeAudience.CHAT)
        position = open_groups.get(target)
        if position is None or len(groups[position]) > MOST_JOINED:
            open_groups[target] = position = len(result)
            groups[position] = []
            result.append(message)
        groups[position].append(message)
    for position, group in groups.items():
        if len(group) > 1:
            result[position] = _join(group)
    return result


def _join(group: Sequence[OutgoingMessage]) -> OutgoingMessage:
    group = sorted(group, key=lambda message: message.row.id)
    first = group[0]
    replies = [message.reply for message in group]
    in_chat = first.row.audience is NoticeAudience.CHAT
    return OutgoingMessage(
        row=first.row,
        reply=words.together_in_chat(replies) if in_chat else words.together(replies),
        joined=tuple(message.row for message in group[1:]),
        mention_in=first.mention_in,
    )
