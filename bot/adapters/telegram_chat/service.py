"""The connection to Telegram: puts the adapter together, polls or listens for a webhook, and closes it cleanly.

Of all processes that could, the one that holds the lease `telegram` serves: it polls, works through what has arrived,
answers and sends. The others stand by: they know that their token is taken, and receive what a webhook brings.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from telegram import Bot, Update
from telegram.error import InvalidToken, TelegramError

from bot.adapters.reconnecting import ReconnectingService
from bot.adapters.telegram_chat import NAME, command_menu, profile, registered
from bot.adapters.telegram_chat.app_buttons import AppButtons
from bot.adapters.telegram_chat.connection import TelegramSettings, bot_of
from bot.adapters.telegram_chat.errors import NotServingError
from bot.adapters.telegram_chat.inbox import AT_ONCE, Inbox, RawUpdate
from bot.adapters.telegram_chat.platform import TelegramPlatform
from bot.adapters.telegram_chat.poller import ALLOWED_UPDATES, INLINE_QUERY, Poller
from bot.adapters.telegram_chat.sender import Sender
from bot.adapters.telegram_chat.serving import Serving
from bot.adapters.telegram_chat.tenure import Tenure
from bot.adapters.telegram_chat.webhook import Webhook
from bot.chat.buttons import Buttons
from bot.chat.pictures import Draw
from bot.chat.rate_limits import Budget
from bot.dispatcher import Dispatcher
from bot.notifications.reachability import ChatPresence
from storage.clock import Clock
from storage.database import Database
from storage.holding import Holder
from storage.leases import FencedError

log = logging.getLogger(__name__)

TOKEN_CHECK_S = 60.0
CLOSE_S = 0.8


class TelegramService(ReconnectingService):
    """`on_ready` is called once, when Telegram has taken the token and this process serves or stands by. `draw` makes a
    chart's PNG; `budget` is shared with the announcer. Without a `holder` there is no other process."""

    def __init__(
        self,
        db: Database,
        dispatcher: Dispatcher,
        clock: Clock,
        draw: Draw,
        budget: Budget,
        settings: TelegramSettings,
        on_ready: Callable[[], None] = lambda: None,
        holder: Holder | None = None,
    ) -> None:
        super().__init__(on_ready)
        self._db = db
        self._dispatcher = dispatcher
        self._clock = clock
        self._draw = draw
        self._budget = budget
        self._settings = settings
        self._username = ""
        self._tenure = Tenure(holder)
        self._inbox = Inbox(db, clock, self._tenure.serves, self._tenure.fence)
        self._apps = AppButtons(settings.public_url)
        self._sender = Sender(
            NAME, Buttons(db, clock.now_ms), ChatPresence(db, clock.now_ms), budget, clock, self._apps
        )
        self._platform = TelegramPlatform(db, self._sender, budget, clock, link=self.link)
        self._serving: Serving | None = None
        self._inline_told = False

    @property
    def platform(self) -> TelegramPlatform:
        return self._platform

    def link(self, payload: str) -> str:
        """A link into the private chat; "" while the bot's name is not known."""
        if not self._username:
            return ""
        return f"https://t.me/{self._username}" + (f"?start={payload}" if payload else "")

    async def start(self) -> None:
        self._tenure.want()
        await super().start()

    async def _finish(self) -> None:
        if self._serving is not None:
            await self._serving.close()

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
        bot = bot_of(self._settings, self._tenure.serves)
        async with contextlib.AsyncExitStack() as stack:
            await self._listen(stack)
            stack.push_async_callback(_in_time, bot.shutdown)
            await bot.initialize()
            self._username = bot.username
            self._apps.know(bot)
            self._tell_of_inline(bot)
            self._sender.bot = bot
            stack.callback(self._offline)
            checking = asyncio.create_task(_check_token(bot))
            stack.callback(checking.cancel)
            self._tenure.offer()
            stack.push_async_callback(_in_time, self._tenure.withdraw)
            self._ready()
            while True:
                await _first_of(checking, self._tenure.begun())
                await self._serve(bot, checking)

    async def _serve(self, bot: Bot, checking: asyncio.Task[None]) -> None:
        """From the lease on until it is lost, the connection breaks or we are cancelled."""
        self._sender.forget()
        base = self._settings.api_base or ""
        self._serving = serving = Serving(
            bot,
            self._db,
            self._dispatcher,
            self._clock,
            self._draw,
            self._budget,
            self._sender,
            self.link,
            base,
            self._apps,
        )
        poller = Poller(bot, self._keep, _wanted(bot))
        try:
            await self._deliver_to_webhook(bot)
            polling = [] if self._settings.webhook_url else [poller.run()]
            working = self._inbox.work(serving.handle)
            introducing = registered.keep_told(self._facts(bot))
            await _first_of(checking, self._tenure.over(), working, introducing, *polling)
        except NotServingError:
            log.info("this process serves Telegram no longer")
        except FencedError:
            await self._tenure.lose()
        finally:
            await serving.close()
            self._serving = None

    async def _keep(self, updates: Sequence[Update]) -> bool:
        return await self._inbox.receive([update.to_dict() for update in updates], fenced=True)

    def _facts(self, bot: Bot) -> list[Callable[[], Awaitable[object]]]:
        """What Telegram is told beforehand. Without any of it everything works all the same."""
        menus = partial(command_menu.register, bot, self._db, self._dispatcher.commands, NAME)
        menu_button = partial(self._apps.register, bot, self._db)
        return [menus, menu_button, *(partial(register, bot, self._db) for register in profile.FACTS)]

    async def _listen(self, stack: contextlib.AsyncExitStack) -> None:
        """Whether this process serves or stands by."""
        settings = self._settings
        if settings.webhook_url is None:
            return

        async def receive(update: RawUpdate) -> bool:
            return await self._inbox.receive([update])

        host, port = settings.webhook_listen
        webhook = Webhook(host, port, urlsplit(settings.webhook_url).path, settings.webhook_secret or "", receive)
        await webhook.start()
        stack.push_async_callback(_in_time, webhook.stop)

    async def _deliver_to_webhook(self, bot: Bot) -> None:
        if self._settings.webhook_url is not None:
            await bot.set_webhook(
                self._settings.webhook_url,
                max_connections=AT_ONCE,
                allowed_updates=_wanted(bot),
                secret_token=self._settings.webhook_secret,
            )

    def _tell_of_inline(self, bot: Bot) -> None:
        """Once a process: what its operator may want to switch on."""
        if not (bot.supports_inline_queries or self._inline_told):
            log.info("to share public markets by @%s in any chat, send /setinline to @BotFather", bot.username)
        self._inline_told = True

    def _offline(self) -> None:
        self._sender.bot = None


def _wanted(bot: Bot) -> tuple[str, ...]:
    """The kinds of updates this bot asks for."""
    return (*ALLOWED_UPDATES, INLINE_QUERY) if bot.supports_inline_queries else ALLOWED_UPDATES


async def _first_of(checking: asyncio.Task[None], *works: Coroutine[object, object, None]) -> None:
    """Until one of these ends or fails; the others are ended with it. `checking` goes on."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait([checking, *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _in_time(step: Callable[[], Any]) -> None:  # Any: what each of them returns is nobody's business
    """A step of closing down: what fails or hangs does not keep the others from it."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CLOSE_S):
            await step()


async def _check_token(bot: Bot) -> None:
    """For ever: InvalidToken where the token was taken back; a lost line mends itself."""
    while True:
        await asyncio.sleep(TOKEN_CHECK_S)
        try:
            await bot.get_me()
        except InvalidToken:
            raise
        except TelegramError as error:
            log.debug("Telegram is out of reach: %s", error)
