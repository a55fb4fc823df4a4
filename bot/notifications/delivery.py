"""One message on its way: drawn, counted in the budget, handed to the platform, and what came of it.

Several things to say to one person, where every message counts against a budget, are said in one; so are trades and
leads a chat is late to hear of.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from bot.chat.platform import Platform, RetryLaterError, Unreachable, UnreachableError
from bot.chat.rate_limits import Budget
from bot.chat.reply import Attachment, Block, Board, Picture, Reply
from bot.words import chats as words
from storage.records import NoticeAudience, OutboxRow

log = logging.getLogger(__name__)

Draw = Callable[[Picture], Awaitable[bytes | None]]
EpochClock = Callable[[], int]

FIRST_RETRY_MS = 1_000
FORBIDDEN_RETRY_MS = 180_000
NO_PICTURES_MS = 600_000


@dataclass(frozen=True, slots=True)
class Sent:
    """Delivered, or there was nothing to say. `ref` is where it stands, `says` the print of a board; `without` what a
    platform would not take (its pictures)."""

    ref: str | None
    says: str | None = None
    without: str | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """Not delivered. `failed`: nobody knows why, so the next attempt waits longer. `anew`: what it was to replace is
    gone. `forbidden`: the permission that is missing."""

    at_ms: int
    why: str
    failed: bool = False
    anew: bool = False
    forbidden: str | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """The chat put us out, or she cannot be reached."""

    why: Unreachable
    detail: str


DeliveryResult = Sent | Later | Lost


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """What is to be said for a row, and for those joined to it. `mention_in`: a chat she can be mentioned in."""

    row: OutboxRow
    reply: Reply
    joined: tuple[OutboxRow, ...] = ()
    mention_in: str | None = None

    @property
    def rows(self) -> tuple[OutboxRow, ...]:
        return (self.row, *self.joined)


class Delivery:
    """Hands messages to platforms, one at a time for each place (its caller sees to that)."""

    def __init__(
        self, clock: EpochClock, platforms: Mapping[str, Platform], budgets: Mapping[str, Budget], draw: Draw | None
    ) -> None:
        self._clock = clock
        self._platforms = platforms
        self._budgets = budgets
        self._draw = draw
        self._no_pictures: dict[tuple[str, str], tuple[int, str]] = {}  # by place: until when, and what was missing

    async def send(self, message: OutgoingMessage) -> DeliveryResult:
        """Never raises but for cancellation. The budget is counted at the moment of sending."""
        row = message.row
        try:
            full, missing = self._allowed(row, message.reply)
            full = await self._drawn(full)
            now = self._clock()
            wait = self._budgets[row.platform].wait(row.target, now, notice=True)
            if wait > 0:
                return Later(now + wait, "budget")
            found = await self._hand_over(message, full)
            return replace(found, without=missing) if isinstance(found, Sent) else found
        except Exception as error:
            log.exception("notice %s (%s) was not delivered", row.id, row.kind)
            return Later(self._clock(), type(error).__name__, failed=True)

    async def _hand_over(self, message: OutgoingMessage, full: Reply) -> DeliveryResult:
        row, budget = message.row, self._budgets[message.row.platform]
        budget.use(row.target, self._clock())
        try:
            ref = await self._say(message, full)
            if full != without_pictures(full):
                self._no_pictures.pop((row.platform, row.target), None)
            return Sent(ref, says=fingerprint(message.reply) if row.slot else None)
        except RetryLaterError as error:
            now, after = self._clock(), max(error.after_ms, FIRST_RETRY_MS)
            if not error.alone:
                budget.refused(row.target, after, now, overall=error.overall)
            return Later(now + after, "the platform asked to wait")
        except UnreachableError as error:
            return self._unreachable(message, full, error)

    async def _say(self, message: OutgoingMessage, full: Reply) -> str:
        row, platform, nonce = message.row, self._platforms[message.row.platform], nonce_of(message.rows)
        if row.audience is not NoticeAudience.CHAT:
            return await platform.tell(
                row.target, full, edit_ref=row.edit_ref, chat_ext=message.mention_in, nonce=nonce
            )
        if row.edit_ref is None:
            return await platform.post(row.target, full, nonce=nonce)
        await platform.edit(row.edit_chat or row.target, row.edit_ref, full)
        return row.edit_ref

    def _unreachable(self, message: OutgoingMessage, full: Reply, error: UnreachableError) -> DeliveryResult:
        """A missing permission may be one for pictures only: then the words go without them, and the admins hear."""
        row, now = message.row, self._clock()
        if error.why is Unreachable.MESSAGE and row.edit_ref is not None:
            return Later(now, "what it was to replace is gone", anew=True)
        if row.audience is not NoticeAudience.CHAT:
            return Lost(Unreachable.PERSON, error.detail)
        if error.why is Unreachable.CHAT:
            return Lost(Unreachable.CHAT, error.detail)
        if error.why is not Unreachable.FORBIDDEN:
            return Later(now, str(error), failed=True)
        if full != without_pictures(full):
            self._no_pictures[row.platform, row.target] = (now + NO_PICTURES_MS, error.detail)
            return Later(now, str(error), forbidden=error.detail)
        return Later(now + FORBIDDEN_RETRY_MS, str(error), forbidden=error.detail)

    def lacks_pictures(self, row: OutboxRow) -> bool:
        """Whether this chat took no pictures when it was last sent one."""
        return (row.platform, row.target) in self._no_pictures

    def _allowed(self, row: OutboxRow, reply: Reply) -> tuple[Reply, str | None]:
        """Without pictures where the chat did not take them lately, and what was missing."""
        until, missing = self._no_pictures.get((row.platform, row.target), (0, ""))
        plain = without_pictures(reply)
        return (plain, missing) if plain != reply and until > self._clock() else (reply, None)

    async def _drawn(self, reply: Reply) -> Reply:
        """With its charts drawn and attached, in the order of the pictures in it."""
        if self._draw is None:
            return reply
        files: list[Attachment] = []
        blocks: list[Block] = []
        for block in reply.blocks:
            if isinstance(block, Picture):
                data = await self._draw(block)
                if data is None:
                    continue
                files.append(Attachment(name=f"{block.kind}-{block.tick}.png", data=data, media_type="image/png"))
            blocks.append(block)
        return replace(reply, blocks=tuple(blocks), files=(*reply.files, *files))


def without_pictures(reply: Reply) -> Reply:
    blocks = tuple(block for block in reply.blocks if not isinstance(block, Picture))
    return replace(reply, blocks=blocks, files=())


def fingerprint(reply: Reply) -> str:
    """Of what a board says; the moment it was drawn does not count."""
    blocks = tuple(replace(block, now_ms=0) if isinstance(block, Board) else block for block in reply.blocks)
    return blake2b(repr(replace(reply, blocks=blocks)).encode(), digest_size=10).hexdigest()


def nonce_of(rows: Sequence[OutboxRow]) -> str:
    """The same whenever exactly these rows are sent again; row numbers alone come back once their rows are gone."""
    said = [(row.id, row.revision, row.created_ms, row.market, row.kind, row.target, row.payload) for row in rows]
    return blake2b(repr(said).encode(), digest_size=10).hexdigest()


MOST = 9  # joined to the first
IN_CHATS = frozenset({"big_trade", "lead_change"})  # of which one message can tell several


def joinable(row: OutboxRow) -> bool:
    """A new private message that answers no ticket (whatever is to change later must stand alone); in a chat, a line
    or two of chatter."""
    if row.audience is NoticeAudience.CHAT:
        return row.kind in IN_CHATS
    return row.ticket is None and row.edit_ref is None


def joined(messages: Sequence[OutgoingMessage], tight: Callable[[OutboxRow], bool]) -> list[OutgoingMessage]:
    """The messages in order, those to one person joined to her first; nothing is left out."""
    found: list[OutgoingMessage] = []
    places: dict[tuple[str, str, bool], int] = {}
    groups: dict[int, list[OutgoingMessage]] = {}
    for message in messages:
        row = message.row
        if not (joinable(row) and tight(row)):
            found.append(message)
            continue
        place = (row.platform, row.target, row.audience is NoticeAudience.CHAT)
        at = places.get(place)
        if at is None or len(groups[at]) > MOST:
            places[place] = at = len(found)
            groups[at] = []
            found.append(message)
        groups[at].append(message)
    for at, group in groups.items():
        if len(group) > 1:
            found[at] = _one(group)
    return found


def _one(group: Sequence[OutgoingMessage]) -> OutgoingMessage:
    group = sorted(group, key=lambda one: one.row.id)
    first = group[0]
    replies = [one.reply for one in group]
    public = first.row.audience is NoticeAudience.CHAT
    return OutgoingMessage(
        row=first.row,
        reply=words.together_in_chat(replies) if public else words.together(replies),
        joined=tuple(one.row for one in group[1:]),
        mention_in=first.mention_in,
    )
