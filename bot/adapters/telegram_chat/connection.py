"""A connection to the Bot API on which nothing leaves but while this process serves Telegram."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from telegram import Bot
from telegram.request import HTTPXRequest, RequestData

from bot.adapters.telegram_chat.errors import NotServingError
from bot.adapters.telegram_chat.sender import IN_FLIGHT

_CONNECTIONS = IN_FLIGHT * 2
_ASKS_ONLY = "/getMe"  # whether the token is taken: whoever stands by may ask


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSettings:
    """The settings `TELEGRAM_*`. With `webhook_url` Telegram delivers, `webhook_listen` is where, and `webhook_secret`
    what only Telegram is told: the same in all processes. `public_url`: the room's, where the Mini App is."""

    token: str = field(repr=False)
    api_base: str | None = None
    file_base: str | None = None
    webhook_url: str | None = None
    webhook_listen: tuple[str, int] = ("127.0.0.1", 8081)
    webhook_secret: str | None = field(default=None, repr=False)
    public_url: str | None = None

    def __post_init__(self) -> None:
        if self.webhook_url is not None and not self.webhook_secret:
            raise ValueError("without a secret anybody could speak for Telegram")


class ServingRequest(HTTPXRequest):
    """`serves` is asked last of all, when the request is about to leave: a process that was frozen, or has waited for a
    connection, asks nothing of Telegram that another process asks by now."""

    def __init__(self, serves: Callable[[], bool], *, connections: int) -> None:
        super().__init__(connection_pool_size=connections, read_timeout=10, write_timeout=20, pool_timeout=10)
        self._serves = serves

    async def do_request(  # Any: how long each part may take, which is the library's to know
        self, url: str, method: str, request_data: RequestData | None = None, *timeouts: Any, **named: Any
    ) -> tuple[int, bytes]:
        if not (self._serves() or url.endswith(_ASKS_ONLY)):
            raise NotServingError("another process may serve Telegram now")
        return await super().do_request(url, method, request_data, *timeouts, **named)


def bot_of(settings: TelegramSettings, serves: Callable[[], bool]) -> Bot:
    """Not connected yet: `initialize` it, and `shutdown` it in the end."""
    return Bot(
        settings.token,
        **bases_of(settings),
        request=ServingRequest(serves, connections=_CONNECTIONS),
        get_updates_request=ServingRequest(serves, connections=2),
    )


def bases_of(settings: TelegramSettings) -> dict[str, Any]:  # Any: the library takes functions there too
    """Where the Bot API is, where that is not Telegram's own."""
    bases = {"base_url": settings.api_base, "base_file_url": settings.file_base}
    return {name: base.rstrip("/") for name, base in bases.items() if base}
