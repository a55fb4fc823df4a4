"""Charts without stalling the bot: drawn in a process of their own, kept for a while, drawn once for many who ask.

So many may wait to be drawn and no more: whoever asks beyond that is told at once that there is none.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict

from bot.charts import worker
from bot.charts.pool import DrawingPool
from bot.charts.queries import load
from bot.chat.chart_data import ChartData, ThemeName
from bot.chat.reply import Picture
from storage.database import Database
from storage.trouble import TroubleError

log = logging.getLogger(__name__)

CACHE_SIZE = 64  # pictures of about 60 KB
MOST_WAITING = 16  # drawings that people asked for; those of announcements come on top, and first
GIVEN_UP_S = 60.0  # what could not be drawn is not tried again for so long

CacheKey = tuple[object, ...]


class Charts:
    """Draws `Picture`s of markets, or any `ChartData`. `processes=False` draws in a thread from the start."""

    def __init__(self, db: Database | None = None, *, theme: ThemeName = "dark", processes: bool = True) -> None:
        self.db = db
        self.theme: ThemeName = theme
        self.pool = DrawingPool(processes=processes)
        self._cache: OrderedDict[CacheKey, bytes] = OrderedDict()
        self._drawing: dict[CacheKey, asyncio.Task[bytes | None]] = {}
        self._urgent: set[CacheKey] = set()
        self._given_up: dict[CacheKey, float] = {}  # until when, by the loop's clock

    async def start(self) -> None:
        """Warm the drawing process up."""
        try:
            await self.pool.start()
        except Exception as error:
            log.warning("charts could not be warmed up: %r", error)

    async def close(self) -> None:
        for task in list(self._drawing.values()):
            task.cancel()
        await self.pool.close()

    async def announced(self, picture: Picture) -> bytes | None:
        """`picture` for an announcement, which everybody waits for: drawn before what single people asked for."""
        return await self.picture(picture, urgent=True)

    async def picture(self, picture: Picture, theme: str | None = None, *, urgent: bool = False) -> bytes | None:
        """The PNG of what a message promises, `dark` or `light`; None where there is nothing to draw, where drawing
        failed (it is logged) and where too many wait: the message goes out without it."""
        chosen: ThemeName = self.theme if theme is None else "light" if theme == "light" else "dark"
        people = 0 if self.db is None else self.db.cache.people_changed  # who is forgotten goes out of what is kept
        key = (
            picture.kind,
            picture.market,
            picture.tick,
            chosen,
            picture.outcome,
            picture.span_ms,
            picture.version,
            people,
        )
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        drawing = self._drawing.get(key)
        if drawing is None and (self._was_given_up(key) or (not urgent and len(self._drawing) >= MOST_WAITING)):
            return None
        if urgent:
            self._urgent.add(key)
        if drawing is None:
            drawing = self._drawing[key] = asyncio.create_task(self._draw_and_keep(key, picture, chosen))
            drawing.add_done_callback(lambda _: self._forget(key))
        await asyncio.wait([drawing])
        return None if drawing.cancelled() else drawing.result()

    def _forget(self, key: CacheKey) -> None:
        self._drawing.pop(key, None)
        self._urgent.discard(key)

    def _was_given_up(self, key: CacheKey) -> bool:
        now = asyncio.get_running_loop().time()
        self._given_up = {failed: until for failed, until in self._given_up.items() if until > now}
        return key in self._given_up

    async def _draw_and_keep(self, key: CacheKey, picture: Picture, theme: ThemeName) -> bytes | None:
        if self.db is None:
            return None
        try:
            async with self.db.reading(at_length=True) as uow:
                data = await load(uow, picture)
            if data is None:
                return None
            png = await self.pool.run(worker.draw, data, theme, urgent=lambda: key in self._urgent)
        except TroubleError:
            return None
        except Exception:
            log.exception("chart %s of market %s could not be drawn", picture.kind, picture.market)
            self._given_up[key] = asyncio.get_running_loop().time() + GIVEN_UP_S
            return None
        self._cache[key] = png
        while len(self._cache) > CACHE_SIZE:
            self._cache.popitem(last=False)
        return png

    async def draw(self, data: ChartData, theme: ThemeName | None = None) -> bytes:
        """The PNG of these numbers; raises what matplotlib raises."""
        return await self.pool.run(worker.draw, data, theme or self.theme)
