"""Markets that somebody looks at, as of their last tick, kept in memory: what a page shows and what a quote is made of
costs no query until a commit changes it.

A commit wakes us (`Topic.MARKET`); then each market that somebody looks at is read on (`live_reading`). Equal facts
stay the same object, so whoever shows them sees by `is` what has changed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from bot.market.context import MarketView
from bot.market.live_reading import TURN, LiveMarket, read_market
from bot.market.market_facts import Account, MarketFacts
from storage.database import Database
from storage.quiet_log import QuietLog
from storage.records import Member
from storage.trouble import TroubleError
from storage.unit_of_work import UnitOfWork
from storage.waking import Topic

log = logging.getLogger(__name__)

POLL_S = 1.0  # how late we hear of another process where it cannot wake us
TOGETHER_S = 0.05  # what is committed meanwhile is read together


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Somebody who looks at a market; `market` None: at the one their chat shows, of drafts too where they are an
    admin there. `person` None is a stranger."""

    platform: str
    chat_ext: str
    market: int | None
    person: int | None
    admin: bool


class LiveMarkets:
    """`follow` keeps them fresh for as long as anybody watches; what nobody watches is read when it is asked for."""

    def __init__(self, db: Database, now_ms: Callable[[], int]) -> None:
        self._db = db
        self._now_ms = now_ms
        self._changed = db.subscribe(Topic.MARKET, Topic.PEOPLE)
        self._people = db.cache.people_changed
        self._kept: dict[int, LiveMarket] = {}
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

    async def _fresh(self, market: int, person: int | None = None) -> LiveMarket | None:
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
        await _wake([event for event, seen in before.items() if self._is_news(event, seen)])

    def _is_news(self, event: asyncio.Event, seen: tuple[MarketFacts | None, Account | None]) -> bool:
        watcher = self._watchers.get(event)
        return watcher is not None and any(was is not now for was, now in zip(seen, self.known(watcher), strict=True))

    async def _read(self, asked: int | None, by: int | None) -> None:
        async with self._db.reading() as uow:
            changed = self._db.cache.people_changed
            if changed != self._people:  # who is who, and what they are called, may be another
                self._kept.clear()
            self._people = changed
            await self._read_shown(uow)
            looking: dict[int, set[int]] = {}
            for watcher in self._watchers.values():
                market = self.looked_at(watcher)
                if market is not None:
                    looking.setdefault(market, set()).update(() if watcher.person is None else (watcher.person,))
            if asked is not None:
                looking.setdefault(asked, set()).update(() if by is None else (by,))
            kept = {
                market: await self._read_one(uow, market, people, asked=market == asked)
                for market, people in sorted(looking.items())
            }
        self._kept = {market: live for market, live in kept.items() if live is not None}

    async def _read_one(
        self, uow: UnitOfWork, market: int, people: Collection[int], *, asked: bool
    ) -> LiveMarket | None:
        """A market's trouble is its own: one that cannot be read stands still, and who asks for it hears of it."""
        before = self._kept.get(market)
        try:
            return await read_market(uow, market, people, before)
        except TroubleError:
            raise
        except Exception as error:
            if asked:
                raise
            self._quiet.error(f"live {market}", "market %d cannot be read for who looks at it", market, error=error)
            return before

    async def _read_shown(self, uow: UnitOfWork) -> None:
        """Which market each chat shows that somebody looks at."""
        chats = {
            (watcher.platform, watcher.chat_ext, watcher.admin)
            for watcher in self._watchers.values()
            if watcher.market is None
        }
        self._shown = {chat: await _shown_in(uow, *chat) for chat in sorted(chats)}


async def _wake(events: Sequence[asyncio.Event]) -> None:
    """All of them, a few at a time: a full house that is told something leaves the loop to others in between."""
    waiting = iter(events)
    try:
        for number, event in enumerate(waiting, 1):
            event.set()
            if number % TURN == 0:
                await asyncio.sleep(0)
    finally:  # whoever is cut short has read on for them
        for event in waiting:
            event.set()


async def _shown_in(uow: UnitOfWork, platform: str, chat_ext: str, admin: bool) -> int | None:
    """What a line there is about: while the next market is a draft, the one before it; its admins see a draft where
    there is no other."""
    chat = await uow.chats.find(platform, chat_ext)
    if chat is None:
        return None
    record = await uow.markets.shown_in(chat.id) or (await uow.markets.of_chat(chat.id) if admin else None)
    return None if record is None else record.id
