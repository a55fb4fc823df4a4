"""The latest changes of the room's messages, kept in memory for those who listen. Pure."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from itertools import takewhile

from storage.records import RoomMessage

RECENT = 400
KEPT = 1_000


class RecentMessages:
    """All changes after `oldest_seq` up to `latest_seq`, of all rooms and people, in order. A message that changed
    again may be there once for each change; a number of which nothing is there was of a message that has changed since.

    `states` are messages everybody may read, by id, as they were seen last: every newcomer asks for them."""

    def __init__(self) -> None:
        self.oldest_seq = 0
        self.latest_seq = 0
        self.states: OrderedDict[int, RoomMessage] = OrderedDict()
        self._changes: deque[RoomMessage] = deque()

    def begin(self, seq: int) -> None:
        """Nothing is known of what was before."""
        self.oldest_seq = self.latest_seq = seq
        self._changes.clear()
        self.states.clear()

    def forget(self) -> None:
        """What is kept may say what is no longer so."""
        self.begin(self.latest_seq)

    def add(self, messages: Sequence[RoomMessage], seq: int) -> list[RoomMessage]:
        """All that changed after `latest_seq` up to `seq`, by `seq`; returns what of it was not known. What was known
        before in another way is passed over."""
        new = [message for message in messages if message.seq > self.latest_seq]
        self._changes.extend(new)
        for message in new:
            self.keep(message)
        self.latest_seq = max(self.latest_seq, seq)
        while len(self._changes) > RECENT:
            self.oldest_seq = self._changes.popleft().seq
        return new

    def follows(self, messages: Sequence[RoomMessage]) -> bool:
        """Whether these, by `seq` and after the latest, are all there is after it."""
        return not messages or messages[-1].seq - self.latest_seq == len(messages)

    def keep(self, message: RoomMessage) -> None:
        """What everybody may read is asked for by every newcomer."""
        if message.person is None:
            self.states.pop(message.id, None)
            self.states[message.id] = message
            if len(self.states) > KEPT:
                self.states.popitem(last=False)

    def since(self, room: str, seq: int, person: int | None) -> list[RoomMessage]:
        """What this person may see of the changes after `seq`, each message in its last state, in order of change."""
        changes = takewhile(lambda message: message.seq > seq, reversed(self._changes))
        visible = [message for message in changes if message.room == room and message.person in (None, person)]
        last_seq = {message.id: message.seq for message in reversed(visible)}
        return [message for message in reversed(visible) if last_seq[message.id] == message.seq]
