"""The announcer's way to Telegram: posts, the pinned board, and what one person is told."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bot.adapters.telegram_chat import NAME
from bot.adapters.telegram_chat.chats import ChatAddress
from bot.adapters.telegram_chat.keyboards import KeyboardButton, keys_of
from bot.adapters.telegram_chat.markup import Ink, TextRun, run
from bot.adapters.telegram_chat.sender import Sender
from bot.chat.platform import RetryLaterError, Unreachable, UnreachableError
from bot.chat.rate_limits import Budget
from bot.chat.reply import Reply
from bot.words import telegram as words
from storage.database import Database

log = logging.getLogger(__name__)

MENTION_EVERY_MS = 6 * 3_600_000


class TelegramPlatform:
    """Implements `bot.platform.Platform`. `link` makes a deep link of a payload; "" while the bot has no name yet."""

    def __init__(
        self, db: Database, post: Sender, budget: Budget, clock: Callable[[], int], link: Callable[[str], str]
    ) -> None:
        self._db = db
        self._post = post
        self._budget = budget
        self._clock = clock
        self._link = link
        self._mentioned: dict[tuple[str, str], int] = {}

    @property
    def name(self) -> str:
        return NAME

    async def post(self, chat_ext: str, reply: Reply, *, nonce: str = "") -> str:
        """Into the chat or its topic; what belongs aside comes without a sound, the board is pinned."""
        place = _place(chat_ext)
        ref = await self._post.send(place, reply, keys_of(reply.actions), silent=reply.aside or reply.pin, counted=1)
        if reply.pin:
            await self._post.pin(place, ref)
        return ref

    async def edit(self, chat_ext: str, ref: str, reply: Reply) -> None:
        await self._post.edit(_place(chat_ext), ref, reply, keys_of(reply.actions), counted=1)

    async def tell(
        self, person_ext: str, reply: Reply, *, edit_ref: str | None, chat_ext: str | None, nonce: str = ""
    ) -> str:
        """In her private chat, where her tickets stand. Where she cannot be written to she is mentioned in `chat_ext`
        now and then, without a word of what it is about, and `Unreachable.PERSON` is raised all the same."""
        place = ChatAddress.of(person_ext)
        if place is None or not place.private:  # an anonymous admin, a channel
            raise UnreachableError(Unreachable.PERSON, "anonymous")
        keys = keys_of(reply.actions)
        try:
            if edit_ref is not None and chat_ext in (None, place.ext):
                try:
                    await self._post.edit(place, edit_ref, reply, keys, counted=1)
                    return edit_ref
                except UnreachableError as error:
                    if error.why is not Unreachable.MESSAGE:
                        raise
            return await self._post.send(place, reply, keys, counted=1)
        except UnreachableError as error:
            if error.why is Unreachable.PERSON:
                await self._mention(person_ext, chat_ext)
            raise

    async def _mention(self, person_ext: str, chat_ext: str | None) -> None:
        name, where = await self._known(person_ext)
        said = ChatAddress.of(chat_ext) if chat_ext is not None else None
        place = said if said is not None and not said.private else where
        link, now = self._link(""), self._clock()
        if (
            place is None
            or not link
            or now - self._mentioned.get((person_ext, place.ext), -MENTION_EVERY_MS) < (MENTION_EVERY_MS)
        ):
            return
        if self._budget.wait(place.ext, now, notice=True) > 0:
            return
        self._mentioned[person_ext, place.ext] = now
        whom = TextRun(run(words.news_for(name)).text, Ink.LINK, url=f"tg://user?id={person_ext}")
        key = KeyboardButton(label=words.OPEN, url=link)
        try:
            await self._post.send(place, words.news(), ((key,),), silent=True, extra=(whom,))
        except (UnreachableError, RetryLaterError) as error:
            log.info("nobody could be mentioned in %s: %s", place.ext, error)

    async def _known(self, person_ext: str) -> tuple[str, ChatAddress | None]:
        """Her name, and a group of the market she used last: her tickets stand in private and name none."""
        async with self._db.reading() as uow:
            person = await uow.people.find(NAME, person_ext)
            market = await uow.markets.last_of_person(person.id) if person else None
            chats = await uow.chats.of_market(market.id) if market else []
        here = (ChatAddress.of(one.external_id) for one in chats if one.platform == NAME and one.lost is None)
        return person.name if person else "", next((one for one in here if one and not one.private), None)


def _place(chat_ext: str) -> ChatAddress:
    place = ChatAddress.of(chat_ext)
    if place is None:
        raise UnreachableError(Unreachable.CHAT, f"{chat_ext} is no chat of Telegram")
    return place
