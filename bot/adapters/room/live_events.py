"""The events `market` and `account` of a stream: the whole state of what it looks at, whenever that has changed.

A market is serialised once for all who look at it; an account is sent where it has changed alone. What a visitor may
see is asked when they come, when it may have changed, and again from time to time, since rights in a chat end without
a word to us; what they may not is `null`, as if it were not there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from bot.adapters.room import NAME
from bot.adapters.room.market_json import account_to_json, market_to_json
from bot.adapters.room.page_events import to_json
from bot.adapters.room.security import Visitor
from bot.adapters.room.visitors import viewer
from bot.market.live_markets import LiveMarkets, Watcher
from bot.market.market_facts import Account, MarketFacts
from bot.market.visibility import is_own, visible
from engine.state import Status
from storage.clock import SystemClock
from storage.database import Database

CLOCK = SystemClock()
AGAIN_MS = {True: 60_000, False: 10_000}  # whether they may still see it: natives their own room's market; all else
MOST_KEPT = 64  # markets as they were sent last
_NOTHING = b"null"


@dataclass(slots=True, eq=False)
class Look:
    """What one stream looks at and was shown last; `asked` is for what it was asked whether they may see it, at
    `asked_ms` of a clock that only passes."""

    room: str
    visitor: Visitor
    watcher: Watcher
    asked: tuple[object, ...] = ()
    asked_ms: int = 0
    own_room: bool = True
    may_see: bool = True
    shown: tuple[MarketFacts | None, Account | None] | None = None


class LiveEvents:
    """`vouched` asks anew what the platform somebody came from says of them, as far as a market is concerned."""

    def __init__(self, db: Database, live: LiveMarkets, vouched: Callable[[Visitor, int], Awaitable[Visitor]]) -> None:
        self._db = db
        self._live = live
        self._vouched = vouched
        self._bytes: dict[tuple[int, bool], tuple[MarketFacts, bytes]] = {}

    async def begin(self, room: str, visitor: Visitor, market: int | None, event: asyncio.Event) -> Look:
        """From now on `event` is set whenever there is something to send; `end` ends it."""
        person = visitor.person.id if visitor.person else None
        watcher = Watcher(platform=NAME, chat_ext=room, market=market, person=person, admin=visitor.admin)
        await self._live.watch(event, watcher)
        return Look(room=room, visitor=visitor, watcher=watcher)

    def end(self, event: asyncio.Event) -> None:
        self._live.stop_watching(event)

    async def due(self, look: Look) -> list[bytes]:
        """What has changed since it was asked last."""
        facts, account = self._live.known(look.watcher)
        if look.watcher.market is not None and facts is not None:
            await self._check(look, facts, account)
        if not look.may_see:
            facts = account = None
        before, look.shown = look.shown, (facts, account)
        return list(self._changed(look, before, facts, account))

    def _changed(
        self,
        look: Look,
        before: tuple[MarketFacts | None, Account | None] | None,
        facts: MarketFacts | None,
        account: Account | None,
    ) -> Iterator[bytes]:
        if before is None or before[0] is not facts:
            yield b"event: market\ndata: %s\n\n" % self.market(facts, own_room=look.own_room)
        if look.watcher.person is not None and (before is None or before[1] is not account):
            yield b"event: account\ndata: %s\n\n" % self.account(account, facts)

    def market(self, facts: MarketFacts | None, *, own_room: bool) -> bytes:
        """The same bytes for all who see it; a JSON object, or `null`."""
        if facts is None:
            return _NOTHING
        kept = self._bytes.pop((facts.market, own_room), None)
        if kept is None or kept[0] is not facts:
            kept = facts, to_json(market_to_json(facts, own_room=own_room))
        self._bytes[facts.market, own_room] = kept
        if len(self._bytes) > MOST_KEPT:
            del self._bytes[next(iter(self._bytes))]
        return kept[1]

    def account(self, account: Account | None, facts: MarketFacts | None) -> bytes:
        if account is None or facts is None:
            return _NOTHING
        return to_json(account_to_json(account, facts.params))

    async def _check(self, look: Look, facts: MarketFacts, account: Account | None) -> None:
        """Whether they may see it: asked anew where that may have changed."""
        joined = account is not None and account.member is not None
        asked = (facts.market, facts.status is Status.DRAFT, joined, self._db.cache.people_changed)
        now_ms = CLOCK.monotonic_ms()
        native = look.own_room and look.visitor.came_as is None
        if asked == look.asked and now_ms - look.asked_ms < AGAIN_MS[native]:
            return
        visitor = await self._vouched(look.visitor, facts.market)
        async with self._db.reading() as uow:
            whom = await viewer(uow, look.room, visitor)
            look.may_see = await visible(uow, facts.market, whom) is not None
            look.own_room = await is_own(uow, facts.market, whom.chat)
        look.asked, look.asked_ms = asked, now_ms
