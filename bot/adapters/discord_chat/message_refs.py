"""Where a message of ours stands, as text: what storage keeps to find it again.

`channel:message` for what the bot posted itself. An answer to an interaction is changed by that interaction's token,
for 15 minutes: `i:message:until_ms:key`, the token kept apart under the key, as it is long and a secret.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from bot.chat.buttons import KEY_LENGTH, Buttons
from storage.key_value import BRIEF, KeptLine

TOKEN_MS = 15 * 60_000
SAFE_MS = TOKEN_MS - 20_000  # an edit on its way takes time too
_REMEMBERED = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    channel: int
    message: int

    def __str__(self) -> str:
        return f"{self.channel}:{self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    message: int
    until_ms: int
    key: str

    def __str__(self) -> str:
        return f"i:{self.message}:{self.until_ms}:{self.key}"


def parse_ref(text: str) -> Posted | Answered | None:
    """None for what is no ref of this platform."""
    parts = text.split(":")
    try:
        if parts[0] == "i":
            _, message, until, key = parts
            return Answered(message=int(message), until_ms=int(until), key=key)
        channel, message = parts
        return Posted(channel=int(channel), message=int(message))
    except ValueError:
        return None


class Tokens:
    """Interaction tokens by key; those of this process from memory."""

    def __init__(self, buttons: Buttons) -> None:
        self._buttons = buttons
        self._known: OrderedDict[str, str] = OrderedDict()

    def remember(self, token: str) -> str:
        """Its key, known as long as this process runs; after that where `stored_token` was written down."""
        key = BRIEF + hashlib.sha256(token.encode()).hexdigest()[: KEY_LENGTH - len(BRIEF)]
        self._known[key] = token
        self._known.move_to_end(key)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return key

    async def get(self, key: str) -> str | None:
        if key in self._known:
            return self._known[key]
        stored = await self._buttons.kept(key)
        return stored.line if stored else None


def stored_token(token: str, person_ext: str) -> KeptLine:
    """What storage keeps of a token, for minutes; it goes when the person has their data erased."""
    return KeptLine(line=token, person=None, chat_ext=person_ext)
