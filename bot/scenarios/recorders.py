"""Two platforms for simulated chats: one writes announcements into a text file, one only records what was sent when."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import TextIO

from bot.chat import plain_text
from bot.chat.platform import Platform
from bot.chat.reply import Board, Reply
from bot.scenarios import observation
from bot.text.numbers import moment


class TranscriptPlatform:
    """Writes every post to `out` as plain text, under its time, and passes it on to `inner` where people read there.

    The board is written where it is first posted and by `last_board` at the end, not at each of its hundreds of edits.
    What is told to one person goes through; without an `inner` there is nobody to tell.
    """

    def __init__(self, name: str, now_ms: Callable[[], int], out: TextIO, inner: Platform | None = None) -> None:
        self._name = name
        self._now_ms = now_ms
        self._out = out
        self._inner = inner
        self._posted = 0
        self._board: Reply | None = None

    @property
    def name(self) -> str:
        return self._name

    async def post(self, chat_ext: str, reply: Reply, *, nonce: str = "") -> str:
        self._posted += 1
        self._keep_board(reply)
        self._write(reply)
        return await self._inner.post(chat_ext, reply, nonce=nonce) if self._inner else str(self._posted)

    async def edit(self, chat_ext: str, ref: str, reply: Reply) -> None:
        self._keep_board(reply)
        if self._inner:
            await self._inner.edit(chat_ext, ref, reply)

    async def tell(
        self, person_ext: str, reply: Reply, *, edit_ref: str | None, chat_ext: str | None, nonce: str = ""
    ) -> str:
        if self._inner is None:
            return edit_ref or ""
        return await self._inner.tell(person_ext, reply, edit_ref=edit_ref, chat_ext=chat_ext, nonce=nonce)

    def pinned_board(self) -> Board | None:
        """The board as the chat shows it."""
        return None if self._board is None else observation.board(self._board)

    def write_last_board(self) -> None:
        """Write down the board as it stands now."""
        if self._board is not None:
            self._write(self._board)

    def _keep_board(self, reply: Reply) -> None:
        if observation.board(reply) is not None:
            self._board = reply

    def _write(self, reply: Reply) -> None:
        now = self._now_ms()
        self._out.write(f"--- {moment(now)}\n{plain_text.text(reply, now)}\n\n")
        self._out.flush()


MINUTE_MS = 60_000


class RecordingPlatform:
    """Implements `bot.chat.platform.Platform` without readers: everything arrives at once and is recorded."""

    def __init__(self, name: str, now_ms: Callable[[], int]) -> None:
        self._name = name
        self._now_ms = now_ms
        self._sent: list[tuple[int, str, bool]] = []  # when, to which chat or person, whether private

    @property
    def name(self) -> str:
        return self._name

    async def post(self, chat_ext: str, reply: Reply, *, nonce: str = "") -> str:
        return self._record(chat_ext, is_private=False)

    async def edit(self, chat_ext: str, ref: str, reply: Reply) -> None:
        self._record(chat_ext, is_private=False)

    async def tell(
        self, person_ext: str, reply: Reply, *, edit_ref: str | None, chat_ext: str | None, nonce: str = ""
    ) -> str:
        return self._record(person_ext, is_private=True)

    def of_chat(self, chat_ext: str) -> list[int]:
        """The moments of all messages in a chat, edits included."""
        return [at for at, receiver, is_private in self._sent if receiver == chat_ext and not is_private]

    def private(self) -> list[int]:
        """The moments of the messages to whoever got most."""
        counts = Counter(receiver for _, receiver, is_private in self._sent if is_private)
        if not counts:
            return []
        most = min(counts, key=lambda person: (-counts[person], person))
        return [at for at, receiver, is_private in self._sent if is_private and receiver == most]

    def _record(self, receiver: str, *, is_private: bool) -> str:
        self._sent.append((self._now_ms(), receiver, is_private))
        return str(len(self._sent))


def busiest(moments: Iterable[int], window_ms: int = MINUTE_MS) -> int:
    """The most of them in any window, which is open at its end."""
    most, recent = 0, deque[int]()
    for at in sorted(moments):
        recent.append(at)
        while recent[0] <= at - window_ms:
            recent.popleft()
        most = max(most, len(recent))
    return most
