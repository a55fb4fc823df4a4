"""One time for which this process serves Telegram: from its lease on until that is lost, or the connection breaks.

All that is remembered begins anew with it: another process may have served in between, and heard what this one did not
(somebody lost their rights, a group moved, a question was answered).
"""

from __future__ import annotations

from collections.abc import Callable

from telegram import Bot, Update

from bot.adapters.telegram_chat.app_buttons import AppButtons
from bot.adapters.telegram_chat.awaited_values import AwaitedValues
from bot.adapters.telegram_chat.chats import ChatRanks
from bot.adapters.telegram_chat.deep_links import DeepLinks
from bot.adapters.telegram_chat.ephemeral import EphemeralAnswers, EphemeralForms
from bot.adapters.telegram_chat.inbox import RawUpdate
from bot.adapters.telegram_chat.inline_queries import InlineQueries
from bot.adapters.telegram_chat.membership import Membership
from bot.adapters.telegram_chat.reactions import Reactions
from bot.adapters.telegram_chat.responses import TelegramResponder
from bot.adapters.telegram_chat.sender import Sender
from bot.adapters.telegram_chat.throttle import Throttle
from bot.adapters.telegram_chat.updates import Updates
from bot.chat.buttons import Buttons
from bot.chat.pictures import Draw
from bot.chat.rate_limits import Budget
from bot.dispatcher import Dispatcher
from bot.notifications.reachability import ChatPresence
from storage.clock import Clock
from storage.database import Database


class Serving:
    """`draw` makes charts, `link` a deep link of a payload; `api_base` is where the server is, `apps` open the
    room in Telegram."""

    def __init__(
        self,
        bot: Bot,
        db: Database,
        dispatcher: Dispatcher,
        clock: Clock,
        draw: Draw,
        budget: Budget,
        sender: Sender,
        link: Callable[[str], str],
        api_base: str,
        apps: AppButtons,
    ) -> None:
        self._bot = bot
        buttons, presence = Buttons(db, clock.now_ms), ChatPresence(db, clock.now_ms)
        ranks = ChatRanks(budget, clock.monotonic_ms)
        self._throttle = Throttle(budget, clock.monotonic_ms)
        deep_links = DeepLinks(sender, buttons, self._throttle, clock.monotonic_ms, link)
        awaited = AwaitedValues(db, clock.now_ms)
        forms = EphemeralForms(db, api_base, clock.now_ms)
        ephemeral = EphemeralAnswers(dispatcher, sender, forms, ranks, self._throttle, budget, clock)
        self._responder = TelegramResponder(
            db, dispatcher, sender, buttons, ranks, self._throttle, deep_links, awaited, ephemeral,
            Reactions(sender, self._throttle, clock.monotonic_ms), draw, link, clock.monotonic_ms,
        )  # fmt: skip
        membership = Membership(db, sender, ranks, presence, self._throttle)
        self._updates = Updates(
            self._responder,
            sender,
            buttons,
            membership,
            deep_links,
            awaited,
            InlineQueries(db, clock, apps, link),
            clock.monotonic_ms,
            bot.username,
        )

    async def handle(self, raw: RawUpdate) -> None:
        update = Update.de_json(dict(raw), self._bot)
        if update is not None:
            await self._updates.handle(update)

    async def close(self) -> None:
        """Who waits for a rate or a chart, waits no longer."""
        await self._responder.charts.close()
        await self._throttle.close()
