"""A platform that writes down what the channel hears, and passes it on to a real one where there is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from bot.chat import plain_text
from bot.chat.platform import Platform
from bot.chat.reply import Board, Reply
from bot.scenarios import reading
from bot.text.numbers import moment


class Channel:
    """`inner` is the platform people look at, if any; `out` gets every post as plain text, under the time it was said.

    The board is written where it is first posted and by `last_board` at the end, not at each of its hundreds of edits.
    What is told to one person goes through; without an `inner` there is nobody to tell.
    """

    def __init__(self, name: str, clock: Callable[[], int], out: TextIO, inner: Platform | None = None) -> None:
        self._name = name
        self._clock = clock
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

    def pinned(self) -> Board | None:
        """The board as it hangs in the channel."""
        return None if self._board is None else reading.board(self._board)

    def last_board(self) -> None:
        """Write down the board as it stands now."""
        if self._board is not None:
            self._write(self._board)

    def _keep_board(self, reply: Reply) -> None:
        if reading.board(reply) is not None:
            self._board = reply

    def _write(self, reply: Reply) -> None:
        now = self._clock()
        self._out.write(f"--- {moment(now)}\n{plain_text.text(reply, now)}\n\n")
        self._out.flush()
