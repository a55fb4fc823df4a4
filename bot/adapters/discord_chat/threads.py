"""The thread beside a market's announcements: talk and digests. Made when it is first needed, found again by a fact."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Literal

import discord

from bot.adapters.discord_chat import NAME, errors, limits, message_refs
from bot.words import discord as words
from storage.database import Database

log = logging.getLogger(__name__)

AGAIN_MS = 3_600_000  # a channel that allows no threads is not asked again for so long
WEEK_MIN: Literal[10080] = 10080  # of silence, then Discord files the thread away
_GONE = {errors.UNKNOWN_CHANNEL, errors.MISSING_ACCESS}

SendMessage = Callable[[discord.abc.Messageable], Awaitable[message_refs.Posted]]


class Threads:
    def __init__(self, db: Database, monotonic_ms: Callable[[], int]) -> None:
        self._db = db
        self._monotonic_ms = monotonic_ms
        self._not_before: dict[int, int] = {}

    async def send(
        self, client: discord.Client, channel: discord.PartialMessageable, send: SendMessage
    ) -> message_refs.Posted | None:
        """Send into the market's thread; None where there can be none, for the caller to send into the channel."""
        now = self._monotonic_ms()
        if self._not_before.get(channel.id, 0) > now:
            return None
        market, title, known = await self._market(channel.id)
        if market is None:
            return None
        try:
            if known is not None:
                ref = await self._send_again(client, known, send)
                if ref is not None:
                    return ref
            thread = await self._create(client, channel.id, title)
            async with self._db.writing() as uow:
                await uow.key_values.put(_fact_name(market, channel.id), str(thread))
                await uow.commit()
            return await send(client.get_partial_messageable(thread))
        except discord.Forbidden as error:
            log.info("no thread beside channel %s: %s", channel.id, error.text)
        except discord.HTTPException as error:
            if error.status == 429 or error.status >= 500:
                raise
            log.info("no thread beside channel %s: %s", channel.id, error.text)
        self._not_before[channel.id] = now + AGAIN_MS
        return None

    async def _market(self, channel: int) -> tuple[int | None, str, int | None]:
        """The market announced there, its title, and its thread if there is one."""
        async with self._db.reading() as uow:
            chat = await uow.chats.find(NAME, str(channel))
            market = await uow.markets.of_chat(chat.id) if chat is not None else None
            if market is None:
                return None, "", None
            thread = await uow.key_values.get(_fact_name(market.id, channel))
        return market.id, market.title, int(thread) if thread else None

    async def _send_again(self, client: discord.Client, thread: int, send: SendMessage) -> message_refs.Posted | None:
        """Send into a thread that was made before, opened again if it has been filed away; None where it is gone."""
        messageable = client.get_partial_messageable(thread)
        try:
            return await send(messageable)
        except discord.HTTPException as error:
            if error.code in _GONE:
                return None
            if error.code != errors.ARCHIVED:
                raise
        await client.http.edit_channel(thread, archived=False)
        return await send(messageable)

    async def _create(self, client: discord.Client, channel: int, title: str) -> int:
        thread = await client.http.start_thread_without_message(
            channel,
            name=limits.cut(words.thread_name(title), limits.THREAD_NAME),
            auto_archive_duration=WEEK_MIN,
            type=discord.ChannelType.public_thread.value,
            rate_limit_per_user=None,
        )
        return int(thread["id"])


def _fact_name(market: int, channel: int) -> str:
    return f"discord:thread:{market}:{channel}"
