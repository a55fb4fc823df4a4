"""The bot's clock where a stand-in keeps the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class PeerClock:
    """Time passes as the peer's does; `set_off_ms`: by how much somebody has set the bot's wall clock wrong."""

    peer_ms: Callable[[], int]
    set_off_ms: int = 0

    def now_ms(self) -> int:
        return self.peer_ms() + self.set_off_ms

    def monotonic_ms(self) -> int:
        return self.peer_ms()
