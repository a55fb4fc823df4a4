"""What a button carries: whom it was made for and its line, or the key of a line that is too long to be carried.

`17|/ticket confirm 5`, `-|/board`, `17|#c0ffee...`. Platforms allow 64 bytes (Telegram) or 100 characters (Discord).
A carried line is no secret and proves nothing: rights are checked where the line runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from bot.chat.invocation import read_market
from bot.chat.reply import Action
from storage.database import Database
from storage.key_value import KeptLine
from storage.trouble import TroubleError

_ANYBODY, _KEPT = "-", "#"
DAY_MS = 86_400_000  # a line in use is marked as such once a day
_STEPS = ("/ticket ", "/settings ", "/markets ", "/begin ", "/admin pick ", "/tour ")
_DECIDES = ("Confirm", "Cancel")
KEY_LENGTH = 22  # 88 bits: nobody guesses one, and they fit into a link with room for a prefix


def takes_place(action: Action) -> bool:
    """Whether what it leads to takes the place of the message it is pressed in, where its presser alone reads that:
    what decides a question or answers it, and one step of several. A refusal never does."""
    step = read_market(action.text)[1].startswith(_STEPS)
    return action.settles or step or action.label.startswith(_DECIDES)


@dataclass(frozen=True, slots=True)
class Pressed:
    """`made_for` goes into the `Invocation`."""

    line: str
    made_for: int | None


class Buttons:
    def __init__(self, db: Database, now_ms: Callable[[], int]) -> None:
        self._db = db
        self._now_ms = now_ms

    async def pack(self, action: Action, most_bytes: int) -> str:
        """At most `most_bytes` bytes of UTF-8 that stand for this button, today and after a restart."""
        owner = _ANYBODY if action.person is None else str(action.person)
        short = f"{owner}|{action.text}"
        if len(short.encode()) <= most_bytes and not action.text.startswith(_KEPT):
            return short
        return f"{owner}|{_KEPT}{await self.keep(action.text, action.person)}"

    async def unpack(self, data: str) -> Pressed | None:
        """What `pack` made; None for anything else, and for a line nobody keeps any more."""
        owner, bar, line = data.partition("|")
        if not bar or not line or not (owner == _ANYBODY or (owner.isascii() and owner.isdigit() and len(owner) < 19)):
            return None
        if line.startswith(_KEPT):
            kept = await self.kept(line[1:])
            if kept is None:
                return None
            line = kept.line
        return Pressed(line, None if owner == _ANYBODY else int(owner))

    async def keep(self, line: str, person: int | None = None, chat_ext: str | None = None) -> str:
        """Keep a line for later; returns its key (letters and digits). Where nothing can be written now the answer goes
        out all the same: who presses this button is told that its line is not kept."""
        key = hashlib.sha256(f"{person}\x1f{chat_ext}\x1f{line}".encode()).hexdigest()[:KEY_LENGTH]
        async with self._db.reading() as uow:
            if await uow.lines.fresh(key, self._now_ms() - DAY_MS):
                return key
        with suppress(TroubleError):
            async with self._db.writing() as uow:
                await uow.lines.keep(key, KeptLine(line=line, person=person, chat_ext=chat_ext), self._now_ms())
                await uow.commit()
        return key

    async def kept(self, key: str) -> KeptLine | None:
        async with self._db.reading() as uow:
            return await uow.lines.get(key[:KEY_LENGTH])
