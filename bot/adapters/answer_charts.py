"""The charts of an answer: with it where they are drawn in a moment, after it where that takes longer.

Nobody waits for a picture to read what it shows: an answer's words go out at the latest after a few seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.chat.pictures import Draw, drawn, has_pictures
from bot.chat.reply import Reply
from bot.words import answer_charts as words

log = logging.getLogger(__name__)

WITH_ANSWER_S = 4.0
AFTER_ANSWER_S = 60.0

Follow = Callable[[Reply | None], Awaitable[None]]


class AnswerCharts:
    """`draw` makes a chart's PNG. `close` ends what is still to follow."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._following: set[asyncio.Task[None]] = set()

    async def with_charts(self, reply: Reply) -> tuple[Reply, asyncio.Task[Reply | None] | None]:
        """The answer to send now, and where its charts take longer, what it will be with them (None: it stays without):
        hand that to `follow`."""
        if not has_pictures(reply):
            return reply, None
        drawing = asyncio.create_task(self._drawn(reply))
        try:
            await asyncio.wait([drawing], timeout=WITH_ANSWER_S)
        except asyncio.CancelledError:
            drawing.cancel()
            raise
        if not drawing.done():
            return words.chart_follows(reply), drawing
        return (None if drawing.cancelled() else drawing.result()) or words.chart_missing(reply), None

    def follow(self, drawing: asyncio.Task[Reply | None], show: Follow) -> None:
        """`show` what it comes to, as soon as that is known."""
        task = asyncio.create_task(_follow(drawing, show))
        self._following.add(task)
        task.add_done_callback(self._following.discard)

    async def close(self) -> None:
        tasks = list(self._following)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _drawn(self, reply: Reply) -> Reply | None:
        """With all its charts; None where one of them cannot be drawn. Never raises but for cancellation."""
        try:
            async with asyncio.timeout(AFTER_ANSWER_S):
                result = await drawn(reply, self._draw)
        except Exception as error:
            log.warning("the charts of an answer could not be drawn: %r", error)
            return None
        return result if len(result.blocks) == len(reply.blocks) else None


async def _follow(drawing: asyncio.Task[Reply | None], show: Follow) -> None:
    try:
        await asyncio.wait([drawing])
        await show(None if drawing.cancelled() else drawing.result())
    except Exception as error:
        log.warning("the charts of an answer did not follow it: %r", error)
    finally:
        drawing.cancel()
