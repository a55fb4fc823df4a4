"""The port to addresses that are sent a market's news: a chat that nobody types in.

What does not arrive is tried again with a growing pause, at most five minutes; what comes behind it waits, so that
news keeps its order.
"""

from __future__ import annotations

import logging

from bot.adapters.webhooks import render
from bot.adapters.webhooks.sender import Failure, Sender
from bot.chat.platform import RetryLaterError, Unreachable, UnreachableError
from bot.chat.reply import Reply
from bot.notifications.webhook_state import WebhookState
from bot.text.global_addresses import UrlProblem, read_url
from storage.clock import Clock
from storage.database import Database
from storage.deliveries import LONGEST_RETRY_MS
from storage.webhooks import PLATFORM, Webhook

log = logging.getLogger(__name__)

FIRST_PAUSE_MS = 2_000


class WebhookPlatform:
    """`private`: the operator allows addresses of their own network, and http."""

    def __init__(self, db: Database, clock: Clock, sender: Sender, *, private: bool = False) -> None:
        self._clock, self._sender, self._private = clock, sender, private
        self._state = WebhookState(db, clock.now_ms)
        self._tries: dict[int, int] = {}  # in a row that did not arrive, by webhook

    @classmethod
    def open(cls, db: Database, clock: Clock, *, private: bool = False) -> WebhookPlatform:
        """With the system's names and certificates."""
        sender = Sender(allowed=_any_address) if private else Sender()
        return cls(db, clock, sender, private=private)

    @property
    def name(self) -> str:
        return PLATFORM

    async def post(self, chat_ext: str, reply: Reply, *, nonce: str = "") -> str:
        """Returns the message's id."""
        known = await self._state.look_up(int(chat_ext))
        if known is None or reply.news is None:  # taken back meanwhile
            return nonce
        webhook, secret = known
        failure = await self._send(webhook, secret, reply, nonce)
        if failure is None:
            self._tries.pop(webhook.id, None)
            await self._state.arrived(webhook)
            return nonce
        tries = self._tries[webhook.id] = self._tries.get(webhook.id, 0) + 1
        if tries == 1:
            log.info("nothing arrives at webhook %s: %s", webhook.id, failure.reason)
        if await self._state.failed(webhook, tries):
            log.warning("webhook %s is ended: nothing has arrived there for days", webhook.id)
            self._tries.pop(webhook.id, None)
            return nonce
        pause_ms = min(LONGEST_RETRY_MS, max(failure.after_ms, FIRST_PAUSE_MS * 2 ** min(tries - 1, 20)))
        raise RetryLaterError(pause_ms, reason=failure.reason)

    async def edit(self, chat_ext: str, ref: str, reply: Reply) -> None:
        """What was sent cannot be taken back."""
        raise UnreachableError

    async def tell(
        self, person_ext: str, reply: Reply, *, edit_ref: str | None, chat_ext: str | None, nonce: str = ""
    ) -> str:
        """Nobody is told anything alone here."""
        raise UnreachableError(Unreachable.PERSON)

    async def close(self) -> None:
        await self._sender.close()

    async def _send(self, webhook: Webhook, secret: str, reply: Reply, message: str) -> Failure | None:
        url = read_url(webhook.url, private=self._private)
        if isinstance(url, UrlProblem) or reply.news is None:
            return Failure("whoever runs the bot does not allow this address any more")
        body = render.body(reply, reply.news, message)
        return await self._sender.post(url.text, body, render.headers(body, message, secret, self._clock.now_ms()))


def _any_address(address: str) -> bool:
    return True
