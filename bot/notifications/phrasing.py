"""From rows that were claimed to the messages that leave now, and the reasons why others do not: all of them phrased in
one snapshot, with one look-up for what they ask alike.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

from bot.chat.rate_limits import Budget
from bot.chat.reply import Audience, Reply
from bot.grammar.command import Command
from bot.notifications.claims import LASTING_NEWS_MS, NEWS_MS
from bot.notifications.delivery import DeliveryResult, OutgoingMessage, Postponed, Sent, fingerprint, urgency_of
from bot.notifications.delivery_results import ShownMessages
from bot.notifications.notice_context import CHANNELLED
from bot.notifications.notices import as_set_for_chat, render_notice
from bot.notifications.read_ahead import read_ahead
from storage.chats import ChatSettings
from storage.clock import Clock
from storage.database import Database
from storage.rankings import Tokens
from storage.records import Chat, Market, NoticeAudience, OutboxRow
from storage.trouble import TroubleError
from storage.unit_of_work import UnitOfWork
from storage.webhooks import PLATFORM

log = logging.getLogger(__name__)

LASTING_NEWS = frozenset(
    {"eliminated", "claimed", "corrected", "cut", "resolved", "voided"}
)  # these are told for a day
TICKET_MESSAGE_MS = 4_000  # so long a fill waits for its ticket to stand somewhere, so that it can take its place
TICKET_MESSAGE_RETRY_MS = 200
BOARD_SLOWER = 3  # times further apart are a board's edits where its group's minute is nearly full
OWN_MS = 1_000  # so far apart are the changes of a message that tells one person how something of theirs stands
YIELD_EVERY = 25  # rows phrased before whatever else waits in this process has its turn


class Phrasing:
    """`shown` knows what stands in a slot already; `budgets` by platform; `commands` by name: what people
    can be offered to do next."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        budgets: Mapping[str, Budget],
        shown: ShownMessages,
        commands: Mapping[str, Command],
    ) -> None:
        self._db = db
        self._clock = clock
        self._budgets = budgets
        self._shown = shown
        self._commands = commands

    async def phrase(self, rows: Sequence[OutboxRow]) -> list[tuple[OutboxRow, OutgoingMessage | DeliveryResult]]:
        """For each row its message, or what became of it without one. Raises what a database raises."""
        now = self._clock.now_ms()
        phrased: list[tuple[OutboxRow, OutgoingMessage | DeliveryResult]] = []
        async with self._db.reading() as uow:
            snapshot = _Snapshot(uow, await read_ahead(uow, rows))
            for number, row in enumerate(rows, 1):
                phrased.append((row, await self._phrase(snapshot, row, now)))
                if number % YIELD_EVERY == 0:
                    await asyncio.sleep(0)
        return phrased

    def counts_messages(self, row: OutboxRow) -> bool:
        """Whether a second message to this chat or person would have to wait for the first."""
        return bool(self._budgets[row.platform].allowance.chat)

    async def _phrase(self, snapshot: _Snapshot, row: OutboxRow, now: int) -> OutgoingMessage | DeliveryResult:
        postponed = self._not_yet(row, now)
        if postponed is not None:
            return postponed
        if row.market is None or _outdated(row, now):
            return Sent(None)
        try:
            market, worths = await snapshot.market(row.market), snapshot.worths.get(row.market, {})
            reply = await render_notice(snapshot.uow, row, now, market, worths, self._commands) if market else None
        except TroubleError:
            raise
        except Exception as error:
            log.exception("notice %s (%s) could not be phrased", row.id, row.kind)
            return Postponed(now, type(error).__name__, failed=True)
        if reply is None or (row.slot and row.edit_ref and await self._is_shown(snapshot.uow, row, reply)):
            return Sent(row.edit_ref if row.slot else None)
        if reply.audience is Audience.CHAT and row.platform in CHANNELLED:
            set_reply = as_set_for_chat(row, reply, await snapshot.settings(row))
            if set_reply is None:
                return Sent(None)
            reply = set_reply
        mention_in = row.edit_chat or await snapshot.mention_in(row)
        return OutgoingMessage(row=row, reply=reply, mention_in=mention_in)

    def _not_yet(self, row: OutboxRow, now: int) -> Postponed | None:
        """What keeps a row from leaving now: its budget, or the ticket it is to replace."""
        budget, monotonic_ms = self._budgets[row.platform], self._clock.monotonic_ms()
        wait = max(budget.wait(row.target, monotonic_ms, urgency_of(row)), self._slot_wait(row, budget, monotonic_ms))
        if wait > 0:
            return Postponed(now + wait, "budget")
        to_replace_ticket = row.ticket is not None and row.edit_ref is None
        if to_replace_ticket and self.counts_messages(row) and 0 <= now - row.created_ms < TICKET_MESSAGE_MS:
            return Postponed(now + TICKET_MESSAGE_RETRY_MS, "its ticket is on its way")
        return None

    def _slot_wait(self, row: OutboxRow, budget: Budget, monotonic_ms: int) -> int:
        """What stands in one place is changed no faster than anybody reads it."""
        sent_ms = self._shown.sent_at(row)
        if sent_ms is None:
            return 0
        if row.slot == "board":
            apart_ms = budget.allowance.board_ms * (BOARD_SLOWER if budget.nearly_full(row.target, monotonic_ms) else 1)
        else:
            apart_ms = OWN_MS if row.person is not None and row.edit_ref is not None else 0
        return sent_ms + apart_ms - monotonic_ms

    async def _is_shown(self, uow: UnitOfWork, row: OutboxRow, reply: Reply) -> bool:
        """Whether it says this already, to the last digit that is shown."""
        return await self._shown.fingerprint(uow, row) == fingerprint(reply)


class _Snapshot:
    """One reading unit, and what several rows ask it for alike."""

    def __init__(self, uow: UnitOfWork, worths: Mapping[int, Mapping[int, Tokens]]) -> None:
        self.uow = uow
        self.worths = worths
        self._markets: dict[int, Market | None] = {}
        self._chats: dict[int, list[Chat]] = {}
        self._settings: dict[tuple[str, str], ChatSettings] = {}

    async def market(self, number: int) -> Market | None:
        if number not in self._markets:
            self._markets[number] = await self.uow.markets.get(number)
        return self._markets[number]

    async def settings(self, row: OutboxRow) -> ChatSettings:
        """What the admins of the chat it goes to have set."""
        place = (row.platform, row.target)
        if place not in self._settings:
            chat = await self.uow.chats.find(*place)
            self._settings[place] = ChatSettings() if chat is None else await self.uow.chats.settings(chat.id)
        return self._settings[place]

    async def mention_in(self, row: OutboxRow) -> str | None:
        """A chat of the market on its person's platform."""
        if row.audience is NoticeAudience.CHAT or row.market is None:
            return None
        if row.market not in self._chats:
            self._chats[row.market] = await self.uow.chats.of_market(row.market)
        chats = [chat for chat in self._chats[row.market] if chat.platform == row.platform and chat.lost is None]
        return chats[0].external_id if chats else None


def _outdated(row: OutboxRow, now: int) -> bool:
    """Too old to be announced now. Programs are told of every moment, however late."""
    if row.platform == PLATFORM:
        return False
    if row.audience is not NoticeAudience.CHAT or row.slot is not None:
        return False
    return now - row.created_ms > (LASTING_NEWS_MS if row.kind in LASTING_NEWS else NEWS_MS)
