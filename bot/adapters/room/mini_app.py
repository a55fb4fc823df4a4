"""The room as a Mini App of Telegram: the same page at an address of its own, which Telegram alone may frame.

Nothing there knows a cookie. Who opened it is who Telegram signed for (`init_data`), the person they are in Telegram's
chats; they get a token that their page alone keeps, in its memory. What a link said about a market gives nothing: the
chats of that market are asked of Telegram.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from bot.adapters.room import assets, init_data, request_body
from bot.adapters.room.assets import Asset
from bot.adapters.room.init_data import InitData, InitDataRefused
from bot.adapters.room.limits import RefusalError
from bot.adapters.room.security import Sessions, Visitor, content_policy, external_id
from bot.adapters.room.visitors import APP as BASE
from bot.adapters.room.visitors import Visitors, viewer
from bot.chat.rights import CannotAskError, Standing
from bot.market.visibility import visible
from bot.words import room as words
from storage.clock import SystemClock
from storage.database import Database
from storage.key_value import SIGNED
from storage.records import Chat, Identity, Market, Person
from storage.sessions import APP
from storage.unit_of_work import UnitOfWork

TELEGRAM = "telegram"
SESSION_MS = 12 * 3_600_000
MOST_CHATS = 5  # of a market that are asked about
# where Telegram serves its web apps, "K" and "A"; Telegram for Linux frames pages from the first too
WEB_APPS = ("https://web.telegram.org", "https://webk.telegram.org", "https://weba.telegram.org")
PARENTS = " ".join(WEB_APPS)
HEADERS = {
    "Content-Security-Policy": content_policy(parents=PARENTS, images="'self' blob:"),
    "Cross-Origin-Opener-Policy": "unsafe-none",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meant:
    """The chat of the market a link was about in which they are; `unasked`: Telegram could not be asked."""

    chat: int | None = None
    unasked: bool = False


class MiniApp:
    """`page` is `app.html`; `token` the bot's, None where there is none; `clock` the market's, by which sessions run
    out."""

    def __init__(
        self,
        db: Database,
        clock: Callable[[], int],
        *,
        page: Asset,
        sessions: Sessions,
        visitors: Visitors,
        token: str | None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._page = assets.app_page(page, PARENTS)
        self._sessions = sessions
        self._visitors = visitors
        self._token = token
        self._wall_ms = SystemClock().now_ms  # Telegram's time, not the market's

    def routes(self) -> list[web.RouteDef]:
        return [web.get(BASE, self._show), web.post(f"{BASE}api/session", self._sign_in)]

    async def _show(self, request: web.Request) -> web.StreamResponse:
        response = self._page.response(request)
        response.headers.update(HEADERS)
        return response

    async def _sign_in(self, request: web.Request) -> web.Response:
        """A token for what Telegram signed: once, or again for the same request where its answer was lost."""
        self._visitors.count(request)
        body = await request_body.read(request)
        request_id = request_body.request_id(body)
        if self._token is None:
            raise RefusalError(404, words.no_telegram())
        data = init_data.read(request_body.text(body, "init_data"), self._token, self._wall_ms())
        if isinstance(data, InitDataRefused):
            raise RefusalError(403, words.init_data_refused(data.value))
        market = data.market or init_data.market_of(request_body.text(body, "start"))
        meant = _Meant() if market is None else await self._meant(market, data.person_ext)
        token = self._sessions.app_token(data.hash, request_id)
        identity = await self._open(token, data, meant.chat)
        return web.json_response({"token": token, **await self._shown(identity, token, market, meant)})

    async def _meant(self, market: int, person_ext: str) -> _Meant:
        """Asked before anything is written; a chat Telegram cannot be asked about now is asked about again when it
        matters."""
        async with self._db.reading() as uow:
            chats = [chat for chat in await uow.chats.of_market(market) if chat.platform == TELEGRAM]
        unasked: list[Chat] = []
        for chat in chats[:MOST_CHATS]:
            try:
                standing = await self._visitors.rights.standing(TELEGRAM, chat.external_id, person_ext)
            except CannotAskError:
                unasked.append(chat)
                continue
            if standing is not Standing.STRANGER:
                return _Meant(chat=chat.id)
        return _Meant(chat=unasked[0].id, unasked=True) if unasked else _Meant()

    async def _open(self, token: str, data: InitData, chat: int | None) -> Identity:
        """The session of this token, opened where it is not. RefusalError where another request has used the data."""
        now_ms, wall_ms, ext = self._clock(), self._wall_ms(), external_id(token)
        async with self._db.writing() as uow:
            person = await uow.people.identify(TELEGRAM, data.person_ext, data.name, now_ms)
            identity = Identity(person=person.id, platform=TELEGRAM, external_id=data.person_ext, name=person.name)
            if await uow.sessions.find(ext, now_ms) is not None:
                return identity
            until_ms = wall_ms + init_data.GOOD_MS + init_data.AHEAD_MS
            if not await uow.codes.spend(SIGNED, data.hash, person=person.id, now_ms=wall_ms, expires_ms=until_ms):
                raise RefusalError(403, words.init_data_refused("used"))
            await uow.sessions.open(ext, APP, identity, chat=chat, now_ms=now_ms, until_ms=now_ms + SESSION_MS)
            await uow.commit()
        return identity

    async def _shown(
        self, identity: Identity, token: str, asked: int | None, meant: _Meant
    ) -> dict[str, str | int | None]:
        """The market to begin with: the one that was meant where they may see it, else the one they were in last."""
        async with self._db.reading() as uow:
            person = await uow.people.get(identity.person)
            latest = await _latest(uow, person) if person is not None else None
        visitor = Visitor(ext=external_id(token), person=person, came_as=identity, chat=meant.chat)
        if asked is not None and await self._may_see(visitor, asked):
            return {"market": asked, "note": ""}
        note = "" if asked is None else words.app_cannot_ask() if meant.unasked else words.app_not_theirs()
        shown = latest is not None and await self._may_see(visitor, latest.id)
        return {"market": latest.id if latest is not None and shown else None, "note": note}

    async def _may_see(self, visitor: Visitor, market: int) -> bool:
        vouched = await self._visitors.vouched(visitor, market)
        async with self._db.reading() as uow:
            return await visible(uow, market, await viewer(uow, self._visitors.main, vouched)) is not None


async def _latest(uow: UnitOfWork, person: Person) -> Market | None:
    """The market they used last while it is on, else the newest of theirs that is, else that of the last use."""
    joined = await uow.markets.many(await uow.markets.joined(await uow.people.all_ids(person.id)))
    used = [market for market in joined if market.id == person.market]
    on = [market for market in (*used, *sorted(joined, key=lambda market: -market.id)) if not market.over]
    return next(iter([*on, *used]), None)
