"""Markets that somebody looks at, as of their last tick, kept in memory: what a page shows and what a quote is made of
costs no query until a commit changes it.

A commit wakes us (`Topic.MARKET`); then the row of each market that is looked at is read, and more of it only where
that has moved. What everybody is told of a market is one object for all; accounts are made of those alone that somebody
looks at, together, and anew only where the market or their own orders have changed. Equal facts stay the same object,
so whoever shows them sees by `is` what has changed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from bot.market.context import MarketView
from bot.market.leaderboard import Standing, standing_of
from bot.market.market_facts import Account, MarketFacts, account_of, market_facts
from engine.state import MarketState, Side, Status
from storage.alerts import Alert
from storage.database import Database
from storage.kept_figures import Version
from storage.quiet_log import QuietLog
from storage.rankings import worths_of
from storage.records import Market, Member, OrderRow
from storage.trouble import TroubleError
from storage.unit_of_work import UnitOfWork
from storage.waking import Topic

log = logging.getLogger(__name__)

POLL_S = 1.0  # how late we hear of another process where it cannot wake us
TOGETHER_S = 0.05  # what is committed meanwhile is read together

_T = TypeVar("_T", OrderRow, Alert)
_Paid = Mapping[tuple[int, Side], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Somebody who looks at a market; `market` None: at the one their chat shows, of drafts too where they are an
    admin there. `person` None is a stranger."""

    platform: str
    chat_ext: str
    market: int | None
    person: int | None
    admin: bool


@dataclass(slots=True)
class _Kept:
    """One market. `numbers`: under which number a person's account stands, None: they have none; `paid`: what was paid
    for an account's tokens, and the account of which that is true."""

    record: Market
    version: Version
    state: MarketState
    facts: MarketFacts
    standing: Standing
    pending: Mapping[int, tuple[OrderRow, ...]] = field(default_factory=dict)  # by account
    alerts: Mapping[int, tuple[Alert, ...]] = field(default_factory=dict)  # likewise, of those looked at
    accounts: dict[int, Account] = field(default_factory=dict)  # by person
    numbers: dict[int, int | None] = field(default_factory=dict)
    paid: dict[int, tuple[Member, _Paid]] = field(default_factory=dict)


class LiveMarkets:
    """`follow` keeps them fresh for as long as anybody watches; what nobody watches is read when it is asked for."""

    def __init__(self, db: Database, now_ms: Callable[[], int]) -> None:
        self._db = db
        self._now_ms = now_ms
        self._changed = db.subscribe(Topic.MARKET, Topic.PEOPLE)
        self._people = db.cache.people_changed
        self._kept: dict[int, _Kept] = {}
        self._shown: dict[tuple[str, str, bool], int | None] = {}  # by chat, and whether to an admin
        self._watchers: dict[asyncio.Event, Watcher] = {}
        self._reading = asyncio.Lock()
        self._quiet = QuietLog(log)

    async def facts(self, market: int) -> MarketFacts | None:
        """What everybody is told of it; None where there is none of that number."""
        kept = await self._fresh(market)
        return None if kept is None else kept.facts

    async def account(self, market: int, person: int) -> Account | None:
        """How they stand in it; without a `member` where they are not in it."""
        kept = await self._fresh(market, person)
        return None if kept is None else kept.accounts[person]

    async def member(self, market: int, person: int) -> Member | None:
        """Their account in it, if they have one."""
        account = await self.account(market, person)
        return None if account is None else account.member

    async def view(self, market: int) -> MarketView | None:
        """The market as of its last tick, for nobody in particular: `member` is None."""
        kept = await self._fresh(market)
        if kept is None:
            return None
        return MarketView(record=kept.record, state=kept.state, member=None, now_ms=self._now_ms())

    def looked_at(self, watcher: Watcher) -> int | None:
        """The number of the market they look at, as far as we know."""
        if watcher.market is not None:
            return watcher.market
        return self._shown.get((watcher.platform, watcher.chat_ext, watcher.admin))

    def known(self, watcher: Watcher) -> tuple[MarketFacts | None, Account | None]:
        """What they look at, as it was read last: the same objects as long as nothing of it has changed."""
        market = self.looked_at(watcher)
        kept = None if market is None else self._kept.get(market)
        if kept is None:
            return None, None
        return kept.facts, None if watcher.person is None else kept.accounts.get(watcher.person)

    async def watch(self, event: asyncio.Event, watcher: Watcher) -> None:
        """Set `event` from now on whenever something they look at has changed; it is `known` when this returns."""
        self._watchers[event] = watcher
        await self._ready(watcher)

    async def _ready(self, watcher: Watcher) -> None:
        market = self.looked_at(watcher)
        if market is None or not self._knows(market, watcher.person):
            await self.refresh()

    def stop_watching(self, event: asyncio.Event) -> None:
        self._watchers.pop(event, None)

    async def follow(self) -> None:
        """For ever: read on whenever somebody has committed."""
        while True:
            woken = await self._changed.woken(POLL_S)
            if not self._watchers:
                if woken:
                    self._kept.clear()
            elif woken or not self._db.alone:
                try:
                    async with self._reading:
                        await self._read_on()
                except TroubleError:
                    pass  # the next round tries again, and the watch on the database has said so
                except Exception as error:
                    self._quiet.error("live", "markets that are looked at stand still", error=error)
            await asyncio.sleep(TOGETHER_S)

    async def refresh(self) -> None:
        """Read on at once, where anything has changed."""
        async with self._reading:
            await self._read_on()

    async def _fresh(self, market: int, person: int | None = None) -> _Kept | None:
        """As of now, as far as commits have woken us."""
        if not self._knows(market, person):
            async with self._reading:
                if not self._knows(market, person):
                    await self._read_on(market, person)
        return self._kept.get(market)

    def _knows(self, market: int, person: int | None) -> bool:
        kept = self._kept.get(market)
        if kept is None or self._changed.is_woken or self._people != self._db.cache.people_changed:
            return False
        if not self._db.alone and all(self.looked_at(watcher) != market for watcher in self._watchers.values()):
            return False  # nobody keeps it fresh, and another process need not wake us
        return person is None or person in kept.accounts

    async def _read_on(self, asked: int | None = None, by: int | None = None) -> None:
        """All that is watched, and what is asked for. For who holds `_reading`."""
        self._changed.take()
        try:
            before = {event: self.known(watcher) for event, watcher in self._watchers.items()}
            await self._read(asked, by)
        except BaseException:
            self._changed.wake()  # nobody has seen yet what changed
            raise
        for event, seen in before.items():
            watcher = self._watchers.get(event)
            if watcher is not None and any(was is not now for was, now in zip(seen, self.known(watcher), strict=True)):
                event.set()

    async def _read(self, asked: int | None, by: int | None) -> None:
        async with self._db.reading() as uow:
            people = self._db.cache.people_changed
            if people != self._people:  # who is who, and what they are called, may be another
                self._kept.clear()
            self._people = people
            await self._read_shown(uow)
            looking: dict[int, set[int]] = {}
            for watcher in self._watchers.values():
                market = self.looked_at(watcher)
                if market is not None:
                    looking.setdefault(market, set()).update(() if watcher.person is None else (watcher.person,))
            if asked is not None:
                looking.setdefault(asked, set()).update(() if by is None else (by,))
            kept = {market: await self._read_market(uow, market, looking[market]) for market in sorted(looking)}
        self._kept = {market: live for market, live in kept.items() if live is not None}

    async def _read_shown(self, uow: UnitOfWork) -> None:
        """Which market each chat shows that somebody looks at."""
        chats = {
            (watcher.platform, watcher.chat_ext, watcher.admin)
            for watcher in self._watchers.values()
            if watcher.market is None
        }
        self._shown = {chat: await _shown_in(uow, *chat) for chat in sorted(chats)}

    async def _read_market(self, uow: UnitOfWork, market: int, people: Collection[int]) -> _Kept | None:
        record = await uow.markets.get(market)
        if record is None:
            return None
        version, before = await uow.figures.version(record), self._kept.get(market)
        anew = before is None or before.version != version
        kept = await _read_anew(uow, record, version, before) if before is None or anew else before
        kept.record, waited, asked = record, kept.pending, kept.alerts
        kept.pending = await _pending(uow, record)
        await _read_numbers(uow, kept, people)
        numbers = [number for person in people if (number := kept.numbers[person]) is not None]
        kept.alerts = await uow.alerts.of_many(market, numbers)
        stale = [
            person
            for person in people
            if anew
            or person not in kept.accounts
            or _moved(kept.numbers[person], waited, kept.pending)
            or _moved(kept.numbers[person], asked, kept.alerts)
        ]
        await _read_accounts(uow, kept, stale)
        kept.accounts = {person: kept.accounts[person] for person in people}
        return kept


async def _shown_in(uow: UnitOfWork, platform: str, chat_ext: str, admin: bool) -> int | None:
    """What a line there is about: while the next market is a draft, the one before it; its admins see a draft where
    there is no other."""
    chat = await uow.chats.find(platform, chat_ext)
    if chat is None:
        return None
    record = await uow.markets.shown_in(chat.id) or (await uow.markets.of_chat(chat.id) if admin else None)
    return None if record is None else record.id


async def _read_anew(uow: UnitOfWork, record: Market, version: Version, before: _Kept | None) -> _Kept:
    """Its rows have changed; what is equal stays the same object."""
    facts = await market_facts(uow, record)
    kept = _Kept(
        record=record,
        version=version,
        state=await uow.markets.state(record),
        facts=before.facts if before is not None and before.facts == facts else facts,
        standing=await standing_of(uow, record),
    )
    if before is not None:
        kept.pending, kept.alerts = before.pending, before.alerts
        kept.accounts, kept.paid = before.accounts, before.paid
        members = kept.standing.members
        kept.numbers = {
            person: number
            for person, number in before.numbers.items()
            if number in members or (number is None and person not in members)
        }
    return kept


async def _pending(uow: UnitOfWork, record: Market) -> Mapping[int, tuple[OrderRow, ...]]:
    """The orders that wait for their tick, by account."""
    waiting: dict[int, tuple[OrderRow, ...]] = {}
    if record.status is Status.RUNNING:
        for order in await uow.orders.pending(record.id):
            waiting[order.person] = (*waiting.get(order.person, ()), order)
    return waiting


def _moved(number: int | None, before: Mapping[int, tuple[_T, ...]], now: Mapping[int, tuple[_T, ...]]) -> bool:
    return number is not None and before.get(number) != now.get(number)


async def _read_numbers(uow: UnitOfWork, kept: _Kept, people: Collection[int]) -> None:
    """Under which number the account of each stands, where that is not known yet."""
    for person in people:
        if person not in kept.numbers:
            member = await uow.members.get(kept.record.id, person)
            kept.numbers[person] = None if member is None else member.person


async def _read_accounts(uow: UnitOfWork, kept: _Kept, people: Collection[int]) -> None:
    """Made anew for these people; who stands as before keeps the same object."""
    members = [kept.standing.members.get(kept.numbers[person] or 0) for person in people]
    accounts = [member for member in members if member is not None]
    worths = worths_of(kept.record, kept.state, accounts)
    worth = dict(zip((member.person for member in accounts), worths, strict=True))
    await _read_paid(uow, kept, accounts)
    for person, member in zip(people, members, strict=True):
        number = 0 if member is None else member.person
        account = account_of(
            kept.record,
            kept.state,
            kept.standing,
            member,
            worth.get(number, ()),
            kept.paid[number][1] if number in kept.paid else {},
            kept.pending.get(number, ()),
            kept.alerts.get(number, ()),
        )
        if account != kept.accounts.get(person):
            kept.accounts[person] = account


async def _read_paid(uow: UnitOfWork, kept: _Kept, members: Collection[Member]) -> None:
    """What was paid for the tokens of those who hold any: asked anew only of those whose account has moved."""
    asked = {
        member.person: member
        for member in members
        if any(map(any, member.tokens))
        and (member.person not in kept.paid or not _same_account(kept.paid[member.person][0], member))
    }
    if asked:
        paid = await uow.trades.paid_by(kept.record.id, sorted(asked))
        kept.paid |= {number: (member, paid.get(number, {})) for number, member in asked.items()}


def _same_account(before: Member, now: Member) -> bool:
    """Whether no trade, and nothing that came back of one, lies between the two."""
    return all(
        getattr(before, name) == getattr(now, name)
        for name in ("balance", "escrow", "net_pnl", "trade_count", "volume", "fees", "tokens")
    )
