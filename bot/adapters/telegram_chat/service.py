"""The connection to Telegram: puts the adapter together, polls or listens for a webhook, and closes it cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from telegram import Update
from telegram.error import Conflict, InvalidToken, TelegramError
from telegram.ext import Application, ApplicationBuilder, ContextTypes, TypeHandler
from telegram.request import HTTPXRequest

from bot.adapters.reconnecting import ReconnectingService
from bot.adapters.telegram_chat import NAME, command_menu
from bot.adapters.telegram_chat.chats import ChatRanks
from bot.adapters.telegram_chat.deep_links import DeepLinks
from bot.adapters.telegram_chat.membership import Membership
from bot.adapters.telegram_chat.platform import TelegramPlatform
from bot.adapters.telegram_chat.responses import TelegramResponder
from bot.adapters.telegram_chat.sender import IN_FLIGHT, Sender
from bot.adapters.telegram_chat.throttle import Throttle
from bot.adapters.telegram_chat.updates import Updates
from bot.adapters.telegram_chat.webhook import Webhook
from bot.chat.buttons import Buttons
from bot.chat.pictures import Draw
from bot.chat.rate_limits import Budget
from bot.dispatcher import Dispatcher
from bot.notifications.reachability import ChatPresence
from storage.clock import Clock
from storage.database import Database

log = logging.getLogger(__name__)

ALLOWED_UPDATES = ("message", "channel_post", "callback_query", "my_chat_member", "chat_member")
CONCURRENT_UPDATES = 32
TOKEN_CHECK_S = 60.0
CLOSE_S = 0.8

App = Application[Any, Any, Any, Any, Any, Any]  # Any: what handlers may keep in their context, and ours keep nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSettings:
    """The settings `TELEGRAM_*`. With `webhook_url` Telegram delivers, and `webhook_listen` is where."""

    token: str = field(repr=False)
    api_base: str | None = None
    file_base: str | None = None
    webhook_url: str | None = None
    webhook_listen: tuple[str, int] = ("127.0.0.1", 8081)
    webhook_secret: str | None = field(default=None, repr=False)


class TelegramService(ReconnectingService):
    """`on_ready` is called once, when the first connection is complete. `draw` makes a chart's PNG; `budget` is shared
    with the announcer."""

    def __init__(
        self,
        db: Database,
        dispatcher: Dispatcher,
        clock: Clock,
        draw: Draw,
        budget: Budget,
        settings: TelegramSettings,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(on_ready)
        self._db = db
        self._settings = settings
        self._commands = dispatcher.commands
        self._username = ""
        buttons, presence = Buttons(db, clock.now_ms), ChatPresence(db, clock.now_ms)
        ranks = ChatRanks(budget, clock.monotonic_ms)
        self._throttle = Throttle(budget, clock.monotonic_ms)
        self._sender = Sender(NAME, buttons, presence, budget, clock)
        deep_links = DeepLinks(self._sender, buttons, self._throttle, clock.monotonic_ms, self.link)
        self._responder = TelegramResponder(
            db, dispatcher, self._sender, buttons, ranks, self._throttle, deep_links, draw, self.link
        )
        membership = Membership(db, self._sender, ranks, presence, self._throttle)
        self._updates = Updates(self._responder, self._sender, buttons, membership, deep_links, clock.monotonic_ms)
        self._platform = TelegramPlatform(db, self._sender, budget, clock.monotonic_ms, link=self.link)
        self._secret = settings.webhook_secret or secrets.token_urlsafe(32)

    @property
    def platform(self) -> TelegramPlatform:
        return self._platform

    def link(self, payload: str) -> str:
        """A link into the private chat; "" while the bot's name is not known."""
        if not self._username:
            return ""
        return f"https://t.me/{self._username}" + (f"?start={payload}" if payload else "")

    async def _finish(self) -> None:
        await self._responder.charts.close()
        await self._throttle.close()

    async def _close(self) -> None:
        """Nothing is left to do: `_connect` closes what it opened."""

    def _log_failure(self, error: Exception) -> bool:
        match error:
            case InvalidToken():
                log.error("Telegram does not take TELEGRAM_TOKEN: get the bot's token from @BotFather")
                return True
            case TelegramError():
                log.warning("the connection to Telegram broke: %s", error)
            case OSError():
                host, port = self._settings.webhook_listen
                log.error("nothing can listen on %s:%s for Telegram: %s", host, port, error)
            case _:
                log.error("the connection to Telegram broke", exc_info=error)
        return False

    async def _connect(self) -> None:
        """One connection, from the first request until it breaks or we are cancelled."""
        app = self._application()
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(_in_time, app.bot.shutdown)  # which the next leaves out where the token is wrong
            stack.push_async_callback(_in_time, app.shutdown)
            await app.initialize()
            self._username = self._updates.username = app.bot.username
            self._sender.bot = app.bot
            stack.callback(self._offline)
            await self._register_commands(app)
            await app.start()
            stack.push_async_callback(_in_time, app.stop)
            if self._settings.webhook_url:
                await self._start_webhook(app, stack)
            elif app.updater is not None:
                await app.updater.start_polling(
                    bootstrap_retries=-1, allowed_updates=ALLOWED_UPDATES, error_callback=_polling_failed
                )
                stack.push_async_callback(_in_time, app.updater.stop)
            self._ready()
            while True:  # polling ends without a word where the token is taken back
                await asyncio.sleep(TOKEN_CHECK_S)
                await _check_token(app)

    async def _register_commands(self, app: App) -> None:
        """Without menus everything works all the same."""
        try:
            if await command_menu.register(app.bot, self._db, self._commands, NAME):
                log.info("the command menus are registered anew")
        except InvalidToken:
            raise
        except TelegramError as error:
            log.warning("the command menus could not be registered: %s", error)

    def _application(self) -> App:
        settings = self._settings
        builder = (
            ApplicationBuilder()
            .token(settings.token)
            .job_queue(None)
            .concurrent_updates(CONCURRENT_UPDATES)
            .request(
                HTTPXRequest(connection_pool_size=IN_FLIGHT * 2, read_timeout=10, write_timeout=20, pool_timeout=10)
            )
            .get_updates_request(HTTPXRequest(connection_pool_size=2, read_timeout=10))
        )
        if settings.api_base:
            builder = builder.base_url(settings.api_base.rstrip("/"))
        if settings.file_base:
            builder = builder.base_file_url(settings.file_base.rstrip("/"))
        app: App = builder.updater(None).build() if settings.webhook_url else builder.build()
        app.add_handler(TypeHandler(Update, self._on_update))
        return app

    async def _on_update(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        await self._updates.handle(update)

    async def _start_webhook(self, app: App, stack: contextlib.AsyncExitStack) -> None:
        url = self._settings.webhook_url or ""

        async def handle_update(payload: Mapping[str, object]) -> None:
            update = Update.de_json(dict(payload), app.bot)
            if update is not None:
                await app.process_update(update)

        host, port = self._settings.webhook_listen
        webhook = Webhook(host, port, urlsplit(url).path, self._secret, handle_update)
        await webhook.start()
        stack.push_async_callback(_in_time, webhook.stop)
        await app.bot.set_webhook(
            url, max_connections=CONCURRENT_UPDATES, allowed_updates=ALLOWED_UPDATES, secret_token=self._secret
        )

    def _offline(self) -> None:
        self._sender.bot = None


async def _in_time(step: Callable[[], Any]) -> None:  # Any: what each of them returns is nobody's business
    """A step of closing down: what fails or hangs does not keep the others from it."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CLOSE_S):
            await step()


async def _check_token(app: App) -> None:
    """InvalidToken where the token was taken back; a lost line is the updater's to mend."""
    try:
        await app.bot.get_me()
    except InvalidToken:
        raise
    except TelegramError as error:
        log.debug("Telegram is out of reach: %s", error)


def _polling_failed(error: TelegramError) -> None:
    if isinstance(error, Conflict):
        log.error("another program polls Telegram with this token; only one can: stop the other")
    else:
        log.info("polling Telegram failed, it is tried again: %s", error)
