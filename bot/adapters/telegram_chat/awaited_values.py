"""Whose next words answer a question: a question to type an answer to is asked, and they need not reply to it.

It is remembered, and kept for a quarter of an hour: the process that serves Telegram next knows it too.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

from storage.database import Database
from storage.key_value import BRIEF, BRIEF_MS, KeptLine
from storage.trouble import TroubleError

REMEMBERED = 10_000


class AwaitedValues:
    def __init__(self, db: Database, now_ms: Callable[[], int]) -> None:
        self._db = db
        self._now_ms = now_ms
        self._keys: OrderedDict[str, str | None] = OrderedDict()

    async def expect(self, person_ext: str, key: str) -> None:
        """Their next words are the value that the step kept under this key asks for."""
        self._remember(person_ext, key)
        with suppress(TroubleError):
            async with self._db.writing() as uow:
                awaited = KeptLine(line=key, person=None, chat_ext=person_ext)
                await uow.lines.replace(_name(person_ext), awaited, self._now_ms())
                await uow.commit()

    async def of(self, person_ext: str) -> str | None:
        """The key of what they are asked to type, if anything."""
        if person_ext not in self._keys:
            try:
                self._remember(person_ext, await self._kept(person_ext))
            except TroubleError:
                return None
        return self._keys[person_ext]

    async def answered(self, person_ext: str, key: str | None) -> None:
        """They have said something, and it is done: this is awaited no longer, unless something else is by now."""
        if key is None or self._keys.get(person_ext) != key:
            return
        self._remember(person_ext, None)
        with suppress(TroubleError):
            async with self._db.writing() as uow:
                await uow.lines.drop(_name(person_ext))
                await uow.commit()

    async def _kept(self, person_ext: str) -> str | None:
        name = _name(person_ext)
        async with self._db.reading() as uow:
            is_fresh = await uow.lines.fresh(name, self._now_ms() - BRIEF_MS)
            kept = await uow.lines.get(name) if is_fresh else None
        return kept.line if kept is not None else None

    def _remember(self, person_ext: str, key: str | None) -> None:
        self._keys[person_ext] = key
        self._keys.move_to_end(person_ext)
        while len(self._keys) > REMEMBERED:
            self._keys.popitem(last=False)


def _name(person_ext: str) -> str:
    return BRIEF + hashlib.sha256(f"awaited of {person_ext}".encode()).hexdigest()[:21]
