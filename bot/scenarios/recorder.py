"""A platform without readers that writes down what would have been sent where and when."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable

from bot.chat.reply import Reply

MINUTE_MS = 60_000


class Recorder:
    """Implements `bot.platform.Platform`: everything arrives at once."""

    def __init__(self, name: str, clock: Callable[[], int]) -> None:
        self._name = name
        self._clock = clock
        self._sent: list[tuple[int, str, bool]] = []  # when, to whom, whether to her alone

    @property
    def name(self) -> str:
        return self._name

    async def post(self, chat_ext: str, reply: Reply, *, nonce: str = "") -> str:
        return self._keep(chat_ext, alone=False)

    async def edit(self, chat_ext: str, ref: str, reply: Reply) -> None:
        self._keep(chat_ext, alone=False)

    async def tell(
        self, person_ext: str, reply: Reply, *, edit_ref: str | None, chat_ext: str | None, nonce: str = ""
    ) -> str:
        return self._keep(person_ext, alone=True)

    def of_chat(self, chat_ext: str) -> list[int]:
        """The moments of all messages in a chat, edits included."""
        return [at for at, where, alone in self._sent if where == chat_ext and not alone]

    def private(self) -> list[int]:
        """The moments of the messages to whoever got most."""
        counts = Counter(where for _, where, alone in self._sent if alone)
        if not counts:
            return []
        most = min(counts, key=lambda one: (-counts[one], one))
        return [at for at, where, alone in self._sent if alone and where == most]

    def _keep(self, where: str, *, alone: bool) -> str:
        self._sent.append((self._clock(), where, alone))
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
