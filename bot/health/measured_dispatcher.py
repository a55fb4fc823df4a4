"""The dispatcher, with a clock beside it: how long each command takes to be answered."""

from __future__ import annotations

import time
from collections.abc import Callable

from bot.chat.invocation import Invocation
from bot.chat.reply import Reply
from bot.dispatcher import Dispatcher
from bot.grammar.lookup import find

UNKNOWN = "unknown"
CountCommand = Callable[[str, str, float], None]  # platform, command, seconds


class MeasuredDispatcher(Dispatcher):
    """Counts nothing until it is told where to: `count`."""

    count: CountCommand | None = None

    async def run(self, invocation: Invocation) -> Reply:
        began = time.perf_counter()
        try:
            return await super().run(invocation)
        finally:
            if self.count is not None:
                self.count(invocation.platform, self._kind(invocation), time.perf_counter() - began)

    def _kind(self, invocation: Invocation) -> str:
        """The command's name as it is declared, those of admins all alike: a label may take few values."""
        line = f"/{invocation.command.lstrip('/')}" if invocation.command else invocation.text.strip()
        command, _ = find(line, self._by_name)
        return UNKNOWN if command is None else "admin" if command.name.startswith("admin ") else command.name
