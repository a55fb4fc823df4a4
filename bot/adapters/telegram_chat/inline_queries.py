"""`@bot germany` in any chat: cards of public markets, for whoever asks; nothing of a member, a chat or a draft.

Telegram asks at every letter and keeps what was answered for some seconds, for all who type the same. Who asks faster
than anybody types, or what comes while enough is under way, is not answered: the next letter asks again.
https://core.telegram.org/bots/api#inline-mode
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQuery,
    InlineQueryResultArticle,
    InputTextMessageContent,
    LinkPreviewOptions,
)
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.adapters.telegram_chat.app_buttons import AppButtons
from bot.adapters.telegram_chat.limits import cut
from bot.adapters.telegram_chat.markup import shown
from bot.adapters.telegram_chat.render import render
from bot.chat.rate_limits import PERSON, Windows
from bot.market.standings import board_of
from bot.text.names import folded
from bot.words import watching as words
from bot.words.telegram import OPEN_APP
from storage.clock import Clock
from storage.database import Database
from storage.records import Market

log = logging.getLogger(__name__)

A_PAGE = 10  # of the 50 results that one answer may have
LONGEST_QUERY = 256
KEPT_S = 10
AT_ONCE = 4  # answered side by side: each reads boards, and people's own lines come first
LONGEST_TITLE = 100


class InlineQueries:
    """`apps` know the room's address and its Mini App, where it has them; `link` leads into the bot's own chat."""

    def __init__(self, db: Database, clock: Clock, apps: AppButtons, link: Callable[[str], str]) -> None:
        self._db = db
        self._clock = clock
        self._apps = apps
        self._link = link
        self._asked = Windows(PERSON)
        self._under_way = 0

    async def handle(self, query: InlineQuery) -> None:
        """What cannot be answered in time is not answered."""
        who, now = str(query.from_user.id), self._clock.monotonic_ms()
        if self._under_way >= AT_ONCE or self._asked.wait(who, now) > 0:
            return
        self._asked.use(who, now)
        self._under_way += 1
        try:
            start = int(query.offset) if query.offset.isdecimal() and len(query.offset) < 4 else 0
            results, more = await self._results(query.query[:LONGEST_QUERY], start)
            following = str(start + A_PAGE) if more else ""
            await query.answer(results, cache_time=KEPT_S, is_personal=False, next_offset=following)
        except TelegramError as error:
            log.debug("what was asked in a chat was not answered: %s", error)
        finally:
            self._under_way -= 1

    async def _results(self, text: str, start: int) -> tuple[list[InlineQueryResultArticle], bool]:
        async with self._db.reading() as uow:
            fitting = [market for market in await uow.watching.public() if matches(market, text)]
            page = fitting[start : start + A_PAGE]
            now_ms = self._clock.now_ms()
            boards = [await board_of(uow, market, now_ms) for market in page]
        cards = [words.card(replace(board, decides=(), awaits=())) for board in boards]
        results = []
        for market, board, card in zip(page, boards, cards, strict=True):
            whole = render(card, now_ms).pages[0]
            results.append(
                InlineQueryResultArticle(
                    id=f"m{market.id}t{market.tick}",
                    title=cut(shown(board.title).strip() or "…", LONGEST_TITLE),
                    description=words.in_a_line(board),
                    input_message_content=InputTextMessageContent(
                        whole.html, parse_mode=ParseMode.HTML, link_preview_options=LinkPreviewOptions(is_disabled=True)
                    ),
                    reply_markup=self._buttons(market),
                    thumbnail_url=self._address(market, "/card.png") or None,
                )
            )
        return results, len(fitting) > start + A_PAGE

    def _buttons(self, market: Market) -> InlineKeyboardMarkup:
        """The page for whoever watches, the Mini App for who is in the market; without them the bot's own chat."""
        address = self._address(market)
        first = (words.WATCH, address) if address else (words.OPEN_BOT, self._link(""))
        row = [InlineKeyboardButton(first[0], url=first[1])]
        opens = self._apps.button(OPEN_APP, f"m{market.id}", private=False)
        return InlineKeyboardMarkup([row if opens is None else [*row, opens]])

    def _address(self, market: Market, below: str = "") -> str:
        """ "" where the room has none that everybody can open."""
        base = self._apps.public_url
        return f"{base}{words.watch_path(market.id)}{below}" if base else ""


def matches(market: Market, text: str) -> bool:
    """Whether its title or one of its outcomes holds what was typed, however it is spelled; nothing typed fits all."""
    wanted = folded(text)
    return any(wanted in folded(name) for name in (market.title, *market.params.outcome_names))
