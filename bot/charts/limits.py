"""How many charts a person and a chat may ask for: what is asked beyond that is answered in words."""

from __future__ import annotations

from bot.chat.invocation import Invocation
from bot.chat.pictures import has_pictures
from bot.chat.rate_limits import Limit, Windows
from bot.chat.reply import Reply
from bot.words import answer_charts as words

PERSON = Limit(10, 60_000)
CHAT = Limit(30, 60_000)


class ChartLimits:
    """Times are monotonic milliseconds."""

    def __init__(self) -> None:
        self._people = Windows((PERSON,))
        self._chats = Windows((CHAT,))

    def apply(self, invocation: Invocation, reply: Reply, monotonic_ms: int) -> Reply:
        """The answer, without its charts where its person or chat has had as many as there are in a minute."""
        if not has_pictures(reply):
            return reply
        person = ":".join(invocation.speaker)
        chat = f"{invocation.platform}:{invocation.chat_ext}"
        own_wait, here_wait = self._people.wait(person, monotonic_ms), self._chats.wait(chat, monotonic_ms)
        if max(own_wait, here_wait) > 0:
            here = here_wait > own_wait
            return words.chart_limited(reply, (CHAT if here else PERSON).count, max(own_wait, here_wait), here=here)
        self._people.use(person, monotonic_ms)
        self._chats.use(chat, monotonic_ms)
        return reply
