"""Who asks, in which room of the house, and what they may see there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from aiohttp import web

from bot.adapters.room import NAME, bearer, security
from bot.adapters.room.bearer import Bearers
from bot.adapters.room.cookies import Cookies
from bot.adapters.room.limits import Counted, Limits, RefusalError
from bot.adapters.room.security import Sessions, Visitor
from bot.chat import plain_text
from bot.chat.rights import Rights
from bot.market.visibility import Viewer, visible
from bot.market.vouching import Vouching
from bot.settings import Network
from bot.words import room as words
from bot.words import usage as words_usage
from storage.records import Market, Person
from storage.unit_of_work import UnitOfWork

APP = "/app/"  # where nobody is known by a cookie
ASK_AGAIN_S = 60
LONGEST_NUMBER = 15  # of a market, digits: exact in a browser
MARKET = f"{{market:[0-9]{{1,{LONGEST_NUMBER}}}}}"  # in an address


class Visitors:
    """`titles` are the chats the room holds: the first of them at `/`, others at `/r/<name>/`. `rights` asks the
    platforms others come from."""

    def __init__(
        self,
        sessions: Sessions,
        limits: Limits,
        titles: Mapping[str, str],
        trusted_proxies: Sequence[Network],
        rights: Rights,
        bearers: Bearers,
        vouching: Vouching,
    ) -> None:
        self._sessions = sessions
        self._limits = limits
        self._titles = titles
        self._trusted_proxies = trusted_proxies
        self.rights = rights
        self._bearers = bearers
        self._vouching = vouching
        self.cookies = Cookies()  # known once the room listens

    def room(self, request: web.Request) -> str:
        """The chat this address is of."""
        room = request.match_info.get("room", next(iter(self._titles)))
        if room not in self._titles:
            raise web.HTTPNotFound
        return room

    @property
    def main(self) -> str:
        """The chat at the beginning of the address."""
        return next(iter(self._titles))

    def count(self, request: web.Request) -> None:
        """One request more from there, by nobody yet."""
        self._limits.count(Counted.REQUEST, security.network(request, self._trusted_proxies))

    async def visitor(self, request: web.Request) -> Visitor:
        """Who asks, counted: strangers by where they come from; and what they are said to be where they came from, as
        far as the market that is asked for is concerned. RefusalError 401 for a token that is nobody's,
        and for none where there are no cookies."""
        return await self._as_seen(request, await self._visitor(request))

    async def _as_seen(self, request: web.Request, visitor: Visitor) -> Visitor:
        market = market_number(request.match_info.get("market", request.query.get("market", "")))
        return visitor if market is None else await self.vouched(visitor, market)

    async def vouched(self, visitor: Visitor, market: int | None) -> Visitor:
        """With what the platform they came from says of them at this moment, in the chats of that market; None: in
        the one they came from and those they are known to run."""
        if visitor.came_as is None:
            return visitor
        if market is None:
            vouched = await self._vouching.of_all(visitor.came_as, visitor.chat)
        else:
            vouched = await self._vouching.of_market(visitor.came_as, market, runs=False)
        return replace(visitor, vouched=vouched.standings, unasked=vouched.unasked)

    async def _visitor(self, request: web.Request) -> Visitor:
        network = security.network(request, self._trusted_proxies)
        token = bearer.token_of(request)
        if token is not None:
            return await self._bearer(request, token, network)
        if request.path.startswith(APP):
            self._limits.count(Counted.REQUEST, network)
            raise RefusalError(401, words.no_such_token(), code="unknown_token")
        return await self.cookie_visitor(request)

    async def cookie_visitor(self, request: web.Request) -> Visitor:
        """Which browser asks, counted, whatever else it brings."""
        visitor = await self._by_cookies(request)
        self._limits.count(Counted.REQUEST, visitor.whose)
        return visitor

    async def look(self, request: web.Request) -> Visitor:
        """Who asked, as of now; nothing is counted. RefusalError 401 for a token that is nobody's any more."""
        token = bearer.token_of(request)
        known = self._by_cookies(request) if token is None else self._bearers.visitor(token, request.path)
        return await self._as_seen(request, await known)

    async def _by_cookies(self, request: web.Request) -> Visitor:
        return await self._sessions.visitor(
            self.cookies.get(request, "session"),
            self.cookies.get(request, "admin"),
            security.network(request, self._trusted_proxies),
        )

    async def _bearer(self, request: web.Request, token: str, network: str) -> Visitor:
        """By the header alone, whatever cookies came with it. What a program does is counted where it does it."""
        self._limits.check(Counted.REQUEST, network)
        try:
            visitor = await self._bearers.visitor(token, request.path)
        except RefusalError:
            self._limits.use(Counted.REQUEST, network)
            raise
        if visitor.key is None:
            self._limits.count(Counted.REQUEST, visitor.whose)
        elif request.method in security.READING:
            self._limits.count(Counted.KEY_REQUEST, visitor.whose)
        return visitor

    async def asks(self, request: web.Request) -> tuple[str, Visitor]:
        """The room, and who asks there."""
        return self.room(request), await self.visitor(request)

    async def person(self, request: web.Request) -> Visitor:
        """Who asks, where they have a name; RefusalError 401."""
        return (await self.named(request))[1]

    async def named(self, request: web.Request) -> tuple[str, Visitor, Person]:
        """The room, who asks there and their name; RefusalError 401 where they have none."""
        room, visitor = await self.asks(request)
        if visitor.person is None:
            raise RefusalError(401, words.no_session())
        return room, visitor, visitor.person


def market_number(given: str) -> int | None:
    """None where no market can be called so."""
    return int(given) if given.isascii() and given.isdigit() and len(given) <= LONGEST_NUMBER else None


async def seen_market(uow: UnitOfWork, room: str, visitor: Visitor, request: web.Request) -> Market:
    """The market the address names, where they may see it; else 404, as if it were not there. RefusalError 503 where
    nobody can say now whether they may."""
    market = await visible(uow, int(request.match_info["market"]), await viewer(uow, room, visitor))
    if market is None and visitor.unasked is not None:
        sentence = plain_text.line_text(words_usage.cannot_ask(visitor.unasked).head)
        raise RefusalError(503, sentence, ASK_AGAIN_S, code=words_usage.CANNOT_ASK)
    if market is None:
        raise web.HTTPNotFound
    return market


async def viewer(uow: UnitOfWork, room: str, visitor: Visitor) -> Viewer:
    """Who they are to `bot.market.visibility`: by a key they look from nowhere, at its market alone."""
    person = visitor.person.id if visitor.person else None
    vouched = None if visitor.came_as is None else visitor.vouched
    if visitor.key is not None:
        return Viewer(person=person, chat=None, admin=False, only=visitor.key.market, vouched=vouched)
    chat = await uow.chats.find(NAME, room)
    return Viewer(person=person, chat=chat.id if chat else None, admin=visitor.admin, vouched=vouched)
