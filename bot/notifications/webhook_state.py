"""Whether what is sent to a webhook arrives, and what happens where nothing does for days.

Its adapter tells of each try. One that has been failing for `GIVEN_UP_MS`, however often it was tried, is ended and the
admins are told once; nothing that waits for it is sent after that.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.text.global_addresses import host_of
from storage.database import Database
from storage.records import Notice, NoticeAudience, Payload
from storage.webhooks import Webhook

GIVEN_UP_MS = 3 * 24 * 3_600_000
TRIES_AT_LEAST = 5  # in this process: one that slept through the days has to try before it gives up


class WebhookState:
    """`now_ms` gives epoch milliseconds."""

    def __init__(self, db: Database, now_ms: Callable[[], int]) -> None:
        self._db = db
        self._now_ms = now_ms

    async def look_up(self, number: int) -> tuple[Webhook, str] | None:
        """It and its secret; None where it is sent nothing any more."""
        async with self._db.reading() as uow:
            webhook = await uow.webhooks.get(number)
            if webhook is None or webhook.ended:
                return None
            return webhook, await uow.webhooks.secret(webhook)

    async def arrived(self, webhook: Webhook) -> None:
        if webhook.failing_ms is None:
            return
        async with self._db.writing() as uow:
            await uow.webhooks.set_failing(webhook, None)
            await uow.commit()

    async def failed(self, webhook: Webhook, tries: int) -> bool:
        """`tries` in a row, this one among them; whether it is given up by that."""
        now_ms = self._now_ms()
        if webhook.failing_ms is not None:
            lasts_ms = now_ms - webhook.failing_ms
            return lasts_ms >= GIVEN_UP_MS and tries >= TRIES_AT_LEAST and await self._give_up(webhook, now_ms)
        async with self._db.writing() as uow:
            await uow.webhooks.set_failing(webhook, now_ms)
            await uow.commit()
        return False

    async def _give_up(self, webhook: Webhook, now_ms: int) -> bool:
        async with self._db.writing() as uow:
            await uow.webhooks.end(webhook, now_ms)
            payload: Payload = {"webhook": webhook.id, "host": host_of(webhook.url), "since_ms": webhook.failing_ms}
            notice = Notice(kind="webhook_ended", audience=NoticeAudience.ADMINS, payload=payload)
            await uow.outbox.add(webhook.market, notice, now_ms)
            await uow.commit()
        return True
