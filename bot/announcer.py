"""Empties the outbox into chats: claims what is due, phrases it, keeps to each platform's budget, edits where it can.

Delivery is at least once and harmless when repeated: a ticket's fill and the board are edits, and a row leaves the
outbox only after its message stands. Nothing is dropped for a budget's sake: what does not fit now is due later.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace

from bot.budgets import Budget
from bot.platform import Platform, RetryLaterError, UnreachableError
from bot.reply import Attachment, Block, Board, Picture, Reply
from bot.telling import phrase
from storage.database import Database
from storage.records import Audience, Market, OutboxRow
from storage.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

Draw = Callable[[Picture], Awaitable[bytes | None]]

LEASE_MS = 60_000
BATCH = 50
IN_FLIGHT = 16
FIRST_RETRY_MS = 1_000
LONGEST_RETRY_MS = 300_000
IDLE_S = 5.0


@dataclass(frozen=True, slots=True)
class _Sent:
    """Delivered; `ref` is where it stands."""

    ref: str | None


@dataclass(frozen=True, slots=True)
class _Later:
    at_ms: int
    why: str


@dataclass(frozen=True, slots=True)
class _Lost:
    why: str


_Outcome = _Sent | _Later | _Lost
_Booked = tuple[OutboxRow, _Outcome]


class Announcer:
    """`clock` gives epoch milliseconds; `platforms` by name; `draw` makes a chart's PNG, or None where it cannot (the
    message then goes without). Rows of a platform that is not in `platforms` wait until it is; rows of a `muted` one
    are thrown away, for people nobody reads for."""

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
        self._draw = draw
        self._muted = frozenset(muted)
        self._budgets = {name: Budget.of(name) for name in platforms} | dict(budgets or {})
        self._boards: dict[tuple[str, str], tuple[int, Reply]] = {}  # when a board last left, and what it said
        self._failures: dict[int, int] = {}
        self._flight = asyncio.Semaphore(IN_FLIGHT)

    async def step(self) -> int:
        """Deliver what is due now and within budget; returns how many messages left."""
        sent, booked = 0, list[_Booked]()
        while True:
            async with self._db.writing() as uow:
                if booked:
                    await self._book(uow, booked)
                elif self._muted:
                    await uow.outbox.discard(self._muted)
                now = self._clock()
                rows = await uow.outbox.claim(self._platforms, now, LEASE_MS, BATCH)
                await uow.commit()
            if not rows:
                return sent
            booked = await self._deliver(rows, now)
            sent += sum(isinstance(outcome, _Sent) and outcome.ref is not None for _, outcome in booked)

    async def run(self) -> None:
        """Deliver for ever, woken by commits and by the clock; ends by cancellation."""
        while True:
            try:
                await self.step()
                async with self._db.reading() as uow:
                    due = await uow.outbox.next_due()
            except Exception:
                log.exception("the announcer stumbled; it goes on")
                due = self._clock() + FIRST_RETRY_MS
            wait = IDLE_S if due is None else min(IDLE_S, max(0.02, (due - self._clock()) / 1000))
            await self._db.outbox_filled(wait)

    async def _deliver(self, rows: list[OutboxRow], now: int) -> list[_Booked]:
        """What became of each row. Everything is phrased first, in one snapshot; then chats are served side by side,
        the rows of each in order."""
        booked: list[_Booked] = []
        places: dict[tuple[str, str], list[tuple[OutboxRow, Reply]]] = {}
        async with self._db.reading() as uow:
            markets: dict[int, Market | None] = {}
            for row in rows:
                found = await self._plan(uow, row, now, markets)
                if isinstance(found, Reply):
                    places.setdefault((row.platform, row.target), []).append((row, found))
                else:
                    booked.append((row, found))
        sent = await asyncio.gather(*(self._serve(waiting, now) for waiting in places.values()))
        return booked + [one for several in sent for one in several]

    async def _plan(
        self, uow: UnitOfWork, row: OutboxRow, now: int, markets: dict[int, Market | None]
    ) -> Reply | _Outcome:
        """The words of a row that may leave now, counted against the budget; or why it does not."""
        if row.market is None:
            return _Sent(None)
        budget = self._budgets[row.platform]
        wait = max(budget.wait(row.target, now, notice=True), self._board_wait(row, budget, now))
        if wait > 0:
            return _Later(now + wait, "budget")
        try:
            if row.market not in markets:
                markets[row.market] = await uow.markets.get(row.market)
            market = markets[row.market]
            reply = await phrase(uow, row, now, market) if market else None
        except Exception as error:
            log.exception("notice %s (%s) could not be phrased", row.id, row.kind)
            return _Later(now + self._back_off(row), type(error).__name__)
        if reply is None or (row.slot == "board" and row.edit_ref and self._same_board(row, reply)):
            return _Sent(row.edit_ref if row.slot else None)
        budget.use(row.target, now)
        return reply

    async def _serve(self, waiting: list[tuple[OutboxRow, Reply]], now: int) -> list[_Booked]:
        """Rows of one place. The outbox hands out one a claim, and keyed ones, which have no order."""
        booked: list[_Booked] = []
        for row, reply in waiting:
            async with self._flight:
                booked.append((row, await self._send(row, reply, now)))
        return booked

    async def _send(self, row: OutboxRow, reply: Reply, now: int) -> _Outcome:
        try:
            full = await self._drawn(reply)
            platform = self._platforms[row.platform]
            if row.audience is not Audience.CHAT:
                ref = await platform.tell(
                    row.target, full, edit_ref=row.edit_ref, chat_ext=row.edit_chat, nonce=_nonce(row)
                )
            elif row.edit_ref is None:
                ref = await platform.post(row.target, full, nonce=_nonce(row))
            else:
                ref = await self._edit_or_post(platform, row, row.edit_ref, full)
        except RetryLaterError as error:
            self._budgets[row.platform].refused(row.target, error.after_ms, now, overall=error.overall)
            return _Later(now + max(error.after_ms, FIRST_RETRY_MS), "platform asked to wait")
        except UnreachableError as error:
            return _Lost(str(error) or "unreachable")
        except Exception as error:
            log.exception("notice %s (%s) was not delivered", row.id, row.kind)
            return _Later(now + self._back_off(row), type(error).__name__)
        if row.slot == "board":
            self._boards[row.platform, row.target] = (now, reply)
        return _Sent(ref)

    async def _edit_or_post(self, platform: Platform, row: OutboxRow, ref: str, reply: Reply) -> str:
        """A message of ours that somebody deleted is posted anew."""
        try:
            await platform.edit(row.edit_chat or row.target, ref, reply)
        except UnreachableError:
            return await platform.post(row.target, reply, nonce=_nonce(row))
        return ref

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

    def _board_wait(self, row: OutboxRow, budget: Budget, now: int) -> int:
        last = self._boards.get((row.platform, row.target))
        if row.slot != "board" or last is None:
            return 0
        return last[0] + budget.allowance.board_ms - now

    def _same_board(self, row: OutboxRow, reply: Reply) -> bool:
        """Whether the board would say what it says already; the moment it was drawn does not count."""
        last = self._boards.get((row.platform, row.target))
        return last is not None and _timeless(last[1]) == _timeless(reply)

    def _back_off(self, row: OutboxRow) -> int:
        failures = self._failures.get(row.id, 0)
        self._failures[row.id] = failures + 1
        return int(min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** min(failures, 20)))

    async def _book(self, uow: UnitOfWork, outcomes: list[_Booked]) -> None:
        """Write down what became of each row."""
        now = self._clock()
        for row, outcome in outcomes:
            if isinstance(outcome, _Sent):
                await uow.outbox.done(row, outcome.ref, now)
                if row.ticket is not None and outcome.ref not in (None, row.edit_ref):
                    await uow.tickets.bind(row.ticket, row.platform, row.edit_chat or row.target, outcome.ref)
                self._failures.pop(row.id, None)
            elif isinstance(outcome, _Later):
                await uow.outbox.retry(row, outcome.at_ms, outcome.why)
            else:
                log.warning("notice %s (%s) is given up: %s", row.id, row.kind, outcome.why)
                await uow.outbox.drop(row, outcome.why)
                self._failures.pop(row.id, None)


def _nonce(row: OutboxRow) -> str:
    """The same whenever this row is sent again; row numbers alone come back once their rows are gone."""
    said = f"{row.id} {row.revision} {row.created_ms} {row.market} {row.kind} {row.target} {row.payload}"
    return hashlib.blake2b(said.encode(), digest_size=10).hexdigest()


def _timeless(reply: Reply) -> Reply:
    blocks = tuple(replace(block, now_ms=0) if isinstance(block, Board) else block for block in reply.blocks)
    return replace(reply, blocks=blocks)
