"""How often a group is shown what somebody looked up: nobody can fill its minute for the others."""

from __future__ import annotations

from dataclasses import replace

from bot.chat.invocation import ChatKind, Invocation
from bot.chat.rate_limits import Limit, Windows
from bot.chat.reply import Audience, Reply
from bot.words import views as words

SHARED = Limit(1, 60_000)  # of the answers of one kind that all of a group read
CHARTS_AND_BOOKS = frozenset({"chart", "book", "depth", "tape"})  # commands whose answers are of one kind


class SharedAnswers:
    """Times are monotonic milliseconds."""

    def __init__(self) -> None:
        self._groups = Windows((SHARED,))

    def apply(self, invocation: Invocation, command: str, reply: Reply, monotonic_ms: int) -> Reply:
        """The answer to a command of this name that is for all to read: in a group for its asker alone where they
        pressed a button, or where the group has been shown as many as there are in a minute. Who has no name can be
        answered before all alone."""
        if invocation.chat_kind is not ChatKind.GROUP or reply.audience is Audience.PRIVATE:
            return reply
        if invocation.alone:
            return replace(reply, audience=Audience.PRIVATE)
        kind = "charts and books" if command in CHARTS_AND_BOOKS else command
        group = f"{invocation.platform}:{invocation.chat_ext}:{kind}"
        wait = self._groups.wait(group, monotonic_ms)
        if wait > 0 and not invocation.nameless:
            return words.for_you_alone(reply, wait)
        self._groups.use(group, monotonic_ms)
        return reply
